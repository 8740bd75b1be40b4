package dbtest_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/wildgate/wildgate/internal/testpg"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const (
	account  = "111122223333"
	iamARN   = "arn:aws:iam::" + account + ":"
	adaARN   = iamARN + "user/ops/ada"
	adaKey   = "AKIAADAADAADAADAADA1"
	riderARN = iamARN + "role/Rider"
	ridesARN = iamARN + "policy/Rides"
	trust    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + iamARN +
		`root"},"Action":"sts:AssumeRole"}]}`
)

// soon is when a key expires.
var soon = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)

// allow returns a policy that allows an action.
func allow(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// secretOf is the secret of a key.
func secretOf(accessKeyID string) sigv4auth.Secret {
	return sigv4auth.NewSecret("canary-of-" + accessKeyID)
}

// first is what a directory begins with.
func first() directory.Contents {
	tags := []directory.Tag{{Key: "team", Value: "blue"}}
	return directory.Contents{
		Accounts: []string{account},
		Policies: []directory.NewPolicy{{ARN: ridesARN, Description: "rides", Document: allow("ride:*"), Tags: tags}},
		Groups: []directory.NewGroup{{
			ARN:    iamARN + "group/fleet",
			Holder: directory.Holder{Inline: map[string]string{"G": allow("fleet:*")}},
		}},
		Users: []directory.NewUser{{
			ARN: adaARN, Tags: tags, Boundary: ridesARN, Groups: []string{iamARN + "group/fleet"},
			Holder: directory.Holder{Attached: []string{ridesARN}, Inline: map[string]string{"Own": allow("own:*"), "All": allow("iam:*")}},
			Keys: []directory.NewKey{
				{ID: adaKey, Secret: secretOf(adaKey)},
				{ID: "AKIAIDLEIDLEIDLEIDL1", Secret: secretOf("AKIAIDLEIDLEIDLEIDL1"), Inactive: true},
				{ID: "AKIASOONSOONSOONSOO1", Secret: secretOf("AKIASOONSOONSOONSOO1"), Expires: soon},
			},
		}},
		Roles: []directory.NewRole{{
			ARN: riderARN, Trust: trust, Description: "rides", MaxSession: 2 * time.Hour, Tags: tags,
			Holder: directory.Holder{Attached: []string{ridesARN}},
		}},
	}
}

// user returns contents with a user who has a key, which are named after one text.
func user(name string) directory.Contents {
	id := "AKIA" + name
	return directory.Contents{Users: []directory.NewUser{{
		ARN: iamARN + "user/" + name, Keys: []directory.NewKey{{ID: id, Secret: secretOf(id)}},
	}}}
}

// newRing returns a ring, and the file that it is in.
func newRing(t testing.TB) (*keyring.Ring, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ring")
	if err := keyring.Create(file, keyring.New(time.Now().Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	return openRing(t, file), file
}

func openRing(t testing.TB, file string) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Open(keyring.Config{File: file, CheckEvery: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// openSQLite opens a file as a program should.
func openSQLite(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// onEach runs a test on each database. open opens the same empty one at each call.
func onEach(t *testing.T, test func(t *testing.T, open func() *sql.DB)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "directory.db")
		test(t, func() *sql.DB { return openSQLite(t, path) })
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		server := testpg.Start(t)
		name := server.Create(t)
		test(t, func() *sql.DB { return server.Open(t, name) })
	})
}

// process is a directory as a process has it.
type process struct {
	*directory.Directory
	t testing.TB

	mu          sync.Mutex
	problems    []directory.Problem
	unreachable error // what the check says
	checks      int
}

// start opens a directory. It does not poll by itself, unless change makes it.
func start(t testing.TB, db *sql.DB, ring *keyring.Ring, change ...func(*directory.Config)) *process {
	t.Helper()
	p, err := tryStart(t, db, ring, change...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryStart(t testing.TB, db *sql.DB, ring *keyring.Ring, change ...func(*directory.Config)) (*process, error) {
	t.Helper()
	p := &process{t: t}
	cfg := directory.Config{
		DB: db, Ring: ring, PollInterval: time.Minute, MissInterval: 10 * time.Millisecond, Report: p.report,
		Check: p.check,
	}
	for _, change := range change {
		change(&cfg)
	}
	var err error
	if p.Directory, err = directory.Open(t.Context(), cfg); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, nil
}

func (p *process) report(problem directory.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

func (p *process) check(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks++
	return p.unreachable
}

// cut makes the database one that cannot be reached, or with nil one that can.
func (p *process) cut(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unreachable, p.checks = err, 0
}

func (p *process) told() []directory.Problem {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

func (p *process) fill(contents directory.Contents) {
	p.t.Helper()
	if err := p.Fill(p.t.Context(), contents); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) refresh() {
	p.t.Helper()
	if err := p.Refresh(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// has reports whether a key is active; a store that fails ends the test.
func (p *process) has(accessKeyID string) bool {
	p.t.Helper()
	_, err := p.Credential(p.t.Context(), accessKeyID, "")
	if err != nil && !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		p.t.Fatal(err)
	}
	return err == nil
}

// await returns once something holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("in a minute not: " + what)
		}
	}
}

// execute changes a database behind the back of the processes that use it.
func execute(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// replaceDocuments makes a text the document of every version of every policy, with a revision of
// its own.
func replaceDocuments(t *testing.T, db *sql.DB, document string) {
	t.Helper()
	execute(t, db,
		`UPDATE directory_versions SET document = '`+document+`'`,
		`UPDATE directory_state SET revision = revision + 1, previous = token, token = 'hand' || revision`,
		`INSERT INTO directory_changes (revision, seq, token, kind, id)
			SELECT s.revision, 0, s.token, 'policy', p.id FROM directory_state s, directory_policies p`)
}
