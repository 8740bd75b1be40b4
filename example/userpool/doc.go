// Package userpool is a Cognito user pool as its clients see it: Amplify and
// amazon-cognito-identity-js with their defaults, the AWS CLI and the SDKs. Users sign up, confirm
// by a code, sign in by the Secure Remote Password protocol, and get tokens that an identity pool,
// or any OpenID Connect client, verifies.
//
//	pool, err := userpool.New(ctx, userpool.Config{DB: db, Ring: ring, ID: "us-east-1_Example01", …})
//	admins, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Target: pool.Target, …})
//	auth, err := sigv4auth.New(sigv4auth.Config{Service: "cognito-idp", Denied: pool.WriteError, …})
//	endpoint := pool.Handler(auth.Require(admins.Check)) // POST /
//	keys := pool.Published()                             // GET /ID/.well-known/…
//	go pool.Run(ctx, 15*time.Minute)                     // until ctx ends
//
// # What is kept
//
// Of a password there is a salt and the verifier of SRP, in the database, sealed by the ring:
// whoever has one without the other can neither sign in nor guess passwords. Codes, and names that
// were tried, are kept as MACs, and signing keys are sealed; users' names and attributes are kept
// as they are. Whoever loses the ring loses the pool: users have to be made anew. After the ring
// was rotated, [Pool.Maintain] seals everything with its new key.
//
// A sign-in by SRP keeps nothing between its two requests: SECRET_BLOCK holds what is needed,
// sealed. It is good for three minutes, for one user and client, and for one right answer.
//
// # What ends when
//
// ID and access tokens last for an hour, and a sign-in for 30 days, as [Client] has it. Each use
// of the refresh token replaces it, whichever operation it is used with; one that has been
// replaced ends the sign-in if it is used again, but for some seconds in which it is answered
// alike.
//
//   - RevokeToken ends one sign-in: its refresh token, and its access tokens here.
//   - GlobalSignOut and AdminUserGlobalSignOut end all sign-ins of the user.
//   - AdminDisableUser and DeleteUser do, too. Who is enabled again has to sign in again.
//   - ChangePassword ends all sign-ins but the one that it is called with; ConfirmForgotPassword and
//     AdminSetUserPassword end all. Cognito leaves sign-ins be when a password changes.
//
// What has ended ends here at once: refresh tokens, and access tokens with every operation of this
// endpoint. As with Cognito, nobody asks here when an ID token, or an access token, is verified
// elsewhere by the published keys: it is good until it expires; and credentials that an identity
// pool gave for it last until they expire, unless their role's policies are changed.
//
// # Who is told what
//
// Who tries a name and a password learns nothing of whether the name exists: the answer and the
// work are alike. SignUp has to tell that a name is taken, and what comes of a code that confirms
// it, that this has been done. Codes that nobody gets are answered, and kept, as if they were sent.
// What else a user's state is, such as that it is disabled, is told to who knows the password.
//
// After five wrong passwords a name has to wait, a second at first, and twice as long each time up
// to 15 minutes; so has a client after as many as [Limits] say. Somebody who wants a user to wait
// can cause that, as with Cognito. Names wait in all processes, clients in each by itself. Messages
// are counted, too: five to a name, and ten to an address that nobody has verified, whatever names
// it is given for.
//
// # What differs from Cognito
//
// User names are kept in lower case. A user's attributes are no longer than 16 KiB in all. Refresh
// tokens always rotate, also by REFRESH_TOKEN_AUTH, which amazon-cognito-identity-js has alone.
// There are no groups, no second factors, no devices, no hosted pages, no Lambda triggers, and no
// messages but by e-mail.
package userpool
