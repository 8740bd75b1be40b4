package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decode reads one JSON object strictly, so that the test names every member.
func decode(t *testing.T, text string, to any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if d.More() {
		t.Errorf("text follows after the object:\n%s", text)
	}
}

type finding struct {
	Severity, Code, Path, Message string
	Line, Column                  int
}

type validation struct {
	Files []struct {
		File, Type, Error string
		Findings          []finding
	}
	Summary struct{ Files, Unreadable, Errors, SecurityWarnings, Warnings, Suggestions int }
	Failed  bool
}

func TestValidateJSON(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := call("",
		"validate -json -type boundary testdata/nosuch.json testdata/suspicious.json testdata/wild-rydes.json")
	var v validation
	decode(t, stdout, &v)
	if status != 2 || !v.Failed || !strings.Contains(stderr, "nosuch.json") || len(v.Files) != 3 {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	if f := v.Files[0]; f.File != "testdata/nosuch.json" || f.Error == "" || f.Findings == nil {
		t.Errorf("the unreadable file is %+v", f)
	}
	if f := v.Files[2]; f.Type != "boundary" || f.Error != "" || f.Findings == nil || len(f.Findings) != 0 {
		t.Errorf("the file without findings is %+v", f)
	}
	want := finding{
		"SECURITY_WARNING", "SPOOFABLE_KEY", "Statement.Condition.StringLike.aws:UserAgent",
		`the caller chooses "aws:UserAgent"`, 6, 34,
	}
	if diff := cmp.Diff(want, v.Files[1].Findings[2]); diff != "" {
		t.Error(diff)
	}
	if s := v.Summary; s.Files != 3 || s.Unreadable != 1 || s.Errors != 0 || s.SecurityWarnings != 1 || s.Warnings != 1 ||
		s.Suggestions != 2 {
		t.Errorf("the summary is %+v", s)
	}

	// Each finding has its line in the text, at the same place.
	_, text, _ := call("", "validate -type boundary testdata/suspicious.json")
	for _, f := range v.Files[1].Findings {
		if !strings.Contains(text, f.Message+" ["+f.Code+"]") {
			t.Errorf("%+v is not in\n%s", f, text)
		}
	}

	status, stdout, _ = call("", "validate -json testdata/wild-rydes.json")
	v = validation{}
	if decode(t, stdout, &v); status != 0 || v.Failed {
		t.Errorf("status %d\n%s", status, stdout)
	}
	_, stdout, _ = call("", "validate -json testdata/nosuch.json")
	v = validation{}
	if decode(t, stdout, &v); !v.Failed {
		t.Errorf("an unreadable file is no failure:\n%s", stdout)
	}
}

type failure struct {
	Element, Operator, Key, Cause, Variable, Text string
	Policy, Request                               []string
}

type fate struct {
	PolicyType, Policy, Sid, Effect string
	Level, Statement                int
	Applied                         bool
	Failures                        []failure
}

type request struct {
	Principal                         map[string]any
	Action, Resource, ResourceAccount string
	Context                           map[string]any
	Unknown                           []string
	Policies                          map[string]any
}

type outcome struct {
	Allowed                                 bool
	Decision, BlockedBy, Fault, Explanation string
	DecidedBy                               *fate
	Request                                 request
	NearestMisses, Statements               []fate
}

func simulateJSON(t *testing.T, stdin string, args ...string) (status int, o outcome) {
	t.Helper()
	status, stdout, stderr := callArgs(stdin, append([]string{"simulate", "-json"}, args...)...)
	if stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	decode(t, stdout, &o)
	return status, o
}

func TestSimulateJSON(t *testing.T) {
	t.Parallel()
	status, o := simulateJSON(t, "", "-request", "testdata/case.json")
	if status != 1 || o.Allowed || o.Decision != "implicitDeny" || o.BlockedBy != "identity" || o.DecidedBy != nil || o.Fault != "" {
		t.Errorf("status %d, %+v", status, o)
	}
	if len(o.Statements) != 5 || len(o.NearestMisses) != 3 || !strings.HasPrefix(o.Explanation, "implicitDeny: ") {
		t.Errorf("%+v", o)
	}
	want := fate{
		PolicyType: "identity", Policy: "testdata/wild-rydes.json", Statement: 1, Sid: "SeeAndCancelRides", Effect: "Allow",
		Failures: []failure{{
			Element: "Condition", Operator: "IpAddress", Key: "aws:SourceIp", Cause: "different",
			Policy: []string{"203.0.113.0/24"}, Request: []string{"198.51.100.9"},
			Text: `Condition IpAddress "aws:SourceIp": the policy has "203.0.113.0/24", the request has "198.51.100.9"`,
		}},
	}
	if diff := cmp.Diff(want, o.NearestMisses[0]); diff != "" {
		t.Error(diff)
	}

	status, o = simulateJSON(t, "", "-request", "testdata/case.json", "-context", "aws:SourceIp=203.0.113.7")
	if status != 0 || !o.Allowed || o.Decision != "allowed" || o.BlockedBy != "" || o.DecidedBy == nil ||
		o.DecidedBy.Sid != "SeeAndCancelRides" || !o.DecidedBy.Applied {
		t.Errorf("status %d, %+v", status, o)
	}

	_, o = simulateJSON(t, "", strings.Fields("-identity testdata/wild-rydes.json -scp testdata/scp.json"+postRide)...)
	if d := o.DecidedBy; d == nil || d.Statement != 0 || d.Sid != "RequestRides" || d.PolicyType != "identity" {
		t.Errorf("decided by %+v", d)
	}

	status, o = simulateJSON(t, allowAll, "-identity", "-", "-principal", "anonymous", "-action", "x", "-resource", "y")
	if status != 2 || o.Allowed || o.Fault == "" || o.Statements == nil || o.NearestMisses == nil {
		t.Errorf("status %d, %+v", status, o)
	}
}
