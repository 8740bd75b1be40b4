package sigv4auth

import (
	"errors"
	"time"
)

// checkKeys refuses a credential from which it does not follow what checks its signatures.
func (c *Credential) checkKeys() error {
	derived := len(c.SigningKeys) > 0 || !c.PublicKey.IsZero()
	switch {
	case c.Secret.IsZero() && !derived:
		return errors.New("the secret is empty, and there are no derived keys")
	case !c.Secret.IsZero() && derived:
		return errors.New("there are both a secret and derived keys")
	}
	return checkSigningKeys(c.SigningKeys)
}

// lacksKey says why nothing in c, which a store returned, checks the signature of p, nil if
// something does. Only a store's fault is told as one: anyone can name an access key, and must not
// be able to make a service look broken with it.
func (c *Credential) lacksKey(p *authParams, now time.Time) *Error {
	derived := len(c.SigningKeys) > 0 || !c.PublicKey.IsZero()
	unknown := func(detail string) *Error {
		return &Error{Reason: ErrUnrecognizedClient, Message: messageUnrecognized, Detail: detail}
	}
	switch {
	case !c.Secret.IsZero() && derived:
		return unavailable("the credential store returned both a secret and derived keys", nil)
	case !c.Secret.IsZero():
		return nil
	case !derived: // threat 15
		return unknown("the credential store returned an empty secret")
	case p.algorithm == ecdsaP256:
		if c.PublicKey.IsZero() {
			return unknown("the credential has no public key, and the request is signed with SigV4A")
		}
		return nil
	case len(c.SigningKeys) == 0:
		return unknown("the credential has a public key only, and the request is not signed with SigV4A")
	case signingKeyFor(c.SigningKeys, p.scope) != nil:
		return nil
	case p.scope.Date < now.UTC().Format("20060102"):
		return unknown("the credential has no signing key for " + p.scope.Date)
	}
	return unavailable("the credential store returned no signing key for "+p.scope.Date+", "+p.scope.Region+" and "+p.scope.Service, nil)
}
