package directory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// unknownKey is a reason for which an access key counts as unknown. The caller is not told which.
type unknownKey string

const (
	noSuchKey   unknownKey = "no such access key"
	inactiveKey unknownKey = "the access key is inactive"
)

func (u unknownKey) Error() string { return "directory: " + string(u) }

// Unwrap makes the reason known to the Authenticator.
func (unknownKey) Unwrap() error { return sigv4auth.ErrUnrecognizedClient }

// errGone is for a credential, or policies of its principal, that have changed since the credential
// was returned.
var errGone = fmt.Errorf("directory: the credential or its policies have changed: %w", sigv4auth.ErrRevisionGone)

var errNoRole = fmt.Errorf("directory: %w", sigv4auth.ErrNoSuchRole)

// Credential returns what accessKeyID names: a user's key. Unknown and inactive keys are errors
// that wrap [sigv4auth.ErrUnrecognizedClient]. A key that this process does not know is looked for
// in the database; if that cannot be asked, the error says so, and wraps nothing of the kind.
func (d *Directory) Credential(ctx context.Context, accessKeyID, _ string) (sigv4auth.Credential, error) {
	s, err := d.serving()
	if err != nil {
		return sigv4auth.Credential{}, err
	}
	k, ok := s.keys.Get(accessKeyID)
	if !ok && d.db != nil {
		if s, err = d.db.afterMiss(ctx, s); err != nil {
			return sigv4auth.Credential{}, err
		}
		k, ok = s.keys.Get(accessKeyID)
	}
	switch {
	case !ok:
		return sigv4auth.Credential{}, noSuchKey
	case !k.active:
		return sigv4auth.Credential{}, inactiveKey
	}
	secret := k.secret
	if k.unopened != nil {
		if secret, err = d.db.openAgain(k); err != nil {
			return sigv4auth.Credential{}, fmt.Errorf("directory: the secret of an access key cannot be opened: %w", err)
		}
	}
	u, ok := s.usersID.Get(k.user)
	if !ok {
		return sigv4auth.Credential{}, errors.New("directory: an access key has no user") // unreachable
	}
	return sigv4auth.Credential{
		AccessKeyID: k.id, Secret: secret, Expires: k.expires, Revision: s.text,
		Principal: iampolicy.Principal{ARN: u.arn, AccountID: u.account, UserID: u.id, Type: iampolicy.User, Tags: u.facts},
	}, nil
}

// Role returns the role with the ARN, path included. One that does not exist is an error that wraps
// [sigv4auth.ErrNoSuchRole]. A role whose trust policy cannot be read has none, so that nobody may
// assume it.
func (d *Directory) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	s, err := d.serving()
	if err != nil {
		return sigv4auth.Role{}, err
	}
	r, ok := s.rolesARN.Get(arn)
	if !ok {
		return sigv4auth.Role{}, errNoRole
	}
	return sigv4auth.Role{
		ARN: r.arn, ID: r.id, TrustPolicy: r.trust.policy, MaxSession: r.maxSession, Tags: r.facts, Revision: s.text,
	}, nil
}

// Policies returns the policies of id's principal: those of the user and its groups, or for a
// session those of the role, and the permissions boundary. A principal that is not in the directory
// has none of its own. The service control policies of its account, which Config.SCPs has, come
// with them. The revision is the number of a state, behind a text that tells this process.
//
// If id has a Revision, it is that of a credential or of a role that this Directory returned, and
// the error wraps [sigv4auth.ErrRevisionGone] if that credential, the principal or anything in its
// policies has changed since: see [sigv4auth.PolicyStore]. Changes of others do not matter.
func (d *Directory) Policies(_ context.Context, id sigv4auth.Identity) (set iampolicy.Set, revision string, err error) {
	s, err := d.serving()
	if err != nil {
		return iampolicy.Set{}, "", err
	}
	u, r, a, err := s.policiesOf(d.process, &id)
	switch {
	case err != nil:
		return iampolicy.Set{}, "", err
	case r != nil:
		d.uses.ofRole(r, &id)
	case u != nil:
		d.uses.ofKey(s, u, &id)
	}
	if a != nil {
		set = a.set
	}
	set.SCPs = d.scpsOf(&id.Principal)
	return set, s.text, nil
}

// policiesOf returns the policies of a caller, and the user or the role that they are of; all nil:
// the caller is not in the directory. The error is errGone.
func (s *state) policiesOf(process string, id *sigv4auth.Identity) (u *user, r *role, a *assembled, err error) {
	since := s.revision
	if id.Revision != "" {
		var ok bool
		if since, ok = s.parseRevision(process, id.Revision); !ok || since > s.revision {
			return nil, nil, nil, errGone
		}
	}
	if id.Principal.EffectiveType() == iampolicy.AssumedRole {
		var ok bool
		r, ok = s.rolesARN.Get(id.Principal.PrincipalARN())
		if id.Revision != "" && (!ok || !r.isOf(id)) {
			return nil, nil, nil, errGone
		}
		if ok {
			a = s.ofRole(r)
		}
	} else {
		var ok bool
		u, ok = s.usersARN.Get(id.Principal.PrincipalARN())
		if id.Revision != "" && (!ok || !s.isOf(id, u, since)) {
			return nil, nil, nil, errGone
		}
		if ok {
			a = s.ofUser(u)
		}
	}
	if a != nil && a.changed > since {
		return nil, nil, nil, errGone
	}
	return u, r, a, nil
}

// scpsOf returns the service control policies that limit a principal. They must not be changed.
func (d *Directory) scpsOf(p *iampolicy.Principal) [][]*iampolicy.Policy {
	if len(d.cfg.SCPs) == 0 {
		return nil
	}
	return d.cfg.SCPs[p.Account()]
}

// isOf reports whether an access key is one of the user who calls, and was with a revision.
func (s *state) isOf(id *sigv4auth.Identity, u *user, since int64) bool {
	k, ok := s.keys.Get(id.AccessKeyID)
	p := &id.Principal
	return ok && k.active && k.changed <= since && k.user == u.id && u.id == p.UserID && u.arn == p.ARN
}

// isOf reports whether the caller is a session of this very role. Its access key is in no store.
func (r *role) isOf(id *sigv4auth.Identity) bool {
	p := &id.Principal
	ofID, sameID := strings.CutPrefix(p.UserID, r.id)
	ofARN, sameARN := strings.CutPrefix(p.ARN, r.sessions)
	return sameID && ofID != "" && ofID[0] == ':' && ofID[1:] == ofARN && sameARN && ofARN == p.SessionName()
}

// SessionPolicy returns the managed policy with the ARN as a session policy. One that does not
// exist is an error that wraps [sigv4auth.ErrNoSuchPolicy].
func (d *Directory) SessionPolicy(_ context.Context, arn string) (*iampolicy.Policy, error) {
	s, err := d.serving()
	if err != nil {
		return nil, err
	}
	p := s.managedPolicy(arn)
	if p == nil {
		return nil, fmt.Errorf("directory: %w", sigv4auth.ErrNoSuchPolicy)
	}
	compiled := p.document().asSession()
	if compiled == nil {
		return nil, errors.New("directory: a managed policy cannot be read: " + arn)
	}
	return compiled, nil
}
