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
	region, service string // of every signing key in it
	keys            *lru.Cache[cacheKey, verificationKey]

	// dummy stands in for the secret of a key that does not exist. A request
	// with such a key then costs what a wrong signature costs: its derived key is cached too.
	dummy Credential
}

// cacheKey tells derived keys apart, by all that they are derived from; the region and the service are the same for all. With the access key ID in the
// place of the secret's digest, the cache would go on answering for a secret that has been rotated away (threat 104).
type cacheKey struct {
	secretDigest [sha256.Size]byte
	date         string // of a signing key's scope; "" for a public key, which is for every day
	accessKeyID  string // of a public key; "" for a signing key, which is not derived from it
}

func newKeyCache(size int, region, service string) (*keyCache, error) {
	keys, err := lru.New[cacheKey, verificationKey](size)
	if err != nil {
		return nil, err
	}
	var random [30]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return &keyCache{
		region: region, service: service, keys: keys,
		dummy: Credential{Secret: NewSecret(hex.EncodeToString(random[:]))},
	}, nil
}

// key returns what checks p's signature, of a credential that lacks no key for it.
func (kc *keyCache) key(c *Credential, p *presented) verificationKey {
	if c.Secret.IsZero() {
		return verificationKey{signing: signingKeyFor(c.SigningKeys, p.scope), public: c.PublicKey.key}
	}
	secret := c.Secret.open()
	key := cacheKey{secretDigest: secret.digest}
	if p.algorithm == ecdsaP256 {
		key.accessKeyID = c.AccessKeyID
	} else {
		key.date = p.scope.Date
	}
	if k, ok := kc.keys.Get(key); ok {
		return k
	}
	// The key outlives the request, whose header the strings point into.
	key.accessKeyID, key.date = strings.Clone(key.accessKeyID), strings.Clone(key.date)
	var k verificationKey
	if p.algorithm == ecdsaP256 {
		k.public = v4.DerivePublicKey(c.AccessKeyID, secret.value)
	} else {
		k.signing = v4.DeriveKey(secret.value, v4.Scope{Date: key.date, Region: kc.region, Service: kc.service})
	}
	kc.keys.Add(key, k)
	return k
}
