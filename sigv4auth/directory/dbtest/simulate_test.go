package dbtest_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

const bossKey = "AKIABOSSBOSSBOSSBOS1"

// simulate returns what the directory of p answers to whether the role may ride:Ask.
func simulate(t *testing.T, p *process) string {
	t.Helper()
	return must(t, endpointOf(t, p), bossKey, "SimulatePrincipalPolicy", "PolicySourceArn", riderARN, "ActionNames.member.1", "ride:Ask")
}

// TestSimulateBadDocument: a simulation answers by the version that is in force of a document that
// cannot be read, and denies where there is none, as requests are denied.
func TestSimulateBadDocument(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		p := start(t, open(), ring)
		p.fill(first())
		p.fill(directory.Contents{Users: []directory.NewUser{{
			ARN: iamARN + "user/boss", Holder: directory.Holder{Inline: map[string]string{"All": allow("iam:*")}},
			Keys: []directory.NewKey{{ID: bossKey, Secret: secretOf(bossKey)}},
		}}})
		before := simulate(t, p)
		if !strings.Contains(before, "<EvalDecision>allowed<") || !strings.Contains(before, "<Column>39<") {
			t.Errorf("before: %s", before)
		}
		for _, statement := range []string{
			`UPDATE directory_versions SET document = '[]'`,
			`UPDATE directory_state SET revision = revision + 1, previous = token, token = 'hand' || revision`,
			`INSERT INTO directory_changes (revision, seq, token, kind, id)
				SELECT s.revision, 0, s.token, 'policy', p.id FROM directory_state s, directory_policies p`,
		} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		p.refresh()
		if after := simulate(t, p); !strings.Contains(after, "<EvalDecision>allowed<") || !strings.Contains(after, "<Column>39<") {
			t.Errorf("with a last good version: %s", after)
		}
		fresh := simulate(t, start(t, open(), ring))
		if !strings.Contains(fresh, "<EvalDecision>implicitDeny<") || strings.Contains(fresh, "<Column>") {
			t.Errorf("without a good version: %s", fresh)
		}
	})
}
