package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// The values of token_use.
const (
	idToken     = "id"
	accessToken = "access"
)

// userScope is the scope of who signed in here, by a name and a password, and may change the
// account with it.
const userScope = "aws.cognito.signin.user.admin"

// authenticationResult is AuthenticationResultType.
type authenticationResult struct {
	AccessToken  string
	ExpiresIn    int64
	IdToken      string //nolint:revive,staticcheck // the name is AWS's
	RefreshToken string
	TokenType    string
}

// signIn begins a family for a user, who has shown everything that there is to show, and returns
// its tokens. If the user's sign-ins have been ended since the user was read, it begins ended.
func (p *Pool) signIn(ctx context.Context, c *Client, u *user) (*authenticationResult, error) {
	now := p.now()
	f := &family{
		id: newUUID(), origin: newUUID(), sub: u.sub, client: c.ID, epoch: u.epoch, generation: 1, rotated: now, authAt: now,
		expireAt: now.Add(c.RefreshFor),
	}
	if err := p.store.addFamily(ctx, f); err != nil {
		return nil, err
	}
	return p.issue(ctx, c, u, f)
}

// issue returns the tokens of a family's generation.
func (p *Pool) issue(ctx context.Context, c *Client, u *user, f *family) (*authenticationResult, error) {
	key, err := p.current(ctx)
	if err != nil {
		return nil, err
	}
	now := p.now().Truncate(time.Second)
	event := newUUID()
	common := func(use string) map[string]any {
		return map[string]any{
			"iss": p.cfg.Issuer, "sub": u.sub, "token_use": use, "auth_time": f.authAt.Unix(), "iat": now.Unix(),
			"exp": now.Add(c.TokensFor).Unix(), "jti": newUUID(), "origin_jti": f.origin, "event_id": event,
		}
	}
	access := common(accessToken)
	maps.Copy(access, map[string]any{"client_id": c.ID, "username": u.username, "scope": userScope})
	// What a user says of itself goes first, so that it replaces nothing.
	id := map[string]any{}
	for name, value := range u.attributes {
		id[name] = value
		if isVerified(name) {
			id[name] = value == "true" // in tokens they are Booleans
		}
	}
	maps.Copy(id, common(idToken))
	maps.Copy(id, map[string]any{"aud": c.ID, "cognito:username": u.username})
	result := &authenticationResult{
		ExpiresIn: int64(c.TokensFor / time.Second), TokenType: "Bearer", RefreshToken: p.refreshToken(f.id, f.generation),
	}
	// Signing is a power, too, and two of them take as long as a small one modulo N.
	refused := p.powers.do(ctx, func() {
		if result.AccessToken, err = key.sign(access); err == nil {
			result.IdToken, err = key.sign(id)
		}
	})
	if refused != nil {
		return nil, refused
	}
	return result, err
}

func (k *signingKey) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("userpool: claims: %w", err)
	}
	jws, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("userpool: signing: %w", err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("userpool: signing: %w", err)
	}
	return token, nil
}

// maxToken bounds a token that is looked at. Sixteen attributes of 2,048 characters do not fit in
// an access token, which has none of them.
const maxToken = 4096

// A bearer is who has an access token.
type bearer struct {
	user   *user
	family *family
}

// bearer returns whose an access token is. It is good until it expires, its family or all of the
// user's sign-ins are ended, or the user is disabled or deleted.
func (p *Pool) bearer(ctx context.Context, token string) (*bearer, error) {
	claims, err := p.accessClaims(ctx, token)
	if err != nil {
		return nil, err
	}
	f, err := p.store.familyOf(ctx, claims.Origin)
	if err != nil {
		return nil, err
	}
	if f == nil || f.sub != claims.Subject || f.client != claims.Client {
		return nil, errRevoked()
	}
	u, err := p.store.userBySub(ctx, f.sub)
	if err != nil {
		return nil, err
	}
	switch {
	case u == nil:
		return nil, errNoUser() // the token was genuine: its bearer may know
	case !u.enabled:
		return nil, errDisabled()
	case u.epoch != f.epoch:
		return nil, errRevoked()
	}
	return &bearer{u, f}, nil
}

// accessClaims are what is read of an access token.
type accessClaims struct {
	Issuer  string `json:"iss"`
	Use     string `json:"token_use"`
	Subject string `json:"sub"`
	Client  string `json:"client_id"`
	Origin  string `json:"origin_jti"`
	Scope   string `json:"scope"`
	Expires int64  `json:"exp"`
}

// accessClaims returns what an access token says whose signature is the pool's.
func (p *Pool) accessClaims(ctx context.Context, token string) (*accessClaims, error) {
	if len(token) > maxToken {
		return nil, errAccessToken()
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errAccessToken()
	}
	keys, err := p.signingKeys(ctx)
	if err != nil {
		return nil, err
	}
	var payload []byte
	for _, k := range keys {
		if k.public.KeyID != jws.Signatures[0].Protected.KeyID {
			continue
		}
		if payload, err = jws.Verify(k.public); err != nil {
			return nil, errAccessToken()
		}
	}
	var c accessClaims
	if payload == nil || json.Unmarshal(payload, &c) != nil || c.Issuer != p.cfg.Issuer || c.Use != accessToken {
		return nil, errAccessToken()
	}
	if p.client(c.Client) == nil || !strings.Contains(" "+c.Scope+" ", " "+userScope+" ") {
		return nil, errAccessToken()
	}
	if p.now().Unix() >= c.Expires {
		return nil, notAuthorized("Access Token has expired")
	}
	return &c, nil
}

// A refresh token is the version, the family's ID, the generation in 4 bytes, and a MAC of these,
// in base64url. Cognito's is opaque too.
const (
	refreshVersion = 1
	refreshHead    = 1 + uuidSize + 4
	refreshSize    = refreshHead + 32
)

func (p *Pool) refreshToken(family string, generation int64) string {
	t := make([]byte, 0, refreshSize)
	t = append(t, refreshVersion)
	t = append(t, uuidBytes(family)...)
	t = append(t, byte(generation>>24), byte(generation>>16), byte(generation>>8), byte(generation))
	t = append(t, mac(p.secrets.refresh, string(t))...)
	return base64.RawURLEncoding.EncodeToString(t)
}
