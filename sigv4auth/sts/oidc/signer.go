package oidc

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// Limits of GetWebIdentityToken in the STS API Reference.
const (
	minLifetime     = time.Minute
	maxLifetime     = time.Hour
	defaultLifetime = 5 * time.Minute
	maxTokenAuds    = 10
	maxTokenAud     = 1000
	maxTokenMethods = 24

	maxPrincipalTags = 2 * maxTags // of a role, and of its session
)

// awsClaims is the claim that holds what AWS says of a caller, by "Understanding token claims" in
// the IAM User Guide.
const awsClaims = "https://sts.amazonaws.com/"

// SignerConfig is what [NewSigner] makes a [Signer] of.
type SignerConfig struct {
	_ [0]func()
	// Issuer is the URL that tokens have in iss, and under which Signer.Handler has to be reached:
	// https://HOST[:PORT][/PATH], without a slash at its end.
	Issuer string
	// InsecureLoopback permits an Issuer of http:// on localhost, 127.0.0.0/8 or ::1. It is for
	// tests: nobody else can verify such tokens.
	InsecureLoopback bool
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// Signer signs tokens of GetWebIdentityToken, or of an identity pool, and publishes its keys. It
// implements [sts.TokenSigner], and is safe for concurrent use.
type Signer struct {
	issuer    string
	path      string // of the issuer's URL
	now       func() time.Time
	discovery []byte
	keys      atomic.Pointer[[]*signingKey]
}

var _ sts.TokenSigner = (*Signer)(nil)

// NewSigner returns a Signer with keys that [NewSigningKeys] made, or every mistake in both. keys
// is not kept.
func NewSigner(cfg SignerConfig, keys []byte) (*Signer, error) {
	s := &Signer{issuer: cfg.Issuer, now: cfg.Now}
	if s.now == nil {
		s.now = time.Now
	}
	var wrong error
	if err := checkIssuer(cfg.Issuer, cfg.InsecureLoopback); err != nil {
		wrong = fmt.Errorf("oidc: SignerConfig.Issuer: %w", err)
	} else if strings.HasSuffix(cfg.Issuer, "/") {
		wrong = errors.New("oidc: SignerConfig.Issuer: it ends in a slash")
	}
	if err := errors.Join(wrong, s.SetKeys(keys)); err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(cfg.Issuer, "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		s.path = rest[slash:]
	}
	var err error
	s.discovery, err = discoveryDocument(s.issuer)
	return s, err
}

// SetKeys replaces the keys, for instance by those that [RotateSigningKeys] made of them. If it
// returns an error, the Signer goes on with those that it has. keys is not kept.
func (s *Signer) SetKeys(keys []byte) error {
	all, err := parseSigningKeys(keys)
	if err == nil {
		s.keys.Store(&all)
	}
	return err
}

// Format writes the issuer, whatever the verb: the rest is secret.
func (s *Signer) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "oidc.Signer("+s.issuer+")")
}

// SignToken returns a token, and when it expires. An error that wraps no [*sts.TokenError] names
// the field of claims that breaks a rule, and nothing of what it holds.
func (s *Signer) SignToken(ctx context.Context, claims sts.TokenClaims) (string, time.Time, error) {
	if err := ctx.Err(); err != nil {
		return "", time.Time{}, err
	}
	lifetime, err := checkClaims(&claims)
	if err != nil {
		return "", time.Time{}, err
	}
	now := s.now()
	key := s.current(jose.SignatureAlgorithm(claims.Algorithm), now)
	if key == nil {
		return "", time.Time{}, errors.New("oidc: no signing key of the algorithm signs yet")
	}
	issued := now.Truncate(time.Second).UTC()
	expires := issued.Add(lifetime)
	payload, err := json.Marshal(s.claims(&claims, issued, expires))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("oidc: the claims: %w", err)
	}
	jws, err := key.signer.Sign(payload)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("oidc: signing: %w", err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", time.Time{}, fmt.Errorf("oidc: signing: %w", err)
	}
	if len(token) > maxToken {
		return "", time.Time{}, &sts.TokenError{
			Code:    sts.ErrJWTPayloadSizeExceeded,
			Message: "The requested token payload size exceeds the maximum allowed size. Reduce the number of request tags and retry.",
		}
	}
	return token, expires, nil
}

// current returns the key that signs at an instant: the last that has begun to.
func (s *Signer) current(alg jose.SignatureAlgorithm, now time.Time) (key *signingKey) {
	for _, k := range *s.keys.Load() {
		if k.algorithm == alg && !now.Before(k.from) {
			key = k
		}
	}
	return key
}

// published returns the public keys that verify a token which is valid now, or will be.
func (s *Signer) published(now time.Time) jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, k := range *s.keys.Load() {
		if !k.over(now) {
			set.Keys = append(set.Keys, k.public)
		}
	}
	return set
}

// verifying returns the keys that published does, as a Verifier has them.
func (s *Signer) verifying(now time.Time) *keySet {
	set := &keySet{}
	for _, k := range *s.keys.Load() {
		if !k.over(now) {
			set.keys = append(set.keys, publicKey{id: k.public.KeyID, algorithm: string(k.algorithm), public: k.public.Key})
		}
	}
	return set
}

// checkClaims refuses claims that break a rule of [sts.TokenClaims], and returns the lifetime.
func checkClaims(c *sts.TokenClaims) (time.Duration, error) {
	lifetime := c.Lifetime
	if lifetime == 0 {
		lifetime = defaultLifetime
	}
	switch {
	case c.Subject == "" || len(c.Subject) > maxSubject || !plainText(c.Subject):
		return 0, errors.New("oidc: TokenClaims.Subject is empty, too long or no text")
	case len(c.AccountID) > maxSubject || !plainText(c.AccountID):
		return 0, errors.New("oidc: TokenClaims.AccountID is too long or no text")
	case c.AccountID == "" && (c.Region != "" || len(c.PrincipalTags)+len(c.RequestTags) > 0):
		return 0, errors.New("oidc: TokenClaims has a region or tags, and no AccountID")
	case len(c.Methods) > maxTokenMethods:
		return 0, errors.New("oidc: TokenClaims.Methods are more than 24")
	case len(c.Region) > maxSubject || !plainText(c.Region):
		return 0, errors.New("oidc: TokenClaims.Region is too long or no text")
	case !slices.Contains(signed, jose.SignatureAlgorithm(c.Algorithm)):
		return 0, errors.New("oidc: TokenClaims.Algorithm is not RS256 or ES384")
	case lifetime < minLifetime || lifetime > maxLifetime || lifetime%time.Second != 0:
		return 0, errors.New("oidc: TokenClaims.Lifetime is not 60 to 3,600 whole seconds")
	case len(c.Audiences) < 1 || len(c.Audiences) > maxTokenAuds:
		return 0, errors.New("oidc: TokenClaims.Audiences are not 1 to 10")
	}
	for _, a := range c.Audiences {
		if a == "" || len(a) > maxTokenAud || !plainText(a) {
			return 0, errors.New("oidc: one of TokenClaims.Audiences is empty, too long or no text")
		}
	}
	if len(c.PrincipalTags) > maxPrincipalTags || len(c.RequestTags) > maxTags {
		return 0, errors.New("oidc: TokenClaims has more than 100 PrincipalTags, or more than 50 RequestTags")
	}
	for _, m := range c.Methods {
		if m == "" || len(m) > maxTokenAud || !plainText(m) {
			return 0, errors.New("oidc: one of TokenClaims.Methods is empty, too long or no text")
		}
	}
	for _, tags := range []map[string]string{c.PrincipalTags, c.RequestTags} {
		for key, value := range tags {
			if !tagText(key, 1, maxTagKey) || !tagText(value, 0, maxTagValue) {
				return 0, errors.New("oidc: a tag of TokenClaims breaks the grammar of tags")
			}
		}
	}
	return lifetime, nil
}

// claims returns the claims of a token, with AWS's names.
func (s *Signer) claims(c *sts.TokenClaims, issued, expires time.Time) map[string]any {
	aws := map[string]any{"aws_account": c.AccountID}
	if c.Region != "" {
		aws["source_region"] = c.Region
	}
	if len(c.PrincipalTags) > 0 {
		aws["principal_tags"] = c.PrincipalTags
	}
	if len(c.RequestTags) > 0 {
		aws["request_tags"] = c.RequestTags
	}
	claims := map[string]any{
		"iss": s.issuer, "sub": c.Subject, "aud": c.Audiences, "iat": issued.Unix(), "exp": expires.Unix(),
		"jti": rand.Text(),
	}
	if c.AccountID != "" {
		claims[awsClaims] = aws
	}
	if len(c.Methods) > 0 {
		claims["amr"] = c.Methods
	}
	if len(c.Audiences) == 1 {
		claims["aud"] = c.Audiences[0]
	}
	return claims
}
