// Command lambda is a function of AWS Lambda that protects a ServeMux. It stands behind a function
// URL, a REST API or an HTTP API, whose own authorization is switched off (NONE): the function sees
// who has signed, and which policies say what.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/docs/frameworks/sigv4lambda"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	account = "111122223333"
	note    = "arn:acme:notes:eu-1:" + account + ":note/"
)

func main() {
	service := notes.New()
	routes := sigv4auth.Routes{
		"GET /notes/{id}": {
			Action: "notes:Read", Resource: note + "{id}",
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, service.As(r.Context()).Read(r.PathValue("id")))
			}),
		},
		"PUT /notes/{id}": {
			Action: "notes:Write", Resource: note + "{id}",
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sum, err := service.As(r.Context()).Write(r.PathValue("id"), r.Body)
				if err != nil {
					http.Error(w, "the note cannot be read", http.StatusBadRequest)
					return
				}
				fmt.Fprint(w, sum)
			}),
		},
		"POST /crash": {
			Action: "notes:Crash", Resource: "*",
			Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { service.Crash() }),
		},
		"GET /healthz": {
			Open:    true,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, service.Health()) }),
		},
	}

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{Region: "eu-1", Service: "notes", Credentials: store})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: store, ResourceAccount: account, Routes: routes})
	check(err)

	from := sigv4lambda.FunctionURL
	switch strings.ToUpper(os.Getenv("NOTES_SOURCE")) {
	case "REST":
		from = sigv4lambda.RESTAPI
	case "HTTP":
		from = sigv4lambda.HTTPAPI
	}
	lambda.Start(sigv4lambda.Handler(from, auth.Routes(authz)))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
