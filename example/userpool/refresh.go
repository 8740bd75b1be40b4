package userpool

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// errReuse is for a refresh token that has been replaced.
func errReuse() error {
	return refuse("RefreshTokenReuseException", "Refresh token has been used; the sign-in that it is of has ended.")
}

// parseRefreshToken returns the family and the generation of a refresh token of this pool.
func (p *Pool) parseRefreshToken(token string) (family string, generation int64, ok bool) {
	if len(token) != base64.RawURLEncoding.EncodedLen(refreshSize) {
		return "", 0, false
	}
	t, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || t[0] != refreshVersion || !hmac.Equal(mac(p.secrets.refresh, string(t[:refreshHead])), t[refreshHead:]) {
		return "", 0, false
	}
	return formatUUID(t[1 : 1+uuidSize]), int64(binary.BigEndian.Uint32(t[1+uuidSize : refreshHead])), true
}

// refresh returns new tokens for a refresh token, which they replace. A token that has been
// replaced ends the family: one of two who have it is not who signed in (RFC 9700, section 2.2.2).
// For as long as the client's RetryGrace, who did not hear the answer gets the same successor.
func (p *Pool) refresh(ctx context.Context, c *Client, token string) (*authenticationResult, error) {
	id, generation, ok := p.parseRefreshToken(token)
	if !ok {
		return nil, errRefreshToken()
	}
	f, err := p.store.family(ctx, id)
	if err != nil {
		return nil, err
	}
	now := p.now()
	if f == nil {
		return nil, notAuthorized("Refresh Token has been revoked")
	}
	if f.client != c.ID {
		return nil, errRefreshToken() // it ends nothing: a client that leaked it could end others'
	}
	if !now.Before(f.expireAt) {
		return nil, notAuthorized("Refresh Token has expired")
	}
	u, err := p.store.userBySub(ctx, f.sub)
	switch {
	case err != nil:
		return nil, err
	case u == nil || u.epoch != f.epoch:
		return nil, notAuthorized("Refresh Token has been revoked")
	case !u.enabled:
		return nil, errDisabled()
	}
	if generation == f.generation {
		rotated, err := p.store.rotate(ctx, f, now)
		if err != nil {
			return nil, err
		}
		if rotated {
			f.generation++
			return p.issue(ctx, c, u, f)
		}
		// Somebody was faster: what the token is worth now is what it is worth to a second comer.
		if f, err = p.store.family(ctx, id); err != nil {
			return nil, err
		}
		if f == nil {
			return nil, notAuthorized("Refresh Token has been revoked")
		}
	}
	if generation == f.generation-1 && now.Before(f.rotated.Add(c.RetryGrace)) {
		return p.issue(ctx, c, u, f)
	}
	if err := p.store.endFamily(ctx, id); err != nil {
		return nil, err
	}
	return nil, errReuse()
}

// getTokensFromRefreshToken is GetTokensFromRefreshToken.
func (p *Pool) getTokensFromRefreshToken(r *http.Request, in *awsjson.Input) (any, error) {
	id, secret := in.String("ClientId", clientRule), in.String("ClientSecret", secretRule)
	token := in.String("RefreshToken", tokenRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	c, err := p.clientWithSecret(id, secret)
	if err != nil {
		return nil, err
	}
	result, err := p.refresh(r.Context(), c, token)
	if err != nil {
		return nil, err
	}
	return signedIn{AuthenticationResult: result}, nil
}

// revokeToken is RevokeToken: it ends the family of a refresh token, whichever generation it is
// of. A token that is no longer good is revoked already.
func (p *Pool) revokeToken(r *http.Request, in *awsjson.Input) (any, error) {
	id, secret := in.String("ClientId", clientRule), in.String("ClientSecret", secretRule)
	token := in.String("Token", tokenRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	c, err := p.clientWithSecret(id, secret)
	if err != nil {
		return nil, err
	}
	familyID, _, ok := p.parseRefreshToken(token)
	if !ok {
		return nil, refuse("UnsupportedTokenTypeException", "The token type is not supported; only refresh tokens are revoked.")
	}
	f, err := p.store.family(r.Context(), familyID)
	if err != nil || f == nil {
		return nil, err
	}
	if f.client != c.ID {
		return nil, refuse("UnauthorizedException", "The token was issued to another client.")
	}
	return nil, p.store.endFamily(r.Context(), familyID)
}
