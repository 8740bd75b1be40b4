package iampolicy

import (
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A globalKey is what is known of a condition key that AWS defines for all
// services (IAM user guide, "AWS global condition context keys").
type globalKey struct {
	operand     operand
	multivalued bool
	always      bool // every request has it
	spoofable   bool // the caller chooses it
}

// globalKeyNamed returns what is known of a key with the prefix aws:.
func globalKeyNamed(name string) (k globalKey, ok bool) {
	switch folded := ascii.ToLower(name); folded {
	case "aws:principalarn", "aws:sourcearn", "aws:chatbotsourcearn", "aws:sourcevpcarn":
		k.operand = arnOperand
	case "aws:sourceip", "aws:vpcsourceip", "aws:ec2instancesourceprivateipv4":
		k.operand = addressOperand
	case "aws:currenttime", "aws:epochtime":
		k.operand, k.always = dateOperand, true
	case "aws:tokenissuetime":
		k.operand = dateOperand
	case "aws:securetransport":
		k.operand, k.always = boolOperand, true
	case "aws:multifactorauthpresent", "aws:principalisawsservice", "aws:viaawsservice":
		k.operand = boolOperand
	case "aws:multifactorauthage":
		k.operand = numberOperand
	case "aws:tagkeys", "aws:calledvia", "aws:principalorgpaths", "aws:resourceorgpaths", "aws:sourceorgpaths",
		"aws:principalservicenameslist", "aws:vpceorgpaths":
		k.multivalued = true
	case "aws:referer", "aws:useragent":
		k.spoofable = true
	case "aws:requestedregion":
		k.always = true
	case "aws:principalaccount", "aws:principalorgid", "aws:principalservicename", "aws:principaltype", "aws:userid", "aws:username",
		"aws:assumedroot", "aws:federatedprovider", "aws:ec2instancesourcevpc", "aws:sourceidentity", "aws:sourcevpc", "aws:sourcevpce",
		"aws:vpceaccount", "aws:vpceorgid", "aws:resourceaccount", "aws:resourceorgid", "aws:calledviafirst", "aws:calledvialast",
		"aws:sourceaccount", "aws:sourceorgid":
	default:
		for _, prefix := range [...]string{"aws:principaltag/", "aws:resourcetag/", "aws:requesttag/"} {
			if strings.HasPrefix(folded, prefix) {
				return k, true
			}
		}
		return k, false
	}
	return k, true
}

// fits reports whether an operator's operand suits the key's. Texts may be
// compared with anything; the checks for ARNs and wildcards are elsewhere.
func (k globalKey) fits(op operand) bool {
	switch op {
	case nullOperand:
		return true
	case stringOperand:
		return k.operand == stringOperand || k.operand == arnOperand || k.operand == boolOperand
	case dateOperand, numberOperand:
		return k.operand == op || k.operand == dateOperand
	}
	return k.operand == op
}
