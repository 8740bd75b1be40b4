package sigv4grpc

import (
	"context"
	"io"
	"log"
	"net/http"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/wildgate/wildgate/sigv4auth"
)

type requestKey struct{}

// WithRequest lets the methods of next, which is a grpc.Server, have the request: a method sees its
// context only. It goes behind the middleware.
func WithRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(withRequest(r.Context(), r)))
	})
}

func withRequest(ctx context.Context, r *http.Request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// Messages are interceptors that ask Check about each message that a client sends, before the
// method has it. A call that has not come through the middleware is refused.
type Messages struct {
	// Check decides about a message, and gets the request of its call. An error refuses as
	// sigv4auth.AsError says. The message is nil where a call ends without one, or its method
	// answers before it has one: Check then decides about the call.
	Check func(r *http.Request, message any) error
	// Open holds the methods that everybody may call. Nothing is asked about them.
	Open map[string]bool
}

func (m Messages) check(ctx context.Context, method string, message any) error {
	if m.Open[method] {
		return nil
	}
	r, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok || r.URL.Path != method {
		return status.Error(codes.Internal, "the call has not come through the middleware")
	}
	if refused := sigv4auth.AsError(m.Check(r, message)); refused != nil {
		return status.Error(codes.Code(refused.GRPCCode()), refused.Message)
	}
	return nil
}

// Unary is a grpc.UnaryServerInterceptor.
func (m Messages) Unary(ctx context.Context, message any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := m.check(ctx, info.FullMethod, message); err != nil {
		return nil, err
	}
	return next(ctx, message)
}

// Stream is a grpc.StreamServerInterceptor.
func (m Messages) Stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	checked := &checkedStream{ServerStream: stream, messages: m, method: info.FullMethod}
	if err := next(service, checked); err != nil {
		return err
	}
	return checked.atLeastOnce()
}

type checkedStream struct {
	grpc.ServerStream
	messages Messages
	method   string
	asked    atomic.Bool // a method may send and receive at once
}

func (s *checkedStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil {
		if err == io.EOF {
			if refused := s.atLeastOnce(); refused != nil {
				return refused
			}
		}
		return err
	}
	if err := s.messages.check(s.Context(), s.method, message); err != nil {
		return err
	}
	s.asked.Store(true)
	return nil
}

func (s *checkedStream) SendMsg(message any) error {
	if err := s.atLeastOnce(); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(message)
}

// atLeastOnce asks about the call where no message has been allowed: a client need not send any.
func (s *checkedStream) atLeastOnce() error {
	if s.asked.Load() {
		return nil
	}
	return s.messages.check(s.Context(), s.method, nil)
}

// ClientStreams returns the methods in whose calls the client streams, as server itself knows them:
// for sigv4auth.Config.Streams.
func ClientStreams(server *grpc.Server) map[string]bool {
	streams := map[string]bool{}
	for name, service := range server.GetServiceInfo() {
		for _, m := range service.Methods {
			if m.IsClientStream {
				streams["/"+name+"/"+m.Name] = true
			}
		}
	}
	return streams
}

// Recovered is a grpc.UnaryServerInterceptor that makes a panic of a method an answer. It would end
// the program: gRPC runs methods in goroutines of its own, which net/http does not watch.
func Recovered(ctx context.Context, message any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Printf("a method panicked: %T", v)
			reply, err = nil, status.Error(codes.Internal, "internal error")
		}
	}()
	return next(ctx, message)
}

// Known is a Check that denies what is none of the methods in actions, so that callers who may
// nothing do not learn which there are. [Messages] ask the policies, once a message is there.
func Known(actions map[string]string) sigv4auth.Check {
	return func(r *http.Request, _ sigv4auth.Identity) error {
		if actions[r.URL.Path] == "" {
			return sigv4auth.ErrAccessDenied
		}
		return nil
	}
}
