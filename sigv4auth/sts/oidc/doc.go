// Package oidc verifies the web identity tokens that callers of AssumeRoleWithWebIdentity present,
// and signs those of GetWebIdentityToken: JSON Web Tokens of OpenID Connect. It is what package sts
// needs a [sts.TokenVerifier] and a [sts.TokenSigner] for.
//
//	v, err := oidc.New(oidc.Config{Providers: []oidc.Provider{{
//		Issuer:    "https://token.actions.githubusercontent.com",
//		Audiences: []string{"sts.amazonaws.com"},
//	}}})
//
// It is a module of its own, so that what it is built on reaches nobody who does without it:
// github.com/coreos/go-oidc/v3, which fetches and checks the discovery document, and
// github.com/go-jose/go-jose/v4, which parses keys and checks and makes signatures. The
// first is kept by its authors at Google and Red Hat, and is what many Go programs verify ID tokens
// with; the second, whose security reports Let's Encrypt answers, is what it is built on. Beside
// each other they pull in golang.org/x/oauth2 and nothing else. Its tests also use
// github.com/zitadel/oidc/v3, a certified server, as an issuer that is not ours.
//
// # What a token has to be
//
// A token is a JWS in compact serialization of 4 to 20,000 characters, without white space. Its
// header and its claims are each one JSON object in UTF-8, in which no name stands twice at any
// depth. Encrypted and nested tokens are refused, and so are those whose header has crit, b64, zip,
// enc or jwk, or a typ that is not JWT. The algorithm is one of the provider's Algorithms, the key
// is of the kind that the algorithm is for, and the key's own use, key_ops and alg agree. The
// algorithm none and those with a shared secret do not exist here. Where a token says that its key
// could be had (jku, x5u, x5c) is not read.
//
// The claims iss, sub, aud, exp and iat are required. iss is compared as it stands, and is what
// tells providers apart; one of aud has to be among the provider's Audiences, and azp too if the
// token has it. AWS asks for azp alone then; both are what OpenID Connect Core, section 3.1.3.7,
// asks for. A token ends with exp, to the second; iat and nbf may be ahead by Config.Leeway.
//
// # Claims and condition keys
//
// A condition key is the provider's name, a colon and the claim's: aud, sub, azp, amr, email, and
// oaud for the token's aud as it is. For accounts.google.com aud is the token's azp if it has one.
// GitHub Actions, GitLab, Buildkite, CircleCI, Oracle Cloud and Google have claims of their own
// that are keys, as AWS has had since 2026. No other claim is a key: where it matters who may
// assume a role, its trust policy MUST name aud and sub, or a claim that only the right callers
// have. An email with email_verified false is no key.
//
// A claim that would be a key, a session tag or the source identity, and breaks a rule, ends the
// token with IDPRejectedClaim. Left out, it would satisfy StringNotEquals.
//
// # Fetched keys
//
// Keys are fetched when the first token needs them, and kept: see Config.RefreshKeys and
// Config.KeepKeys. An issuer that is down is asked at intervals that grow from 1 second to 5
// minutes, while tokens are verified with the keys that are known. A token whose key is unknown
// makes one fetch, but not within 30 seconds of another one, so that a rotated key works at the
// latest after that time. The fetch goes to the configured issuer, and from there to the jwks_uri
// of its discovery document. That document has to name the issuer, and its URL has to be https://.
// Redirects are not followed, and answers have less than 512 KiB.
//
// # Cost
//
// Anybody may send tokens. Before a token is known to be of a configured issuer, for one of its
// audiences and timely, the work for it is linear in its at most 20,000 characters, and bounded in
// depth and number of values: no cryptography, no lock and no fetch. After that comes the search
// for its key, which waits only if the issuer's keys are being fetched: for at most
// Config.FetchTimeout, in at most Config.MaxWaiting calls a provider, and for one fetch of two
// requests, whatever the number of tokens. Last comes one check of one signature. A server that
// takes unsigned calls SHOULD still bound how many it serves at once and from one source: the check
// costs as much as for a token that is right.
//
// # What errors say
//
// Errors and their details hold nothing of the token but its expiry, and nothing that an issuer
// answered, so that they may be logged.
package oidc
