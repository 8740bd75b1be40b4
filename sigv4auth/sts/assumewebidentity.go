package sts

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// builtIn are the providers that trust policies name without an ARN: IAM User Guide, "AWS JSON
// policy elements: Principal", OIDC federated user principals.
var builtIn = []string{"accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"}

// unsigned is the Check of requests without a signature, of which AssumeRoleWithWebIdentity is the
// only one. What it does is bounded before it does anything.
func (e *Endpoint) unsigned(a *sigv4auth.Authenticator) sigv4auth.Check {
	return func(r *http.Request, id sigv4auth.Identity) error {
		client, _ := a.ClientIP(r)
		leave, ok := e.limit.enter(client, id.VerifiedAt)
		if !ok {
			return &sigv4auth.Error{
				Reason: sigv4auth.ErrServiceUnavailable, Message: "Rate exceeded",
				Detail: "too many web identities at once, or of one client",
				Cause:  &awsquery.Error{Code: "Throttling", Message: "Rate exceeded"},
			}
		}
		defer leave()
		_, p, err := awsquery.Asked(r)
		if err == nil {
			callFrom(r.Context()).do, err = e.assumeWithWebIdentity(r, id, p)
		}
		return signedapi.Refused(err)
	}
}

func (e *Endpoint) assumeWithWebIdentity(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	q := readRole(p)
	token := p.String("WebIdentityToken", webIdentityRule)
	p.String("ProviderId", providerRule)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := checkARN(q.arn); err != nil {
		return nil, err
	}
	if p.Has("ProviderId") {
		return nil, invalidValue("ProviderId is for OAuth 2.0 access tokens, which are not supported.")
	}
	if err := q.limits.check(); err != nil {
		return nil, err
	}
	who, err := e.verifyToken(r.Context(), token)
	if err != nil {
		return nil, err
	}
	if err := q.claim(who); err != nil {
		return nil, err
	}
	id.Principal = iampolicy.Principal{ARN: providerARN(q.arn, who.Provider), Type: iampolicy.IdentityProvider}
	id = id.WithSession(sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: who.Provider}})
	federated := &sigv4auth.FederatedIdentity{
		Provider: who.Provider, Subject: who.Subject, Audience: who.Audience, Methods: who.Claims[who.Provider+":amr"],
	}
	return e.decideRole(r, id, &q, "sts:"+withWebIdentity, who.Claims, func(role *sigv4auth.Role) (do, error) {
		return func(ctx context.Context) (any, error) {
			issued, err := e.issueRole(ctx, &q, role, Asker{}, federated)
			if err != nil {
				return nil, err
			}
			return webIdentityResult{
				assumed: newAssumed(&issued), SubjectFromWebIdentityToken: who.Subject, Audience: who.Audience, Provider: who.Issuer,
				SourceIdentity: q.identity,
			}, nil
		}, nil
	})
}

// verifyToken verifies a token, and makes STS's answers of what is wrong with it.
func (e *Endpoint) verifyToken(ctx context.Context, token string) (*WebIdentity, error) {
	if e.cfg.WebIdentities == nil {
		return nil, tokenRefused(&TokenError{
			Code: ErrInvalidIdentityToken, Message: "No OpenIDConnect provider found in your account",
			Detail: "EndpointConfig.WebIdentities is nil",
		})
	}
	who, err := e.cfg.WebIdentities.VerifyToken(ctx, token)
	if err != nil {
		if wrong, ok := errors.AsType[*TokenError](err); ok {
			return nil, tokenRefused(wrong)
		}
		return nil, signedapi.Failed("the verifier of web identities failed", err)
	}
	texts := append([]string{who.Provider, who.Subject, who.Audience}, who.Claims[who.Provider+":amr"]...)
	if slices.ContainsFunc(texts, func(s string) bool { return !iamid.ValidText(s) }) || len(texts) > 3+maxMethods {
		return nil, rejected("the token has a sub, aud or amr that a session cannot hold")
	}
	return &who, nil
}

func tokenRefused(e *TokenError) error {
	reason := sigv4auth.ErrUnrecognizedClient
	switch e.Code {
	case ErrExpiredIdentityToken:
		reason = sigv4auth.ErrExpiredToken
	case ErrIDPCommunication:
		reason = sigv4auth.ErrServiceUnavailable
	case ErrIDPRejectedClaim:
		reason = sigv4auth.ErrAccessDenied
	}
	return &sigv4auth.Error{
		Reason: reason, Message: e.Message, Detail: e.Detail,
		Cause: &awsquery.Error{Code: string(e.Code), Message: e.Message, Status: e.Code.Status(), Cause: e},
	}
}

func rejected(detail string) error {
	return tokenRefused(&TokenError{
		Code: ErrIDPRejectedClaim, Detail: detail,
		Message: "The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.",
	})
}

// claim takes tags and the source identity from a token.
func (q *roleRequest) claim(who *WebIdentity) error {
	sent := sentTags{}
	for _, key := range sortedKeys(who.Tags) {
		sent.tags = append(sent.tags, tag{key, who.Tags[key]})
	}
	if err := sent.check(who.TransitiveTagKeys); err != nil {
		return rejected("the token's tags: " + err.Error())
	}
	if q.identity = who.SourceIdentity; q.identity != "" && !iamid.ValidSessionName(q.identity) {
		return rejected("the token's " + iamid.SourceIdentityRule)
	}
	var err error
	if q.tags, err = sent.after(&Session{}); err != nil {
		return rejected("the token's tags: " + err.Error())
	}
	return nil
}

// providerARN returns the provider as trust policies of a role name it.
func providerARN(roleARN, provider string) string {
	if slices.Contains(builtIn, provider) {
		return provider
	}
	role, ok := iamid.ParseARN(roleARN, "role")
	if !ok { // which trusts nobody
		role.Partition, role.Account = "aws", "000000000000"
	}
	return "arn:" + role.Partition + ":iam::" + role.Account + ":oidc-provider/" + provider
}
