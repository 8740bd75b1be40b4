// Package sigv4test helps to test handlers that [sigv4auth] protects: it makes callers with keys of
// their own, signs requests as they would, sets the clock, and tells what reached the handler.
//
// A [Signer] is a caller. [Signer.Config] accepts what it signs, so that a test of a protected
// handler needs three lines before the request:
//
//	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
//	auth, err := sigv4auth.New(alice.Config())
//	...
//	auth.Handler(service).ServeHTTP(w, alice.Sign(httptest.NewRequest("GET", "/prod/ride", nil)))
//
// Requests are signed by the signer of aws-sdk-go-v2, the one that AWS's own clients use, never by
// the code that verifies them. It signs with AWS4-HMAC-SHA256; package sigv4a of
// github.com/aws/smithy-go/aws-http-auth signs with AWS4-ECDSA-P256-SHA256.
//
// The package is for tests: what goes wrong in [Signer.Sign] is a mistake in a test, and panics. It
// signs what it is given, for whichever host, and sends it once, so that a test sees what a service
// makes of it. Package sigv4client is the client for programs.
package sigv4test
