package sigv4auth

import (
	"sync"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// scratch is the memory of one verification, used again by the next. Nothing that a request keeps
// points into it, and of what it holds only signed is looked at before it is overwritten. query,
// which points into the request, forgets it.
type scratch struct {
	buf    []byte
	sts    []byte
	other  []byte // the canonical request for another host
	query  v4.Query
	mac    *v4.Mac
	signed signedList
}

// scratchPool is ready to use.
type scratchPool struct{ pool sync.Pool }

func (p *scratchPool) get() *scratch {
	if s, ok := p.pool.Get().(*scratch); ok {
		return s
	}
	return &scratch{mac: v4.NewMac()}
}

func (p *scratchPool) put(s *scratch) {
	s.query.Forget()
	p.pool.Put(s)
}

// matches reports whether p's signature is right for a canonical request, in time that does not
// depend on how far it is. The algorithm is part of what was signed, so that a signature by one is
// none by the other (threat 9).
func (s *scratch) matches(canonical []byte, key verificationKey, p *authParams) bool {
	s.sts = p.appendStringToSign(s.sts[:0], canonical)
	return s.signs(s.sts, key, p)
}

// signs is matches for a string to sign.
func (s *scratch) signs(sts []byte, key verificationKey, p *authParams) bool {
	if p.algorithm == ecdsaP256 {
		return v4.VerifyV4A(key.public, sts, p.der)
	}
	return v4.SameDigest(s.mac.Sign(key.signing, sts), &p.mac) // guard 212
}

// matchesAnyHost reports whether the signature is right for one of the hosts that a trusted proxy
// named, and says in via.Host for which. first is whether it is for the first of them, whose
// canonical request s.buf holds. All are tried, whichever is right, and with the same work for each
// (threat 123).
func (s *scratch) matchesAnyHost(via *forwarded.Original, first bool, key verificationKey, p *authParams) bool {
	found := first
	if first {
		via.Host = via.Hosts[0]
	}
	for _, host := range via.Hosts[1:] {
		s.other = withHost(s.other[:0], s.buf, via.Hosts[0], host)
		if s.matches(s.other, key, p) && !found { // guard 123c
			found, via.Host = true, host
		}
	}
	return found
}
