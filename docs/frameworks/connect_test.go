package frameworks_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1/notesv1connect"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4connect"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4grpc"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
)

// protocol is how a client of Connect speaks.
type protocol struct {
	options []connect.ClientOption
	framed  bool // a unary call's message has a prefix
}

func TestConnect(t *testing.T) {
	for name, p := range map[string]protocol{
		"Connect":  {nil, false},
		"JSON":     {[]connect.ClientOption{connect.WithProtoJSON()}, false},
		"gRPC":     {[]connect.ClientOption{connect.WithGRPC()}, true},
		"gRPC-Web": {[]connect.ClientOption{connect.WithGRPCWeb()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			lacks := maps.Clone(lacksGRPC)
			if name == "JSON" {
				lacks["changed body"] = "as with protobuf" // what the test changes is protobuf
			}
			var program *conformance.Program
			conformance.Run(t, "connect", remembering(&program, conformance.Shape{Do: p.do, Lacks: lacks}))
			t.Run("streams", func(t *testing.T) { p.streams(t, program) })
		})
	}
}

// client returns an http.Client that signs as c, or not, over HTTP/2 without TLS.
func client(t *testing.T, p *conformance.Program, c *conformance.Caller, sent []byte) *http.Client {
	t.Helper()
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: &protocols}
	t.Cleanup(transport.CloseIdleConnections)
	if c == nil {
		return &http.Client{Transport: transport}
	}
	signing, err := sigv4client.New(sigv4client.Config{
		Credentials: c, Region: conformance.Region, Service: conformance.Service, Endpoints: []string{p.URL()},
		Next: roundTripper(func(r *http.Request) (*http.Response, error) {
			if sent != nil {
				r = r.Clone(r.Context())
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
			}
			return transport.RoundTrip(r)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: signing}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (how protocol) do(t *testing.T, p *conformance.Program, c conformance.Call) conformance.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	method, request := methodOf(c)
	var sent []byte
	if c.Sent != nil {
		var err error
		if sent, err = sigv4grpc.Marshal(&notesv1.WriteRequest{Id: c.ID, Text: c.Sent}); err != nil {
			t.Fatal(err)
		}
		if how.framed {
			sent = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(sent))), sent...)
		}
	}
	http, url := client(t, p, c.As, sent), p.URL()+method
	switch m := request.(type) {
	case *notesv1.ReadRequest:
		return call[notesv1.ReadRequest, notesv1.Note](ctx, http, url, m, how.options)
	case *notesv1.WriteRequest:
		return call[notesv1.WriteRequest, notesv1.Written](ctx, http, url, m, how.options)
	default:
		return call[notesv1.Nothing, notesv1.Note](ctx, http, url, &notesv1.Nothing{}, how.options)
	}
}

func call[Request, Response any](
	ctx context.Context, client *http.Client, url string, message *Request, options []connect.ClientOption,
) conformance.Answer {
	res, err := connect.NewClient[Request, Response](client, url, options...).CallUnary(ctx, connect.NewRequest(message))
	if err != nil {
		a := conformance.Answer{Status: statusOf(codes.Code(connect.CodeOf(err))), Body: err.Error()}
		if e, ok := errors.AsType[*connect.Error](err); ok {
			a.Body = e.Message()
		}
		return a
	}
	a := conformance.Answer{Status: http.StatusOK}
	switch m := any(res.Msg).(type) {
	case *notesv1.Note:
		a.Body = string(m.GetText())
	case *notesv1.Written:
		a.Body = m.GetSha256()
	}
	return a
}

// streams: as with gRPC, and in its own words.
func (how protocol) streams(t *testing.T, p *conformance.Program) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	options := append([]connect.ClientOption{connect.WithInterceptors(sigv4connect.Unsigned())}, how.options...)
	as := func(c *conformance.Caller) notesv1connect.NotesClient {
		return notesv1connect.NewNotesClient(client(t, p, c, nil), p.URL(), options...)
	}
	t.Run("both stream", func(t *testing.T) {
		for id, want := range map[string]connect.Code{"bob-9": 0, "seven": connect.CodePermissionDenied} {
			talk := as(p.Bob).Talk(ctx)
			for range 2 {
				if err := talk.Send(&notesv1.ReadRequest{Id: id}); err != nil && !errors.Is(err, io.EOF) {
					t.Fatal(err)
				}
				note, err := talk.Receive()
				if want == 0 && (err != nil || !strings.Contains(string(note.GetText()), id)) || want != 0 && connect.CodeOf(err) != want {
					t.Errorf("%s: %v", id, err)
				}
			}
			_ = talk.CloseRequest()
			_ = talk.CloseResponse()
		}
	})
	t.Run("the client streams", func(t *testing.T) {
		collect := as(p.Alice).Collect(ctx)
		for _, piece := range []string{"a", "b", "c"} {
			if err := collect.Send(&notesv1.WriteRequest{Id: "pieces", Text: []byte(piece)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := collect.CloseAndReceive(); err != nil {
			t.Error(err)
		}
	})
	t.Run("no message", func(t *testing.T) { // Bob may not write, and there is no message to ask about
		if _, err := as(p.Bob).Collect(ctx).CloseAndReceive(); connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%v", err)
		}
	})
	t.Run("the server streams", func(t *testing.T) {
		follow, err := as(p.Alice).Follow(ctx, connect.NewRequest(&notesv1.ReadRequest{Id: "pieces"}))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for follow.Receive() {
			if n++; string(follow.Msg().GetText()) != "abc" {
				t.Errorf("%q", follow.Msg().GetText())
			}
		}
		if follow.Err() != nil || n != 3 {
			t.Errorf("%d notes: %v", n, follow.Err())
		}
	})
	for name, want := range map[string]struct {
		as   notesv1connect.NotesClient
		code connect.Code
		text string
	}{
		"not signed":                 {as(nil), connect.CodeUnauthenticated, "Missing Authentication Token"},
		"signed with another secret": {as(p.Forger), connect.CodeUnauthenticated, "signature"},
		"a digest": {
			notesv1connect.NewNotesClient(client(t, p, p.Alice, nil), p.URL(), append(how.options, connect.WithInterceptors(digest{}))...),
			connect.CodeInvalidArgument, "UNSIGNED-PAYLOAD",
		},
	} {
		t.Run(name, func(t *testing.T) {
			talk := want.as.Talk(ctx)
			if err := talk.Send(&notesv1.ReadRequest{Id: "seven"}); err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			if _, err := talk.Receive(); connect.CodeOf(err) != want.code || !strings.Contains(err.Error(), want.text) {
				t.Errorf("%v", err)
			}
			_ = talk.CloseRequest()
			_ = talk.CloseResponse()
		})
	}
}

// digest declares a digest for a stream, which nobody can know.
type digest struct{ connect.Interceptor }

func (digest) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc { return next }

func (digest) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (digest) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		conn := next(ctx, spec)
		conn.RequestHeader().Set("X-Amz-Content-Sha256", strings.Repeat("0", 64))
		return conn
	}
}
