package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checkSignedHeaders refuses a request whose signature leaves out a header that matters: host, every x-amz-* header that
// arrived (threats 17 to 19; there is no exemption), and those that the configuration names.
func (a *Authenticator) checkSignedHeaders(h http.Header, p *presented) *Error {
	if !listed(p.signedHeaders, "host") {
		return refusal(ErrHeaderNotSigned, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for key := range h {
		if !isAmz(key) {
			continue
		}
		// The canonical request is built from the keys that net/http makes. A key of another
		// spelling would not be looked at, yet a handler could read it.
		if !isMIMEKey(key) {
			return malformed("The header %s is not in its canonical spelling", forLog(key))
		}
		if !listed(p.signedHeaders, key) {
			return refusal(ErrHeaderNotSigned, "There were headers present in the request which were not signed: "+strings.ToLower(forLog(key)))
		}
	}
	for _, name := range a.required {
		if _, arrived := h[http.CanonicalHeaderKey(name)]; arrived && !listed(p.signedHeaders, name) {
			return refusal(ErrHeaderNotSigned, "'"+name+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	return nil
}

// isMIMEKey reports whether key is spelled as net/http spells header names.
func isMIMEKey(key string) bool {
	upper := true
	for i := range len(key) {
		c := key[i]
		if !v4.IsToken(c) || upper && 'a' <= c && c <= 'z' || !upper && 'A' <= c && c <= 'Z' {
			return false
		}
		upper = c == '-'
	}
	return true
}
