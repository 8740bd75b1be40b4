package iampolicy_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
)

// A reportCase is a case of ../shared/cases/iam.json: what people asked or reported, and AWS's
// samples. A decision has a Request, a comparison of policies has Old and New.
type reportCase struct {
	corpusCase
	ResourcePolicy json.RawMessage
	SCPs           [][]json.RawMessage
	PolicyType     string
	// No case has these yet, so that nothing runs them.
	PermissionsBoundaries, SessionPolicies, RCPs json.RawMessage
	Old, New                                     json.RawMessage
	Verdict                                      string
}

// readReports returns those of a kind, and fails where there are fewer than there were.
func readReports(t *testing.T, least int, of func(*reportCase) bool) (list []*reportCase) {
	t.Helper()
	data, err := os.ReadFile(testneed.Shared(t, "cases", "iam.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*reportCase
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.PermissionsBoundaries != nil || c.SessionPolicies != nil || c.RCPs != nil {
			t.Fatalf("%s has policies of a type that is not run", c.Name)
		}
		if of(c) {
			list = append(list, c)
		}
	}
	if len(list) < least {
		t.Fatalf("%d cases; there were %d", len(list), least)
	}
	return list
}

// otherDecisions are decided otherwise here than the reports have it: doc.go says what a set
// operator before Null means here, and the others are documents that Parse does not take.
var otherDecisions = map[string]string{
	"rep-forallvalues-null-deny-present":  "Allowed",
	"rep-forallvalues-null-deny-missing":  "Allowed",
	"rep-foranyvalue-null-allow-present":  "Allowed",
	"rep-foranyvalue-null-allow-missing":  "Allowed",
	"rep-forallvalues-null-allow-missing": "ImplicitlyDenied",
	"rep-action-with-space":               "ParseError",
	"rep-variable-in-account-other":       "ParseError",
	"rep-oai-principal-beside-account":    "ParseError",
	"rep-ecr-policy-without-resource":     "ParseError",
}

// decide returns what is decided, in the words of the reports.
func (c *reportCase) decide() string {
	parse := func(doc json.RawMessage, kind iampolicy.PolicyType) *iampolicy.Policy {
		p, err := iampolicy.Parse(doc, kind)
		if err != nil {
			return nil
		}
		return p
	}
	var set iampolicy.Set
	parsed := true
	for _, doc := range c.IdentityPolicies {
		p := parse(doc, iampolicy.IdentityPolicy)
		parsed = parsed && p != nil
		set.Identity = append(set.Identity, p)
	}
	if c.ResourcePolicy != nil {
		set.Resource = parse(c.ResourcePolicy, iampolicy.ResourcePolicy)
		parsed = parsed && set.Resource != nil
	}
	for _, docs := range c.SCPs {
		var level []*iampolicy.Policy
		for _, doc := range docs {
			p := parse(doc, iampolicy.SCP)
			parsed = parsed && p != nil
			level = append(level, p)
		}
		set.SCPs = append(set.SCPs, level)
	}
	if !parsed {
		return "ParseError"
	}
	names := map[iampolicy.Outcome]string{
		iampolicy.Allow: "Allowed", iampolicy.ImplicitDeny: "ImplicitlyDenied", iampolicy.ExplicitDeny: "ExplicitlyDenied",
	}
	return names[iampolicy.Evaluate(&set, c.request()).Outcome]
}

// TestReportedDecisions: what people asked is decided as AWS's documents have it. What is decided
// otherwise is listed one by one.
func TestReportedDecisions(t *testing.T) {
	listed := 0
	for _, c := range readReports(t, 62, func(c *reportCase) bool { return c.Request.Action != "" }) {
		got := c.decide()
		other, isListed := otherDecisions[c.Name]
		switch {
		case isListed:
			if listed++; got != other || got == c.Expected {
				t.Errorf("%s is %s, and listed as %s; the report has %s", c.Name, got, other, c.Expected)
			}
		case got != c.Expected:
			t.Errorf("%s is %s; want %s", c.Name, got, c.Expected)
		}
	}
	if listed != len(otherDecisions) {
		t.Errorf("%d decisions are listed, and there are %d", len(otherDecisions), listed)
	}
}

// otherVerdicts are those of AWS's samples that fail here and pass there: a request that no client
// can make, with several values of a key that AWS defines as single-valued, counts as new access.
var otherVerdicts = []string{
	"act-on-ec2-instance-with-tag.md-Candidate-policy-3", "run-ec2-instance-with-tag.md-Candidate-policy-3",
}

// TestReportedAccessChecks: AWS's samples of checks for new access, those of trust policies among
// them, are answered as AWS does.
func TestReportedAccessChecks(t *testing.T) {
	types := map[string]iampolicy.PolicyType{
		"identity": iampolicy.IdentityPolicy, "resource": iampolicy.ResourcePolicy, "trust": iampolicy.TrustPolicy,
	}
	listed := 0
	for _, c := range readReports(t, 16, func(c *reportCase) bool { return c.New != nil }) {
		kind, ok := types[c.PolicyType]
		if !ok {
			t.Fatalf("%s: a kind that is not known: %s", c.Name, c.PolicyType)
		}
		var lists [2][]*iampolicy.Policy
		for i, doc := range []json.RawMessage{c.Old, c.New} {
			p, err := iampolicy.Parse(doc, kind)
			if err != nil {
				t.Fatal(err)
			}
			lists[i] = []*iampolicy.Policy{p}
		}
		want := c.Verdict
		if slices.ContainsFunc(otherVerdicts, func(part string) bool { return strings.Contains(c.Name, part) }) {
			if listed++; want != "PASS" {
				t.Errorf("%s is listed, and is to %s", c.Name, want)
			}
			want = "FAIL"
		}
		if got := iampolicy.CheckNoNewAccess(t.Context(), lists[0], lists[1]); got.Verdict.String() != want {
			t.Errorf("%s: %v; want %s", c.Name, got, want)
		}
	}
	if listed != len(otherVerdicts) {
		t.Errorf("%d verdicts are listed, and there are %d", len(otherVerdicts), listed)
	}
}
