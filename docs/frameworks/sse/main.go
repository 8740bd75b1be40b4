// Command sse serves a note as server-sent events, for as long as the client stays. The middleware
// hands on the ResponseWriter as it is, so that Flush and deadlines reach net/http's.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	account = "111122223333"
	note    = "arn:acme:notes:eu-1:" + account + ":note/"

	// longest is for how long a stream lives. Then its client asks, and signs, anew: what has been
	// revoked meanwhile is noticed. An EventSource comes again by itself, with a presigned URL
	// until that has expired.
	longest = 15 * time.Minute
	every   = time.Second
	// slowest is how long a client may take to read an event.
	slowest = 10 * time.Second
)

func main() {
	service := notes.New()
	routes := sigv4auth.Routes{
		"GET /notes/{id}": {
			Action: "notes:Read", Resource: note + "{id}",
			Handler: events(func(r *http.Request) string { return service.Read(r.PathValue("id")) }),
		},
		"PUT /notes/{id}": {
			Action: "notes:Write", Resource: note + "{id}",
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sum, err := service.Write(r.PathValue("id"), r.Body)
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
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store,
		MaxPresignExpiry: time.Hour, // an EventSource of a browser sets no headers
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: store, ResourceAccount: account, Routes: routes})
	check(err)
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// events sends what next returns now and again, until the client goes.
func events(next func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Cache-Control", "no-store")
		if r.Method == http.MethodHead { // a pattern of GET is for HEAD, too
			return
		}
		control := http.NewResponseController(w)
		end, tick := time.After(longest), time.NewTicker(every)
		defer tick.Stop()
		for {
			text, err := json.Marshal(next(r))
			if err != nil || control.SetWriteDeadline(time.Now().Add(slowest)) != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil || control.Flush() != nil {
				return // the client has gone
			}
			select {
			case <-tick.C:
			case <-end:
				return
			case <-r.Context().Done():
				return
			}
		}
	})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
