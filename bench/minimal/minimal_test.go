package minimal_test

import (
	"slices"
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/minimal"
	"github.com/wildgate/wildgate/bench/workload"
)

// TestEveryStepIsNeeded: what is measured as the least admits the reference POST, and refuses it
// tampered with and in the forms in which a verifier has to refuse it.
func TestEveryStepIsNeeded(t *testing.T) {
	v := minimal.New(workload.Region, "execute-api", workload.Now, contender.Store(workload.Reference().Setting))
	if err := v.Prepare(workload.TheKey.Secret); err != nil {
		t.Fatal(err)
	}
	// These need a limit, a list or another key than it has.
	others := []string{
		"another host", "body too large", "session that is over", "wrong checksum", "bad chunk", "denied by policy", "presigned, expired",
		"unsigned payload, not enabled",
	}
	refused := 0
	for _, c := range workload.Verification(false) {
		if c.Group != workload.Refusals || slices.Contains(others, c.Name) {
			continue
		}
		bad, err := c.Bad("execute-api")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := v.Verify(bad.Again()); ok {
			t.Errorf("%s: admitted", c.Name)
		}
		refused++
	}
	if refused < 14 {
		t.Errorf("only %d refusals were tried", refused)
	}
	for _, c := range workload.Verification(true) {
		if c.Group != workload.Requests || c.Name != "header POST" {
			continue
		}
		good, err := c.Good("execute-api")
		if err != nil {
			t.Fatal(err)
		}
		who, ok := v.Verify(good[0].Again())
		if !ok || who.AccessKeyID != workload.TheKey.ID || who.Principal.ARN != workload.Session || !who.SignedAt.Equal(workload.Now) {
			t.Errorf("the good request: %+v, %t", who, ok)
		}
		for what, q := range good[0].Tampered() {
			if _, ok := v.Verify(q.Again()); ok {
				t.Errorf("another %s: admitted", what)
			}
		}
	}
}
