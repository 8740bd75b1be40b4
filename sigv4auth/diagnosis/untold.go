package diagnosis

// Untold says why the address or the scheme of a request's client is not known: what should say it
// does not. It is "" where it is known. The condition key, aws:SourceIp or aws:SecureTransport,
// then has a value that is not known: every Deny that looks at it applies, and no Allow does. The
// texts are stable: alarms and dashboards can group by them.
type Untold string

// String returns the text.
func (u Untold) String() string { return string(u) }

// MarshalText returns the text.
func (u Untold) MarshalText() ([]byte, error) { return []byte(u), nil }

const (
	// UntoldMissing: the peer is a proxy of Config.Proxies, and the header that is named there
	// did not arrive, or not with what was to be in it. A proxy that obeys "Connection:
	// X-Forwarded-For" drops the header for whoever asks for it (CVE-2022-31813, CVE-2025-48865).
	UntoldMissing Untold = "missing"
	// UntoldMalformed: the header holds an element that is no address, or no scheme, or has more
	// elements than are looked at.
	UntoldMalformed Untold = "malformed"
	// UntoldProxies: the header holds addresses of proxies of Config.Proxies alone, so that one of
	// them did not say who called it.
	UntoldProxies Untold = "proxies-only"
	// UntoldPeer: the peer has no address, as on a Unix socket, and nothing else tells the
	// client's.
	UntoldPeer Untold = "no-peer-address"
	// UntoldClientIP: AuthorizerConfig.ClientIP does not tell it.
	UntoldClientIP Untold = "client-ip"
)
