package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// signedFetch is what a page passes to fetch: a request that was signed elsewhere.
type signedFetch struct {
	URL     string            `json:"url"`
	Method  string            `json:"method"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body,omitempty"`
}

// fetched is what the page could read of the answer.
type fetched struct {
	Status    int    `json:"status"`
	Body      string `json:"body"`
	ErrorType string `json:"errorType"`
	RequestID string `json:"requestId"`
	Date      string `json:"date"`
	Failed    string `json:"failed"`
}

// page fetches each of the requests and writes what it could read into itself.
const page = `<!doctype html><meta charset=utf-8><title>rides</title><pre id=out></pre><script>
(async () => {
  const results = [];
  for (const q of %s) {
    try {
      const answer = await fetch(q.url, {method: q.method, headers: q.headers, body: q.body});
      results.push({status: answer.status, body: await answer.text(), errorType: answer.headers.get("x-amzn-ErrorType"),
        requestId: answer.headers.get("x-amzn-RequestId"), date: answer.headers.get("Date")});
    } catch (e) {
      results.push({failed: String(e)});
    }
  }
  document.getElementById("out").textContent = JSON.stringify(results);
  document.title = "done";
})();
</script>`

// TestBrowser: a page of an allowed origin, in a real browser, calls the API with signed requests:
// the browser's preflight passes, the ride is there, and the page can read a refusal with its type
// and the server's date. A page of another origin reads nothing.
func TestBrowser(t *testing.T) {
	chromium := testneed.Program(t, "chromium")
	var requests atomic.Pointer[[]signedFetch] // the page is served by other goroutines
	pages := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b, err := json.Marshal(requests.Load())
		if err != nil {
			t.Error(err)
		}
		_, _ = fmt.Fprintf(w, page, b)
	})
	allowed, other := httptest.NewServer(pages), httptest.NewServer(pages)
	t.Cleanup(allowed.Close)
	t.Cleanup(other.Close)
	s := start(t, t.TempDir(), "-cors", allowed.URL)

	sign := func(method, path, body string) signedFetch {
		r := signer(s.credentials("rider")).Sign(s.request(method, path, body))
		q := signedFetch{URL: r.URL.String(), Method: method, Headers: map[string]string{}, Body: body}
		for name := range r.Header {
			if name != "Content-Length" { // a page may not set it, and the browser sends the same
				q.Headers[name] = r.Header.Get(name)
			}
		}
		return q
	}
	tampered := sign("POST", "/prod/ride", seattle)
	tampered.Body = strings.Replace(seattle, "47", "48", 1)
	requests.Store(&[]signedFetch{sign("POST", "/prod/ride", seattle), sign("GET", "/prod/rides", ""), tampered})

	got := browse(t, chromium, allowed.URL)
	if len(got) != 3 {
		t.Fatalf("the page read %+v", got)
	}
	if ride := got[0]; ride.Status != http.StatusCreated || !strings.Contains(ride.Body, `"Rider":"alice"`) {
		t.Errorf("a ride: %+v", ride)
	}
	for i, want := range map[int]string{1: "AccessDeniedException", 2: "InvalidSignatureException"} {
		refusal := got[i]
		if refusal.Status != http.StatusForbidden || refusal.ErrorType != want || refusal.RequestID == "" || refusal.Date == "" {
			t.Errorf("a refusal: %+v; want %s", refusal, want)
		}
	}
	for _, result := range browse(t, chromium, other.URL) {
		if result.Failed == "" {
			t.Errorf("a page of another origin read %+v", result)
		}
	}
}

// browse opens the page in a new headless Chromium and returns what it could read.
func browse(t *testing.T, chromium, url string) []fetched {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=20000", "--dump-dom", url)
	cmd.WaitDelay = 5 * time.Second
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	_, out, _ := strings.Cut(string(dom), `<pre id="out">`)
	out, _, _ = strings.Cut(out, "</pre>")
	var got []fetched
	if err := json.Unmarshal([]byte(html.UnescapeString(out)), &got); err != nil {
		t.Fatalf("%v: the page is %s", err, dom)
	}
	return got
}
