package iamid

import "strings"

// The bounds of names: IAM User Guide, "IAM and AWS STS quotas", and the STS API Reference,
// AssumeRole and GetFederationToken.
const (
	MaxAccessKeyID   = 128
	MaxUniqueID      = 128
	MaxPolicyName    = 128
	MaxName          = 64 // of a user, a role and a session
	MaxFederatedName = 32
	MinSessionName   = 2
	MaxPath          = 512
	MaxText          = 2048 // of what an identity provider named
)

// What names have to be, for messages.
const (
	SessionNameRule    = "a session name is 2 to 64 characters of [A-Za-z0-9_+=,.@-]"
	SourceIdentityRule = "a source identity is 2 to 64 characters of [A-Za-z0-9_+=,.@-]"
	FederatedNameRule  = "the name of a federated user is 2 to 32 characters of [A-Za-z0-9_+=,.@-]"
	TextRule           = "is 1 to 2048 characters without control characters"
)

// ValidPolicyName admits what AWS admits, but for a leading dot: editors and volumes keep their own
// files under such names. It leaves no way out of a folder.
func ValidPolicyName(s string) bool {
	return s != "" && len(s) <= MaxPolicyName && s[0] != '.' && WordOr(s, "+=,.@-")
}

// ValidName reports whether s is the name of a user or a role.
func ValidName(s string) bool { return s != "" && len(s) <= MaxName && WordOr(s, "+=,.@-") }

// ValidSessionName reports whether s is the name of a role's session, or a source identity.
func ValidSessionName(s string) bool { return len(s) >= MinSessionName && ValidName(s) }

// ValidFederatedName reports whether s is the name of a federated user.
func ValidFederatedName(s string) bool { return len(s) <= MaxFederatedName && ValidSessionName(s) }

// ValidAccessKeyID reports whether s is an access key ID.
func ValidAccessKeyID(s string) bool {
	return s != "" && len(s) <= MaxAccessKeyID && WordOr(s, "-")
}

// ValidUniqueID reports whether s is the unique ID of a principal.
func ValidUniqueID(s string) bool {
	return s != "" && len(s) <= MaxUniqueID && !strings.Contains(s, "_") && WordOr(s, "")
}

// ValidText reports whether s is a text that an identity provider gave.
func ValidText(s string) bool { return s != "" && len(s) <= MaxText && Printable(s) }

// WordOr reports whether s is of letters, digits, '_' and the bytes of more.
func WordOr(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || strings.IndexByte(more, c) >= 0) {
			return false
		}
	}
	return true
}

// Printable reports whether s has no control characters.
func Printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) < 0
}
