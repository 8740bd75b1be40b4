package sigv4auth

import (
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// What a request may bring. Every count and length is checked before work is spent on it; a request
// beyond one is answered with 400, a body beyond its limit with 413.
const (
	maxTarget        = 32 << 10 // bytes of the request target
	maxAuthorization = 8 << 10  // bytes of the Authorization header
	maxAmzName       = 128      // bytes of the name of an X-Amz-* parameter
	maxSignedHeaders = 100      // names in SignedHeaders
	maxSessionToken  = 16 << 10 // bytes of the session token
	maxAccessKeyID   = 128      // characters of the access key ID

	// maxAuthorizationFields is more than the three that there are, so that the answer can say
	// which is wrong.
	maxAuthorizationFields = 16
)

// The bounds of Config.
const (
	defaultClockSkew    = 5 * time.Minute
	maxClockSkew        = 15 * time.Minute
	maxPresignExpiry    = 7 * 24 * time.Hour
	defaultMaxBodyBytes = 10 << 20 // API Gateway's limit
	defaultKeyCacheSize = 10_000
)

// These are checked while the query is taken apart and while the canonical headers are built.
const (
	maxQueryPairs  = v4.MaxQueryPairs
	maxHeaderBytes = v4.MaxHeaderBytes // bytes of the signed headers' values
)
