package connlimit_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

// serve serves a handler behind a limiter with its defaults.
func serve(t *testing.T, how transport, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	limiter, err := connlimit.New(connlimit.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = how == http2
	server.Listener = limiter.Protect(server.Config, server.Listener)
	if how == plain {
		server.Start()
	} else {
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	return server
}

// A handler finds what net/http's own ResponseWriter has.
func TestTheResponseWriterIsWhole(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 64<<10) // four pieces of a file
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	text := string(content)
	want := fmt.Sprintf("%x", sha256.Sum256(content))
	for _, how := range []transport{plain, encrypted, http2} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			server := serve(t, how, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/file":
					http.ServeFile(w, r, path)
				case "/copy":
					f, err := os.Open(path)
					if err != nil {
						t.Error(err)
						return
					}
					defer f.Close()
					_, _ = io.Copy(w, f)
				case "/string":
					_, _ = io.WriteString(w, text)
				case "/pipe":
					_, _ = io.Copy(w, struct{ io.Reader }{bytes.NewReader(content)})
				case "/flush":
					half := len(content) / 2
					_, _ = w.Write(content[:half])
					w.(http.Flusher).Flush()
					if err := http.NewResponseController(w).Flush(); err != nil {
						t.Error(err)
					}
					if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(patience)); err != nil {
						t.Error(err)
					}
					_, _ = w.Write(content[half:])
				}
				_, from := w.(io.ReaderFrom)
				_, hijack := w.(http.Hijacker)
				_, push := w.(http.Pusher)
				if two := r.ProtoMajor == 2; from == two || hijack == two || push != two {
					t.Errorf("%s: ReadFrom %t, Hijack %t, Push %t", r.Proto, from, hijack, push)
				}
			})
			for _, path := range []string{"/file", "/copy", "/string", "/pipe", "/flush"} {
				response, err := server.Client().Get(server.URL + path)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if sum := fmt.Sprintf("%x", sha256.Sum256(got)); err != nil || sum != want || len(got) != len(content) {
					t.Errorf("%s: %d bytes of %d, %v", path, len(got), len(content), err)
				}
			}
			request, _ := http.NewRequest("GET", server.URL+"/file", nil)
			request.Header.Set("Range", "bytes=100-300099")
			response, err := server.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if err != nil || !bytes.Equal(got, content[100:300100]) {
				t.Errorf("a range: %d bytes, %v", len(got), err)
			}
		})
	}
}

// The files of a form are removed, as without the limiter.
func TestFormFilesAreRemoved(t *testing.T) {
	t.Parallel()
	names := make(chan string, 1)
	server := serve(t, plain, func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		file, _, err := r.FormFile("f")
		if err != nil {
			t.Error(err)
			return
		}
		names <- file.(*os.File).Name()
	})
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("f", "name")
	_, _ = part.Write(make([]byte, 11<<20))
	_ = w.Close()
	response, err := server.Client().Post(server.URL, w.FormDataContentType(), &form)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	name := <-names
	eventually(t, "the file is removed", func() bool { _, err := os.Stat(name); return os.IsNotExist(err) })
}

// A body that the handler does not read is not asked for: no 100 Continue.
func TestNoContinueUnlessRead(t *testing.T) {
	t.Parallel()
	server := serve(t, plain, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/read" {
			_, _ = io.Copy(io.Discard, r.Body)
		}
	})
	for path, want := range map[string]string{"/": "HTTP/1.1 200 OK\r\n", "/read": "HTTP/1.1 100 Continue\r\n"} {
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		send(t, c, "POST "+path+" HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if line, err := bufio.NewReader(c).ReadString('\n'); line != want {
			t.Errorf("%s: %q, %v", path, line, err)
		}
	}
}

// What was set on the server is called as before, and what comes over another listener is served
// as before.
func TestHooksAndOtherListeners(t *testing.T) {
	t.Parallel()
	limiter, err := connlimit.New(connlimit.Config{Max: 4})
	if err != nil {
		t.Fatal(err)
	}
	type key struct{}
	var states sync.Map
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.Context().Value(key{}))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) { states.Store(s, true) }
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, "set") }
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Listener = limiter.Protect(server.Config, server.Listener)
	server.Start()
	defer server.Close()
	done := make(chan error, 1)
	go func() { done <- server.Config.Serve(other) }()
	// With connections of its own: a server of another test that closes ends the default client's.
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	for _, url := range []string{server.URL, "http://" + other.Addr().String()} {
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(body) != "set" {
			t.Errorf("%s: %q", url, body)
		}
	}
	if n := limiter.Open(); n != 1 {
		t.Errorf("%d connections are counted, want that of its own listener alone", n)
	}
	_ = server.Config.Close()
	<-done
	eventually(t, "the server's own hook is told", func() bool {
		_, closed := states.Load(http.StateClosed)
		_, active := states.Load(http.StateActive)
		return closed && active
	})
}

// Clients of all kinds come and go; the count is right at the end, and nothing is left running.
// The race detector looks on.
func TestChurn(t *testing.T) {
	t.Parallel()
	for _, how := range []transport{plain, http2} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			s := open(t, how, connlimit.Config{Max: 8, PerPeer: 4})
			close(s.finish)
			var all sync.WaitGroup
			end := time.Now().Add(500 * time.Millisecond)
			for n := range 16 {
				all.Go(func() {
					p := peer(2 + n%5)
					for i := 0; time.Now().Before(end); i++ {
						c, err := p.dialer().Dial("tcp", s.addr)
						if err != nil {
							continue
						}
						_ = c.SetDeadline(time.Now().Add(100 * time.Millisecond))
						if s.tls {
							c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
						}
						switch i % 4 {
						case 0:
							_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: here\r\n\r\n")
							_, _ = bufio.NewReader(c).ReadString('\n')
						case 1:
							_, _ = io.WriteString(c, headerOf("/body", 100)+"x")
						case 2:
							_, _ = io.WriteString(c, "GET /long HTTP/1.1\r\nHost: here\r\n\r\n")
							_, _ = io.CopyN(io.Discard, c, 1<<20)
						case 3:
							_, _ = io.WriteString(c, strings.Repeat("x", 100)+"\r\n\r\n")
						}
						_ = c.Close()
					}
				})
			}
			all.Wait()
			if n := s.limiter.Open(); n > 8 {
				t.Errorf("%d connections are counted", n)
			}
		})
	}
}
