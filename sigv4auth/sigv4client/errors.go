package sigv4client

// Reason names one reason not to send a request, or not to make a link. The values are constants:
// compare with [errors.Is].
type Reason string

// The reasons not to send a request.
const (
	// ErrOtherHost: the request goes to, or is to be signed for, none of Config.Endpoints.
	ErrOtherHost Reason = "OtherHost"
	// ErrCredentials: the provider failed, or what it returned is empty or has expired. The
	// provider's error is wrapped.
	ErrCredentials Reason = "Credentials"
	// ErrBody: the body cannot be hashed: it failed, has another length than the request says, or
	// is larger than Config.MaxBufferedBody and cannot be read twice.
	ErrBody Reason = "Body"
	// ErrRequest: no signature for this request would be accepted: its query cannot be parsed, its
	// path has empty or dot segments, a header has a control character, or it is presigned already.
	ErrRequest Reason = "Request"
	// ErrExpiry: a link was to be valid for less than a second, for part of a second or for more
	// than seven days.
	ErrExpiry Reason = "Expiry"
)

// Error returns the reason, preceded by the package's name.
func (r Reason) Error() string { return "sigv4client: " + string(r) }

// String returns the reason alone.
func (r Reason) String() string { return string(r) }

// MarshalText returns the reason alone.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r), nil }

// Error says why a request was not sent. http.Client returns it inside a *url.Error: use
// [errors.AsType], or [errors.Is] with a Reason. Its text holds no credentials; that of Cause is
// the provider's, or the body's.
type Error struct {
	// Reason is why, for comparisons.
	Reason Reason
	// Detail says what is wrong, in words.
	Detail string
	// Cause is the error of the credentials provider or of the body, or nil.
	Cause error
}

// Error returns the detail, and the cause if there is one.
func (e *Error) Error() string {
	if e.Cause == nil {
		return "sigv4client: " + e.Detail
	}
	return "sigv4client: " + e.Detail + ": " + e.Cause.Error()
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is the error's Reason.
func (e *Error) Is(target error) bool { return target == e.Reason }

// ConfigError is one mistake in a Config. [New] returns all mistakes at once, joined.
type ConfigError struct {
	Field   string // for instance Config.Endpoints[0]
	Problem string
}

// Error returns the field and the problem.
func (e *ConfigError) Error() string { return "sigv4client: " + e.Field + " " + e.Problem }
