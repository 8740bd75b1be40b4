package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What a document of signing keys may hold.
const (
	signingKeysVersion = 1
	maxSigningKeys     = 16
	maxSigningKeysSize = 256 << 10
	maxOverlap         = 7 * 24 * time.Hour
)

// signed are the algorithms that tokens are signed with, as GetWebIdentityToken has them.
var signed = []jose.SignatureAlgorithm{jose.RS256, jose.ES384}

// keyOver is how long a key is published after the next one took over: a token that it signed in
// its last second lives an hour, and the clock of whoever verifies it may be behind.
const keyOver = maxLifetime + 5*time.Minute

// NewSigningKeys makes the keys of a [Signer]: one of RSA for RS256 and one on P-384 for ES384,
// which sign from now on. Whoever has what it returns can sign tokens of the issuer: keep it
// encrypted, for instance sealed by a ring of package keyring. To replace keys that somebody else
// may have, use NewSigningKeys and not [RotateSigningKeys], which goes on publishing the old ones.
func NewSigningKeys(now time.Time) ([]byte, error) {
	return addSigningKeys(nil, now)
}

// RotateSigningKeys returns keys with a new one for each algorithm, which signs from overlap after
// now on: the time in which those who verify tokens come to know it. Until then the old ones sign.
// They are published until the last token that they signed is over, and then left out by a later
// rotation. overlap is at most 7 days; an hour suits verifiers that fetch keys when they meet an
// unknown one, and one that caches them for longer needs as long. keys is not changed.
//
// Every process of the issuer needs the new document ([Signer.SetKeys]) before overlap has passed.
func RotateSigningKeys(keys []byte, now time.Time, overlap time.Duration) ([]byte, error) {
	if overlap < 0 || overlap > maxOverlap {
		return nil, fmt.Errorf("oidc: the overlap is %v; it must be 0 to %v", overlap, maxOverlap)
	}
	all, err := parseSigningKeys(keys)
	if err != nil {
		return nil, err
	}
	return addSigningKeys(slices.DeleteFunc(all, func(k *signingKey) bool { return k.over(now) }), now.Add(overlap))
}

// signingKey is a private key. It is immutable but for until, which is set when it is read.
type signingKey struct {
	algorithm jose.SignatureAlgorithm
	from      time.Time // it signs from then on
	until     time.Time // until the next one of its algorithm does; zero: there is none
	private   crypto.Signer
	public    jose.JSONWebKey
	signer    jose.Signer
}

// over reports whether no token that the key signed is valid any more.
func (k *signingKey) over(now time.Time) bool {
	return !k.until.IsZero() && !now.Before(k.until.Add(keyOver))
}

// The document: JSON, so that what it holds can be seen by whoever may see it.
type signingKeysDocument struct {
	Version int                  `json:"version"`
	Keys    []signingKeyDocument `json:"keys"`
}

type signingKeyDocument struct {
	Algorithm string `json:"alg"`
	From      int64  `json:"from"`  // seconds since 1970
	Key       string `json:"pkcs8"` // PKCS #8 in DER, in base64
}

func addSigningKeys(all []*signingKey, from time.Time) ([]byte, error) {
	if len(all)+len(signed) > maxSigningKeys {
		return nil, errors.New("oidc: there are too many signing keys; they were rotated too often")
	}
	doc := signingKeysDocument{Version: signingKeysVersion}
	add := func(alg jose.SignatureAlgorithm, from time.Time, key crypto.Signer) error {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return fmt.Errorf("oidc: a signing key: %w", err)
		}
		doc.Keys = append(doc.Keys, signingKeyDocument{string(alg), from.Unix(), base64.StdEncoding.EncodeToString(der)})
		return nil
	}
	for _, k := range all {
		if err := add(k.algorithm, k.from, k.private); err != nil {
			return nil, err
		}
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, fmt.Errorf("oidc: a signing key: %w", err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("oidc: a signing key: %w", err)
	}
	if err := errors.Join(add(jose.RS256, from, rsaKey), add(jose.ES384, from, ecKey)); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

// errSigningKeys says nothing of what it found: that is secret.
func errSigningKeys(problem string) error {
	return fmt.Errorf("oidc: the signing keys %s", problem)
}

// parseSigningKeys returns the keys, those of each algorithm in the order in which they sign.
func parseSigningKeys(doc []byte) ([]*signingKey, error) {
	if len(doc) > maxSigningKeysSize {
		return nil, errSigningKeys("are too large")
	}
	if _, err := parseObject(string(doc), fetchLimits); err != nil {
		return nil, errSigningKeys("are not a document of NewSigningKeys")
	}
	var d signingKeysDocument
	if json.Unmarshal(doc, &d) != nil || d.Version != signingKeysVersion || len(d.Keys) > maxSigningKeys {
		return nil, errSigningKeys("are not a document of NewSigningKeys of this version")
	}
	var all []*signingKey
	for i := range d.Keys {
		k, err := parseSigningKey(&d.Keys[i])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other *signingKey) bool { return other.public.KeyID == k.public.KeyID }) {
			return nil, errSigningKeys("have one key twice")
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b *signingKey) int { return a.from.Compare(b.from) })
	for _, alg := range signed {
		var last *signingKey
		for _, k := range all {
			if k.algorithm != alg {
				continue
			}
			if last != nil {
				last.until = k.from
			}
			last = k
		}
		if last == nil {
			return nil, errSigningKeys("have none for " + string(alg))
		}
	}
	return all, nil
}

func parseSigningKey(d *signingKeyDocument) (*signingKey, error) {
	der, err := base64.StdEncoding.Strict().DecodeString(d.Key)
	if err != nil {
		return nil, errSigningKeys("have one that is not base64")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errSigningKeys("have one that is not PKCS #8")
	}
	k := &signingKey{algorithm: jose.SignatureAlgorithm(d.Algorithm), from: time.Unix(d.From, 0).UTC()}
	var ok bool
	k.private, ok = parsed.(crypto.Signer)
	if !ok || !slices.Contains(signed, k.algorithm) || !algorithms[k.algorithm](k.private.Public()) {
		return nil, errSigningKeys("have one that is not for its algorithm")
	}
	k.public = jose.JSONWebKey{Key: k.private.Public(), Algorithm: d.Algorithm, Use: "sig"}
	print, err := k.public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, errSigningKeys("have one without a thumbprint")
	}
	k.public.KeyID = base64.RawURLEncoding.EncodeToString(print)
	k.signer, err = jose.NewSigner(
		jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: k.private, KeyID: k.public.KeyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, errSigningKeys("have one that cannot sign")
	}
	return k, nil
}
