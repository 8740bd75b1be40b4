package filestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	account    = "111122223333"
	adaARN     = "arn:aws:iam::111122223333:user/ops/ada"
	bobARN     = "arn:aws:iam::111122223333:user/bob"
	riderARN   = "arn:aws:iam::111122223333:role/app/Rider"
	adaSecret  = "ada-secret-ada-secret-ada-secret"
	bobSecret  = "bob-secret-bob-secret-bob-secret"
	allowAll   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	allowRead  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ride:Read","Resource":"*"}]}`
	denyDelete = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ride:Delete","Resource":"*"}]}`
)

// start is a principals.json with Ada, who attaches All, Bob, who attaches nothing, and the role
// Rider, which attaches Read.
const start = `{
  "Users": [
    {"Arn": "arn:aws:iam::111122223333:user/ops/ada", "UserId": "AIDAADA", "Tags": {"team": "ops"},
     "AttachedPolicies": ["All"],
     "AccessKeys": [{"AccessKeyId": "AKIAADA", "SecretAccessKey": "ada-secret-ada-secret-ada-secret", "Status": "Active"}]},
    {"Arn": "arn:aws:iam::111122223333:user/bob", "UserId": "AIDABOB",
     "AttachedPolicies": [],
     "AccessKeys": [{"AccessKeyId": "AKIABOB", "SecretAccessKey": "bob-secret-bob-secret-bob-secret", "Status": "Active"}]}
  ],
  "Roles": [
    {"Arn": "arn:aws:iam::111122223333:role/app/Rider", "RoleId": "AROARIDER", "Tags": {"team": "riders"}, "AttachedPolicies": ["Read"]}
  ]
}
`

// folder is a folder under test.
type folder struct {
	t   testing.TB
	dir string
}

// newFolder makes a folder with start and the policies All and Read.
func newFolder(t testing.TB) folder {
	f := folder{t, t.TempDir()}
	if err := os.Mkdir(filepath.Join(f.dir, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.replace("principals.json", start)
	f.replace("policies/All.json", allowAll)
	f.replace("policies/Read.json", allowRead)
	return f
}

func (f folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// replace writes a file as the package advises: a finished one is renamed over it.
func (f folder) replace(name, text string) {
	f.t.Helper()
	next := f.path(name) + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(next, f.path(name)); err != nil {
		f.t.Fatal(err)
	}
}

// overwrite writes a file in place.
func (f folder) overwrite(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// edit replaces old, which is there once, with text.
func (f folder) edit(name, old, text string) {
	f.t.Helper()
	before := f.read(name)
	if strings.Count(before, old) != 1 {
		f.t.Fatalf("%q is not once in %s", old, name)
	}
	f.replace(name, strings.Replace(before, old, text, 1))
}

func (f folder) read(name string) string {
	f.t.Helper()
	data, err := os.ReadFile(f.path(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(data)
}

func (f folder) remove(name string) {
	f.t.Helper()
	if err := os.RemoveAll(f.path(name)); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) chmod(name string, mode os.FileMode) {
	f.t.Helper()
	if err := os.Chmod(f.path(name), mode); err != nil {
		f.t.Fatal(err)
	}
}

// reports collects what Report was told.
type reports struct {
	mu  sync.Mutex
	all []filestore.Problem
}

func (r *reports) add(p filestore.Problem) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

// count returns how many reports have the text in their message, by whether they were of a
// recovery.
func (r *reports) count(text string) (appeared, resolved int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.all {
		was := p
		was.Resolved = false // what it said when it appeared
		switch {
		case !strings.Contains(was.Error(), text):
		case p.Resolved:
			resolved++
		default:
			appeared++
		}
	}
	return appeared, resolved
}

func (f folder) config() filestore.Config {
	return filestore.Config{Dir: f.dir, PollInterval: 2 * time.Millisecond}
}

func (f folder) open() *filestore.Store { return f.openWith(f.config()) }

func (f folder) openWith(cfg filestore.Config) *filestore.Store {
	f.t.Helper()
	s, err := filestore.Open(cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	return s
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}

// stays checks that the condition goes on holding over many looks at the folder.
func stays(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if !holds() {
			t.Fatalf("no longer: %s", what)
		}
	}
}

// decide asks the store for the policies of a user, or of a session of a role, and evaluates them.
func decide(t testing.TB, s *filestore.Store, arn, action string) iampolicy.Outcome {
	t.Helper()
	p := iampolicy.Principal{ARN: arn}
	if strings.Contains(arn, ":role/") {
		name := arn[strings.LastIndexByte(arn, '/')+1:]
		p = iampolicy.Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/" + name + "/test", RoleARN: arn}
	}
	set, revision, err := s.Policies(t.Context(), sigv4auth.Identity{Principal: p})
	if err != nil || revision == "" {
		t.Fatalf("Policies: revision %q, %v", revision, err)
	}
	return iampolicy.Evaluate(&set, &iampolicy.Request{
		Principal: p, Action: action, Resource: "arn:aws:ride:us-east-1:" + account + ":ride/1", ResourceAccount: account,
	}).Outcome
}

func allowed(t testing.TB, s *filestore.Store, arn, action string) func() bool {
	return func() bool { return decide(t, s, arn, action) == iampolicy.Allow }
}

func not(holds func() bool) func() bool { return func() bool { return !holds() } }

// known reports whether the key has this secret.
func known(t testing.TB, s *filestore.Store, accessKeyID, secret string) func() bool {
	return func() bool {
		c, err := s.Credential(t.Context(), accessKeyID, "")
		return err == nil && c.AccessKeyID == accessKeyID && c.Secret.Equal(secret)
	}
}

// unknown reports whether the key is one that does not exist, rather than a failure of the store.
func unknown(t testing.TB, s *filestore.Store, accessKeyID string) func() bool {
	return func() bool {
		c, err := s.Credential(t.Context(), accessKeyID, "")
		if err == nil {
			return false
		}
		if !errors.Is(err, sigv4auth.ErrUnrecognizedClient) || !c.Secret.IsZero() {
			t.Fatalf("Credential(%q): %v", accessKeyID, err)
		}
		return true
	}
}

func revision(t testing.TB, s *filestore.Store) string {
	t.Helper()
	_, revision, err := s.Policies(context.Background(), sigv4auth.Identity{})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func problem(s *filestore.Store, text string) func() bool {
	return func() bool {
		return slices.ContainsFunc(s.Problems(), func(p filestore.Problem) bool { return strings.Contains(p.Error(), text) })
	}
}

func healthy(s *filestore.Store) func() bool { return func() bool { return len(s.Problems()) == 0 } }
