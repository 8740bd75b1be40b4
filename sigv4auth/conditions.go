package sigv4auth

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// conditionKeys are those of one request. Where no policy looks at any, none is found out, which
// costs more than the decision; otherwise those that cost the most are found out only if a policy
// may look at them.
type conditionKeys struct {
	to   *iampolicy.Context
	used iampolicy.KeyFilter
}

// A headerKey is a condition key with one value, which a header gives.
type headerKey struct{ key, header string }

// headerKeys are all but s3:x-amz-content-sha256, whose header is the protocol's: Verify has seen
// to it that it arrived once.
var headerKeys = [...]headerKey{{"aws:UserAgent", "User-Agent"}, {"aws:Referer", "Referer"}}

// checkHeaderKeys refuses a request in which a header that gives a condition key arrived more
// than once: the policies would be asked about one value, and the handler may read another
// (threat 236). It is so whether or not a policy looks at the key: no client sends them twice,
// and what is refused must not change with the policies.
func checkHeaderKeys(r *http.Request, id *Identity) *Error {
	for _, from := range headerKeys {
		if _, restored := id.original.RestoredValue(from.header); !restored && len(r.Header[from.header]) > 1 { // guard 236
			return malformed("The header %s arrived more than once", from.header)
		}
	}
	return nil
}

// usualKeys is how many keys a request has, but for tags and what a service adds.
const usualKeys = 16

// fill sets the condition keys that the server itself knows: "AWS global condition context keys"
// in the IAM User Guide. A key that the request does not have is absent, never empty. Every
// request has an address and a scheme: where what should tell them does not, these keys are
// there, with a value that is not known (threat 235). The address is zero then.
func (c conditionKeys) fill(r *http.Request, id *Identity, address netip.Addr) {
	if c.used.None() {
		return
	}
	c.to.Grow(usualKeys + len(id.Principal.Tags))
	// One instant for both, and the one that the signature was checked at (threat 190), by the
	// server's clock (threat 198).
	now := id.VerifiedAt.UTC() // guard 190, 198
	if c.used.MayUse("aws:CurrentTime") {
		c.to.Set("aws:CurrentTime", now.Format(time.RFC3339))
	}
	c.to.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	if secure, untold := secureTransport(r, id); untold == "" {
		c.to.Set("aws:SecureTransport", strconv.FormatBool(secure)) // guard 122b
	} else {
		c.to.SetUnknown("aws:SecureTransport") // guard 235c
	}
	c.to.Set("aws:RequestedRegion", id.Scope.Region)
	switch {
	case !address.IsValid():
		c.to.SetUnknown("aws:SourceIp") // guard 235b
	case c.used.MayUse("aws:SourceIp"):
		c.to.Set("aws:SourceIp", address.String())
	}
	sent := id.original.Header(r.Header)
	for _, from := range headerKeys {
		c.setIfSent(from.key, sent, from.header)
	}
	c.fillPrincipal(&id.Principal)
	c.setTags(id.Principal.Tags)
	if id.session != nil {
		c.setTags(id.session.Tags) // of the same key, a session's tag wins
		c.fillSession(id.session, id.vouched, now)
	}
	if id.Scope.Service == "s3" {
		c.fillS3(r, id)
	}
}

// fillPrincipal sets the keys of who calls.
func (c conditionKeys) fillPrincipal(p *iampolicy.Principal) {
	if c.used.MayUse("aws:PrincipalArn") {
		c.setNonEmpty("aws:PrincipalArn", p.PrincipalARN())
	}
	account, typ := p.Account(), p.EffectiveType()
	c.setNonEmpty("aws:PrincipalAccount", account)
	c.setNonEmpty("aws:PrincipalType", typ.String())
	c.setNonEmpty("aws:username", p.UserName())
	userID := p.UserID
	if userID == "" && typ == iampolicy.Account {
		userID = account
	}
	c.setNonEmpty("aws:userid", userID)
}

// secureTransport reports whether the client used TLS, as far as the server or a trusted proxy
// knows (threat 122).
func secureTransport(r *http.Request, id *Identity) (secure bool, untold diagnosis.Untold) {
	if id.original != nil {
		return id.original.Secure, id.original.SchemeUntold // guard 122a
	}
	return r.TLS != nil, ""
}

// fillSession sets the keys that only temporary credentials have. Who is vouched for has none, and
// so no word on a second factor.
func (c conditionKeys) fillSession(s *Session, vouched bool, now time.Time) {
	if !s.IssuedAt.IsZero() {
		c.to.Set("aws:TokenIssueTime", s.IssuedAt.UTC().Format(time.RFC3339))
	}
	if !vouched || s.MFAPresent {
		c.to.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(s.MFAPresent))
	}
	if s.MFAPresent && !s.MFA.IsZero() {
		c.to.Set("aws:MultiFactorAuthAge", strconv.FormatInt(int64(now.Sub(s.MFA)/time.Second), 10))
	}
	c.setNonEmpty("aws:SourceIdentity", s.SourceIdentity)
	if f := s.Federated; f != nil && f.Provider != "" {
		c.to.Set("aws:FederatedProvider", f.Provider)
		c.setNonEmpty(f.Provider+":sub", f.Subject)
		c.setNonEmpty(f.Provider+":aud", f.Audience)
		if len(f.Methods) > 0 {
			c.to.SetMany(f.Provider+":amr", f.Methods...)
		}
	}
}

// fillS3 sets the keys by which policies tell how a request was signed: "Bucket policy examples
// using condition keys" and "Amazon S3 Signature Version 4 authentication specific policy keys".
// All come from what was verified (threat 82).
func (c conditionKeys) fillS3(r *http.Request, id *Identity) {
	c.to.Set("s3:signatureversion", id.Algorithm)
	if id.SignatureLocation == InQuery {
		c.to.Set("s3:authType", "REST-QUERY-STRING")
		c.to.Set("s3:signatureAge", strconv.FormatInt(id.VerifiedAt.Sub(id.SignedAt).Milliseconds(), 10)) // guard 82
	} else {
		c.to.Set("s3:authType", "REST-HEADER")
	}
	c.setIfSent("s3:x-amz-content-sha256", r.Header, "X-Amz-Content-Sha256")
}

// setTags sets aws:PrincipalTag/KEY for each tag. Condition keys have no case, so of tags whose
// keys differ in case alone one is left: the last in the order of the keys, and not in the random
// one of a map.
func (c conditionKeys) setTags(tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		c.to.Set("aws:PrincipalTag/"+k, tags[k])
	}
}

func (c conditionKeys) setNonEmpty(key, value string) {
	if value != "" {
		c.to.Set(key, value)
	}
}

func (c conditionKeys) setIfSent(key string, h http.Header, name string) {
	if values := h[name]; len(values) > 0 {
		c.to.Set(key, values[0])
	}
}

// serverKeys are the keys that only the server may set, in lower case, also where it has no value
// for one: a service that filled aws:MultiFactorAuthPresent for a long-term key would turn a policy
// around (threat 179).
var serverKeys = map[string]bool{
	"aws:currenttime": true, "aws:epochtime": true, "aws:securetransport": true, "aws:requestedregion": true,
	"aws:sourceip": true, "aws:useragent": true, "aws:referer": true,
	"aws:principalarn": true, "aws:principalaccount": true, "aws:principaltype": true, "aws:username": true, "aws:userid": true,
	"aws:tokenissuetime": true, "aws:multifactorauthpresent": true, "aws:multifactorauthage": true,
	"aws:sourceidentity": true, "aws:federatedprovider": true,
	"s3:signatureversion": true, "s3:authtype": true, "s3:signatureage": true, "s3:x-amz-content-sha256": true,
}

// addConditionKeys adds the service's own keys to c, but for those that are the server's.
func addConditionKeys(c, own *iampolicy.Context) {
	for key := range own.Keys() {
		lower := strings.ToLower(key)
		_, _, known := c.Get(key)
		if known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/") { // guard 179a, 179b, 179c
			continue
		}
		values, multivalued, _ := own.Get(key)
		switch {
		case own.Unknown(key):
			c.SetUnknown(key)
		case multivalued:
			c.SetMany(key, values...)
		default:
			c.Set(key, values[0])
		}
	}
}
