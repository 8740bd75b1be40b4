package sts_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// rolePond is a pool whose user pool has a role mapping, and a user with claims.
func rolePond(t *testing.T, m sts.RoleMapping, claims map[string][]string, edit ...func(*sts.IdentityPoolConfig)) *pond {
	t.Helper()
	edit = append([]func(*sts.IdentityPoolConfig){func(c *sts.IdentityPoolConfig) { c.Providers[0].Roles = &m }}, edit...)
	p := newPond(t, edit...)
	p.tokens.known["mapped"] = loggedIn(userPool, "sub-mapped", "app", claims)
	return p
}

// roleOf returns the name of the role that a user has, or the message that refuses them. custom is
// what they ask for.
func (p *pond) roleOf(custom string, pairs ...string) string {
	p.t.Helper()
	if len(pairs) == 0 {
		pairs = []string{userPool, "mapped"}
	}
	in := map[string]any{"IdentityId": p.id(pairs...), "Logins": logins(pairs...)}
	if custom != "" {
		in["CustomRoleArn"] = custom
	}
	a := p.ask("GetCredentialsForIdentity", in)
	if a.status != 200 {
		return a.Message
	}
	c, _ := p.session(a)
	return c.Principal.RoleARN
}

const (
	ambiguous   = "The ambiguous role mapping rules denied this request."
	notYourRole = "You cannot assume the custom role: it is none of those of the login."
	badPool     = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
)

// TestRolesFromToken: the preferred role of the token, the only one, or the one of its list that is
// asked for; else what AmbiguousRoleResolution says.
func TestRolesFromToken(t *testing.T) {
	t.Parallel()
	roles := func(preferred string, all ...string) map[string][]string {
		claims := map[string][]string{}
		if preferred != "" {
			claims["cognito:preferred_role"] = []string{preferred}
		}
		if all != nil {
			claims["cognito:roles"] = all
		}
		return claims
	}
	unknown := "arn:aws:iam::111122223333:role/Unknown"
	for name, c := range map[string]struct {
		claims   map[string][]string
		custom   string
		fallBack bool
		want     string
	}{
		"a preferred role":                    {roles(poolAdmin, poolAdmin, poolDriver), "", false, poolAdmin},
		"a preferred role alone":              {roles(poolAdmin), "", false, poolAdmin},
		"the only role":                       {roles("", poolDriver), "", false, poolDriver},
		"two roles":                           {roles("", poolDriver, poolAdmin), "", false, ambiguous},
		"two roles, fall back":                {roles("", poolDriver, poolAdmin), "", true, poolAuth},
		"none":                                {nil, "", false, ambiguous},
		"none, fall back":                     {nil, "", true, poolAuth},
		"a custom role":                       {roles(poolAdmin, poolAdmin, poolDriver), poolDriver, false, poolDriver},
		"a custom role of two":                {roles("", poolAdmin, poolDriver), poolDriver, false, poolDriver},
		"a custom role of nobody":             {roles(poolAdmin, poolAdmin), poolDriver, true, notYourRole},
		"the pool's own as custom role":       {roles(poolAdmin, poolAdmin), poolAuth, true, notYourRole},
		"a custom role without roles":         {nil, poolAuth, true, notYourRole},
		"a custom role in another case":       {roles(poolAdmin, poolAdmin), strings.ToLower(poolAdmin), false, notYourRole},
		"two preferred roles":                 {map[string][]string{"cognito:preferred_role": {poolAdmin, poolDriver}}, "", false, ambiguous},
		"a role that is not there":            {roles(unknown, unknown), "", true, badPool},
		"a role that trusts only guests":      {roles(poolGuest, poolGuest), "", true, badPool},
		"a role that does not trust the pool": {roles(riderARN, riderARN), "", true, badPool},
		"no ARN":                              {roles("Admins", "Admins"), "", true, badPool},
		"an empty role":                       {map[string][]string{"cognito:preferred_role": {""}}, "", false, ambiguous},
	} {
		p := rolePond(t, sts.RoleMapping{FromToken: true, FallBack: c.fallBack}, c.claims)
		if got := p.roleOf(c.custom); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
	}
}

// TestRoleRules: the first rule that matches gives the role; each operator, of texts and of lists;
// a claim that is absent matches none.
func TestRoleRules(t *testing.T) {
	t.Parallel()
	claims := map[string][]string{"plan": {"gold-member"}, "groups": {"drivers", "staff"}, "empty": {}}
	for name, c := range map[string]struct {
		claim string
		match sts.MatchType
		value string
		is    bool
	}{
		"equals":                   {"plan", sts.MatchEquals, "gold-member", true},
		"equals a part":            {"plan", sts.MatchEquals, "gold", false},
		"equals in another case":   {"plan", sts.MatchEquals, "Gold-Member", false},
		"equals one of a list":     {"groups", sts.MatchEquals, "staff", true},
		"equals none of a list":    {"groups", sts.MatchEquals, "admins", false},
		"equals what is absent":    {"none", sts.MatchEquals, "x", false},
		"contains":                 {"plan", sts.MatchContains, "ld-me", true},
		"contains not":             {"plan", sts.MatchContains, "silver", false},
		"contains of a list":       {"groups", sts.MatchContains, "river", true},
		"contains over a list":     {"groups", sts.MatchContains, "drivers,staff", false},
		"starts with":              {"plan", sts.MatchStartsWith, "gold", true},
		"starts with its middle":   {"plan", sts.MatchStartsWith, "member", false},
		"starts with of a list":    {"groups", sts.MatchStartsWith, "sta", true},
		"is not equal":             {"plan", sts.MatchNotEqual, "silver", true},
		"is equal":                 {"plan", sts.MatchNotEqual, "gold-member", false},
		"not equal of a list":      {"groups", sts.MatchNotEqual, "staff", false},
		"not equal of none":        {"groups", sts.MatchNotEqual, "admins", true},
		"not equal what is absent": {"none", sts.MatchNotEqual, "x", false},
		"not equal an empty list":  {"empty", sts.MatchNotEqual, "x", false},
	} {
		p := rolePond(t, sts.RoleMapping{Rules: []sts.RoleRule{{Claim: c.claim, Match: c.match, Value: c.value, Role: poolAdmin}}}, claims)
		want := ambiguous
		if c.is {
			want = poolAdmin
		}
		if got := p.roleOf(""); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	ordered := []sts.RoleRule{
		{Claim: "plan", Match: sts.MatchEquals, Value: "silver", Role: poolGuest},
		{Claim: "plan", Match: sts.MatchStartsWith, Value: "gold", Role: poolDriver},
		{Claim: "groups", Match: sts.MatchEquals, Value: "staff", Role: poolAdmin},
	}
	p := rolePond(t, sts.RoleMapping{Rules: ordered}, claims)
	for custom, want := range map[string]string{
		"": poolDriver, poolAdmin: poolAdmin, poolDriver: poolDriver, poolGuest: notYourRole, poolAuth: notYourRole,
	} {
		if got := p.roleOf(custom); got != want {
			t.Errorf("the custom role %q: %s; want %s", custom, got, want)
		}
	}
	p = rolePond(t, sts.RoleMapping{Rules: ordered[:1], FallBack: true}, claims)
	if got := p.roleOf(""); got != poolAuth {
		t.Errorf("fall back: %s", got)
	}
	// A verifier that tells no claims gives no role.
	p = rolePond(t, sts.RoleMapping{Rules: ordered}, nil, func(c *sts.IdentityPoolConfig) {
		c.Providers[0].UserPool = false
	})
	who := p.tokens.known["mapped"]
	who.Claim = nil
	p.tokens.known["mapped"] = who
	if got := p.roleOf(""); got != ambiguous {
		t.Errorf("without claims: %s", got)
	}
}

// TestRolesOfSeveralLogins: logins whose providers give different roles are ambiguous, whichever is
// first, and any of their roles can be asked for.
func TestRolesOfSeveralLogins(t *testing.T) {
	t.Parallel()
	admin := map[string][]string{"cognito:preferred_role": {poolAdmin}}
	both := []string{userPool, "mapped", partner, "alice-party"}
	for _, c := range []struct {
		fallBack bool
		custom   string
		want     string
	}{
		{false, "", ambiguous},
		{true, "", poolAuth},
		{false, poolAdmin, poolAdmin},
		{false, poolAuth, poolAuth},
		{true, poolDriver, notYourRole},
	} {
		p := rolePond(t, sts.RoleMapping{FromToken: true, FallBack: c.fallBack}, admin)
		if got := p.roleOf(c.custom, both...); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
		if got := p.roleOf("", userPool, "mapped"); got != poolAdmin {
			t.Errorf("alone: %s", got)
		}
	}
	// Those that agree are not.
	p := rolePond(t, sts.RoleMapping{FromToken: true}, map[string][]string{"cognito:preferred_role": {poolAuth}})
	if got := p.roleOf("", both...); got != poolAuth {
		t.Errorf("providers that agree: %s", got)
	}
}

// TestMatchTypeWords: the operators have AWS's names.
func TestMatchTypeWords(t *testing.T) {
	t.Parallel()
	var words []string
	for m := range sts.MatchNotEqual + 1 {
		words = append(words, m.String())
	}
	if want := []string{"none", "Equals", "Contains", "StartsWith", "NotEqual"}; !slices.Equal(words, want) {
		t.Errorf("%q", words)
	}
}

// FuzzRoleRules: of two rules about one claim, Equals and NotEqual never both match; what Equals a
// value starts with it, and what starts with it contains it; and what is absent matches none.
func FuzzRoleRules(f *testing.F) {
	f.Add("gold", "gold-member", "x")
	f.Add("", "", "")
	f.Add("staff", "drivers", "staff")
	f.Fuzz(func(t *testing.T, value, one, two string) {
		if value == "" || len(value) > 128 {
			return
		}
		matched := func(match sts.MatchType, values ...string) bool {
			m := sts.RoleMapping{Rules: []sts.RoleRule{{Claim: "c", Match: match, Value: value, Role: poolAdmin}}}
			role, all := sts.RolesForTest(&m, values)
			if (role == poolAdmin) != (len(all) == 1) {
				t.Fatalf("the role is %q of %q", role, all)
			}
			return role != ""
		}
		for _, values := range [][]string{{one}, {one, two}, {two, one}} {
			eq, ne := matched(sts.MatchEquals, values...), matched(sts.MatchNotEqual, values...)
			starts, contains := matched(sts.MatchStartsWith, values...), matched(sts.MatchContains, values...)
			if eq == ne || eq && !starts || starts && !contains || eq != slices.Contains(values, value) {
				t.Errorf("%q of %q: equals %t, not %t, starts %t, contains %t", value, values, eq, ne, starts, contains)
			}
		}
		for m := sts.MatchEquals; m <= sts.MatchNotEqual; m++ {
			if matched(m) {
				t.Errorf("%v matches what is absent", m)
			}
		}
	})
}
