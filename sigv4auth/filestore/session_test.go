package filestore_test

import (
	"context"
	"encoding/json"
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
	cmpopts.EquateApproxTime(0), cmpopts.EquateEmpty(),
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
		Federated: &sigv4auth.FederatedIdentity{Provider: "accounts.example.com", Subject: "1&<2>", Audience: "app", Methods: []string{"pwd", "otp"}},
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
			IssuedAt: began, Tags: opts.Tags, MFA: opts.MFA, MFAPresent: true, SourceIdentity: opts.SourceIdentity, Federated: opts.Federated,
		},
	}
	if diff := cmp.Diff(want, issued, compareCredentials); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(issued.AccessKeyID, "ASIA") || len(issued.AccessKeyID) != 20 || len(issued.Secret.Reveal()) != 40 || len(issued.SessionToken.Reveal()) < 40 {
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
	if later.AccessKeyID == issued.AccessKeyID || later.Secret.Equal(issued.Secret.Reveal()) || later.SessionToken.Equal(issued.SessionToken.Reveal()) {
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
		{"unknown role", "arn:aws:iam::111122223333:role/Nobody", "alice", 0, filestore.SessionOptions{}, `there is no role "arn:aws:iam::111122223333:role/Nobody"`},
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
		{"a tag in two cases", riderARN, "alice", 0, filestore.SessionOptions{Tags: map[string]string{"a": "1", "A": "2"}}, `session tag "a": the tag is given twice`},
		{"a tag without a key", riderARN, "alice", 0, filestore.SessionOptions{Tags: map[string]string{"": "1"}}, `session tag "": the key of a tag`},
		{"too many tags", riderARN, "alice", 0, filestore.SessionOptions{Tags: many}, "52 session tags; at most 50"},
		{"a source identity with a space", riderARN, "alice", 0, filestore.SessionOptions{SourceIdentity: "a b"}, `the source identity "a b" is invalid`},
		{"a federated identity without a provider", riderARN, "alice", 0, filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Subject: "x"}}, "the federated identity needs a provider"},
		{"a subject with a newline", riderARN, "alice", 0, filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p", Subject: "x\n"}}, `"x\n" of the federated identity`},
		{"an empty method", riderARN, "alice", 0, filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p", Methods: []string{""}}}, "none empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := s.IssueSession(t.Context(), tt.role, tt.session, tt.duration, tt.opts)
			if err == nil || !strings.HasPrefix(err.Error(), "filestore: ") || !strings.Contains(err.Error(), tt.want) || c.AccessKeyID != "" {
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
	// A revoked session does not come back with what another store writes that has not looked since (threat 111).
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

func TestRemovingTheFileEndsAllSessions(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f.remove("sessions.json")
	eventually(t, "the session has ended", unknown(t, s, c.AccessKeyID))
	if !healthy(s)() {
		t.Error(s.Problems())
	}
}

func TestExpiredSessionsLeaveTheFile(t *testing.T) {
	f := newFolder(t)
	now := noon
	cfg := f.config()
	cfg.PollInterval = time.Minute
	cfg.Now = func() time.Time { return now }
	s := f.openWith(cfg)
	issue := func() string {
		t.Helper()
		c, err := s.IssueSession(t.Context(), riderARN, "alice", time.Hour, filestore.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return c.AccessKeyID
	}
	first := issue()
	now = now.Add(90 * time.Minute)
	second := issue()
	// It has expired, and the Authenticator can say so.
	if c, err := s.Credential(t.Context(), first, ""); err != nil || c.Expires.After(now) {
		t.Errorf("%v, %v", c, err)
	}
	now = now.Add(31 * time.Minute)
	third := issue()
	text := f.read("sessions.json")
	if strings.Contains(text, first) || !unknown(t, s, first)() || !strings.Contains(text, second) || !strings.Contains(text, third) {
		t.Errorf("sessions.json:\n%s", text)
	}
}

func TestBrokenSessions(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	var keys []string
	for range 3 {
		c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p"}})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, c.AccessKeyID)
	}
	good := f.read("sessions.json")
	var document struct{ Sessions []map[string]any }

	for _, tt := range []struct {
		name   string
		change func(record map[string]any)
		want   string
	}{
		{"an unknown element", func(r map[string]any) { r["Policy"] = "{}" }, "Sessions[1]: unknown element"},
		{"no token (threat 102)", func(r map[string]any) { delete(r, "SessionToken") }, "Sessions[1]: a session needs SessionToken"},
		{"an empty token (threat 102)", func(r map[string]any) { r["SessionToken"] = "" }, "Sessions[1].SessionToken: a secret is"},
		{"an empty secret (threat 15)", func(r map[string]any) { r["SecretAccessKey"] = "" }, "Sessions[1].SecretAccessKey: a secret is"},
		{"no expiry", func(r map[string]any) { delete(r, "Expires") }, "Sessions[1]: a session needs Expires"},
		{"an expiry that would mean never", func(r map[string]any) { r["Expires"] = "0001-01-01T00:00:00Z" }, "Sessions[1].Expires: is no instant"},
		{"no role ID (threat 207)", func(r map[string]any) { delete(r, "RoleId") }, "Sessions[1]: a session needs RoleId"},
		{"another's access key ID", func(r map[string]any) { r["AccessKeyId"] = keys[0] }, "Sessions[1]: the access key ID is already that of another session"},
		{"a name with a slash", func(r map[string]any) { r["SessionName"] = "a/b" }, "Sessions[1].SessionName: a session name is"},
		{"a user instead of a role", func(r map[string]any) { r["RoleArn"] = adaARN }, "Sessions[1].RoleArn: is no ARN of a role"},
		{"MFA as a string", func(r map[string]any) { r["MFAPresent"] = "true" }, "Sessions[1].MFAPresent: true or false is expected, not a string"},
		{"an identity without a provider", func(r map[string]any) { r["Federated"] = map[string]any{} }, "Sessions[1].Federated: a federated identity needs Provider"},
	} {
		t.Run("a record with "+tt.name+" is unknown, and the others are not", func(t *testing.T) {
			if err := json.Unmarshal([]byte(good), &document); err != nil {
				t.Fatal(err)
			}
			tt.change(document.Sessions[1])
			text, err := json.MarshalIndent(document, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			f.replace("sessions.json", string(text))
			eventually(t, "it is reported", problem(s, tt.want))
			for _, s := range []*filestore.Store{s, f.open()} {
				if unknown(t, s, keys[0])() || !unknown(t, s, keys[1])() || unknown(t, s, keys[2])() {
					t.Error("not that record alone is unknown")
				}
				if problem(s, "last good version")() {
					t.Error(s.Problems())
				}
			}
			f.replace("sessions.json", good)
			eventually(t, "the mended file is taken", healthy(s))
		})
	}
	t.Run("a file that is cut off keeps what is in force (threat 115)", func(t *testing.T) {
		f.replace("sessions.json", good[:len(good)/2])
		eventually(t, "it is reported", problem(s, "the last good version stays in force"))
		for _, id := range keys {
			if unknown(t, s, id)() {
				t.Error("a session has ended")
			}
		}
		f.replace("sessions.json", `{"Sessions": [], "Version": 2}`)
		eventually(t, "it is reported", problem(s, `sessions.json:1:18: unknown element`))
		if !problem(s, "the last good version stays in force")() || unknown(t, s, keys[0])() {
			t.Error("a file of another form has ended the sessions")
		}
		// The next write mends it.
		if _, err := s.IssueSession(t.Context(), riderARN, "bob", 0, filestore.SessionOptions{}); err != nil {
			t.Fatal(err)
		}
		if !healthy(s)() || unknown(t, f.open(), keys[1])() {
			t.Error(s.Problems())
		}
	})
	t.Run("a file that is cut off at the start ends the sessions, and nothing else", func(t *testing.T) {
		f.replace("sessions.json", good[:len(good)/2])
		s := f.open()
		if !unknown(t, s, keys[0])() || !known(t, s, "AKIAADA", adaSecret)() || !problem(s, "sessions.json:")() {
			t.Error(s.Problems())
		}
	})
	t.Run("more mistakes than are reported admit no broken record", func(t *testing.T) {
		if err := json.Unmarshal([]byte(good), &document); err != nil {
			t.Fatal(err)
		}
		last := document.Sessions[2]
		delete(last, "Expires")
		broken := map[string]any{"AccessKeyId": 1}
		document.Sessions = document.Sessions[:1]
		for range 30 {
			document.Sessions = append(document.Sessions, broken)
		}
		document.Sessions = append(document.Sessions, last)
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		f.replace("sessions.json", string(text))
		if s := f.open(); unknown(t, s, keys[0])() || !unknown(t, s, keys[2])() || len(s.Problems()) != 100 {
			t.Errorf("%d problems", len(s.Problems()))
		}
	})
	t.Run("a session does not take a user's key over", func(t *testing.T) {
		f.replace("sessions.json", strings.Replace(good, keys[0], "AKIAADA", 1))
		if s := f.open(); !known(t, s, "AKIAADA", adaSecret)() {
			t.Error("the user's key is the session's")
		}
	})
}

func TestASessionThatCannotBeWrittenIsNotIssued(t *testing.T) {
	f := newFolder(t)
	s := f.open()
	if err := os.Mkdir(f.path("sessions.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	f.replace("sessions.json/x", "")
	c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
	if err == nil || c.AccessKeyID != "" || !strings.HasPrefix(err.Error(), "filestore: writing sessions.json: ") {
		t.Errorf("issued %v, error %v", c, err)
	}
	if left, _ := filepath.Glob(f.path(".sessions-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
