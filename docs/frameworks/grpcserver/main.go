// Command grpcserver protects a server of gRPC with a transport of its own, where no http.Handler
// can go in front. The signature covers the headers of a call, and never its messages: it is for
// servers with TLS. ../grpc is the better form where net/http's HTTP/2 will do.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"

	"google.golang.org/grpc"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesgrpc"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4grpc"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

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
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		Target: func(r *http.Request) (action, resource string) {
			if id, ok := r.Context().Value(idKey{}).(string); ok {
				return actions[r.URL.Path], note + id
			}
			return actions[r.URL.Path], "*"
		},
	})
	check(err)
	open := map[string]bool{notesv1.Notes_Health_FullMethodName: true}
	messages := sigv4grpc.Messages{Open: open, Check: func(r *http.Request, message any) error {
		caller, _ := sigv4auth.IdentityFrom(r.Context())
		if m, ok := message.(interface{ GetId() string }); ok {
			r = r.WithContext(context.WithValue(r.Context(), idKey{}, m.GetId()))
		}
		return authz.Check(r, caller)
	}}

	auth, err := sigv4auth.New(sigv4grpc.Only(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store}))
	check(err)
	server := grpc.NewServer(
		grpc.InTapHandle(sigv4grpc.Tap(auth.Require(sigv4grpc.Known(actions)), open)),
		grpc.MaxRecvMsgSize(8<<20),
		grpc.ChainUnaryInterceptor(sigv4grpc.Recovered, messages.Unary), grpc.ChainStreamInterceptor(messages.Stream),
	)
	notesv1.RegisterNotesServer(server, &notesgrpc.Server{Notes: notes.New()})
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", os.Getenv("NOTES_ADDR"))
	check(err)
	check(server.Serve(listener))
}

// idKey is for the ID of the note that a message is about.
type idKey struct{}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
