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
	note = "arn:acme:notes:eu-1:111122223333:note/{id}"

	longest = 15 * time.Minute // that a stream lives: then its client signs anew
	every   = time.Second
	slowest = 10 * time.Second // that a client reads an event
)

func main() {
	service := notes.New()
	follow := events(func(r *http.Request) string { return service.As(r.Context()).Read(r.PathValue("id")) })
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
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store,
		MaxPresignExpiry: time.Hour, // an EventSource of a browser sets no headers
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: store, ResourceAccount: "111122223333",
		Routes: sigv4auth.Routes{
			"GET /notes/{id}": {Action: "notes:Read", Resource: note, Handler: follow},
			"PUT /notes/{id}": {Action: "notes:Write", Resource: note, Handler: write},
			"POST /crash":     {Action: "notes:Crash", Resource: "*", Handler: crash},
			"GET /healthz":    {Open: true, Handler: health},
		},
	})
	check(err)
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	check(server.ListenAndServe())
}

// events sends what next returns now and again, until the client goes.
func events(next func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
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
