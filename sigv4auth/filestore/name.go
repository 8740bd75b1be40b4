package filestore

import "strings"

// The bounds of names: IAM User Guide, "IAM and AWS STS quotas", and the STS API Reference,
// AssumeRole.
const (
	maxAccessKeyID = 128
	maxUniqueID    = 128
	maxPolicyName  = 128
	maxName        = 64 // of a user, a role and a session
	minSessionName = 2
	maxPath        = 512
)

// validPolicyName admits what AWS admits, but for a leading dot: editors and volumes keep their own
// files under such names. It leaves no way out of the folder policies.
func validPolicyName(s string) bool {
	return s != "" && len(s) <= maxPolicyName && s[0] != '.' && wordOr(s, "+=,.@-")
}

func validName(s string) bool { return s != "" && len(s) <= maxName && wordOr(s, "+=,.@-") }

func validSessionName(s string) bool { return len(s) >= minSessionName && validName(s) }

func validAccessKeyID(s string) bool {
	return s != "" && len(s) <= maxAccessKeyID && wordOr(s, "-")
}

func validUniqueID(s string) bool {
	return s != "" && len(s) <= maxUniqueID && !strings.Contains(s, "_") && wordOr(s, "")
}

// wordOr reports whether s is of letters, digits, '_' and the bytes of more.
func wordOr(s, more string) bool {
	for i := range len(s) {
		c := s[i]
		if !('A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || strings.IndexByte(more, c) >= 0) {
			return false
		}
	}
	return true
}

// iamARN is the ARN of a user or a role taken apart: arn:PARTITION:iam::ACCOUNT:KIND/PATH/NAME.
type iamARN struct {
	partition, account string
	name               string // without its path
}

// parseIAMARN takes the ARN of a user or a role, which kind says, apart.
func parseIAMARN(s, kind string) (a iamARN, ok bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" {
		return iamARN{}, false
	}
	a.partition, a.account = parts[1], parts[4]
	path, isKind := strings.CutPrefix(parts[5], kind+"/")
	slash := strings.LastIndexByte(path, '/')
	a.name = path[slash+1:]
	ok = isKind && validPartition(a.partition) && validAccount(a.account) && validName(a.name) && validPath(path[:slash+1])
	return a, ok
}

func validPartition(s string) bool {
	return s == "aws" || strings.HasPrefix(s, "aws-") && len(s) <= maxName && wordOr(s, "-")
}

func validAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// validPath reports whether s is the path of a name, without its leading slash: "" or "a/b/". Of
// the characters that IAM admits, those that are wildcards and variables in policies are refused.
func validPath(s string) bool {
	if len(s) > maxPath || strings.HasPrefix(s, "/") || strings.Contains(s, "//") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("*?$", c) >= 0 {
			return false
		}
	}
	return true
}

// sessionARN returns the ARN of a session of the role a.
func (a iamARN) sessionARN(sessionName string) string {
	return "arn:" + a.partition + ":sts::" + a.account + ":assumed-role/" + a.name + "/" + sessionName
}
