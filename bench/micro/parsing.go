package micro

import (
	"github.com/cedar-policy/cedar-go"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// parsings hold compiling 1,000 statements against cedar-go's compiling their equivalent.
func parsings() []Part {
	var all []Part
	for _, q := range workload.Thousands() {
		all = append(all, Part{
			Group: Parsing, Name: q.Name, Size: q.X,
			New: func() ([]measure.Side, error) {
				documents, err := q.IAM()
				if err != nil {
					return nil, err
				}
				text := q.Cedar()
				theirs := sure(func() error {
					_, err := cedar.NewPolicySetFromBytes("bench.cedar", text)
					return err
				})
				ours := sure(func() error {
					_, err := iampolicy.Parse(documents[0], iampolicy.IdentityPolicy)
					return err
				})
				return sides("cedar-go", theirs, "iampolicy", ours), nil
			},
		})
	}
	return all
}

// deriving holds the derivation of a public key of SigV4A, which a key cache saves, against one
// bare verification of ECDSA.
func deriving() Part {
	return Part{
		Group: Deriving, Name: "public key of SigV4A",
		New: func() ([]measure.Side, error) {
			secret := sigv4auth.NewSecret(workload.TheKey.Secret)
			verifying, err := workload.VerifyingECDSA()
			return sides("ECDSA", verifying, "wildgate", sure(func() error {
				_, err := sigv4auth.DerivePublicKey(workload.TheKey.ID, secret)
				return err
			})), err
		},
	}
}

// sure panics where do fails: a failure has no speed.
func sure(do func() error) func() {
	return func() {
		if err := do(); err != nil {
			panic("bench: " + err.Error())
		}
	}
}
