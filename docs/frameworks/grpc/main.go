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

	service := grpc.NewServer(
		grpc.MaxRecvMsgSize(8<<20),
		grpc.ChainUnaryInterceptor(sigv4grpc.Recovered, messages.Unary), grpc.ChainStreamInterceptor(messages.Stream),
	)
	notesv1.RegisterNotesServer(service, &notesgrpc.Server{Notes: notes.New()})
	streams := sigv4grpc.ClientStreams(service)

	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store,
		// No digest can cover a stream. Nothing covers its messages then, so this server wants TLS
		// in front of it.
		Payloads: sigv4auth.InsecureUnsigned,
		// A stream that declares a digest is refused at once. It would hang otherwise: the digest
		// is verified once the last message is there, and the client may wait for an answer first.
		Streams: func(r *http.Request) bool { return streams[r.URL.Path] },
		Denied:  sigv4auth.WriteRPCError,
	})
	check(err)
	root := http.NewServeMux()
	for method := range open {
		root.Handle("POST "+method, service)
	}
	root.Handle("/", auth.Require(sigv4grpc.Known(actions))(sigv4grpc.WithRequest(service)))
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: root, ReadHeaderTimeout: 5 * time.Second, Protocols: new(http.Protocols)}
	server.Protocols.SetUnencryptedHTTP2(true)
	check(server.ListenAndServe())
}

// idKey is for the ID of the note that a message is about.
type idKey struct{}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
