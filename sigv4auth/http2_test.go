package sigv4auth_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestProtocols sends what a client signs over real connections, HTTP/1.1 and HTTP/2, with and
// without a declared digest. Over both the verdict is the same: threat 127.
func TestProtocols(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Now = time.Now })
	for _, http2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Proto", r.Proto)
			_, _ = io.Copy(w, r.Body)
		})))
		server.EnableHTTP2 = http2
		server.StartTLS()
		t.Cleanup(server.Close)
		send := func(change func(*http.Request)) (status int, proto, body string) {
			t.Helper()
			out, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/prod/ride?b=2&a=1",
				strings.NewReader(rideBody))
			if err != nil {
				t.Fatal(err)
			}
			out.Header.Set("Content-Type", "application/json")
			sign(t, out, signing{at: time.Now()})
			if change != nil {
				change(out)
			}
			res, err := server.Client().Do(out)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, res.Header.Get("X-Proto"), string(b)
		}
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2]
		if status, proto, body := send(nil); status != 200 || proto != want || body != rideBody {
			t.Errorf("%s: %d over %s: %s", want, status, proto, body)
		}
		for name, change := range map[string]func(*http.Request){
			"another body": func(r *http.Request) {
				r.Body = io.NopCloser(bytes.NewReader([]byte(strings.ToUpper(rideBody))))
			},
			"another host":  func(r *http.Request) { r.Host = "example.org" },
			"another query": func(r *http.Request) { r.URL.RawQuery = "a=1&b=3" },
			// A chunked body has no Content-Length, which the signer signed: wire rule of a signed
			// header that did not arrive (threat 42).
			"a chunked body": func(r *http.Request) { r.ContentLength = -1 },
		} {
			if status, _, body := send(change); status != 403 {
				t.Errorf("%s: %s: %d %s", want, name, status, body)
			}
		}
	}
}
