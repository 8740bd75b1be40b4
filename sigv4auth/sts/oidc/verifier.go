package oidc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// Verifier verifies tokens of the configured issuers. It implements [sts.TokenVerifier], and is
// safe for concurrent use.
type Verifier struct {
	cfg      Config               // its Providers are not looked at again
	byIssuer map[string]*provider // by what iss says
	ctx      context.Context      // ends with Close
	cancel   context.CancelFunc

	mu      sync.Mutex
	closed  bool
	found   map[string]*provider // by issuer: what Lookup returned; guarded by mu
	fetches sync.WaitGroup
}

var _ sts.TokenVerifier = (*Verifier)(nil)

// New returns a Verifier, or every mistake in cfg. It fetches nothing: the keys of a provider are
// fetched for the first token that needs them. Nothing that cfg refers to may be changed after.
func New(cfg Config) (*Verifier, error) {
	errs := []error{cfg.fill()}
	v := &Verifier{byIssuer: map[string]*provider{}, found: map[string]*provider{}}
	if len(cfg.Providers) == 0 && cfg.Lookup == nil {
		errs = append(errs, errors.New("oidc: Config.Providers is empty"))
	}
	names := map[string]bool{}
	for i := range cfg.Providers {
		p, err := cfg.Providers[i].compile(i)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if names[p.name] {
			errs = append(errs, fmt.Errorf("oidc: Config.Providers[%d].Issuer: the provider %q is there twice", i, p.name))
		}
		names[p.name] = true
		v.byIssuer[p.issuer] = p
		if p.name == google {
			v.byIssuer[google] = p // Google's older tokens name it without https://
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	cfg.Providers = nil
	v.cfg = cfg
	v.ctx, v.cancel = context.WithCancel(context.Background())
	return v, nil
}

// Close ends the fetches that run, and waits for them. Keys that are needed later are not fetched
// any more.
func (v *Verifier) Close() error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.cancel()
	v.fetches.Wait()
	for _, p := range v.byIssuer {
		p.closeIdle()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range v.found {
		p.closeIdle()
	}
	return nil
}

// provider returns the provider of an issuer, nil if there is none.
func (v *Verifier) provider(issuer string) *provider {
	if p, known := v.byIssuer[issuer]; known || v.cfg.Lookup == nil {
		return p
	}
	said, ok := v.cfg.Lookup(issuer)
	v.mu.Lock()
	defer v.mu.Unlock()
	kept := v.found[issuer]
	if ok && said.Issuer == issuer && kept != nil && slices.Equal(kept.audiences, said.Audiences) {
		return kept
	}
	if kept != nil {
		kept.closeIdle()
		delete(v.found, issuer)
	}
	if !ok || said.Issuer != issuer || v.closed {
		return nil
	}
	p, err := said.compile(0)
	if err != nil {
		return nil
	}
	v.found[issuer] = p
	return p
}

// begin counts a fetch, unless the Verifier is closed.
func (v *Verifier) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return false
	}
	v.fetches.Add(1)
	return true
}

// VerifyToken returns what a token says if it is one of a configured issuer's. Every error that it
// returns is a [*sts.TokenError]. What is cheap is checked first: see the package's comment.
func (v *Verifier) VerifyToken(ctx context.Context, token string) (sts.WebIdentity, error) {
	t, err := parseToken(token)
	if err != nil {
		return sts.WebIdentity{}, err
	}
	if err := t.readIssuer(); err != nil {
		return sts.WebIdentity{}, err
	}
	p := v.provider(t.issuer)
	if p == nil {
		return sts.WebIdentity{}, invalid(
			"No OpenIDConnect provider found in your account for the issuer of the token", "its iss is that of no provider")
	}
	if !slices.Contains(p.algorithms, t.algorithm) {
		return sts.WebIdentity{}, invalid(notValidated, "its alg is none of the provider's Algorithms")
	}
	if err := t.readClaims(); err != nil {
		return sts.WebIdentity{}, err
	}
	now := v.cfg.Now()
	if err := t.checkTimes(now, v.cfg.Leeway); err != nil {
		return sts.WebIdentity{}, err
	}
	registered := p.registered(t.audiences)
	if len(registered) == 0 || t.hasParty && !slices.Contains(p.audiences, t.party) {
		return sts.WebIdentity{}, invalid("Incorrect token audience", "its aud, or its azp, is none of the provider's Audiences")
	}
	if err := v.checkSignature(ctx, p, t); err != nil {
		return sts.WebIdentity{}, err
	}
	id := sts.WebIdentity{
		Issuer: t.issuer, Provider: p.name, Subject: t.subject, Audience: registered[0], AuthorizedParty: t.party,
		Issued: t.issued, Expires: t.expires, SigningAlgorithm: string(t.algorithm), Claim: t.claim,
	}
	if id.Claims, err = p.conditionKeys(t, registered); err != nil {
		return sts.WebIdentity{}, err
	}
	if id.Tags, id.TransitiveTagKeys, err = sessionTags(t.claims); err != nil {
		return sts.WebIdentity{}, err
	}
	if id.SourceIdentity, err = sourceIdentity(t.claims); err != nil {
		return sts.WebIdentity{}, err
	}
	return id, nil
}

const notValidated = "The web identity token that was passed could not be validated"

// checkTimes compares the token's times with now: exp exactly, and those before which it is not
// valid with a leeway for the issuer's clock.
func (t *parsedToken) checkTimes(now time.Time, leeway time.Duration) error {
	switch {
	case !now.Before(t.expires):
		return &sts.TokenError{
			Code: sts.ErrExpiredIdentityToken, Expires: t.expires,
			Message: fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d",
				now.Unix(), t.expires.Unix()),
		}
	case now.Add(leeway).Before(t.issued):
		return invalid(notValidated, "its iat is in the future")
	case now.Add(leeway).Before(t.notBefore):
		return invalid(notValidated, "its nbf is in the future")
	case t.expires.Before(t.issued):
		return invalid(notValidated, "its exp is before its iat")
	}
	return nil
}

// checkSignature checks the signature with the issuer's key, which may have to be fetched. It is
// the last check of what is not known to be the issuer's, and the only one with cryptography.
func (v *Verifier) checkSignature(ctx context.Context, p *provider, t *parsedToken) error {
	key, err := v.key(ctx, p, t)
	if err != nil {
		return err
	}
	jws, err := jose.ParseSignedCompact(t.raw, []jose.SignatureAlgorithm{t.algorithm})
	if err != nil {
		return invalid(notValidated, "go-jose cannot read it")
	}
	// What was read is what was signed.
	if signed, err := jws.Verify(key); err != nil || string(signed) != t.payload {
		return invalid(notValidated, "its signature is not that of the key that it names")
	}
	return nil
}
