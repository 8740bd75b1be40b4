package sigv4auth

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// authParams is what a request says of itself: its credentials, taken apart and not yet believed.
type authParams struct {
	place         SignatureLocation
	algorithm     algorithm
	credential    string // as sent; parseCredential takes it apart
	escaped       bool   // credential is that of a query, as it is encoded there
	accessKeyID   string
	scope         v4.Scope
	scopeEnd      string // what follows the scope's date in the string to sign: the end of the credential
	terminator    string
	signedHeaders string            // lower case, strictly ascending, joined with ';', host among them
	signed        *v4.SignedHeaders // signedHeaders, in the scratch
	amzSigned     int               // how many x-amz-* headers signedHeaders names
	signature     string            // of AWS4-HMAC-SHA256, as sent
	mac           [sha256.Size]byte // what signature spells
	der           []byte            // the signature of SigV4A
	regionSet     string            // X-Amz-Region-Set, for SigV4A never ""
	token         string            // "" if none
	date          string            // in v4.TimeFormat
	signedAt      time.Time         // date
	expires       time.Duration     // of a presigned URL
	contentSHA256 string            // the X-Amz-Content-Sha256 header, "" if none

	checksumInQuery bool // a presigned URL has a parameter called like a header with a checksum of the body
}

// present finds the credentials of a request and takes them apart into p. They are in the
// Authorization header or in the query: in both is ambiguous (threat 3), in neither is anonymous
// (threat 1).
func (a *Authenticator) present(p *authParams, h *protocolHeaders, s *scratch) *Error {
	var fields queryFields
	if s.query.Len() > 0 {
		if err := fields.find(&s.query, a.seed); err != nil {
			return err
		}
	}
	if h.usual[v4.XAmzContentSHA256] != nil && fields.at[v4.ParamContentSHA256] > 0 {
		return malformed("X-Amz-Content-Sha256 stands both in the header and in the query")
	}
	if h.regionSet != nil && fields.at[v4.ParamRegionSet] > 0 {
		return malformed("X-Amz-Region-Set stands both in the header and in the query")
	}
	inHeader := h.authorization != nil
	switch {
	case inHeader && fields.credentials():
		return malformed("Credentials stand both in the Authorization header and in the query")
	case inHeader && len(h.authorization) != 1:
		return malformed("The Authorization header arrived more than once")
	case inHeader:
		return p.fromAuthorization(h, h.authorization[0], s, a.algorithms)
	case fields.at[v4.ParamAlgorithm] > 0: // without it, a request is anonymous
		return p.fromQuery(h, &fields, s, a.algorithms, a.maxExpiry, a.unsaidExpiry)
	}
	return refusal(ErrMissingAuthenticationToken, messageMissing)
}

// parseCredential takes the Credential apart. No element of it can hold a slash (threat 13).
func (p *authParams) parseCredential() *Error {
	if p.escaped {
		p.credential, p.escaped = string(v4.AppendDecoded(nil, p.credential)), false
	}
	id, rest, more := v4.Cut(p.credential, '/')
	text := rest
	for _, part := range [...]*string{&p.scope.Date, &p.scope.Region, &p.scope.Service} {
		if part == &p.scope.Region && p.algorithm == ecdsaP256 {
			continue
		}
		*part, rest, more = v4.Cut(rest, '/')
	}
	if !more || strings.IndexByte(rest, '/') >= 0 {
		return p.notDelimited()
	}
	if !validAccessKeyID(id) {
		return refusal(ErrUnrecognizedClient, messageUnrecognized)
	}
	p.accessKeyID, p.scopeEnd, p.terminator = id, text[len(p.scope.Date):], rest
	return nil
}

func (p *authParams) notDelimited() *Error {
	if p.algorithm == ecdsaP256 {
		return refusal(ErrIncompleteSignature, messageCredentialV4A)
	}
	return refusal(ErrIncompleteSignature, messageCredential)
}

const (
	messageCredential    = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term"
	messageCredentialV4A = "Credential must have exactly 4 slash-delimited elements, e.g. keyid/date/service/term"
)

// parseSignature accepts exactly 64 lower-case hexadecimal digits, or of SigV4A the DER of two
// integers, so that a signature has one spelling (threat 10).
func (p *authParams) parseSignature(s string) *Error {
	if p.algorithm == ecdsaP256 {
		var ok bool
		if p.der, ok = v4.ParseSignatureV4A(s); !ok {
			return refusal(ErrIncompleteSignature, "Signature must be an ECDSA signature in DER, in lower-case hexadecimal digits")
		}
		return nil
	}
	if !v4.ParseDigest(&p.mac, s) {
		return refusal(ErrIncompleteSignature, fmt.Sprintf("Signature must be %d lower-case hexadecimal digits", v4.DigestLen))
	}
	p.signature = s
	return nil
}

// signedList is a list of signed headers that was found good, and how many x-amz-* headers it
// names. Clients repeat themselves, and a list that is equal is good too.
type signedList struct {
	headers v4.SignedHeaders
	amz     int
}

// takeSignedHeaders is parseSignedHeaders with a memory for the last list.
func (p *authParams) takeSignedHeaders(list string, last *signedList) *Error {
	p.signed = &last.headers
	if last.headers.Is(list) {
		p.signedHeaders, p.amzSigned = list, last.amz
		return nil
	}
	if refused := p.parseSignedHeaders(list); refused != nil {
		return refused
	}
	last.headers.Set(list)
	last.amz = p.amzSigned
	return nil
}

// parseSignedHeaders accepts lower-case names in strictly ascending order. Repeats, another order,
// upper case and empty names would give one request several signatures (threat 23).
func (p *authParams) parseSignedHeaders(s string) *Error {
	count, last, host := 0, "", false
	for start := 0; start <= len(s); {
		end := start
		for end < len(s) && v4.IsLowerToken(s[end]) {
			end++
		}
		if end < len(s) && s[end] != ';' {
			return malformed("SignedHeaders must hold lower-case header names, joined with semicolons")
		}
		name := s[start:end]
		if count++; count > maxSignedHeaders {
			return malformed("SignedHeaders names more than %d headers", maxSignedHeaders)
		}
		if name <= last { // an empty name too
			return malformed("SignedHeaders must be sorted and without repeats")
		}
		switch {
		case name == "host":
			host = true
		case name == "authorization": // it cannot cover itself (threat 24)
			return malformed("SignedHeaders must not name authorization")
		case v4.IsAmz(name):
			p.amzSigned++
		}
		last, start = name, end+1
	}
	if !host {
		return refusal(ErrHeaderNotSigned, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	p.signedHeaders = s
	return nil
}

// parseDate parses the value of X-Amz-Date.
func (p *authParams) parseDate(s string) *Error {
	t, ok := v4.ParseTime(s)
	if !ok {
		return refusal(ErrIncompleteSignature,
			"Date must be in ISO-8601 'basic format'. Got '"+forMessage(s)+"'. See http://en.wikipedia.org/wiki/ISO_8601")
	}
	p.date, p.signedAt = s, t
	return nil
}
