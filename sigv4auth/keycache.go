package sigv4auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// keyCache holds derived signing keys, the least recently used of which make room for new ones. Only keys of credentials that
// a store returned enter it, so that a caller without one cannot fill it.
type keyCache struct {
	keys *lru.Cache[cacheKey, *v4.SigningKey]

	// dummy stands in for the secret of a key that does not exist. A request
	// with such a key then costs what a wrong signature costs: its derived key is cached too.
	dummy Credential
}

// cacheKey tells derived keys apart. The digest of the secret is part of it: with the ID alone the
// cache would go on answering for a secret that has been rotated away (threat 104).
type cacheKey struct {
	accessKeyID  string
	scope        v4.Scope
	secretDigest [sha256.Size]byte
}

func newKeyCache(size int) (*keyCache, error) {
	keys, err := lru.New[cacheKey, *v4.SigningKey](size)
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

// signingKey returns the signing key of c, whose secret is not empty, for the scope s.
func (kc *keyCache) signingKey(c *Credential, s v4.Scope) *v4.SigningKey {
	secret := c.Secret.open()
	key := cacheKey{accessKeyID: c.AccessKeyID, scope: s, secretDigest: secret.digest}
	if k, ok := kc.keys.Get(key); ok {
		return k
	}
	// The key outlives the request, whose header the strings point into.
	key.accessKeyID = strings.Clone(key.accessKeyID)
	key.scope.Date = strings.Clone(key.scope.Date)
	k := v4.DeriveKey(secret.value, s)
	kc.keys.Add(key, k)
	return k
}
