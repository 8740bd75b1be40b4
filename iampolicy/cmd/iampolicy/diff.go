package main

import (
	"context"
	"flag"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

const diffHelp = `Usage: iampolicy diff [flags] OLD NEW

Can the new policy do anything that the old one cannot? Where it can, diff prints a
request that proves it: NEW allows it, OLD does not. Where none is printed and the
exit status is 0, there is no such request.

OLD and NEW are each a file, or several joined by commas that hold together, as all
policies of a role do.

Of identity policies the caller is a user. Of a resource's and a role's trust policy
every caller is considered, whose own policies allow everything; of the types that
only limit (boundary, session, scp, rcp) likewise. Condition keys may have any value,
or be missing.

Flags:
  -type TYPE      the policy type: identity (default), resource, session, boundary,
                  scp, rcp or trust
  -size-limits    refuse policies larger than AWS's quotas
  -api REGION/ACCOUNT/API-ID
                  expand API Gateway's short form execute-api:/...
  -json           print one JSON object; its "witness" is a request file of simulate

Exit status: 0 no new access, 1 new access, 2 no answer: a wrong flag, a file that
cannot be read, a policy with mistakes, or a question that is too hard (numbers, dates
and variables where they decide, or too many patterns that overlap); the reason is
printed.

Examples:
  git show HEAD:rider.json | iampolicy diff - rider.json
  iampolicy diff -type scp root.json,team.json new-root.json,team.json
  iampolicy diff -json old.json new.json | jq .witness >case.json
  iampolicy simulate -request case.json -identity new.json
`

// diff is "iampolicy diff".
func diff(c *console, args []string) (status int, err error) {
	fs := flag.NewFlagSet("diff", flag.ContinueOnError)
	kind := kindFlag{kind: iampolicy.IdentityPolicy}
	fs.Var(&kind, "type", "")
	l := loader{console: c}
	l.parsing.register(fs)
	asJSON := fs.Bool("json", false, "")
	operands, err := parseFlags(fs, args)
	if err != nil {
		return 0, err
	}
	if len(operands) != 2 {
		return 0, usagef("diff needs two operands, OLD and NEW; there are %d", len(operands))
	}
	d := difference{kind: kind.kind, names: [2]string(operands)}
	for i, names := range d.names {
		for name := range strings.SplitSeq(names, ",") {
			d.policies[i] = append(d.policies[i], l.load(policySource{file: name}, kind.kind))
		}
	}
	if err := l.fails(); err != nil {
		return 0, err
	}
	d.AccessResult = iampolicy.CheckNoNewAccess(context.Background(), d.policies[0], d.policies[1])
	if err := d.explainOld(); err != nil {
		return 0, err
	}
	if *asJSON {
		err = c.printJSON(d.report())
	} else {
		d.print(c)
	}
	switch d.Verdict {
	case iampolicy.AccessPass:
		return statusOK, err
	case iampolicy.AccessFail:
		return statusNo, err
	case iampolicy.AccessUnknown:
	}
	return statusFailed, err
}

// A difference is two lists of policies, the old and the new, and the answer.
type difference struct {
	kind     iampolicy.PolicyType
	names    [2]string // as given
	policies [2][]*iampolicy.Policy
	iampolicy.AccessResult
	// old says why the old policies do not allow the Witness, if there is one.
	old iampolicy.Explanation
}

// everything allows all. It stands beside what only limits, or grants only
// together with the caller's own policies.
const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// besides returns the policy types that CheckNoNewAccess takes to allow
// everything.
func (d *difference) besides() []iampolicy.PolicyType {
	switch d.kind {
	case iampolicy.IdentityPolicy:
		return nil
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		// A federated user has nothing without a session policy.
		return []iampolicy.PolicyType{iampolicy.IdentityPolicy, iampolicy.SessionPolicy}
	}
	return []iampolicy.PolicyType{iampolicy.IdentityPolicy}
}

func (d *difference) explainOld() error {
	if d.Witness == nil {
		return nil
	}
	set := &iampolicy.Set{}
	for _, kind := range d.besides() {
		policy, err := iampolicy.Parse([]byte(everything), kind, iampolicy.WithName("everything"))
		if err != nil {
			return err // unreachable: the document is a constant
		}
		place(set, kind, policy)
	}
	place(set, d.kind, d.policies[0]...)
	d.old = iampolicy.Explain(context.Background(), set, d.Witness)
	return nil
}

// place puts policies where those of their type stand.
func place(set *iampolicy.Set, kind iampolicy.PolicyType, policies ...*iampolicy.Policy) {
	switch kind {
	case iampolicy.IdentityPolicy:
		set.Identity = policies
	case iampolicy.PermissionsBoundary:
		set.Boundaries = policies
	case iampolicy.SessionPolicy:
		set.Sessions = policies
	case iampolicy.SCP:
		set.SCPs = [][]*iampolicy.Policy{policies}
	case iampolicy.RCP:
		set.RCPs = [][]*iampolicy.Policy{policies}
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		set.Resource = policies[0]
	}
}
