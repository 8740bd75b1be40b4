package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
)

// signECDSA signs as SigV4A does: with the P-256 key that is derived from the secret, in DER and hex. A key that cannot be
// derived, for which there is no secret known, gives "".
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

// deriveECDSA is the counter mode of NIST SP 800-108 over HMAC-SHA256, repeated until the candidate lies below the order of the curve: "Derive a
// signing key for SigV4a" in the IAM User Guide.
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
