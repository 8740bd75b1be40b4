package filestore

import (
	"maps"
	"slices"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// sameCredential reports whether a and b, of one access key, differ in nothing but their revision.
func sameCredential(a, b *sigv4auth.Credential) bool {
	return a.Secret.Equal(b.Secret.Reveal()) && a.Expires.Equal(b.Expires) && samePrincipal(&a.Principal, &b.Principal)
}

func samePrincipal(a, b *iampolicy.Principal) bool {
	return a.ARN == b.ARN && a.UserID == b.UserID && a.AccountID == b.AccountID && a.Type == b.Type && maps.Equal(a.Tags, b.Tags)
}

// sameRole reports whether two roles of one ARN are one to their sessions. Who may assume the role,
// and for how long, is no matter to those that it has.
func sameRole(a, b *role) bool { return a.ID == b.ID && maps.Equal(a.Tags, b.Tags) }

// sameSet reports whether two sets of a principal hold the same policies. A document that has been
// read anew and says the same is not compiled anew.
func sameSet(a, b *iampolicy.Set) bool {
	return slices.Equal(a.Identity, b.Identity) && slices.Equal(a.Boundaries, b.Boundaries)
}
