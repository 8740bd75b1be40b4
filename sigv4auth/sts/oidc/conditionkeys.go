package oidc

import (
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// What a claim that becomes a condition key may hold.
const (
	maxKeyValues = 50
	maxKeyValue  = 2048
)

// google is the provider whose aud key is the token's azp, by "Available keys for AWS OIDC
// federation" in the IAM User Guide.
const google = "accounts.google.com"

// knownClaims are the claims beside aud, sub, azp, amr and email that are condition keys of a
// provider, by the same page and the STS page of the Service Authorization Reference. A provider
// is known by its name; a star at the end stands for a path, and one between dots for one label.
var knownClaims = []struct {
	provider string
	claims   []string
}{
	{"token.actions.githubusercontent.com", githubClaims},
	{"token.actions.githubusercontent.com/*", githubClaims},
	{"token.actions.*.ghe.com", githubClaims},
	{"github.com/enterprises/*", githubClaims},
	{"gitlab.com", []string{
		"namespace_id", "namespace_path", "project_id", "project_path", "pipeline_source", "ref", "ref_type", "ref_protected",
		"environment", "runner_environment", "user_access_level", "user_email", "user_id", "user_login",
	}},
	{"agent.buildkite.com", buildkiteClaims},
	{"agent.*.buildkite.dev", buildkiteClaims},
	{"agent.*.buildkite.site", buildkiteClaims},
	{"oidc.circleci.com/org/*", []string{"oidc.circleci.com/project-id"}},
	{"*.identity.oraclecloud.com", []string{"rpst_id"}},
}

var (
	githubClaims = []string{
		"actor", "actor_id", "enterprise_id", "environment", "job_workflow_ref", "ref", "repository", "repository_id",
		"repository_owner", "repository_owner_id", "workflow",
	}
	buildkiteClaims = []string{
		"build_branch", "cluster_id", "cluster_name", "organization_id", "organization_slug", "pipeline_id", "pipeline_slug",
	}
)

// claimsOf returns the claims that are condition keys of a provider.
func claimsOf(provider string) []string {
	for _, known := range knownClaims {
		if isProvider(known.provider, provider) {
			return known.claims
		}
	}
	return nil
}

func isProvider(pattern, name string) bool {
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	middle, ok := strings.CutPrefix(name, before)
	if !ok || !strings.HasSuffix(middle, after) || len(middle) <= len(after) {
		return false
	}
	middle = strings.TrimSuffix(middle, after)
	return after == "" || !strings.ContainsAny(middle, "./")
}

// conditionKeys returns the condition keys of a verified token, of whose audiences those are
// registered. It refuses the token if a claim that is a key is too large, or has a value that a
// policy cannot compare: were the key left out instead, StringNotEquals would hold.
func (p *provider) conditionKeys(t *parsedToken, registered []string) (map[string][]string, error) {
	keys := make(map[string][]string, 5+len(p.claims))
	keys[p.keySub], keys[p.keyOaud], keys[p.keyAud] = t.subjects[:], t.audiences, registered
	if t.hasParty {
		keys[p.keyAzp] = []string{t.party}
		if p.name == google {
			keys[p.keyAud] = []string{t.party}
		}
	}
	for i, name := range p.claims {
		v, is := t.claims.member(name)
		if !is || v.kind == jsonNull {
			continue
		}
		values, ok := keyValues(v)
		if !ok {
			return nil, rejectedClaim("the claim of a condition key, " + name + ", has too many values, or one that cannot be compared")
		}
		keys[p.claimKeys[i]] = values
	}
	if verified, is := t.claims.member("email_verified"); is && (verified.text == "false") {
		// Whoever may write any address into their profile must not be taken for its owner.
		delete(keys, p.name+":email")
	}
	if p.name == google {
		if v, is := t.claims.member("google"); is && v.kind == jsonObject {
			if number, is := v.member("organization_number"); is {
				values, ok := keyValues(number)
				if !ok {
					return nil, rejectedClaim("the claim google/organization_number is no number")
				}
				keys[google+":google/organization_number"] = values
			}
		}
	}
	return keys, nil
}

// keyValues returns the values of a condition key.
func keyValues(v *jsonValue) ([]string, bool) {
	items := v.list()
	if len(items) > maxKeyValues {
		return nil, false
	}
	values := make([]string, 0, len(items))
	for i := range items {
		item := &items[i]
		switch item.kind {
		case jsonString, jsonBool, jsonNumber:
		default:
			return nil, false
		}
		if len(item.text) > maxKeyValue || !plainText(item.text) {
			return nil, false
		}
		values = append(values, item.text)
	}
	return values, true
}

// claim is the Claim of a WebIdentity.
func (t *parsedToken) claim(name string) ([]string, bool) {
	v, is := t.claims.member(name)
	if !is || v.kind == jsonNull {
		return nil, false
	}
	return keyValues(v)
}

// rejectedClaim is the refusal of a token that is its issuer's.
func rejectedClaim(detail string) *sts.TokenError {
	return &sts.TokenError{
		Code:    sts.ErrIDPRejectedClaim,
		Message: "The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.",
		Detail:  detail,
	}
}
