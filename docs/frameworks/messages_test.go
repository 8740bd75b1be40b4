package frameworks_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/wildgate/wildgate/docs/frameworks/sigv4connect"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4grpc"
	"github.com/wildgate/wildgate/sigv4auth"
)

const talk = "/notes.v1.Notes/Talk"

// method is what one with streams does.
type method func(receive func() error, send func() error) error

// stream is one on which so many messages come, and which counts those that go out.
type stream struct {
	grpc.ServerStream
	connect.StreamingHandlerConn
	ctx         context.Context
	comes, sent int
}

func (s *stream) Context() context.Context { return s.ctx }

func (*stream) Spec() connect.Spec { return connect.Spec{Procedure: talk} }

func (s *stream) Receive(any) error {
	if s.comes == 0 {
		return io.EOF
	}
	s.comes--
	return nil
}

func (s *stream) RecvMsg(m any) error { return s.Receive(m) }

func (s *stream) Send(any) error { s.sent++; return nil }

func (s *stream) SendMsg(m any) error { return s.Send(m) }

// TestMessagesAskAtLeastOnce: a client that streams need not send anything, and a method need not
// wait for it. What happens then is asked about, too, before it can be known what the method says.
func TestMessagesAskAtLeastOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		comes int
		does  method
	}{
		"waits, and none comes": {0, func(receive, send func() error) error {
			if err := receive(); !errors.Is(err, io.EOF) {
				return err
			}
			return send()
		}},
		"sends first":          {1, func(_, send func() error) error { return send() }},
		"neither":              {1, func(_, _ func() error) error { return nil }},
		"waits, and one comes": {1, func(receive, send func() error) error { return errors.Join(receive(), send()) }},
		"does not care":        {2, func(receive, send func() error) error { _ = receive(); _ = send(); _ = receive(); return nil }},
	} {
		for _, allows := range []bool{true, false} {
			asked := 0
			check := func(*http.Request, any) error {
				if asked++; allows {
					return nil
				}
				return sigv4auth.ErrAccessDenied
			}
			for shape, run := range map[string]func(s *stream) codes.Code{
				"gRPC": func(s *stream) codes.Code {
					within(sigv4grpc.WithRequest, s)
					return status.Code(sigv4grpc.Messages{Check: check}.Stream(nil, s, &grpc.StreamServerInfo{FullMethod: talk},
						func(_ any, s grpc.ServerStream) error {
							return tt.does(func() error { return s.RecvMsg(s) }, func() error { return s.SendMsg(s) })
						}))
				},
				"Connect": func(s *stream) codes.Code {
					within(sigv4connect.WithRequest, s)
					messages := sigv4connect.Messages{Check: check}
					err := messages.WrapStreamingHandler(func(_ context.Context, s connect.StreamingHandlerConn) error {
						return tt.does(func() error { return s.Receive(s) }, func() error { return s.Send(s) })
					})(s.ctx, s)
					if err == nil {
						return codes.OK
					}
					return codes.Code(connect.CodeOf(err))
				},
			} {
				s := &stream{comes: tt.comes}
				asked = 0
				code := run(s)
				if denied := code != codes.OK; denied == allows || asked == 0 || s.sent > 0 && !allows {
					t.Errorf("%s, %s, allowed %t: %v, asked %d times, %d messages went out", shape, name, allows, code, asked, s.sent)
				}
			}
		}
	}
}

// within puts the context of a request behind the middleware into s.
func within(withRequest func(http.Handler) http.Handler, s *stream) {
	withRequest(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { s.ctx = r.Context() })).
		ServeHTTP(nil, httptest.NewRequest(http.MethodPost, talk, nil))
}
