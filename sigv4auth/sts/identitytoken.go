package sts

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// defaultIdentityToken is how long a token of GetWebIdentityToken lasts that is asked for without a
// duration.
const defaultIdentityToken = 300 * time.Second

var (
	audiencesRule     = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 10}
	audienceRule      = awsquery.Rule{Required: true, MinLength: 1, MaxLength: 1000}
	tokenDurationRule = awsquery.Rule{Min: 60, Max: 3600}
	algorithmRule     = awsquery.Rule{Required: true, MinLength: 5, MaxLength: 5, Enum: []string{"RS256", "ES384"}}
)

// identityToken is GetWebIdentityToken. Tags need a permission of their own: Service Authorization
// Reference, "Actions, resources, and condition keys for AWS Security Token Service",
// TagGetWebIdentityToken.
func (e *Endpoint) identityToken(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	audiences, algorithm := p.Strings("Audience", audiencesRule, audienceRule), p.String("SigningAlgorithm", algorithmRule)
	lifetime := defaultIdentityToken
	if seconds, ok := p.Int("DurationSeconds", tokenDurationRule); ok {
		lifetime = time.Duration(seconds) * time.Second
	}
	own := readTags(p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := own.check(nil); err != nil {
		return nil, err
	}
	tags, err := own.after(&Session{})
	if err != nil {
		return nil, err
	}
	callFrom(r.Context()).keys = func(to *iampolicy.Context) {
		to.SetMany("sts:IdentityTokenAudience", audiences...)
		to.Set("sts:SigningAlgorithm", algorithm)
		to.Set("sts:DurationSeconds", strconv.FormatInt(int64(lifetime/time.Second), 10))
		tags.keys(to)
	}
	if err := e.mayCall(r, id, "sts:GetWebIdentityToken", tags.permissions("sts:TagGetWebIdentityToken")...); err != nil {
		return nil, err
	}
	if e.cfg.IdentityTokens == nil {
		return nil, &awsquery.Error{
			Code: "OutboundWebIdentityFederationDisabledException", Status: http.StatusForbidden,
			Message: "Outbound web identity federation is not enabled for this account.",
		}
	}
	claims := TokenClaims{
		Subject: id.Principal.PrincipalARN(), Audiences: audiences, Algorithm: algorithm, Lifetime: lifetime,
		AccountID: id.Principal.Account(), Region: id.Scope.Region, PrincipalTags: tagsOf(&id), RequestTags: tags.values,
	}
	return func(ctx context.Context) (any, error) {
		token, expires, err := e.cfg.IdentityTokens.SignToken(ctx, claims)
		wrong, isTokenError := errors.AsType[*TokenError](err)
		switch {
		case err == nil:
			return identityTokenResult{token, awsquery.Time(expires)}, nil
		case isTokenError:
			return nil, &awsquery.Error{Code: string(wrong.Code), Message: wrong.Message, Status: wrong.Code.Status(), Cause: err}
		}
		return nil, err
	}, nil
}

// tagsOf returns the tags of a caller: of one key a session's tag wins over its role's, and case
// does not tell keys apart.
func tagsOf(id *sigv4auth.Identity) map[string]string {
	tags := maps.Clone(id.Principal.Tags)
	s, _ := id.Session()
	if len(s.Tags) > 0 && tags == nil {
		tags = make(map[string]string, len(s.Tags))
	}
	for key, value := range s.Tags {
		maps.DeleteFunc(tags, func(other, _ string) bool { return strings.EqualFold(other, key) })
		tags[key] = value
	}
	return tags
}
