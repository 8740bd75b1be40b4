package sigv4auth

import (
	"crypto/ecdsa"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Algorithms is a set of signing algorithms beside AWS4-HMAC-SHA256, which is always accepted.
type Algorithms uint8

const (
	// SigV4A accepts AWS4-ECDSA-P256-SHA256, the asymmetric form of Signature Version 4, as API
	// Gateway does. A signature is valid for a set of regions, which has to contain Config.Region:
	// whoever sees a request for several regions can send it to each of them. Checking one costs
	// tens of times what an HMAC costs: bench/RESULTS.md has both, as "SigV4A POST" and "header
	// POST".
	//
	// A SigV4A signature is not unique: from one signature anyone can make a second one for the
	// same request. Tell requests apart by what they ask for, never by their signatures.
	SigV4A Algorithms = 1 << iota

	allAlgorithms = SigV4A
)

// String returns the names of the algorithms in the set with "|" between, "none" for the zero
// value.
func (a Algorithms) String() string { return bitNames(uint8(a), []string{"AWS4-ECDSA-P256-SHA256"}) }

// MarshalText returns what String does.
func (a Algorithms) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// algorithm is a signing algorithm.
type algorithm uint8

const (
	hmacSHA256 algorithm = iota
	ecdsaP256
)

// find finds the algorithm of a name, which is compared byte by byte (threats 8 and 9). One that is
// switched off is unknown.
func (set Algorithms) find(name string) (alg algorithm, known bool) {
	switch {
	case name == v4.Algorithm:
		return hmacSHA256, true
	case name == v4.AlgorithmV4A && set&SigV4A != 0:
		return ecdsaP256, true
	}
	return hmacSHA256, false
}

func (alg algorithm) name() string {
	if alg == ecdsaP256 {
		return v4.AlgorithmV4A
	}
	return v4.Algorithm
}

// verificationKey checks the signatures of one credential by one algorithm.
type verificationKey struct {
	signing *v4.SigningKey   // of AWS4-HMAC-SHA256
	public  *ecdsa.PublicKey // of SigV4A
}

func (p *authParams) appendStringToSign(dst, canonical []byte) []byte {
	return v4.AppendStringToSign(dst, p.algorithm.name(), p.date, p.scope.Date, p.scopeEnd, canonical) // guard 8
}

// chain returns the chain of the chunks' signatures, which begins with the request's.
func (key verificationKey) chain(p *authParams) chunked.Chain {
	if p.algorithm == ecdsaP256 {
		return chunked.NewV4A(key.public, p.date, p.scope.Date, p.scopeEnd, p.der)
	}
	return chunked.NewHMAC(key.signing, p.date, p.scope.Date, p.scopeEnd, p.signature)
}
