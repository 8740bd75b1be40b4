package sts_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestStoreConfig: what a Store is made of is checked before it is used.
func TestStoreConfig(t *testing.T) {
	t.Parallel()
	if s, err := sts.NewStore(sts.StoreConfig{CacheSize: -1}); err == nil || s != nil ||
		!strings.Contains(err.Error(), "Ring") || !strings.Contains(err.Error(), "CacheSize") {
		t.Errorf("%v", err)
	}
	// Without stores behind it, nobody is known and nobody has policies.
	keys := keyring.New(start)
	p := newProcess(t, newDirectory(), sigv4test.NewClock(start), &keys)
	bare := newProcess(t, p.dir, p.clock, &keys, func(cfg *sts.StoreConfig) { *cfg = sts.StoreConfig{Ring: cfg.Ring, Now: cfg.Now} })
	for _, s := range []sts.Session{riding(), selfSession(), federated()} {
		i := p.issue(s)
		c, err := bare.find(i)
		isUnknown(t, s.Kind.String(), c, err)
		if _, err := bare.Issue(t.Context(), sts.Grant{Session: s, Duration: time.Hour}); err == nil {
			t.Errorf("%v: issued", s.Kind)
		}
		set, _, err := bare.Policies(t.Context(), sigv4auth.Identity{Principal: i.Credential.Principal})
		if err != nil || len(set.Identity) > 0 {
			t.Errorf("%v: policies %v, %v", s.Kind, set, err)
		}
	}
	c, err := bare.Credential(t.Context(), adaKey, "")
	isUnknown(t, "a long-term key", c, err)
}

// TestNextStore: a long-term key is the next store's, with its answers, and so is a temporary key
// whose token is none of the ring's. A long-term key with a token is refused by whoever compares
// (threat 102).
func TestNextStore(t *testing.T) {
	t.Parallel()
	p := single(t)
	p.dir.keys["ASIAOLD"] = sigv4auth.Credential{
		AccessKeyID: "ASIAOLD", Secret: sigv4auth.NewSecret("an-older-temporary-secret"), SessionToken: sigv4auth.NewSecret("its token"),
	}
	for _, c := range []struct{ id, token string }{{adaKey, ""}, {"ASIAOLD", "its token"}, {"ASIAOLD", ""}} {
		got, err := p.Credential(t.Context(), c.id, c.token)
		if err != nil || !got.Secret.Equal(p.dir.keys[c.id].Secret.Reveal()) {
			t.Errorf("%s: %v", c.id, err)
		}
	}
	i := p.issue(riding())
	got, err := p.Credential(t.Context(), adaKey, i.Credential.SessionToken.Reveal())
	if err != nil || !got.SessionToken.IsZero() || got.Principal.ARN != adaARN {
		t.Errorf("a long-term key with another's token: %v, %v", got.Principal.ARN, err)
	}
	p.dir.fails = errors.New("connection refused")
	if _, err := p.Credential(t.Context(), adaKey, ""); !errors.Is(err, p.dir.fails) {
		t.Errorf("a store that fails: %v", err)
	}
}

// TestTwoProcesses: two processes that share nothing but the ring admit each other's sessions, and
// once its key is rotated out they end after the grace period, in the cache of either too. A key
// that is retired ends them at once.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"rotated out", "retired"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			keys := keyring.New(start)
			clock := sigv4test.NewClock(start)
			a, b := newProcess(t, newDirectory(), clock, &keys), newProcess(t, newDirectory(), clock, &keys)
			ofA, ofB := a.issue(riding()), b.issue(selfSession())
			admitted := func(want bool) {
				t.Helper()
				for _, p := range []*process{a, b} {
					for _, i := range []sts.Issued{ofA, ofB} {
						c, err := p.find(i)
						if !want {
							isUnknown(t, "after the key", c, err)
							continue
						}
						if err != nil || !c.Secret.Equal(i.Credential.Secret.Reveal()) {
							t.Errorf("%v: %v", i.Session.Kind, err)
						}
					}
				}
			}
			admitted(true)
			old := keys.List()[0].ID
			keys, _ = keys.Rotate(clock.Now(), keyring.Rotation{Delay: time.Minute, Grace: 30 * time.Minute})
			clock.Advance(31*time.Minute - time.Second)
			admitted(true)
			if how == "retired" {
				keys, _ = keys.Retire(old)
			}
			clock.Advance(time.Second)
			admitted(false)
			if a.CachedForTest()+b.CachedForTest() > 0 {
				t.Error("what has ended is kept")
			}
			ofA = a.issue(riding())
			ofB = b.issue(federated())
			admitted(true)
		})
	}
}

// TestASessionEndsWithItsRole: a role that is gone, or was made again under its name, has no
// sessions any more, whether or not their tokens are in the cache; and a role has in its sessions
// the tags that it has now (threats 201 and 207).
func TestASessionEndsWithItsRole(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"gone", "made again"} {
		p := single(t)
		i := p.issue(riding())
		role := p.dir.roles[riderARN]
		p.dir.change(riderARN, func() {
			r := role
			r.Tags = map[string]string{"team": "drivers"}
			p.dir.roles[riderARN] = r
		})
		c, err := p.find(i)
		if err != nil || c.Principal.Tags["team"] != "drivers" || c.Revision != "state 1" {
			t.Errorf("after its role's tags have changed: %v of %q, %v", c.Principal.Tags, c.Revision, err)
		}
		p.dir.change(riderARN, func() {
			if p.dir.roles = without(p.dir.roles, riderARN); how == "made again" {
				again := role
				again.ID = "AROARIDER2"
				p.dir.roles[riderARN] = again
			}
		})
		c, err = p.find(i)
		isUnknown(t, how, c, err)
		p.dir.change(riderARN, func() { p.dir.roles[riderARN] = role })
		if _, err := p.find(i); err != nil {
			t.Errorf("a role that is back as it was: %v", err)
		}
		p.dir.fails = errors.New("connection refused")
		if _, err := p.find(i); !errors.Is(err, p.dir.fails) || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("a role store that fails: %v", err)
		}
	}
}

// TestPoliciesOfTheRole: a session may do what its role's policies allow at the time of the request
// and its session policies allow too, and nothing that one of them denies (threats 199, 200 and
// 206).
func TestPoliciesOfTheRole(t *testing.T) {
	t.Parallel()
	p := single(t)
	plain, limited := p.issue(riding()), riding()
	limited.Policy = document(`["ride:Read", "ride:Book"]`)
	narrow := p.issue(limited)
	denying := riding()
	denying.Policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
		{"Effect": "Deny", "Action": "ride:Read", "Resource": "*"}]}`
	denied := p.issue(denying)
	expect := func(want ...string) {
		t.Helper()
		for n, i := range []sts.Issued{plain, narrow, denied} {
			c, err := p.find(i)
			if err != nil || p.allowed(c) != want[n] {
				t.Errorf("session %d allows %q, %v; want %q", n, p.allowed(c), err, want[n])
			}
		}
	}
	expect("Read Book Close", "Read Book", "Book Close")
	p.dir.change(riderARN, func() {
		p.dir.policies[riderARN] = []*iampolicy.Policy{parse(`["ride:Close", "ride:Read"]`, iampolicy.IdentityPolicy)}
	})
	expect("Read Close", "Read", "Close")
	p.dir.change(riderARN, func() { p.dir.policies[riderARN] = nil })
	expect("", "", "")
}

// TestManagedSessionPolicies: the policies that a session names are those of the time of the
// request; one that is gone leaves it nothing, and a store that fails is no answer.
func TestManagedSessionPolicies(t *testing.T) {
	t.Parallel()
	p := single(t)
	s := riding()
	s.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnly", "arn:aws:iam::aws:policy/Book"}
	i := p.issue(s)
	expect := func(want string) {
		t.Helper()
		for range 2 {
			if c, err := p.find(i); err != nil || p.allowed(c) != want {
				t.Errorf("allows %q, %v; want %q", p.allowed(c), err, want)
			}
		}
	}
	expect("Read Book")
	first, _ := p.find(i)
	if second, _ := p.find(i); first.Session != second.Session {
		t.Error("the policies are joined for each request")
	}
	p.dir.change("", func() { p.dir.managed[s.PolicyARNs[1]] = parse(`"ride:Close"`, iampolicy.SessionPolicy) })
	expect("Read Close")
	if p.allowed(first) != "Read Book" {
		t.Error("what was returned has changed")
	}
	p.dir.change("", func() { p.dir.managed = without(p.dir.managed, s.PolicyARNs[1]) })
	expect("")
	p.dir.noPolicy = errors.New("connection refused")
	if _, err := p.find(i); !errors.Is(err, p.dir.noPolicy) {
		t.Errorf("a store that fails: %v", err)
	}
}

// TestASessionEndsWithItsAsker: the sessions of a user, and those of roles that name it, end with
// the long-term key that asked and with the user, and last no longer than the key (threats 201 and
// 207).
func TestASessionEndsWithItsAsker(t *testing.T) {
	t.Parallel()
	named := riding()
	named.Asker = asking()
	for _, s := range []sts.Session{named, selfSession(), federated()} {
		p := single(t)
		i, plain := p.issue(s), p.issue(riding())
		key := p.dir.keys[adaKey]
		set := func(edit func(c *sigv4auth.Credential)) {
			c := key
			edit(&c)
			p.dir.change(adaARN, func() { p.dir.keys[adaKey] = c })
		}
		for what, edit := range map[string]func(c *sigv4auth.Credential){
			"another user's":          func(c *sigv4auth.Credential) { c.Principal.ARN += "x" },
			"of a user made again":    func(c *sigv4auth.Credential) { c.Principal.UserID = "AIDAADA2" },
			"one with another secret": func(c *sigv4auth.Credential) { c.Secret = sigv4auth.NewSecret("a-long-term-secret-new") },
			"no long-term key at all": func(c *sigv4auth.Credential) { c.SessionToken = sigv4auth.NewSecret("a token") },
		} {
			set(edit)
			c, err := p.find(i)
			isUnknown(t, s.Kind.String()+": the key has become "+what, c, err)
		}
		// A process that was given derived keys does not know the secret.
		derived, err := sigv4auth.DeriveSigningKey(key.Secret, sigv4auth.Scope{Date: "20261130", Region: "us-east-1", Service: "ride"})
		if err != nil {
			t.Fatal(err)
		}
		set(func(c *sigv4auth.Credential) {
			c.Secret, c.SigningKeys = sigv4auth.Secret{}, []sigv4auth.SigningKey{derived}
		})
		if _, err := p.find(i); err != nil {
			t.Errorf("%v: without the secret: %v", s.Kind, err)
		}
		set(func(c *sigv4auth.Credential) { c.Expires = start.Add(time.Minute) })
		if c, err := p.find(i); err != nil || !c.Expires.Equal(start.Add(time.Minute)) {
			t.Errorf("%v: the key expires, and the session at %v: %v", s.Kind, c.Expires, err)
		}
		set(func(c *sigv4auth.Credential) { c.Expires = start.Add(48 * time.Hour) })
		if c, err := p.find(i); err != nil || !c.Expires.Equal(start.Add(time.Hour)) {
			t.Errorf("%v: the key expires later, and the session at %v: %v", s.Kind, c.Expires, err)
		}
		p.dir.change(adaARN, func() { p.dir.keys = without(p.dir.keys, adaKey) })
		c, err := p.find(i)
		isUnknown(t, s.Kind.String()+": the key is gone", c, err)
		if _, err := p.find(plain); err != nil {
			t.Errorf("a session that names no key has ended: %v", err)
		}
		p.dir.fails = sigv4auth.ErrExpiredToken
		if _, err := p.find(i); !errors.Is(err, sigv4auth.ErrExpiredToken) {
			t.Errorf("%v: a key that its store calls expired: %v", s.Kind, err)
		}
	}
}

// TestPoliciesOfUsers: the session of a user has the user's policies and tags at the time of the
// request, in the state of its credential, and a federated user those that the session policies
// allow too (threat 200).
func TestPoliciesOfUsers(t *testing.T) {
	t.Parallel()
	p := single(t)
	self, bob := p.issue(selfSession()), p.issue(federated())
	p.dir.change(adaARN, func() {
		p.dir.policies[adaARN] = []*iampolicy.Policy{parse(`["ride:Close", "ride:Read"]`, iampolicy.IdentityPolicy)}
		c := p.dir.keys[adaKey]
		c.Principal.Tags = map[string]string{"team": "night"}
		p.dir.keys[adaKey] = c
	})
	for i, want := range map[*sts.Issued]string{&self: "Read Close", &bob: "Read"} {
		c, err := p.find(*i)
		if err != nil || p.allowed(c) != want || c.Principal.Tags["team"] != "night" {
			t.Errorf("%v allows %q with %v, %v; want %q", i.Session.Kind, p.allowed(c), c.Principal.Tags, err, want)
		}
		identity := func() sigv4auth.Identity {
			return sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision}
		}
		for what, change := range map[string]func(id *sigv4auth.Identity){
			"another access key": func(id *sigv4auth.Identity) { id.AccessKeyID = "ASIAOTHER" },
			"another user ID":    func(id *sigv4auth.Identity) { id.Principal.UserID += "0" },
			"another ARN":        func(id *sigv4auth.Identity) { id.Principal.ARN += "0" },
			"another state":      func(id *sigv4auth.Identity) { id.Revision += "0" },
			"half a revision":    func(id *sigv4auth.Identity) { id.Revision = id.Revision[:30] },
		} {
			id := identity()
			change(&id)
			if set, _, err := p.Policies(t.Context(), id); !errors.Is(err, sigv4auth.ErrRevisionGone) || len(set.Identity) > 0 {
				t.Errorf("%v with %s: %v", i.Session.Kind, what, err)
			}
		}
		id := identity()
		p.dir.change(adaARN, func() {})
		if _, _, err := p.Policies(t.Context(), id); !errors.Is(err, sigv4auth.ErrRevisionGone) {
			t.Errorf("%v: in another state of the user: %v", i.Session.Kind, err)
		}
	}
}

// TestExpiredSessions: an expired token opens, so that its client is told that it has expired.
func TestExpiredSessions(t *testing.T) {
	t.Parallel()
	p := single(t)
	cached, other := p.issue(riding()), p.issue(riding())
	if _, err := p.find(cached); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(time.Hour)
	for _, i := range []sts.Issued{cached, other} {
		if c, err := p.find(i); err != nil || c.Expires.After(p.clock.Now()) {
			t.Errorf("expires at %v, %v", c.Expires, err)
		}
	}
}

// TestCacheIsBounded: it keeps as many tokens as it is told to, those of whoever calls often, and
// nothing of a token that does not open.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	keys := keyring.New(start)
	p := newProcess(t, newDirectory(), sigv4test.NewClock(start), &keys, func(cfg *sts.StoreConfig) { cfg.CacheSize = 8 })
	busy := p.issue(riding())
	var all []sts.Issued
	for range 100 {
		i := p.issue(riding())
		all = append(all, i)
		for _, i := range []sts.Issued{i, busy} {
			if c, err := p.find(i); err != nil || c.AccessKeyID != i.Credential.AccessKeyID {
				t.Fatalf("%v", err)
			}
		}
		c, err := p.Credential(t.Context(), i.Credential.AccessKeyID, "A"+i.Credential.SessionToken.Reveal())
		isUnknown(t, "a wrong token", c, err)
	}
	if n := p.CachedForTest(); n != 8 {
		t.Errorf("%d tokens are kept; want 8", n)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, i := range all {
				if c, err := p.find(i); err != nil || c.AccessKeyID != i.Credential.AccessKeyID ||
					!c.Secret.Equal(i.Credential.Secret.Reveal()) {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := p.CachedForTest(); n != 8 {
		t.Errorf("%d tokens are kept; want 8", n)
	}
}

// TestCacheTakesBoundedMemory: a session policy of 2,048 characters takes 40 times its size once
// parsed: of sessions with such, which whoever may assume a role makes at will, fewer are kept, and
// what they take stays within what the cache is for (threat 223).
//
// It does not run beside others, whose memory it would count.
func TestCacheTakesBoundedMemory(t *testing.T) {
	keys := keyring.New(start)
	p := newProcess(t, newDirectory(), sigv4test.NewClock(start), &keys, func(cfg *sts.StoreConfig) { cfg.CacheSize = 1024 })
	const most = 1024 * 4 << 10
	large := riding()
	large.Policy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",` +
		`"Condition":{"NumericEquals":{"a:b":[1` + strings.Repeat(",1", 900) + `]}}}}`
	cached := func(s sts.Session, n int) (first, last sts.Issued) {
		t.Helper()
		for i := range n {
			last = p.issue(s)
			if _, err := p.find(last); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = last
			}
		}
		return first, last
	}
	size := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := size()
	cached(large, 300)
	if n, took := p.CachedForTest(), size()-before; n < 20 || n > 200 || took > 2*most {
		t.Errorf("%d large sessions are kept, which take %d KiB", n, took>>10)
	}
	// Many small ones are kept, once they have pushed the large ones out.
	cached(riding(), 3000)
	if n := p.CachedForTest(); n < 700 || n > 1024 {
		t.Errorf("%d small sessions are kept", n)
	}
	_, last := cached(large, 1)
	if _, err := p.find(last); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(p)
}

// TestStoresThatMixUp: a store that returns another role or key than it was asked for has failed.
func TestStoresThatMixUp(t *testing.T) {
	t.Parallel()
	p := single(t)
	role, self := p.issue(riding()), p.issue(selfSession())
	p.dir.roles[riderARN] = sigv4auth.Role{ARN: riderARN + "x", ID: "AROARIDER"}
	p.dir.keys[adaKey] = p.dir.keys[adaKey2]
	for _, i := range []sts.Issued{role, self} {
		if _, err := p.find(i); err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			t.Errorf("%v: %v", i.Session.Kind, err)
		}
	}
}
