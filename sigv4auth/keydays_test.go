package sigv4auth_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestOneKeyTakesNoRoomOfOthers: threat 223. The date in a scope is the caller's choice, within the
// clock window for headers, and within a week for presigned URLs. Who knows an access key ID, and
// not its secret, has keys derived for as many days; those of other access keys stay in the cache,
// and that of the same access key for another day too.
func TestOneKeyTakesNoRoomOfOthers(t *testing.T) { // not in parallel: it counts allocations
	const known, victim, day = "AKIAKNOWN", "AKIAVICTIM", 24 * time.Hour
	for name, flood := range map[string]func(a *sigv4auth.Authenticator, now *time.Time){
		"presigned URLs of every day of a week": func(a *sigv4auth.Authenticator, now *time.Time) {
			for i := range 8 {
				refuse(t, a, signing{keyID: known, secret: "wrong", at: now.Add(-time.Duration(i)*day + time.Second), presign: 7 * day})
			}
		},
		"a header a day": func(a *sigv4auth.Authenticator, now *time.Time) {
			for range 6 {
				refuse(t, a, signing{keyID: known, secret: "wrong", at: *now})
				*now = now.Add(day)
			}
		},
		"the days of two headers and of a week's URLs, by nobody": func(a *sigv4auth.Authenticator, now *time.Time) {
			for i := range 8 {
				at := now.Add(-time.Duration(i)*day + time.Second)
				refuse(t, a, signing{keyID: "AKIANOBODY", secret: "wrong", at: at, presign: 7 * day})
				refuse(t, a, signing{keyID: known, secret: "wrong", at: at, presign: 7 * day})
			}
		},
		"headers of any day, that are diagnosed": func(a *sigv4auth.Authenticator, now *time.Time) {
			for i := range 40 {
				refuse(t, a, signing{keyID: known, secret: "wrong", at: now.Add(-time.Duration(i) * day)})
			}
		},
		"by two algorithms": func(a *sigv4auth.Authenticator, now *time.Time) {
			for i := range 8 {
				refuse(t, a, signing{keyID: known, secret: "wrong", at: now.Add(-time.Duration(i)*day + time.Second), presign: 7 * day})
			}
			refuse(t, a, signing{keyID: known, secret: "wrong", at: *now, regions: "*"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := testNow
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.KeyCacheSize, c.Algorithms = 4, sigv4auth.SigV4A
				c.Observe.DiagnosesPerMinute, c.Observe.Audit = 600, func(context.Context, sigv4auth.Event) {}
				c.Now = func() time.Time { return now }
				c.Credentials = sigv4auth.StaticCredentials(
					sigv4auth.Credential{AccessKeyID: known, Secret: sigv4auth.NewSecret("its secret"), Principal: userPrincipal},
					sigv4auth.Credential{AccessKeyID: victim, Secret: sigv4auth.NewSecret("another"), Principal: userPrincipal},
				)
			})
			verify := func(id, secret string) uint64 {
				r := sign(t, rides(), signing{keyID: id, secret: secret, at: testNow, presign: 7 * day})
				return allocationsOf(func() {
					if _, err := a.Verify(r); err != nil {
						t.Fatal(err)
					}
				})
			}
			derived := verify(victim, "another")
			verify(known, "its secret")
			usual := verify(victim, "another")
			flood(a, &now)
			for id, secret := range map[string]string{victim: "another", known: "its secret"} {
				if after := verify(id, secret); after > usual+(derived-usual)/2 && !raceDetector {
					t.Errorf("%s has lost its place: %d allocations after a flood, %d before it and %d with a derivation",
						id, after, usual, derived)
				}
			}
		})
	}
}

// refuse has a request refused.
func refuse(tb testing.TB, a *sigv4auth.Authenticator, s signing) {
	tb.Helper()
	if _, err := a.Verify(sign(tb, rides(), s)); err == nil {
		tb.Fatal("admitted")
	}
}

// TestKeysOfAWeek: URLs that were presigned on every day on which one can still be valid are
// verified in turn without deriving a key anew, each with the key of its own day.
func TestKeysOfAWeek(t *testing.T) {
	const day = 24 * time.Hour
	now := time.Date(2026, 3, 1, 23, 55, 0, 0, time.UTC)
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.KeyCacheSize, c.MaxPresignExpiry, c.Now = 1, 7*day, func() time.Time { return now }
	})
	var all []signing
	for at := now.Add(-7 * day); at.Before(now); at = at.Add(day) {
		all = append(all, signing{at: at, presign: 7 * day})
	}
	all = append(all, signing{at: now}, signing{at: now.Add(5 * time.Minute)}, signing{at: now.Add(5 * time.Minute), presign: 7 * day})
	verify := func() (total uint64) {
		for _, s := range all {
			good, bad := sign(t, rides(), s), sign(t, rides(), signing{at: s.at, presign: s.presign, secret: "wrong"})
			total += allocationsOf(func() {
				if _, err := a.Verify(good); err != nil {
					t.Errorf("%+v: %v", s, err)
				}
			})
			if _, err := a.Verify(bad); err == nil {
				t.Errorf("%+v: admitted with another secret", s)
			}
		}
		return total
	}
	first := verify()
	if again := verify(); again > first/2 && !raceDetector {
		t.Errorf("%d allocations, %d where each day's key is derived", again, first)
	}
}

// TestKeysOfManyDays: threat 104. A key takes the place of one for an earlier day, and is not taken
// for it.
func TestKeysOfManyDays(t *testing.T) {
	t.Parallel()
	for _, expiry := range []time.Duration{0, time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
		now := testNow
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			c.MaxPresignExpiry, c.KeyCacheSize, c.Now = expiry, 1, func() time.Time { return now }
		})
		for i := range 40 {
			if _, err := a.Verify(sign(t, rides(), signing{at: now})); err != nil {
				t.Errorf("day %d, with presigned URLs of %v: %v", i, expiry, err)
			}
			now = now.Add(24 * time.Hour)
		}
	}
}

// TestPublicKeyIsForEveryDay: a public key is derived once, not once a day.
func TestPublicKeyIsForEveryDay(t *testing.T) { // not in parallel: it counts allocations
	now := testNow
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Algorithms, c.KeyCacheSize, c.Now = sigv4auth.SigV4A, 2, func() time.Time { return now }
	})
	var counts []uint64
	for range 4 {
		// A signing key, which shares what room there is.
		if _, err := a.Verify(sign(t, rides(), signing{at: now})); err != nil {
			t.Fatal(err)
		}
		r := sign(t, rides(), signing{at: now, regions: "*"})
		counts = append(counts, allocationsOf(func() {
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
		}))
		now = now.Add(24 * time.Hour)
	}
	if slices.Max(counts[1:]) > counts[0]-10 && !raceDetector {
		t.Errorf("%v allocations on four days", counts)
	}
}

// TestKeyOfAnotherDayTakesNoMore: threat 223. A secret's key for a day on which that of an earlier
// day is not in use any more takes its place in memory.
func TestKeyOfAnotherDayTakesNoMore(t *testing.T) { // not in parallel: it looks at the heap
	const keys = 1000
	now := testNow
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.MaxPresignExpiry, c.KeyCacheSize, c.Now, c.Credentials = 0, 4*keys, func() time.Time { return now }, anyone
	})
	heap := func() int64 {
		for i := range keys {
			id := fmt.Sprintf("AKIA%016d", i)
			if _, err := a.Verify(sign(t, rides(), signing{keyID: id, secret: "secret of " + id, at: now})); err != nil {
				t.Fatal(err)
			}
		}
		return heapInUse()
	}
	heap() // the pools
	now = now.Add(24 * time.Hour)
	two := heap()
	now = now.Add(24 * time.Hour)
	three := heap()
	runtime.KeepAlive(a)
	if grown := (three - two) / keys; grown > 100 && !raceDetector {
		t.Errorf("the key of another day takes %d bytes more", grown)
	}
}
