package contender

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/bench/work"
)

// awsSigner signs each request again with the signer of aws-sdk-go-v2, which keeps derived keys, and compares.
var awsSigner = Verifier{Name: "aws-sdk-go-v2", Service: "execute-api", New: newAWSSigner}

func newAWSSigner(s work.Setting) (Check, error) {
	if err := resigns(s); err != nil {
		return nil, err
	}
	again := signer.NewSigner()
	return func(r *http.Request) error {
		p, err := present(r, s.Known, "execute-api")
		if err != nil {
			return err
		}
		digest, err := bodyDigest(r)
		if err != nil {
			return err
		}
		out := p.unsigned(r)
		var signature string
		if p.query != nil {
			uri, _, err := again.PresignHTTP(context.Background(), p.key.AWS(), out, digest, "execute-api", work.Region, p.at)
			if err != nil {
				return err
			}
			u, err := url.Parse(uri)
			if err != nil {
				return err
			}
			signature = u.Query().Get("X-Amz-Signature")
		} else {
			if err := again.SignHTTP(context.Background(), p.key.AWS(), out, digest, "execute-api", work.Region, p.at); err != nil {
				return err
			}
			_, signature, _ = strings.Cut(out.Header.Get("Authorization"), "Signature=")
		}
		if !equal(signature, p.signature) {
			return fmt.Errorf("%w: signature", errRefused)
		}
		return nil
	}, nil
}

// resigns returns what cannot be verified by signing again.
func resigns(s work.Setting) error {
	switch {
	case s.Mount != work.Verify:
		return cannot("it has no middleware")
	case s.Chunked:
		return cannot("it does not sign chunks")
	case s.SigV4A:
		return cannot("no two signatures of ECDSA are the same")
	}
	return nil
}
