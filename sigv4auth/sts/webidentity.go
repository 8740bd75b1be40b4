package sts

import (
	"context"
	"time"
)

// TokenVerifier verifies web identity tokens: JSON Web Tokens of OpenID Connect issuers, which
// callers of AssumeRoleWithWebIdentity present instead of a signature.
//
// VerifyToken returns who the token is about if it was signed by a configured issuer for one of
// that issuer's registered audiences and is valid now. Anything else is an error that wraps a
// [*TokenError], which says what the caller is told; an error that does not wrap one means that the
// verifier itself failed. token is whatever arrived: anybody may have made it. An implementation
// MUST refuse what is malformed, and every issuer that it does not know, before it does work for
// the token: no fetch and no cryptography.
//
// VerifyToken is called from many goroutines at once. It must return when ctx, the request's
// context, ends. Package sts/oidc has an implementation.
type TokenVerifier interface {
	VerifyToken(ctx context.Context, token string) (WebIdentity, error)
}

// WebIdentity is what a verified token says. Nobody changes it, neither the TokenVerifier that
// returned it nor who reads it.
type WebIdentity struct {
	// Issuer is the token's iss claim, the Provider that AssumeRoleWithWebIdentity answers with.
	Issuer string
	// Provider is the name of the identity provider: the issuer's URL without https://, as it
	// stands in arn:aws:iam::ACCOUNT:oidc-provider/PROVIDER and in front of its condition keys.
	Provider string
	// Subject is the token's sub claim.
	Subject string
	// Audience is the client ID that the token was issued for: the token's first audience that the
	// provider has registered.
	Audience string
	// AuthorizedParty is the token's azp claim. Empty: it has none.
	AuthorizedParty string
	// Claims are the condition keys of the provider with their values, by their full names, such as
	// token.actions.githubusercontent.com:sub. What is absent in the token is absent here.
	Claims map[string][]string
	// Claim returns a claim of the token by its name, whether it is a condition key or not: the
	// texts of a text, a number or a truth value, or of a list of such. It reports false for a
	// claim that is absent or is anything else. nil: the TokenVerifier does not tell, and no claim
	// is there. It may be called from many goroutines at once, and what it returns is the caller's.
	Claim func(name string) ([]string, bool)
	// Tags are the session tags of the claim https://aws.amazon.com/tags: at most 50, whose keys
	// differ in more than case.
	Tags map[string]string
	// TransitiveTagKeys are the keys of Tags that persist when roles are chained.
	TransitiveTagKeys []string
	// SourceIdentity is the claim https://aws.amazon.com/source_identity. Empty: it has none.
	SourceIdentity string
	// Issued and Expires are the token's iat and exp claims.
	Issued, Expires time.Time
	// SigningAlgorithm is the algorithm of the signature, such as RS256.
	SigningAlgorithm string
}

// TokenErrorCode is one of STS's error codes for web identity tokens. The values are constants:
// compare with [errors.Is].
type TokenErrorCode string

// Error returns the code, preceded by the package's name.
func (c TokenErrorCode) Error() string { return "sts: " + string(c) }

// String returns the code alone.
func (c TokenErrorCode) String() string { return string(c) }

// MarshalText returns the code alone.
func (c TokenErrorCode) MarshalText() ([]byte, error) { return []byte(c), nil }

// The codes of web identity tokens, from "Errors" of AssumeRoleWithWebIdentity and of
// GetWebIdentityToken in the STS API Reference.
const (
	// ErrInvalidIdentityToken: the token is malformed, not signed by a key of a known issuer, for
	// another audience, or not valid yet.
	ErrInvalidIdentityToken TokenErrorCode = "InvalidIdentityToken"
	// ErrExpiredIdentityToken: the token has expired.
	ErrExpiredIdentityToken TokenErrorCode = "ExpiredTokenException"
	// ErrIDPRejectedClaim: the token is its issuer's, and has a claim that cannot be accepted.
	ErrIDPRejectedClaim TokenErrorCode = "IDPRejectedClaim"
	// ErrIDPCommunication: the issuer's keys are needed and could not be fetched. The token may be
	// right.
	ErrIDPCommunication TokenErrorCode = "IDPCommunicationError"
	// ErrJWTPayloadSizeExceeded: a token that was asked for would be too large.
	ErrJWTPayloadSizeExceeded TokenErrorCode = "JWTPayloadSizeExceededException"
)

// Status returns the HTTP status of an answer with the code.
func (c TokenErrorCode) Status() int {
	if c == ErrIDPRejectedClaim {
		return 403
	}
	return 400
}

// TokenError is the error of a web identity token that is refused. It holds nothing that the token
// says but its expiry. It is immutable.
type TokenError struct {
	Code TokenErrorCode
	// Message is for the caller.
	Message string
	// Detail is for the operator: what is wrong, in the verifier's own words. It never holds a part
	// of the token nor of what an issuer answered.
	Detail string
	// Expires is when a token ended that has expired. Zero: the TokenVerifier does not tell.
	Expires time.Time
	// Cause is the error of the request's context if that ended first; else nil.
	Cause error
}

// Error returns the code, the message and the detail.
func (e *TokenError) Error() string {
	text := e.Code.Error()
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Detail != "" {
		text += " (" + e.Detail + ")"
	}
	return text
}

// Unwrap returns the code and the cause.
func (e *TokenError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Cause}
}

// TokenSigner makes the tokens of GetWebIdentityToken, or those of an [IdentityPool]. Services that
// are presented with one verify it by the discovery document and the keys of its issuer, which
// whoever implements TokenSigner serves too.
//
// SignToken returns the token and when it expires. It returns an error that wraps
// [ErrJWTPayloadSizeExceeded] if the token would be too large; any other error means that the
// claims break a rule of [TokenClaims], or that the signer failed. It is called from many
// goroutines at once, and changes nothing of claims. Package sts/oidc has an implementation.
type TokenSigner interface {
	SignToken(ctx context.Context, claims TokenClaims) (token string, expires time.Time, err error)
}

// TokenClaims is what a token is to say: that of GetWebIdentityToken, whose claims are those of
// "Understanding token claims" in the IAM User Guide, or that of an [IdentityPool].
type TokenClaims struct {
	_ [0]func()
	// Subject is the ARN of the caller: of the role, for a role's session; or the ID of an identity
	// of an [IdentityPool]. Required.
	Subject string
	// Audiences are who the token is for: 1 to 10, each of 1 to 1,000 characters.
	Audiences []string
	// Algorithm is RS256 or ES384. Required.
	Algorithm string
	// Lifetime is 60 to 3,600 s, in whole seconds. Zero: 300 s.
	Lifetime time.Duration
	// Methods are how the subject has proved who it is, the claim amr: at most 24, each as an
	// audience is. nil: the token does not say.
	Methods []string
	// AccountID is the caller's account. Empty: the token says nothing of an account, and has
	// neither a region nor tags.
	AccountID string
	// Region is where the request was made. Empty: the token does not say.
	Region string
	// PrincipalTags are the tags of the caller, at most 100: those of a role and of its session.
	PrincipalTags map[string]string
	// RequestTags are those of the request, at most 50.
	RequestTags map[string]string
}
