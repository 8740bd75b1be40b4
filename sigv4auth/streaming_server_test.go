package sigv4auth_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestStreamingServer: over the wire, with Content-Length and in HTTP's own chunks. 100 Continue
// goes out when the handler reads, and not for a refused request (threat 130).
func TestStreamingServer(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, streamingConfig)
	server := httptest.NewServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			sigv4auth.WriteAPIGatewayError(w, r, err)
			return
		}
		fmt.Fprintf(w, "%d of %d", n, r.ContentLength)
	})))
	defer server.Close()
	for mode := range uploadModes {
		for _, httpChunks := range []bool{false, true} {
			for _, bad := range []bool{false, true} {
				r := upload{mode: mode, data: strings.Repeat("ride", 5000)}.request(t)
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Fatal(err)
				}
				if bad {
					badSignature(r)
				}
				var sent bytes.Buffer
				fmt.Fprintf(&sent, "PUT /prod/upload HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nConnection: close\r\n")
				if httpChunks {
					r.Header.Del("Content-Length")
					fmt.Fprintf(&sent, "Transfer-Encoding: chunked\r\n")
					body = fmt.Appendf(nil, "%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n", 100, body[:100], len(body)-100, body[100:])
				}
				if err := r.Header.Write(&sent); err != nil {
					t.Fatal(err)
				}
				sent.WriteString("\r\n")
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := conn.Write(sent.Bytes()); err != nil {
					t.Fatal(err)
				}
				answer := bufio.NewReader(conn)
				first, err := answer.ReadString('\n')
				if bad {
					if !strings.HasPrefix(first, "HTTP/1.1 403") {
						t.Errorf("%s: %q, %v", mode, first, err)
					}
				} else {
					if !strings.HasPrefix(first, "HTTP/1.1 100") {
						t.Errorf("%s: %q, %v", mode, first, err)
					}
					if _, err := conn.Write(body); err != nil {
						t.Fatal(err)
					}
					if rest, err := io.ReadAll(answer); !strings.HasSuffix(string(rest), "20000 of 20000") {
						t.Errorf("%s: %q, %v", mode, rest, err)
					}
				}
				conn.Close()
			}
		}
	}
}

// TestHTTPTrailers: threat 26. What HTTP itself carries behind the body is neither among the
// headers nor taken for the trailer that was announced.
func TestHTTPTrailers(t *testing.T) {
	t.Parallel()
	data := "hello"
	r := upload{mode: modeUnsignedTrailer, data: data, body: func(string) string { return "5\r\nhello\r\n0\r\n\r\n" }}.request(t)
	r.Trailer = http.Header{"X-Amz-Checksum-Crc32": {crc32Of(data)}}
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r.Body); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
		t.Errorf("a trailer of HTTP stands for that of the body: %v", err)
	}
	if r.Header.Get("X-Amz-Checksum-Crc32") != "" {
		t.Error("a trailer is among the headers")
	}
}

// TestCompressedBody: threat 56. The signature covers a compressed body as it is on the wire, and
// the handler gets it so.
func TestCompressedBody(t *testing.T) {
	t.Parallel()
	const notEvenGzip = "\x1f\x8b\x08 and so on"
	r := request("POST", "/prod/ride", notEvenGzip)
	r.Header.Set("Content-Encoding", "gzip")
	var handler spy
	newAuthenticator(t, nil).Handler(&handler).ServeHTTP(httptest.NewRecorder(), sign(t, r, signing{digestHeader: true}))
	if handler.body != notEvenGzip || handler.r.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("the handler reads %q, in %q", handler.body, handler.r.Header.Get("Content-Encoding"))
	}
}

// TestReplacedBody: threat 49. The body that was verified is the one that the handler has; what the
// server's request held before is not to be reached through it.
func TestReplacedBody(t *testing.T) {
	t.Parallel()
	for mode := range uploadModes {
		r := upload{mode: mode, data: "hello"}.request(t)
		arrived := r.Body
		if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
			t.Fatal(err)
		}
		if r.Body == arrived || r.GetBody != nil {
			t.Errorf("%s: the body is still the one that arrived", mode)
		}
	}
}
