package filestore_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// TestRevocationIsSynced: threat 251. A revocation is answered once the folder's entry of the new
// file is on disk, too. One that may not be on disk yet is an error, also when it is asked for
// again.
func TestRevocationIsSynced(t *testing.T) {
	f := newFolder(t)
	s := f.openWith(byHand(f))
	issue := func() sigv4auth.Credential {
		t.Helper()
		c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	kept, revoked := issue(), issue()
	fault := errors.New("the disk is on fire")
	var synced []string
	s.SyncForTest(func(folder string) error {
		text := f.read("sessions.json")
		synced = append(synced, folder)
		if strings.Contains(text, revoked.AccessKeyID) {
			t.Error("the folder is synced before the file is renamed into it")
		}
		return fault
	})
	for range 2 {
		if err := s.RevokeSession(t.Context(), revoked.AccessKeyID); !errors.Is(err, fault) ||
			errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("a revocation that may be lost: %v", err)
		}
		if !unknown(t, s, revoked.AccessKeyID)() || !known(t, s, kept.AccessKeyID, kept.Secret.Reveal())() {
			t.Error("the session is not revoked at once, or another one is")
		}
	}
	if len(synced) != 2 || synced[0] != f.dir {
		t.Errorf("synced: %q", synced)
	}
	if _, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{}); !errors.Is(err, fault) {
		t.Errorf("IssueSession: %v", err)
	}
	s.SyncForTest(func(string) error { return nil })
	if err := s.RevokeSession(t.Context(), revoked.AccessKeyID); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("once it is on disk: %v", err)
	}
	if err := s.RevokeSession(t.Context(), kept.AccessKeyID); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(f.dir); len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
}

// TestIssuedSessionIsTheCallersOwn: what IssueSession returned can be changed, and the store does
// not (threat 231).
func TestIssuedSessionIsTheCallersOwn(t *testing.T) {
	f := newFolder(t)
	s := f.openWith(byHand(f))
	c, err := s.IssueSession(t.Context(), riderARN, "alice", 0, filestore.SessionOptions{
		Tags: map[string]string{"ride": "any"}, Federated: &sigv4auth.FederatedIdentity{Provider: "p", Methods: []string{"pwd"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Principal.Tags["team"], c.Session.Tags["ride"], c.Session.Federated.Provider, c.Session.Federated.Methods[0] = "x", "x", "x", "x"
	got, err := s.Credential(t.Context(), c.AccessKeyID, "")
	if err != nil || got.Principal.Tags["team"] != "riders" || got.Session.Tags["ride"] != "any" ||
		got.Session.Federated.Provider != "p" || got.Session.Federated.Methods[0] != "pwd" || got.Revision != c.Revision {
		t.Errorf("%+v, %v", got, err)
	}
}
