package oidc

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// What a token may be, from the WebIdentityToken of AssumeRoleWithWebIdentity in the STS API
// Reference, and what is read of it before it is known whose it is.
const (
	minToken, maxToken = 4, 20000
	maxTokenHeader     = 4096 // encoded
	maxTokenSignature  = 1366 // encoded: of an RSA key of 8,192 bits
	maxKeyID           = 1024
	maxIssuer          = 1024
	maxSubject         = 1024
	maxAudiences       = 50
	maxAudience        = 1024
)

// parsedToken is a token that is well formed. Nothing of it is known to be true.
type parsedToken struct {
	raw       string
	algorithm jose.SignatureAlgorithm
	keyID     string
	hasKeyID  bool
	payload   string
	claims    *jsonValue

	issuer, subject string
	subjects        [1]string // subject, as a condition key has it
	audiences       []string
	party           string // azp
	hasParty        bool
	issued, expires time.Time
	notBefore       time.Time // zero: not said
}

// parseToken reads a token. It costs time in proportion to the token's length, which it bounds
// first, and no cryptography.
func parseToken(raw string) (*parsedToken, error) {
	if len(raw) < minToken || len(raw) > maxToken {
		return nil, malformed("it has fewer than 4 or more than 20,000 characters")
	}
	header, rest, _ := strings.Cut(raw, ".")
	payload, signature, ok := strings.Cut(rest, ".")
	switch parts := strings.Count(raw, ".") + 1; {
	case strings.ContainsAny(raw, " \t\r\n"):
		return nil, malformed("it has white space in it, or a line break at its end")
	case parts == 5:
		return nil, malformed("it is encrypted, or nested in an encrypted one")
	case !ok || parts != 3 || header == "" || payload == "":
		return nil, malformed("it has not the three parts of a signed token")
	case signature == "":
		return nil, malformed("it is not signed")
	case len(header) > maxTokenHeader || len(signature) > maxTokenSignature:
		return nil, malformed("its header or its signature is too long")
	}
	t := &parsedToken{raw: raw}
	if _, err := decodePart(signature); err != nil {
		return nil, malformed("its signature is not base64url")
	}
	if err := t.readHeader(header); err != nil {
		return nil, err
	}
	claims, err := decodePart(payload)
	if err != nil {
		return nil, malformed("its claims are not base64url")
	}
	t.payload = string(claims)
	if t.claims, err = parseObject(t.payload, tokenLimits); err != nil {
		return nil, malformed("its claims are not one strict JSON object")
	}
	return t, nil
}

// decodePart decodes a part of a token in the one way that encodes it.
func decodePart(s string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

// readHeader reads the header. Of where a key could be had (jku, x5u, x5c) it reads nothing: keys
// are the configured issuer's alone.
func (t *parsedToken) readHeader(encoded string) error {
	doc, err := decodePart(encoded)
	if err != nil {
		return malformed("its header is not base64url")
	}
	h, err := parseObject(string(doc), tokenLimits)
	if err != nil {
		return malformed("its header is not one strict JSON object")
	}
	// crit names what must be understood, and nothing is; b64 and zip change what is signed, and
	// enc is of an encrypted token. No issuer sends its key in jwk.
	for _, name := range []string{"crit", "b64", "zip", "enc", "jwk"} {
		if _, is := h.member(name); is {
			return malformed("its header has " + name)
		}
	}
	for name, allowed := range map[string][]string{"typ": {"", "jwt", "application/jwt"}, "cty": {""}} {
		if v, is := h.member(name); is && (v.kind != jsonString || !containsFold(allowed, v.text)) {
			return malformed("its " + name + " is not that of an ID token")
		}
	}
	alg, is := h.member("alg")
	if !is || alg.kind != jsonString {
		return malformed("its header has no alg")
	}
	t.algorithm = jose.SignatureAlgorithm(alg.text)
	if _, known := algorithms[t.algorithm]; !known {
		return malformed("its alg is none that is allowed")
	}
	if kid, is := h.member("kid"); is {
		if kid.kind != jsonString || kid.text == "" || len(kid.text) > maxKeyID {
			return malformed("its kid is not text of 1 to 1,024 bytes")
		}
		t.keyID, t.hasKeyID = kid.text, true
	}
	return nil
}

func containsFold(list []string, s string) bool {
	for _, one := range list {
		if strings.EqualFold(one, s) {
			return true
		}
	}
	return false
}

// readIssuer reads iss, by which the provider is found, before any other claim.
func (t *parsedToken) readIssuer() error {
	v, is := t.claims.member("iss")
	if !is || v.kind != jsonString || v.text == "" || len(v.text) > maxIssuer {
		return malformed("it has no iss")
	}
	t.issuer = v.text
	return nil
}

// readClaims reads the registered claims: those that an ID token must have by section 2 of OpenID
// Connect Core, and nbf and azp if they are there.
func (t *parsedToken) readClaims() error {
	sub, is := t.claims.member("sub")
	if !is || sub.kind != jsonString || sub.text == "" || len(sub.text) > maxSubject || !plainText(sub.text) {
		return malformed("it has no sub of 1 to 1,024 bytes")
	}
	t.subject = sub.text
	t.subjects[0] = sub.text
	aud, is := t.claims.member("aud")
	if !is {
		return malformed("it has no aud")
	}
	var ok bool
	if t.audiences, ok = texts(aud, maxAudiences, maxAudience); !ok || len(t.audiences) == 0 {
		return malformed("its aud is not text, or a list of 1 to 50 texts")
	}
	if azp, is := t.claims.member("azp"); is {
		if azp.kind != jsonString || azp.text == "" || len(azp.text) > maxAudience || !plainText(azp.text) {
			return malformed("its azp is not text")
		}
		t.party, t.hasParty = azp.text, true
	}
	for _, claim := range []struct {
		name     string
		at       *time.Time
		required bool
	}{{"exp", &t.expires, true}, {"iat", &t.issued, true}, {"nbf", &t.notBefore, false}} {
		v, is := t.claims.member(claim.name)
		if !is && !claim.required {
			continue
		}
		if !is || v.kind != jsonNumber {
			return malformed("its " + claim.name + " is missing, or not a number")
		}
		if *claim.at, is = numericDate(v.text); !is {
			return malformed("its " + claim.name + " is not a time")
		}
	}
	return nil
}

// numericDate reads a NumericDate of RFC 7519, section 2: seconds since 1970, up to the year 9999.
// A part of a second is dropped.
func numericDate(number string) (time.Time, bool) {
	s, err := strconv.ParseFloat(number, 64)
	if err != nil || s < 0 || s > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(int64(math.Floor(s)), 0).UTC(), true
}

// texts returns the texts of a string or of an array of strings.
func texts(v *jsonValue, most, longest int) ([]string, bool) {
	items := v.list()
	if len(items) > most {
		return nil, false
	}
	list := make([]string, 0, len(items))
	for i := range items {
		item := &items[i]
		if item.kind != jsonString || item.text == "" || len(item.text) > longest || !plainText(item.text) {
			return nil, false
		}
		list = append(list, item.text)
	}
	return list, true
}

// plainText reports whether s has no control characters, which no policy means.
func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || 0x7f <= r && r < 0xa0 })
}

// invalid is the refusal of a token with AWS's own text, and what the operator is told beside it.
func invalid(message, detail string) *sts.TokenError {
	return &sts.TokenError{Code: sts.ErrInvalidIdentityToken, Message: message, Detail: detail}
}

func malformed(detail string) *sts.TokenError {
	return invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)", detail)
}
