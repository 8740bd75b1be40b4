package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// accessWorlds is how many pairs of random policies are checked, each against
// accessRequests random requests.
const (
	accessWorlds   = 500
	accessRequests = 100
)

// A checkedPair is two lists of policies of one type.
type checkedPair struct {
	kind     iampolicy.PolicyType
	old, new []randomPolicy
}

func (d dice) checkedPair() checkedPair {
	kinds := []iampolicy.PolicyType{
		iampolicy.IdentityPolicy, iampolicy.IdentityPolicy, iampolicy.IdentityPolicy, iampolicy.ResourcePolicy, iampolicy.ResourcePolicy,
		iampolicy.SessionPolicy, iampolicy.PermissionsBoundary, iampolicy.SCP, iampolicy.RCP, iampolicy.TrustPolicy,
	}
	p := checkedPair{kind: kinds[d.IntN(len(kinds))]}
	p.old = []randomPolicy{d.policy(p.kind)}
	switch d.IntN(3) {
	case 0:
		p.new = []randomPolicy{d.policy(p.kind)}
	case 1: // the old one with a statement more
		more := p.old[0]
		more.Statements = append(more.Statements[:len(more.Statements):len(more.Statements)],
			d.statement(p.kind, more.Version == "2012-10-17"))
		p.new = []randomPolicy{more}
	case 2: // with a statement less
		less := p.old[0]
		less.Statements = less.Statements[min(1, len(less.Statements)-1):]
		p.new = []randomPolicy{less}
	}
	if (p.kind == iampolicy.IdentityPolicy || p.kind == iampolicy.SCP || p.kind == iampolicy.RCP) && d.in(3) {
		p.new = append(p.new, d.policy(p.kind))
	}
	return p
}

func compileAll(tb testing.TB, policies []randomPolicy) (list []*iampolicy.Policy) {
	tb.Helper()
	for _, p := range policies {
		c, err := iampolicy.Parse(p.JSON(tb), p.Kind)
		if err != nil {
			tb.Fatalf("%v\n%s", err, p.JSON(tb))
		}
		list = append(list, c)
	}
	return list
}

// accessSet is the Set in which policies of one type are compared: all else
// allows everything.
func accessSet(tb testing.TB, kind iampolicy.PolicyType, policies []*iampolicy.Policy) *iampolicy.Set {
	tb.Helper()
	const full = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	set := &iampolicy.Set{Identity: []*iampolicy.Policy{policy(tb, iampolicy.IdentityPolicy, full)}}
	switch kind {
	case iampolicy.IdentityPolicy:
		set.Identity = policies
	case iampolicy.SessionPolicy:
		set.Sessions = policies
	case iampolicy.PermissionsBoundary:
		set.Boundaries = policies
	case iampolicy.SCP:
		set.SCPs = [][]*iampolicy.Policy{policies}
	case iampolicy.RCP:
		set.RCPs = [][]*iampolicy.Policy{policies}
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		set.Sessions = []*iampolicy.Policy{policy(tb, iampolicy.SessionPolicy, full)}
		set.Resource = policies[0]
	}
	return set
}

// askFor is a random request such as CheckNoNewAccess speaks of.
func (d dice) askFor(kind iampolicy.PolicyType) *iampolicy.Request {
	w := &world{}
	d.ask(w)
	w.Unknown = nil // the checks leave keys whose value is not known out of account
	if kind == iampolicy.ResourcePolicy || kind == iampolicy.TrustPolicy {
		w.ResourceAccount = ""
	} else {
		w.Principal, w.ResourceAccount = randomPrincipals[0], account
	}
	return w.request()
}

// What a check says holds of every request: a pass is contradicted by none, and
// a fail comes with one that Evaluate confirms.
func TestAccessChecksAgreeWithEvaluate(t *testing.T) {
	verdicts := map[iampolicy.AccessVerdict]int{}
	found := 0 // fails that a random request shows too
	for seed := range uint64(accessWorlds) {
		d := newDice(seed)
		pair := d.checkedPair()
		old, new := compileAll(t, pair.old), compileAll(t, pair.new)
		oldSet, newSet := accessSet(t, pair.kind, old), accessSet(t, pair.kind, new)
		result := iampolicy.CheckNoNewAccess(t.Context(), old, new)
		verdicts[result.Verdict]++
		isNew := func(req *iampolicy.Request) bool {
			return iampolicy.Evaluate(newSet, req).Allowed() && !iampolicy.Evaluate(oldSet, req).Allowed()
		}
		if result.Verdict == iampolicy.AccessFail && !isNew(result.Witness) {
			t.Fatalf("seed %d: no witness: %v\n%s\n%s", seed, result, pair.old[0].JSON(t), pair.new[0].JSON(t))
		}
		for range accessRequests {
			req := d.askFor(pair.kind)
			if !isNew(req) {
				continue
			}
			if result.Verdict == iampolicy.AccessPass {
				t.Fatalf("seed %d: passes, but %+v is new\n%s\n%s", seed, req, pair.old[0].JSON(t), pair.new[0].JSON(t))
			}
			found++
			break
		}
	}
	t.Logf("%v; random requests show %d", verdicts, found)
	// A check that never commits itself agrees with everything, and requests that
	// never ask for what is new contradict nothing.
	if verdicts[iampolicy.AccessUnknown] > accessWorlds/25 || verdicts[iampolicy.AccessPass] < accessWorlds/4 || found < accessWorlds/8 {
		t.Errorf("the test has lost its power: %v; random requests show %d", verdicts, found)
	}
}

// What is not granted is granted to no request.
func TestAccessNotGrantedAgreesWithEvaluate(t *testing.T) {
	verdicts := map[iampolicy.AccessVerdict]int{}
	for seed := range uint64(accessWorlds) {
		d := newDice(seed)
		kind := d.checkedPair().kind
		random := []randomPolicy{d.policy(kind)}
		policies := compileAll(t, random)
		set := accessSet(t, kind, policies)
		action := d.one("s3:GetObject", "sqs:*", "s3:Put*")
		resource := d.one("arn:aws:s3:::photos/*", "*", "arn:aws:sqs:*:111122223333:q")
		result := iampolicy.CheckAccessNotGranted(t.Context(), policies, []string{action}, []string{resource})
		verdicts[result.Verdict]++
		// The access that was asked for, as a policy.
		within := accessSet(t, iampolicy.IdentityPolicy, []*iampolicy.Policy{policy(t, iampolicy.IdentityPolicy,
			`{"Effect":"Allow","Action":"`+action+`","Resource":"`+resource+`"}`)})
		isGranted := func(req *iampolicy.Request) bool {
			asked := *req
			asked.Principal, asked.ResourceAccount = randomPrincipals[0], account
			return iampolicy.Evaluate(set, req).Allowed() && iampolicy.Evaluate(within, &asked).Allowed()
		}
		if result.Verdict == iampolicy.AccessFail && !isGranted(result.Witness) {
			t.Fatalf("seed %d: no witness: %v\n%s", seed, result, random[0].JSON(t))
		}
		for range accessRequests {
			if req := d.askFor(kind); result.Verdict == iampolicy.AccessPass && isGranted(req) {
				t.Fatalf("seed %d: passes, but %+v is granted\n%s", seed, req, random[0].JSON(t))
			}
		}
	}
	t.Log(verdicts)
	if verdicts[iampolicy.AccessUnknown] > accessWorlds/25 || verdicts[iampolicy.AccessPass] < accessWorlds/4 ||
		verdicts[iampolicy.AccessFail] < accessWorlds/8 {
		t.Errorf("the test has lost its power: %v", verdicts)
	}
}
