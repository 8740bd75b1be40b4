// Package sts issues temporary credentials, and admits requests that are signed with them.
//
// A session token holds everything that there is to know of its session, sealed with the keys of a
// [keyring.Ring]: nothing is stored when it is issued, and any process with the ring admits it. A
// [Store] opens tokens, in front of the store of long-term keys:
//
//	ring, err := keyring.Open(keyring.Config{File: "ring"})
//	store, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: files, Credentials: files, Policies: files})
//	auth, err := sigv4auth.New(sigv4auth.Config{Credentials: store, ...})
//	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: store, ...})
//
// Use the Store in both places: it finds the policies of the sessions of users, which the store
// behind it cannot, since no long-term store knows their keys.
//
// # Three kinds of sessions
//
//   - A [RoleSession] is what AssumeRole and its like issue. The role is looked up at each request:
//     its tags and policies are those that it has then, and if it is gone, or another has been made
//     under its name, the session has ended.
//   - A [UserSession] is what GetSessionToken issues: the user itself, with temporary credentials.
//   - A [FederatedUser] is what GetFederationToken issues: somebody else, with what the user's
//     policies and the session policies both allow. Without session policies it may do nothing that
//     no resource policy allows it by name.
//
// A session of the last two kinds names the long-term key that asked for it, and that key is looked
// up at each request: where it is unknown, inactive or expired, has another secret or has become
// another user's, the session has ended. That is stricter than AWS, where a session outlives the
// key. A RoleSession does the same if [Session].Asker is set. Whether the secret is another is told
// by a proof of it in the token, of eight bytes. Of a key that its store has as derived keys alone,
// without the secret, it is not known.
//
// # Tokens
//
// A token is bound to its access key ID, and no key opens what another sealed. With any byte
// changed, cut short, under another access key ID or by another ring it is unknown:
// [sigv4auth.ErrUnrecognizedClient]. An expired one opens, so that the client is told that it has
// expired. It has at most [MaxTokenSize] bytes, of which session policies take the most: AWS's
// limit since September 2026. Nothing of a session can be changed once it was issued. To end one
// before its time, deny its role by a condition on aws:TokenIssueTime, delete the role, make the
// key that asked inactive where the session names it, or retire the ring's key; a key of the ring
// whose grace period has ended ends the sessions that it sealed, so that the grace period MUST be
// longer than the longest session.
//
// Who may have a session, and with what, is decided before [Store.Issue] is called, which asks
// nobody.
//
// # Ways to credentials
//
// An [Endpoint] speaks the STS API, so that stock AWS clients come to sessions by AssumeRole and
// the like, and decides who may, by policies. An [IdentityPool] speaks the Cognito Identity API, so
// that the users of apps come to them by their logins. A [Container] gives the programs of one
// machine the credentials that its operator chose, and [ProcessOutput] is what a credential process
// prints. A [Login] is the other way round: it learns who a client is from a presigned
// GetCallerIdentity. docs/temporary-credentials.md, in the repository, has a program with the rest.
package sts
