package oidc_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

// githubToken is what a workflow of GitHub Actions gets.
func githubToken() object {
	return with(claimsOf("https://token.actions.githubusercontent.com"), object{
		"jti": "11111111-2222-3333-4444-555555555555", "sub": "repo:octo-org/octo-repo:environment:prod",
		"environment": "prod", "ref": "refs/heads/main", "sha": "0123456789abcdef", "repository": "octo-org/octo-repo",
		"repository_owner": "octo-org", "actor_id": "12", "repository_visibility": "private", "repository_id": "74",
		"repository_owner_id": "65", "run_id": "1234", "run_number": "10", "run_attempt": "2", "runner_environment": "github-hosted",
		"actor": "octocat", "workflow": "deploy", "head_ref": "", "base_ref": "", "event_name": "workflow_dispatch",
		"ref_type": "branch", "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
		"enterprise_id": "9",
	})
}

// kubernetesToken is what a service account of Kubernetes gets, projected into a pod.
func kubernetesToken() object {
	return with(claimsOf("https://oidc.eks.example/id/1234"), object{
		"aud": []string{audience}, "sub": "system:serviceaccount:rides:dispatcher", "jti": "x", "nbf": start.Unix(),
		"kubernetes.io": object{
			"namespace": "rides", "node": object{"name": "node-1", "uid": "u1"}, "pod": object{"name": "dispatcher-0", "uid": "u2"},
			"serviceaccount": object{"name": "dispatcher", "uid": "u3"}, "warnafter": 1790003607,
		},
	})
}

// TestConditionKeys: the keys of each known provider, and no other claim is one.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	type keys = map[string]string // joined with |
	common := func(provider, sub, aud string) keys {
		return keys{provider + ":sub": sub, provider + ":aud": aud, provider + ":oaud": aud}
	}
	plus := func(a, b keys) keys { a = maps.Clone(a); maps.Copy(a, b); return a }
	prefixed := func(provider string, b keys) keys {
		all := keys{}
		for name, v := range b {
			all[provider+":"+name] = v
		}
		return all
	}
	github := keys{
		"environment": "prod", "ref": "refs/heads/main", "repository": "octo-org/octo-repo", "repository_owner": "octo-org",
		"actor_id": "12", "repository_id": "74", "repository_owner_id": "65", "actor": "octocat", "workflow": "deploy",
		"job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main", "enterprise_id": "9",
	}
	const githubSub, gh = "repo:octo-org/octo-repo:environment:prod", "token.actions.githubusercontent.com"
	for name, c := range map[string]struct {
		claims object
		keys   keys
	}{
		"GitHub": {githubToken(), plus(common(gh, githubSub, audience), prefixed(gh, github))},
		"GitHub of an enterprise, below": {
			with(githubToken(), object{"iss": "https://" + gh + "/octo"}),
			plus(common(gh+"/octo", githubSub, audience), prefixed(gh+"/octo", github)),
		},
		"GitHub of an enterprise, its own": {
			with(githubToken(), object{"iss": "https://token.actions.octo.ghe.com"}),
			plus(common("token.actions.octo.ghe.com", githubSub, audience), prefixed("token.actions.octo.ghe.com", github)),
		},
		"what looks like GitHub": {
			with(githubToken(), object{"iss": "https://token.actions.evil.example.ghe.com"}),
			common("token.actions.evil.example.ghe.com", githubSub, audience),
		},
		"what ends like GitHub": {
			with(githubToken(), object{"iss": "https://evil." + gh}), common("evil."+gh, githubSub, audience),
		},
		"Kubernetes": {kubernetesToken(), common("oidc.eks.example/id/1234", "system:serviceaccount:rides:dispatcher", audience)},
		"GitLab": {
			with(claimsOf("https://gitlab.com"), object{
				"project_path": "g/p", "namespace_path": "g", "ref": "main", "ref_type": "branch", "ref_protected": "true",
				"environment": "prod", "user_access_level": "maintainer", "pipeline_id": "5", "project_id": "7",
			}),
			plus(common("gitlab.com", "somebody", audience), prefixed("gitlab.com", keys{
				"project_path": "g/p", "namespace_path": "g", "ref": "main", "ref_type": "branch", "ref_protected": "true",
				"environment": "prod", "user_access_level": "maintainer", "project_id": "7",
			})),
		},
		"Buildkite": {
			with(claimsOf("https://agent.buildkite.com"), object{
				"organization_slug": "o", "pipeline_slug": "p", "build_branch": "main", "build_number": 7, "cluster_id": nil,
			}),
			plus(common("agent.buildkite.com", "somebody", audience), prefixed("agent.buildkite.com", keys{
				"organization_slug": "o", "pipeline_slug": "p", "build_branch": "main",
			})),
		},
		"CircleCI": {
			with(claimsOf("https://oidc.circleci.com/org/1"), object{
				"oidc.circleci.com/project-id": "p", "oidc.circleci.com/vcs-ref": "x",
			}),
			plus(common("oidc.circleci.com/org/1", "somebody", audience), keys{
				"oidc.circleci.com/org/1:oidc.circleci.com/project-id": "p",
			}),
		},
		"Google": {
			with(claimsOf("https://accounts.google.com"), object{
				"azp": "client", "email": "a@example.com", "email_verified": true, "hd": "example.com", "google": object{"organization_number": 42},
			}),
			keys{
				"accounts.google.com:aud": "client", "accounts.google.com:oaud": audience, "accounts.google.com:azp": "client",
				"accounts.google.com:sub": "somebody", "accounts.google.com:email": "a@example.com",
				"accounts.google.com:google/organization_number": "42",
			},
		},
		"Google without a scheme": {
			with(claimsOf("https://accounts.google.com"), object{"iss": "accounts.google.com"}),
			common("accounts.google.com", "somebody", audience),
		},
		"Cognito": {
			with(claimsOf("https://cognito-identity.amazonaws.com"), object{"amr": []string{"authenticated", "idp"}, "sub": "us-east-1:1"}),
			plus(common("cognito-identity.amazonaws.com", "us-east-1:1", audience), keys{
				"cognito-identity.amazonaws.com:amr": "authenticated|idp",
			}),
		},
		"an address that is not verified": {
			with(claimsOf(someIssuer), object{"email": "root@example.com", "email_verified": false}),
			common("issuer.example", "somebody", audience),
		},
		"an address that is not verified, in text": {
			with(claimsOf(someIssuer), object{"email": "root@example.com", "email_verified": "false"}),
			common("issuer.example", "somebody", audience),
		},
		"two audiences of ours and one of others": {
			with(claimsOf(someIssuer), object{"aud": []string{"x", audience, "client"}, "azp": "client"}),
			keys{
				"issuer.example:sub": "somebody", "issuer.example:aud": audience + "|client", "issuer.example:oaud": "x|" + audience + "|client",
				"issuer.example:azp": "client",
			},
		},
		"claims that look like keys": {
			with(claimsOf(someIssuer), object{
				"Sub": "root", "AUD": "x", "repository": "octo-org/octo-repo", "issuer.example:sub": "root", "aws:username": "root", "email": nil,
			}),
			common("issuer.example", "somebody", audience),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := c.claims["iss"].(string)
			if !strings.HasPrefix(url, "https://") {
				url = "https://" + url
			}
			p := newIssuer(url, key).provider()
			p.Audiences = []string{"client", audience}
			id := admitted(t, newVerifier(t, oidc.Config{Providers: []oidc.Provider{p}}), key.token(c.claims))
			got := keys{}
			for k, values := range id.Claims {
				got[k] = strings.Join(values, "|")
			}
			if !reflect.DeepEqual(got, c.keys) {
				t.Errorf("the keys are\n%v; want\n%v", got, c.keys)
			}
		})
	}
}

// TestRejectedClaims: a claim that is a key and cannot be compared ends the token; left out, it
// would satisfy StringNotEquals. The same holds for session tags and the source identity
// (threat 252).
func TestRejectedClaims(t *testing.T) {
	t.Parallel()
	const tags, flat = "https://aws.amazon.com/tags", "https://aws.amazon.com/tags/principal_tags/"
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer("https://token.actions.githubusercontent.com", key))
	many := object{}
	for n := range 51 {
		many[fmt.Sprint("k", n)] = []string{"v"}
	}
	principal := func(m object) object { return object{tags: object{"principal_tags": m}} }
	for name, changes := range map[string]object{
		"a key that is an object":          {"repository": object{"name": "x"}},
		"a key that is a list of lists":    {"amr": []any{[]string{"x"}}},
		"a key with a null in it":          {"amr": []any{nil}},
		"a key of 51 values":               {"amr": make([]int, 51)},
		"a key of 2,049 bytes":             {"environment": strings.Repeat("e", 2049)},
		"a key with a line break":          {"ref": "a\nb"},
		"a key with a NUL":                 {"ref": "a\x00"},
		"tags a list":                      {tags: []string{"x"}},
		"tags with another member":         {tags: object{"principal_tags": object{}, "other": 1}},
		"principal tags a list":            {tags: object{"principal_tags": []string{}}},
		"51 tags":                          principal(many),
		"a tag of two values":              principal(object{"a": []string{"x", "y"}}),
		"a tag of no value":                principal(object{"a": []string{}}),
		"a tag that is a number":           principal(object{"a": 1}),
		"a tag of AWS":                     principal(object{"aws:a": "x"}),
		"a tag of AWS in upper case":       principal(object{"AWS:a": "x"}),
		"a tag without a key":              principal(object{"": "x"}),
		"a tag whose key is too long":      principal(object{strings.Repeat("k", 129): "x"}),
		"a tag whose value is too long":    principal(object{"a": strings.Repeat("v", 257)}),
		"a tag with an odd character":      principal(object{"a": "x<y"}),
		"two tags that differ in case":     principal(object{"team": "x", "Team": "y"}),
		"one tag nested and flat":          {tags: object{"principal_tags": object{"a": "x"}}, flat + "A": "y"},
		"a flat tag that is an object":     {flat + "a": object{}},
		"a transitive key without its tag": {tags: object{"principal_tags": object{"a": "x"}, "transitive_tag_keys": []string{"b"}}},
		"transitive keys a number":         {tags: object{"transitive_tag_keys": 1}},
		"flat transitive keys an object":   {tags + "/transitive_tag_keys": object{}},
		"a source identity of 1":           {"https://aws.amazon.com/source_identity": "x"},
		"a source identity of 65":          {"https://aws.amazon.com/source_identity": strings.Repeat("x", 65)},
		"a source identity with a space":   {"https://aws.amazon.com/source_identity": "x y"},
		"a source identity of AWS":         {"https://aws.amazon.com/source_identity": "aws:x"},
		"a source identity a list":         {"https://aws.amazon.com/source_identity": []string{"xy"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, v, key.token(with(githubToken(), changes)), sts.ErrIDPRejectedClaim)
		})
	}
	// What is no key may be anything.
	admitted(t, v, key.token(with(githubToken(), object{"run_id": object{"x": []any{nil}}, "sha": strings.Repeat("x", 4000)})))
}

// TestSessionTags: tags of both forms, which of them are transitive, and the source identity. They
// come from the issuer alone (threat 191).
func TestSessionTags(t *testing.T) {
	t.Parallel()
	const tags, flat = "https://aws.amazon.com/tags", "https://aws.amazon.com/tags/principal_tags/"
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer(someIssuer, key))
	id := admitted(t, v, key.token(with(claimsOf(someIssuer), object{
		tags: object{
			"principal_tags":      object{"Project": []string{"Automation"}, "Größe": "", "a b": "é+=._:/-@ 1"},
			"transitive_tag_keys": []string{"Project", "Project"},
		},
		flat + "Cost:Center": "1", tags + "/transitive_tag_keys": "Cost:Center",
		"https://aws.amazon.com/source_identity": "Ada_L+=,.@-",
	})))
	want := map[string]string{"Project": "Automation", "Größe": "", "a b": "é+=._:/-@ 1", "Cost:Center": "1"}
	if !maps.Equal(id.Tags, want) || fmt.Sprint(id.TransitiveTagKeys) != "[Project Cost:Center]" || id.SourceIdentity != "Ada_L+=,.@-" {
		t.Errorf("the token says %+v", id)
	}
	for name := range id.Claims {
		if strings.Contains(name, "aws.amazon.com") {
			t.Errorf("%s is a condition key", name)
		}
	}
}
