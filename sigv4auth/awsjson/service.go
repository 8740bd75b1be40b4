package awsjson

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

// defaultMaxBytes fits the inputs of a user pool with room.
const defaultMaxBytes = 256 << 10

// Service is the table of a service's operations.
type Service struct {
	_ [0]func()

	// Target is what stands before the operation in X-Amz-Target, for instance
	// AWSCognitoIdentityService. It is required.
	Target string

	// Operations holds the operations, by name.
	Operations map[string]Operation

	// Invalid is the code of an input that breaks a rule. "": ValidationException, as Cognito
	// Identity has it; user pools have InvalidParameterException.
	Invalid string

	// MaxBytes bounds the body. 0: 256 KiB.
	MaxBytes int64

	// RequestID returns the ID that a request's log entries have, if there is one:
	// sigv4auth.RequestIDFrom. nil: there is none, and each answer gets an ID of its own.
	RequestID func(context.Context) (string, bool)

	// Fault says how an error that says nothing for clients is answered; a panic is one. It is
	// where the operator can learn of it. nil, and what it returns nil for:
	// InternalErrorException, or ServiceUnavailableException if the request's time is over.
	Fault func(r *http.Request, err error) *Error
}

// Operation is what a service does for one name.
type Operation struct {
	// Unsigned: the operation needs no signature. Its Run MUST find out by itself who calls.
	Unsigned bool

	// Run does the work. What it returns is what package encoding/json makes an object of, in which
	// an instant is a [Time]; nil if the operation has no output. It is called from many goroutines
	// at once. If it succeeds although in's Err is not nil, the caller gets that error all the
	// same.
	Run func(r *http.Request, in *Input) (output any, err error)
}

// Handler returns the service's handler, for all paths. signed stands around operations that need a
// signature, and refuses what has none: sigv4auth.Authenticator.Handler or Require. unsigned
// stands around those that are Unsigned: it is the place of their limits, and runs before anything
// is read. What a request asks for that is no operation goes to unsigned too, to be refused behind
// it. Either may be nil where the table has no such operation; with no unsigned, what is no
// operation goes to signed.
//
// A request's credentials are not looked at where the operation is Unsigned: they give it nothing.
//
// A body is read by the first that asks for it. What bounds how many requests are worked on at one
// time has to ask before it counts: a body that is sent slowly would hold a place.
//
// A request is read once: what signed and unsigned run before the operation gets from [Asked] what
// the operation is run with. The signature MUST cover the body: an Authenticator whose
// Config.Payloads is not zero must not be signed.
//
// It panics if what it needs is missing.
func (s *Service) Handler(signed, unsigned func(http.Handler) http.Handler) http.Handler {
	t := &table{Service: *s}
	t.Operations = maps.Clone(s.Operations)
	if t.MaxBytes == 0 {
		t.MaxBytes = defaultMaxBytes
	}
	if t.Invalid == "" {
		t.Invalid = "ValidationException"
	}
	if t.Target == "" {
		panic("awsjson: Service.Target is required")
	}
	anySigned, anyUnsigned := false, false
	for name, op := range t.Operations {
		if name == "" || op.Run == nil {
			panic("awsjson: an operation without a name or without Run: " + name)
		}
		anySigned, anyUnsigned = anySigned || !op.Unsigned, anyUnsigned || op.Unsigned
	}
	if !anySigned && !anyUnsigned {
		panic("awsjson: a service without operations")
	}
	if anySigned && signed == nil || anyUnsigned && unsigned == nil {
		panic("awsjson: nothing stands around the operations")
	}
	var protected, open http.Handler
	if signed != nil {
		protected = signed(t.serving(false))
	}
	if unsigned != nil {
		open = unsigned(t.serving(true))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &asked{table: t, w: w}
		a.operation, a.op, a.err = t.operation(r)
		r = r.WithContext(context.WithValue(r.Context(), askedKey{}, a))
		if open != nil && (a.err != nil || a.op.Unsigned) {
			open.ServeHTTP(w, r)
			return
		}
		protected.ServeHTTP(w, r)
	})
}

// table is a Service in use.
type table struct{ Service }

// operation returns what the head of a request asks for.
func (t *table) operation(r *http.Request) (name string, op Operation, err error) {
	if r.Method != http.MethodPost {
		return "", Operation{}, &Error{
			Code: "MethodNotAllowedException", Message: "The specified method is not allowed", Status: http.StatusMethodNotAllowed,
		}
	}
	target := r.Header["X-Amz-Target"]
	if _, ok := mediaType(r); !ok || len(target) != 1 {
		return "", Operation{}, unknownOperation()
	}
	prefix, name, _ := strings.Cut(target[0], ".")
	op, known := t.Operations[name]
	if !known || prefix != t.Target {
		return "", Operation{}, unknownOperation()
	}
	return name, op, nil
}

// serving returns the handler of the operations. If open, nobody has verified the request, and only
// those run that are Unsigned.
func (t *table) serving(open bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		output, err := t.run(r, open)
		if err == nil {
			if output == nil {
				output = struct{}{}
			}
			var body []byte
			if body, err = encode(output); err == nil {
				t.write(w, r, http.StatusOK, body)
				return
			}
		}
		t.WriteError(w, r, err)
	})
}

func (t *table) run(r *http.Request, open bool) (output any, err error) {
	defer func() {
		if v := recover(); v != nil {
			if v == http.ErrAbortHandler {
				panic(v)
			}
			output, err = nil, awsservice.Panicked("awsjson", v)
		}
	}()
	_, in, err := Asked(r)
	if err != nil {
		return nil, err
	}
	a, _ := r.Context().Value(askedKey{}).(*asked)
	if a.table != t || a.op.Unsigned != open {
		return nil, errMisplaced // an operation of another service, or of the other kind
	}
	if output, err = a.op.Run(r, in); err == nil {
		err = in.Err()
	}
	return output, err
}
