package work

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net/http"

	"github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"
)

// signedV4A makes the request and signs it with ECDSA.
func (p plan) signedV4A(service string) (*Request, error) {
	out, err := http.NewRequestWithContext(context.Background(), p.method, "http://"+Host+p.target, bytes.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	out.Header = p.header.Clone()
	digest := sha256.Sum256(p.body)
	err = sigv4a.New(func(o *smithyv4.SignerOptions) { o.AddPayloadHashHeader = true }).SignRequest(&sigv4a.SignRequestInput{
		Request: out, PayloadHash: digest[:], Service: service, RegionSet: []string{Region}, Time: p.at,
		Credentials: credentials.Credentials{AccessKeyID: p.key.ID, SecretAccessKey: p.key.Secret, SessionToken: p.key.Token},
	})
	if err != nil {
		return nil, err
	}
	return arrive(out, p.body), nil
}
