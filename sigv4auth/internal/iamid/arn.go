package iamid

import "strings"

// ARN is the ARN of a user or a role taken apart: arn:PARTITION:iam::ACCOUNT:KIND/PATH/NAME.
type ARN struct {
	Partition, Account string
	Name               string // without its path
}

// ParseARN takes the ARN of a user or a role, which kind says, apart.
func ParseARN(s, kind string) (a ARN, ok bool) {
	a, resource, ok := SplitARN(s)
	if !ok {
		return ARN{}, false
	}
	path, isKind := strings.CutPrefix(resource, kind+"/")
	slash := strings.LastIndexByte(path, '/')
	a.Name = path[slash+1:]
	ok = isKind && ValidPartition(a.Partition) && ValidAccount(a.Account) && ValidName(a.Name) && ValidPath(path[:slash+1])
	return a, ok
}

// ParseRootARN takes the ARN of an account's root user apart. Name stays empty.
func ParseRootARN(s string) (a ARN, ok bool) {
	a, resource, ok := SplitARN(s)
	if !ok || resource != "root" || !ValidPartition(a.Partition) || !ValidAccount(a.Account) {
		return ARN{}, false
	}
	return a, true
}

// SplitARN takes the ARN of something in IAM apart, and looks at none of its parts.
func SplitARN(s string) (a ARN, resource string, ok bool) {
	rest, isARN := strings.CutPrefix(s, "arn:")
	partition, rest, whole := strings.Cut(rest, ":")
	rest, ofIAM := strings.CutPrefix(rest, "iam::")
	account, resource, named := strings.Cut(rest, ":")
	return ARN{Partition: partition, Account: account}, resource, isARN && whole && ofIAM && named
}

// ValidPartition reports whether s is a partition: aws, aws-cn, and so on.
func ValidPartition(s string) bool {
	return s == "aws" || strings.HasPrefix(s, "aws-") && len(s) <= MaxName && WordOr(s, "-")
}

// ValidAccount reports whether s is the ID of an account: twelve digits.
func ValidAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// ValidPath reports whether s is the path of a name, without its leading slash: "" or "a/b/". Of
// the characters that IAM admits, those that are wildcards and variables in policies are refused.
func ValidPath(s string) bool {
	if len(s) > MaxPath || strings.HasPrefix(s, "/") || strings.Contains(s, "//") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("*?$", c) >= 0 {
			return false
		}
	}
	return true
}

// SessionARN returns the ARN of a session of the role a.
func (a ARN) SessionARN(sessionName string) string {
	return "arn:" + a.Partition + ":sts::" + a.Account + ":assumed-role/" + a.Name + "/" + sessionName
}

// FederatedUserARN returns the ARN of a federated user of a's account.
func (a ARN) FederatedUserARN(name string) string {
	return "arn:" + a.Partition + ":sts::" + a.Account + ":federated-user/" + name
}
