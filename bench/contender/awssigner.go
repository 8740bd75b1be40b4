package contender

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/bench/workload"
)

// awsSigner signs each request again with the signer of aws-sdk-go-v2, which keeps derived keys,
// and compares.
var awsSigner = Verifier{Name: "aws-sdk-go-v2", Service: "execute-api", New: newAWSSigner}

func newAWSSigner(s workload.Setting) (Check, error) {
	again := signer.NewSigner()
	return signingAgain(s, func(p presented, r *http.Request, digest string) (string, error) {
		out := p.unsigned(r)
		if p.query == nil {
			err := again.SignHTTP(context.Background(), p.key.AWS(), out, digest, "execute-api", workload.Region, p.at)
			_, signature, _ := strings.Cut(out.Header.Get("Authorization"), "Signature=")
			return signature, err
		}
		uri, _, err := again.PresignHTTP(context.Background(), p.key.AWS(), out, digest, "execute-api", workload.Region, p.at)
		if err != nil {
			return "", err
		}
		u, err := url.Parse(uri)
		if err != nil {
			return "", err
		}
		return u.Query().Get("X-Amz-Signature"), nil
	})
}
