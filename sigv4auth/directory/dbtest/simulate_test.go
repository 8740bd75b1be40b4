package dbtest_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// simulate returns what the directory of p answers to whether the role may ride:Ask.
func simulate(t *testing.T, p *process) string {
	t.Helper()
	status, body := newCaller(t, p).send("SimulatePrincipalPolicy", "PolicySourceArn", riderARN, "ActionNames.member.1", "ride:Ask")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	return body
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
		p.fill(directory.Contents{Users: []directory.NewUser{boss()}})
		before := simulate(t, p)
		if !strings.Contains(before, "<EvalDecision>allowed<") || !strings.Contains(before, "<Column>39<") {
			t.Errorf("before: %s", before)
		}
		replaceDocuments(t, db, `[]`)
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
