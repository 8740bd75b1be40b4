package sigv4auth

import (
	"bytes"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// canonical appends the canonical request up to the payload's digest. parsed has the bits of the
// headers that have been parsed, and hold nothing but what is plain.
func (a *Authenticator) canonical(
	dst []byte, r *http.Request, via *forwarded.Original, t *target, q *v4.Query, h *protocolHeaders, p *authParams, parsed uint8,
) ([]byte, *Error) {
	req := v4.Request{
		Method: r.Method, Path: t.path, PlainPath: t.plain, Style: a.path, Query: q, Host: via.FirstHost(r.Host),
		Header: r.Header, Common: &h.usual, PlainHeaders: parsed, SignedHeaders: p.signed,
	}
	if via != nil && via.Restored != nil {
		req.Header = via.Header(r.Header)
		restored := new(protocolHeaders)
		restored.find(req.Header)
		req.Common, req.PlainHeaders = &restored.usual, 0
	}
	if p.place == InQuery {
		req.Omit = v4.ParamSignature.String()
	}
	dst, err := req.AppendCanonical(dst)
	switch err {
	case nil:
		return dst, nil
	case v4.ErrHeaderMissing:
		return dst, refusal(ErrHeaderNotSigned, "The signed header '"+string(req.Missing)+"' did not arrive")
	case v4.ErrHeaderBytes:
		return dst, malformed("The signed headers hold more than %d bytes", maxHeaderBytes)
	}
	return dst, malformed("A signed header is invalid: %v", err)
}

// withHost appends the canonical request with another host. No line of it but the one of the
// host begins with "host:": names, paths and values hold no line feeds, and host is always signed.
func withHost(dst, canonical []byte, from, to string) []byte {
	const line = "\nhost:"
	i := bytes.Index(canonical, []byte(line)) + len(line)
	dst = append(dst, canonical[:i]...)
	dst = append(dst, to...)
	return append(dst, canonical[i+len(from):]...)
}
