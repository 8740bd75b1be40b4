package filestore

import (
	"maps"
	"slices"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// sameCredential reports whether a and b, of one access key, differ in nothing but their revision.
func sameCredential(a, b *sigv4auth.Credential) bool {
	return a.Secret.Equal(b.Secret.Reveal()) && a.SessionToken.Equal(b.SessionToken.Reveal()) && a.Expires.Equal(b.Expires) &&
		samePrincipal(&a.Principal, &b.Principal) && sameSession(a.Session, b.Session)
}

func samePrincipal(a, b *iampolicy.Principal) bool {
	return a.ARN == b.ARN && a.UserID == b.UserID && a.RoleARN == b.RoleARN && a.AccountID == b.AccountID && a.Type == b.Type &&
		maps.Equal(a.Tags, b.Tags)
}

func sameSession(a, b *sigv4auth.Session) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.IssuedAt.Equal(b.IssuedAt) && maps.Equal(a.Tags, b.Tags) && a.MFAPresent == b.MFAPresent && a.MFA.Equal(b.MFA) &&
		a.SourceIdentity == b.SourceIdentity && sameFederated(a.Federated, b.Federated) && slices.Equal(a.Policies, b.Policies)
}

func sameFederated(a, b *sigv4auth.FederatedIdentity) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Provider == b.Provider && a.Subject == b.Subject && a.Audience == b.Audience && slices.Equal(a.Methods, b.Methods)
}

// sameSet reports whether two sets of a principal hold the same policies. A document that has been
// read anew and says the same is not compiled anew.
func sameSet(a, b *iampolicy.Set) bool {
	return slices.Equal(a.Identity, b.Identity) && slices.Equal(a.Boundaries, b.Boundaries)
}
