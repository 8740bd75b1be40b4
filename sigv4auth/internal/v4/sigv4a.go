package v4

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/sha256"
)

// AlgorithmV4A is the name of the asymmetric signing algorithm, SigV4A. It stands where [Algorithm]
// does.
const AlgorithmV4A = "AWS4-ECDSA-P256-SHA256"

// DerivePublicKey derives the key pair that SigV4A signs with from an access key ID and its secret,
// and returns the half that verifies: IAM User Guide, "AWS Signature Version 4 for API requests",
// on SigV4a. The private key is the first candidate that is one, as in FIPS 186-5, appendix A.2.2,
// but with the output of a key derivation function in the place of random bits.
func DerivePublicKey(accessKeyID, secret string) *ecdsa.PublicKey {
	return firstKey(func(counter byte) [sha256.Size]byte { return candidate(accessKeyID, secret, counter) })
}

// firstKey returns the public key of the first candidate that makes a private key. The counter is
// one byte.
func firstKey(candidate func(counter byte) [sha256.Size]byte) *ecdsa.PublicKey {
	for counter := 1; counter <= 0xff; counter++ {
		if key, ok := privateKey(candidate(byte(counter))); ok {
			return &key.PublicKey
		}
	}
	panic("v4: no candidate is a private key") // unreachable: one in 2^32 candidates is none
}

// candidate is one output block of the KDF in counter mode of NIST SP 800-108, section 4.1, with
// HMAC-SHA256: 256 bits for the label [AlgorithmV4A], with the access key ID and the counter as its
// context.
func candidate(accessKeyID, secret string, counter byte) (block [sha256.Size]byte) {
	h := hmac.New(sha256.New, []byte("AWS4A"+secret))
	h.Write([]byte{0, 0, 0, 1}) // the number of the block
	h.Write([]byte(AlgorithmV4A))
	h.Write([]byte{0})
	h.Write([]byte(accessKeyID))
	h.Write([]byte{counter})
	h.Write([]byte{0, 0, 1, 0}) // the length in bits
	h.Sum(block[:0])
	return block
}

// privateKey makes the private key d = c + 1 of a candidate c. A candidate is none if it is greater
// than n-2, n being the curve's order: then c+1 is at least n, or 0 if it ran over, and
// crypto/ecdsa refuses both. The time does not depend on c.
func privateKey(c [sha256.Size]byte) (*ecdsa.PrivateKey, bool) {
	carry := uint16(1)
	for i := len(c) - 1; i >= 0; i-- {
		carry += uint16(c[i])
		c[i] = byte(carry)
		carry >>= 8
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), c[:])
	return key, err == nil
}

// VerifyV4A reports whether sig, which [ParseSignatureV4A] returned, is a signature of data under
// key.
func VerifyV4A(key *ecdsa.PublicKey, data, sig []byte) bool {
	sum := sha256.Sum256(data)
	return ecdsa.VerifyASN1(key, sum[:], sig) // guard 79
}
