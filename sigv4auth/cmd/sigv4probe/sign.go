package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"slices"
	"strings"
	"time"
)

const (
	hmacAlgorithm   = "AWS4-HMAC-SHA256"
	ecdsaAlgorithm  = "AWS4-ECDSA-P256-SHA256"
	timeFormat      = "20060102T150405Z"
	terminator      = "aws4_request"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	contentSHA256   = "X-Amz-Content-Sha256"
)

// A signer signs requests, rightly or, where a check sets its fields, wrongly.
type signer struct {
	algorithm                    string
	accessKey, secret, token     string
	at                           time.Time
	date                         string // the text of X-Amz-Date; "": at
	scopeDate                    string // "": the first eight characters of the date
	region, service, terminator  string
	style                        pathStyle
	presigned                    bool
	expires                      string   // of a presigned URL, in seconds; "": not sent
	signed                       []string // the headers that are signed, lower case; nil: all
	unsigned                     []string // those that are not, where signed is nil
	absent                       []string // headers that are signed though they did not come
	dateHeader                   bool     // sign by Date in place of X-Amz-Date
	tokenAfter                   bool     // add the token after signing
	signedHeadersText            string   // what SignedHeaders says; "": what was signed
	key                          []byte   // the signing key that was used, for the chunks that follow
	seed, scopeText, amzDateText string   // likewise
}

// sign adds the credentials to r.
func (s *signer) sign(r *request) {
	date := s.date
	if date == "" {
		date = s.at.UTC().Format(timeFormat)
	}
	scopeDate := s.scopeDate
	if scopeDate == "" {
		scopeDate = s.at.UTC().Format("20060102")
	}
	scope := strings.Join([]string{scopeDate, s.region, s.service, s.terminator}, "/")
	if s.algorithm == ecdsaAlgorithm {
		scope = strings.Join([]string{scopeDate, s.service, s.terminator}, "/")
	}
	if s.presigned {
		for _, p := range []field{
			{"X-Amz-Algorithm", s.algorithm},
			{"X-Amz-Credential", s.accessKey + "/" + scope},
			{"X-Amz-Date", date},
			{"X-Amz-Expires", s.expires},
		} {
			if p.value != "" {
				r.appendQuery(p.name + "=" + encode(p.value, ""))
			}
		}
		if s.algorithm == ecdsaAlgorithm {
			r.appendQuery("X-Amz-Region-Set=" + encode(s.region, ""))
		}
	} else {
		if s.dateHeader {
			r.set("Date", s.at.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"))
		} else {
			r.set("X-Amz-Date", date)
		}
		if s.algorithm == ecdsaAlgorithm {
			r.set("X-Amz-Region-Set", s.region)
		}
	}
	s.addToken(r, !s.tokenAfter)

	names := s.names(r)
	text := s.signedHeadersText
	if text == "" {
		text = strings.Join(names, ";")
	}
	if s.presigned {
		r.appendQuery("X-Amz-SignedHeaders=" + encode(text, ""))
	}
	canonical := strings.Join([]string{
		r.method, s.style.canonical(r.path), canonicalQuery(r.query), canonicalHeaders(r.fields, names), text, s.payloadHash(r),
	}, "\n")
	signature := s.signature(date, scope, canonical)
	s.addToken(r, s.tokenAfter)
	s.seed, s.scopeText, s.amzDateText = signature, scope, date
	if s.presigned {
		r.appendQuery("X-Amz-Signature=" + signature)
		return
	}
	r.add("Authorization", s.algorithm+" Credential="+s.accessKey+"/"+scope+", SignedHeaders="+text+", Signature="+signature)
}

func (s *signer) addToken(r *request, now bool) {
	switch {
	case s.token == "" || !now:
	case s.presigned:
		r.appendQuery("X-Amz-Security-Token=" + encode(s.token, ""))
	default:
		r.set("X-Amz-Security-Token", s.token)
	}
}

// names returns the headers to sign.
func (s *signer) names(r *request) []string {
	if s.signed != nil {
		return s.signed
	}
	var names []string
	for _, f := range r.fields {
		name := strings.ToLower(f.name)
		switch {
		case slices.Contains(names, name) || slices.Contains(s.unsigned, name):
		case name == "user-agent" || name == "transfer-encoding": // what proxies and HTTP libraries change
		case s.presigned && name == "content-length":
		default:
			names = append(names, name)
		}
	}
	names = append(names, s.absent...)
	slices.Sort(names)
	return names
}

// payloadHash is that of header requests from the header, and of presigned ones what the service's
// clients take.
func (s *signer) payloadHash(r *request) string {
	switch {
	case r.get(contentSHA256) != "":
		return r.get(contentSHA256)
	case s.presigned && s.service == "s3":
		return unsignedPayload
	default:
		return sha256Hex(r.body)
	}
}

// signature returns the signature of a canonical request, in hex.
func (s *signer) signature(date, scope, canonical string) string {
	toSign := strings.Join([]string{s.algorithm, date, scope, sha256Hex([]byte(canonical))}, "\n")
	if s.algorithm == ecdsaAlgorithm {
		return signECDSA(s.accessKey, s.secret, toSign)
	}
	parts := strings.Split(scope, "/")
	s.key = []byte("AWS4" + s.secret)
	for _, part := range parts {
		s.key = mac(s.key, part)
	}
	return hex.EncodeToString(mac(s.key, toSign))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// signECDSA signs as SigV4A does: with the P-256 key that is derived from the secret, in DER and
// hex. A key that cannot be derived, for which there is no secret known, gives "".
func signECDSA(accessKey, secret, toSign string) string {
	key, ok := deriveECDSA(accessKey, secret)
	if !ok {
		return ""
	}
	digest := sha256.Sum256([]byte(toSign))
	der, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return ""
	}
	return hex.EncodeToString(der)
}

// deriveECDSA is the counter mode of NIST SP 800-108 over HMAC-SHA256, repeated until the candidate
// lies below the order of the curve: "Derive a signing key for SigV4a" in the IAM User Guide.
func deriveECDSA(accessKey, secret string) (*ecdsa.PrivateKey, bool) {
	limit := new(big.Int).Sub(elliptic.P256().Params().N, big.NewInt(2))
	for counter := byte(1); counter < 255; counter++ {
		input := "\x00\x00\x00\x01" + ecdsaAlgorithm + "\x00" + accessKey + string([]byte{counter}) + "\x00\x00\x01\x00"
		candidate := new(big.Int).SetBytes(mac([]byte("AWS4A"+secret), input))
		if candidate.Cmp(limit) > 0 {
			continue
		}
		scalar := candidate.Add(candidate, big.NewInt(1)).FillBytes(make([]byte, 32))
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
		return key, err == nil
	}
	return nil, false
}
