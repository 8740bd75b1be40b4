package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// longClaims are valid for a year, for tests that let time pass.
func longClaims() object {
	return with(claimsOf(someIssuer), object{"exp": start.Add(365 * 24 * time.Hour).Unix()})
}

// TestKeysAreKept: the keys are fetched once for many tokens.
func TestKeysAreKept(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	i := newIssuer(someIssuer, key)
	v := verifierOf(t, i)
	for range 20 {
		admitted(t, v, key.token(claimsOf(someIssuer)))
	}
	if i.fetches.Load() != 1 {
		t.Errorf("the keys were fetched %d times", i.fetches.Load())
	}
}

// TestRotatedKeys: a token of a new key makes one fetch, and is admitted; the old one goes on while
// the issuer publishes it.
func TestRotatedKeys(t *testing.T) {
	t.Parallel()
	old, next := rs256("one", 0), rs256("two", 1)
	i, c := newIssuer(someIssuer, old), &clock{}
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now, MaxWaiting: 1})
	admitted(t, v, old.token(longClaims()))
	i.publish(old, next)
	c.advance(30 * time.Second)
	admitted(t, v, next.token(longClaims()))
	admitted(t, v, old.token(longClaims()))
	i.publish(next)
	c.advance(30 * time.Second)
	refused(t, v, (&testKey{"three", "RS256", rsaKeys()[0]}).token(longClaims()), sts.ErrInvalidIdentityToken)
	refused(t, v, old.token(longClaims()), sts.ErrInvalidIdentityToken)
	if i.fetches.Load() != 3 {
		t.Errorf("the keys were fetched %d times; want 3", i.fetches.Load())
	}
}

// TestWithdrawnKey: a key that the issuer withdraws is refused after RefreshKeys, while tokens of
// another one keep coming.
func TestWithdrawnKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stolen, next := rs256("one", 0), rs256("two", 1)
		i, c := newIssuer(someIssuer, stolen, next), &clock{}
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
		admitted(t, v, stolen.token(longClaims()))
		i.publish(next)
		c.advance(14 * time.Minute)
		admitted(t, v, stolen.token(longClaims()))
		c.advance(time.Minute)
		admitted(t, v, next.token(longClaims()))
		synctest.Wait()
		refused(t, v, stolen.token(longClaims()), sts.ErrInvalidIdentityToken)
		admitted(t, v, next.token(longClaims()))
	})
}

// TestKeyFlood: tokens that name keys which nobody has make one fetch in 30 seconds, whatever they
// name and however many they are.
func TestKeyFlood(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	i, c := newIssuer(someIssuer, key), &clock{}
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
	admitted(t, v, key.token(longClaims()))
	claims := "." + encode(longClaims())
	flood := func() {
		var wg sync.WaitGroup
		for n := range 200 {
			for _, id := range []string{fmt.Sprint(n), fmt.Sprintf("../../%d", n), fmt.Sprintf("https://x/%d", n), "one\x00"} {
				token := encode(object{"alg": "RS256", "kid": id}) + claims + "." + b64(make([]byte, 256))
				wg.Go(func() { _, _ = v.VerifyToken(context.Background(), token) })
			}
		}
		wg.Wait()
	}
	for minute := range 3 {
		c.advance(time.Minute)
		flood()
		admitted(t, v, key.token(longClaims()))
		if got := i.fetches.Load(); got != int64(minute+2) {
			t.Fatalf("after %d floods the keys were fetched %d times", minute+1, got)
		}
	}
	if i.asked.Load() != 2*i.fetches.Load() {
		t.Errorf("%d requests were made for %d fetches", i.asked.Load(), i.fetches.Load())
	}
}

// TestIssuerDown: while the issuer is down its known keys verify tokens, until they end; unknown
// keys get the code for which clients try again; and the issuer is asked at growing intervals.
func TestIssuerDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key, other := rs256("one", 0), rs256("two", 1)
		i, c := newIssuer(someIssuer, key), &clock{}
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
		i.down()
		refused(t, v, key.token(longClaims()), sts.ErrIDPCommunication)
		refused(t, v, key.token(longClaims()), sts.ErrIDPCommunication)
		if i.asked.Load() != 1 {
			t.Fatalf("the issuer was asked %d times at once", i.asked.Load())
		}
		i.answer(nil)
		c.advance(time.Second)
		admitted(t, v, key.token(longClaims()))
		i.down()
		i.asked.Store(0)
		c.advance(time.Minute)
		refused(t, v, other.token(longClaims()), sts.ErrIDPCommunication)
		token := key.token(longClaims())
		for range 3600 { // an hour
			c.advance(time.Second)
			admitted(t, v, token)
			synctest.Wait()
		}
		// 1, 2, 4 … 256 seconds, and from then on every 5 minutes.
		if asked := i.asked.Load(); asked < 15 || asked > 25 {
			t.Errorf("the issuer was asked %d times in an hour", asked)
		}
		c.advance(23 * time.Hour)
		refused(t, v, key.token(longClaims()), sts.ErrIDPCommunication)
		i.answer(nil)
		c.advance(5 * time.Minute)
		admitted(t, v, key.token(longClaims()))
	})
}

// TestOneFetchAtATime: calls that need the same keys wait for one fetch, at most MaxWaiting of
// them, each as long as its own context; one that hangs up does not take the keys from the others
// (threats 107 and 108).
func TestOneFetchAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := rs256("one", 0)
		i := newIssuer(someIssuer, key)
		i.answer(func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			i.answer(nil)
			return i.RoundTrip(r)
		})
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, MaxWaiting: 10})
		ctx, hangUp := context.WithCancel(context.Background())
		var good, busy, gone atomic.Int64
		var wg sync.WaitGroup
		token := key.token(claimsOf(someIssuer))
		verify := func(ctx context.Context) {
			switch _, err := v.VerifyToken(ctx, token); {
			case err == nil:
				good.Add(1)
			case errors.Is(err, context.Canceled) && errors.Is(err, sts.ErrIDPCommunication):
				gone.Add(1)
			case errors.Is(err, sts.ErrIDPCommunication):
				busy.Add(1)
			default:
				t.Error(err)
			}
		}
		wg.Go(func() { verify(ctx) }) // the first one
		synctest.Wait()
		for range 20 {
			wg.Go(func() { verify(context.Background()) })
		}
		synctest.Wait()
		hangUp()
		wg.Wait()
		if good.Load() != 9 || gone.Load() != 1 || busy.Load() != 11 || i.fetches.Load() != 1 {
			t.Errorf("%d were admitted, %d hung up, %d were too many, in %d fetches; want 9, 1, 11 and 1",
				good.Load(), gone.Load(), busy.Load(), i.fetches.Load())
		}
	})
}

// TestHangingIssuerLeavesRoom: of the 16 calls that an Endpoint works on at one time at most half
// wait for an issuer that hangs: whoever makes up key IDs keeps nobody out whose key is known
// (threats 107 and 223).
func TestHangingIssuerLeavesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		known, madeUp := rs256("one", 0), rs256("two", 1)
		i := newIssuer(someIssuer, known)
		c := new(clock)
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
		good := known.token(claimsOf(someIssuer))
		if _, err := v.VerifyToken(context.Background(), good); err != nil {
			t.Fatal(err)
		}
		i.answer(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		c.advance(time.Minute)
		token := madeUp.token(claimsOf(someIssuer))
		var ended atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := v.VerifyToken(context.Background(), token); !errors.Is(err, sts.ErrIDPCommunication) {
					t.Error(err)
				}
				ended.Add(1)
			})
		}
		synctest.Wait()
		if n := ended.Load(); n != 8 {
			t.Errorf("%d of 16 calls wait for the issuer; want 8", 16-n)
		}
		if _, err := v.VerifyToken(context.Background(), good); err != nil {
			t.Errorf("a token whose key is known: %v", err)
		}
		wg.Wait()
	})
}

// TestClockSetBack: a clock that was set back does not keep the keys from being fetched.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	i, c := newIssuer(someIssuer, key), &clock{}
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Now: c.Now})
	token := key.token(with(longClaims(), object{"iat": start.Add(-2 * time.Hour).Unix()}))
	i.down()
	refused(t, v, token, sts.ErrIDPCommunication)
	i.answer(nil)
	c.advance(-time.Hour)
	admitted(t, v, token)
}

// TestClose: Close ends the fetch that runs, and waits for it; after it nothing is fetched.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := rs256("one", 0)
		i, c := newIssuer(someIssuer, key), &clock{}
		ended := false
		i.answer(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			time.Sleep(time.Second)
			ended = true
			return nil, r.Context().Err()
		})
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, FetchTimeout: time.Minute, Now: c.Now})
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := v.VerifyToken(context.Background(), key.token(claimsOf(someIssuer))); !errors.Is(err, sts.ErrIDPCommunication) {
				t.Error(err)
			}
		})
		synctest.Wait()
		began := time.Now()
		if err := v.Close(); err != nil || !ended || time.Since(began) > 2*time.Second {
			t.Errorf("Close returned %v after %v, and the fetch had ended: %v", err, time.Since(began), ended)
		}
		wg.Wait()
		i.answer(nil)
		c.advance(time.Minute)
		refused(t, v, key.token(claimsOf(someIssuer)), sts.ErrIDPCommunication)
		if i.asked.Load() != 1 {
			t.Error("a closed Verifier fetched keys")
		}
	})
}

// TestKeysOfOnesOwn: with Provider.Keys nothing is ever fetched.
func TestKeysOfOnesOwn(t *testing.T) {
	t.Parallel()
	key, other := rs256("one", 0), rs256("two", 1)
	i, c := newIssuer(someIssuer), &clock{}
	p := i.provider()
	p.Keys = jsonOf(object{"keys": []any{key.jwk()}})
	v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{p}, Now: c.Now})
	admitted(t, v, key.token(longClaims()))
	c.advance(30 * 24 * time.Hour)
	admitted(t, v, key.token(longClaims()))
	refused(t, v, other.token(longClaims()), sts.ErrInvalidIdentityToken)
	if i.asked.Load() != 0 {
		t.Error("something was fetched")
	}
}
