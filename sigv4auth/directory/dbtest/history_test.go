package dbtest_test

import (
	"database/sql"
	"strings"
	"testing"
)

// TestRestored: a database that goes back, or has another history, is not taken over by a process
// that knows better, and is not written to (threats 111, 115).
func TestRestored(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		p := start(t, open(), ring)
		p.fill(first())
		p.fill(user("SECONDXXXXXXXXXX"))
		for what, change := range map[string]string{
			"back": `UPDATE directory_state SET revision = 1`, "another history": `UPDATE directory_state SET revision = 2, token = 'x'`,
			"further, by another history": `UPDATE directory_state SET revision = 7, token = 'x'`,
			"less of the past":            `UPDATE directory_changes SET token = 'x' WHERE revision = 2`,
		} {
			execute(t, db, change)
			if what == "further, by another history" || what == "less of the past" {
				execute(t, db, `UPDATE directory_changes SET token = 'x' WHERE revision = 2`,
					`UPDATE directory_state SET revision = 7, token = 'y'`)
			}
			if err := p.Refresh(t.Context()); err == nil {
				t.Errorf("%s: it was taken over", what)
			}
			if err := p.Fill(t.Context(), user("THIRDXXXXXXXXXXX")); err == nil {
				t.Errorf("%s: it was written to", what)
			}
			if p.Revision() != 2 || !p.has(adaKey) {
				t.Errorf("%s: the state in force changed", what)
			}
		}
		if told := p.told(); len(told) == 0 || !strings.Contains(told[0].Message, "restored") {
			t.Errorf("told was %v", told)
		}
	})
}

// TestFarBehind: who is behind more changes than are kept reads everything.
func TestFarBehind(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		writer := start(t, open(), ring)
		writer.fill(first())
		behind := start(t, open(), ring)
		writer.fill(user("SECONDXXXXXXXXXX"))
		writer.fill(user("THIRDXXXXXXXXXXX"))
		execute(t, db, `DELETE FROM directory_changes WHERE revision <= 2`)
		behind.refresh()
		if behind.Revision() != 3 || !behind.has(adaKey) || !behind.has("AKIASECONDXXXXXXXXXX") || !behind.has("AKIATHIRDXXXXXXXXXXX") {
			t.Error("something is missing")
		}
	})
}

// TestFarBehindAnotherHistory: who cannot find its revision in the database takes the database
// over only where that revision is old enough to have been pruned, and no deleted key is back
// (threat 111).
func TestFarBehindAnotherHistory(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ known, pruned string }{
		"a revision that was not pruned": {`DELETE FROM directory_deleted_keys`, `DELETE FROM directory_changes WHERE revision = 2`},
		"a deleted key is back": {
			`INSERT INTO directory_deleted_keys (id, revision) VALUES ('AKIATHIRDXXXXXXXXXXX', 1)`,
			`DELETE FROM directory_changes WHERE revision <= 2`,
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, open func() *sql.DB) {
				ring, _ := newRing(t)
				db := open()
				writer := start(t, open(), ring)
				writer.fill(first())
				writer.fill(user("SECONDXXXXXXXXXX"))
				execute(t, db, c.known)
				behind := start(t, open(), ring)
				writer.fill(user("THIRDXXXXXXXXXXX")) // it has not heard of the deletion
				execute(t, db, c.pruned)
				err := behind.Refresh(t.Context())
				if err == nil || !strings.Contains(err.Error(), "another history") {
					t.Errorf("it was taken over: %v", err)
				}
				if behind.Revision() != 2 {
					t.Errorf("revision %d is in force", behind.Revision())
				}
			})
		})
	}
}

// TestNewerSchema: a database of a newer version is refused, and left as it is.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		start(t, open(), ring).fill(first())
		execute(t, db, `UPDATE directory_schema SET version = 1000`)
		if _, err := tryStart(t, open(), ring); err == nil || !strings.Contains(err.Error(), "version 1000") {
			t.Errorf("it was opened: %v", err)
		}
	})
}
