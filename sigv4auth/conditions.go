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
)

// usualKeys is how many keys a request has, but for tags and what a service adds.
const usualKeys = 16

// fillConditionKeys sets the condition keys that the server itself knows: "AWS global condition context keys" in the IAM
// User Guide. A key that is not known is absent, never empty. The address is zero where the client's is not known.
func fillConditionKeys(c *iampolicy.Context, r *http.Request, id *Identity, address netip.Addr) {
	c.Grow(usualKeys + len(id.Principal.Tags))
	// One instant for both, and the one that the signature was checked at (threat 190).
	now := id.VerifiedAt.UTC()
	c.Set("aws:CurrentTime", now.Format(time.RFC3339))
	c.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	c.Set("aws:SecureTransport", strconv.FormatBool(secureTransport(r, id)))
	c.Set("aws:RequestedRegion", id.Scope.Region)
	if address.IsValid() {
		c.Set("aws:SourceIp", address.String())
	}
	sent := id.relayed.header(r.Header)
	setIfSent(c, "aws:UserAgent", sent, "User-Agent")
	setIfSent(c, "aws:Referer", sent, "Referer")

	p := &id.Principal
	setNonEmpty(c, "aws:PrincipalArn", p.PrincipalARN())
	account, typ := p.Account(), p.EffectiveType()
	setNonEmpty(c, "aws:PrincipalAccount", account)
	setNonEmpty(c, "aws:PrincipalType", typ.String())
	setNonEmpty(c, "aws:username", p.UserName())
	userID := p.UserID
	if userID == "" && typ == iampolicy.Account {
		userID = account
	}
	setNonEmpty(c, "aws:userid", userID)
	setTags(c, p.Tags)
	if id.session != nil {
		setTags(c, id.session.Tags) // of the same key, a session's tag wins
	}
	if id.session != nil {
		fillSessionKeys(c, id.session, now)
	}
	if id.Scope.Service == "s3" {
		fillS3Keys(c, r, id)
	}
}

// secureTransport reports whether the client used TLS, as far as the server or a trusted proxy knows (threat 122).
func secureTransport(r *http.Request, id *Identity) bool {
	if id.relayed != nil {
		return id.relayed.secure
	}
	return r.TLS != nil
}

// fillSessionKeys sets the keys that only temporary credentials have.
func fillSessionKeys(c *iampolicy.Context, s *Session, now time.Time) {
	if !s.IssuedAt.IsZero() {
		c.Set("aws:TokenIssueTime", s.IssuedAt.UTC().Format(time.RFC3339))
	}
	c.Set("aws:MultiFactorAuthPresent", strconv.FormatBool(s.MFAPresent))
	if s.MFAPresent && !s.MFA.IsZero() {
		c.Set("aws:MultiFactorAuthAge", strconv.FormatInt(int64(now.Sub(s.MFA)/time.Second), 10))
	}
	setNonEmpty(c, "aws:SourceIdentity", s.SourceIdentity)
	if f := s.Federated; f != nil && f.Provider != "" {
		c.Set("aws:FederatedProvider", f.Provider)
		setNonEmpty(c, f.Provider+":sub", f.Subject)
		setNonEmpty(c, f.Provider+":aud", f.Audience)
		if len(f.Methods) > 0 {
			c.SetMany(f.Provider+":amr", f.Methods...)
		}
	}
}

// fillS3Keys sets the keys by which policies tell how a request was signed: "Bucket policy examples using condition
// keys" and "Amazon S3 Signature Version 4 authentication specific policy keys". All come from what was verified (threat 82).
func fillS3Keys(c *iampolicy.Context, r *http.Request, id *Identity) {
	c.Set("s3:signatureversion", id.Algorithm)
	if id.Place == InQuery {
		c.Set("s3:authType", "REST-QUERY-STRING")
		c.Set("s3:signatureAge", strconv.FormatInt(id.VerifiedAt.Sub(id.SignedAt).Milliseconds(), 10))
	} else {
		c.Set("s3:authType", "REST-HEADER")
	}
	setIfSent(c, "s3:x-amz-content-sha256", r.Header, "X-Amz-Content-Sha256")
}

// setTags sets aws:PrincipalTag/KEY for each tag. Condition keys have no case, so of tags whose keys differ in case alone one is left: the
// last in the order of the keys, and not in the random one of a map.
func setTags(c *iampolicy.Context, tags map[string]string) {
	if len(tags) == 0 {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		c.Set("aws:PrincipalTag/"+k, tags[k])
	}
}

func setNonEmpty(c *iampolicy.Context, key, value string) {
	if value != "" {
		c.Set(key, value)
	}
}

func setIfSent(c *iampolicy.Context, key string, h http.Header, name string) {
	if values := h[name]; len(values) > 0 {
		c.Set(key, values[0])
	}
}

// serverKeys are the keys that only the server may set, in lower case, also where it has no value for one: a service that filled
// aws:MultiFactorAuthPresent for a long-term key would turn a policy around (threat 179).
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
		if _, _, known := c.Get(key); known || serverKeys[lower] || strings.HasPrefix(lower, "aws:principaltag/") {
			continue
		}
		values, multivalued, _ := own.Get(key)
		if multivalued {
			c.SetMany(key, values...)
		} else {
			c.Set(key, values[0])
		}
	}
}
