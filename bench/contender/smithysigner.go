package contender

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/smithy-go/aws-http-auth/sigv4"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/wildgate/wildgate/bench/workload"
)

// smithySigner signs each request again with smithy-go's aws-http-auth, which derives the key each
// time, and compares.
var smithySigner = Verifier{Name: "smithy-go", Service: "execute-api", New: newSmithySigner}

// signedOnes has the signer sign what the client signed.
type signedOnes []string

func (s signedOnes) IsSigned(name string) bool { return slices.Contains(s, name) }

func newSmithySigner(s workload.Setting) (Check, error) {
	again := sigv4.New()
	return signingAgain(s, func(p presented, r *http.Request, digest string) (string, error) {
		payload, err := hex.DecodeString(digest)
		if err != nil {
			return "", err
		}
		out := p.unsigned(r)
		if slices.Contains(p.headers, "content-length") { // to this signer it is a header as others are
			out.Header["Content-Length"] = r.Header["Content-Length"]
		}
		in := sigv4.SignRequestInput{
			Request: out, PayloadHash: payload, Service: "execute-api", Region: workload.Region, Time: p.at,
			Credentials: p.key.Smithy(),
		}
		if p.query != nil {
			in.SignatureType = smithyv4.SignatureTypeQueryString
		}
		if err := again.SignRequest(&in, func(o *smithyv4.SignerOptions) { o.HeaderRules = signedOnes(p.headers) }); err != nil {
			return "", err
		}
		if p.query != nil {
			return out.URL.Query().Get("X-Amz-Signature"), nil
		}
		_, signature, _ := strings.Cut(out.Header.Get("Authorization"), "Signature=")
		return signature, nil
	})
}
