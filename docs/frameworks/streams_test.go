package frameworks_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4client"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

func TestWebSocket(t *testing.T) {
	var p *conformance.Program
	conformance.Run(t, "websocket", remembering(&p, conformance.Shape{Do: doWebSocket, Lacks: map[string]string{
		"changed body": "after the upgrade nothing is signed",
	}}))
	t.Run("presigned", func(t *testing.T) {
		for id, want := range map[string]int{"bob-1": http.StatusOK, "seven": http.StatusForbidden} {
			link, err := signing(t, p, p.Bob).Presign(request(t, http.MethodGet, p.URL()+"/notes/"+id, nil), time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if a := dialWebSocket(t, http.DefaultClient, link.URL, nil); a.Status != want {
				t.Errorf("%s: %v", id, a)
			}
			if a := dialWebSocket(t, http.DefaultClient, strings.Replace(link.URL, id, "bob-2", 1), nil); a.Status != http.StatusForbidden {
				t.Errorf("a link to %s is one to bob-2: %v", id, a)
			}
		}
	})
	t.Run("no upgrade", func(t *testing.T) {
		a := conformance.HTTP(t, p, conformance.Call{Operation: conformance.Read, ID: "seven", As: p.Alice})
		if a.Status != http.StatusUpgradeRequired {
			t.Errorf("%v", a)
		}
	})
}

// doWebSocket sends a call as a handshake: a note is written by a message behind it.
func doWebSocket(t *testing.T, p *conformance.Program, c conformance.Call) conformance.Answer {
	t.Helper()
	if c.Method != "" && c.Method != http.MethodGet {
		return conformance.HTTP(t, p, c) // a handshake is always a GET
	}
	_, path := c.HTTPTarget()
	if c.Operation == conformance.Write {
		path += "/edit"
	}
	return dialWebSocket(t, &http.Client{Transport: c.As.Transport(t, p.URL(), http.DefaultTransport, c.Hostile)}, p.URL()+path, c.Body)
}

func dialWebSocket(t *testing.T, client *http.Client, url string, message []byte) conformance.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client = &http.Client{Transport: client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	conn, res, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		if res == nil {
			t.Logf("%s: %v", url, err)
			return conformance.Answer{}
		}
		text, _ := io.ReadAll(res.Body) // Dial has read it
		return conformance.Answer{Status: res.StatusCode, Body: string(text), Header: res.Header}
	}
	defer conn.CloseNow()
	if message != nil {
		if err := conn.Write(ctx, websocket.MessageBinary, message); err != nil {
			t.Logf("%s: %v", url, err)
			return conformance.Answer{}
		}
	}
	_, text, err := conn.Read(ctx)
	if err != nil {
		t.Logf("%s: %v", url, err)
		return conformance.Answer{}
	}
	return conformance.Answer{Status: http.StatusOK, Body: string(text), Header: res.Header}
}

// signing returns what signs as c.
func signing(t *testing.T, p *conformance.Program, c *conformance.Caller) *sigv4client.Transport {
	t.Helper()
	signing, err := sigv4client.New(sigv4client.Config{
		Credentials: c, Region: conformance.Region, Service: conformance.Service, Endpoints: []string{p.URL()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return signing
}

func request(t *testing.T, method, url string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSSE(t *testing.T) {
	var p *conformance.Program
	conformance.Run(t, "sse", remembering(&p, conformance.Shape{Do: doSSE}))
	t.Run("presigned", func(t *testing.T) {
		link, err := signing(t, p, p.Bob).Presign(request(t, http.MethodGet, p.URL()+"/notes/bob-9", nil), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		a := firstEvent(t, http.DefaultTransport, request(t, http.MethodGet, link.URL, nil))
		if a.Status != http.StatusOK || a.Body != `note "bob-9"` {
			t.Errorf("%v", a)
		}
	})
	// Events come while the stream is open, and what is written meanwhile is among them.
	t.Run("several events", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		res, err := signing(t, p, p.Alice).RoundTrip(request(t, http.MethodGet, p.URL()+"/notes/followed", nil).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		lines := bufio.NewScanner(res.Body)
		for _, want := range []string{`data: "note \"followed\""`, `data: "changed"`} {
			for lines.Scan() && lines.Text() != want {
			}
			if lines.Text() != want {
				t.Fatalf("%q, %v; want %q", lines.Text(), lines.Err(), want)
			}
			write := conformance.Call{Operation: conformance.Write, ID: "followed", Body: []byte("changed"), As: p.Alice}
			if a := doSSE(t, p, write); !a.Served() {
				t.Fatal(a)
			}
		}
	})
}

// doSSE sends a call over HTTP, and of a stream it reads the first event.
func doSSE(t *testing.T, p *conformance.Program, c conformance.Call) conformance.Answer {
	t.Helper()
	method, path := c.HTTPTarget()
	if method != http.MethodGet {
		return conformance.HTTP(t, p, c)
	}
	return firstEvent(t, c.As.Transport(t, p.URL(), http.DefaultTransport, c.Hostile), request(t, method, p.URL()+path, nil))
}

func firstEvent(t *testing.T, transport http.RoundTripper, r *http.Request) conformance.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	res, err := transport.RoundTrip(r.WithContext(ctx))
	if err != nil {
		t.Logf("%s: %v", r.URL, err)
		return conformance.Answer{}
	}
	defer func() { _ = res.Body.Close() }()
	a := conformance.Answer{Status: res.StatusCode, Header: res.Header}
	if res.Header.Get("Content-Type") != "text/event-stream" {
		text, _ := io.ReadAll(res.Body)
		a.Body = string(text)
		return a
	}
	line, err := bufio.NewReaderSize(res.Body, 8<<20).ReadBytes('\n')
	text, ok := bytes.CutPrefix(line, []byte("data: "))
	if err != nil || !ok || json.Unmarshal(text, &a.Body) != nil {
		t.Logf("%s: %.100q: %v", r.URL, line, err)
		return conformance.Answer{}
	}
	return a
}

// TestClientGone: behind the middleware, a handler that streams learns that its client has gone.
func TestClientGone(t *testing.T) {
	t.Parallel()
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	auth, err := sigv4auth.New(alice.Config())
	if err != nil {
		t.Fatal(err)
	}
	for _, http2 := range []bool{false, true} {
		gone := make(chan error, 1)
		server := httptest.NewUnstartedServer(auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for {
				select {
				case <-r.Context().Done():
					gone <- r.Context().Err()
					return
				case <-time.After(time.Millisecond):
				}
				fmt.Fprint(w, "data: 1\n\n")
				_ = http.NewResponseController(w).Flush() // the context tells
			}
		})))
		server.EnableHTTP2 = http2
		server.StartTLS()
		res, err := alice.Client(server.Client()).Do(request(t, http.MethodGet, server.URL+"/events", nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(res.Body, make([]byte, 90)); err != nil {
			t.Error(err)
		}
		_ = res.Body.Close()
		select {
		case err := <-gone:
			if err == nil {
				t.Error("the handler's context has not ended")
			}
		case <-time.After(time.Minute):
			t.Error("the handler writes on")
		}
		server.Close()
	}
}
