package sigv4auth

import (
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checkSignedHeaders refuses a request whose signature leaves out a header that matters: every
// x-amz-* header that arrived (threats 17 and 18; there is no exemption), and those that the
// configuration names. Host has been looked for already.
//
// That every x-amz-* header is signed follows from two counts. The names in SignedHeaders differ
// from each other, and the canonical request, which is built before anything is admitted, takes
// each from the header or refuses. So if no more such headers arrived than are signed, they are the
// same.
func (a *Authenticator) checkSignedHeaders(h http.Header, arrived int, p *authParams) *Error {
	if arrived > p.amzSigned {
		return unsignedAmz(h, p)
	}
	for _, name := range a.required {
		if _, arrived := h[http.CanonicalHeaderKey(name)]; arrived && !listed(p.signedHeaders, name) {
			return refusal(ErrHeaderNotSigned, "'"+name+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	return nil
}

// unsignedAmz says which x-amz-* header is not signed.
func unsignedAmz(h http.Header, p *authParams) *Error {
	for key := range h {
		switch {
		case !v4.IsAmz(key), p.signed.Names(key):
		case !isMIMEKey(key):
			// The canonical request is built from the keys that net/http makes; a handler could
			// read this one.
			return malformed("The header %s is not in its canonical spelling", printable(key))
		default:
			const beginning = "There were headers present in the request which were not signed: "
			text := append(make([]byte, 0, 128), beginning...)
			for _, c := range []byte(printable(key)) {
				text = append(text, ascii.Lower(c))
			}
			message := string(text)
			return withDetails(ErrHeaderNotSigned, message, &errorDetails{named: message[len(beginning):]})
		}
	}
	return malformed("The x-amz-* headers are not those that are signed") // unreachable: one of more headers than are listed is not listed
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

// protocolHeaders are the headers that verification itself reads, found in one pass over all that
// arrived.
type protocolHeaders struct {
	authorization, host []string
	date, regionSet     []string
	usual               v4.CommonHeaders

	checksum     string // the key of an X-Amz-Checksum-* header, "" if none
	amz          int    // how many x-amz-* headers arrived
	presignedKey string // a header called like a parameter that only presigned URLs have, "" if none
}

func (p *protocolHeaders) find(h http.Header) {
	for key, values := range h {
		// Texts of up to 16 bytes are compared in a few instructions: what follows the prefix is
		// one.
		if name, ok := strings.CutPrefix(key, "X-Amz-"); ok {
			p.amz++
			switch name {
			case "Date":
				p.usual[v4.XAmzDate] = values
			case "Security-Token":
				p.usual[v4.XAmzSecurityToken] = values
			case "Content-Sha256":
				p.usual[v4.XAmzContentSHA256] = values
			case "Region-Set":
				p.regionSet = values
			case "Algorithm", "Credential", "Expires", "Signature", "Signedheaders":
				p.presignedKey = key
			default:
				if strings.HasPrefix(key, checksumKeyPrefix) {
					p.checksum = key
				}
			}
			continue
		}
		switch key {
		case "Authorization":
			p.authorization = values
		case "Content-Length":
			p.usual[v4.ContentLength] = values
		case "Content-Type":
			p.usual[v4.ContentType] = values
		case "Host":
			p.host = values
		case "Date":
			p.date = values
		default:
			if v4.IsAmz(key) { // guard 17
				p.amz++
			}
		}
	}
}

// single returns the only value of a protocol header, "" if it did not arrive. Two would let the
// verifier and the handler read different ones (threats 25 and 27).
func single(name string, values []string) (string, *Error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		if values[0] == "" {
			return "", malformed("The header %s is empty", name)
		}
		return values[0], nil
	}
	return "", malformed("The header %s arrived more than once", name)
}
