package sts

import (
	"crypto/hmac"
	"crypto/sha256"

	"github.com/wildgate/wildgate/sigv4auth"
)

// proof tells the secret of a long-term key from another. A session has that of its asker, so that
// it ends if the secret is replaced and the key's ID is not: whoever has the old one has lost it.
// It is as good as nothing for finding the secret, and is sealed besides.
type proof [8]byte

// proofOf returns the proof of a credential's secret, zero if it has none.
func proofOf(c *sigv4auth.Credential) (p proof) {
	if c.Secret.IsZero() {
		return p
	}
	h := hmac.New(sha256.New, []byte(c.Secret.Reveal()))
	h.Write([]byte("wildgate sts asker 1\x00" + c.AccessKeyID))
	copy(p[:], h.Sum(nil))
	return p
}

// askedWith reports whether the session was asked for with the secret that a credential has. Where
// either has none it is not known: services may have derived keys in place of secrets.
func (a *asker) askedWith(c *sigv4auth.Credential) bool {
	if c.Secret.IsZero() || a.known == (proof{}) {
		return true
	}
	if last := a.proved.Load(); last != nil && last.Equal(c.Secret.Reveal()) { // nearly always
		return true
	}
	of := proofOf(c)
	if !hmac.Equal(of[:], a.known[:]) {
		return false
	}
	secret := c.Secret
	a.proved.Store(&secret)
	return true
}
