package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/sigv4auth"
)

// failing tests that stores which fail do not pass that off as an answer: what is known does not
// become unknown, and what is asked for is not nothing.
func failing(ctx context.Context, f *Fixture) error {
	c, err := f.lookUp(ctx, &f.Known[0])
	if err != nil {
		return err
	}
	if err := f.Fail(); err != nil {
		return fmt.Errorf("Fixture.Fail: %w", err)
	}
	return f.eventually(ctx, func() error { return f.fails(ctx, &c) })
}

func (f *Fixture) fails(ctx context.Context, c *sigv4auth.Credential) error {
	_, err := f.Credentials.Credential(ctx, c.AccessKeyID, c.SessionToken.Reveal())
	if err := isFailure("Credential", err, sigv4auth.ErrUnrecognizedClient); err != nil {
		return err
	}
	if f.Policies != nil {
		_, _, err := f.Policies.Policies(ctx, identity(c))
		// That its state is gone would have the caller ask again, and no more.
		if err := isFailure("Policies", err, ""); err != nil {
			return err
		}
	}
	if f.Roles != nil && len(f.KnownRoles) > 0 {
		_, err := f.Roles.Role(ctx, f.KnownRoles[0].ARN)
		if err := isFailure("Role", err, sigv4auth.ErrNoSuchRole); err != nil {
			return err
		}
	}
	if f.ManagedPolicies != nil && len(f.KnownPolicies) > 0 {
		_, err := f.ManagedPolicies.SessionPolicy(ctx, f.KnownPolicies[0])
		return isFailure("SessionPolicy", err, sigv4auth.ErrNoSuchPolicy)
	}
	return nil
}

// isFailure says what is wrong with the error of a store that fails. none is what it would return
// for what does not exist.
func isFailure(what string, err error, none sigv4auth.Reason) error {
	switch {
	case err == nil:
		return fmt.Errorf("%s has no error, though the store fails", what)
	case none != "" && errors.Is(err, none):
		return fmt.Errorf("%s: a store that fails is an error that does not wrap %s: %w", what, none, err)
	}
	return nil
}
