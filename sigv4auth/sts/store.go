package sts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

const defaultCacheSize = 16_384

// StoreConfig configures a [Store].
type StoreConfig struct {
	_ [0]func()

	// Ring seals and opens the tokens. It is required.
	Ring *keyring.Ring
	// Roles are the roles that sessions are of. nil: there are none.
	Roles sigv4auth.RoleStore
	// Credentials is asked for every key whose token is not one of the ring's, and for the keys of
	// those who asked for sessions. nil: there are none.
	Credentials sigv4auth.CredentialStore
	// Policies are those of roles and users. nil: nobody has any.
	Policies sigv4auth.PolicyStore
	// ManagedPolicies are what [Session].PolicyARNs name. nil: no session may have any.
	ManagedPolicies sigv4auth.ManagedPolicyStore
	// CacheSize is the largest number of opened tokens that are kept: up to half of it may stay
	// unused, for the number of sets is a power of two. One takes some KiB, and up to 90 with a
	// large session policy; together they take at most 4 KiB times CacheSize, or 1 MiB if that is
	// more, so that of such fewer are kept. 0: 16,384.
	CacheSize int
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Store issues sessions, and is the store of their credentials and policies, in front of the store
// of long-term keys. It is safe for concurrent use. Several, in as many processes, admit each
// other's sessions if they have one ring.
type Store struct {
	cfg    StoreConfig // not changed
	box    *keyring.Box
	cache  *cache
	memory sync.Pool // of *scratch
}

var (
	_ sigv4auth.CredentialStore = (*Store)(nil)
	_ sigv4auth.PolicyStore     = (*Store)(nil)
)

// NewStore returns a Store, or every mistake in cfg.
func NewStore(cfg StoreConfig) (*Store, error) {
	var mistakes []error
	if cfg.Ring == nil {
		mistakes = append(mistakes, errors.New("sts: StoreConfig.Ring is required"))
	}
	if cfg.CacheSize < 0 {
		mistakes = append(mistakes, fmt.Errorf("sts: StoreConfig.CacheSize must not be negative: %d", cfg.CacheSize))
	}
	if err := errors.Join(mistakes...); err != nil {
		return nil, err
	}
	if cfg.CacheSize == 0 {
		cfg.CacheSize = defaultCacheSize
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Store{cfg: cfg, box: cfg.Ring.For(purpose), cache: newCache(cfg.CacheSize)}
	s.memory.New = func() any { return new(scratch) }
	return s, nil
}

// unknown is a reason for which a session is unknown. The caller is not told which.
type unknown string

const (
	noSuchKey  unknown = "no store has the access key"
	noRole     unknown = "the session's role is gone, or another has been made under its name"
	noAsker    unknown = "the long-term key that asked for the session is gone, or has another secret or user"
	notOurs    unknown = "the session token does not open"
	keyRetired unknown = "the key that sealed the session token is no longer in the ring"
	hasEnded   unknown = "the calling session has ended since the request was verified"
)

// Error returns the reason, for the operator.
func (u unknown) Error() string { return "sts: " + string(u) }

// Unwrap makes the reason known to the Authenticator.
func (unknown) Unwrap() error { return sigv4auth.ErrUnrecognizedClient }

// Credential returns what accessKeyID names: for a temporary key, whose ID begins with ASIA, what
// its session token says, with the tags that its role or user has now; for every other, and for a
// token that is not the ring's, what the next store says. A session whose role, or whose asker
// where it needs one, is gone is an error that wraps [sigv4auth.ErrUnrecognizedClient]. An expired
// one is returned: its Expires says so.
func (s *Store) Credential(ctx context.Context, accessKeyID, sessionToken string) (c sigv4auth.Credential, err error) {
	if sessionToken != "" && strings.HasPrefix(accessKeyID, iamid.TemporaryPrefix) {
		o, err := s.open(accessKeyID, sessionToken)
		if err == nil {
			if err = s.complete(ctx, &c, o); err != nil {
				return sigv4auth.Credential{}, err
			}
			return c, nil
		}
		if s.cfg.Credentials == nil {
			return sigv4auth.Credential{}, err
		}
	}
	return s.next(ctx, accessKeyID, sessionToken)
}

// next asks the next store.
func (s *Store) next(ctx context.Context, accessKeyID, sessionToken string) (sigv4auth.Credential, error) {
	if s.cfg.Credentials == nil {
		return sigv4auth.Credential{}, noSuchKey
	}
	return s.cfg.Credentials.Credential(ctx, accessKeyID, sessionToken)
}

// Session returns what the session token of a request that was verified says. It fails with an
// error that wraps [sigv4auth.ErrUnrecognizedClient] if the token is not one of the ring's for this
// access key ID. The caller may change what is returned.
func (s *Store) Session(accessKeyID, sessionToken string) (Session, error) {
	o, err := s.open(accessKeyID, sessionToken)
	if err != nil {
		return Session{}, err
	}
	return o.session(), nil
}

// open returns the content of a token, from the cache if it is there.
func (s *Store) open(accessKeyID, sessionToken string) (*opened, error) {
	if o := s.cache.get(accessKeyID); o != nil && o.credential.SessionToken.Equal(sessionToken) {
		if !s.cfg.Ring.Opens(o.key) {
			s.cache.remove(o)
			return nil, keyRetired
		}
		return o, nil
	}
	memory := s.memory.Get().(*scratch)
	kept, key, ok := memory.openToken(s.box, accessKeyID, sessionToken)
	s.memory.Put(memory)
	if !ok {
		return nil, notOurs
	}
	o, ok := newOpened(kept, key)
	if !ok {
		return nil, notOurs
	}
	s.cache.put(o)
	return o, nil
}

// complete makes c what o and what its role or its user is now come to.
func (s *Store) complete(ctx context.Context, c *sigv4auth.Credential, o *opened) error {
	*c = o.credential
	if o.asker != nil {
		asker, err := s.asker(ctx, &o.asker.Asker)
		if err != nil {
			return err
		}
		if !o.asker.askedWith(&asker) {
			return noAsker
		}
		if !asker.Expires.IsZero() && asker.Expires.Before(c.Expires) {
			c.Expires = asker.Expires
		}
		if o.kind != RoleSession {
			c.Principal.Tags = asker.Principal.Tags
			c.Revision = o.asker.userRevision(asker.Revision)
		}
	}
	if o.kind == RoleSession {
		if err := s.addRole(ctx, c, o.roleID); err != nil {
			return err
		}
	}
	if o.limits != nil {
		limited, err := s.limited(ctx, o)
		if err != nil {
			return err
		}
		c.Session = limited
	}
	return nil
}

// addRole adds what the role of a session, which has the ID, has now.
func (s *Store) addRole(ctx context.Context, c *sigv4auth.Credential, id string) error {
	if s.cfg.Roles == nil {
		return noRole
	}
	role, err := s.cfg.Roles.Role(ctx, c.Principal.RoleARN)
	switch {
	case err != nil && errors.Is(err, sigv4auth.ErrNoSuchRole):
		return noRole
	case err != nil:
		return fmt.Errorf("sts: looking up the role of a session: %w", err)
	case role.ARN != c.Principal.RoleARN:
		return errors.New("sts: the role store returned another role than it was asked for")
	case role.ID != id: // threats 201 and 207
		return noRole
	}
	c.Principal.Tags, c.Revision = role.Tags, role.Revision
	return nil
}

// asker finds the credential of the long-term key that asked for a session.
func (s *Store) asker(ctx context.Context, of *Asker) (sigv4auth.Credential, error) {
	if s.cfg.Credentials == nil {
		return sigv4auth.Credential{}, noAsker
	}
	c, err := s.cfg.Credentials.Credential(ctx, of.AccessKeyID, "")
	switch {
	case err != nil && errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		return sigv4auth.Credential{}, noAsker
	case err != nil && errors.Is(err, sigv4auth.ErrExpiredToken):
		return sigv4auth.Credential{}, err
	case err != nil:
		return sigv4auth.Credential{}, fmt.Errorf("sts: looking up the key that asked for a session: %w", err)
	case c.AccessKeyID != of.AccessKeyID:
		return sigv4auth.Credential{}, errors.New("sts: the credential store returned another access key than it was asked for")
	case c.Principal.ARN != of.ARN || c.Principal.UserID != of.UserID || !c.SessionToken.IsZero():
		return sigv4auth.Credential{}, noAsker
	}
	return c, nil
}

// limited returns the session with the managed policies that its ARNs name.
func (s *Store) limited(ctx context.Context, o *opened) (*sigv4auth.Session, error) {
	last := o.limits.last.Load()
	same := last != nil
	var room [maxPolicyARNs]*iampolicy.Policy
	found := room[:0]
	for i, arn := range o.limits.arns {
		var p *iampolicy.Policy // nil, which denies, for one that is not there
		if s.cfg.ManagedPolicies != nil {
			var err error
			p, err = s.cfg.ManagedPolicies.SessionPolicy(ctx, arn)
			if err != nil && !errors.Is(err, sigv4auth.ErrNoSuchPolicy) {
				return nil, fmt.Errorf("sts: looking up a session policy: %w", err)
			}
			if err != nil {
				p = nil
			}
		}
		same = same && last.found[i] == p
		found = append(found, p)
	}
	if !same {
		session := *o.credential.Session
		session.Policies = slices.Concat(session.Policies, found)
		last = &managedPolicies{found: slices.Clone(found), session: &session}
		o.limits.last.Store(last)
	}
	return last.session, nil
}

// Policies returns the policies of id's principal. For the session of a user, and for a federated
// user, they are the policies of the user who asked for the session, in the state that the
// credential is of; for every other, what the next store says.
func (s *Store) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	if asker, user, ok := askerOf(&id); user {
		if !ok {
			return iampolicy.Set{}, "", errGone
		}
		id.AccessKeyID, id.Revision = asker.accessKeyID, asker.revision
		id.Principal = iampolicy.Principal{ARN: asker.arn, UserID: asker.userID, Tags: id.Principal.Tags}
	}
	if s.cfg.Policies == nil {
		return iampolicy.Set{}, "", nil
	}
	return s.cfg.Policies.Policies(ctx, id)
}

// errGone is for a revision of a session of a user that is not the identity's.
var errGone = fmt.Errorf("sts: the revision is that of another session: %w", sigv4auth.ErrRevisionGone)

// Format writes that it is a Store, whatever the verb: it holds secrets.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sts.Store") }
