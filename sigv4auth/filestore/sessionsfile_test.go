package filestore_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

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
		c, err := s.IssueSession(t.Context(), riderARN, "alice", 0,
			filestore.SessionOptions{Federated: &sigv4auth.FederatedIdentity{Provider: "p"}})
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
		{
			"an identity without a provider", func(r map[string]any) { r["Federated"] = map[string]any{} },
			"Sessions[1].Federated: a federated identity needs Provider",
		},
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
