package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// differs says in what a credential that a store returned is not the one that it should be. It
// tells no secret.
func differs(got, want *sigv4auth.Credential) error {
	fault := func(what string) error {
		return fmt.Errorf("Credential(%q) returns another %s than it holds", want.AccessKeyID, what)
	}
	switch {
	case got.AccessKeyID != want.AccessKeyID:
		return fault("access key ID")
	case !got.Secret.Equal(want.Secret.Reveal()):
		return fault("secret")
	case len(got.SigningKeys) != len(want.SigningKeys) || got.PublicKey.IsZero() != want.PublicKey.IsZero():
		return fault("set of derived keys")
	case !got.SessionToken.Equal(want.SessionToken.Reveal()):
		return fault("session token")
	case !got.Expires.Equal(want.Expires):
		return fault("expiry")
	case got.Principal.ARN != want.Principal.ARN || got.Principal.UserID != want.Principal.UserID:
		return fault("principal")
	case !maps.Equal(got.Principal.Tags, want.Principal.Tags):
		return fault("set of principal tags")
	case (got.Session == nil) != (want.Session == nil):
		return fault("session")
	case got.Session != nil && !maps.Equal(got.Session.Tags, want.Session.Tags):
		return fault("set of session tags")
	}
	return nil
}

func knownKeys(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		want := &f.Known[i]
		got, err := f.Credentials.Credential(ctx, want.AccessKeyID, want.SessionToken.Reveal())
		if err != nil {
			return fmt.Errorf("Credential(%q): %w", want.AccessKeyID, err)
		}
		if err := differs(&got, want); err != nil {
			return err
		}
		if derived := len(got.SigningKeys) > 0 || !got.PublicKey.IsZero(); got.Secret.IsZero() != derived {
			return fmt.Errorf("Credential(%q) has both a secret and derived keys, or neither", want.AccessKeyID)
		}
		if got.Principal.EffectiveType() == iampolicy.Service && got.Principal.Type == 0 && !strings.Contains(got.Principal.ARN, ".") {
			return fmt.Errorf("Credential(%q): the principal %q is no ARN, such as arn:aws:iam::111122223333:user/alice, "+
				"and taken for a service, which has no policies of its own", want.AccessKeyID, got.Principal.ARN)
		}
		if strings.Contains(got.Revision, got.Secret.Reveal()) && !got.Secret.IsZero() {
			return fmt.Errorf("Credential(%q): the revision holds the secret", want.AccessKeyID)
		}
	}
	return nil
}

// isUnknown says what is wrong with an answer to the question for a key that does not exist.
func isUnknown(id string, got sigv4auth.Credential, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("Credential(%q) is known as %q, and should not be", id, got.AccessKeyID)
	case !errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		return fmt.Errorf("Credential(%q): an unknown key is an error that wraps ErrUnrecognizedClient, any other a failure: %w", id, err)
	case !got.Secret.IsZero() || len(got.SigningKeys) > 0 || !got.PublicKey.IsZero():
		return fmt.Errorf("Credential(%q) returns keys beside its error", id)
	}
	return nil
}

// others are access key IDs that a store could take for the given one.
func others(id string) []string {
	all := []string{
		id + "0", "0" + id, id[:len(id)-1], strings.ToLower(id), strings.ToUpper(id), "AKIANOBODY", "-", "_", strings.Repeat("A", 128),
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == id || s == "" })
}

func unknownKeys(ctx context.Context, f *Fixture) error {
	known := make(map[string]bool)
	for _, c := range f.Known {
		known[c.AccessKeyID] = true
	}
	for _, c := range f.Known {
		for _, id := range others(c.AccessKeyID) {
			for _, token := range []string{"", c.SessionToken.Reveal(), "a token"} {
				if known[id] {
					continue
				}
				got, err := f.Credentials.Credential(ctx, id, token)
				if err := isUnknown(id, got, err); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func wrongTokens(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		want := &f.Known[i]
		for _, token := range []string{"a token", want.SessionToken.Reveal() + "0", ""} {
			if want.SessionToken.Equal(token) {
				continue
			}
			got, err := f.Credentials.Credential(ctx, want.AccessKeyID, token)
			if err != nil {
				// Whoever sends a wrong token must not be able to make a store look broken.
				if err := isUnknown(want.AccessKeyID, got, err); err != nil {
					return fmt.Errorf("with a wrong session token: %w", err)
				}
				continue
			}
			if got.SessionToken.Equal(token) {
				return fmt.Errorf("Credential(%q) has the token that was presented for its own, so that any would do", want.AccessKeyID)
			}
		}
	}
	return nil
}

// stopped calls ask with a context that has ended, and fails if it does not return.
func stopped(ctx context.Context, f *Fixture, what string, ask func(ctx context.Context) error) error {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	answered := make(chan error, 1)
	go func() { answered <- ask(ended) }()
	select {
	case err := <-answered:
		return err
	case <-time.After(f.Within + 5*time.Second):
		return fmt.Errorf("%s does not return, though its context has ended", what)
	}
}

func endedContext(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		want := &f.Known[i]
		err := stopped(ctx, f, "Credential", func(ctx context.Context) error {
			got, err := f.Credentials.Credential(ctx, want.AccessKeyID, want.SessionToken.Reveal())
			switch {
			case errors.Is(err, sigv4auth.ErrUnrecognizedClient):
				return fmt.Errorf("Credential(%q): a known key is unknown because the context has ended: %w", want.AccessKeyID, err)
			case err != nil:
				return nil
			}
			return differs(&got, want)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// atOnce runs ask in several goroutines and returns the first fault.
func atOnce(times int, ask func() error) error {
	const goroutines = 8
	faults := make([]error, goroutines)
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for range times {
				if faults[i] = ask(); faults[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

func manyAtOnce(ctx context.Context, f *Fixture) error {
	return atOnce(20, func() error {
		if err := knownKeys(ctx, f); err != nil {
			return err
		}
		id := others(f.Known[0].AccessKeyID)[0]
		got, err := f.Credentials.Credential(ctx, id, "")
		return isUnknown(id, got, err)
	})
}

func revocation(ctx context.Context, f *Fixture) error {
	revoked := f.Known[0]
	if err := f.Revoke(revoked); err != nil {
		return fmt.Errorf("Fixture.Revoke: %w", err)
	}
	err := f.goneForGood(ctx, "revoked", func() error {
		got, err := f.Credentials.Credential(ctx, revoked.AccessKeyID, revoked.SessionToken.Reveal())
		return isUnknown(revoked.AccessKeyID, got, err)
	})
	if err != nil {
		return err
	}
	rest := *f
	rest.Known = slices.DeleteFunc(slices.Clone(f.Known), func(c sigv4auth.Credential) bool { return c.AccessKeyID == revoked.AccessKeyID })
	return knownKeys(ctx, &rest)
}

func returnedIsKept(ctx context.Context, f *Fixture) error {
	c := f.Known[0]
	got, err := f.Credentials.Credential(ctx, c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil {
		return fmt.Errorf("Credential(%q): %w", c.AccessKeyID, err)
	}
	// What changes a map while this reads it is found by the race detector.
	done := make(chan struct{})
	read := make(chan error, 1)
	go func() {
		for {
			if err := differs(&got, &c); err != nil {
				read <- fmt.Errorf("what was returned before has changed: %w", err)
				return
			}
			select {
			case <-done:
				read <- nil
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	var fault error
	for _, change := range []func(sigv4auth.Credential) error{f.Recreate, f.Revoke} {
		if change != nil && fault == nil {
			fault = change(c)
			time.Sleep(f.Within / 4)
		}
	}
	close(done)
	return errors.Join(fault, <-read)
}
