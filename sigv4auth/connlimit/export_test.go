package connlimit

import (
	"net"
	"net/netip"
	"time"
)

// SetNow sets the clock, for the tests, which are of another package. Call it before Protect.
func (l *Limiter) SetNow(now func() time.Time) { l.now = now }

// PeerOf is peerOf.
func (l *Limiter) PeerOf(a net.Addr) netip.Prefix { return l.peerOf(a) }

// CreditBytes is creditBytes.
const CreditBytes = creditBytes
