package filestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

var compareCredentials = cmp.Options{
	cmp.Comparer(func(a, b sigv4auth.Secret) bool { return a.Equal(b.Reveal()) }),
	cmpopts.EquateApproxTime(0), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(sigv4auth.Credential{}, "Revision"),
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123456789, time.UTC)

func TestASessionComesBack(t *testing.T) {
	f := newFolder(t)
	cfg := f.config()
	cfg.Now = func() time.Time { return noon }
	s := f.openWith(cfg)
	opts := filestore.SessionOptions{
		Tags: map[string]string{"ride": "any", "Team": "ü"}, SourceIdentity: "alice@example.com",
		MFAPresent: true, MFA: noon.Add(-time.Minute).Truncate(time.Second),
		Federated: &sigv4auth.FederatedIdentity{
			Provider: "accounts.example.com", Subject: "1&<2>", Audience: "app",
			Methods: []string{"pwd", "otp"},
		},
	}
	issued, err := s.IssueSession(t.Context(), riderARN, "alice@x", 2*time.Hour, opts)
	if err != nil {
		t.Fatal(err)
	}
	began := noon.Truncate(time.Second)
	want := sigv4auth.Credential{
		AccessKeyID: issued.AccessKeyID, Secret: issued.Secret, SessionToken: issued.SessionToken,
		Expires: began.Add(2 * time.Hour),
		Principal: iampolicy.Principal{
			ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice@x", AccountID: account, UserID: "AROARIDER:alice@x",
			RoleARN: riderARN, Type: iampolicy.AssumedRole, Tags: map[string]string{"team": "riders"},
		},
		Session: &sigv4auth.Session{
			IssuedAt: began, Tags: opts.Tags, MFA: opts.MFA, MFAPresent: true, SourceIdentity: opts.SourceIdentity,
			Federated: opts.Federated,
		},
	}
	if diff := cmp.Diff(want, issued, compareCredentials); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(issued.AccessKeyID, "ASIA") || len(issued.AccessKeyID) != 20 || len(issued.Secret.Reveal()) != 40 ||
		len(issued.SessionToken.Reveal()) < 40 {
		t.Errorf("credentials %q, %d, %d", issued.AccessKeyID, len(issued.Secret.Reveal()), len(issued.SessionToken.Reveal()))
	}
	if issued.Principal.EffectiveType() != iampolicy.AssumedRole {
		t.Error("the principal contradicts itself")
	}
	check := func(s *filestore.Store) {
		t.Helper()
		got, err := s.Credential(t.Context(), issued.AccessKeyID, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, compareCredentials); diff != "" {
			t.Error(diff)
		}
		set, _, err := s.Policies(t.Context(), sigv4auth.Identity{Principal: got.Principal})
		if err != nil || len(set.Identity) != 1 || set.Identity[0].Name() != "Read" || len(set.Sessions) != 0 {
			t.Errorf("policies %+v, %v", set, err)
		}
	}
	check(s) // at once
	other := f.openWith(cfg)
	check(other) // in another process, or after a restart
	stays(t, "the store finds nothing new in what it wrote", healthy(s))
	check(s)
	if info, err := os.Stat(f.path("sessions.json")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("sessions.json: %v, %v", info.Mode(), err)
	}
	if f.read("principals.json") != start {
		t.Error("principals.json was written")
	}
	if left, _ := filepath.Glob(f.path(".sessions-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	// The session also reaches a store that was open before.
	later, err := s.IssueSession(t.Context(), riderARN, "bob", 0, filestore.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !later.Expires.Equal(began.Add(time.Hour)) {
		t.Errorf("without a duration the session expires at %v", later.Expires)
	}
	eventually(t, "the other store follows", known(t, other, later.AccessKeyID, later.Secret.Reveal()))
	if later.AccessKeyID == issued.AccessKeyID || later.Secret.Equal(issued.Secret.Reveal()) ||
		later.SessionToken.Equal(issued.SessionToken.Reveal()) {
		t.Error("two sessions have the same credentials")
	}
	check(s)
}

func TestWhatIssueSessionRefuses(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	long := strings.Repeat("x", 65)
	many := make(map[string]string)
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		many["0"+string(c)], many["1"+string(c)] = "", ""
	}
	for _, tt := range []struct {
		name, role, session string
		duration            time.Duration
		opts                filestore.SessionOptions
		want                string
	}{
		{
			"unknown role", "arn:aws:iam::111122223333:role/Nobody", "alice", 0,
			filestore.SessionOptions{},
			`there is no role "arn:aws:iam::111122223333:role/Nobody"`,
		},
		{"role without its path", "arn:aws:iam::111122223333:role/Rider", "alice", 0, filestore.SessionOptions{}, "there is no role"},
		{"a user", adaARN, "alice", 0, filestore.SessionOptions{}, "there is no role"},
		{"no name", riderARN, "", 0, filestore.SessionOptions{}, `the session name "" is invalid`},
		{"a short name", riderARN, "a", 0, filestore.SessionOptions{}, `the session name "a" is invalid`},
		{"a long name", riderARN, long, 0, filestore.SessionOptions{}, "is invalid"},
		{"a name with a slash", riderARN, "a/b", 0, filestore.SessionOptions{}, `the session name "a/b" is invalid`},
		{"a name with a star", riderARN, "a*", 0, filestore.SessionOptions{}, `the session name "a*" is invalid`},
		{"a name with a colon", riderARN, "a:b", 0, filestore.SessionOptions{}, `the session name "a:b" is invalid`},
		{"a short life", riderARN, "alice", 15*time.Minute - 1, filestore.SessionOptions{}, "a session lives from 15m0s to 12h0m0s"},
		{"a long life", riderARN, "alice", 12*time.Hour + 1, filestore.SessionOptions{}, "a session lives from"},
		{"a negative life", riderARN, "alice", -time.Hour, filestore.SessionOptions{}, "a session lives from"},
		{
			"a tag in two cases", riderARN, "alice", 0,
			filestore.SessionOptions{Tags: map[string]string{"a": "1", "A": "2"}},
			`session tag "a": the tag is given twice`,
		},
		{"a tag without a key", riderARN, "alice", 0, filestore.SessionOptions{Tags: map[string]string{"": "1"}}, `session tag "": the key of a tag`},
		{"too many tags", riderARN, "alice", 0, filestore.SessionOptions{Tags: many}, "52 session tags; at most 50"},
		{"a source identity with a space", riderARN, "alice", 0, filestore.SessionOptions{SourceIdentity: "a b"}, `the source identity "a b" is invalid`},
		{
			"a federated identity without a provider", riderARN, "alice", 0,
			filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Subject: "x"}},
			"the federated identity needs a provider",
		},
		{
			"a subject with a newline", riderARN, "alice", 0,
			filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p", Subject: "x\n"}},
			`"x\n" of the federated identity`,
		},
		{
			"an empty method", riderARN, "alice", 0,
			filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p", Methods: []string{""}}},
			"none empty",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := s.IssueSession(t.Context(), tt.role, tt.session, tt.duration, tt.opts)
			if err == nil || !strings.HasPrefix(err.Error(), "filestore: ") || !strings.Contains(err.Error(), tt.want) ||
				c.AccessKeyID != "" {
				t.Errorf("issued %v, error %v, want %s", c, err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.IssueSession(ctx, riderARN, "alice", 0, filestore.SessionOptions{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := os.Stat(f.path("sessions.json")); !errors.Is(err, os.ErrNotExist) {
		t.Error("sessions.json was written")
	}
}

func TestASessionEndsWithItsRole(t *testing.T) {
	role := start[strings.Index(start, `    {"Arn": "arn:aws:iam::111122223333:role/`):strings.LastIndex(start, "  ]")]
	for _, tt := range []struct{ name, text string }{
		{"the role is removed (threat 201)", strings.Replace(start, role, "", 1)},
		{"the role is removed and made anew (threat 207)", strings.Replace(start, "AROARIDER", "AROARIDER2", 1)},
		{"a role of the same name under another path", strings.Replace(start, "role/app/Rider", "role/Rider", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			s := f.open()
			c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
			if err != nil {
				t.Fatal(err)
			}
			f.replace("principals.json", tt.text)
			eventually(t, "the session ends", unknown(t, s, c.AccessKeyID))
			if !unknown(t, f.open(), c.AccessKeyID)() || !healthy(s)() {
				t.Error("after a restart it lives again")
			}
		})
	}
	t.Run("tags and policies are those that the role has now", func(t *testing.T) {
		f := newFolder(t)
		s := f.open()
		c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f.edit("principals.json", `"team": "riders"`, `"team": "drivers"`)
		eventually(t, "the tag changes", func() bool {
			now, err := s.Credential(t.Context(), c.AccessKeyID, "")
			return err == nil && now.Principal.Tags["team"] == "drivers"
		})
	})
}

func TestRevokeSession(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	var keys []string
	for range 3 {
		c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, c.AccessKeyID)
	}
	if err := s.RevokeSession(t.Context(), keys[1]); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*filestore.Store{s, f.open()} {
		if unknown(t, s, keys[0])() || !unknown(t, s, keys[1])() || unknown(t, s, keys[2])() {
			t.Error("another session than the revoked one has ended (threat 101)")
		}
	}
	for _, id := range []string{keys[1], "AKIAADA", ""} {
		if err := s.RevokeSession(t.Context(), id); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("RevokeSession(%q): %v", id, err)
		}
	}
	// A revoked session does not come back with what another store writes that has not looked since
	// (threat 111).
	cfg := f.config()
	cfg.PollInterval = time.Minute
	slow := f.openWith(cfg)
	if err := s.RevokeSession(t.Context(), keys[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := slow.IssueSession(t.Context(), riderARN, "bob", 0, filestore.SessionOptions{}); err != nil {
		t.Fatal(err)
	}
	if !unknown(t, f.open(), keys[0])() || !unknown(t, slow, keys[0])() {
		t.Error("a revoked session is back")
	}
	// Nor does a look that only a write made go unnoticed.
	f.remove("sessions.json")
	if err := slow.RevokeSession(t.Context(), "nobody"); err == nil {
		t.Fatal("revoked nobody")
	}
	if !unknown(t, slow, keys[2])() {
		t.Error("the removal of sessions.json was seen and forgotten")
	}
}
