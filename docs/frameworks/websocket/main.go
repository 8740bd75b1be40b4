// Command websocket protects connections of WebSocket. The handshake is a GET request, which is
// signed in its headers or, from a browser, in its URL; it is decided before the upgrade. After
// that nothing is signed: use TLS.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/coder/websocket"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

const (
	note = "arn:acme:notes:eu-1:111122223333:note/{id}"

	longest = 15 * time.Minute // that a connection lives: then its client signs anew
)

func main() {
	service := notes.New()
	crash := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { service.Crash() })
	routes := sigv4auth.Routes{
		"GET /notes/{id}": {
			Action: "notes:Read", Resource: note,
			Handler: upgraded(func(ctx context.Context, r *http.Request, c *websocket.Conn) error {
				return c.Write(ctx, websocket.MessageText, []byte(service.As(r.Context()).Read(r.PathValue("id"))))
			}),
		},
		"GET /notes/{id}/edit": {
			Action: "notes:Write", Resource: note,
			Handler: upgraded(func(ctx context.Context, r *http.Request, c *websocket.Conn) error {
				_, text, err := c.Reader(ctx)
				if err != nil {
					return err
				}
				sum, err := service.As(r.Context()).Write(r.PathValue("id"), text)
				if err != nil {
					return err
				}
				return c.Write(ctx, websocket.MessageText, []byte(sum))
			}),
		},
		"GET /crash": {Action: "notes:Crash", Resource: "*", Handler: crash},
		"GET /healthz": {Open: true, Handler: upgraded(func(ctx context.Context, _ *http.Request, c *websocket.Conn) error {
			return c.Write(ctx, websocket.MessageText, []byte(service.Health()))
		})},
	}

	store, err := filestore.Open(filestore.Config{Dir: os.Getenv("NOTES_DATA"), Report: func(p filestore.Problem) { log.Print(p) }})
	check(err)
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "notes", Credentials: store,
		// A browser sets no headers for a WebSocket. It gets a link that a server has signed, and
		// that is good for the handshake only as long as it takes to begin one.
		MaxPresignExpiry: time.Minute,
		StripQuery:       true,
	})
	check(err)
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{Policies: store, ResourceAccount: "111122223333", Routes: routes})
	check(err)
	server := &http.Server{Addr: os.Getenv("NOTES_ADDR"), Handler: auth.Routes(authz), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// upgraded serves a connection, and closes it. Accept refuses pages of other origins.
func upgraded(serve func(context.Context, *http.Request, *websocket.Conn) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // Accept has answered
		}
		defer c.CloseNow()
		c.SetReadLimit(8 << 20)
		ctx, cancel := context.WithTimeout(r.Context(), longest)
		defer cancel()
		if err := serve(ctx, r, c); err != nil {
			_ = c.Close(websocket.StatusInternalError, "the note cannot be served")
			return
		}
		_ = c.Close(websocket.StatusNormalClosure, "")
	})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
