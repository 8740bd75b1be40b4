// Package people measures a large directory: what a principal and a key take in memory, how long it
// takes to read them from a database, what a change costs, and what a lookup.
package people

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	_ "modernc.org/sqlite" // the database

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const account = "111122223333"

// Run measures, and writes the report to stdout. Of args it takes -users and -keys. It keeps the
// database in a folder of its own, which it removes.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench directory", flag.ContinueOnError)
	flags.SetOutput(stderr)
	users := flags.Int("users", 100_000, "how many `users` the directory has")
	keys := flags.Int("keys", 1_000_000, "how many access `keys` they have together, a multiple of the users")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if *users < 100 || *keys%*users != 0 || *keys/(*users) > 10 || flags.NArg() > 0 {
		return errors.New("directory: there are at least 100 users, and each has as many keys, from 1 to 10")
	}
	dir, err := os.MkdirTemp("", "wildgate-bench")
	if err != nil {
		return err
	}
	m := &measuring{dir: dir, users: *users, each: *keys / *users, stderr: stderr}
	return errors.Join(m.run(ctx, stdout), os.RemoveAll(dir))
}

// measuring is one run.
type measuring struct {
	dir         string
	users, each int
	stderr      io.Writer
}

func keyID(n int) string { return fmt.Sprintf("AKIA%016d", n) }

// user returns the n-th user, with each keys, and two policies that all users have and one of its
// own.
func user(n, each int) directory.NewUser {
	u := directory.NewUser{
		ARN: fmt.Sprintf("arn:aws:iam::%s:user/riders/u%07d", account, n),
		Holder: directory.Holder{Attached: []string{policyARN("Rides"), policyARN("Profile")}, Inline: map[string]string{
			"Own": fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [
				{"Effect": "Allow", "Action": "rides:*", "Resource": "arn:acme:rides:::u%d/*"}]}`, n),
		}},
		Tags: []directory.Tag{{Key: "team", Value: fmt.Sprint("team", n%100)}},
	}
	for i := range each {
		id := keyID(n*10 + i)
		u.Keys = append(u.Keys, directory.NewKey{ID: id, Secret: sigv4auth.NewSecret("a-secret-of-forty-characters+" + id[9:])})
	}
	return u
}

func policyARN(name string) string { return "arn:aws:iam::" + account + ":policy/" + name }

// open opens the database anew.
func (m *measuring) open(ctx context.Context, name string, ring *keyring.Ring) (*directory.Directory, *sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(m.dir, name)+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, nil, err
	}
	d, err := directory.Open(ctx, directory.Config{DB: db, Ring: ring})
	return d, db, err
}

// fill fills a directory, a thousand users at a time, and returns how long that took.
func (m *measuring) fill(ctx context.Context, d *directory.Directory, users, each int) (time.Duration, error) {
	begin := time.Now()
	document := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}`
	contents := directory.Contents{Accounts: []string{account}, Policies: []directory.NewPolicy{
		{ARN: policyARN("Rides"), Document: document}, {ARN: policyARN("Profile"), Document: document},
	}}
	for n := range users {
		contents.Users = append(contents.Users, user(n, each))
		if len(contents.Users) == 1000 || n == users-1 {
			if err := d.Fill(ctx, contents); err != nil {
				return 0, err
			}
			contents = directory.Contents{}
			fmt.Fprintf(m.stderr, "\r%d of %d users", n+1, users)
		}
	}
	fmt.Fprint(m.stderr, "\r\x1b[K")
	return time.Since(begin), nil
}

// heap returns how much of the heap is in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func (m *measuring) run(ctx context.Context, stdout io.Writer) error {
	file := filepath.Join(m.dir, "ring")
	if err := keyring.Create(file, keyring.New(time.Now())); err != nil {
		return err
	}
	ring, err := keyring.Open(keyring.Config{File: file})
	if err != nil {
		return err
	}
	loaded := func(name string, users, each int) (d *directory.Directory, filled, load time.Duration, bytes uint64, err error) {
		d, db, err := m.open(ctx, name, ring)
		if err != nil {
			return nil, 0, 0, 0, err
		}
		if filled, err = m.fill(ctx, d, users, each); err != nil {
			return nil, 0, 0, 0, err
		}
		if err := errors.Join(d.Close(), db.Close()); err != nil {
			return nil, 0, 0, 0, err
		}
		before := heap()
		begin := time.Now()
		d, _, err = m.open(ctx, name, ring)
		load = time.Since(begin)
		return d, filled, load, heap() - before, err
	}
	// The users alone tell what a user takes, and with their keys what a key does.
	without, _, _, ofUsers, err := loaded("users", m.users, 0)
	if err != nil {
		return err
	}
	if err := without.Close(); err != nil {
		return err
	}
	d, filled, load, all, err := loaded("all", m.users, m.each)
	if err != nil {
		return err
	}
	few, _, _, _, err := loaded("few", 100, 1)
	if err != nil {
		return err
	}
	keys := m.users * m.each
	fmt.Fprintf(stdout, "%d users, each with a policy of its own and two that all have, and %d access keys, on SQLite\n\n", m.users, keys)
	fmt.Fprintf(stdout, "written in                    %v\n", filled.Round(time.Second/10))
	fmt.Fprintf(stdout, "read when it is opened in     %v\n", load.Round(time.Second/100))
	fmt.Fprintf(stdout, "memory                        %d bytes a user, %d bytes a key; %d MB in all\n",
		ofUsers/uint64(m.users), (all-ofUsers)/uint64(keys), all>>20)
	for _, of := range []struct {
		what  string
		d     *directory.Directory
		users int
	}{{"of 100 users", few, 100}, {"of all", d, m.users}} {
		ask, err := m.lookup(ctx, of.d, of.users)
		if err != nil {
			return err
		}
		change, err := m.change(ctx, of.d, of.users)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "%-12s  a lookup      %v, key and policies, of 100 users in turn\n", of.what, ask)
		fmt.Fprintf(stdout, "%-12s  a change      %v, on disk and in force\n", of.what, change)
	}
	return errors.Join(d.Close(), few.Close())
}

// lookup returns the median time of a lookup.
func (m *measuring) lookup(ctx context.Context, d *directory.Directory, users int) (time.Duration, error) {
	const rounds, each = 101, 2000
	var took []time.Duration
	for range rounds {
		begin := time.Now()
		for i := range each {
			c, err := d.Credential(ctx, keyID(i%100*(users/100)*10), "")
			if err != nil {
				return 0, err
			}
			set, _, err := d.Policies(ctx, sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision})
			if err != nil {
				return 0, err
			}
			if len(set.Identity) != 3 {
				return 0, errors.New("directory: a user has not its policies")
			}
		}
		took = append(took, time.Since(begin)/each)
	}
	slices.Sort(took)
	return took[rounds/2], nil
}

// change returns the median time until a change is answered, after which the first lookup has to
// find it.
func (m *measuring) change(ctx context.Context, d *directory.Directory, users int) (time.Duration, error) {
	const rounds = 101
	var took []time.Duration
	for i := range rounds {
		n := users + 1 + i
		begin := time.Now()
		if err := d.Fill(ctx, directory.Contents{Users: []directory.NewUser{user(n, 1)}}); err != nil {
			return 0, err
		}
		took = append(took, time.Since(begin))
		if _, err := d.Credential(ctx, keyID(n*10), ""); err != nil {
			return 0, fmt.Errorf("directory: after the change was answered: %w", err)
		}
	}
	slices.Sort(took)
	return took[rounds/2].Round(time.Microsecond), nil
}
