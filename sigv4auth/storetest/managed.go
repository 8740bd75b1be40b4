package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// managedChecks are the tests of the contract of ManagedPolicyStore.
func managedChecks() []test {
	managed := func(f *Fixture) bool { return f.ManagedPolicies != nil && len(f.KnownPolicies) > 0 }
	return []test{
		{"a known managed policy is a session policy", managed, knownManaged},
		{"any other managed policy does not exist", managed, unknownManaged},
		{"an ended context makes no managed policy one that does not exist", managed, endedContextOfManaged},
		{"many may ask for managed policies at once", managed, managedAtOnce},
		{"a changed managed policy is in force", func(f *Fixture) bool { return managed(f) && f.ChangePolicy != nil }, changedManaged},
		{"a deleted managed policy does not exist, and no other", func(f *Fixture) bool {
			return managed(f) && f.DeletePolicy != nil
		}, deletedManaged},
	}
}

// managedPolicy returns a known managed policy as the store has it now.
func (f *Fixture) managedPolicy(ctx context.Context, arn string) (*iampolicy.Policy, error) {
	p, err := f.ManagedPolicies.SessionPolicy(ctx, arn)
	switch {
	case err != nil:
		return nil, fmt.Errorf("SessionPolicy(%q): %w", arn, err)
	case p == nil:
		return nil, fmt.Errorf("SessionPolicy(%q) returns neither a policy nor an error", arn)
	case p.Type() != iampolicy.SessionPolicy:
		return nil, fmt.Errorf("SessionPolicy(%q): the policy is of type %v", arn, p.Type())
	}
	return p, nil
}

func knownManaged(ctx context.Context, f *Fixture) error {
	for _, arn := range f.KnownPolicies {
		if _, err := f.managedPolicy(ctx, arn); err != nil {
			return err
		}
	}
	return nil
}

// otherPolicies are ARNs that a store could take for the given one.
func otherPolicies(arn string) []string {
	start, rest, _ := strings.Cut(arn, ":policy/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	all := []string{
		"", name, arn + "0", arn[:len(arn)-1], arn + "/", strings.ToLower(arn), strings.ToUpper(arn), start + ":policy/" + name,
		start + ":policy/storetest/" + rest, start + ":role/" + rest, "arn:aws:iam::999999999999:policy/" + rest,
		"arn:aws:iam::aws:policy/" + rest,
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == arn })
}

// isNoPolicy says what is wrong with an answer to the question for a managed policy that does not
// exist.
func isNoPolicy(arn string, got *iampolicy.Policy, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("SessionPolicy(%q) has no error, and should have one", arn)
	case !errors.Is(err, sigv4auth.ErrNoSuchPolicy):
		return fmt.Errorf("SessionPolicy(%q): a policy that does not exist is an error that wraps ErrNoSuchPolicy, "+
			"any other a failure: %w", arn, err)
	case got != nil:
		return fmt.Errorf("SessionPolicy(%q) returns a policy beside its error", arn)
	}
	return nil
}

func unknownManaged(ctx context.Context, f *Fixture) error {
	for _, known := range f.KnownPolicies {
		for _, arn := range otherPolicies(known) {
			if slices.Contains(f.KnownPolicies, arn) {
				continue
			}
			got, err := f.ManagedPolicies.SessionPolicy(ctx, arn)
			if err := isNoPolicy(arn, got, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func endedContextOfManaged(ctx context.Context, f *Fixture) error {
	for _, arn := range f.KnownPolicies {
		want, err := f.managedPolicy(ctx, arn)
		if err != nil {
			return err
		}
		err = stopped(ctx, f, "SessionPolicy", func(ctx context.Context) error {
			got, err := f.ManagedPolicies.SessionPolicy(ctx, arn)
			switch {
			case errors.Is(err, sigv4auth.ErrNoSuchPolicy):
				return fmt.Errorf("SessionPolicy(%q): a known policy does not exist because the context has ended: %w", arn, err)
			case err == nil && (got == nil || got.String() != want.String()):
				return fmt.Errorf("SessionPolicy(%q) is another one once the context has ended, without an error", arn)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func managedAtOnce(ctx context.Context, f *Fixture) error {
	arn := f.KnownPolicies[0]
	want, err := f.managedPolicy(ctx, arn)
	if err != nil {
		return err
	}
	return atOnce(20, func() error {
		got, err := f.managedPolicy(ctx, arn)
		if err == nil && got.String() != want.String() {
			err = fmt.Errorf("SessionPolicy(%q) is another one each time", arn)
		}
		if err != nil {
			return err
		}
		other := otherPolicies(arn)[0]
		got, err = f.ManagedPolicies.SessionPolicy(ctx, other)
		return isNoPolicy(other, got, err)
	})
}

func changedManaged(ctx context.Context, f *Fixture) error {
	arn := f.KnownPolicies[0]
	before, err := f.managedPolicy(ctx, arn)
	if err != nil {
		return err
	}
	text := before.String()
	if err := f.ChangePolicy(arn); err != nil {
		return fmt.Errorf("Fixture.ChangePolicy: %w", err)
	}
	err = f.eventually(ctx, func() error {
		now, err := f.managedPolicy(ctx, arn)
		if err == nil && now.String() == text {
			err = fmt.Errorf("SessionPolicy(%q) is the one before", arn)
		}
		return err
	})
	if err != nil {
		return err
	}
	if before.String() != text {
		return fmt.Errorf("SessionPolicy(%q): what was returned before has changed", arn)
	}
	return nil
}

func deletedManaged(ctx context.Context, f *Fixture) error {
	arn := f.KnownPolicies[0]
	if err := f.DeletePolicy(arn); err != nil {
		return fmt.Errorf("Fixture.DeletePolicy: %w", err)
	}
	err := f.goneForGood(ctx, "deleted", func() error {
		got, err := f.ManagedPolicies.SessionPolicy(ctx, arn)
		return isNoPolicy(arn, got, err)
	})
	if err != nil {
		return err
	}
	rest := *f
	rest.KnownPolicies = slices.Clone(f.KnownPolicies[1:])
	return knownManaged(ctx, &rest)
}
