package sigv4auth

import (
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// maxOwnerKey bounds an owner key: no identifier of AWS comes near it, and databases index it.
const maxOwnerKey = 2048

// OwnerKey returns the key by which the caller owns what a service keeps for it. Use it, and not a
// name: a user, a user with another path and a session of a role can all have the same name, and a
// name can be given to somebody else later. No two such callers have the same key. All sessions of
// a role that have the same session name have the same key. A key stays the same when a user or a
// role is renamed or moved to another path; a principal that is deleted and created again has
// another one.
//
//   - A federated identity: its provider and its subject, whatever role the session is of.
//   - A session of a role: the account, the role's unique ID and the session name. Whoever may
//     choose the session name chooses the owner among the sessions of the role, so a role that
//     several people assume SHOULD demand their own name in it (sts:RoleSessionName).
//   - An IAM user: the account and the user's unique ID.
//
// Unique IDs are those of the IAM User Guide, "Unique identifiers", in Principal.UserID as
// aws:userid holds them. OwnerKey reports false for every other caller. A service MUST refuse
// those, and never treat them as one owner. They are: one whose UserID is missing, or, of a role
// session, is not the role's ID, a colon and the session name; the account's root, a federated
// user, whose name its creator chooses, and services; one whose federated identity has no subject,
// since such callers choose their session name; a principal that contradicts itself; an identity
// that nobody verified; and one whose key would be longer than 2,048 bytes.
//
// The key is printable ASCII: "user:", "role:" or "federated:", and parts joined by colons, in
// which everything but letters, digits and "-._~+=,@" is percent-encoded. It is no secret.
func (id Identity) OwnerKey() (key string, ok bool) {
	if !id.verified() {
		return "", false
	}
	return ownerKeyOf(&id.Principal, id.session)
}

// OwnerKey returns the [Identity.OwnerKey] of the identities that the credential verifies, for
// whoever moves records to owner keys.
func (c Credential) OwnerKey() (key string, ok bool) { return ownerKeyOf(&c.Principal, c.Session) }

func ownerKeyOf(p *iampolicy.Principal, session *Session) (key string, ok bool) {
	typ := p.EffectiveType()
	if typ == 0 || typ == iampolicy.Anonymous {
		return "", false
	}
	if session != nil && session.Federated != nil {
		return ownerKey("federated", session.Federated.Provider, session.Federated.Subject)
	}
	switch typ {
	case iampolicy.User:
		return ownerKey("user", p.Account(), p.UserID) // guard 241
	case iampolicy.AssumedRole:
		roleID, name, _ := strings.Cut(p.UserID, ":")
		if name != p.SessionName() {
			return "", false
		}
		return ownerKey("role", p.Account(), roleID, name)
	case iampolicy.Account, iampolicy.FederatedUser, iampolicy.Service, iampolicy.Anonymous, iampolicy.IdentityProvider:
	}
	return "", false
}

// ownerKey joins the parts, none of which may be empty. No two lists of parts have one key, since
// no colon is left in a part.
func ownerKey(kind string, parts ...string) (string, bool) {
	var b strings.Builder
	b.WriteString(kind)
	for _, part := range parts {
		if part == "" || len(part) > maxOwnerKey {
			return "", false
		}
		b.WriteByte(':')
		for i := range len(part) {
			c := part[i]
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+=,@", c) >= 0 {
				b.WriteByte(c)
				continue
			}
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&0xf]})
		}
	}
	if b.Len() > maxOwnerKey {
		return "", false
	}
	return b.String(), true
}
