package oidc

import (
	"crypto"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys of one issuer are looked at.
const maxKeys = 128

// keySet is what an issuer publishes. It is immutable.
type keySet struct{ keys []publicKey }

// publicKey is a key that verifies at least one of the algorithms.
type publicKey struct {
	id        string
	algorithm string // the only one that it is for; "" if it does not say
	public    crypto.PublicKey
}

func (k *publicKey) verifies(alg jose.SignatureAlgorithm) bool {
	return (k.algorithm == "" || k.algorithm == string(alg)) && algorithms[alg](k.public)
}

var errKeys = errors.New("it is not a JSON Web Key Set")

// parseKeys reads a JSON Web Key Set. Keys that cannot verify a token are left out, as section 5 of
// RFC 7517 wants it: of unknown types, weak, for encryption, secret, or published with their
// private half.
func parseKeys(doc []byte) (*keySet, error) {
	root, err := parseObject(string(doc), fetchLimits)
	if err != nil {
		return nil, errKeys
	}
	list, is := root.member("keys")
	if !is || list.kind != jsonArray || len(list.items) > maxKeys {
		return nil, errKeys
	}
	set := &keySet{}
	for i := range list.items {
		if k, ok := parseKey(&list.items[i]); ok {
			set.keys = append(set.keys, k)
		}
	}
	return set, nil
}

func parseKey(v *jsonValue) (k publicKey, ok bool) {
	if v.kind != jsonObject {
		return k, false
	}
	if ops, is := v.member("key_ops"); is { // go-jose does not read it
		if list, ok := texts(ops, 16, 64); !ok || !slices.Contains(list, "verify") {
			return k, false
		}
	}
	var jwk jose.JSONWebKey
	if json.Unmarshal([]byte(v.text), &jwk) != nil || (jwk.Use != "" && jwk.Use != "sig") {
		return k, false
	}
	// No algorithm is for a private key or a secret.
	k = publicKey{id: jwk.KeyID, algorithm: jwk.Algorithm, public: jwk.Key}
	for alg := range algorithms {
		if k.verifies(alg) {
			return k, true
		}
	}
	return k, false
}

// find returns the one key that verifies a token's signature. A token that names no key is for the
// only one of its algorithm, by section 10.1 of OpenID Connect Core; a name that two keys have
// stands for none.
func (s *keySet) find(t *parsedToken) (found crypto.PublicKey, ok bool) {
	for i := range s.keys {
		k := &s.keys[i]
		if t.hasKeyID && k.id != t.keyID || !k.verifies(t.algorithm) {
			continue
		}
		if ok {
			return nil, false
		}
		found, ok = k.public, true
	}
	return found, ok
}
