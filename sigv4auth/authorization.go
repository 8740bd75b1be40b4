package sigv4auth

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// fromAuthorization takes the credentials of the Authorization header apart: "Authorization header"
// in the IAM User Guide's "Authentication methods".
func (p *authParams) fromAuthorization(h *protocolHeaders, value string, s *scratch, accepted Algorithms) *Error {
	p.place = InHeader
	if len(value) > maxAuthorization {
		return malformed("The Authorization header is longer than %d bytes", maxAuthorization)
	}
	credential, signedHeaders, signature, usual := fastAuthorization(value)
	if !usual {
		var refused *Error
		if credential, signedHeaders, signature, refused = p.authorizationFields(value, accepted); refused != nil {
			return refused
		}
	}

	date, err := single("X-Amz-Date", h.usual[v4.XAmzDate])
	if err != nil {
		return err
	}
	var httpDate string
	if date == "" {
		// RFC 9110's Date counts only where no X-Amz-Date came (threat 70).
		if httpDate, err = single("Date", h.date); err != nil {
			return err
		}
	}
	noRegions := false
	if p.algorithm == ecdsaP256 {
		if p.regionSet, err = single(regionSetName, h.regionSet); err != nil {
			return err
		}
		noRegions = p.regionSet == ""
	}
	if credential == "" || signedHeaders == "" || signature == "" || date == "" && httpDate == "" || noRegions {
		text := s.sts[:0]
		for _, f := range [...]struct{ name, value string }{
			{"Credential", credential}, {"Signature", signature}, {"SignedHeaders", signedHeaders},
		} {
			if f.value == "" {
				text = append(append(append(text, "Authorization header requires '"...), f.name...), "' parameter. "...)
			}
		}
		if date == "" && httpDate == "" {
			text = append(text, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "...)
		}
		if noRegions {
			text = append(text, "Authorization header requires existence of a '"+regionSetName+"' header. "...)
		}
		s.sts = appendHashed(text, value)
		return refusal(ErrIncompleteSignature, string(s.sts))
	}

	p.credential = credential
	if err := p.takeSignedHeaders(signedHeaders, &s.signed); err != nil {
		return err
	}
	if err := p.parseSignature(signature); err != nil {
		return err
	}
	if date != "" {
		err = p.parseDate(date)
	} else {
		err = p.parseHTTPDate(httpDate)
	}
	if err != nil {
		return err
	}
	if p.token, err = single("X-Amz-Security-Token", h.usual[v4.XAmzSecurityToken]); err != nil {
		return err
	}
	p.contentSHA256, err = single("X-Amz-Content-Sha256", h.usual[v4.XAmzContentSHA256])
	return err
}

// authorizationFields takes an Authorization header apart. The grammar is strict: each of the three
// fields once and nothing else, so that no two parsers can read two things (threats 6 and 7).
func (p *authParams) authorizationFields(value string, accepted Algorithms) (credential, signedHeaders, signature string, refused *Error) {
	fault := func(e *Error) (string, string, string, *Error) { return "", "", "", e }
	scheme, fields, _ := v4.Cut(value, ' ')
	var known bool
	if p.algorithm, known = accepted.find(scheme); !known {
		if strings.HasPrefix(scheme, "AWS4-") {
			return fault(refusal(ErrIncompleteSignature, "Unsupported AWS 'algorithm'. "+hashed(value)))
		}
		// Another scheme altogether, such as Bearer or SigV2. API Gateway looks for the fields all
		// the same.
		fields = value
	}
	var seen [3]bool
	count := 0
	for rest, more := fields, true; more; {
		if count++; count > maxAuthorizationFields {
			return fault(malformed("The Authorization header holds more than %d fields. %s", maxAuthorizationFields, hashed(value)))
		}
		var field string
		field, rest, more = v4.Cut(rest, ',')
		key, v, ok := v4.Cut(strings.Trim(field, " "), '=')
		if !ok {
			return fault(refusal(ErrIncompleteSignature, "Invalid key=value pair (missing equal-sign) in Authorization header "+
				"(hashed with SHA-256 and encoded with Base64): '"+digestOf(value)+"'."))
		}
		var into *string
		which := 0
		switch key {
		case "Credential":
			into = &credential
		case "SignedHeaders":
			into, which = &signedHeaders, 1
		case "Signature":
			into, which = &signature, 2
		default:
			if !known {
				continue
			}
			return fault(malformed("The Authorization header holds an unknown field. %s", hashed(value)))
		}
		if seen[which] { // also where the first was empty
			return fault(malformed("The Authorization header holds the field %s twice. %s", key, hashed(value)))
		}
		*into, seen[which] = v, true
	}
	if !known {
		return fault(nil)
	}
	return credential, signedHeaders, signature, nil
}

// parseHTTPDate parses the value of Date, in the preferred form of RFC 9110, section 5.6.7, alone.
// It has to be signed (threat 20); an X-Amz-Date is like every x-amz-* header.
func (p *authParams) parseHTTPDate(s string) *Error {
	t, err := time.Parse(http.TimeFormat, s)
	if err != nil || t.Format(http.TimeFormat) != s { // time.Parse lets fractions, other cases and wrong weekdays pass
		return refusal(ErrIncompleteSignature, "Date must be in the format of RFC 9110, or X-Amz-Date in ISO-8601 'basic format'")
	}
	if !listed(p.signedHeaders, "date") {
		return refusal(ErrHeaderNotSigned, "'Date' must be a 'SignedHeader' in the AWS Authorization.")
	}
	p.date, p.signedAt = t.Format(v4.TimeFormat), t
	return nil
}

// hashed and digestOf let a client recognise the value that it sent. The value itself is not sent
// back: it may hold somebody's bearer token.
func hashed(authorization string) string { return string(appendHashed(nil, authorization)) }

func appendHashed(dst []byte, authorization string) []byte {
	dst = append(dst, "(Hashed with SHA-256 and encoded with Base64) Authorization="...)
	return appendDigestOf(dst, authorization)
}

func digestOf(authorization string) string { return string(appendDigestOf(nil, authorization)) }

// appendDigestOf has the value in dst while it is hashed, and not for longer.
func appendDigestOf(dst []byte, authorization string) []byte {
	n := len(dst)
	dst = append(dst, authorization...)
	sum := sha256.Sum256(dst[n:])
	clear(dst[n:])
	return base64.StdEncoding.AppendEncode(dst[:n], sum[:])
}
