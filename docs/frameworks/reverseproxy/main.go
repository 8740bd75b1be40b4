// Command reverseproxy protects a service that knows nothing of it: a httputil.ReverseProxy behind
// the middleware. The backend listens where nobody else reaches it, or believes no X-Caller.
package main

import (
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const note = "arn:acme:notes:eu-1:111122223333:note/{id}"

func main() {
	backend, err := url.Parse(os.Getenv("NOTES_BACKEND"))
	check(err)
	proxy := &httputil.ReverseProxy{Rewrite: func(pr *httputil.ProxyRequest) {
		pr.SetURL(backend)
		pr.SetXForwarded()
		if id, ok := sigv4auth.IdentityFrom(pr.In.Context()); ok { // not on an open route
			pr.Out.Header.Set("X-Caller", id.Principal.ARN)
		}
	}}

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store, MaxPresignExpiry: time.Hour,
		// No credential reaches the backend or its logs, and no caller names another one.
		StripHeaders: []string{"Authorization", "X-Amz-Security-Token", "X-Caller"},
		StripQuery:   true,
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		// The routes of the backend that are served here, and nothing else. The backend has to take
		// paths as the table does: decoded once, {id} one segment, in the case that they have.
		Routes: sigv4auth.Routes{
			"GET /notes/{id}": {Action: "notes:Read", Resource: note, Handler: proxy},
			"PUT /notes/{id}": {Action: "notes:Write", Resource: note, Handler: proxy},
			"POST /crash":     {Action: "notes:Crash", Resource: "*", Handler: proxy},
			"GET /healthz":    {Open: true, Handler: proxy},
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
