package sigv4auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// CredentialStore finds what an access key ID names.
//
// Credential is called once a request is well formed, timely and correctly scoped, and before its
// signature is known to be right: accessKeyID is 1 to 128 characters of [A-Za-z0-9_-], but anyone
// may have sent it. sessionToken is what the request presented, "" if none; a store that seals its
// tokens opens it, the others leave the comparison to the Authenticator. For a key that does not
// exist or is not active, Credential returns an error that wraps [ErrUnrecognizedClient]. Any other
// error means that the store failed: the request is answered with 503, and never admitted. The
// returned AccessKeyID must be the one asked for.
//
// The Authenticator caches no credentials: once the store stops returning a key, the next request
// with it is refused. One request can ask more than once: again before the handler runs, if its
// body took more than a second to arrive; once a second while a body in chunks is read; and once if
// the PolicyStore returned [ErrRevisionGone]. The last answer counts: if the signature is no longer
// right, or the principal has another unique ID, the request is refused.
//
// Credential is called from many goroutines at once. It must return when ctx, the request's
// context, ends. Neither the Authenticator nor, later, the store may change what it returned.
// Package storetest checks a store against this contract.
type CredentialStore interface {
	Credential(ctx context.Context, accessKeyID, sessionToken string) (Credential, error)
}

// Credential is an access key and what it stands for. Its signatures are checked with its Secret
// or, if it has none, with keys that were derived from one: SigningKeys for AWS4-HMAC-SHA256, and
// PublicKey for SigV4A. A credential with none of the three is treated as unknown. A credential
// MUST NOT have both a secret and derived keys, which could contradict each other.
type Credential struct {
	// AccessKeyID is 1 to 128 characters of [A-Za-z0-9_-].
	AccessKeyID string
	// Secret is the secret access key.
	Secret Secret
	// SigningKeys are derived keys, at most one for each date, region and service, so that the
	// verifier need not hold the secret. Around midnight requests carry yesterday's date, or
	// tomorrow's if the client's clock is ahead; a presigned URL carries the date on which it was
	// made. A request for a date without a key is refused: with [ErrServiceUnavailable] if the date
	// is today in UTC or later, since the store is then late with a key, and with
	// [ErrUnrecognizedClient] if it is past.
	SigningKeys []SigningKey
	// PublicKey checks SigV4A signatures, where [SigV4A] is switched on. It is derived from the
	// secret, or is of a key pair that the client made. A request signed by an algorithm for which
	// the credential holds nothing is refused with ErrUnrecognizedClient.
	PublicKey PublicKey
	// SessionToken, if set, has to be presented by the request, under its signature. If it is not
	// set, the credential is a long-term key, and a request that presents a token is refused.
	SessionToken Secret
	// Expires is the instant from which the credential is refused. Zero: never.
	Expires time.Time
	// Principal is who calls with this credential.
	Principal iampolicy.Principal
	// Session is what is known of the session for which temporary credentials were issued; nil for
	// long-term keys.
	Session *Session
	// Revision names the state of the store that the credential was read from. A PolicyStore finds
	// it in [Identity.Revision] and decides from the same state: see [PolicyStore]. It is opaque to
	// everyone else, and MUST NOT hold a secret. Empty: the store names no states, and the
	// PolicyStore decides from its current one.
	Revision string
}

// StaticCredentials returns a store of fixed credentials. Two keys of one principal are two
// credentials, so that keys can be rotated. An access key ID that is empty, malformed or given
// twice, a credential without exactly one kind of keys, and a principal that is a bare name are
// reported by [New].
func StaticCredentials(creds ...Credential) CredentialStore {
	s := &staticStore{byID: make(map[string]*Credential, len(creds))}
	for i, c := range creds {
		switch _, twice := s.byID[c.AccessKeyID]; {
		case !validAccessKeyID(c.AccessKeyID):
			s.mistakes = append(s.mistakes,
				fmt.Errorf("StaticCredentials[%d]: the access key ID must be 1 to %d characters of [A-Za-z0-9_-]", i, maxAccessKeyID))
		case twice:
			s.mistakes = append(s.mistakes, fmt.Errorf("StaticCredentials[%d]: the access key ID %q is given twice", i, c.AccessKeyID))
		default:
			if err := errors.Join(c.checkKeys(), checkPrincipal(&c.Principal)); err != nil {
				s.mistakes = append(s.mistakes, fmt.Errorf("StaticCredentials[%d]: %q: %w", i, c.AccessKeyID, err))
			}
		}
		kept := cloneCredential(c)
		s.byID[c.AccessKeyID] = &kept
	}
	return s
}

// staticStore is never changed once made.
type staticStore struct {
	byID     map[string]*Credential
	mistakes []error
}

func (s *staticStore) Credential(_ context.Context, accessKeyID, _ string) (Credential, error) {
	c, ok := s.byID[accessKeyID]
	if !ok {
		return Credential{}, ErrUnrecognizedClient
	}
	return *c, nil
}

// check returns every mistake in what StaticCredentials was given.
func (s *staticStore) check() error { return errors.Join(s.mistakes...) }

// FromAWS returns a store of the one credential that p provides, for instance one of package
// credentials in aws-sdk-go-v2, as the principal pr. What p returns is kept until it expires
// ([aws.CredentialsCache]), so that a provider that rotates its keys should let them expire. While
// p fails, every request is answered with 503.
func FromAWS(p aws.CredentialsProvider, pr iampolicy.Principal) CredentialStore {
	if p == nil {
		return awsStore{}
	}
	ownTags(&pr)
	return awsStore{cache: aws.NewCredentialsCache(p), principal: pr}
}

type awsStore struct {
	cache     *aws.CredentialsCache
	principal iampolicy.Principal
}

func (s awsStore) check() error {
	if s.cache == nil {
		return errors.New("FromAWS: the provider is nil")
	}
	if err := checkPrincipal(&s.principal); err != nil {
		return fmt.Errorf("FromAWS: %w", err)
	}
	return nil
}

const aUser = "a user is arn:aws:iam::111122223333:user/alice"

// checkPrincipal refuses an ARN of nobody who can call, and a name that stands where an ARN is
// meant: it would be taken for a service, to whom no identity policy applies.
func checkPrincipal(p *iampolicy.Principal) error {
	switch {
	case p.ARN == "": // who verifies only
		return nil
	case p.EffectiveType() == 0:
		return fmt.Errorf("the principal %q is nobody who can call, or contradicts itself; %s", p.ARN, aUser)
	case p.Type != 0 || p.EffectiveType() != iampolicy.Service:
		return nil
	case strings.HasSuffix(p.ARN, ".amazonaws.com"), strings.HasSuffix(p.ARN, ".amazonaws.com.cn"):
		return nil
	}
	return fmt.Errorf("the principal %q is no ARN; %s, and a service has the Type iampolicy.Service", p.ARN, aUser)
}

func (s awsStore) Credential(ctx context.Context, accessKeyID, _ string) (Credential, error) {
	v, err := s.cache.Retrieve(ctx)
	if err != nil {
		return Credential{}, fmt.Errorf("sigv4auth: retrieving AWS credentials: %w", err)
	}
	if v.AccessKeyID != accessKeyID {
		return Credential{}, ErrUnrecognizedClient
	}
	c := Credential{
		AccessKeyID:  v.AccessKeyID,
		Secret:       NewSecret(v.SecretAccessKey),
		SessionToken: NewSecret(v.SessionToken),
		Principal:    s.principal,
	}
	if v.CanExpire {
		c.Expires = v.Expires
	}
	return c, nil
}

// validAccessKeyID bounds what reaches stores, logs and metrics (threats 13 and 14).
func validAccessKeyID(s string) bool {
	if s == "" || len(s) > maxAccessKeyID {
		return false
	}
	if v4.IsAlphanumeric(s) { // as those that AWS issues are
		return true
	}
	for i := range len(s) {
		if !accessKeyByte[s[i]] {
			return false
		}
	}
	return true
}

var accessKeyByte = func() (t [256]bool) {
	for c := range t {
		t[c] = 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	return t
}()

// checkKeys refuses a credential from which it does not follow what checks its signatures.
func (c *Credential) checkKeys() error {
	derived := len(c.SigningKeys) > 0 || !c.PublicKey.IsZero()
	switch {
	case c.Secret.IsZero() && !derived:
		return errors.New("the secret is empty, and there are no derived keys")
	case !c.Secret.IsZero() && derived:
		return errors.New("there are both a secret and derived keys")
	}
	return checkSigningKeys(c.SigningKeys)
}

// lacksKey says why nothing in c, which a store returned, checks the signature of p, nil if
// something does. Only a store failure becomes a 503; an unknown key never does, since anyone can
// name an access key.
func (c *Credential) lacksKey(p *authParams, now time.Time) *Error {
	derived := len(c.SigningKeys) > 0 || !c.PublicKey.IsZero()
	unknown := func(detail string) *Error {
		return &Error{Reason: ErrUnrecognizedClient, Message: messageUnrecognized, Detail: detail}
	}
	switch {
	case !c.Secret.IsZero() && derived:
		return unavailable("the credential store returned both a secret and derived keys", nil)
	case !c.Secret.IsZero():
		return nil
	case !derived: // threat 15
		return unknown("the credential store returned an empty secret")
	case p.algorithm == ecdsaP256:
		if c.PublicKey.IsZero() {
			return unknown("the credential has no public key, and the request is signed with SigV4A")
		}
		return nil
	case len(c.SigningKeys) == 0:
		return unknown("the credential has a public key only, and the request is not signed with SigV4A")
	case signingKeyFor(c.SigningKeys, p.scope) != nil:
		return nil
	case p.scope.Date < now.UTC().Format("20060102"):
		return unknown("the credential has no signing key for " + p.scope.Date)
	}
	return unavailable("the credential store returned no signing key for "+p.scope.Date+", "+p.scope.Region+" and "+p.scope.Service, nil)
}

// lookUp finds the credential that p names and puts it into c. For an unknown key or a wrong token
// c is a credential as well, a dummy or the right one, so that the time of the answer does not tell
// these from a wrong signature.
func (a *Authenticator) lookUp(ctx context.Context, c *Credential, p *authParams, now time.Time) *Error {
	var err error
	if *c, err = a.store.Credential(ctx, p.accessKeyID, p.token); err != nil {
		*c = a.keys.dummy
		switch {
		case errors.Is(err, ErrUnrecognizedClient):
			return &Error{Reason: ErrUnrecognizedClient, Message: messageUnrecognized, Cause: err}
		case errors.Is(err, ErrExpiredToken):
			return &Error{Reason: ErrExpiredToken, Message: messageExpired, Cause: err}
		}
		return unavailable("the credential store failed", err)
	}
	if c.AccessKeyID != p.accessKeyID {
		*c = a.keys.dummy
		return unavailable("the credential store returned another access key than it was asked for", nil)
	}
	if refused := c.lacksKey(p, now); refused != nil {
		*c = a.keys.dummy
		return refused
	}
	if !c.SessionToken.Equal(p.token) {
		detail := "the session token is not the key's"
		if c.SessionToken.IsZero() {
			detail = "a session token came with a long-term key"
		}
		return &Error{Reason: ErrUnrecognizedClient, Message: messageUnrecognized, Detail: detail}
	}
	if !c.Expires.IsZero() && !now.Before(c.Expires) {
		return refusal(ErrExpiredToken, messageExpired)
	}
	return nil
}

// ownTags makes the tags of p, which was copied from another, its own (threat 231).
func ownTags(p *iampolicy.Principal) {
	p.Tags = maps.Clone(p.Tags) // guard 231c
}

func cloneCredential(c Credential) Credential {
	ownTags(&c.Principal)
	c.SigningKeys = slices.Clone(c.SigningKeys) // guard 231f
	if c.Session != nil {
		s := c.Session.clone()
		c.Session = &s
	}
	return c
}
