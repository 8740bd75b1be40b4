package sigv4auth_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// TestStoresKeepTheContract: the stores of this package pass the tests that users' own have to.
func TestStoresKeepTheContract(t *testing.T) {
	t.Parallel()
	long := sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal}
	temporary := session()
	policies := func(t *testing.T) sigv4auth.PolicyStore {
		return sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{
			userPrincipal.PrincipalARN(): {parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)},
		})
	}
	t.Run("StaticCredentials and StaticPolicies", func(t *testing.T) {
		t.Parallel()
		storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
			return storetest.Fixture{
				Credentials: sigv4auth.StaticCredentials(long, temporary), Policies: policies(t),
				Known: []sigv4auth.Credential{long, temporary},
			}
		})
	})
	t.Run("derived keys", func(t *testing.T) {
		t.Parallel()
		derived := long
		derived.Secret = sigv4auth.Secret{}
		derived.SigningKeys = []sigv4auth.SigningKey{fleetKey(t, testSecret, "20260102", testRegion, testService)}
		storetest.TestStore(t, func(*testing.T) storetest.Fixture {
			return storetest.Fixture{Credentials: sigv4auth.StaticCredentials(derived), Known: []sigv4auth.Credential{derived}}
		})
	})
	t.Run("FromAWS", func(t *testing.T) {
		t.Parallel()
		provided := sigv4auth.Credential{
			AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
			Principal: userPrincipal,
		}
		storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
			return storetest.Fixture{
				Credentials: sigv4auth.FromAWS(credentials.NewStaticCredentialsProvider(tempKeyID, testSecret, testToken), userPrincipal),
				Policies:    policies(t), Known: []sigv4auth.Credential{provided},
			}
		})
	})
	t.Run("sigv4test", func(t *testing.T) {
		t.Parallel()
		signer := sigv4test.NewSigner(userPrincipal.ARN)
		storetest.TestStore(t, func(*testing.T) storetest.Fixture {
			return storetest.Fixture{Credentials: signer.Config().Credentials, Known: []sigv4auth.Credential{signer.Credential}}
		})
	})
}
