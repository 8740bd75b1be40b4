package sigv4auth

import (
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// What this file reads, the strict parsers read too, to the same end. It is here because nearly
// every client writes its credentials in the same form, and comparing with that form is several
// times faster than taking it apart. Whatever is in another form, right or wrong, is left to the
// parsers.

// fastAuthorization takes an Authorization header apart whose three fields are in the order in
// which AWS's own clients write them. It is not ok for any other.
func fastAuthorization(value string) (credential, signedHeaders, signature string, ok bool) {
	rest, ok := strings.CutPrefix(value, v4.Algorithm+" Credential=")
	if !ok {
		return "", "", "", false
	}
	if credential, rest, ok = fastField(rest, "SignedHeaders="); !ok {
		return "", "", "", false
	}
	if signedHeaders, signature, ok = fastField(rest, "Signature="); !ok || len(signature) != v4.DigestLen {
		return "", "", "", false
	}
	last := signature[v4.DigestLen-1]
	return credential, signedHeaders, signature, last != ' ' && last != ',' && strings.IndexByte(signature, ',') < 0
}

// fastField returns the value at the start of s and what follows next, the beginning of the field
// after it.
func fastField(s, next string) (value, rest string, ok bool) {
	value, rest, ok = v4.Cut(s, ',')
	if !ok || value == "" || value[len(value)-1] == ' ' {
		return "", "", false
	}
	if rest != "" && rest[0] == ' ' { // the AWS SDKs write one; some clients do not
		rest = rest[1:]
	}
	rest, ok = strings.CutPrefix(rest, next)
	return value, rest, ok
}

// fastCredential takes the Credential apart if it ends in the request's date and the scope that is
// accepted. It is not ok for any other.
func (a *Authenticator) fastCredential(p *authParams) bool {
	end, slash := a.scopeEnd, "/"
	if p.escaped {
		end, slash = a.scopeEndEscaped, "%2F"
	}
	rest, ok := strings.CutSuffix(p.credential, end)
	if !ok || p.algorithm != hmacSHA256 {
		return false
	}
	day := p.date[:len("YYYYMMDD")]
	if rest, ok = strings.CutSuffix(rest, day); !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, slash); !ok || !validAccessKeyID(rest) {
		return false
	}
	p.accessKeyID, p.terminator, p.scopeEnd = rest, v4.Terminator, a.scopeEnd
	// The region and the service do not hold on to the request's header: the key cache keeps them.
	p.scope.Date, p.scope.Region, p.scope.Service = day, a.region, a.service
	return true
}
