package sigv4auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// keyCache holds keys derived from secrets, the least recently used of which make room for new ones. Only keys of credentials that
// a store returned enter it, so that a caller without one cannot fill it. What a store derived itself comes with the credential, and is not
// kept here.
type keyCache struct {
	keys *lru.Cache[cacheKey, verificationKey]

	// dummy stands in for the secret of a key that does not exist. A request
	// with such a key then costs what a wrong signature costs: its derived key is cached too.
	dummy Credential
}

// cacheKey tells derived keys apart. The digest of the secret is part of it: with the ID alone the
// cache would go on answering for a secret that has been rotated away (threat 104). A public key is for every scope, and has the
// zero one here, which no signing key has.
type cacheKey struct {
	accessKeyID  string
	scope        v4.Scope
	secretDigest [sha256.Size]byte
}

func newKeyCache(size int) (*keyCache, error) {
	keys, err := lru.New[cacheKey, verificationKey](size)
	if err != nil {
		return nil, err
	}
	var random [30]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return &keyCache{
		keys: keys,
		// An access key ID cannot be empty, so the entry is no caller's.
		dummy: Credential{Secret: NewSecret(hex.EncodeToString(random[:]))},
	}, nil
}

// key returns what checks p's signature, of a credential that lacks no key for it.
func (kc *keyCache) key(c *Credential, p *presented) verificationKey {
	if c.Secret.IsZero() {
		return verificationKey{signing: signingKeyFor(c.SigningKeys, p.scope), public: c.PublicKey.key}
	}
	secret := c.Secret.open()
	key := cacheKey{accessKeyID: c.AccessKeyID, secretDigest: secret.digest}
	if p.algorithm == hmacSHA256 {
		key.scope = p.scope
	}
	if k, ok := kc.keys.Get(key); ok {
		return k
	}
	// The key outlives the request, whose header the strings point into.
	key.accessKeyID = strings.Clone(key.accessKeyID)
	key.scope.Date = strings.Clone(key.scope.Date)
	var k verificationKey
	if p.algorithm == ecdsaP256 {
		k.public = v4.DerivePublicKey(c.AccessKeyID, secret.value)
	} else {
		k.signing = v4.DeriveKey(secret.value, p.scope)
	}
	kc.keys.Add(key, k)
	return k
}
