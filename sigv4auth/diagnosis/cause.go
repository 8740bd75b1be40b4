package diagnosis

// Cause names one known reason for which a request's signature does not verify, or for which a
// right signature is refused. The codes are stable: alarms and dashboards can group by them.
type Cause string

// String returns the code.
func (c Cause) String() string { return string(c) }

// MarshalText returns the code.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c), nil }

// What is wrong with the request or with the server, whether or not the signature verifies.
const (
	// CauseClock: the clocks of the client and of this server differ by more than Config.ClockSkew.
	CauseClock Cause = "clock"
	// CauseExpired: a presigned URL was used after its X-Amz-Expires.
	CauseExpired Cause = "expired"
	// CauseScopeDate: the day of the credential scope is not that of the request's date.
	CauseScopeDate Cause = "scope-date"
	// CauseRegion: the client signs for another region than Config.Region.
	CauseRegion Cause = "region"
	// CauseService: the client signs for another service than Config.Service.
	CauseService Cause = "service"
	// CauseHostNotServed: the host that was signed is none of Config.Hosts.
	CauseHostNotServed Cause = "host-not-served"
	// CauseTokenUnsigned: the session token arrived, but the client did not sign it.
	CauseTokenUnsigned Cause = "token-unsigned"
	// CauseHeaderUnsigned: a header arrived that has to be signed and is not; an intermediary
	// may have added it.
	CauseHeaderUnsigned Cause = "header-unsigned"
	// CauseKeyUnknown: the credential store does not know the access key.
	CauseKeyUnknown Cause = "key-unknown"
	// CauseToken: the session token is not the access key's: it is missing, it is that of another
	// session, or the access key has none.
	CauseToken Cause = "token"
	// CauseKeyExpired: the temporary credentials have expired.
	CauseKeyExpired Cause = "key-expired"
)

// What is different in the request that was signed from the one that arrived. Each of these is
// reported only if the signature that was computed for the request without the difference is the
// one that arrived.
const (
	// CauseHost: the Host was changed in transit.
	CauseHost Cause = "host"
	// CausePathEncoding: the client encodes or normalises the path otherwise than Config.Path says,
	// or an intermediary did.
	CausePathEncoding Cause = "path-encoding"
	// CausePathPrefix: an intermediary took the path's prefix away or added one.
	CausePathPrefix Cause = "path-prefix"
	// CauseTrailingSlash: an intermediary added a slash at the end of the path, or took it
	// away.
	CauseTrailingSlash Cause = "trailing-slash"
	// CausePlus: a plus sign in the query was signed as a plus where it stands for a space, or the
	// other way round.
	CausePlus Cause = "plus"
	// CauseQueryEncoding: the client signs the query as it stands on the wire, not in its canonical
	// encoding.
	CauseQueryEncoding Cause = "query-encoding"
	// CauseQueryOrder: the client signs the query's parameters in another order than the canonical
	// one.
	CauseQueryOrder Cause = "query-order"
	// CauseParameter: a parameter was added to the query after it was signed.
	CauseParameter Cause = "parameter"
	// CauseHeader: a signed header was rewritten or removed in transit.
	CauseHeader Cause = "header"
	// CauseHeaderSpace: the client signs a header's white space or commas otherwise than they
	// arrived.
	CauseHeaderSpace Cause = "header-space"
	// CauseMethod: the method was changed in transit.
	CauseMethod Cause = "method"
	// CausePayloadMode: the signature covers the body in another mode than the request declares or
	// the configuration admits.
	CausePayloadMode Cause = "payload-mode"
	// CauseBody: the body was changed in transit.
	CauseBody Cause = "body"
)

// Finding is one cause. Its texts hold no secret and no control character.
type Finding struct {
	Cause Cause
	// Condition is what has to hold for the signature to verify or the request to be admitted, and
	// what holds instead.
	Condition string
	// Remedy is what to change, and where.
	Remedy string
}
