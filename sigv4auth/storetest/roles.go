package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// roleChecks are the tests of the contract of RoleStore.
func roleChecks() []test {
	roles := func(f *Fixture) bool { return f.Roles != nil && len(f.KnownRoles) > 0 }
	policies := func(f *Fixture) bool { return roles(f) && f.Policies != nil }
	return []test{
		{"a known role is returned as it is", roles, knownRoles},
		{"any other role does not exist", roles, unknownRoles},
		{"an ended context makes no role one that does not exist", roles, endedContextOfRoles},
		{"many may ask for roles at once", roles, rolesAtOnce},
		{"a deleted role does not exist, and no other", func(f *Fixture) bool { return roles(f) && f.DeleteRole != nil }, deletedRole},
		{"a role that was made again is another one", func(f *Fixture) bool { return roles(f) && f.RecreateRole != nil }, recreatedRole},
		{"a changed trust policy is in force", func(f *Fixture) bool { return roles(f) && f.ChangeTrust != nil }, changedTrust},
		{"a revision is of one role", policies, revisionOfOneRole},
		{"the sessions of a role keep its state, or it is gone", func(f *Fixture) bool {
			return policies(f) && (f.ChangeRole != nil || f.RecreateRole != nil || f.DeleteRole != nil)
		}, sessionsKeepState},
	}
}

// textOfTrust returns a text of a trust policy, which is the same for the same policies.
func textOfTrust(r *sigv4auth.Role) string {
	if r.TrustPolicy == nil {
		return "nobody"
	}
	return r.TrustPolicy.String()
}

// roleDiffers says in what a role that a store returned is not the one that it should be.
func roleDiffers(got, want *sigv4auth.Role) error {
	fault := func(what string) error {
		return fmt.Errorf("Role(%q) returns another %s than it holds", want.ARN, what)
	}
	switch {
	case got.ARN != want.ARN:
		return fault("ARN")
	case got.ID != want.ID:
		return fault("unique ID")
	case cmp.Or(got.MaxSession, time.Hour) != cmp.Or(want.MaxSession, time.Hour):
		return fault("longest session")
	case !maps.Equal(got.Tags, want.Tags):
		return fault("set of tags")
	case textOfTrust(got) != textOfTrust(want):
		return fault("trust policy")
	case got.TrustPolicy != nil && got.TrustPolicy.Type() != iampolicy.TrustPolicy:
		return fmt.Errorf("Role(%q): the trust policy is of type %v", want.ARN, got.TrustPolicy.Type())
	}
	return nil
}

func (f *Fixture) role(ctx context.Context, arn string) (sigv4auth.Role, error) {
	got, err := f.Roles.Role(ctx, arn)
	if err != nil {
		return got, fmt.Errorf("Role(%q): %w", arn, err)
	}
	return got, nil
}

func knownRoles(ctx context.Context, f *Fixture) error {
	for i := range f.KnownRoles {
		want := &f.KnownRoles[i]
		got, err := f.role(ctx, want.ARN)
		if err == nil {
			err = roleDiffers(&got, want)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// otherRoles are ARNs that a store could take for the given one.
func otherRoles(arn string) []string {
	start, rest, _ := strings.Cut(arn, ":role/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	all := []string{
		"", "role", name, arn + "0", arn[:len(arn)-1], arn + "/", strings.ToLower(arn), strings.ToUpper(arn), start + ":role/" + name,
		start + ":role/storetest/" + rest, start + ":user/" + rest, strings.Replace(arn, "arn:aws", "arn:aws-cn", 1),
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == arn })
}

// isNoRole says what is wrong with an answer to the question for a role that does not exist.
func isNoRole(arn string, got sigv4auth.Role, err error) error {
	switch {
	case err == nil:
		return fmt.Errorf("Role(%q) is known as %q, and should not be", arn, got.ARN)
	case !errors.Is(err, sigv4auth.ErrNoSuchRole):
		return fmt.Errorf("Role(%q): a role that does not exist is an error that wraps ErrNoSuchRole, any other a failure: %w", arn, err)
	case got.TrustPolicy != nil:
		return fmt.Errorf("Role(%q) returns a trust policy beside its error", arn)
	}
	return nil
}

func unknownRoles(ctx context.Context, f *Fixture) error {
	known := make(map[string]bool)
	for i := range f.KnownRoles {
		known[f.KnownRoles[i].ARN] = true
	}
	for i := range f.KnownRoles {
		for _, arn := range otherRoles(f.KnownRoles[i].ARN) {
			if known[arn] {
				continue
			}
			got, err := f.Roles.Role(ctx, arn)
			if err := isNoRole(arn, got, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func endedContextOfRoles(ctx context.Context, f *Fixture) error {
	for i := range f.KnownRoles {
		want := &f.KnownRoles[i]
		err := stopped(ctx, f, "Role", func(ctx context.Context) error {
			got, err := f.Roles.Role(ctx, want.ARN)
			switch {
			case errors.Is(err, sigv4auth.ErrNoSuchRole):
				return fmt.Errorf("Role(%q): a known role does not exist because the context has ended: %w", want.ARN, err)
			case err != nil:
				return nil
			}
			return roleDiffers(&got, want)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func rolesAtOnce(ctx context.Context, f *Fixture) error {
	return atOnce(20, func() error {
		if err := knownRoles(ctx, f); err != nil {
			return err
		}
		arn := otherRoles(f.KnownRoles[0].ARN)[0]
		got, err := f.Roles.Role(ctx, arn)
		return isNoRole(arn, got, err)
	})
}

func deletedRole(ctx context.Context, f *Fixture) error {
	deleted := f.KnownRoles[0]
	if err := f.DeleteRole(deleted); err != nil {
		return fmt.Errorf("Fixture.DeleteRole: %w", err)
	}
	err := f.goneForGood(ctx, "deleted", func() error {
		got, err := f.Roles.Role(ctx, deleted.ARN)
		return isNoRole(deleted.ARN, got, err)
	})
	if err != nil {
		return err
	}
	rest := *f
	rest.KnownRoles = slices.Clone(f.KnownRoles[1:])
	return knownRoles(ctx, &rest)
}

func recreatedRole(ctx context.Context, f *Fixture) error {
	before, err := f.role(ctx, f.KnownRoles[0].ARN)
	if err != nil {
		return err
	}
	if err := f.RecreateRole(f.KnownRoles[0]); err != nil {
		return fmt.Errorf("Fixture.RecreateRole: %w", err)
	}
	err = f.eventually(ctx, func() error {
		now, err := f.role(ctx, before.ARN)
		if err == nil && now.ID == before.ID {
			err = fmt.Errorf("Role(%q): a role that was made again has the unique ID of the one before", before.ARN)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := roleDiffers(&before, &f.KnownRoles[0]); err != nil {
		return fmt.Errorf("what was returned before has changed: %w", err)
	}
	return nil
}

func changedTrust(ctx context.Context, f *Fixture) error {
	before, err := f.role(ctx, f.KnownRoles[0].ARN)
	if err != nil {
		return err
	}
	trust := textOfTrust(&before)
	if err := f.ChangeTrust(f.KnownRoles[0]); err != nil {
		return fmt.Errorf("Fixture.ChangeTrust: %w", err)
	}
	err = f.eventually(ctx, func() error {
		now, err := f.role(ctx, before.ARN)
		if err == nil && textOfTrust(&now) == trust {
			err = fmt.Errorf("Role(%q): the trust policy is the one before", before.ARN)
		}
		return err
	})
	if err != nil {
		return err
	}
	if textOfTrust(&before) != trust {
		return fmt.Errorf("Role(%q): the trust policy that was returned before has changed", before.ARN)
	}
	rest := *f
	rest.KnownRoles = slices.Clone(f.KnownRoles[1:])
	return knownRoles(ctx, &rest)
}

// sessionOf is the identity of a request that was verified with a session of a role.
func sessionOf(r *sigv4auth.Role) sigv4auth.Identity {
	start, rest, _ := strings.Cut(r.ARN, ":role/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	return sigv4auth.Identity{
		AccessKeyID: "ASIASTORETEST", Revision: r.Revision, VerifiedAt: time.Now(),
		Principal: iampolicy.Principal{
			ARN: strings.Replace(start, ":iam:", ":sts:", 1) + ":assumed-role/" + name + "/storetest", RoleARN: r.ARN,
			UserID: r.ID + ":storetest", Tags: r.Tags,
		},
	}
}

func revisionOfOneRole(ctx context.Context, f *Fixture) error {
	for i := range f.KnownRoles {
		r, err := f.role(ctx, f.KnownRoles[i].ARN)
		if err != nil || r.Revision == "" {
			return err // the store names no states
		}
		if _, err := f.ask(ctx, sessionOf(&r)); err != nil {
			return err
		}
		for what, change := range map[string]func(id *sigv4auth.Identity){
			"a revision with another role's unique ID": func(id *sigv4auth.Identity) { id.Principal.UserID = r.ID + "0:storetest" },
			"a revision with the role's unique ID":     func(id *sigv4auth.Identity) { id.Principal.UserID = r.ID },
			"a revision with another session's name":   func(id *sigv4auth.Identity) { id.Principal.UserID += "0" },
			"a revision with another role's ARN":       func(id *sigv4auth.Identity) { id.Principal.RoleARN += "0" },
			"a revision that was never given":          func(id *sigv4auth.Identity) { id.Revision += "0" },
		} {
			id := sessionOf(&r)
			change(&id)
			if err := f.isGone(ctx, id, what); err != nil {
				return err
			}
		}
	}
	return nil
}

func sessionsKeepState(ctx context.Context, f *Fixture) error {
	for _, step := range []struct {
		what   string
		change func(sigv4auth.Role) error
	}{
		{"after new policies", f.ChangeRole}, {"after the role was made again", f.RecreateRole}, {
			"after the role was deleted",
			f.DeleteRole,
		},
	} {
		if step.change == nil {
			continue
		}
		r, err := f.role(ctx, f.KnownRoles[0].ARN)
		if err != nil || r.Revision == "" {
			return err
		}
		before, err := f.ask(ctx, sessionOf(&r))
		if err != nil {
			return err
		}
		if err := step.change(f.KnownRoles[0]); err != nil {
			return err
		}
		for end := time.Now().Add(f.Within); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			if err := f.sameOrGone(ctx, sessionOf(&r), before, step.what); err != nil {
				return err
			}
		}
	}
	return nil
}
