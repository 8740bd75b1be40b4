package sigv4auth_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// serve starts a real server of handler.
func serveReal(t *testing.T, handler http.Handler, http2 bool) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = http2
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// TestUnsignedBothWays: over HTTP/2, and over HTTP/1.1 where the handler asks for it, an unsigned
// body and the answer are streams: the handler answers each piece as it comes, before the body
// ends.
func TestUnsignedBothWays(t *testing.T) {
	t.Parallel()
	m := plainModes[0]
	a := m.authenticator(t, func(c *sigv4auth.Config) { c.Now = nil; c.Credentials = lasting() })
	for _, http2 := range []bool{false, true} {
		server := serveReal(t, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			if r.ProtoMajor == 1 {
				if err := control.EnableFullDuplex(); err != nil {
					t.Error(err)
				}
			}
			fmt.Fprintln(w, r.Proto)
			_ = control.Flush()
			for lines := bufio.NewScanner(r.Body); lines.Scan(); {
				fmt.Fprintln(w, strings.ToUpper(lines.Text()))
				_ = control.Flush()
			}
		})), http2)
		sent, send := io.Pipe()
		out, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/bucket/key", sent)
		if err != nil {
			t.Fatal(err)
		}
		res, err := server.Client().Do(m.sign(out, time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		answer := bufio.NewReader(res.Body)
		want := "HTTP/1.1\n"
		if http2 {
			want = "HTTP/2.0\n"
		}
		if line, err := answer.ReadString('\n'); line != want {
			t.Fatalf("%d %q, %v", res.StatusCode, line, err)
		}
		for _, line := range []string{"one\n", "two\n", "three\n"} {
			if _, err := io.WriteString(send, line); err != nil {
				t.Fatal(err)
			}
			if got, err := answer.ReadString('\n'); got != strings.ToUpper(line) {
				t.Fatalf("%q, %v", got, err)
			}
		}
		send.Close()
		if rest, err := io.ReadAll(answer); len(rest) > 0 || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
		res.Body.Close()
	}
}

// lasting has the session's credential, without an end.
func lasting() sigv4auth.CredentialStore {
	c := session()
	c.Expires = time.Time{}
	return sigv4auth.StaticCredentials(c)
}

// TestPlainBodyContinue: threat 130. 100 Continue goes out when the handler reads, and not where it
// answers without, nor for a refused request.
func TestPlainBodyContinue(t *testing.T) {
	t.Parallel()
	for _, m := range plainModes {
		for name, first := range map[string]string{"reads": "HTTP/1.1 100", "answers": "HTTP/1.1 204", "refused": "HTTP/1.1 403"} {
			server := newDrained(t, m.authenticator(t, nil).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if name == "answers" {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				if b, err := io.ReadAll(r.Body); err != nil || string(b) != rideBody {
					t.Errorf("%s: %q, %v", m.name, b, err)
				}
			})))
			r := m.upload(rideBody)
			if name == "refused" {
				r.Header.Set("X-Amz-Meta-Not-Signed", "1")
			}
			conn := server.dial(t)
			fmt.Fprint(conn, head(r, "HTTP/1.1")+fmt.Sprintf("Content-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(rideBody)))
			answer := bufio.NewReader(conn)
			line, err := answer.ReadString('\n')
			if !strings.HasPrefix(line, first) {
				t.Errorf("%s, %s: %q, %v", m.name, name, line, err)
			}
			if name == "reads" {
				fmt.Fprint(conn, rideBody)
				_, _ = answer.ReadString('\n')
				if line, err := answer.ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 200") {
					t.Errorf("%s: %q, %v", m.name, line, err)
				}
			}
			server.isDone(t)
		}
	}
}

// TestPlainBodyKeepAlive: the connection serves another request after one whose body the handler
// read, did not read, read in part, or closed, and after one whose body failed; what is left of a
// body is never taken for a request.
func TestPlainBodyKeepAlive(t *testing.T) {
	t.Parallel()
	const size = 100 << 10
	data := strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", size/27+1)[:size]
	for _, m := range plainModes {
		for name, read := range map[string]func(r *http.Request){
			"all":    func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
			"none":   func(*http.Request) {},
			"a part": func(r *http.Request) { _, _ = io.ReadFull(r.Body, make([]byte, size/2)) },
			"closed": func(r *http.Request) { _ = r.Body.Close() },
			"closed, then read": func(r *http.Request) {
				_ = r.Body.Close()
				if b, err := io.ReadAll(r.Body); err == nil {
					t.Errorf("%s: %d bytes of a closed body", m.name, len(b))
				}
			},
		} {
			ran := 0
			server := newDrained(t, m.authenticator(t, nil).Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ran++
				read(r)
			})))
			conn := server.dial(t)
			answers := bufio.NewReader(conn)
			for i := range 3 {
				fmt.Fprint(conn, head(m.upload(data), "HTTP/1.1")+fmt.Sprintf("Content-Length: %d\r\n\r\n", size)+data)
				res, err := http.ReadResponse(answers, nil)
				if err != nil {
					t.Fatalf("%s, %s, request %d: %v", m.name, name, i, err)
				}
				if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%s, %s, request %d: %d, %v", m.name, name, i, res.StatusCode, err)
				}
				server.isDone(t)
				if ran != i+1 {
					t.Fatalf("%s, %s: the handler ran %d times", m.name, name, ran)
				}
			}
		}
	}
}

// TestPlainBodyTooLongIsDrained: threat 220. A body that turns out too long while the handler reads
// is refused by the handler, and its sender, who does not stop, gets to read that.
func TestPlainBodyTooLongIsDrained(t *testing.T) {
	t.Parallel()
	const size = 2 << 20
	data := strings.Repeat("a", size)
	for _, m := range plainModes {
		a := m.authenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes = 1 << 20 })
		server := newDrained(t, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				sigv4auth.WriteAPIGatewayError(w, r, err)
			}
		})))
		r := m.upload(data)
		conn := server.dial(t)
		sent := head(r, "HTTP/1.1") + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n", size) + data + "\r\n0\r\n\r\n"
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).CloseWrite()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %v, %v", m.name, res, err)
		}
		server.isDone(t)
	}
}
