// Package storetest checks implementations of [sigv4auth.CredentialStore],
// [sigv4auth.PolicyStore], [sigv4auth.RoleStore] and [sigv4auth.ManagedPolicyStore] against their
// contracts.
//
// A store's own test calls [TestStore] and nothing else. What the store cannot do is left out of
// the [Fixture]:
//
//	func TestMyStore(t *testing.T) {
//		storetest.TestStore(t, func(t *testing.T) storetest.Fixture {
//			s := newMyStore(t)
//			return storetest.Fixture{
//				Credentials: s, Policies: s,
//				Known:  []sigv4auth.Credential{alice, bob},
//				Revoke: func(c sigv4auth.Credential) error { return s.disable(c.AccessKeyID) },
//			}
//		})
//	}
//
// Run it with -race too: part of the contract is that many goroutines call a store at once, and
// that what it has returned is not changed.
package storetest
