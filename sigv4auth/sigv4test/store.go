package sigv4test

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth"
)

// StoreFunc is a function that is a [sigv4auth.CredentialStore], for tests of what a service does
// while its store is slow, failing or wrong.
type StoreFunc func(ctx context.Context, accessKeyID, sessionToken string) (sigv4auth.Credential, error)

// Credential calls f.
func (f StoreFunc) Credential(ctx context.Context, accessKeyID, sessionToken string) (sigv4auth.Credential, error) {
	return f(ctx, accessKeyID, sessionToken)
}
