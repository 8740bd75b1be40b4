package awsquery

import (
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

// defaultMaxBytes fits the largest input of STS: a web identity token, and fifty tags whose
// characters are all escaped.
const defaultMaxBytes = 256 << 10

// Service is the table of a service's operations.
type Service struct {
	_ [0]func()

	// Namespace is the xmlns of every answer, and Version the one that requests have to name.
	Namespace, Version string

	// Operations holds the operations, by action.
	Operations map[string]Operation

	// MaxBytes bounds the query and the body, each. 0: 256 KiB.
	MaxBytes int64

	// RequestID returns the ID that a request's log entries have, if there is one. nil: there is
	// none, and each answer gets an ID of its own.
	RequestID func(context.Context) (string, bool)

	// Fault says how an error that is no [*Error] is answered; a panic is one. It is where the
	// operator can learn of it. nil, and what it returns nil for: InternalFailure, or
	// ServiceUnavailable if the request's time is over.
	Fault func(r *http.Request, err error) *Error
}

// Operation is what a service does for one action.
type Operation struct {
	// Unsigned: the operation needs no signature. Its Run MUST find out by itself who calls.
	Unsigned bool

	// Run does the work. What it returns is for [Document]: nil if the action has no output. It is
	// called from many goroutines at once. If it succeeds although p's Err is not nil, the caller
	// gets that error all the same.
	Run func(r *http.Request, p *Params) (result any, err error)
}

// Handler returns the service's handler, for all paths. signed stands around what needs a
// signature, and refuses what has none; unsigned around operations that are Unsigned, called
// without credentials: it is the place of their limits, and may be nil where there is no such
// operation. A request with credentials goes to signed, whatever it asks for, so that wrong ones
// are refused.
//
// To know that a request without credentials asks for an operation that is Unsigned, its form is
// read, up to MaxBytes, before unsigned runs. All other requests go to signed, however wrong they
// are, so that each is seen by one of the two.
//
// A request is read once: what signed and unsigned run before the operation gets from [Asked] what
// the operation is run with.
//
// It panics if what it needs is missing.
func (s *Service) Handler(signed, unsigned func(http.Handler) http.Handler) http.Handler {
	t := &table{Service: *s}
	t.Operations = maps.Clone(s.Operations)
	if t.MaxBytes == 0 {
		t.MaxBytes = defaultMaxBytes
	}
	anyUnsigned := false
	for action, op := range t.Operations {
		if action == "" || op.Run == nil {
			panic("awsquery: an operation without an action or without Run: " + action)
		}
		anyUnsigned = anyUnsigned || op.Unsigned
	}
	if signed == nil || anyUnsigned && unsigned == nil {
		panic("awsquery: nothing stands around the operations")
	}
	protected := signed(t.serving(false))
	var open http.Handler
	if anyUnsigned {
		open = unsigned(t.serving(true))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &asked{table: t, w: w}
		r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
		if !anyUnsigned || credentials(r) {
			protected.ServeHTTP(w, r)
			return
		}
		// Whatever is wrong with the request is told by the place that it has to pass anyway.
		r, ok := t.peek(w, r)
		if ok {
			open.ServeHTTP(w, r)
			return
		}
		a.read = false // what is verified is what counts
		protected.ServeHTTP(w, r)
	})
}

// asked is what a request asks for, once it has been read. It is its context's.
type asked struct {
	table *table
	w     http.ResponseWriter // the server's
	read  bool                // => what follows is filled in
	form  Form
	op    Operation
	err   error // why the form, or the operation, is none
}

type askedKey struct{}

// Asked returns what a request to a Service's handler asks for: the action, and its parameters. It
// reads the request's body, the first time, so that it is for what runs once the request has been
// verified, or needs no signature. What it returns as an error is answered, if the operation gets
// to run, as the operation's own; most are an [*Error].
func Asked(r *http.Request) (action string, p *Params, err error) {
	a, ok := r.Context().Value(askedKey{}).(*asked)
	if !ok {
		return "", nil, errors.New("awsquery: the request has not come through the handler of a Service")
	}
	if a.from(r); a.err != nil {
		return "", nil, a.err
	}
	action, _ = a.form.Get("Action")
	return action, NewParams(a.form), nil
}

// from reads the request, unless that has been done.
func (a *asked) from(r *http.Request) {
	if a.read {
		return
	}
	a.read = true
	s, err := a.table.texts(a.w, r)
	if err == nil {
		a.form, err = s.parse()
	}
	if err == nil {
		a.op, err = a.table.operation(a.form)
	}
	if err == nil && s.stray() {
		// Whoever sent it meant something by it, and it may be what restricts the rest, such as a
		// session policy. Nor does a signature always cover the Content-Type (threat 21).
		err = malformedInput("The body of the request is not a form")
	}
	a.err = err
}

// table is a Service in use.
type table struct{ Service }

// credentials reports whether a request carries anything that could be meant as credentials.
func credentials(r *http.Request) bool {
	if _, ok := r.Header["Authorization"]; ok {
		return true
	}
	for text := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, _, _ := strings.Cut(text, "=")
		name, _ = url.QueryUnescape(name) // Parse refuses a form with a bad escape
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") || name == "awsaccesskeyid" || name == "signature" {
			return true
		}
	}
	return false
}

// peek reports whether a request asks for an operation that is Unsigned, and returns the request
// with its body as it was before; one that could not be read stays so.
func (t *table) peek(w http.ResponseWriter, r *http.Request) (*http.Request, bool) {
	s, err := t.texts(w, r)
	if err != nil {
		return withBody(r, broken{err}), false
	}
	r = withBody(r, strings.NewReader(s.body))
	form, err := s.parse()
	if err != nil || s.stray() {
		return r, false
	}
	op, err := t.operation(form)
	if err != nil || !op.Unsigned {
		return r, false
	}
	if a, ok := r.Context().Value(askedKey{}).(*asked); ok {
		a.read, a.form, a.op = true, form, op
	}
	return r, true
}

// withBody returns a copy of a request with another body. The caller's stays as it is.
func withBody(r *http.Request, body io.Reader) *http.Request {
	r = r.WithContext(r.Context())
	r.Body = io.NopCloser(body)
	return r
}

// broken is what is left of a body that could not be read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// serving returns the handler of the operations. If open, nobody has verified the request, and only
// those run that are Unsigned.
func (t *table) serving(open bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		action, result, err := t.run(r, open)
		if err == nil {
			id := t.requestID(w, r)
			var body []byte
			if body, err = Document(t.Namespace, action, id, result); err == nil {
				write(w, http.StatusOK, body)
				return
			}
		}
		t.fail(w, r, err)
	})
}

func (t *table) run(r *http.Request, open bool) (action string, result any, err error) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			result, err = nil, awsservice.Panicked("awsquery", v)
		}
	}()
	action, p, err := Asked(r)
	if err != nil {
		return "", nil, err
	}
	a, _ := r.Context().Value(askedKey{}).(*asked)
	if open && !a.op.Unsigned { // unreachable: open is for what peek has read
		return "", nil, errors.New("awsquery: an operation that needs a signature was about to run without one")
	}
	if result, err = a.op.Run(r, p); err == nil {
		err = p.Err()
	}
	return action, result, err
}

// sent is what a request's parameters are read from.
type sent struct {
	query, body string
	form        bool // => body is one
}

// stray reports whether there is a body that nobody reads.
func (s *sent) stray() bool { return !s.form && s.body != "" }

// parse reads the form. A body that is none is left out: who asks for nothing in the query is told
// so.
func (s *sent) parse() (Form, error) {
	if s.form {
		return Parse(s.query, s.body)
	}
	return Parse(s.query)
}

// texts reads a request. The body of a POST is a form if it says so.
func (t *table) texts(w http.ResponseWriter, r *http.Request) (s sent, err error) {
	if s.query = r.URL.RawQuery; int64(len(s.query)) > t.MaxBytes {
		return sent{}, tooLarge()
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return sent{}, &Error{
			Code: "MethodNotAllowed", Message: "The specified method is not allowed", Status: http.StatusMethodNotAllowed,
		}
	}
	if r.Body == nil { // of a request that no server has read
		return s, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.MaxBytes))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return sent{}, tooLarge()
		}
		return sent{}, err
	}
	s.body, s.form = string(body), r.Method == http.MethodPost && isForm(r.Header["Content-Type"])
	return s, nil
}

// isForm reports whether a body is a form. It has to say so, once, and to be UTF-8 if it names a
// character set.
func isForm(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	kind, params, err := mime.ParseMediaType(contentType[0])
	charset, named := params["charset"]
	return err == nil && kind == "application/x-www-form-urlencoded" && (!named || strings.EqualFold(charset, "utf-8"))
}

// operation returns what a form asks for.
func (t *table) operation(form Form) (Operation, error) {
	action, _ := form.Get("Action")
	if action == "" {
		return Operation{}, &Error{Code: "MissingAction", Message: "Missing Action"}
	}
	version, ok := form.Get("Version")
	if !ok {
		version = "NO_VERSION_SPECIFIED"
	}
	op, known := t.Operations[action]
	if !known || version != t.Version {
		return Operation{}, &Error{
			Code:    "InvalidAction",
			Message: "Could not find operation " + awsservice.Cut(action) + " for version " + awsservice.Cut(version),
		}
	}
	return op, nil
}

// fail answers with an error.
func (t *table) fail(w http.ResponseWriter, r *http.Request, err error) {
	t.WriteError(w, r, t.errorOf(r, err))
}

// WriteError answers a request with an error, as the service's handler does.
func (s *Service) WriteError(w http.ResponseWriter, r *http.Request, e *Error) {
	body := ErrorDocument(s.Namespace, s.requestID(w, r), e)
	w.Header().Set("X-Amzn-Errortype", e.Code)
	switch e.HTTPStatus() {
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
		w.Header().Set("X-Amz-Retry-After", "1000") // the one that AWS's SDKs read
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET, POST")
	}
	write(w, e.HTTPStatus(), body)
}

func (t *table) errorOf(r *http.Request, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	if t.Fault != nil {
		if e := t.Fault(r, err); e != nil {
			return e
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable(err)
	}
	return Internal(err)
}

// write writes an answer. None is to be kept by a cache: most hold credentials.
func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", ContentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// requestID returns the ID that the answer carries, and sets it if it carries none.
func (s *Service) requestID(w http.ResponseWriter, r *http.Request) string {
	if id := w.Header().Get("X-Amzn-Requestid"); id != "" {
		return id
	}
	id, ok := "", false
	if s.RequestID != nil {
		id, ok = s.RequestID(r.Context())
	}
	if !ok {
		id = awsservice.NewRequestID()
	}
	w.Header().Set("X-Amzn-Requestid", id)
	return id
}
