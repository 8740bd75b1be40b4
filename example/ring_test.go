package main_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestTheRing: the first start writes the keys that seal session tokens beside the data folder, for
// its owner alone, and later ones keep them. A session lives as long as they do: another folder's
// ring does not open its token, and a ring that was lost ends it.
func TestTheRing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := startFiles(t, data)
	alice, ring := first.credentials("rider"), readFile(t, data+".ring")
	if info, err := os.Stat(data + ".ring"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of the ring is %v, %v", info.Mode(), err)
	}
	for name, text := range contents(t, data) {
		for line := range strings.Lines(ring) {
			if f := strings.Fields(line); len(f) == 4 && strings.Contains(text, f[3]) {
				t.Errorf("%s holds a key of the ring", name)
			}
		}
	}
	if log := first.stderr.String(); strings.Count(log, "a new ring seals") != 1 {
		t.Errorf("the log says\n%s", log)
	}
	ask := func(s *site) int { return s.send(signer(alice).Sign(s.request("POST", "/prod/ride", seattle))).status }
	if got := ask(first); got != 201 {
		t.Errorf("the session's first ride: %d", got)
	}
	first.stop()

	second := startFiles(t, data)
	if readFile(t, data+".ring") != ring || ask(second) != 201 || strings.Contains(second.stderr.String(), "a new ring seals") {
		t.Error("a second start does not keep the ring and its sessions")
	}
	second.stop()

	// The same folder with another ring: a flag leads to it, and it is made.
	other := startFiles(t, data, "-ring", filepath.Join(filepath.Dir(data), "other"))
	if got := ask(other); got != 403 {
		t.Errorf("a session of another ring: %d", got)
	}
	other.stop()

	if err := os.Remove(data + ".ring"); err != nil {
		t.Fatal(err)
	}
	lost := startFiles(t, data)
	if got := ask(lost); got != 403 || !strings.Contains(lost.stderr.String(), "a new ring seals") {
		t.Errorf("a session of a ring that was lost: %d", got)
	}
	lost.call("rider", "POST", "/prod/ride", seattle).wants(t, 201) // renewed
}

// TestTheRingIsNotInTheDataFolder: nor is one that others can read accepted, nor a broken one.
func TestTheRingIsNotInTheDataFolder(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	for _, name := range []string{"data/ring", "data/policies/ring", "link/ring"} {
		ring := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Join(data, "policies"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(data, filepath.Join(dir, "link")); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
		_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data, "-ring", ring)
		if !strings.Contains(stderr, "must not be in the data folder") {
			t.Errorf("%s: %s", ring, stderr)
		}
		if _, err := os.Stat(ring); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was written: %v", ring, err)
		}
	}
	startFiles(t, data).stop()
	if runtime.GOOS != "windows" {
		if err := os.Chmod(data+".ring", 0o640); err != nil {
			t.Fatal(err)
		}
		if _, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data); !strings.Contains(stderr, "is wider than 0600") {
			t.Error(stderr)
		}
	}
	if err := os.WriteFile(data+".ring.next", []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+".ring.next", data+".ring"); err != nil {
		t.Fatal(err)
	}
	fails(t, 1, "-addr", "127.0.0.1:0", "-data", data)
}

// TestALostRingLosesNoPassword: who has signed up cannot sign in with another ring, which is told;
// nothing of it is thrown away, rides go on, and with the old ring all is as it was.
func TestALostRingLosesNoPassword(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := startFiles(t, data)
	first.signUp("alice")
	client := first.ids().UserPoolClientID
	first.stop()
	if err := os.Rename(data+".ring", data+".kept"); err != nil {
		t.Fatal(err)
	}
	lost := startFiles(t, data)
	lost.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	ask := func(s *site) answer {
		return s.ask(userPool, "InitiateAuth", map[string]any{
			"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": map[string]any{"USERNAME": "alice", "PASSWORD": password},
		})
	}
	if got := ask(lost).wants(t, 503); got.header.Get("X-Amzn-Errortype") != "ServiceUnavailableException:" {
		t.Errorf("a sign-in is answered with %s", got.body)
	}
	lost.ask(identityPool, "GetId", map[string]any{}).wants(t, 503)
	lost.send(lost.request("GET", "/"+lost.ids().UserPoolID+"/.well-known/jwks.json", "")).wants(t, 403)
	if !strings.Contains(lost.stderr.String(), "the ring is not the one that sealed the passwords") ||
		!strings.Contains(lost.stdout.String(), "none: the log says why") {
		t.Errorf("it says\n%s\n%s", lost.stdout, lost.stderr)
	}
	lost.stop()
	if err := os.Rename(data+".kept", data+".ring"); err != nil {
		t.Fatal(err)
	}
	ask(startFiles(t, data)).wants(t, 200)
}
