package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"

	"github.com/go-jose/go-jose/v4"
)

// RSA keys of other sizes are not used: a smaller one can be broken, and what a larger one costs to
// check is for its issuer to say.
const minRSABits, maxRSABits = 2048, 8192

// algorithms are those that a provider may use, each with the keys that it is for. There is none
// that takes a secret, and "none" is not among them: an algorithm that is not here can be neither
// configured nor verified.
var algorithms = map[jose.SignatureAlgorithm]func(crypto.PublicKey) bool{
	jose.RS256: rsaKey, jose.RS384: rsaKey, jose.RS512: rsaKey,
	jose.PS256: rsaKey, jose.PS384: rsaKey, jose.PS512: rsaKey,
	jose.ES256: onCurve(elliptic.P256()), jose.ES384: onCurve(elliptic.P384()), jose.ES512: onCurve(elliptic.P521()),
	jose.EdDSA: ed25519Key,
}

// defaultAlgorithms are those of a provider that names none.
var defaultAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.ES384}

func rsaKey(k crypto.PublicKey) bool {
	pub, ok := k.(*rsa.PublicKey)
	return ok && pub.N.BitLen() >= minRSABits && pub.N.BitLen() <= maxRSABits && pub.E >= 3 && pub.E&1 == 1
}

func onCurve(curve elliptic.Curve) func(crypto.PublicKey) bool {
	return func(k crypto.PublicKey) bool {
		pub, ok := k.(*ecdsa.PublicKey)
		return ok && pub.Curve == curve
	}
}

func ed25519Key(k crypto.PublicKey) bool {
	pub, ok := k.(ed25519.PublicKey)
	return ok && len(pub) == ed25519.PublicKeySize
}
