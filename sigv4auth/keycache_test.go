package sigv4auth_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestKeyCacheIsBounded: threat 223. A cache for one key keeps one, so that two in turn are derived
// each time, and for two keeps both. Callers without a key fill no cache: they share one entry.
func TestKeyCacheIsBounded(t *testing.T) {
	const one, two, unknown = "AKIAONE", "AKIATWO", "AKIAUNKNOWNEXAMPLE00"
	secrets := map[string]string{one: "first", two: "second"}
	allocations := func(size int, ids ...string) float64 {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.KeyCacheSize = size
			c.Credentials = sigv4auth.StaticCredentials(
				sigv4auth.Credential{AccessKeyID: one, Secret: sigv4auth.NewSecret(secrets[one]), Principal: userPrincipal},
				sigv4auth.Credential{AccessKeyID: two, Secret: sigv4auth.NewSecret(secrets[two]), Principal: userPrincipal},
			)
		})
		verify := func() {
			for _, id := range ids {
				r := sign(t, request("GET", "/prod/rides", ""), signing{keyID: id, secret: secrets[id]})
				if _, err := a.Verify(r); (err == nil) != (secrets[id] != "") {
					t.Fatal(err)
				}
			}
		}
		verify()
		return testing.AllocsPerRun(50, verify)
	}
	fits, evicts := allocations(2, one, two), allocations(1, one, two)
	if evicts <= fits && !raceDetector {
		t.Errorf("two keys in turn allocate %v times with a cache for one and %v with a cache for two: the cache is not bounded", evicts,
			fits)
	}
	// Behind each stranger the known key would be evicted, and derived again.
	if same, others := allocations(2, one, unknown, unknown, unknown), allocations(2, one, unknown+"1", unknown+"2",
		unknown+"3"); others > same && !raceDetector {
		t.Errorf("strangers fill the cache: %v allocations for one of them three times, %v for three of them", same, others)
	}
}

// anyone is a store that knows every access key ID, and holds nothing of them.
var anyone = sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
	return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret("secret of " + id), Principal: userPrincipal}, nil
})

// heapInUse returns the bytes of the heap that are in use.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // takes what the pools held, too
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestKeyCacheBytes: a key that is kept takes less than 1 KiB, as Config.KeyCacheSize has it, and
// one that has made room for another takes nothing.
func TestKeyCacheBytes(t *testing.T) {
	for name, tt := range map[string]struct {
		regions string
		keys    int
	}{
		"AWS4-HMAC-SHA256": {"", 4000},
		"SigV4A":           {"*", 1000},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Credentials, c.KeyCacheSize, c.Algorithms = anyone, tt.keys, sigv4auth.SigV4A
			})
			// heap returns the bytes that are in use after requests with these keys.
			heap := func(first, end int) int64 {
				for i := first; i < end; i++ {
					id := fmt.Sprintf("AKIA%016d", i)
					r := sign(t, rides(), signing{keyID: id, secret: "secret of " + id, regions: tt.regions})
					if _, err := a.Verify(r); err != nil {
						t.Fatal(err)
					}
				}
				return heapInUse()
			}
			empty := heap(0, 1)
			full := heap(1, tt.keys)
			turned := heap(tt.keys, 2*tt.keys)
			runtime.KeepAlive(a)
			each, grown := (full-empty)/int64(tt.keys), (turned-full)/int64(tt.keys)
			t.Logf("%d bytes a key; %d more for each that replaced one", each, grown)
			if each <= 0 || each >= 1024 {
				t.Errorf("a key that is kept takes %d bytes; want less than 1 KiB", each)
			}
			if grown > each/2 {
				t.Errorf("a key in the place of another takes %d bytes more", grown)
			}
		})
	}
}

// TestKeysInOneSlot: of two keys that have to share what room there is, each is checked with its
// own: who has one of them cannot sign as the other (threats 104 and 105).
func TestKeysInOneSlot(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{"AKIAONE": "first", "AKIATWO": "second"}
	var all []sigv4auth.Credential
	for id, secret := range secrets {
		all = append(all, sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(secret), Principal: userPrincipal})
	}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.KeyCacheSize, c.Credentials = 1, sigv4auth.StaticCredentials(all...)
	})
	for range 3 {
		for id := range secrets {
			for other, secret := range secrets {
				if _, err := a.Verify(sign(t, rides(), signing{keyID: id, secret: secret})); (err == nil) != (id == other) {
					t.Errorf("%s, signed with the secret of %s: %v", id, other, err)
				}
			}
		}
	}
}

// TestKeysOfTwoDays: around midnight the keys of two days share what room there is, and each
// request is checked with that of its own date.
func TestKeysOfTwoDays(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.KeyCacheSize, c.Now = 1, func() time.Time { return midnight }
	})
	for range 3 {
		for _, at := range []time.Duration{-time.Minute, time.Minute} {
			if _, err := a.Verify(sign(t, rides(), signing{at: midnight.Add(at)})); err != nil {
				t.Errorf("%v from midnight: %v", at, err)
			}
		}
	}
}

// TestBusyKeyStays: keys that come once do not drive out one that is in use all the time.
func TestBusyKeyStays(t *testing.T) {
	const size, others = 512, 2000
	store := sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
		return sigv4auth.Credential{AccessKeyID: id, Secret: sigv4auth.NewSecret(id), Principal: userPrincipal}, nil
	})
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.KeyCacheSize, c.Credentials = size, store })
	verify := func(id string) {
		if _, err := a.Verify(sign(t, request("GET", "/prod/rides", ""), signing{keyID: id, secret: id})); err != nil {
			t.Fatal(err)
		}
	}
	once, again := allocationsOf(func() { verify("AKIANEW") }), allocationsOf(func() { verify("AKIANEW") })
	derivation := once - again
	verify("AKIABUSY")
	usual, derived := allocationsOf(func() { verify("AKIABUSY") }), 0
	for i := range others {
		verify(fmt.Sprintf("AKIAOTHER%d", i))
		if allocationsOf(func() { verify("AKIABUSY") }) > usual+derivation/2 {
			derived++
		}
	}
	if derived > 0 && !raceDetector {
		t.Errorf("the busy key was derived %d times while %d others came", derived, others)
	}
}

func allocationsOf(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
