package sigv4auth

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	cryptorand "crypto/rand"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// keyCache holds keys derived from secrets, of which those whose secret has not been used for long
// make room for new ones. Only keys of credentials that a store returned enter it, so that a caller
// without one cannot fill it, and those of one secret have one place, so that a caller who knows an
// access key ID alone cannot have it hold an entry for each day there is (threat 223). What a store
// derived itself comes with the credential, and is not kept here.
type keyCache struct {
	region, service string // of every signing key in it
	days            int    // for how many days in a row signing keys are in use at once; at most maxDays
	keys            *lru.Cache[cacheKey, *keysOfSecret]

	// recent holds some of keys for a look without a lock, which many cores would wait for. The
	// digest of a secret, whose bits are as good as random, says which slot its key has to share.
	// The length is a power of two.
	recent []atomic.Pointer[derivedKey]

	// dummy stands in for the secret of a key that does not exist. A request
	// with such a key then costs what a wrong signature costs: its derived key is cached too.
	dummy Credential
}

// refresh is how many times a key is found in recent for once that keys is told so: one that is
// busy stays among the recently used.
const refresh = 16

// maxRecent is enough for the keys that are busy at one time, and takes 32 KiB.
const maxRecent = 4096

// maxDays is how many dates can be in use at one time: those of a week's presigned URLs, which
// begin and end within a day, and the next one, by clocks that are ahead.
const maxDays = int(maxPresignExpiry/(24*time.Hour)) + 2

// derivedKey is never changed once made. It remembers all that it is derived from but the region
// and the service, which are the same for all. With the access key ID in the place of the secret's
// digest, the cache would go on answering for a secret that has been rotated away (threat 104).
type derivedKey struct {
	secretDigest [sha256.Size]byte
	date         scopeDate
	accessKeyID  string // of a public key; "" for a signing key, which is not derived from it
	verificationKey
}

// is reports whether k is derived from these.
func (k *derivedKey) is(secretDigest *[sha256.Size]byte, date scopeDate, accessKeyID string) bool {
	return k.date == date && k.accessKeyID == accessKeyID && v4.SameDigest(&k.secretDigest, secretDigest) // guard 104b, 104c, 104d
}

// scopeDate is the date of a signing key's scope; zero for a public key, which is for every day.
type scopeDate [len("YYYYMMDD")]byte

// cacheKey tells the places of secrets apart: one for all signing keys, and with SigV4A one for
// each public key.
type cacheKey struct {
	secretDigest [sha256.Size]byte
	accessKeyID  string // of a public key
}

// keysOfSecret has room for the signing keys of as many days as can be in use, each in its own
// place. A public key has the first.
type keysOfSecret [maxDays]atomic.Pointer[derivedKey]

// newKeyCache returns a cache for size secrets, for requests of which the first and the last are
// that long apart.
func newKeyCache(size int, region, service string, window time.Duration) (*keyCache, error) {
	var random [30]byte
	_, _ = cryptorand.Read(random[:]) // never fails: crypto/rand
	slots := 1
	for slots < min(size, maxRecent) {
		slots *= 2
	}
	kc := &keyCache{
		region: region, service: service, days: int(window/(24*time.Hour)) + 2, recent: make([]atomic.Pointer[derivedKey], slots),
		dummy: Credential{Secret: NewSecret(hex.EncodeToString(random[:]))},
	}
	var err error
	kc.keys, err = lru.NewWithEvict(size, kc.forgetAll)
	return kc, err
}

// slot returns the only place in kc.recent for a key. The keys of two days, of which both are in
// use around midnight, have two.
func (kc *keyCache) slot(secretDigest *[sha256.Size]byte, date scopeDate) *atomic.Pointer[derivedKey] {
	i := binary.LittleEndian.Uint32(secretDigest[:])
	i += 10*uint32(date[len("YYYYMM")]) + uint32(date[len("YYYYMMD")])
	return &kc.recent[i&uint32(len(kc.recent)-1)]
}

// forgetAll lets go of the keys of a secret that made room for another. A request that has just
// found one may put it back: it then stays until another takes its slot.
func (kc *keyCache) forgetAll(_ cacheKey, all *keysOfSecret) {
	for i := range all {
		kc.forget(all[i].Load())
	}
}

func (kc *keyCache) forget(k *derivedKey) {
	if k == nil {
		return
	}
	kc.slot(&k.secretDigest, k.date).CompareAndSwap(k, nil)
}

// key returns what checks p's signature, of a credential that lacks no key for it.
func (kc *keyCache) key(c *Credential, p *authParams) verificationKey {
	if c.Secret.IsZero() {
		return verificationKey{signing: signingKeyFor(c.SigningKeys, p.scope), public: c.PublicKey.key}
	}
	secret := c.Secret.open()
	digest := secret.digest()
	var date scopeDate
	accessKeyID := ""
	if p.algorithm == ecdsaP256 {
		accessKeyID = c.AccessKeyID
	} else {
		copy(date[:], p.scope.Date)
	}
	slot := kc.slot(digest, date)
	k := slot.Load()
	if k != nil && k.is(digest, date, accessKeyID) {
		if rand.Uint32()%refresh == 0 {
			kc.keys.Get(cacheKey{*digest, accessKeyID})
		}
		return k.verificationKey
	}
	var day uint64
	if p.algorithm == hmacSHA256 { // days that are in use at once differ in it
		day = uint64(p.signedAt.Unix()) / (24 * 60 * 60) % uint64(kc.days)
	}
	place := &kc.place(cacheKey{*digest, accessKeyID})[day] // guard 104a
	if k = place.Load(); k == nil || k.date != date {
		k = &derivedKey{secretDigest: *digest, date: date}
		// The key outlives the request, whose header the strings point into.
		if p.algorithm == ecdsaP256 {
			k.accessKeyID = strings.Clone(accessKeyID)
			k.public = v4.DerivePublicKey(c.AccessKeyID, secret.value)
		} else {
			k.signing = v4.DeriveKey(secret.value, v4.Scope{Date: string(date[:]), Region: kc.region, Service: kc.service})
		}
		kc.forget(place.Swap(k))
	}
	slot.Store(k)
	return k.verificationKey
}

// place returns the place of a secret, which it makes if there is none.
func (kc *keyCache) place(of cacheKey) *keysOfSecret {
	if all, ok := kc.keys.Get(of); ok {
		return all
	}
	of.accessKeyID = strings.Clone(of.accessKeyID)
	made := new(keysOfSecret)
	if all, ok, _ := kc.keys.PeekOrAdd(of, made); ok { // another request was faster
		return all
	}
	return made
}
