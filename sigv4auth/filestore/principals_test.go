package filestore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

func TestWhatIsRead(t *testing.T) {
	f := newFolder(t)
	f.edit("principals.json", `"AttachedPolicies": ["All"],`, `"AttachedPolicies": ["All"], "PermissionsBoundary": "Read",`)
	f.edit("principals.json", `"ada-secret-ada-secret-ada-secret", "Status": "Active"}`,
		`"ada-secret-ada-secret-ada-secret", "Status": "Active"},
		 {"AccessKeyId": "AKIAADA2", "SecretAccessKey": "second-secret-of-ada-", "Status": "Active", "Expires": "2027-01-31T01:00:00+01:00"},
		 {"AccessKeyId": "AKIAADA3", "SecretAccessKey": "third-secret-of-ada--", "Status": "Inactive"}`)
	s := f.open()
	if !healthy(s)() {
		t.Fatal(s.Problems())
	}
	want := iampolicy.Principal{
		ARN: adaARN, AccountID: account, UserID: "AIDAADA", Type: iampolicy.User,
		Tags: map[string]string{"team": "ops"},
	}

	// Two active keys of one user, so that keys can be rotated (threat 118).
	for id, secret := range map[string]string{"AKIAADA": adaSecret, "AKIAADA2": "second-secret-of-ada-"} {
		c, err := s.Credential(t.Context(), id, "")
		if err != nil || !c.Secret.Equal(secret) || !c.SessionToken.IsZero() || c.Session != nil || c.AccessKeyID != id {
			t.Errorf("Credential(%q) = %+v, %v", id, c, err)
		}
		if diff := cmp.Diff(want, c.Principal); diff != "" {
			t.Errorf("principal of %q: %s", id, diff)
		}
		if c.Principal.EffectiveType() != iampolicy.User {
			t.Errorf("the principal of %q contradicts itself", id)
		}
	}
	// An expired key is the Authenticator's to refuse; a disabled one is unknown (threat 101).
	if c, _ := s.Credential(t.Context(), "AKIAADA2", ""); !c.Expires.Equal(time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("Expires = %v", c.Expires)
	}
	if c, _ := s.Credential(t.Context(), "AKIAADA", ""); !c.Expires.IsZero() {
		t.Errorf("Expires = %v", c.Expires)
	}
	for _, id := range []string{"AKIAADA3", "AKIANOBODY", "", "akiaada", "AKIAADA "} {
		if !unknown(t, s, id)() {
			t.Errorf("the key %q is known", id)
		}
	}
	// The boundary limits what All allows.
	if !allowed(t, s, adaARN, "ride:Read")() || allowed(t, s, adaARN, "ride:Delete")() {
		t.Error("the permissions boundary does not limit")
	}
	if allowed(t, s, bobARN, "ride:Read")() || !allowed(t, s, riderARN, "ride:Read")() || allowed(t, s, riderARN, "ride:Delete")() {
		t.Error("the policies of a user without any, or of a role, are not theirs")
	}
	if allowed(t, s, "arn:aws:iam::111122223333:user/ada", "ride:Read")() ||
		allowed(t, s, "arn:aws:iam::999922223333:user/ops/ada", "ride:Read")() {
		t.Error("another user has Ada's policies")
	}
}

// The document that the package's documentation shows is one that is taken.
func TestWhatTheDocumentationShows(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, document, ok := strings.Cut(string(source), "//\t{\n")
	document, _, ok2 := strings.Cut(document, "//\t}\n")
	if !ok || !ok2 {
		t.Fatal("the documentation shows no document")
	}
	t.Setenv("ADA_SECRET", "second-secret-of-ada-")
	f := newFolder(t)
	f.replace("principals.json", "{"+strings.ReplaceAll(document, "//\t", "")+"}")
	for _, name := range []string{"Dispatch", "Everyone", "Rides"} {
		f.replace("policies/"+name+".json", allowRead)
	}
	if err := os.Mkdir(f.path("secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.replace("secrets/ada", adaSecret)
	s := f.open()
	if !healthy(s)() || !known(t, s, "AKIAEXAMPLEADA1", adaSecret)() || !known(t, s, "AKIAEXAMPLEADA2", "second-secret-of-ada-")() {
		t.Error(s.Problems())
	}
}

func TestAnEmptyFolder(t *testing.T) {
	for name, make := range map[string]func(dir string) string{
		"without a folder":        func(dir string) string { return filepath.Join(dir, "missing") },
		"without principals.json": func(dir string) string { return dir },
		"principals.json is a folder": func(dir string) string {
			_ = os.Mkdir(filepath.Join(dir, "principals.json"), 0o700)
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := filestore.Open(filestore.Config{Dir: make(t.TempDir())})
			if err == nil {
				_ = s.Close()
				t.Fatal("Open succeeds")
			}
			if !strings.HasPrefix(err.Error(), "filestore: principals.json: ") {
				t.Error(err)
			}
		})
	}
	t.Run("nobody", func(t *testing.T) {
		f := folder{t, t.TempDir()}
		f.replace("principals.json", "{}")
		s := f.open()
		if !healthy(s)() || !unknown(t, s, "AKIAADA")() {
			t.Error(s.Problems())
		}
	})
}

func TestMistakesInConfig(t *testing.T) {
	_, err := filestore.Open(filestore.Config{PollInterval: -1})
	if err == nil || !strings.Contains(err.Error(), "Config.Dir is required") ||
		!strings.Contains(err.Error(), "Config.PollInterval must be") {
		t.Errorf("not every mistake at once: %v", err)
	}
	f := newFolder(t)
	cfg := f.config()
	cfg.PollInterval = time.Hour
	if _, err := filestore.Open(cfg); err == nil {
		t.Error("an interval of an hour is taken")
	}
}

func TestNewAccessKey(t *testing.T) {
	id, secret := filestore.NewAccessKey()
	other, otherSecret := filestore.NewAccessKey()
	if len(id) != 20 || !strings.HasPrefix(id, "AKIA") || len(secret.Reveal()) != 40 {
		t.Errorf("key %q, secret of %d characters", id, len(secret.Reveal()))
	}
	if id == other || secret.Equal(otherSecret.Reveal()) {
		t.Error("two keys are the same")
	}
	f := newFolder(t)
	f.edit("principals.json", "AKIABOB", id)
	f.edit("principals.json", bobSecret, secret.Reveal())
	if !known(t, f.open(), id, secret.Reveal())() {
		t.Error("a new key is not one that principals.json can hold")
	}
}

// What is read is bounded, and so is the time that it takes: 2,000 users of 20 policies, in one
// line.
func TestManyPrincipals(t *testing.T) {
	f := newFolder(t)
	var b strings.Builder
	b.WriteString(`{"Users":[`)
	for i := range 2000 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"Arn":"arn:aws:iam::111122223333:user/u%d","UserId":"U%d","AttachedPolicies":["All"`, i, i)
		for p := range 19 {
			fmt.Fprintf(&b, `,"P%d"`, p)
		}
		fmt.Fprintf(&b, `],"AccessKeys":[{"AccessKeyId":"AK%d","SecretAccessKey":"the-secret-of-user-%d","Status":"Active"}]}`, i, i)
	}
	b.WriteString(`]}`)
	f.replace("principals.json", b.String())
	began := time.Now()
	s := f.open()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("Open took %v", took)
	}
	if !known(t, s, "AK1999", "the-secret-of-user-1999")() || len(s.Problems()) != 38_000 {
		t.Errorf("%d problems", len(s.Problems()))
	}
	f.replace("principals.json", `{"Users":[{}`+strings.Repeat(`,{}`, 10_000)+`]}`)
	if _, err := filestore.Open(f.config()); err == nil || !strings.Contains(err.Error(), "the list has 10001 elements; at most 10000") {
		t.Error(err)
	}
}

// FuzzPrincipals: whatever principals.json holds, Open neither panics nor takes what a strict
// reader must not: each key that works has a secret and a caller who is a user; and no report tells
// a secret.
func FuzzPrincipals(f *testing.F) {
	f.Add(start)
	f.Add(`{}`)
	f.Add(keyDocument(`{"AccessKeyId":"AKIAADA","SecretAccessKey":"0123456789abcdef","Status":"Active"}`))
	f.Add(keyDocument(
		`{"AccessKeyId":"ada-secret-ada-secret-ada-secret","SecretAccessKeyFile":"ada-secret-ada-secret-ada-secret","Status":"Active"}`,
	))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		d := folder{t, dir}
		d.replace("principals.json", text)
		s, err := filestore.Open(filestore.Config{Dir: dir, PollInterval: time.Minute})
		if err != nil {
			if strings.Contains(err.Error(), adaSecret) {
				t.Errorf("the error tells a secret: %v", err)
			}
			return
		}
		defer func() { _ = s.Close() }()
		for _, id := range []string{"AKIAADA", "AKIABOB"} {
			c, err := s.Credential(t.Context(), id, "")
			if err == nil && (c.Secret.IsZero() || c.Principal.EffectiveType() != iampolicy.User || c.Principal.UserID == "") {
				t.Errorf("the key %q works for %+v", id, c)
			}
		}
		for _, p := range s.Problems() {
			if strings.Contains(p.Error(), adaSecret) {
				t.Errorf("a problem tells a secret: %v", p)
			}
		}
	})
}
