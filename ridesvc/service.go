package ridesvc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	defaultStoreTimeout = 5 * time.Second
	// maxRiderBytes bounds what Config.Rider may return: the longest names of AWS, ARNs, have 2048
	// characters.
	maxRiderBytes = 2048
)

// ErrNoRider is what Config.Rider answers, wrapped or bare, for a caller who is known and can own
// no rides.
var ErrNoRider = errors.New("ridesvc: the caller can own no rides")

// Config says what a [Service] is made of. [New] reads it once; later changes have no effect.
type Config struct {
	_ [0]func()

	// Store keeps the rides. It is required.
	Store Store

	// Rider returns the key by which the sender of the request owns rides, and is required. Behind
	// sigv4auth that is Identity.OwnerKey of the verified identity in the request's context; it
	// MUST NOT be a name that two callers can share, nor what the caller is free to write. The key
	// is 1 to 2048 bytes of UTF-8 without control characters, and is compared byte by byte. An
	// error that wraps ErrNoRider means that the caller is known and can own nothing: 403. Any
	// other error, or any other key, means that the service stands behind no authentication: the
	// request is answered with 500, never served as anybody's. It is called concurrently.
	Rider func(*http.Request) (string, error)

	// RiderName returns what answers call the rider, in the field "Rider". It is for people to
	// read, and nothing is decided by it. Its form and its errors are as Rider's. A ride keeps the
	// name that the rider had when it was requested. nil: the key is the name.
	RiderName func(*http.Request) (string, error)

	// Prefix is the path below which the routes lie, such as "/prod"; it begins with a slash, ends
	// without one, and consists of letters, digits and "-._~" otherwise. "": they lie at the root.
	Prefix string

	// StoreTimeout bounds each call of the Store, beside the request's own context. 0: 5 s. It may
	// not be negative.
	StoreTimeout time.Duration

	// Failed is called for each failure that is answered with 500 or 503: an error of Rider, of the
	// Store or of Rand, a panic; and of each ErrNoRider. It is called before the answer is sent,
	// and concurrently. Where a client left early, err wraps context.Canceled. nil: nobody is told;
	// a service that runs SHOULD set it, since the client's answer never says what went wrong.
	Failed func(r *http.Request, err error)

	// Now is the clock for RequestTime and CancelTime. nil: time.Now. It is called concurrently.
	Now func() time.Time

	// Rand is where RideIds, which nobody may be able to guess, and the choice of the unicorn come
	// from. nil: crypto/rand. Anything else belongs in tests, and is read concurrently.
	Rand io.Reader
}

// A ConfigError is one mistake in a [Config]; New joins all it finds.
type ConfigError struct {
	Field   string // such as "Config.Store"
	Problem string
}

// Error returns the field and its problem.
func (e *ConfigError) Error() string { return "ridesvc: " + e.Field + ": " + e.Problem }

// A Service is the ride service, an http.Handler; the package comment says what it serves. It is
// immutable and safe for concurrent use. A Service is made by [New]; its zero value is not usable.
type Service struct {
	store        Store
	rider        func(*http.Request) (string, error)
	riderName    func(*http.Request) (string, error) // nil => the key is the name
	prefix       string
	storeTimeout time.Duration
	failed       func(*http.Request, error)
	now          func() time.Time
	rand         io.Reader
}

// New returns the service that cfg describes, or every mistake in cfg: errors of type
// *[ConfigError], joined.
func New(cfg Config) (*Service, error) {
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, &ConfigError{Field: "Config." + field, Problem: fmt.Sprintf(format, args...)})
	}
	if cfg.Store == nil {
		mistake("Store", "required")
	}
	if cfg.Rider == nil {
		mistake("Rider", "required")
	}
	if !isPrefix(cfg.Prefix) {
		mistake("Prefix", `%q is neither empty nor a plain path such as "/prod"`, cfg.Prefix)
	}
	if cfg.StoreTimeout < 0 {
		mistake("StoreTimeout", "%v is negative", cfg.StoreTimeout)
	}
	if mistakes != nil {
		return nil, errors.Join(mistakes...)
	}
	s := &Service{
		store: cfg.Store, rider: cfg.Rider, riderName: cfg.RiderName, prefix: cfg.Prefix, storeTimeout: cfg.StoreTimeout,
		failed: cfg.Failed, now: cfg.Now, rand: cfg.Rand,
	}
	if s.storeTimeout == 0 {
		s.storeTimeout = defaultStoreTimeout
	}
	if s.failed == nil {
		s.failed = func(*http.Request, error) {}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s, nil
}

func isPrefix(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != '/' {
		return false
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		if segment == "" || segment == "." || segment == ".." || strings.ContainsFunc(segment, isReserved) {
			return false
		}
	}
	return true
}

// isReserved reports whether c is anything but an unreserved character (RFC 3986, 2.3).
func isReserved(c rune) bool {
	return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("-._~", c)
}

// ServeHTTP answers one request. See the package comment.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	write(w, r.Method, s.answer(r))
}

// answer decides on the whole reply. A panic in the Store or a callback is a failure like another
// (threat 227).
func (s *Service) answer(r *http.Request) (answer reply) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v) // net/http's way to drop the connection
			}
			answer = s.replyTo(r, fmt.Errorf("ridesvc: panic: %v\n%s", v, debug.Stack()))
		}
	}()
	answer, err := s.serve(r)
	if err != nil {
		return s.replyTo(r, err)
	}
	return answer
}

func (s *Service) serve(r *http.Request) (reply, error) {
	operation, rideID, err := s.route(r)
	if err != nil {
		return reply{}, err
	}
	c := call{r: r, rideID: rideID}
	if c.rider, err = riderText(s.rider, r); err != nil {
		return reply{}, err
	}
	c.riderName = c.rider
	if s.riderName != nil {
		if c.riderName, err = riderText(s.riderName, r); err != nil {
			return reply{}, err
		}
	}
	return operation(s, c)
}

// riderText asks for the rider's key or name, and takes nothing nameless for an answer (threat
// 148).
func riderText(ask func(*http.Request) (string, error), r *http.Request) (string, error) {
	rider, err := ask(r)
	switch {
	case err != nil:
		return "", fmt.Errorf("ridesvc: the rider has no name: %w", err)
	case rider == "":
		return "", errors.New("ridesvc: the rider has no name")
	case len(rider) > maxRiderBytes || !utf8.ValidString(rider) || strings.ContainsFunc(rider, unicode.IsControl):
		return "", fmt.Errorf("ridesvc: the rider's name %s is no name", quoted(rider))
	}
	return rider, nil
}

// inStore bounds one call of the Store, and marks what fails there.
func (s *Service) inStore(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.storeTimeout)
	defer cancel()
	if err := do(ctx); err != nil {
		return &storeError{err}
	}
	return nil
}
