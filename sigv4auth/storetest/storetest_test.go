package storetest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/storetest"
)

// TestMemory: a store that keeps the contracts passes, with every test run, and so it does without
// revisions.
func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.TestStore(t, func(*testing.T) storetest.Fixture { return newMemory("").fixture() })
	for _, fault := range []string{"", "no revisions"} {
		faults, ran := storetest.FaultsForTest(t.Context(), func() storetest.Fixture { return newMemory(fault).fixture() })
		if len(faults) > 0 || ran != 15 {
			t.Errorf("%q: %d tests ran, and found %v", fault, ran, faults)
		}
	}
}

// TestBrokenStores: each mistake that a store can make fails the test that is about it.
func TestBrokenStores(t *testing.T) {
	t.Parallel()
	const (
		known     = "a known key is returned as it is"
		unknown   = "any other key is unknown"
		tokens    = "a session token that was presented is not taken for the key's"
		ended     = "an ended context makes no key unknown"
		atOnce    = "many may ask at once"
		revoked   = "a revoked key becomes unknown, and no other"
		kept      = "what was returned is not changed"
		policies  = "policies of a known principal are found"
		nobody    = "policies of an unknown principal are none"
		endedP    = "an ended context gives no other policies"
		one       = "a revision is of one credential"
		never     = "a revision that was never given is gone"
		stateKept = "a state stays what it was, or is gone"
		others    = "what changes for others changes no state"
		mixture   = "no decision is joined from two states"
	)
	for fault, names := range map[string][]string{
		"another key ID":                       {known, atOnce},
		"another secret":                       {known},
		"no token":                             {known},
		"the secret in the revision":           {known},
		"takes case for nothing":               {unknown},
		"an unknown key is a failure":          {unknown, revoked},
		"keys beside an error":                 {unknown},
		"a zero credential for an unknown key": {unknown},
		"the token that was presented":         {tokens},
		"a wrong token is a failure":           {tokens},
		"unknown when the context has ended":   {ended},
		"answers by turns":                     {atOnce},
		"revokes nothing":                      {revoked},
		"revokes all":                          {revoked},
		"changes what it returned":             {kept},
		"fails":                                {policies},
		"policies by turns":                    {policies},
		"always gone":                          {policies},
		"no policies is a failure":             {nobody},
		"everybody has policies":               {nobody},
		"policies of an ended context":         {endedP},
		"by ARN alone":                         {one, never, stateKept},
		"any revision":                         {never, stateKept},
		"the revision alone":                   {one},
		"any access key":                       {one},
		"gone is no code":                      {one, never},
		"one revision for all":                 {others},
	} {
		testFinds(t, fault, func() storetest.Fixture { return newMemory(fault).fixture() }, names...)
	}
	t.Run("sealed", func(t *testing.T) {
		t.Parallel()
		for fault, names := range map[string]int{"any access key": 0, "the revision alone": 1, "by ARN alone": 3} {
			faults, _ := storetest.FaultsForTest(t.Context(), func() storetest.Fixture {
				f := newMemory(fault).fixture()
				f.Sealed, f.Revoke = true, nil
				return f
			})
			if delete(faults, mixture); len(faults) != names {
				t.Errorf("%q: found %v", fault, faults)
			}
		}
	})
	t.Run("a mixture", func(t *testing.T) {
		t.Parallel()
		faults, _ := storetest.FaultsForTest(t.Context(), func() storetest.Fixture {
			f := newMemory("by ARN alone").fixture()
			f.Policies = slow{f.Policies}
			f.Within = 200 * time.Millisecond
			return f
		})
		if faults[mixture] == nil {
			t.Errorf("found: %v", faults)
		}
	})
	t.Run("one that does not return", func(t *testing.T) {
		t.Parallel()
		faults, _ := storetest.FaultsForTest(t.Context(), func() storetest.Fixture { return newMemory("waits for ever").fixture() })
		if faults[ended] == nil {
			t.Errorf("found: %v", faults)
		}
	})
}

// TestFixtures: a fixture that tests nothing is a mistake.
func TestFixtures(t *testing.T) {
	t.Parallel()
	m := newMemory("")
	for name, f := range map[string]storetest.Fixture{
		"nothing":      {},
		"no store":     {Known: m.fixture().Known},
		"nobody known": {Credentials: m},
		"no key ID":    {Credentials: m, Known: []sigv4auth.Credential{{}}},
	} {
		if faults, ran := storetest.FaultsForTest(t.Context(), func() storetest.Fixture { return f }); faults["the fixture"] == nil ||
			ran > 0 {
			t.Errorf("%s: %v, and %d tests ran", name, faults, ran)
		}
	}
}

// TestBareNames: a store whose callers are no ARNs does not pass, also where its test expects them;
// one with the principals of services does.
func TestBareNames(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]bool{"alice": true, "events.amazonaws.com": false, "arn:aws:iam::111122223333:user/alice": false} {
		c := sigv4auth.Credential{
			AccessKeyID: "AKIAALICE", Secret: sigv4auth.NewSecret("alice's secret"), Principal: iampolicy.Principal{ARN: name},
		}
		faults, _ := storetest.FaultsForTest(t.Context(), func() storetest.Fixture {
			return storetest.Fixture{Credentials: sigv4auth.StaticCredentials(c), Known: []sigv4auth.Credential{c}}
		})
		if fault := faults["a known key is returned as it is"]; (fault != nil) != wrong ||
			wrong && !strings.Contains(fault.Error(), "is no ARN") {
			t.Errorf("%s: %v", name, fault)
		}
	}
}

// testFinds holds the tests of the given names to finding a fault in the fixtures of open.
func testFinds(t *testing.T, fault string, open func() storetest.Fixture, names ...string) {
	t.Run(fault, func(t *testing.T) {
		t.Parallel()
		if raceDetector && (fault == "changes what it returned" || fault == "changes the policy that it returned") {
			return // what the race detector finds ends the test
		}
		faults, _ := storetest.FaultsForTest(t.Context(), open)
		for _, name := range names {
			if faults[name] == nil {
				t.Errorf("%q passes; found: %v", name, faults)
			}
		}
	})
}
