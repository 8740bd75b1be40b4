// Command stripprefix protects a ServeMux below a prefix, beside routes that are open. The
// signature is checked against the request line, which StripPrefix leaves alone, and the policies
// are asked about the path that the inner mux serves.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

func main() {
	service := notes.New()
	api := http.NewServeMux()
	api.HandleFunc("GET /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, service.As(r.Context()).Read(r.PathValue("id")))
	})
	api.HandleFunc("PUT /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.As(r.Context()).Write(r.PathValue("id"), r.Body)
		if err != nil {
			http.Error(w, "the note cannot be read", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, sum)
	})
	api.HandleFunc("POST /crash", func(http.ResponseWriter, *http.Request) { service.Crash() })

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		Target: func(r *http.Request) (action, resource string) {
			switch _, pattern := api.Handler(r); pattern {
			case "GET /notes/{id}":
				return "notes:Read", note + strings.TrimPrefix(r.URL.Path, "/notes/")
			case "PUT /notes/{id}":
				return "notes:Write", note + strings.TrimPrefix(r.URL.Path, "/notes/")
			case "POST /crash":
				return "notes:Crash", "*"
			}
			return "", "" // denied
		},
	})
	check(err)

	protect := auth.Require(authz.Check)
	root := http.NewServeMux()
	root.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) }) // open
	root.Handle("/v1/", http.StripPrefix("/v1", protect(api)))
	root.Handle("/", protect(http.NotFoundHandler())) // denied as if it were there
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: root, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
