package sts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

const (
	maxLogins       = 10
	maxProviderName = 128
)

// The rules of parameters: Amazon Cognito Federated Identities API Reference.
var (
	poolIDRule       = awsjson.Rule{Required: true, MinLength: 1, MaxLength: maxPoolID, Pattern: poolIDPattern}
	accountRule      = awsjson.Rule{MinLength: 1, MaxLength: 15, Pattern: &awsjson.Pattern{Text: `\d+`, Match: digits}}
	customRoleRule   = awsjson.Rule{MinLength: 20, MaxLength: 2048}
	loginsRule       = awsjson.Rule{MaxLength: maxLogins}
	providerNameRule = awsjson.Rule{MinLength: 1, MaxLength: maxProviderName}
	loginTokenRule   = awsjson.Rule{MinLength: 1, MaxLength: 50_000, Sensitive: true}
	poolIDPattern    = &awsjson.Pattern{Text: `[\w-]+:[0-9a-f-]+`, Match: validPoolID}
)

func digits(s string) bool {
	return s != "" && all(s, func(r rune) bool { return r >= '0' && r <= '9' })
}

// validPoolID reports whether s is the ID of a pool or an identity by the API's pattern.
func validPoolID(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':':
			uuid := s[i+1:]
			return i > 0 && uuid != "" && all(uuid, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' || r == '-' })
		case !iamid.WordOr(s[i:i+1], "-"):
			return false
		}
	}
	return false
}

// login is one that has been verified.
type login struct {
	provider *LoginProvider
	who      WebIdentity
}

// kept is the login as an IdentityStore keeps it.
func (l *login) kept() ProviderLogin { return ProviderLogin{l.provider.Name, l.who.Subject} }

func readLogins(in *awsjson.Input) map[string]string {
	return in.Map("Logins", loginsRule, providerNameRule, loginTokenRule)
}

// logins verifies the logins of a request. What is cheap comes first, for all of them.
func (p *IdentityPool) logins(r *http.Request, id sigv4auth.Identity, sent map[string]string) ([]login, error) {
	all := make([]login, 0, len(sent))
	names := sortedKeys(sent)
	for _, name := range names {
		provider := p.providers[name]
		if provider == nil {
			return nil, unsupportedProvider(nil)
		}
		if slices.ContainsFunc(all, func(l login) bool { return l.provider == provider }) {
			return nil, unsupportedProvider(errors.New("sts: two logins are of one provider"))
		}
		all = append(all, login{provider: provider})
	}
	client, _ := p.auth.ClientIP(r)
	if !p.limit.admits(len(all)-1, client, id.VerifiedAt) {
		return nil, tooManyRequests()
	}
	for i := range all {
		if err := p.verify(r.Context(), id.VerifiedAt, &all[i], sent[names[i]]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// verify verifies one login, at an instant.
func (p *IdentityPool) verify(ctx context.Context, now time.Time, l *login, token string) error {
	who, err := p.cfg.Tokens.VerifyToken(ctx, token)
	if err != nil {
		if wrong, ok := errors.AsType[*TokenError](err); ok {
			return tokenError(wrong, now)
		}
		return signedapi.Failed("the verifier of logins failed", err)
	}
	if who.Provider != l.provider.Name {
		return invalidLogin("Issuer doesn't match providerName", nil)
	}
	if !l.provider.isFor(&who) {
		return unsupportedProvider(errors.New("sts: the token's audience is none of the provider's ClientIDs"))
	}
	if use, ok := claimOf(&who, "token_use"); l.provider.UserPool && (!ok || use != "id") {
		return invalidLogin("Not a valid OpenId Connect identity token.", nil)
	}
	if !iamid.ValidText(who.Subject) || len(who.Subject) > maxSubjectText {
		return invalidLogin("Couldn't verify signed token.", errors.New("sts: the token has a sub that a session cannot hold"))
	}
	if l.provider.Check != nil {
		if err := l.provider.Check(ctx, who); err != nil {
			if ctx.Err() != nil {
				return signedapi.Failed("the check of a login", err)
			}
			return invalidLogin("Token is no longer valid.", err)
		}
	}
	l.who = who
	return nil
}

// maxSubjectText bounds the sub of a login, of which a session has one for each.
const maxSubjectText = 255

// isFor reports whether a token is for one of the provider's clients.
func (l *LoginProvider) isFor(who *WebIdentity) bool {
	known := func(client string) bool { return client != "" && slices.Contains(l.ClientIDs, client) }
	if who.AuthorizedParty != "" && !known(who.AuthorizedParty) {
		return false
	}
	return known(who.Audience) || slices.ContainsFunc(who.Claims[who.Provider+":aud"], known)
}

// claimOf returns a claim that is one text.
func claimOf(who *WebIdentity, name string) (string, bool) {
	if who.Claim == nil {
		return "", false
	}
	values, ok := who.Claim(name)
	if !ok || len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// methods is how an identity has proved who it is: amr.
func methods(logins []login) []string {
	if len(logins) == 0 {
		return []string{"unauthenticated"}
	}
	amr := []string{"authenticated"}
	for i := range logins {
		l := &logins[i]
		kind := ":OIDC:"
		if l.provider.UserPool {
			kind = ":CognitoSignIn:"
		}
		amr = append(amr, l.provider.Name, l.provider.Name+kind+l.who.Subject)
	}
	return amr
}
