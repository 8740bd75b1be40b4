package dbtest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// told is what a directory tells of ada and the role.
func told(t *testing.T, p *process) (all []any) {
	t.Helper()
	c, err := p.Credential(t.Context(), adaKey, "")
	if err != nil {
		t.Fatal(err)
	}
	if expiring, err := p.Credential(t.Context(), "AKIASOONSOONSOONSOO1", ""); err != nil || !expiring.Expires.Equal(soon) {
		t.Errorf("a key expires at %v: %v", expiring.Expires, err)
	}
	role, err := p.Role(t.Context(), riderARN)
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := p.Policies(t.Context(), sigv4auth.Identity{Principal: c.Principal, AccessKeyID: adaKey, Revision: c.Revision})
	if err != nil {
		t.Fatal(err)
	}
	ofRole, _, err := p.Policies(t.Context(), sigv4auth.Identity{Principal: iampolicy.Principal{
		ARN: "arn:aws:sts::" + account + ":assumed-role/Rider/x", RoleARN: riderARN, UserID: role.ID + ":x",
	}, Revision: role.Revision})
	if err != nil {
		t.Fatal(err)
	}
	session, err := p.SessionPolicy(t.Context(), ridesARN)
	if err != nil {
		t.Fatal(err)
	}
	text := func(policies ...*iampolicy.Policy) (texts []string) {
		for _, policy := range policies {
			document, err := policy.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, policy.Name()+string(document))
		}
		return texts
	}
	return []any{
		c.AccessKeyID, c.Secret.Reveal(), c.Principal.ARN, c.Principal.UserID, c.Principal.Tags, role.ARN, role.ID, role.MaxSession,
		role.Tags, text(role.TrustPolicy), text(set.Identity...), text(set.Boundaries...), text(ofRole.Identity...), text(session),
		p.has("AKIAIDLEIDLEIDLEIDL1"), p.Revision(),
	}
}

// TestReopen: what was put into a directory is there when it is opened again, and in another
// process.
func TestReopen(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		p := start(t, open(), ring)
		follower := start(t, open(), ring)
		p.fill(first())
		want := told(t, p)
		follower.refresh()
		if diff := cmp.Diff(want, told(t, follower)); diff != "" {
			t.Errorf("another process (-first +other):\n%s", diff)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told(t, start(t, open(), ring))); diff != "" {
			t.Errorf("opened again (-before +after):\n%s", diff)
		}
	})
}

// TestWritersTakeTurns: of what two processes write at once nothing is lost, and both come to the
// same state.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		two := []*process{start(t, open(), ring), start(t, open(), ring)}
		two[0].fill(first())
		const each = 40
		var writers sync.WaitGroup
		for i, p := range two {
			writers.Go(func() {
				for n := range each {
					if err := p.Fill(t.Context(), user(fmt.Sprintf("USER%dX%03dXXXXXXXX", i, n))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		writers.Wait()
		for i, p := range append(two, start(t, open(), ring)) {
			p.refresh()
			if p.Revision() != 1+2*each {
				t.Errorf("process %d is at revision %d", i, p.Revision())
			}
			for n := range 2 * each {
				if id := fmt.Sprintf("AKIAUSER%dX%03dXXXXXXXX", n%2, n/2); !p.has(id) {
					t.Errorf("process %d does not know %s", i, id)
				}
			}
		}
		// What exists is found out in the database's last state, not in the process's.
		two[0].fill(user("LATEXXXXXXXXXXXX"))
		if err := two[1].Fill(t.Context(), user("latexxxxxxxxxxxx")); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("a name that another process has given: %v", err)
		}
	})
}

// TestUnknownKeyAsks: a key that another process has made is known at its first use, without a
// poll, and an unknown one stays unknown (threats 106, 112, 114).
func TestUnknownKeyAsks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		writer, reader := start(t, open(), ring), start(t, open(), ring)
		writer.fill(first())
		await(t, "the key is known", func() bool { return reader.has(adaKey) })
		if reader.has("AKIANOBODYNOBODYNOBO") {
			t.Error("a key that nobody made is known")
		}
	})
}

// TestMissesAskOnce: a thousand who miss at once ask the database once, whoever of them gives up
// (threats 107, 108).
func TestMissesAskOnce(t *testing.T) {
	t.Parallel()
	ring, _ := newRing(t)
	// Who comes later than MissInterval asks again: on a busy machine that is a longer one.
	var asked int
	for _, interval := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
		var waiting atomic.Int64
		var checks atomic.Int64
		release := make(chan struct{})
		p := start(t, openSQLite(t, filepath.Join(t.TempDir(), "db")), ring, func(cfg *directory.Config) {
			cfg.MissInterval = interval
			cfg.Check = func(context.Context) error {
				if checks.Add(1); waiting.Load() > 0 {
					<-release
				}
				return nil
			}
		})
		p.fill(first())
		time.Sleep(interval + 10*time.Millisecond) // Open was a question that was answered
		before := checks.Load()
		var misses sync.WaitGroup
		for i := range 1000 {
			misses.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if waiting.Add(1); i%10 == 0 {
					cancel() // who gives up ends nobody else's question
				}
				_, err := p.Credential(ctx, "AKIANOBODYNOBODYNOBO", "")
				if i%10 != 0 && !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
					t.Errorf("an unknown key: %v", err)
				}
			})
		}
		await(t, "all wait", func() bool { return waiting.Load() == 1000 })
		close(release)
		misses.Wait()
		if asked = int(checks.Load() - before); asked == 1 {
			return
		}
	}
	t.Errorf("the database was asked %d times", asked)
}

// TestUnreachable: while the database cannot be reached, known keys work, until MaxStale; unknown
// keys and changes fail, and are never refused as unknown (threats 109, 110).
func TestUnreachable(t *testing.T) {
	t.Parallel()
	ring, _ := newRing(t)
	// On a busy machine a short MaxStale may be over before the first look.
	for _, maxStale := range []time.Duration{time.Second, 5 * time.Second, 25 * time.Second} {
		p := start(t, openSQLite(t, filepath.Join(t.TempDir(), "db")), ring, func(cfg *directory.Config) {
			cfg.PollInterval, cfg.MaxStale = 20*time.Millisecond, maxStale
		})
		p.fill(first())
		p.cut(errors.New("no route to it"))
		await(t, "it is told", func() bool {
			told := p.told()
			return len(told) > 0 && told[0].About == "database" && !told[0].Mended
		})
		_, known := p.Credential(t.Context(), adaKey, "")
		if errors.Is(known, sigv4auth.ErrUnrecognizedClient) {
			t.Fatal(known)
		}
		if _, err := p.Credential(t.Context(), "AKIANOBODYNOBODYNOBO", ""); err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("an unknown key: %v", err)
		}
		if err := p.Fill(t.Context(), user("NEWXXXXXXXXXXXXX")); err == nil {
			t.Error("a change was answered")
		}
		await(t, "a known key fails", func() bool {
			_, err := p.Credential(t.Context(), adaKey, "")
			if errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
				t.Fatal(err)
			}
			return err != nil
		})
		p.cut(nil)
		await(t, "the key works again, and it is told", func() bool {
			_, err := p.Credential(t.Context(), adaKey, "")
			told := p.told()
			return err == nil && told[len(told)-1].Mended
		})
		p.fill(user("NEWXXXXXXXXXXXXX"))
		if known == nil {
			return
		}
	}
	t.Error("a known key does not work")
}

// TestBadDocument: a document that cannot be read keeps its last good version in force where there
// was one, denies where there was none, and is told; the others are in force (threat 113).
func TestBadDocument(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		db := open()
		p := start(t, open(), ring)
		p.fill(first())
		allowed := func(p *process, action string) bool {
			t.Helper()
			role, err := p.Role(t.Context(), riderARN)
			if err != nil {
				t.Fatal(err)
			}
			who := iampolicy.Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/Rider/x", RoleARN: riderARN, UserID: role.ID + ":x"}
			set, _, err := p.Policies(t.Context(), sigv4auth.Identity{Principal: who, Revision: role.Revision})
			if err != nil {
				t.Fatal(err)
			}
			d := iampolicy.Evaluate(&set, &iampolicy.Request{
				Principal: who, Action: action, Resource: "arn:aws:x:::y",
				ResourceAccount: account,
			})
			return d.Allowed()
		}
		replaceDocuments(t, db, `{"Version": "2012-10-17", "Statement": [{}]}`)
		p.refresh()
		if !allowed(p, "ride:Ask") {
			t.Error("the last good version is not in force")
		}
		if told := p.told(); len(told) != 1 || !strings.Contains(told[0].About, ridesARN) || told[0].Mended {
			t.Errorf("told was %v", told)
		}
		if fresh := start(t, open(), ring); allowed(fresh, "ride:Ask") || len(fresh.told()) != 1 || !fresh.has(adaKey) {
			t.Errorf("without a good version: %v", fresh.told())
		}
		replaceDocuments(t, db, allow("other:*"))
		p.refresh()
		if allowed(p, "ride:Ask") || !allowed(p, "other:Ask") {
			t.Error("the new version is not in force")
		}
		if told := p.told(); len(told) != 2 || !told[1].Mended {
			t.Errorf("told was %v", told)
		}
	})
}

// TestLocked: while another program has the database locked, nothing is changed, what is known is
// served, and afterwards all goes on.
func TestLocked(t *testing.T) {
	t.Parallel()
	ring, _ := newRing(t)
	path := filepath.Join(t.TempDir(), "db")
	p := start(t, openSQLite(t, path+"?_pragma=busy_timeout(20)&x="), ring)
	p.fill(first())
	other, err := openSQLite(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), `BEGIN EXCLUSIVE`); err != nil {
		t.Fatal(err)
	}
	if err := p.Fill(t.Context(), user("NEWXXXXXXXXXXXXX")); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("a change while the database is locked: %v", err)
	}
	if !p.has(adaKey) {
		t.Error("a known key does not work")
	}
	if _, err := other.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	p.fill(user("NEWXXXXXXXXXXXXX"))
	if !p.has("AKIANEWXXXXXXXXXXXXX") {
		t.Error("what was answered is not in force")
	}
}

// TestRevokedElsewhere: who was revoked in another process changes nothing more in this one, which
// has not heard of it yet.
func TestRevokedElsewhere(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, open func() *sql.DB) {
		ring, _ := newRing(t)
		here, there := start(t, open(), ring), start(t, open(), ring)
		here.fill(directory.Contents{Accounts: []string{account}, Users: []directory.NewUser{boss(), {
			ARN: adaARN, Holder: directory.Holder{Inline: map[string]string{"All": allow("*")}}, Keys: []directory.NewKey{{
				ID:     adaKey,
				Secret: secretOf(adaKey),
			}},
		}}})
		there.refresh()
		if code := newCaller(t, there).call("UpdateAccessKey", "UserName", "ada", "AccessKeyId", adaKey, "Status", "Inactive"); code != "" {
			t.Fatal(code)
		}
		ada := newCaller(t, here)
		ada.key = adaKey
		if code := ada.call("CreateUser", "UserName", "eve"); code != "ServiceUnavailable" {
			t.Errorf("a change by who was revoked: %q", code)
		}
		here.refresh()
		if code := ada.call("CreateUser", "UserName", "eve"); code != "InvalidClientTokenId" {
			t.Errorf("another one: %q", code)
		}
		if code := newCaller(t, here).call("GetUser", "UserName", "eve"); code != "NoSuchEntity" {
			t.Errorf("the user is there: %q", code)
		}
	})
}
