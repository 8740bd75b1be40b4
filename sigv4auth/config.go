package sigv4auth

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Config says what an [Authenticator] accepts. [New] copies it; later changes have no effect.
type Config struct {
	_ [0]func()

	// Region and Service are the one credential scope that is accepted, for instance "us-east-1"
	// and "execute-api". Both are required: letters, digits, '-', '_' and '.'.
	Region, Service string

	// Credentials finds what an access key ID names. It is required.
	Credentials CredentialStore

	// ClockSkew is how far a request's date may lie from the server's clock, in either direction,
	// both bounds included. 0: 5 minutes, as API Gateway has it. At most 15 minutes; whole seconds.
	ClockSkew time.Duration

	// MaxPresignExpiry is the longest X-Amz-Expires that is accepted. 0: presigned URLs are
	// refused. At most 7 days.
	//
	// A presigned URL is a bearer credential: whoever sees it can use it until it expires.
	MaxPresignExpiry time.Duration

	// PresignExpiresOptional accepts presigned URLs without X-Amz-Expires too, from their date for
	// as long as a request that is signed in its header, ClockSkew, and no longer than
	// MaxPresignExpiry. S3 requires the parameter (Amazon S3 API Reference, "Authenticating
	// Requests: Using Query Parameters"), so that Service is then not s3; STS has never heeded it
	// (aws/aws-sdk-go issue 2167), and sts.PresignClient of aws-sdk-go-v2 sends none. false: such a
	// URL is refused.
	PresignExpiresOptional bool

	// MaxBodyBytes bounds the body, in every mode decoded. 0: 10 MiB, API Gateway's limit.
	//
	// A body with a digest is read into memory and verified before the handler runs, unless Body or
	// Route.Body says otherwise. Of a body that streams, 1 MiB is held at most.
	MaxBodyBytes int64

	// MaxUndeclaredBytes bounds the body of a request that does not declare its digest in
	// X-Amz-Content-Sha256, as curl and others for services other than s3. Such a body has to be
	// read into memory before anything is known of its sender: anybody, even with an unknown access
	// key, can make the server hold so much for each connection. 0: 10 MiB. Where MaxBodyBytes is
	// less, that is the bound.
	MaxUndeclaredBytes int64

	// Body says how the handler gets the body of a request: in memory, as it arrives, or spooled.
	// It is called from many goroutines at once, for requests whose signature is verified. It
	// SHOULD go by what is signed, such as the method and the path, and MUST NOT read the body. A
	// panic refuses with ErrInternalFailure. Of requests to Routes, Route.Body comes first. nil:
	// BodyByMode for all.
	Body func(r *http.Request) BodyDelivery

	// Spool says where spooled bodies are kept. Zero: in memory up to 1 MiB, and beyond in files of
	// os.TempDir.
	Spool Spool

	// MaxDrainBytes and MaxDrainTime bound how much of a refused request's body is read and thrown
	// away, and for how long, so that a client which is still sending gets to read the answer, and
	// not a broken connection. The answer is written before, whatever Denied writes it. 0: 32 MiB,
	// and 5 seconds; at most a minute, and at least a millisecond. A sender of less than 64 KiB a
	// second is cut off after a second.
	//
	// Draining holds nothing in memory. Bodies of up to 256 KiB are read by net/http's server
	// itself, which keeps the connection. If the body is longer, of unknown length, or was
	// announced with Expect: 100-continue, the answer says Connection: close, and the connection is
	// closed when the bounds are reached.
	//
	// While a body is drained, the deadline of http.Server.ReadTimeout is replaced: reading can
	// take MaxDrainTime longer than that. A Denied hook that reads the body has no more time.
	// Nothing is drained over HTTP/2, where one stream is closed and the others stay, nor if a
	// wrapped ResponseWriter hides SetReadDeadline: see [http.ResponseController].
	MaxDrainBytes int64
	MaxDrainTime  time.Duration

	// Path selects how the path is canonicalised. Zero: PathStrict.
	Path PathStyle

	// Payloads adds payload modes to that of a digest. Zero: every body is covered by the
	// signature.
	Payloads PayloadMode

	// Streams reports whether the handler of r reads the body while it answers, as a method of gRPC
	// does in whose calls the client streams. Nobody knows the digest of such a body when it is
	// signed, and the body may not end before the handler has run. So a request that it reports is
	// refused with ErrMalformedRequest, at once, unless its payload mode is one of Payloads that
	// streams, or Body says BodyStreamed; with BodySpooled it is always refused, with
	// ErrInternalFailure. It is asked of bodies whose length is not known, once the signature is
	// verified; with [Authenticator.Routes] r.Pattern is set. It MUST NOT read the body, and is
	// called from many goroutines at once.
	//
	// Where it is set, every body of unknown length needs X-Amz-Content-Sha256, since without that
	// it would have to be read before the signature is looked at. nil: no request is a stream, and
	// one that is hangs until its client or http.Server.ReadTimeout ends it.
	Streams func(r *http.Request) bool

	// Algorithms adds signing algorithms to AWS4-HMAC-SHA256. Zero: none.
	Algorithms Algorithms

	// RequiredHeaders names headers that have to be signed wherever they arrive, beside host and
	// every x-amz-* header, which always have to be. Content-Type is a candidate where it selects a
	// parser; some clients never sign it.
	RequiredHeaders []string

	// Hosts lists the hosts that requests may be signed for, with the port where clients send one,
	// without regard to case. nil: any host that was signed. Set it where several services share
	// keys, so that a request to one cannot be sent to another.
	Hosts []string

	// Proxies says which peers are your own reverse proxies, and which of their headers are trusted
	// to tell the client's address, scheme, host and path. Zero: no peer is trusted.
	Proxies TrustedProxies

	// KeyCacheSize is the largest number of secrets whose derived keys are cached. A secret has one
	// key for each day on which a valid request can be dated: two days, and as many more as
	// presigned URLs live. A key takes less than 1 KiB. With SigV4A an access key counts twice. The
	// days that requests name do not let one access key take the place of another. 0: 10,000.
	KeyCacheSize int

	// StripHeaders names headers that the handler does not see: Handler and Require take them out
	// of its copy of the request once it is admitted. Candidates are Authorization and
	// X-Amz-Security-Token, and identity headers that an upstream proxy sets, such as
	// X-Remote-User. Case, and characters other than letters and digits, make no difference, since
	// gateways behind the handler do not tell such names apart: X-Remote-User strips X_Remote_User
	// too. nil: none.
	//
	// Other spellings of the headers that Proxies names are stripped too, whatever is listed here.
	StripHeaders []string

	// StripQuery takes what makes a URL a presigned one out of the query that the handler sees:
	// X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders,
	// X-Amz-Signature, X-Amz-Security-Token, X-Amz-Content-Sha256 and X-Amz-Region-Set, in any
	// spelling, out of r.URL.RawQuery, r.RequestURI and a form that was parsed before. What is left
	// stands as it stood, in its order and with its escapes, and so do other X-Amz-* parameters,
	// which are the service's own. Set it where a handler logs URLs, sends requests on, or answers
	// with links to itself: until it expires, such a URL is a credential. What stands in front of
	// the middleware, such as a logger, still sees it. Behind it no signature can be verified
	// again. false: the handler sees the query as it was sent.
	StripQuery bool

	// Denied answers a refused request. AsError returns the refusal that err is; RequestIDFrom
	// finds the request's ID in r's context. nil: WriteAPIGatewayError. WriteS3Error and
	// WriteQueryError speak other dialects, WriteRPCError those of gRPC and Connect.
	Denied func(w http.ResponseWriter, r *http.Request, err error)

	// Observe says who is told of requests. Zero: nobody.
	Observe Observe

	// Now returns the current time. It is called once for each request; again after a body has been
	// read, which may have taken long, and for a request that may be diagnosed
	// (Observe.DiagnosesPerMinute); and for each piece of a body that streams. The first answer is
	// the request's time of verification. nil: time.Now.
	Now func() time.Time
}

// PathStyle selects how the path of the request line becomes the canonical URI. Clients differ on
// empty and dot segments: half of them normalise the path before they sign it, and half do not.
type PathStyle uint8

const (
	// PathStrict refuses a path that normalisation would change, so that both kinds of clients and
	// every router agree on it. The rest is percent-encoded once more, as every service but S3 has
	// it.
	PathStrict PathStyle = iota
	// PathNormalized is AWS's published rule: empty and "." segments are dropped, ".." removes the
	// segment before it, and the rest is percent-encoded once more.
	//
	// What was signed is then not always the path that the router sees. An [Authorizer] refuses
	// such paths.
	PathNormalized
	// PathEncoded percent-encodes the path once more and normalises nothing.
	PathEncoded
	// PathS3 takes the path decoded and encoded once, as Amazon S3 does. It is for the clients that
	// sign so, those of S3, and they need it: with another style on one side than on the other,
	// most paths with escapes are refused, and a signature for a%2520b can be one for a%20b.
	PathS3
)

// String returns "strict", "normalized", "encoded" or "s3".
func (p PathStyle) String() string {
	switch p {
	case PathStrict:
		return "strict"
	case PathNormalized:
		return "normalized"
	case PathEncoded:
		return "encoded"
	case PathS3:
		return "s3"
	}
	return "unknown"
}

// MarshalText returns what String does.
func (p PathStyle) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// ConfigError is one mistake in a Config. [New] and [NewAuthorizer] return all mistakes at once,
// joined.
type ConfigError struct {
	Field   string // for instance Config.ClockSkew
	Problem string
}

// Error returns the field and the problem.
func (e *ConfigError) Error() string { return "sigv4auth: " + e.Field + " " + e.Problem }

// Authenticator verifies requests. It is safe for concurrent use. A service whose routes differ in
// payload modes or in presigned URLs has several Authenticators.
type Authenticator struct {
	region, service string
	scopeEnd        string // what a Credential of the accepted scope ends in, behind the date
	scopeEndEscaped string // the same in a query
	store           CredentialStore
	skew            time.Duration
	maxExpiry       time.Duration // 0 => presigned URLs are refused
	unsaidExpiry    time.Duration // of a URL without X-Amz-Expires; 0 => it is refused
	maxBody         int64
	maxUndeclared   int64                            // at most maxBody
	bodies          func(*http.Request) BodyDelivery // nil => BodyByMode
	spoolTo         Spool
	maxDrainBytes   int64
	maxDrainTime    time.Duration
	strictPath      bool
	path            v4.PathStyle
	payloads        PayloadMode
	streams         func(*http.Request) bool // nil => no request is a stream
	algorithms      Algorithms
	required        []string // lower case
	hosts           []string
	proxies         *forwarded.Proxies // nil => every request is taken as it arrived
	strip           strippedHeaders
	stripsQuery     bool
	denied          func(http.ResponseWriter, *http.Request, error)
	diagnoses       diagnosisLimit
	audit           func(context.Context, Event) // may be nil
	now             func() time.Time
	since           func(time.Time) time.Duration
	keys            *keyCache
	seed            maphash.Seed // of tables of names that requests choose
	scratch         scratchPool
	telemetry       telemetry
}

// New returns an Authenticator. Its error names every mistake in cfg, each a [*ConfigError].
func New(cfg Config) (*Authenticator, error) {
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, &ConfigError{Field: "Config." + field, Problem: fmt.Sprintf(format, args...)})
	}
	if !validScopePart(cfg.Region) {
		mistake("Region", "must be letters, digits, '-', '_' and '.', not %q", cfg.Region)
	}
	if !validScopePart(cfg.Service) {
		mistake("Service", "must be letters, digits, '-', '_' and '.', not %q", cfg.Service)
	}
	if cfg.Credentials == nil {
		mistake("Credentials", "is required")
	} else if c, ok := cfg.Credentials.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			mistake("Credentials", "is invalid: %v", err)
		}
	}
	if cfg.ClockSkew < 0 || cfg.ClockSkew > maxClockSkew || cfg.ClockSkew%time.Second != 0 {
		mistake("ClockSkew", "must be whole seconds from 0 to %v, not %v", maxClockSkew, cfg.ClockSkew)
	}
	if cfg.MaxPresignExpiry < 0 || cfg.MaxPresignExpiry > maxPresignExpiry || cfg.MaxPresignExpiry%time.Second != 0 {
		mistake("MaxPresignExpiry", "must be whole seconds from 0 to %v, not %v", maxPresignExpiry, cfg.MaxPresignExpiry)
	}
	if cfg.PresignExpiresOptional && (cfg.MaxPresignExpiry == 0 || cfg.Service == "s3") {
		mistake("PresignExpiresOptional", "needs MaxPresignExpiry, and another Service than s3")
	}
	if cfg.MaxBodyBytes < 0 {
		mistake("MaxBodyBytes", "must not be negative: %d", cfg.MaxBodyBytes)
	}
	if cfg.MaxUndeclaredBytes < 0 {
		mistake("MaxUndeclaredBytes", "must not be negative: %d", cfg.MaxUndeclaredBytes)
	}
	if cfg.Spool.MemoryBytes < 0 {
		mistake("Spool.MemoryBytes", "must not be negative: %d", cfg.Spool.MemoryBytes)
	}
	if cfg.Spool.Dir != "" {
		if err := usableDir(cfg.Spool.Dir); err != nil {
			mistake("Spool.Dir", "cannot be used: %v", err)
		}
	}
	if cfg.MaxDrainBytes < 0 {
		mistake("MaxDrainBytes", "must not be negative: %d", cfg.MaxDrainBytes)
	}
	if cfg.MaxDrainTime < 0 || cfg.MaxDrainTime > maxDrainTime || cfg.MaxDrainTime%time.Millisecond != 0 {
		mistake("MaxDrainTime", "must be whole milliseconds from 0 to %v, not %v", maxDrainTime, cfg.MaxDrainTime)
	}
	if cfg.Path > PathS3 {
		mistake("Path", "is not a PathStyle: %d", cfg.Path)
	}
	if cfg.Payloads&^allPayloads != 0 {
		mistake("Payloads", "holds unknown modes: %#b", cfg.Payloads&^allPayloads)
	}
	if cfg.Algorithms&^allAlgorithms != 0 {
		mistake("Algorithms", "holds unknown algorithms: %#b", cfg.Algorithms&^allAlgorithms)
	}
	for i, h := range cfg.RequiredHeaders {
		if !v4.IsFieldName(h) {
			mistake(fmt.Sprintf("RequiredHeaders[%d]", i), "is not a header name: %q", h)
		}
	}
	for i, h := range cfg.StripHeaders {
		if !v4.IsFieldName(h) {
			mistake(fmt.Sprintf("StripHeaders[%d]", i), "is not a header name: %q", h)
		}
	}
	if cfg.Hosts != nil && len(cfg.Hosts) == 0 {
		mistake("Hosts", "is empty, which would refuse every request: leave it nil to accept any host")
	}
	for i, h := range cfg.Hosts {
		if !v4.ValidHost(h) {
			mistake(fmt.Sprintf("Hosts[%d]", i), "is not a host: %q", h)
		}
	}
	trusted := newProxies(cfg.Proxies, cfg.RequiredHeaders, mistake)
	if cfg.KeyCacheSize < 0 {
		mistake("KeyCacheSize", "must not be negative: %d", cfg.KeyCacheSize)
	}
	if cfg.Observe.DiagnosesPerMinute < 0 || cfg.Observe.DiagnosesPerMinute > maxDiagnosesPerMinute {
		mistake("Observe.DiagnosesPerMinute", "must be from 0 to %d, not %d", maxDiagnosesPerMinute, cfg.Observe.DiagnosesPerMinute)
	}
	if cfg.Observe.DiagnosesPerMinute > 0 && cfg.Observe.Audit == nil {
		mistake("Observe.DiagnosesPerMinute", "needs an Audit hook to hand the diagnoses to")
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	skew := orDefault(cfg.ClockSkew, defaultClockSkew)
	window := skew + max(skew, cfg.MaxPresignExpiry)
	keys, err := newKeyCache(orDefault(cfg.KeyCacheSize, defaultKeyCacheSize), cfg.Region, cfg.Service, window) // guard 223b
	if err != nil {
		return nil, &ConfigError{Field: "Config.KeyCacheSize", Problem: err.Error()}
	}
	tel, err := newTelemetry(cfg.Observe.Meter, cfg.Observe.Tracer)
	if err != nil {
		return nil, &ConfigError{Field: "Observe.Meter", Problem: err.Error()}
	}
	scopeEnd := "/" + cfg.Region + "/" + cfg.Service + "/" + v4.Terminator
	a := &Authenticator{
		region:          cfg.Region,
		service:         cfg.Service,
		scopeEnd:        scopeEnd,
		scopeEndEscaped: string(v4.AppendEncoded(nil, scopeEnd)),
		store:           cfg.Credentials,
		skew:            skew,
		maxExpiry:       cfg.MaxPresignExpiry,
		maxBody:         orDefault(cfg.MaxBodyBytes, defaultMaxBodyBytes),
		maxUndeclared: min(
			orDefault(cfg.MaxUndeclaredBytes, defaultMaxBodyBytes), orDefault(cfg.MaxBodyBytes, defaultMaxBodyBytes)),
		bodies:        cfg.Body,
		spoolTo:       Spool{MemoryBytes: orDefault(cfg.Spool.MemoryBytes, defaultSpoolMemory), Dir: cfg.Spool.Dir},
		maxDrainBytes: orDefault(cfg.MaxDrainBytes, defaultMaxDrainBytes),
		maxDrainTime:  orDefault(cfg.MaxDrainTime, defaultMaxDrainTime),
		strictPath:    cfg.Path == PathStrict,
		path: map[PathStyle]v4.PathStyle{
			PathStrict: v4.PathEncoded, PathNormalized: v4.PathNormalized, PathEncoded: v4.PathEncoded, PathS3: v4.PathS3,
		}[cfg.Path],
		payloads:    cfg.Payloads,
		streams:     cfg.Streams,
		algorithms:  cfg.Algorithms,
		hosts:       slices.Clone(cfg.Hosts), // guard 231a
		proxies:     trusted,
		strip:       newStrippedHeaders(cfg.StripHeaders, trusted),
		stripsQuery: cfg.StripQuery,
		denied:      cfg.Denied,
		diagnoses:   diagnosisLimit{most: cfg.Observe.DiagnosesPerMinute},
		audit:       cfg.Observe.Audit,
		now:         cfg.Now,
		keys:        keys,
		seed:        maphash.MakeSeed(),
		telemetry:   tel,
	}
	if cfg.PresignExpiresOptional {
		a.unsaidExpiry = min(skew, cfg.MaxPresignExpiry) // guard 88b
	}
	for _, h := range cfg.RequiredHeaders {
		a.required = append(a.required, strings.ToLower(h))
	}
	if a.denied == nil {
		a.denied = WriteAPIGatewayError
	}
	if a.now == nil {
		a.now, a.since = time.Now, time.Since
	} else {
		a.since = func(then time.Time) time.Duration { return a.now().Sub(then) }
	}
	return a, nil
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
