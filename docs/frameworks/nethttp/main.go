// Command nethttp protects a ServeMux that is there already. The middleware goes around the whole
// of it: its own answers, 404, 405 and redirects, would tell everybody what there is. Without open
// routes that is auth.Require(authz.Check)(mux). New routes are shorter as in ../routes.
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
	mux := http.NewServeMux()
	mux.HandleFunc("GET /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, service.As(r.Context()).Read(r.PathValue("id")))
	})
	mux.HandleFunc("PUT /notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.As(r.Context()).Write(r.PathValue("id"), r.Body)
		if err != nil {
			http.Error(w, "the note cannot be read", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, sum)
	})
	mux.HandleFunc("POST /crash", func(http.ResponseWriter, *http.Request) { service.Crash() })
	health := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) })

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// The mux itself says which pattern it will serve. {id} is the last segment, decoded: the
		// Authorizer refuses paths with an escaped slash.
		Target: func(r *http.Request) (action, resource string) {
			switch _, pattern := mux.Handler(r); pattern {
			case "GET /notes/{id}":
				return "notes:Read", note + strings.TrimPrefix(r.URL.Path, "/notes/")
			case "PUT /notes/{id}":
				return "notes:Write", note + strings.TrimPrefix(r.URL.Path, "/notes/")
			case "POST /crash":
				return "notes:Crash", "*"
			}
			return "", "" // denied
		},
		Routes: sigv4auth.Routes{"GET /healthz": {Open: true, Handler: health}, "/": {Handler: mux}},
	})
	check(err)

	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
