package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// maxIDToken bounds an ID token that is looked at: fifty attributes of 2,048 characters fit.
const maxIDToken = 256 << 10

// Logins verifies the pool's ID tokens for an identity pool that is in the same process: nothing is
// fetched. It is safe for concurrent use.
type Logins struct {
	pool     *Pool
	provider string
}

var _ sts.TokenVerifier = (*Logins)(nil)

// Logins returns the verifier. provider is what the identity pool calls the user pool: the Name of
// its [sts.LoginProvider]. [Pool.ProviderName], which clients take from the tokens themselves,
// should be one of its Aliases if it is another.
func (p *Pool) Logins(provider string) *Logins { return &Logins{p, provider} }

// VerifyToken returns who an ID token of the pool is about. It knows no other issuer, and accepts
// no access token. Whether the user is still signed in is for [Logins.Check].
func (l *Logins) VerifyToken(ctx context.Context, token string) (sts.WebIdentity, error) {
	if len(token) > maxIDToken {
		return sts.WebIdentity{}, invalidToken("it is too long")
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(jws.Signatures) != 1 {
		return sts.WebIdentity{}, invalidToken("it is no token that is signed by RS256")
	}
	var claimed idClaims
	// Whose it says that it is comes before any cryptography.
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claimed) != nil || claimed.Issuer != l.pool.cfg.Issuer {
		return sts.WebIdentity{}, invalidToken("the issuer is another one")
	}
	keys, err := l.pool.signingKeys(ctx)
	if err != nil {
		return sts.WebIdentity{}, err
	}
	now := l.pool.now()
	for _, k := range keys {
		if k.public.KeyID != jws.Signatures[0].Protected.KeyID || k.over(now) {
			continue
		}
		payload, err := jws.Verify(k.public)
		if err != nil {
			return sts.WebIdentity{}, invalidToken("the signature is wrong")
		}
		return l.identity(payload, now)
	}
	return sts.WebIdentity{}, invalidToken("it is signed by none of the pool's keys")
}

// idClaims are what is read of an ID token.
type idClaims struct {
	Issuer   string `json:"iss"`
	Use      string `json:"token_use"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// identity returns what a token says that the pool has signed.
func (l *Logins) identity(payload []byte, now time.Time) (sts.WebIdentity, error) {
	var c idClaims
	all := map[string]json.RawMessage{}
	if json.Unmarshal(payload, &c) != nil || json.Unmarshal(payload, &all) != nil || c.Subject == "" {
		return sts.WebIdentity{}, invalidToken("its claims are not those of a token of the pool") // unreachable
	}
	switch {
	case c.Use != idToken:
		return sts.WebIdentity{}, invalidToken("it is no ID token")
	case l.pool.client(c.Audience) == nil:
		return sts.WebIdentity{}, invalidToken("the audience is no client of the pool")
	case now.Unix() >= c.Expires:
		return sts.WebIdentity{}, &sts.TokenError{Code: sts.ErrExpiredIdentityToken, Message: "Token expired"}
	}
	return sts.WebIdentity{
		Issuer: c.Issuer, Provider: l.provider, Subject: c.Subject, Audience: c.Audience,
		Claims: map[string][]string{l.provider + ":sub": {c.Subject}, l.provider + ":aud": {c.Audience}},
		Issued: time.Unix(c.Issued, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(), SigningAlgorithm: string(jose.RS256),
		Claim: func(name string) ([]string, bool) { return texts(all[name]) },
	}, nil
}

// texts returns a claim that is a text, a number, a truth value or a list of such.
func texts(raw json.RawMessage) ([]string, bool) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	values := make([]string, 0, len(list))
	for _, one := range list {
		var v any
		if json.Unmarshal(one, &v) != nil {
			return nil, false
		}
		switch v := v.(type) {
		case string:
			values = append(values, v)
		case bool:
			values = append(values, strconv.FormatBool(v))
		case float64:
			values = append(values, string(one))
		default:
			return nil, false
		}
	}
	return values, true
}

func invalidToken(detail string) error {
	return &sts.TokenError{
		Code: sts.ErrInvalidIdentityToken, Detail: detail,
		Message: "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
	}
}

// Check refuses a login whose user has been disabled or deleted, or whose sign-in has ended, since
// the token was issued: an [sts.LoginProvider].Check, and ServerSideTokenCheck in the Cognito
// Identity API.
func (l *Logins) Check(ctx context.Context, who sts.WebIdentity) error {
	var origin []string
	if who.Claim != nil {
		origin, _ = who.Claim("origin_jti")
	}
	if len(origin) != 1 {
		return errors.New("userpool: the token names no sign-in")
	}
	f, err := l.pool.store.familyOf(ctx, origin[0])
	if err != nil {
		return err
	}
	if f == nil || f.sub != who.Subject {
		return errors.New("userpool: the sign-in has ended")
	}
	u, err := l.pool.store.userBySub(ctx, f.sub)
	switch {
	case err != nil:
		return err
	case u == nil:
		return errors.New("userpool: the user has been deleted")
	case !u.enabled:
		return errors.New("userpool: the user is disabled")
	case u.epoch != f.epoch:
		return errors.New("userpool: the user has signed out everywhere")
	}
	return nil
}

// Username returns the name of the user with a sub, "" if there is none.
func (p *Pool) Username(ctx context.Context, sub string) (string, error) {
	u, err := p.store.userBySub(ctx, sub)
	if err != nil || u == nil {
		return "", err
	}
	return u.username, nil
}
