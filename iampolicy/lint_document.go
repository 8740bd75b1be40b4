package iampolicy

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// lintDocument looks at what statements say together.
func (p *parser) lintDocument(root, version, statement *jsontree.Node, statements []statement) {
	switch {
	case version == nil:
		p.note(root.Offset, nil, CodeMissingVersion, `Version is missing: without "2012-10-17" policy variables are text`)
	case version.Text == "2008-10-17":
		p.note(version.Offset, &jsontree.Path{Name: "Version"}, CodeOldVersion, `Version "2008-10-17" has no policy variables`)
	}
	if len(p.mistakes) > 0 || statement.Kind != jsontree.List {
		return
	}
	first := make(map[string]int) // by content, the first such statement
	for i := range statement.Kids {
		kid, at := &statement.Kids[i], &jsontree.Path{Up: &jsontree.Path{Name: "Statement"}, Index: i}
		content := contentWithoutSid(kid)
		if j, ok := first[content]; ok {
			p.note(kid.Offset, at, CodeRedundantStatement, "the statement repeats statement %d", j)
		} else {
			first[content] = i
		}
		if st := &statements[i]; st.deny && st.coversEverything() && len(statements) > 1 {
			p.note(kid.Offset, at, CodeDeniesEverything, "the statement denies everything, so that the others have no effect")
		}
	}
}

// contentWithoutSid returns the source of a statement in a normal form: its
// elements as they stand, without white space and Sid.
func contentWithoutSid(n *jsontree.Node) string {
	var b strings.Builder
	for i := range n.Kids {
		if n.Kids[i].Name != "Sid" {
			writeContent(&b, &n.Kids[i])
		}
	}
	return b.String()
}

func writeContent(b *strings.Builder, n *jsontree.Node) {
	b.WriteString(strconv.Quote(n.Name) + ":")
	switch n.Kind {
	case jsontree.List, jsontree.Object:
		b.WriteString(n.Kind.String() + "(")
		for i := range n.Kids {
			writeContent(b, &n.Kids[i])
			b.WriteByte(',')
		}
		b.WriteByte(')')
	default:
		b.WriteString(strconv.Quote(n.Text))
	}
}

// coversEverything reports whether the statement applies to every request, by
// whomever the policy bears on.
func (st *statement) coversEverything() bool {
	return len(st.conditions) == 0 && !st.notAction && !st.notResource && !st.notPrincipal &&
		st.anyAction() && st.anyResource() && (st.principals == nil || st.principals.everyone)
}

func (st *statement) anyAction() bool {
	for i := range st.actions {
		if st.actions[i].shape == anything {
			return true
		}
	}
	return false
}

func (st *statement) anyResource() bool {
	for i := range st.resources {
		if st.resources[i].everything {
			return true
		}
	}
	return st.resources == nil
}

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
