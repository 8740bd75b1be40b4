package sts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// Grant is a session that is to be issued.
type Grant struct {
	_ [0]func()

	// Session is what the token is to say.
	Session Session
	// Duration is how long it lasts: from 15 minutes to what its role says, at most 12 hours, or 36
	// hours for the sessions of users, and one hour for those of a root user. It is cut to whole
	// seconds. Required.
	Duration time.Duration
	// MinTokenSize is the least size of the token in bytes, at most [MaxTokenSize]:
	// MinimumSessionTokenSize in the STS API. Zero: as small as it is.
	MinTokenSize int
}

// Issued is what Issue has made. It is the caller's own.
type Issued struct {
	// Credential is what the session's first request will be admitted as, secret and token
	// included.
	Credential sigv4auth.Credential
	// Session is what the token says.
	Session Session
	// TokenSize is the size of the token in bytes, SessionTokenSize in the STS API.
	TokenSize int
	// TokenUtilization is the size in percent of MaxTokenSize, rounded up: SessionTokenUtilization.
	TokenUtilization int
	// PackedPolicySize is how many percent of the largest token session policies, policy ARNs and
	// tags take, rounded up. Zero: there are none.
	PackedPolicySize int
}

// Issue makes temporary credentials for a session. They work at once, in every process that has the
// ring: nothing is stored. Issue asks nobody whether the session may be had, which is the caller's
// to decide, but makes none that would be refused: its role has to exist, with the ID that
// Session.RoleID names if it is given, or else the error wraps [sigv4auth.ErrNoSuchRole]; and so
// has its asker, or else it wraps [sigv4auth.ErrUnrecognizedClient]. A session that does not fit
// into a token is a [*TokenTooLargeError]. Every other mistake in g is reported together.
func (s *Store) Issue(ctx context.Context, g Grant) (Issued, error) {
	session := g.Session
	if err := errors.Join(session.check(), s.checkGrant(&g)); err != nil {
		return Issued{}, err
	}
	most, err := s.lookUp(ctx, &session)
	if err != nil {
		return Issued{}, err
	}
	g.Duration = g.Duration.Truncate(time.Second)
	if longest := session.longest(most); g.Duration < minDuration || g.Duration > longest {
		return Issued{}, fmt.Errorf("sts: Grant.Duration: this %v lasts from %v to %v, not %v",
			session.Kind, minDuration, longest, g.Duration)
	}
	// The token keeps what the API's answers have: whole seconds.
	session.IssuedAt = s.cfg.Now().UTC().Truncate(time.Second)
	session.Expires = session.IssuedAt.Add(g.Duration)
	session.Policy = compact(session.Policy)

	accessKeyID := iamid.NewAccessKeyID(iamid.TemporaryPrefix)
	var of proof
	if session.Asker != (Asker{}) {
		asker, err := s.asker(ctx, &session.Asker)
		if err != nil {
			return Issued{}, err
		}
		of = proofOf(&asker)
	}
	plain, packed := encode(&session, iamid.NewSecret(), of)
	token, err := sealToken(s.box, accessKeyID, plain, g.MinTokenSize)
	if err != nil {
		return Issued{}, err
	}
	// What is returned is what requests will find in the token.
	memory := s.memory.Get().(*scratch)
	kept, key, opens := memory.openToken(s.box, accessKeyID, token)
	s.memory.Put(memory)
	o, whole := newOpened(kept, key)
	if !opens || !whole {
		return Issued{}, errors.New("sts: the session token that was made does not open") // its key has just been retired
	}
	var c sigv4auth.Credential
	if err := s.complete(ctx, &c, o); err != nil {
		return Issued{}, err
	}
	c.Principal.Tags = maps.Clone(c.Principal.Tags)
	return Issued{
		Credential: c, Session: o.session(), TokenSize: len(token), TokenUtilization: percent(len(token), MaxTokenSize),
		PackedPolicySize: percent(packed, maxPlain),
	}, nil
}

// checkGrant returns the mistakes in what is no part of the session.
func (s *Store) checkGrant(g *Grant) error {
	var mistakes []error
	if g.MinTokenSize < 0 || g.MinTokenSize > MaxTokenSize {
		mistakes = append(mistakes, fmt.Errorf("sts: Grant.MinTokenSize: %d is not from 0 to %d", g.MinTokenSize, MaxTokenSize))
	}
	if len(g.Session.PolicyARNs) > 0 && s.cfg.ManagedPolicies == nil {
		mistakes = append(mistakes, errors.New("sts: Session.PolicyARNs: there is no StoreConfig.ManagedPolicies to find them in"))
	}
	return errors.Join(mistakes...)
}

// lookUp finds the role and the policies of a session that is to be issued, and the longest time
// that the role admits.
func (s *Store) lookUp(ctx context.Context, session *Session) (most time.Duration, err error) {
	for _, arn := range session.PolicyARNs {
		p, err := s.cfg.ManagedPolicies.SessionPolicy(ctx, arn)
		if err == nil && p == nil {
			err = sigv4auth.ErrNoSuchPolicy
		}
		if err != nil {
			return 0, fmt.Errorf("sts: Session.PolicyARNs: %q: %w", arn, err)
		}
	}
	if session.Kind != RoleSession {
		return 0, nil
	}
	if s.cfg.Roles == nil {
		return 0, fmt.Errorf("sts: there are no roles: %w", sigv4auth.ErrNoSuchRole)
	}
	role, err := s.cfg.Roles.Role(ctx, session.RoleARN)
	switch {
	case err != nil:
		return 0, fmt.Errorf("sts: looking up the role %q: %w", session.RoleARN, err)
	case role.ARN != session.RoleARN || !iamid.ValidUniqueID(role.ID):
		return 0, fmt.Errorf("sts: the role store returned for %q another role, or one without a unique ID", session.RoleARN)
	case session.RoleID != "" && session.RoleID != role.ID:
		return 0, fmt.Errorf("sts: the role %q has been made again: %w", session.RoleARN, sigv4auth.ErrNoSuchRole)
	}
	session.RoleID = role.ID
	return role.MaxSession, nil
}

// compact takes the white space out of a document, which is valid.
func compact(document string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(document)) != nil {
		return document
	}
	return b.String()
}

// percent returns the share of n in all, rounded up.
func percent(n, all int) int { return (100*n + all - 1) / all }
