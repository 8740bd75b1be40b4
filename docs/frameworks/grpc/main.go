// Command grpc protects a server of gRPC that is an http.Handler: HTTP/2 is net/http's, and the
// middleware goes in front, as for any other. Unary calls are covered by their signature, message
// and all.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesgrpc"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	account = "111122223333"
	note    = "arn:acme:notes:eu-1:" + account + ":note/"
)

// actions says what the methods ask for. A method that is not named is denied.
var actions = map[string]string{
	notesv1.Notes_Read_FullMethodName:    "notes:Read",
	notesv1.Notes_Follow_FullMethodName:  "notes:Read",
	notesv1.Notes_Talk_FullMethodName:    "notes:Read",
	notesv1.Notes_Write_FullMethodName:   "notes:Write",
	notesv1.Notes_Collect_FullMethodName: "notes:Write",
	notesv1.Notes_Crash_FullMethodName:   "notes:Crash",
}

func main() {
	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: store, ResourceAccount: account, Target: target})
	check(err)
	guard := guard{authz}
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(8<<20), grpc.ChainUnaryInterceptor(recoverUnary, guard.unary), grpc.ChainStreamInterceptor(guard.stream),
	)
	notesv1.RegisterNotesServer(server, &notesgrpc.Server{Notes: notes.New()})
	streams := clientStreams(server)

	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store,
		// No digest can cover a stream. Nothing covers its messages then: this server wants TLS in
		// front, or ListenAndServeTLS below.
		Payloads: sigv4auth.InsecureUnsigned,
		// A stream that declares a digest is refused at once. It would hang otherwise: the digest
		// is verified once the last message is there, and the client may wait for an answer first.
		Streams: func(r *http.Request) bool { return streams[r.URL.Path] },
		Denied:  sigv4auth.WriteRPCError,
	})
	check(err)
	root := http.NewServeMux()
	root.Handle("POST "+notesv1.Notes_Health_FullMethodName, server) // open
	root.Handle("/", auth.Require(isMethod)(withRequest(server)))
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	check((&http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: root, ReadHeaderTimeout: 5 * time.Second, Protocols: &protocols}).ListenAndServe())
}

// clientStreams returns the methods in whose calls the client streams, as server itself knows them.
func clientStreams(server *grpc.Server) map[string]bool {
	streams := map[string]bool{}
	for name, service := range server.GetServiceInfo() {
		for _, m := range service.Methods {
			streams["/"+name+"/"+m.Name] = m.IsClientStream
		}
	}
	return streams
}

// isMethod denies what is no method, so that callers who may nothing do not learn which there are.
func isMethod(r *http.Request, _ sigv4auth.Identity) error {
	if actions[r.URL.Path] == "" {
		return sigv4auth.ErrAccessDenied
	}
	return nil
}

type (
	requestKey struct{}
	idKey      struct{}
)

// withRequest gives guard the request, of which a method of gRPC sees only the context.
func withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey{}, r)))
	})
}

// target names what a message asks for: the action is its method's, the note is in the message.
func target(r *http.Request) (action, resource string) {
	id, ok := r.Context().Value(idKey{}).(string)
	if !ok {
		return actions[r.URL.Path], "*"
	}
	return actions[r.URL.Path], note + id
}

// guard asks the policies about each message, before its method sees it.
type guard struct{ authz *sigv4auth.Authorizer }

func (g guard) check(ctx context.Context, method string, message any) error {
	if method == notesv1.Notes_Health_FullMethodName {
		return nil // open
	}
	r, ok := ctx.Value(requestKey{}).(*http.Request)
	if !ok || r.URL.Path != method {
		return status.Error(codes.Internal, "the call has not come through the middleware")
	}
	id, _ := sigv4auth.IdentityFrom(r.Context())
	if m, ok := message.(interface{ GetId() string }); ok {
		r = r.WithContext(context.WithValue(r.Context(), idKey{}, m.GetId()))
	}
	if refused := sigv4auth.AsError(g.authz.Check(r, id)); refused != nil {
		return status.Error(codes.Code(refused.GRPCCode()), refused.Message)
	}
	return nil
}

func (g guard) unary(ctx context.Context, message any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := g.check(ctx, info.FullMethod, message); err != nil {
		return nil, err
	}
	return next(ctx, message)
}

func (g guard) stream(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return next(service, &guardedStream{stream, g, info.FullMethod})
}

// guardedStream is a stream whose messages are allowed one by one.
type guardedStream struct {
	grpc.ServerStream
	guard  guard
	method string
}

func (s *guardedStream) RecvMsg(message any) error {
	if err := s.ServerStream.RecvMsg(message); err != nil {
		return err
	}
	return s.guard.check(s.Context(), s.method, message)
}

// recoverUnary makes a panic of a method an answer. It would end the program: gRPC has goroutines of
// its own, which net/http does not watch.
func recoverUnary(ctx context.Context, message any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (reply any, err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Printf("a method panicked: %T", v)
			reply, err = nil, status.Error(codes.Internal, "internal error")
		}
	}()
	return next(ctx, message)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
