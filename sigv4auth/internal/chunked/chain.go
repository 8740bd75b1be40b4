package chunked

import (
	"bytes"
	"crypto/sha256"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Chain verifies the signatures of a body in order. It starts from the request's signature, and
// each call that succeeds makes signature the one that the next has to cover. A signature comes as
// it was sent, without any bound but [MaxSignature] on its length; one that is not spelled in the
// one right way is not right. After a call that fails there is no other. A Chain is for one
// goroutine.
type Chain interface {
	// VerifyChunk reports whether signature is that of a chunk whose data has this SHA-256.
	VerifyChunk(digest *[sha256.Size]byte, signature []byte) bool
	// VerifyTrailer reports whether signature is that of a trailer whose canonical form has this
	// SHA-256: name, colon, value and line feed.
	VerifyTrailer(digest *[sha256.Size]byte, signature []byte) bool
}

const (
	payloadAlgorithm = v4.Algorithm + "-PAYLOAD"
	trailerAlgorithm = v4.Algorithm + "-TRAILER" // as long as payloadAlgorithm
)

// hmacChain is the Chain of AWS4-HMAC-SHA256.
type hmacChain struct {
	key *v4.SigningKey
	mac *v4.Mac
	// sts is the string to sign of a chunk. From one to the next only previous and digest change,
	// which lie in it.
	sts, previous, digest []byte
}

// NewHMAC returns the chain of AWS4-HMAC-SHA256 that begins with seed, the request's signature. The
// date is the request's, in the form of [v4.TimeFormat], the scope the day and what follows it in
// the request's string to sign.
func NewHMAC(key *v4.SigningKey, date, day, scopeEnd, seed string) Chain {
	sts := make([]byte, 0, 320)
	sts = append(sts, payloadAlgorithm...)
	sts = append(sts, '\n')
	sts = append(sts, date...)
	sts = append(sts, '\n')
	sts = append(sts, day...)
	sts = append(sts, scopeEnd...)
	sts = append(sts, '\n')
	previous := len(sts)
	sts = append(sts, seed...)
	sts = append(sts, '\n')
	sts = append(sts, v4.EmptyPayload...) // of headers, of which a chunk has none
	sts = append(sts, '\n')
	digest := len(sts)
	sts = append(sts, v4.EmptyPayload...)
	return &hmacChain{key: key, mac: v4.NewMac(), sts: sts, previous: sts[previous : previous+v4.DigestLen], digest: sts[digest:]}
}

func (c *hmacChain) VerifyChunk(digest *[sha256.Size]byte, signature []byte) bool {
	v4.AppendDigest(c.digest[:0], digest)
	if !c.verify(c.sts, signature) {
		return false
	}
	copy(c.previous, signature)
	return true
}

// VerifyTrailer verifies the string to sign of a trailer: that of a chunk under another name, and
// without the digest of no headers.
func (c *hmacChain) VerifyTrailer(digest *[sha256.Size]byte, signature []byte) bool {
	sts := bytes.Clone(c.sts[:len(c.sts)-2*v4.DigestLen-len("\n")])
	copy(sts, trailerAlgorithm)
	sts = v4.AppendDigest(sts, digest)
	if !c.verify(sts, signature) {
		return false
	}
	copy(c.previous, signature)
	return true
}

func (c *hmacChain) verify(sts, signature []byte) bool {
	var sent [sha256.Size]byte
	return v4.ParseDigest(&sent, signature) && v4.SameDigest(c.mac.Sign(c.key, sts), &sent)
}
