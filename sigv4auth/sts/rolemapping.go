package sts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The bounds of rules: Amazon Cognito Federated Identities API Reference, RoleMapping and
// MappingRule.
const (
	maxRules     = 25
	maxClaimName = 64
	maxClaimText = 128
)

// RoleMapping says which role the users of a login provider have: Amazon Cognito Developer Guide,
// "Using role-based access control".
//
// Whoever can change a claim of their own chooses their role by it: map none that users may write.
type RoleMapping struct {
	_ [0]func()

	// FromToken: the role is the token's claim cognito:preferred_role, or the only one of
	// cognito:roles. A caller may choose another of these by CustomRoleArn. The provider then says
	// which roles its users have, of those whose trust policies admit the pool.
	FromToken bool

	// Rules say it by claims: the first that matches. A caller may choose the role of another that
	// matches. At most 25. They cannot be combined with FromToken.
	Rules []RoleRule

	// FallBack: where neither says which role it is, it is the pool's AuthenticatedRole, as
	// AmbiguousRoleResolution AuthenticatedRole has it. False: the user is denied.
	FallBack bool
}

// RoleRule gives a role to users by a claim of their tokens.
type RoleRule struct {
	// Claim is the name of the claim, of 1 to 64 characters. A token without it never matches, nor
	// does one in which it is an object.
	Claim string
	// Match is how the claim is compared with Value. It is required. Of a claim that is a list,
	// one element has to match; for MatchNotEqual, each has to be another.
	Match MatchType
	// Value is what it is compared with, by case: 1 to 128 characters.
	Value string
	// Role is the ARN of the role.
	Role string
}

// MatchType is how a rule compares. Its zero value is none.
type MatchType uint8

const (
	// MatchEquals: the claim is the value.
	MatchEquals MatchType = iota + 1
	// MatchContains: the value is a part of the claim.
	MatchContains
	// MatchStartsWith: the claim begins with the value.
	MatchStartsWith
	// MatchNotEqual: the claim is there, and is not the value.
	MatchNotEqual
)

// String returns AWS's word.
func (m MatchType) String() string {
	switch m {
	case MatchEquals:
		return "Equals"
	case MatchContains:
		return "Contains"
	case MatchStartsWith:
		return "StartsWith"
	case MatchNotEqual:
		return "NotEqual"
	}
	return "none"
}

// MarshalText returns what String does.
func (m MatchType) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// check returns what is wrong with a mapping.
func (m *RoleMapping) check() error {
	if m.FromToken == (len(m.Rules) > 0) {
		return errors.New("it needs FromToken or Rules, and not both")
	}
	if len(m.Rules) > maxRules {
		return fmt.Errorf("it has %d rules; at most %d", len(m.Rules), maxRules)
	}
	var mistakes []error
	for i := range m.Rules {
		r := &m.Rules[i]
		between := func(text string, most int) bool { n := utf8.RuneCountInString(text); return n >= 1 && n <= most }
		switch _, isRole := iamid.ParseARN(r.Role, "role"); {
		case !between(r.Claim, maxClaimName) || !between(r.Value, maxClaimText):
			mistakes = append(mistakes, fmt.Errorf("rule %d has a Claim or a Value that is empty or too long", i))
		case r.Match < MatchEquals || r.Match > MatchNotEqual:
			mistakes = append(mistakes, fmt.Errorf("the Match of rule %d is none", i))
		case !isRole:
			mistakes = append(mistakes, fmt.Errorf("the Role of rule %d is no ARN of a role: %q", i, r.Role))
		}
	}
	return errors.Join(mistakes...)
}

// roles returns the role that a mapping gives to who has a token, "" for none or an ambiguous one,
// and all from which they may choose.
func (m *RoleMapping) roles(who *WebIdentity) (role string, all []string) {
	claim := func(name string) []string {
		if who.Claim == nil {
			return nil
		}
		values, _ := who.Claim(name)
		return values
	}
	if m.FromToken {
		preferred, all := claim("cognito:preferred_role"), slices.Clone(claim("cognito:roles"))
		switch {
		case len(preferred) == 1:
			return preferred[0], append(all, preferred[0])
		case len(preferred) == 0 && len(all) == 1:
			return all[0], all
		}
		return "", all
	}
	for i := range m.Rules {
		if m.Rules[i].matches(claim(m.Rules[i].Claim)) {
			all = append(all, m.Rules[i].Role)
		}
	}
	if len(all) > 0 {
		role = all[0]
	}
	return role, all
}

// matches reports whether a rule is for a claim with these values.
func (r *RoleRule) matches(values []string) bool {
	if len(values) == 0 {
		return false
	}
	switch r.Match {
	case MatchEquals:
		return slices.Contains(values, r.Value)
	case MatchContains:
		return slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, r.Value) })
	case MatchStartsWith:
		return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, r.Value) })
	case MatchNotEqual:
		return !slices.Contains(values, r.Value)
	}
	return false
}
