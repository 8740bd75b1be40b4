package sts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

type poolCredentials struct {
	AccessKeyID  string `json:"AccessKeyId"`
	SecretKey    string
	SessionToken string
	Expiration   awsjson.Time
}

type poolCredentialsAnswer struct {
	IdentityID  string `json:"IdentityId"`
	Credentials poolCredentials
}

// getCredentials is GetCredentialsForIdentity.
func (p *IdentityPool) getCredentials(r *http.Request, id sigv4auth.Identity, in *awsjson.Input) (do, error) {
	named, sent, custom := in.String("IdentityId", poolIDRule), readLogins(in), in.String("CustomRoleArn", customRoleRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	logins, err := p.logins(r, id, sent)
	if err != nil {
		return nil, err
	}
	identity, err := p.identity(r.Context(), named, logins)
	if err != nil {
		return nil, err
	}
	role, err := p.roleOf(logins, custom)
	if err != nil {
		return nil, err
	}
	q := &roleRequest{arn: role, name: poolSessionName, duration: poolSession}
	if len(logins) == 0 {
		q.limits.policy = p.cfg.GuestPolicy
	}
	amr := methods(logins)
	id.Principal = iampolicy.Principal{ARN: identityProvider, Type: iampolicy.IdentityProvider}
	id = id.WithSession(sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: identityProvider}})
	claims := map[string][]string{
		identityProvider + ":aud": {p.cfg.ID}, identityProvider + ":sub": {identity}, identityProvider + ":amr": amr,
	}
	who := &sigv4auth.FederatedIdentity{Provider: identityProvider, Subject: identity, Audience: p.cfg.ID, Methods: amr}
	return p.decideRole(r, id, q, "sts:"+withWebIdentity, claims, func(role *sigv4auth.Role) (do, error) {
		return func(ctx context.Context) (any, error) {
			issued, err := p.issueRole(ctx, q, role, Asker{}, who)
			if err != nil {
				return nil, err
			}
			c := &issued.Credential
			return poolCredentialsAnswer{identity, poolCredentials{
				c.AccessKeyID, c.Secret.Reveal(), c.SessionToken.Reveal(), awsjson.Time(c.Expires),
			}}, nil
		}, nil
	})
}

// roleOf returns the role of who has these logins. custom is the one that they ask for, "" for
// none.
func (p *IdentityPool) roleOf(logins []login, custom string) (string, error) {
	if len(logins) == 0 {
		if custom != "" && custom != p.cfg.GuestRole {
			return "", roleRefused()
		}
		return p.cfg.GuestRole, nil
	}
	role, may, fallBack := "", []string{}, true
	for i := range logins {
		l := &logins[i]
		is, all := p.cfg.AuthenticatedRole, []string{p.cfg.AuthenticatedRole}
		if m := l.provider.Roles; m != nil {
			is, all = m.roles(&l.who)
			fallBack = fallBack && m.FallBack
		}
		may = append(may, all...)
		if i > 0 && is != role {
			is = "" // the providers do not agree
		}
		role = is
	}
	switch {
	case custom != "" && slices.Contains(may, custom):
		role = custom
	case custom != "":
		return "", roleRefused()
	case role == "" && !fallBack:
		return "", poolNotAuthorized("The ambiguous role mapping rules denied this request.", nil)
	case role == "":
		role = p.cfg.AuthenticatedRole
	}
	if _, ok := iamid.ParseARN(role, "role"); !ok {
		return "", invalidPool(errors.New("sts: there is no role for who has logged in, or a token names one that is no ARN"))
	}
	return role, nil
}

// roleRefused is for a CustomRoleArn that the caller may not choose.
func roleRefused() *awsjson.Error {
	return poolNotAuthorized("You cannot assume the custom role: it is none of those of the login.", nil)
}

// openIDLifetime is how long a token of GetOpenIdToken lasts.
const openIDLifetime = 10 * time.Minute

type openIDAnswer struct {
	IdentityID string `json:"IdentityId"`
	Token      string
}

// getOpenIDToken is GetOpenIdToken, of the basic flow.
func (p *IdentityPool) getOpenIDToken(r *http.Request, id sigv4auth.Identity, in *awsjson.Input) (do, error) {
	named, sent := in.String("IdentityId", poolIDRule), readLogins(in)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if p.cfg.OpenIDTokens == nil {
		return nil, &awsjson.Error{
			Code: "InvalidParameterException", Message: "Basic (classic) flow is not enabled, please use enhanced flow.",
		}
	}
	logins, err := p.logins(r, id, sent)
	if err != nil {
		return nil, err
	}
	identity, err := p.identity(r.Context(), named, logins)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		token, _, err := p.cfg.OpenIDTokens.SignToken(ctx, TokenClaims{
			Subject: identity, Audiences: []string{p.cfg.ID}, Methods: methods(logins), Algorithm: "RS256", Lifetime: openIDLifetime,
		})
		if err != nil {
			return nil, err
		}
		return openIDAnswer{identity, token}, nil
	}, nil
}
