package sigv4auth

import (
	"maps"
	"slices"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// Session is what is known of the session for which temporary credentials were issued. Its zero
// value is a session of which nothing is known: the condition keys that it would fill are absent.
type Session struct {
	// IssuedAt is when the credentials were issued: aws:TokenIssueTime. Zero: unknown.
	IssuedAt time.Time
	// Policies are the session policies that were passed when the credentials were issued. With
	// any, a request is allowed only if one of them allows it too.
	Policies []*iampolicy.Policy
	// Tags are the session tags. In aws:PrincipalTag they win over the principal's tags of the same
	// key.
	Tags map[string]string
	// MFAPresent is aws:MultiFactorAuthPresent: whether the user proved a second factor. Temporary
	// credentials always have the key, with the value "false" too; long-term keys never do.
	MFAPresent bool
	// MFA is when the user proved it, from which aws:MultiFactorAuthAge is counted in seconds. It
	// counts only with MFAPresent. Zero: unknown, and the key is absent.
	MFA time.Time
	// SourceIdentity is aws:SourceIdentity. Empty: absent.
	SourceIdentity string
	// Federated is who the session was issued for, where an identity provider vouched for them; nil
	// for others.
	Federated *FederatedIdentity
}

// FederatedIdentity is a user of an identity provider, as the provider's token named them.
type FederatedIdentity struct {
	// Provider is the provider's name, as it stands before the colon of its condition keys, for
	// instance cognito-identity.amazonaws.com or accounts.example.com.
	Provider string
	// Subject is the token's sub: condition key PROVIDER:sub.
	Subject string
	// Audience is the token's aud: condition key PROVIDER:aud.
	Audience string
	// Methods are the token's amr: condition key PROVIDER:amr, which is multivalued.
	Methods []string
}

func (s Session) clone() Session {
	s.Policies = slices.Clone(s.Policies) // guard 231e
	s.Tags = maps.Clone(s.Tags)           // guard 231b
	if s.Federated != nil {
		f := *s.Federated
		f.Methods = slices.Clone(f.Methods)
		s.Federated = &f
	}
	return s
}

// ownTags makes the tags of p, which was copied from another, its own (threat 231).
func ownTags(p *iampolicy.Principal) {
	p.Tags = maps.Clone(p.Tags) // guard 231c
}

func cloneCredential(c Credential) Credential {
	ownTags(&c.Principal)
	c.SigningKeys = slices.Clone(c.SigningKeys) // guard 231f
	if c.Session != nil {
		s := c.Session.clone()
		c.Session = &s
	}
	return c
}
