// Package identitytest checks implementations of [sts.IdentityStore] against their contract.
//
// A store's own test calls [TestStore] and nothing else:
//
//	func TestMyStore(t *testing.T) {
//		identitytest.TestStore(t, func(t *testing.T) sts.IdentityStore { return newMyStore(t) })
//	}
//
// Run it with -race too: part of the contract is that many goroutines call a store at once.
package identitytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestStore runs the tests of the contract, each as a subtest with a store of its own, which open
// returns empty. A store that lasts closes itself by t.Cleanup.
func TestStore(t *testing.T, open func(t *testing.T) sts.IdentityStore) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

const (
	pool, otherPool = "us-east-1:11111111-1111-4111-8111-111111111111", "us-east-1:22222222-2222-4222-8222-222222222222"
	first, second   = "us-east-1:aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", "us-east-1:bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
)

// The logins of two users at two providers. Subjects differ in case alone, and names begin alike.
var (
	ada       = sts.ProviderLogin{Provider: "login.example", Subject: "user|Ada'); DROP"}
	adaLower  = sts.ProviderLogin{Provider: "login.example", Subject: "user|ada'); DROP"}
	adaElse   = sts.ProviderLogin{Provider: "login.example/tenant", Subject: "user|Ada'); DROP"}
	bobAtElse = sts.ProviderLogin{Provider: "login.example/tenant", Subject: "bob"}
)

var checks = []struct {
	name  string
	check func(context.Context, sts.IdentityStore) error
}{
	{"an identity that was never made is unknown", unknown},
	{"a login has one identity, and keeps it", oneIdentity},
	{"what is exactly the same is the same, and nothing else", exact},
	{"pools know nothing of each other", apart},
	{"a guest's identity has no logins until they log in", guests},
	{"logins that come together are one identity", linked},
	{"logins of two identities stay apart", conflicts},
	{"an identity has one login of a provider", oneOfAProvider},
	{"many may link at once, and agree", atOnce},
	{"an ended context changes nothing", ended},
}

// link fails unless linking leads to an identity.
func link(ctx context.Context, s sts.IdentityStore, want, pool, identity string, logins ...sts.ProviderLogin) error {
	got, err := s.Link(ctx, pool, identity, logins)
	if err != nil {
		return fmt.Errorf("linking %v: %w", logins, err)
	}
	if got != want {
		return fmt.Errorf("linking %v leads to %q; want %q", logins, got, want)
	}
	return nil
}

// refuses fails unless linking is refused as impossible.
func refuses(ctx context.Context, s sts.IdentityStore, identity string, logins ...sts.ProviderLogin) error {
	got, err := s.Link(ctx, pool, identity, logins)
	if !errors.Is(err, sts.ErrLoginLinked) || got != "" {
		return fmt.Errorf("linking %v leads to %q, %v; want ErrLoginLinked", logins, got, err)
	}
	return nil
}

// has fails unless an identity has these logins.
func has(ctx context.Context, s sts.IdentityStore, pool, identity string, want ...sts.ProviderLogin) error {
	got, err := s.Logins(ctx, pool, identity)
	if err != nil {
		return fmt.Errorf("the logins of an identity: %w", err)
	}
	if len(got) != len(want) || slices.ContainsFunc(want, func(l sts.ProviderLogin) bool { return !slices.Contains(got, l) }) {
		return fmt.Errorf("the logins of an identity are %v; want %v", got, want)
	}
	for i := range got { // it is the caller's
		got[i] = sts.ProviderLogin{}
	}
	return nil
}

func isUnknown(ctx context.Context, s sts.IdentityStore, pool, identity string) error {
	switch got, err := s.Logins(ctx, pool, identity); {
	case err == nil || len(got) > 0:
		return fmt.Errorf("the logins of an identity that does not exist: %v; want ErrNoSuchIdentity", got)
	case !errors.Is(err, sts.ErrNoSuchIdentity):
		return fmt.Errorf("the logins of an identity that does not exist: %w; want ErrNoSuchIdentity", err)
	}
	return nil
}

func unknown(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(isUnknown(ctx, s, pool, first), isUnknown(ctx, s, "", ""))
}

func oneIdentity(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada), link(ctx, s, first, pool, second, ada), link(ctx, s, first, pool, first, ada),
		has(ctx, s, pool, first, ada), has(ctx, s, pool, first, ada), isUnknown(ctx, s, pool, second),
	)
}

func exact(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada), link(ctx, s, second, pool, second, adaLower),
		link(ctx, s, "us-east-1:cc", pool, "us-east-1:cc", adaElse), has(ctx, s, pool, first, ada), has(ctx, s, pool, second, adaLower),
	)
}

func apart(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada), isUnknown(ctx, s, otherPool, first), link(ctx, s, second, otherPool, second, ada),
		link(ctx, s, first, otherPool, first, adaElse), has(ctx, s, pool, first, ada), has(ctx, s, otherPool, first, adaElse),
	)
}

func guests(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first), has(ctx, s, pool, first), link(ctx, s, second, pool, second),
		link(ctx, s, first, pool, first, ada), has(ctx, s, pool, first, ada), link(ctx, s, first, pool, second, ada),
		has(ctx, s, pool, second), link(ctx, s, first, pool, first), has(ctx, s, pool, first, ada),
	)
}

func linked(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada, bobAtElse), has(ctx, s, pool, first, ada, bobAtElse),
		link(ctx, s, first, pool, second, bobAtElse), link(ctx, s, first, pool, second, bobAtElse, ada),
		link(ctx, s, second, pool, second, adaLower), link(ctx, s, second, pool, "us-east-1:cc", adaElse, adaLower),
		link(ctx, s, second, pool, "us-east-1:cc", adaElse), isUnknown(ctx, s, pool, "us-east-1:cc"),
	)
}

func conflicts(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada), link(ctx, s, second, pool, second, bobAtElse),
		refuses(ctx, s, first, ada, bobAtElse), refuses(ctx, s, "us-east-1:cc", bobAtElse, ada), isUnknown(ctx, s, pool, "us-east-1:cc"),
		refuses(ctx, s, first, adaElse), // somebody else's identity
		has(ctx, s, pool, first, ada), has(ctx, s, pool, second, bobAtElse),
		link(ctx, s, "us-east-1:cc", pool, "us-east-1:cc", adaElse),
	)
}

func oneOfAProvider(ctx context.Context, s sts.IdentityStore) error {
	return errors.Join(
		link(ctx, s, first, pool, first, ada, bobAtElse), refuses(ctx, s, first, ada, adaElse), has(ctx, s, pool, first, ada, bobAtElse),
		link(ctx, s, second, pool, second, adaElse), has(ctx, s, pool, second, adaElse),
	)
}

func atOnce(ctx context.Context, s sts.IdentityStore) error {
	const many = 16
	ids, errs := make([]string, many), make([]error, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			logins := []sts.ProviderLogin{ada, bobAtElse}
			if i%2 > 0 {
				slices.Reverse(logins)
			}
			ids[i], errs[i] = s.Link(ctx, pool, fmt.Sprintf("us-east-1:%x", i), logins)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, id := range ids {
		if id != ids[0] {
			return fmt.Errorf("one login has the identities %v", ids)
		}
	}
	made := 0
	for i := range many {
		if _, err := s.Logins(ctx, pool, fmt.Sprintf("us-east-1:%x", i)); err == nil {
			made++
		}
	}
	if made != 1 {
		return fmt.Errorf("one login has made %d identities", made)
	}
	return has(ctx, s, pool, ids[0], ada, bobAtElse)
}

func ended(ctx context.Context, s sts.IdentityStore) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, linked := s.Link(over, pool, first, []sts.ProviderLogin{ada})
	if errors.Is(linked, sts.ErrLoginLinked) || errors.Is(linked, sts.ErrTooManyIdentities) {
		return fmt.Errorf("linking when the context has ended: %w; that is a failure", linked)
	}
	if _, err := s.Logins(over, pool, first); linked == nil && errors.Is(err, sts.ErrNoSuchIdentity) {
		return fmt.Errorf("the logins when the context has ended: %w; the identity is there", err)
	}
	if linked != nil {
		return isUnknown(ctx, s, pool, first)
	}
	return has(ctx, s, pool, first, ada)
}
