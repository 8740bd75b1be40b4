package workload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
)

// stringToSignBytes is the length of a string to sign for this region and execute-api.
const stringToSignBytes = 142

// hashing is the floor of a request whose signature is an HMAC: what no verifier with a cached key
// can do without. SHA-256 of the body and of the canonical request, and one HMAC-SHA256 whose key
// is prepared; crypto/hmac keeps it over Reset.
func hashing(q *Request) func() {
	body, request, sts := q.body, make([]byte, canonicalBytes(q)), make([]byte, stringToSignBytes)
	mac := hmac.New(sha256.New, make([]byte, sha256.Size))
	var out [sha256.Size]byte
	return func() {
		if len(body) > 0 {
			sum := sha256.Sum256(body)
			hex.Encode(request[len(request)-64:], sum[:])
		}
		sum := sha256.Sum256(request)
		hex.Encode(sts[len(sts)-64:], sum[:])
		mac.Reset()
		mac.Write(sts)
		mac.Sum(out[:0])
	}
}

// canonicalBytes returns the length of q's canonical request, for the plain paths and values that
// this package signs.
func canonicalBytes(q *Request) int {
	n := len(q.r.Method) + len(q.r.URL.EscapedPath()) + 64 + 5 // the digest, and the line feeds between six parts
	names := "host"
	if _, list, ok := strings.Cut(q.r.Header.Get("Authorization"), "SignedHeaders="); ok {
		names, _, _ = strings.Cut(list, ",")
	}
	n += len(names)
	for name := range strings.SplitSeq(names, ";") {
		value := q.r.Header.Get(name)
		if name == "host" {
			value = q.r.Host
		}
		n += len(name) + 1 + len(value) + 1
	}
	query := q.r.URL.RawQuery
	if before, _, ok := strings.Cut(query, "&X-Amz-Signature="); ok {
		query = before
	}
	return n + len(query)
}

// reading is the floor of a body in chunks: the same encoded bytes, fed to nothing but the hash.
func reading(q *Request, h hash.Hash) func() {
	buf := make([]byte, chunkBytes)
	var sum [sha256.Size]byte
	return func() {
		h.Reset()
		_, _ = io.CopyBuffer(h, q.Again().Body, buf)
		h.Sum(sum[:0])
	}
}

// VerifyingECDSA is the floor of a request whose signature is ECDSA: one verification on P-256 by
// the standard library.
func VerifyingECDSA() (func(), error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(rideBody))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return nil, err
	}
	return func() {
		if !ecdsa.VerifyASN1(&key.PublicKey, sum[:], sig) {
			panic("bench: ecdsa refuses its own signature")
		}
	}, nil
}
