package userpool_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// published fetches what verifies the pool's tokens, the way OpenID Connect has it.
func (s *site) published() jose.JSONWebKeySet {
	s.t.Helper()
	get := func(url string, v any) {
		got, err := s.server.Client().Get(url)
		if err != nil {
			s.t.Fatal(err)
		}
		defer func() { _ = got.Body.Close() }()
		text, err := io.ReadAll(got.Body)
		if err != nil || got.StatusCode != 200 || json.Unmarshal(text, v) != nil {
			s.t.Fatalf("%s: %d %v %s", url, got.StatusCode, err, text)
		}
		if strings.Contains(string(text), `"d"`) || strings.Contains(string(text), `"p"`) {
			s.t.Error("a private key is published")
		}
	}
	var discovery struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	get(s.server.URL+"/"+poolID+"/.well-known/openid-configuration", &discovery)
	if discovery.Issuer != s.server.URL+"/"+poolID {
		s.t.Errorf("the issuer is %s", discovery.Issuer)
	}
	var set jose.JSONWebKeySet
	get(discovery.Keys, &set)
	return set
}

// verifies reports whether a token's signature is one of the published keys'.
func verifies(t *testing.T, set jose.JSONWebKeySet, token string) bool {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	_, err = jws.Verify(set)
	return err == nil
}

// TestSigningKeysRotate: a key signs for 30 days; the next one is published an hour before it
// signs; and a key is published until its last token is over.
func TestSigningKeysRotate(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	old := s.signIn("alice", password).tokens()
	if n := len(s.published().Keys); n != 1 || !verifies(t, s.published(), old.id) || !verifies(t, s.published(), old.access) {
		t.Fatalf("%d keys", n)
	}
	maintain := func(d time.Duration) {
		t.Helper()
		s.pass(d)
		if err := s.pool.Maintain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first := s.published()
	maintain(30*24*time.Hour - time.Hour - time.Second)
	if n := len(s.published().Keys); n != 1 {
		t.Errorf("%d keys before the time", n)
	}
	maintain(2 * time.Second)
	s.pass(time.Minute)
	if n := len(s.published().Keys); n != 2 {
		t.Errorf("%d keys an hour before the next one signs", n)
	}
	before := s.signIn("alice", password).tokens()
	if !verifies(t, first, before.id) {
		t.Error("the new key signs already")
	}
	maintain(time.Hour)
	after := s.signIn("alice", password).tokens()
	if verifies(t, first, after.id) || !verifies(t, s.published(), after.id) || !verifies(t, s.published(), before.id) {
		t.Error("the new key does not sign, or the old one is not published")
	}
	s.call("GetUser", input{"AccessToken": after.access}).ok()
	maintain(24*time.Hour + 6*time.Minute)
	s.pass(2 * time.Minute)
	if n := len(s.published().Keys); n != 1 || verifies(t, s.published(), before.id) {
		t.Errorf("%d keys when the old one's tokens are over", n)
	}
	got, err := s.server.Client().Post(s.server.URL+"/"+poolID+"/.well-known/jwks.json", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", got.StatusCode)
	}
	for _, path := range []string{"/", "/other/.well-known/jwks.json", "/" + poolID + "/.well-known/other"} {
		got, err := s.server.Client().Get(s.server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

// TestRingRotates: after the ring has a new key everything is sealed by it, and the old one can
// go.
func TestRingRotates(t *testing.T) {
	t.Parallel()
	s := start(t)
	var mu sync.Mutex
	keys := keyring.New(begin.Add(-time.Hour))
	ring, err := keyring.Open(keyring.Config{Now: s.now, Load: func() (keyring.Keys, error) {
		mu.Lock()
		defer mu.Unlock()
		return keys, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.ring, s.db = ring, openSQLite(t, filepath.Join(t.TempDir(), "rotated.db"))
	s.open()
	s.signUp("alice", password)
	s.signUp("bob", password)
	in := s.signIn("alice", password).tokens()
	change := func(do func(keyring.Keys) (keyring.Keys, error)) {
		t.Helper()
		mu.Lock()
		var err error
		keys, err = do(keys)
		mu.Unlock()
		if err := errors.Join(err, ring.Reload()); err != nil {
			t.Fatal(err)
		}
	}
	old := keys.List()[0].ID
	change(func(k keyring.Keys) (keyring.Keys, error) { return k.Rotate(s.now(), keyring.Rotation{}) })
	s.pass(2 * time.Minute)
	if !strings.Contains(s.dump(), old.String()) {
		t.Error("the database does not say which key has sealed")
	}
	if err := s.pool.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(s.dump(), old.String()) {
		t.Error("something is still sealed by the old key")
	}
	change(func(k keyring.Keys) (keyring.Keys, error) { return k.Retire(old) })
	s.signIn("alice", password).tokens()
	s.withPassword("bob", password).tokens()
	s.withPassword("nobody", password).says("NotAuthorizedException", incorrect)
	s.rotate(in.refresh).tokens()
	s.open() // another process
	s.signIn("bob", password).tokens()
}

// TestTwoProcesses: two pools on one database and ring are one pool: a sign-in that begins with
// one goes on with the other.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	testTwoProcesses(t, start(t))
}

func testTwoProcesses(t *testing.T, s *site) {
	t.Helper()
	issuer := s.server.URL + "/" + poolID
	other := &site{t: t, db: s.db, ring: s.ring, at: s.at}
	other.open(func(cfg *userpool.Config) { cfg.Issuer = issuer })
	s.signUp("alice", password)
	f := s.startSRP("alice").sign(password, s.now())
	f.s = other
	in := f.send().tokens()
	f.s = s
	f.send().says("NotAuthorizedException", "Invalid session")
	s.call("GetUser", input{"AccessToken": in.access}).ok()
	next := s.rotate(in.refresh).tokens()
	other.rotate(next.refresh).tokens()
	other.call("GlobalSignOut", input{"AccessToken": next.access}).ok()
	s.call("GetUser", input{"AccessToken": next.access}).says("NotAuthorizedException", "revoked")
	for range 5 {
		s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	}
	other.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
}

// TestFirstStartsAtOnce: of pools that open an empty database at one time all serve with the same
// secrets and keys.
func TestFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.db = openSQLite(t, filepath.Join(t.TempDir(), "empty.db"))
	sites := make([]*site, 4)
	var all sync.WaitGroup
	for i := range sites {
		sites[i] = &site{t: t, db: s.db, ring: s.ring, at: s.at}
		all.Go(func() { sites[i].open(func(cfg *userpool.Config) { cfg.Issuer = "http://127.0.0.1/" + poolID }) })
	}
	all.Wait()
	sites[0].signUp("alice", password)
	for i, one := range sites {
		in := one.signIn("alice", password).tokens()
		for j, other := range sites {
			if got := other.call("GetUser", input{"AccessToken": in.access}); got.status != 200 {
				t.Errorf("%d does not know a token of %d: %s", j, i, got.raw)
			}
		}
	}
}

// TestOldRowsAreRemoved: what has ended does not stay in the database.
func TestOldRowsAreRemoved(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	s.signIn("alice", password).tokens()
	s.withPassword("nobody", password)
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	count := func() (n int) {
		t.Helper()
		err := s.db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM userpool_families) + (SELECT COUNT(*) FROM userpool_codes) +
			(SELECT COUNT(*) FROM userpool_answered) + (SELECT COUNT(*) FROM userpool_tries)`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n < 4 {
		t.Errorf("%d rows", n)
	}
	s.pass(31 * 24 * time.Hour)
	if err := s.pool.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
