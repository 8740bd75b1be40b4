package workload

import (
	"crypto/sha256"

	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"
)

// signedV4A makes the request and signs it with ECDSA.
func (p plan) signedV4A(service string) (*Request, error) {
	out, err := p.unsigned()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(p.body)
	err = sigv4a.New(func(o *smithyv4.SignerOptions) { o.AddPayloadHashHeader = true }).SignRequest(&sigv4a.SignRequestInput{
		Request: out, PayloadHash: digest[:], Service: service, RegionSet: []string{Region}, Time: p.at,
		Credentials: p.key.Smithy(),
	})
	if err != nil {
		return nil, err
	}
	return arrive(out, p.body), nil
}
