package sigv4auth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync/atomic"

	cryptorand "crypto/rand"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// keyCache holds keys derived from secrets, of which those that have not been used for long make room for new ones. Only keys of credentials that
// a store returned enter it, so that a caller without one cannot fill it. What a store derived itself comes with the credential, and is not
// kept here.
type keyCache struct {
	region, service string // of every signing key in it
	keys            *lru.Cache[cacheKey, *derivedKey]

	// recent holds some of keys for a look without a lock, which many cores would wait for. The digest of a secret, whose bits are as good as
	// random, says which slot its key has to share. The length is a power of two.
	recent []atomic.Pointer[derivedKey]

	// dummy stands in for the secret of a key that does not exist. A request
	// with such a key then costs what a wrong signature costs: its derived key is cached too.
	dummy Credential
}

// refresh is how many times a key is found in recent for once that keys is told so: one that is busy stays among the recently used.
const refresh = 16

// maxRecent is enough for the keys that are busy at one time, and takes 32 KiB.
const maxRecent = 4096

// derivedKey is never changed once made.
type derivedKey struct {
	of cacheKey
	verificationKey
}

// cacheKey tells derived keys apart, by all that they are derived from; the region and the service are the same for all. With the access key ID in the
// place of the secret's digest, the cache would go on answering for a secret that has been rotated away (threat 104).
type cacheKey struct {
	secretDigest [sha256.Size]byte
	date         string // of a signing key's scope; "" for a public key, which is for every day
	accessKeyID  string // of a public key; "" for a signing key, which is not derived from it
}

func newKeyCache(size int, region, service string) (*keyCache, error) {
	var random [30]byte
	_, _ = cryptorand.Read(random[:]) // never fails: crypto/rand
	slots := 1
	for slots < min(size, maxRecent) {
		slots *= 2
	}
	kc := &keyCache{
		region: region, service: service, recent: make([]atomic.Pointer[derivedKey], slots),
		dummy: Credential{Secret: NewSecret(hex.EncodeToString(random[:]))},
	}
	var err error
	kc.keys, err = lru.NewWithEvict(size, kc.forget)
	return kc, err
}

// slot returns the only place in kc.recent for a key. The keys of two days, of which both are in use around midnight, have two.
func (kc *keyCache) slot(secretDigest *[sha256.Size]byte, date string) *atomic.Pointer[derivedKey] {
	i := binary.LittleEndian.Uint32(secretDigest[:])
	if date != "" {
		i += 10*uint32(date[len("YYYYMM")]) + uint32(date[len("YYYYMMD")])
	}
	return &kc.recent[i&uint32(len(kc.recent)-1)]
}

// forget lets go of a key that made room for another. A request that has just found it may put it back: it then stays until another takes its slot.
func (kc *keyCache) forget(of cacheKey, k *derivedKey) {
	kc.slot(&of.secretDigest, of.date).CompareAndSwap(k, nil)
}

// key returns what checks p's signature, of a credential that lacks no key for it.
func (kc *keyCache) key(c *Credential, p *presented) verificationKey {
	if c.Secret.IsZero() {
		return verificationKey{signing: signingKeyFor(c.SigningKeys, p.scope), public: c.PublicKey.key}
	}
	secret := c.Secret.open()
	accessKeyID, date := "", p.scope.Date
	if p.algorithm == ecdsaP256 {
		accessKeyID, date = c.AccessKeyID, ""
	}
	slot := kc.slot(&secret.digest, date)
	k := slot.Load()
	if k != nil && k.of.date == date && k.of.accessKeyID == accessKeyID && v4.SameDigest(&k.of.secretDigest, &secret.digest) {
		if rand.Uint32()%refresh == 0 {
			kc.keys.Get(k.of)
		}
		return k.verificationKey
	}
	of := cacheKey{secretDigest: secret.digest, date: date, accessKeyID: accessKeyID}
	k, ok := kc.keys.Get(of)
	if !ok {
		// The key outlives the request, whose header the strings point into.
		of.accessKeyID, of.date = strings.Clone(of.accessKeyID), strings.Clone(of.date)
		k = &derivedKey{of: of}
		if p.algorithm == ecdsaP256 {
			k.public = v4.DerivePublicKey(c.AccessKeyID, secret.value)
		} else {
			k.signing = v4.DeriveKey(secret.value, v4.Scope{Date: of.date, Region: kc.region, Service: kc.service})
		}
		kc.keys.Add(of, k)
	}
	slot.Store(k)
	return k.verificationKey
}
