package frameworks_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4grpc"
)

// lacksGRPC: a call's path is the method's name, and its ID is in the message.
var lacksGRPC = map[string]string{
	"escapes":         "the path is the name of a method, and nothing in it is data",
	"paths at random": "as with escapes",
}

func TestGRPC(t *testing.T) {
	var p *conformance.Program
	conformance.Run(t, "grpc", remembering(&p, conformance.Shape{Do: caller{}.do, Lacks: lacksGRPC}))
	t.Run("streams", func(t *testing.T) { caller{}.streams(t, p) })
}

func TestGRPCServer(t *testing.T) {
	lacks := map[string]string{"changed body": "the signature covers no message"}
	maps.Copy(lacks, lacksGRPC)
	c := caller{uncovered: true}
	var p *conformance.Program
	conformance.Run(t, "grpcserver", remembering(&p, conformance.Shape{Do: c.do, Lacks: lacks}))
	t.Run("streams", func(t *testing.T) { c.streams(t, p) })
	// The digest of no message is not taken for that of one which is not seen.
	for _, message := range [][]byte{{}, {0x0a, 1, 'a'}} {
		ctx, err := signerOf(p, p.Alice).Sign(t.Context(), notesv1.Notes_Read_FullMethodName, message)
		if err != nil {
			t.Fatal(err)
		}
		_, err = notesv1.NewNotesClient(caller{}.dial(t, p, nil)).Read(ctx, &notesv1.ReadRequest{Id: "a"})
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "UNSIGNED-PAYLOAD") {
			t.Errorf("%v", err)
		}
	}
}

// caller is how a client of gRPC signs.
type caller struct{ uncovered bool }

// remembering is shape, which puts the program into p: it runs on until the test ends, for what its
// shape has beside the set.
func remembering(p **conformance.Program, shape conformance.Shape) conformance.Shape {
	do := shape.Do
	shape.Do = func(t *testing.T, running *conformance.Program, c conformance.Call) conformance.Answer {
		t.Helper()
		*p = running
		return do(t, running, c)
	}
	return shape
}

// dial returns a client of gRPC that signs as c, or not.
func (how caller) dial(t *testing.T, p *conformance.Program, c *conformance.Caller) *grpc.ClientConn {
	t.Helper()
	opts := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if c != nil {
		s := signerOf(p, c)
		s.Uncovered = how.uncovered
		opts = append(opts, s.DialOptions()...)
	}
	conn, err := grpc.NewClient("passthrough:///"+p.Address, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func signerOf(p *conformance.Program, c *conformance.Caller) *sigv4grpc.Signer {
	return &sigv4grpc.Signer{Credentials: c, Region: conformance.Region, Service: conformance.Service, Authority: p.Address}
}

// do sends a call over gRPC.
func (how caller) do(t *testing.T, p *conformance.Program, c conformance.Call) conformance.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	method, request := methodOf(c)
	conn := how.dial(t, p, c.As)
	if c.Sent != nil { // signed as it was, and sent as it is now
		signed, err := sigv4grpc.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		if ctx, err = signerOf(p, c.As).Sign(ctx, method, signed); err != nil {
			t.Fatal(err)
		}
		conn = how.dial(t, p, nil)
		request = &notesv1.WriteRequest{Id: c.ID, Text: c.Sent}
	}
	note, written := &notesv1.Note{}, &notesv1.Written{}
	var err error
	if c.Operation == conformance.Write {
		err = conn.Invoke(ctx, method, request, written)
	} else {
		err = conn.Invoke(ctx, method, request, note)
	}
	a := conformance.Answer{Status: statusOf(status.Code(err)), Body: string(note.GetText()) + written.GetSha256()}
	if err != nil {
		a.Body = status.Convert(err).Message()
	}
	return a
}

// methodOf returns what a call asks for in gRPC.
func methodOf(c conformance.Call) (method string, request any) {
	switch c.Operation {
	case conformance.Read:
		method, request = notesv1.Notes_Read_FullMethodName, &notesv1.ReadRequest{Id: c.ID}
	case conformance.Write:
		method, request = notesv1.Notes_Write_FullMethodName, &notesv1.WriteRequest{Id: c.ID, Text: c.Body}
	case conformance.Health:
		method, request = notesv1.Notes_Health_FullMethodName, &notesv1.Nothing{}
	case conformance.Crash:
		method, request = notesv1.Notes_Crash_FullMethodName, &notesv1.Nothing{}
	default:
		method, request = "/notes.v1.Notes/Nothing", &notesv1.Nothing{}
	}
	if c.Method != "" { // gRPC has but one; here it is another method's name
		method += c.Method
	}
	if c.Path != "" {
		method = c.Path
	}
	return method, request
}

// statusOf is what a code says in HTTP: "HTTP to gRPC status code mapping", the other way round.
func statusOf(code codes.Code) int {
	switch code {
	case codes.OK:
		return http.StatusOK
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.Unimplemented:
		return http.StatusNotFound
	case codes.Unavailable:
		return http.StatusServiceUnavailable
	case codes.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}

// streams: streams work with UNSIGNED-PAYLOAD, each message of them is allowed by itself, and
// what cannot be verified is refused at once.
func (how caller) streams(t *testing.T, p *conformance.Program) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	alice, bob := notesv1.NewNotesClient(how.dial(t, p, p.Alice)), notesv1.NewNotesClient(how.dial(t, p, p.Bob))

	t.Run("both stream", func(t *testing.T) {
		talk, err := alice.Talk(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			id := fmt.Sprint("said-", i)
			if err := talk.Send(&notesv1.ReadRequest{Id: id}); err != nil {
				t.Fatal(err)
			}
			if note, err := talk.Recv(); err != nil || !strings.Contains(string(note.GetText()), id) {
				t.Fatalf("%q: %v", note, err)
			}
		}
		if err := talk.CloseSend(); err != nil {
			t.Error(err)
		}
		if _, err := talk.Recv(); err != io.EOF {
			t.Error(err)
		}
	})
	t.Run("a message that is denied", func(t *testing.T) {
		talk, err := bob.Talk(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"bob-1", "seven"} {
			if err := talk.Send(&notesv1.ReadRequest{Id: id}); err != nil {
				t.Fatal(err)
			}
			_, err := talk.Recv()
			if want := map[string]codes.Code{"bob-1": codes.OK, "seven": codes.PermissionDenied}[id]; status.Code(err) != want {
				t.Errorf("%s: %v", id, err)
			}
		}
	})
	t.Run("the client streams", func(t *testing.T) {
		collect, err := alice.Collect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, piece := range []string{"a", "b", "c"} {
			if err := collect.Send(&notesv1.WriteRequest{Id: "pieces", Text: []byte(piece)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := collect.CloseAndRecv(); err != nil {
			t.Error(err)
		}
		if note, err := alice.Read(ctx, &notesv1.ReadRequest{Id: "pieces"}); err != nil || string(note.GetText()) != "abc" {
			t.Errorf("%v %v", note, err)
		}
	})
	t.Run("no message", func(t *testing.T) { // Bob may not write, and there is no message to ask about
		collect, err := bob.Collect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect.CloseAndRecv(); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%v", err)
		}
	})
	t.Run("the server streams", func(t *testing.T) {
		follow, err := alice.Follow(ctx, &notesv1.ReadRequest{Id: "pieces"})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for ; ; n++ {
			if _, err = follow.Recv(); err != nil {
				break
			}
		}
		if n != 3 || err != io.EOF {
			t.Errorf("%d notes: %v", n, err)
		}
	})

	// Of each, the client has sent one message, and waits.
	unsigned := notesv1.NewNotesClient(how.dial(t, p, nil))
	forger := notesv1.NewNotesClient(how.dial(t, p, p.Forger))
	declared, err := signerOf(p, p.Alice).Sign(ctx, notesv1.Notes_Talk_FullMethodName, []byte("of this no stream consists"))
	if err != nil {
		t.Fatal(err)
	}
	undeclared := metadata.NewOutgoingContext(ctx, withoutDigest(declared))
	for _, tt := range []struct {
		name   string
		ctx    context.Context
		client notesv1.NotesClient
		code   codes.Code
		text   string
	}{
		{"not signed", ctx, unsigned, codes.Unauthenticated, "Missing Authentication Token"},
		{"signed with another secret", ctx, forger, codes.Unauthenticated, "signature"},
		{"a digest", declared, unsigned, codes.InvalidArgument, "UNSIGNED-PAYLOAD"},
		{"nothing declared", undeclared, unsigned, codes.InvalidArgument, "x-amz-content-sha256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			talk, err := tt.client.Talk(tt.ctx)
			if err == nil {
				if err := talk.Send(&notesv1.ReadRequest{Id: "seven"}); err != nil && err != io.EOF {
					t.Fatal(err)
				}
				_, err = talk.Recv()
			}
			if status.Code(err) != tt.code || !strings.Contains(status.Convert(err).Message(), tt.text) {
				t.Errorf("%v", err)
			}
		})
	}
}

// withoutDigest returns ctx's metadata without what is said of the body.
func withoutDigest(ctx context.Context) metadata.MD {
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	md.Delete("x-amz-content-sha256")
	authorization := md.Get("authorization")[0]
	md.Set("authorization", strings.Replace(authorization, ";x-amz-content-sha256", "", 1))
	return md
}

// TestGRPCMarshal: what a Signer signs is what goes over the wire.
func TestGRPCMarshal(t *testing.T) {
	t.Parallel()
	want := &notesv1.WriteRequest{Id: "a", Text: []byte("b")}
	got, err := sigv4grpc.Marshal(want)
	if err != nil || !bytes.Equal(got, []byte{0x0a, 1, 'a', 0x12, 1, 'b'}) {
		t.Errorf("%x, %v", got, err)
	}
}
