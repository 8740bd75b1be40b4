// Command routes serves a table of routes: it is the router and says what each route asks for, so
// that the two cannot differ. Who may not, or does not sign, learns of no route.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/{id}"

func main() {
	service := notes.New()
	read := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, service.As(r.Context()).Read(r.PathValue("id")))
	})
	write := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum, err := service.As(r.Context()).Write(r.PathValue("id"), r.Body)
		if err != nil {
			http.Error(w, "the note cannot be read", http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, sum)
	})
	crash := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { service.Crash() })
	health := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) })

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		Routes: sigv4auth.Routes{
			"GET /notes/{id}": {Action: "notes:Read", Resource: note, Handler: read},
			"PUT /notes/{id}": {Action: "notes:Write", Resource: note, Handler: write},
			"POST /crash":     {Action: "notes:Crash", Resource: "*", Handler: crash},
			"GET /healthz":    {Open: true, Handler: health},
		},
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
