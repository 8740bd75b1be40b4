// Command gorilla protects a router of gorilla/mux. The middleware goes around it: what Router.Use
// adds runs for routes that match alone, so that everybody would learn from 404 and 405 what there
// is.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/mux"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/"

func main() {
	service := notes.New()
	router := mux.NewRouter()
	router.Methods("GET").Path("/notes/{id}").Name("notes:Read").HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, service.As(r.Context()).Read(mux.Vars(r)["id"]))
	})
	router.Methods("PUT").Path("/notes/{id}").Name("notes:Write").HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.As(r.Context()).Write(mux.Vars(r)["id"], r.Body)
		if err != nil {
			http.Error(w, "the note cannot be read", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, sum)
	})
	router.Methods("POST").Path("/crash").Name("notes:Crash").HandlerFunc(func(http.ResponseWriter, *http.Request) { service.Crash() })
	health := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) })

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// The router itself says which route it will serve, and what is {id}. A route's name is its
		// action.
		Target: func(r *http.Request) (action, resource string) {
			var match mux.RouteMatch
			if !router.Match(r, &match) || match.MatchErr != nil {
				return "", "" // denied
			}
			if id, ok := match.Vars["id"]; ok {
				return match.Route.GetName(), note + id
			}
			return match.Route.GetName(), "*"
		},
		Routes: sigv4auth.Routes{"GET /healthz": {Open: true, Handler: health}, "/": {Handler: router}},
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
