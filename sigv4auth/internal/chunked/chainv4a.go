package chunked

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// padding fills a SigV4A signature, the length of whose DER varies, up to MaxSignature, so that
// clients know the length of the encoded body in advance. It is not part of the signature that the
// next one covers.
const padding = "*"

// v4aChain is the Chain of AWS4-ECDSA-P256-SHA256, whose strings to sign differ from [hmacChain]'s
// in the algorithm's name and the scope.
type v4aChain struct {
	key      *ecdsa.PublicKey
	scope    []byte // the date and the scope, each with its line feed
	previous []byte // a signature, in hexadecimal and without padding
	sts      []byte // memory
}

// NewV4A returns the chain of AWS4-ECDSA-P256-SHA256 that begins with seed, the request's signature
// in DER. The date is the request's, in the form of [v4.TimeFormat], the scope the day and what
// follows it in the request's string to sign.
func NewV4A(key *ecdsa.PublicKey, date, day, scopeEnd string, seed []byte) Chain {
	c := &v4aChain{key: key}
	c.scope = append(c.scope, date...)
	c.scope = append(c.scope, '\n')
	c.scope = append(c.scope, day...)
	c.scope = append(c.scope, scopeEnd...)
	c.scope = append(c.scope, '\n')
	c.previous = hex.AppendEncode(c.previous, seed)
	return c
}

func (c *v4aChain) VerifyChunk(digest *[sha256.Size]byte, signature []byte) bool {
	c.begin(v4.AlgorithmV4A + "-PAYLOAD\n")
	c.sts = append(c.sts, v4.EmptyPayload...) // of headers, of which a chunk has none
	c.sts = append(c.sts, '\n')
	return c.end(digest, signature)
}

func (c *v4aChain) VerifyTrailer(digest *[sha256.Size]byte, signature []byte) bool {
	c.begin(v4.AlgorithmV4A + "-TRAILER\n")
	return c.end(digest, signature)
}

// begin begins a string to sign with its name, which ends in a line feed.
func (c *v4aChain) begin(name string) {
	c.sts = append(c.sts[:0], name...)
	c.sts = append(c.sts, c.scope...)
	c.sts = append(c.sts, c.previous...)
	c.sts = append(c.sts, '\n')
}

// end ends the string to sign with a digest, and verifies its signature.
func (c *v4aChain) end(digest *[sha256.Size]byte, signature []byte) bool {
	c.sts = v4.AppendDigest(c.sts, digest)
	if len(signature) != MaxSignature {
		return false
	}
	signature = bytes.TrimRight(signature, padding)
	der, ok := v4.ParseSignatureV4A(string(signature))
	if !ok || !v4.VerifyV4A(c.key, c.sts, der) {
		return false
	}
	c.previous = append(c.previous[:0], signature...)
	return true
}
