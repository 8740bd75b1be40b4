package sigv4auth_test

import (
	"fmt"
	"log"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// A control plane holds the secret access key. The fleet that verifies gets a key for one date,
// region and service, and the public key of SigV4A, from neither of which the secret can be learnt.
func ExampleDeriveSigningKey() {
	// In the control plane:
	secret := sigv4auth.NewSecret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
	scope := sigv4auth.Scope{Date: "20260102", Region: "us-east-1", Service: "execute-api"}
	derived, err := sigv4auth.DeriveSigningKey(secret, scope)
	if err != nil {
		log.Fatal(err)
	}
	public, err := sigv4auth.DerivePublicKey("AKIAIOSFODNN7EXAMPLE", secret)
	if err != nil {
		log.Fatal(err)
	}
	der, err := public.MarshalBinary()
	if err != nil {
		log.Fatal(err)
	}
	sent := derived.Reveal() // 32 bytes, over a channel that keeps them secret

	// In the fleet:
	key, err := sigv4auth.NewSigningKey(sent, scope)
	if err != nil {
		log.Fatal(err)
	}
	if public, err = sigv4auth.ParsePublicKey(der); err != nil {
		log.Fatal(err)
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Algorithms: sigv4auth.SigV4A,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
			SigningKeys: []sigv4auth.SigningKey{key},
			PublicKey:   public,
			Principal:   iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		}),
	})
	fmt.Println(auth != nil, err)
	fmt.Println(key.Scope(), key)
	// Output:
	// true <nil>
	// {20260102 us-east-1 execute-api} REDACTED
}
