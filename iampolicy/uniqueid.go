package iampolicy

import (
	"slices"
	"strings"
)

// The prefixes of unique IDs that can be principals, and the most characters of one (IAM user
// guide, "IAM identifiers"; IAM API reference, "idType").
const (
	userIDPrefix = "AIDA"
	roleIDPrefix = "AROA"
	maxUniqueID  = 128
)

// addUniqueID adds an element of AWS that is the unique ID of a user or a role, which is how IAM
// shows one that is gone. It reports whether it is one.
func (l *principals) addUniqueID(text string) bool {
	kind, rest := text[:min(len(text), len(userIDPrefix))], text[min(len(text), len(userIDPrefix)):]
	if rest == "" || len(text) > maxUniqueID {
		return false
	}
	for i := range len(rest) {
		if c := rest[i] | 0x20; (c < 'a' || 'z' < c) && (rest[i] < '0' || '9' < rest[i]) {
			return false
		}
	}
	switch kind {
	case userIDPrefix:
		l.userIDs = append(l.userIDs, text)
	case roleIDPrefix:
		l.roleIDs = append(l.roleIDs, text)
	default:
		return false
	}
	return true
}

// uniqueID returns the unique ID that a policy may name the caller by: its own, that of a session's
// role, or that of the user behind a federated user; and the list where it would be.
func (l *principals) uniqueID(c *caller, p *Principal) (id string, list []string) {
	switch c.typ {
	case User:
		return p.UserID, l.userIDs
	case AssumedRole:
		id, _, _ = strings.Cut(p.UserID, ":")
		return id, l.roleIDs
	case FederatedUser:
		return p.BaseUserID, l.userIDs
	}
	return "", nil
}

// namesByID returns how the list names the caller by a unique ID.
func (l *principals) namesByID(c *caller, p *Principal) grant {
	if id, list := l.uniqueID(c, p); !slices.Contains(list, id) {
		return noGrant
	}
	if c.typ == User {
		return directGrant
	}
	return basisGrant
}

// mayName reports whether the list has unique IDs of the caller's kind, and the caller's is not
// known, so that any of them may be it.
func (l *principals) mayName(c *caller, p *Principal) bool {
	id, list := l.uniqueID(c, p)
	return id == "" && len(list) > 0
}
