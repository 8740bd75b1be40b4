// Package sigv4connect joins connectrpc.com/connect and Signature Version 4. A client's requests
// are signed by sigv4client, in its http.Client, and unary calls need nothing more. This package
// has what streams need, and interceptors that ask the policies about messages.
package sigv4connect

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"sync/atomic"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
)

// Unsigned is for clients: it declares UNSIGNED-PAYLOAD for calls in which the client streams.
// Nobody knows the digest of their messages when the headers are signed, and a
// sigv4client.Transport would read them to their end before it sends any. Use TLS: anyone between
// the client and the server could replace the messages otherwise.
func Unsigned() connect.Interceptor { return unsigned{} }

type unsigned struct{}

func (unsigned) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (unsigned) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (unsigned) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		if spec.StreamType&connect.StreamTypeClient != 0 {
			conn.RequestHeader().Set("X-Amz-Content-Sha256", sigv4client.UnsignedPayload)
		}
		return conn
	}
}

// ClientStreams returns the paths of the procedures in whose calls the client streams: for
// sigv4auth.Config.Streams.
func ClientStreams(services ...protoreflect.ServiceDescriptor) map[string]bool {
	streams := map[string]bool{}
	for _, service := range services {
		methods := service.Methods()
		for i := range methods.Len() {
			if m := methods.Get(i); m.IsStreamingClient() {
				streams["/"+string(service.FullName())+"/"+string(m.Name())] = true
			}
		}
	}
	return streams
}

type requestKey struct{}

// WithRequest lets [Messages] have the request. It goes behind the middleware.
func WithRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, r)))
	})
}

// Messages is an interceptor for handlers that asks Check about each message that a client sends,
// before the procedure has it. A call that has not come through the middleware is refused.
type Messages struct {
	// Check decides about a message, and gets the request of its call. An error refuses as
	// sigv4auth.AsError says. The message is nil where a call ends without one, or its procedure
	// answers before it has one: Check then decides about the call.
	Check func(r *http.Request, message any) error
	// Open holds the procedures that everybody may call. Nothing is asked about them.
	Open map[string]bool
}

func (m Messages) check(ctx context.Context, procedure string, message any) error {
	if m.Open[procedure] {
		return nil
	}
	r, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok || r.URL.Path != procedure {
		return connect.NewError(connect.CodeInternal, errors.New("the call has not come through the middleware"))
	}
	if refused := sigv4auth.AsError(m.Check(r, message)); refused != nil {
		return connect.NewError(connect.Code(refused.GRPCCode()), errors.New(refused.Message))
	}
	return nil
}

// WrapUnary implements connect.Interceptor.
func (m Messages) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
		if err := m.check(ctx, r.Spec().Procedure, r.Any()); err != nil {
			return nil, err
		}
		return next(ctx, r)
	}
}

// WrapStreamingClient implements connect.Interceptor. It does nothing.
func (m Messages) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// WrapStreamingHandler implements connect.Interceptor.
func (m Messages) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		checked := &checkedConn{StreamingHandlerConn: conn, ctx: ctx, messages: m}
		if err := next(ctx, checked); err != nil {
			return err
		}
		return checked.atLeastOnce()
	}
}

type checkedConn struct {
	connect.StreamingHandlerConn
	ctx      context.Context // the call's own
	messages Messages
	asked    atomic.Bool // a procedure may send and receive at once
}

func (c *checkedConn) Receive(message any) error {
	if err := c.StreamingHandlerConn.Receive(message); err != nil {
		if errors.Is(err, io.EOF) {
			if refused := c.atLeastOnce(); refused != nil {
				return refused
			}
		}
		return err
	}
	if err := c.messages.check(c.ctx, c.Spec().Procedure, message); err != nil {
		return err
	}
	c.asked.Store(true)
	return nil
}

func (c *checkedConn) Send(message any) error {
	if err := c.atLeastOnce(); err != nil {
		return err
	}
	return c.StreamingHandlerConn.Send(message)
}

// atLeastOnce asks about the call where no message has been allowed: a client need not send any.
func (c *checkedConn) atLeastOnce() error {
	if c.asked.Load() {
		return nil
	}
	return c.messages.check(c.ctx, c.Spec().Procedure, nil)
}

// Recovered is for connect.WithRecover: it makes a panic of a procedure an answer.
func Recovered(_ context.Context, _ connect.Spec, _ http.Header, v any) error {
	log.Printf("a procedure panicked: %T", v)
	return connect.NewError(connect.CodeInternal, errors.New("internal error"))
}

// Known is a Check that denies what is none of the procedures in actions, so that callers who may
// nothing do not learn which there are. [Messages] ask the policies, once a message is there.
func Known(actions map[string]string) sigv4auth.Check {
	return func(r *http.Request, _ sigv4auth.Identity) error {
		if actions[r.URL.Path] == "" {
			return sigv4auth.ErrAccessDenied
		}
		return nil
	}
}
