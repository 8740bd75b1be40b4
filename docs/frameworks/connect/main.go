// Command connect protects a service of Connect, which clients of gRPC and gRPC-Web can call as
// well. Unary calls are covered by their signature, message and all.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesgrpc"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1/notesv1connect"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4connect"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

// actions says what the procedures ask for. A procedure that is not named is denied.
var actions = map[string]string{
	notesv1connect.NotesReadProcedure:    "notes:Read",
	notesv1connect.NotesFollowProcedure:  "notes:Read",
	notesv1connect.NotesTalkProcedure:    "notes:Read",
	notesv1connect.NotesWriteProcedure:   "notes:Write",
	notesv1connect.NotesCollectProcedure: "notes:Write",
	notesv1connect.NotesCrashProcedure:   "notes:Crash",
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
	open := map[string]bool{notesv1connect.NotesHealthProcedure: true}
	messages := sigv4connect.Messages{Open: open, Check: func(r *http.Request, message any) error {
		caller, _ := sigv4auth.IdentityFrom(r.Context())
		if m, ok := message.(interface{ GetId() string }); ok {
			r = r.WithContext(context.WithValue(r.Context(), idKey{}, m.GetId()))
		}
		return authz.Check(r, caller)
	}}

	_, service := notesv1connect.NewNotesHandler(
		notesgrpc.Connect{Server: &notesgrpc.Server{Notes: notes.New()}},
		connect.WithInterceptors(messages), connect.WithRecover(sigv4connect.Recovered),
	)
	streams := sigv4connect.ClientStreams(notesv1.File_notes_v1_notes_proto.Services().ByName("Notes"))

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
	for procedure := range open {
		root.Handle("POST "+procedure, service)
	}
	root.Handle("/", auth.Require(sigv4connect.Known(actions))(sigv4connect.WithRequest(service)))
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: root, ReadHeaderTimeout: 5 * time.Second, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
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
