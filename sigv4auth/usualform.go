package sigv4auth

import (
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// What this file reads, the strict parsers read too, to the same end. It is here because nearly every client writes its credentials in
// the same form, and comparing with that form is several times faster than taking it apart. Whatever is in another form, right or wrong, is
// left to the parsers.

// usualAuthorization takes an Authorization header apart whose three fields are in the order in which AWS's own clients write them. It is not ok for
// any other.
func usualAuthorization(value string) (credential, signedHeaders, signature string, ok bool) {
	rest, ok := strings.CutPrefix(value, v4.Algorithm+" Credential=")
	if !ok {
		return "", "", "", false
	}
	if credential, rest, ok = usualField(rest, "SignedHeaders="); !ok {
		return "", "", "", false
	}
	if signedHeaders, signature, ok = usualField(rest, "Signature="); !ok || len(signature) != v4.DigestLen {
		return "", "", "", false
	}
	last := signature[v4.DigestLen-1]
	return credential, signedHeaders, signature, last != ' ' && last != ',' && strings.IndexByte(signature, ',') < 0
}

// usualField returns the value at the start of s and what follows next, the beginning of the field after it.
func usualField(s, next string) (value, rest string, ok bool) {
	value, rest, ok = cut(s, ',')
	if !ok || value == "" || value[len(value)-1] == ' ' {
		return "", "", false
	}
	if rest != "" && rest[0] == ' ' { // the AWS SDKs write one; some clients do not
		rest = rest[1:]
	}
	rest, ok = strings.CutPrefix(rest, next)
	return value, rest, ok
}

// usualCredential takes the Credential apart if it ends in the request's date and the scope that is accepted. It is not ok for any other.
func (a *Authenticator) usualCredential(p *presented) bool {
	rest, ok := strings.CutSuffix(p.credential, a.scopeEnd)
	if !ok || p.algorithm != hmacSHA256 {
		return false
	}
	day := p.date[:len("YYYYMMDD")]
	if rest, ok = strings.CutSuffix(rest, day); !ok || rest == "" || rest[len(rest)-1] != '/' {
		return false
	}
	if rest = rest[:len(rest)-1]; !validAccessKeyID(rest) {
		return false
	}
	p.accessKeyID, p.terminator, p.scopeText = rest, v4.Terminator, p.credential[len(rest)+len("/"):]
	// The region and the service do not hold on to the request's header: the key cache keeps them.
	p.scope = v4.Scope{Date: day, Region: a.region, Service: a.service}
	return true
}
