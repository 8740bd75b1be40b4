package sigv4client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	serviceS3 = "s3" // it alone signs paths encoded once, and presigns bodies that nobody knows yet

	defaultMaxBuffered   = 1 << 20
	defaultMaxCorrection = 24 * time.Hour
	maxRetries           = 10

	// refreshBefore is how long before they expire temporary credentials are replaced: longer than
	// a request takes to arrive.
	refreshBefore = time.Minute
)

// Config says how requests are signed, and where they may go. [New] reads it once.
type Config struct {
	_ [0]func()

	// Credentials is where the access key comes from: any provider of aws-sdk-go-v2. Required. An
	// *aws.CredentialsCache, which is what aws-sdk-go-v2/config makes, is asked for each request.
	// What any other provider returns is kept until a minute before it expires, or half its time if
	// that is less; if the provider then fails, it is used as long as it is valid. Both are asked
	// again when the service says that a token has expired.
	Credentials aws.CredentialsProvider

	// Region and Service are the credential scope that the service accepts, for instance us-east-1
	// and execute-api. Required. For service s3 paths are signed as Amazon S3 has it.
	Region, Service string

	// Endpoints are the origins that requests may be signed for: scheme, host and, unless it is the
	// scheme's own, port, such as https://api.example.com. At least one is required. There are no
	// wildcards.
	Endpoints []string

	// OtherHosts sends, as they are and unsigned, the requests that go to none of Endpoints, such
	// as those that a redirect to a presigned link leads to; the http.DefaultTransport, for
	// instance. nil: they are refused with ErrOtherHost.
	OtherHosts http.RoundTripper

	// Next sends what has been signed. nil: http.DefaultTransport.
	Next http.RoundTripper

	// Retries is how often a request is sent again that was answered with 429, 502, 503 or 504, or
	// whose x-amzn-ErrorType is a throttling error's, such as ThrottlingException. 0: never; at
	// most 10.
	//
	// Only requests that are safe to repeat are: those with GET, HEAD, OPTIONS, TRACE, PUT or
	// DELETE (RFC 9110, section 9.2.2), and those with an Idempotency-Key or X-Idempotency-Key. A
	// 503 does not tell whether a handler ran.
	//
	// X-Amz-Retry-After and Retry-After say how long to wait, up to 20 seconds. Without them it is
	// a random part of 100 milliseconds, doubled each time. If that would be longer, or beyond the
	// deadline of the request's context, the answer is returned instead.
	Retries int

	// MaxBufferedBody is how many bytes of a body that can be read only once are held in memory.
	// 0: 1 MiB. Negative: none, such requests are refused.
	MaxBufferedBody int64

	// MaxClockCorrection is by how much the Date of a refusal may correct the clock. 0: 24 hours,
	// which is more than a wrong time zone makes. Negative: the clock is never corrected.
	MaxClockCorrection time.Duration

	// Now returns the current time. nil: time.Now. Whether cached credentials have expired is
	// decided by aws-sdk-go-v2, which takes the machine's clock.
	Now func() time.Time
}

// Format prints the scope and the endpoints. A credentials provider can hold a secret, which no
// verb prints.
func (c Config) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "sigv4client.Config(%s %s %q)", c.Service, c.Region, c.Endpoints)
}

// Transport signs requests and sends them. It is an [http.RoundTripper], made by [New], and safe
// for concurrent use. Its zero value refuses every request with [ErrOtherHost].
type Transport struct {
	region, service string
	origins         []string // scheme://host, in lower case, without default ports
	hosts           []string // the hosts of origins
	credentials     *aws.CredentialsCache
	signer          *signer.Signer
	next            http.RoundTripper
	others          http.RoundTripper // nil => refused
	retries         int
	maxBuffered     int64
	maxCorrection   time.Duration
	now             func() time.Time

	// correction is what has to be added to now, in nanoseconds.
	correction atomic.Int64
}

var _ http.RoundTripper = (*Transport)(nil)

// New returns a Transport. Its error names every mistake in cfg, each a [*ConfigError].
func New(cfg Config) (*Transport, error) {
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, &ConfigError{Field: "Config." + field, Problem: fmt.Sprintf(format, args...)})
	}
	switch {
	case cfg.Credentials == nil:
		mistake("Credentials", "is required")
	case aws.IsCredentialsProvider(cfg.Credentials, aws.AnonymousCredentials{}):
		mistake("Credentials", "is anonymous: there is no key to sign with")
	}
	for _, part := range []struct{ field, value string }{{"Region", cfg.Region}, {"Service", cfg.Service}} {
		if !validScopePart(part.value) {
			mistake(part.field, "must be letters, digits, '-', '_' and '.', not %q", part.value)
		}
	}
	if len(cfg.Endpoints) == 0 {
		mistake("Endpoints", "is required: name where signed requests may go, such as https://api.example.com")
	}
	t := &Transport{
		region: cfg.Region, service: cfg.Service, next: cfg.Next, others: cfg.OtherHosts, retries: cfg.Retries,
		maxBuffered: cfg.MaxBufferedBody, maxCorrection: cfg.MaxClockCorrection, now: cfg.Now,
		signer: signer.NewSigner(func(o *signer.SignerOptions) {
			o.DisableURIPathEscaping = cfg.Service == serviceS3
			o.DisableHeaderHoisting = true // a header stays where its caller put it
		}),
	}
	for i, endpoint := range cfg.Endpoints {
		scheme, host, problem := parseOrigin(endpoint)
		if problem != "" {
			mistake(fmt.Sprintf("Endpoints[%d]", i), "%s", problem)
			continue
		}
		t.origins, t.hosts = append(t.origins, scheme+"://"+host), append(t.hosts, host)
	}
	if cfg.Retries < 0 || cfg.Retries > maxRetries {
		mistake("Retries", "must be from 0 to %d, not %d", maxRetries, cfg.Retries)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}

	if t.next == nil {
		t.next = http.DefaultTransport
	}
	if t.maxBuffered == 0 {
		t.maxBuffered = defaultMaxBuffered
	}
	if t.maxCorrection == 0 {
		t.maxCorrection = defaultMaxCorrection
	}
	if t.now == nil {
		t.now = time.Now
	}
	var cached bool
	if t.credentials, cached = cfg.Credentials.(*aws.CredentialsCache); !cached {
		t.credentials = aws.NewCredentialsCache(&refreshing{CredentialsProvider: cfg.Credentials}, func(o *aws.CredentialsCacheOptions) {
			o.ExpiryWindow = refreshBefore
		})
	}
	return t, nil
}

// Format prints the scope and the endpoints, and no secret under any verb.
func (t *Transport) Format(f fmt.State, _ rune) {
	if t == nil {
		_, _ = io.WriteString(f, "<nil>")
		return
	}
	_, _ = fmt.Fprintf(f, "sigv4client.Transport(%s %s %q)", t.service, t.region, t.origins)
}

// validScopePart reports whether s can be part of a credential scope.
func validScopePart(s string) bool {
	return s != "" && len(s) <= 64 && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.'
	})
}
