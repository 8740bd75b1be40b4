package sts

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth"
)

// IdentityStore keeps which logins are which identity of an identity pool: Amazon Cognito Developer
// Guide, "Identity pools", and "Using identity pools". What an identity is called, the pool says.
//
// Both methods are called from many goroutines at once, and must return when ctx, the request's
// context, ends. Any error that wraps none of the reasons named here means that the store failed.
// Package identitytest has the contract as tests.
type IdentityStore interface {
	// Logins returns the logins of an identity, in any order: none for a guest's. For one that
	// does not exist it returns an error that wraps [ErrNoSuchIdentity].
	Logins(ctx context.Context, pool, identity string) ([]ProviderLogin, error)

	// Link makes logins, of which no two are of one provider, those of one identity, and returns
	// its ID. It does so in one step, so that two calls at once agree:
	//
	//   - If one of them is an identity's already, the others become that one's too, and identity
	//     counts for nothing.
	//   - If none is, they become those of identity, which is made if it does not exist. Without
	//     logins, that is all.
	//
	// It changes nothing, and returns an error that wraps [ErrLoginLinked], if the logins are of
	// more than one identity; if the identity that they would be those of has another login of one
	// of their providers; or if none is an identity's, and the identity of the ID has logins, which
	// are then somebody else's. It may refuse to make another identity, with an error that wraps
	// [ErrTooManyIdentities].
	Link(ctx context.Context, pool, identity string, logins []ProviderLogin) (linked string, err error)
}

// ProviderLogin is a user of a login provider.
type ProviderLogin struct {
	// Provider is the name of the provider.
	Provider string
	// Subject is the sub of the provider's tokens.
	Subject string
}

const (
	// ErrNoSuchIdentity means that the pool has no identity with the ID. An IdentityStore returns
	// an error that wraps it.
	ErrNoSuchIdentity sigv4auth.Reason = "NoSuchIdentity"
	// ErrLoginLinked means that logins cannot become those of one identity. An IdentityStore
	// returns an error that wraps it.
	ErrLoginLinked sigv4auth.Reason = "LoginLinked"
	// ErrTooManyIdentities means that an IdentityStore is full. It returns an error that wraps it.
	ErrTooManyIdentities sigv4auth.Reason = "TooManyIdentities"
)
