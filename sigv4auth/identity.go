package sigv4auth

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Identity is who signed a request, and how. Only a verified request has one. It is a value:
// nothing in it is shared with the store or with other requests. Its zero value is nobody and is
// never authorised.
type Identity struct {
	// Principal is who called.
	Principal iampolicy.Principal
	// AccessKeyID is the access key that signed. It is empty in what the Check of
	// [Authenticator.RequireUnsigned] is given.
	AccessKeyID string
	// Revision is the credential's [Credential.Revision]: the state of the store that the principal
	// and the session are of, "" if the store named none. A [PolicyStore] decides from that state.
	Revision string
	// Scope is the credential scope of the signature. For SigV4A, whose scope has no region, Region
	// is Config.Region, which the signature's region set contains.
	Scope Scope
	// SignatureLocation is where the signature stood.
	SignatureLocation SignatureLocation
	// Algorithm is the signing algorithm: AWS4-HMAC-SHA256 or AWS4-ECDSA-P256-SHA256.
	Algorithm string
	// PayloadMode is how the signature covers the body.
	PayloadMode PayloadMode

	vouched bool // somebody else than a signature vouches for it; it stands where there is room

	// SignedAt is the date that the request was signed with.
	SignedAt time.Time
	// VerifiedAt is the instant of verification, the one from which aws:CurrentTime and
	// aws:EpochTime are taken.
	VerifiedAt time.Time

	session       *Session            // a copy of this request's own
	original      *forwarded.Original // nil => no trusted proxy stood between
	host          string              // as signed
	signedHeaders string              // as sent: lower case, sorted, joined with ';'
}

// SignatureLocation is where a request carried its signature.
type SignatureLocation uint8

const (
	// InHeader is the Authorization header.
	InHeader SignatureLocation = iota + 1
	// InQuery is the query of a presigned URL.
	InQuery
)

// String returns "header" or "query".
func (p SignatureLocation) String() string {
	switch p {
	case InHeader:
		return "header"
	case InQuery:
		return "query"
	}
	return "nowhere"
}

// MarshalText returns what String does.
func (p SignatureLocation) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Session returns what is known of the session of temporary credentials. It reports false for
// long-term keys. The caller may change what is returned.
func (id Identity) Session() (Session, bool) {
	if id.session == nil {
		return Session{}, false
	}
	return id.session.clone(), true
}

// WithSession returns id as that of a caller of whom s is known, for a [Check] that asks an
// [Authorizer]: where the request itself proves something, as a second factor or the token of an
// identity provider does. What was known before counts no more, session policies among it.
func (id Identity) WithSession(s Session) Identity {
	s = s.clone()
	id.session = &s
	return id
}

// Signed reports whether the signature covers the header called name, in any case. Any intermediary
// may have set what it does not cover. It is false for a header that a proxy rewrote, although the
// client's value was restored and verified, since the request holds another value; and for host, if
// the host that was signed is not r.Host.
func (id Identity) Signed(name string) bool {
	if _, restored := id.original.RestoredValue(name); restored {
		return false
	}
	if id.original != nil && id.original.Host != id.original.Received && strings.EqualFold(name, "host") {
		return false
	}
	return listed(id.signedHeaders, name)
}

// verified reports whether id came out of a verification.
func (id *Identity) verified() bool {
	return id.AccessKeyID != "" && !id.VerifiedAt.IsZero()
}

// IdentityFrom returns the identity of an admitted request: the one that ctx, the context of the
// request that [Authenticator.Handler] or [Authenticator.Require] passed on, carries. It reports
// false for any other context; treat that as a mistake in how handlers are mounted, never as an
// anonymous caller.
func IdentityFrom(ctx context.Context) (Identity, bool) {
	rec := recordFrom(ctx)
	if rec == nil || !rec.admitted {
		return Identity{}, false
	}
	return rec.identity, true
}

// VerifiedHeader returns the value of a header that a handler acts on. It fails if r was not
// admitted, if the signature does not cover the header, and if the header arrived more than once,
// in which case the signature covers all of its values but Get would return the first alone. Behind
// a proxy in Config.Proxies it returns what the client signed: its host, and of a header that was
// restored the value from before.
func VerifiedHeader(r *http.Request, name string) (string, error) {
	id, ok := IdentityFrom(r.Context())
	if !ok {
		return "", fmt.Errorf("sigv4auth: header %q of a request that was not verified", name)
	}
	if !listed(id.signedHeaders, name) {
		return "", fmt.Errorf("sigv4auth: header %q is not signed", name)
	}
	if strings.EqualFold(name, "host") {
		return id.host, nil
	}
	if value, restored := id.original.RestoredValue(name); restored {
		return value, nil
	}
	values := r.Header.Values(name)
	if len(values) != 1 {
		return "", fmt.Errorf("sigv4auth: header %q arrived %d times", name, len(values))
	}
	return values[0], nil
}

// listed reports whether the lower-case list, joined with ';', holds name in any case.
func listed(list, name string) bool {
	for more := list != ""; more; {
		var element string
		element, list, more = v4.Cut(list, ';')
		if len(element) == len(name) && strings.EqualFold(element, name) {
			return true
		}
	}
	return false
}

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

// fill makes id the identity of a verified request. Nothing in it is shared with the store.
func (id *Identity) fill(c *Credential, p *authParams, mode PayloadMode, now time.Time) {
	id.take(c)
	id.AccessKeyID = p.accessKeyID
	id.Scope = Scope(p.scope)
	id.SignatureLocation = p.place
	id.Algorithm = p.algorithm.name()
	id.PayloadMode = mode
	id.SignedAt = p.signedAt
	id.VerifiedAt = now
	id.signedHeaders = p.signedHeaders
}

// take makes id that of the principal and the session of c.
func (id *Identity) take(c *Credential) {
	id.Principal = c.Principal
	ownTags(&id.Principal) // guard 231d
	id.Revision = c.Revision
	id.session = nil
	if c.Session != nil {
		session := c.Session.clone()
		id.session = &session
	}
}
