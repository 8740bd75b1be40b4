package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// identity is that of a request which has been verified with c.
func identity(c *sigv4auth.Credential) sigv4auth.Identity {
	return sigv4auth.Identity{Principal: c.Principal, AccessKeyID: c.AccessKeyID, Revision: c.Revision, VerifiedAt: time.Now()}
}

// lookUp returns a known credential as the store has it now.
func (f *Fixture) lookUp(ctx context.Context, want *sigv4auth.Credential) (sigv4auth.Credential, error) {
	got, err := f.Credentials.Credential(ctx, want.AccessKeyID, want.SessionToken.Reveal())
	if err != nil {
		return got, fmt.Errorf("Credential(%q): %w", want.AccessKeyID, err)
	}
	return got, nil
}

// textOf returns a text of a set, which is the same for the same policies.
func textOf(set *iampolicy.Set) string {
	var b strings.Builder
	list := func(kind string, policies []*iampolicy.Policy) {
		for _, p := range policies {
			b.WriteString(kind + " ")
			if p == nil {
				b.WriteString("unreadable\n")
				continue
			}
			b.WriteString(p.String() + "\n")
		}
	}
	list("identity", set.Identity)
	list("boundary", set.Boundaries)
	list("session", set.Sessions)
	if set.Resource != nil {
		list("resource", []*iampolicy.Policy{set.Resource})
	}
	for _, level := range set.SCPs {
		list("SCP", level)
	}
	for _, level := range set.RCPs {
		list("RCP", level)
	}
	return b.String()
}

// ask returns the policies of an identity as a text.
func (f *Fixture) ask(ctx context.Context, id sigv4auth.Identity) (string, error) {
	set, _, err := f.Policies.Policies(ctx, id)
	if err != nil {
		return "", fmt.Errorf("asked for the policies of %q: %w", id.Principal.ARN, err)
	}
	return textOf(&set), nil
}

func knownPolicies(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		c, err := f.lookUp(ctx, &f.Known[i])
		if err != nil {
			return err
		}
		first, err := f.ask(ctx, identity(&c))
		if err != nil {
			return err
		}
		err = atOnce(20, func() error {
			again, err := f.ask(ctx, identity(&c))
			if err == nil && again != first {
				err = fmt.Errorf("the policies of %q are others each time", c.Principal.ARN)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func unknownPrincipal(ctx context.Context, f *Fixture) error {
	id := identity(&sigv4auth.Credential{AccessKeyID: "AKIANOBODY", Principal: iampolicy.Principal{
		ARN: "arn:aws:iam::999999999999:user/storetest-nobody", AccountID: "999999999999", UserID: "AIDASTORETESTNOBODY",
	}})
	set, _, err := f.Policies.Policies(ctx, id)
	if err != nil {
		return fmt.Errorf("no policies are the empty Set, and an error is a failure of the store: %w", err)
	}
	if len(set.Identity) > 0 {
		return fmt.Errorf("a principal that nobody knows has policies: %s", textOf(&set))
	}
	return nil
}

func endedContextOfPolicies(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		c, err := f.lookUp(ctx, &f.Known[i])
		if err != nil {
			return err
		}
		want, err := f.ask(ctx, identity(&c))
		if err != nil {
			return err
		}
		err = stopped(ctx, f, "Policies", func(ctx context.Context) error {
			if got, err := f.ask(ctx, identity(&c)); err == nil && got != want {
				return fmt.Errorf("the policies of %q are others once the context has ended, without an error", c.Principal.ARN)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// isGone says what is wrong with an answer to the question for a state that is none of the
// identity's.
func (f *Fixture) isGone(ctx context.Context, id sigv4auth.Identity, what string) error {
	got, err := f.ask(ctx, id)
	switch {
	case err == nil:
		return fmt.Errorf("%s is answered, and should be an error that wraps ErrRevisionGone: %s", what, got)
	case !errors.Is(err, sigv4auth.ErrRevisionGone):
		return fmt.Errorf("%s should be an error that wraps ErrRevisionGone: %w", what, err)
	}
	return nil
}

func revisionOfOne(ctx context.Context, f *Fixture) error {
	for i := range f.Known {
		c, err := f.lookUp(ctx, &f.Known[i])
		if err != nil {
			return err
		}
		if c.Revision == "" {
			continue // the store names no states
		}
		for what, change := range map[string]func(id *sigv4auth.Identity){
			"a revision with another unique ID":  func(id *sigv4auth.Identity) { id.Principal.UserID += "0" },
			"a revision with an unknown key":     func(id *sigv4auth.Identity) { id.AccessKeyID = others(id.AccessKeyID)[0] },
			"a revision without a key":           func(id *sigv4auth.Identity) { id.AccessKeyID = "" },
			"a revision with another principal":  func(id *sigv4auth.Identity) { id.Principal.ARN += "0" },
			"a revision with another role's ARN": func(id *sigv4auth.Identity) { id.Principal.RoleARN += "0" },
		} {
			id := identity(&c)
			if change(&id); strings.Contains(what, "role") && c.Principal.RoleARN == "" || f.Sealed && strings.HasSuffix(what, " key") {
				continue
			}
			if err := f.isGone(ctx, id, what); err != nil {
				return err
			}
		}
	}
	return nil
}

func neverGiven(ctx context.Context, f *Fixture) error {
	c, err := f.lookUp(ctx, &f.Known[0])
	if err != nil || c.Revision == "" {
		return err
	}
	for _, revision := range []string{"storetest has never been given this", c.Revision + "0", "0" + c.Revision, "0"} {
		id := identity(&c)
		id.Revision = revision
		if err := f.isGone(ctx, id, "the revision "+fmt.Sprintf("%q", revision)); err != nil {
			return err
		}
	}
	return nil
}

// sameOrGone fails if an identity of before gets other policies than it had.
func (f *Fixture) sameOrGone(ctx context.Context, id sigv4auth.Identity, before, after string) error {
	got, err := f.ask(ctx, id)
	switch {
	case errors.Is(err, sigv4auth.ErrRevisionGone):
		return nil
	case err != nil:
		return err
	case got != before:
		return fmt.Errorf("%s, a credential of before gets other policies than it had:\n%sbefore:\n%s", after, got, before)
	}
	return nil
}

func stateIsKept(ctx context.Context, f *Fixture) error {
	for _, step := range []struct {
		what   string
		change func(sigv4auth.Credential) error
	}{
		{"after new policies", f.ChangePolicies}, {"after its principal was made again", f.Recreate}, {"after it was revoked", f.Revoke},
	} {
		what, change := step.what, step.change
		if change == nil {
			continue
		}
		c, err := f.lookUp(ctx, &f.Known[0])
		if errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
			return nil // the step before may have done that
		}
		if err != nil || c.Revision == "" {
			return err
		}
		before, err := f.ask(ctx, identity(&c))
		if err != nil {
			return err
		}
		if err := change(f.Known[0]); err != nil {
			return err
		}
		for end := time.Now().Add(f.Within); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if err := f.sameOrGone(ctx, identity(&c), before, what); err != nil {
				return err
			}
			// Looked up again, it is served, unless it is unknown now.
			now, err := f.lookUp(ctx, &f.Known[0])
			if errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := f.ask(ctx, identity(&now)); err != nil {
				if again, second := f.lookUp(ctx, &f.Known[0]); second != nil || again.Revision == now.Revision {
					return fmt.Errorf("%s, the revision that the store has now: %w", what, err)
				}
			}
		}
	}
	return nil
}

func othersStates(ctx context.Context, f *Fixture) error {
	c, err := f.lookUp(ctx, &f.Known[0])
	if err != nil {
		return err
	}
	for range 3 {
		if err := f.ChangeOthers(); err != nil {
			return fmt.Errorf("Fixture.ChangeOthers: %w", err)
		}
		if _, err := f.ask(ctx, identity(&c)); err != nil {
			return fmt.Errorf("a change for others turned a request under way into a failure: %w", err)
		}
	}
	return nil
}

func noMixture(ctx context.Context, f *Fixture) error {
	c := f.Known[0]
	byUser := make(map[string]string)
	var done atomic.Bool
	watched := make(chan error, 1)
	go func() {
		watched <- func() error {
			for !done.Load() {
				got, err := f.lookUp(ctx, &c)
				if errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
					continue
				}
				if err != nil {
					return err
				}
				if got.Revision == "" {
					return nil
				}
				policies, err := f.ask(ctx, identity(&got))
				if errors.Is(err, sigv4auth.ErrRevisionGone) {
					continue
				}
				if err != nil {
					return err
				}
				id := got.Principal.UserID
				if before, known := byUser[id]; known && before != policies {
					return fmt.Errorf("the principal with the unique ID %q gets the policies of another:\n%sand\n%s", id, before, policies)
				}
				byUser[id] = policies
			}
			return nil
		}()
	}()
	var fault error
	for range 4 {
		if fault = f.Recreate(c); fault != nil {
			break
		}
		time.Sleep(f.Within / 2)
	}
	done.Store(true)
	return errors.Join(fault, <-watched)
}
