package iampolicy

import (
	"context"
	"fmt"
	"strings"
)

// An AccessVerdict is the answer of [CheckNoNewAccess] and
// [CheckAccessNotGranted], in the words of IAM Access Analyzer's custom policy
// checks. The zero AccessVerdict is AccessUnknown: a missing answer never
// passes.
type AccessVerdict uint8

const (
	AccessUnknown AccessVerdict = iota // neither could be shown; see AccessResult.Reason
	AccessPass                         // no request has the access that was asked about
	AccessFail                         // some request has it; see AccessResult.Witness
)

// String returns PASS, FAIL or UNKNOWN.
func (v AccessVerdict) String() string {
	switch v {
	case AccessUnknown:
		return "UNKNOWN"
	case AccessPass:
		return "PASS"
	case AccessFail:
		return "FAIL"
	}
	return "invalid"
}

// MarshalText returns what String does.
func (v AccessVerdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// An AccessResult is the answer of [CheckNoNewAccess] and
// [CheckAccessNotGranted]. The zero AccessResult is unknown, without a reason.
type AccessResult struct {
	Verdict AccessVerdict
	// Witness is, for AccessFail, a request that has the access: Evaluate allowed
	// it with the policies that were checked, and with the old ones it did not. Of
	// resource and trust policies its ResourceAccount is empty, so that the
	// rules across accounts hold. It is the caller's to keep and to change.
	Witness *Request
	// Granted is, for AccessFail, the decision about the Witness: it names the
	// first Allow of the policies that matches, or nothing if they are RCPs, which
	// allow by themselves.
	Granted Decision
	// Reason says, for AccessUnknown, what stood in the way.
	Reason string
}

// String returns the verdict and its evidence on one line, for people.
func (r AccessResult) String() string {
	switch {
	case r.Verdict == AccessFail && r.Witness != nil:
		return r.Verdict.String() + ": " + r.witnessText()
	case r.Reason != "":
		return r.Verdict.String() + ": " + r.Reason
	}
	return r.Verdict.String()
}

func (r AccessResult) witnessText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s on %q", r.Witness.Action, r.Witness.Resource)
	if r.Granted.PolicyType == ResourcePolicy || r.Granted.PolicyType == TrustPolicy {
		fmt.Fprintf(&b, " by %s", r.Witness.Principal.describe())
	}
	for key := range r.Witness.Context.Keys() {
		values, multivalued, _ := r.Witness.Context.Get(key)
		if multivalued {
			fmt.Fprintf(&b, ", %s = %q", key, values)
		} else {
			fmt.Fprintf(&b, ", %s = %q", key, values[0])
		}
	}
	if d := r.Granted; d.PolicyType != 0 {
		fmt.Fprintf(&b, "; granted by Statement[%d]", d.Statement)
		if d.Sid != "" {
			fmt.Fprintf(&b, " %q", d.Sid)
		}
		if d.PolicyName != "" {
			fmt.Fprintf(&b, " of %q", d.PolicyName)
		}
	}
	return b.String()
}

// CheckNoNewAccess tells whether the new policies allow a request that the old
// ones do not (IAM user guide, "IAM Access Analyzer custom policy checks").
// AccessPass means that there is no such request, AccessFail comes with one.
//
// All policies are of one type, and of permissions boundaries, resource policies and trust policies
// there may be one in each list. Together the policies of a list allow what a statement with Allow
// matches and none with Deny does; RCPs allow whatever no Deny matches. An empty list allows
// nothing, and an empty list of RCPs everything.
//   - Of identity policies the caller is an IAM user.
//   - Of resource and trust policies every caller is considered who is of another
//     account than the resource, of a partition that some Principal names or else
//     of aws, and whose own policies allow everything. Whether the policy grants
//     to the caller or only to the caller's account makes no difference.
//   - With the other types the caller's identity policies allow everything.
//
// The condition keys are independent of all else and of each other: a request
// may have aws:PrincipalArn, aws:username and aws:SourceIp of any value or not
// at all, whatever its principal. Any key may be multivalued; a Witness has a
// multivalued key that no policy has a set operator for, and a resource that is
// no ARN, only where no other request would do.
//
// The check is exact for Effect, Action, Resource and Principal, their Not forms, and all operators
// with IfExists, ForAllValues and ForAnyValue. It may answer AccessUnknown where the answer depends
// on policy variables, or on operators that compare one key as different types (as text and as an
// address, for instance), and where the check would exceed a fixed limit of work, which takes many
// patterns that overlap in many ways.
//
// A request may have values that cannot be read, for which a Deny covers more than the same
// conditions in an Allow. Keys whose value is not known (Context.SetUnknown) are not considered.
//
// Evaluate denies requests that exceed its budget, and those that cannot exist, such as one for a
// resource of more than 2,048 bytes. Whether the old policies deny only for that reason is not
// considered.
//
// The time it takes is bounded: at the limit it is a few seconds. Where ctx ends before it is done,
// the answer is AccessUnknown. A hundred statements against a hundred take some milliseconds if the
// literal beginnings of resources and actions decide, and some tens of milliseconds if it takes a
// search (BenchmarkCheckNoNewAccess). Any number of goroutines may check the same policies.
func CheckNoNewAccess(ctx context.Context, old, new []*Policy) AccessResult {
	c := accessCheck{old: old, new: new, work: accessWork{ctx: ctx}}
	if reason := c.begin(); reason != "" {
		return AccessResult{Reason: reason}
	}
	return c.run()
}

// CheckAccessNotGranted tells whether the policies allow any of the actions on
// any of the resources: AccessPass means that they do not, AccessFail comes with
// a request that they allow. Actions and resources are written as in the Action
// and Resource of a policy, wildcards included, but without policy variables; no
// actions at all are every action, and no resources every resource. One that
// could not stand in a policy makes the answer AccessUnknown.
//
// For the rest see [CheckNoNewAccess].
func CheckAccessNotGranted(ctx context.Context, policies []*Policy, actions, resources []string) AccessResult {
	c := accessCheck{new: policies, work: accessWork{ctx: ctx}}
	if reason := c.begin(); reason != "" {
		return AccessResult{Reason: reason}
	}
	within, reason := compileAccess(actions, resources)
	if reason != "" {
		return AccessResult{Reason: reason}
	}
	c.within = within
	return c.run()
}

// compileAccess makes of actions and resources the elements of a statement.
func compileAccess(actions, resources []string) (within *statement, reason string) {
	within = &statement{actionTexts: actions}
	for _, text := range actions {
		wrong := checkAction(text)
		if wrong.code != "" {
			return nil, wrong.text
		}
		a, _ := compilePattern(text, textRules{wildcards: true, fold: true})
		within.actions = append(within.actions, a)
	}
	if len(actions) == 0 {
		within.actions = []pattern{{shape: anything}}
	}
	p := parser{policyType: IdentityPolicy}
	for _, text := range resources {
		r, wrong := p.resource(text)
		if wrong.code != "" {
			return nil, wrong.text
		}
		within.resources = append(within.resources, r)
	}
	return within, ""
}
