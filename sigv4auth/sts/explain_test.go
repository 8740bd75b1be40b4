package sts_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestExplainRefusals: with EndpointConfig.ExplainRefusals the event of a request that policies
// deny says which statement of the trust policy came closest, for a caller who signs and for one
// with a token; the caller is told what he is told without it. Without it no event has one.
func TestExplainRefusals(t *testing.T) {
	t.Parallel()
	for _, explains := range []bool{true, false} {
		d, _ := webDesk(t, func(c *sts.EndpointConfig) { c.ExplainRefusals = explains })
		d.trust(riderARN,
			statement(allow, `"Principal": {"AWS": "`+adaARN+`"}`, `"Action": "sts:AssumeRole"`,
				`"Condition": {"StringEquals": {"sts:ExternalId": "acme-7"}}`),
			statement(allow, `"Principal": {"Federated": "`+githubProvider+`"}`, `"Action": "sts:AssumeRoleWithWebIdentity"`,
				`"Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/bank:ref:refs/heads/main"}}`))
		for name, call := range map[string]func() reply{
			"sts:ExternalId": func() reply { return d.assume(d.key(adaKey), riderARN, "ExternalId", "acme-8") },
			"token.actions.githubusercontent.com:sub": func() reply { return d.web("github") },
		} {
			a := call()
			if a.status != 403 || strings.Contains(a.body, name) {
				t.Errorf("%s: the caller is told %d %s", name, a.status, a.body)
			}
			x := d.last().Explanation
			if !explains {
				if x != nil {
					t.Errorf("%s: unasked, the event explains %v", name, x.Sentences())
				}
				continue
			}
			if x == nil || !strings.Contains(strings.Join(x.Sentences(), "; "), name) {
				t.Errorf("%s: the event does not explain: %v", name, x)
			}
		}
	}
}

// TestIdentityPoolExplainRefusals: the same of an identity pool.
func TestIdentityPoolExplainRefusals(t *testing.T) {
	t.Parallel()
	const other = "us-east-1:00000000-0000-4000-8000-000000000001"
	for _, explains := range []bool{true, false} {
		p := newPond(t, func(c *sts.IdentityPoolConfig) { c.ExplainRefusals = explains })
		role := p.dir.roles[poolAuth]
		role.TrustPolicy = poolTrust(other, "authenticated")
		p.dir.roles[poolAuth] = role
		if a := p.credentials(p.id(userPool, "alice"), userPool, "alice"); a.status != 400 || strings.Contains(a.body, "aud") {
			t.Errorf("the caller is told %d %s", a.status, a.body)
		}
		x := p.events[len(p.events)-1].Explanation
		if told := x != nil && strings.Contains(strings.Join(x.Sentences(), "; "), "cognito-identity.amazonaws.com:aud"); told != explains {
			t.Errorf("%t: the event explains %v", explains, x)
		}
	}
}
