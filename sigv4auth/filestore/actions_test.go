package filestore_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// TestActionsThatNoRouteMaps: a policy with an action that the service never asks for is in force,
// and reported with file, place and the nearest action; the report ends with the slip, and not with
// a broken edit behind it.
func TestActionsThatNoRouteMaps(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	slip := strings.Replace(allowRead, "ride:Read", "ride:Raed", 1)
	f.replace("policies/Read.json", slip)
	var told reports
	cfg := f.config()
	cfg.Actions, cfg.Report = []string{"ride:Read", "ride:Delete"}, told.add
	s := f.openWith(cfg)
	const want = `policies/Read.json:1:65: warning: Statement[0].Action: no request asks for "ride:Raed"; the nearest action is "ride:Read"`
	problems := s.Problems()
	if len(problems) != 1 || problems[0].Error() != "filestore: "+want || !problems[0].Warning || problems[0].LastGood {
		t.Fatalf("%+v", problems)
	}
	if appeared, _ := told.count("ride:Raed"); appeared != 1 {
		t.Errorf("reported %d times", appeared)
	}
	// It is in force.
	if decide(t, s, riderARN, "ride:Raed") != iampolicy.Allow {
		t.Error("the policy is not in force")
	}

	f.replace("policies/Read.json", "{")
	eventually(t, "the broken edit is reported", func() bool { n, _ := told.count("(the last good version stays in force)"); return n > 0 })
	if _, resolved := told.count("ride:Raed"); resolved != 0 || len(s.Problems()) != 2 {
		t.Errorf("with the slip in force it is told to be gone: %v", s.Problems())
	}
	f.replace("policies/Read.json", allowRead)
	eventually(t, "no problem is left", healthy(s))
	eventually(t, "that is reported", func() bool { _, resolved := told.count("ride:Raed"); return resolved == 1 })

	f.replace("policies/Read.json", strings.Replace(allowRead, "ride:Read", "ride:*", 1))
	f.replace("policies/New.json", strings.Replace(slip, "Action", "NotAction", 1))
	eventually(t, "a new file is looked at, too", problem(s,
		`policies/New.json:1:68: warning: Statement[0].NotAction: no request asks for "ride:Raed", so that it excepts`))
	if len(s.Problems()) != 1 {
		t.Errorf("a wildcard is reported: %v", s.Problems())
	}
}

// TestWithoutActions: a store that is not told the actions reports none.
func TestWithoutActions(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.replace("policies/Read.json", strings.Replace(allowRead, "ride:Read", "ride:Raed", 1))
	if s := f.open(); len(s.Problems()) != 0 {
		t.Errorf("%v", s.Problems())
	}
	cfg := f.config()
	cfg.Actions = []string{"ride:Read", "ride:*"}
	if _, err := filestore.Open(cfg); err == nil || !strings.Contains(err.Error(), `filestore: Config.Actions: "ride:*" is no action`) {
		t.Errorf("%v", err)
	}
}

// TestAMendedProblemSaysNothingOld: what was wrong is not repeated once it is gone.
func TestAMendedProblemSaysNothingOld(t *testing.T) {
	t.Parallel()
	p := filestore.Problem{File: "policies/Read.json", Line: 2, Column: 7, Message: "what was wrong", LastGood: true, Resolved: true}
	if got := p.Error(); got != "filestore: resolved: policies/Read.json:2:7" {
		t.Error(got)
	}
}
