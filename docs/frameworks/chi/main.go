// Command chi protects a router of chi. Use on the protected router stands in front of its routing,
// so that it covers its 404 and 405; in a Group it would not, and everybody would learn them.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

func main() {
	service := notes.New()
	root, api := chi.NewRouter(), chi.NewRouter()
	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// The router itself says which pattern it will serve, and what is {id}.
		Target: func(r *http.Request) (action, resource string) {
			match := chi.NewRouteContext()
			switch pattern := api.Find(match, r.Method, r.URL.Path); r.Method + " " + pattern {
			case "GET /notes/{id}":
				return "notes:Read", note + match.URLParam("id")
			case "PUT /notes/{id}":
				return "notes:Write", note + match.URLParam("id")
			case "POST /crash":
				return "notes:Crash", "*"
			}
			return "", "" // denied
		},
	})
	check(err)

	api.Use(auth.Require(authz.Check)) // before any route, as chi wants it
	api.Get("/notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, service.As(r.Context()).Read(chi.URLParam(r, "id")))
	})
	api.Put("/notes/{id}", func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.As(r.Context()).Write(chi.URLParam(r, "id"), r.Body)
		if err != nil {
			http.Error(w, "the note cannot be read", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, sum)
	})
	api.Post("/crash", func(http.ResponseWriter, *http.Request) { service.Crash() })
	root.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) }) // open
	root.Mount("/", api)

	// DecodedPath, since chi's URLParam is a%21b where the path has escapes that Go would not send.
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: sigv4auth.DecodedPath(root), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
