package main_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	cli "github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe"
)

func wildgateWithoutPresigned(t *testing.T) http.Handler {
	t.Helper()
	return wildgate(t, func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 })
}

// TestLimitsHold: no more is sent than is allowed, and what was found until then is reported.
func TestLimitsHold(t *testing.T) {
	setKey(t, "")
	asked := 0
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		naive{}.ServeHTTP(w, r)
	})
	status, stdout, stderr := call(t, "-url", serve(t, counted), "-limit", "7", "-rate", "1000")
	if status != 2 || asked != 7 || !strings.Contains(stdout, "checks made: 7, requests sent: 7\n") ||
		!strings.Contains(stderr, "sigv4probe: stopped in the check ") || !strings.Contains(stderr, "after 7 requests: -limit is reached") {
		t.Errorf("status %d, %d requests\n%s%s", status, asked, stdout, stderr)
	}
	open := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	status, stdout, _ = call(t, "-url", serve(t, open), "-limit", "2", "-run", "^(no credentials|the method .*)$")
	if status != 1 {
		t.Errorf("status %d; want 1, since a fault was found before the limit was reached\n%s", status, stdout)
	}
	status, _, stderr = call(t, "-url", serve(t, naive{}), "-duration", "1ns")
	if status != 2 || !strings.Contains(stderr, "-duration is over") {
		t.Errorf("status %d\n%s", status, stderr)
	}
}

// TestInterrupt: the report holds what was found until then.
func TestInterrupt(t *testing.T) {
	setKey(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	var out, errs strings.Builder
	status := cli.Run(ctx, []string{"-rate", "1000", "-url", serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 5 {
			cancel()
		}
		naive{}.ServeHTTP(w, r)
	}))}, &out, &errs)
	if status != 2 || !strings.Contains(out.String(), "credential scope") || !strings.Contains(errs.String(), "stopped by a signal") {
		t.Errorf("status %d\n%s%s", status, out.String(), errs.String())
	}
}

// TestNothingToCheck: where no plain request is admitted, the answers and what to look at are all
// that is printed.
func TestNothingToCheck(t *testing.T) {
	setKey(t, "")
	deniesAll := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
		w.WriteHeader(http.StatusForbidden)
	})
	noSuchKey := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"__type":"com.example#UnrecognizedClientException"}`)
	})
	for _, tt := range []struct {
		name, url, want string
	}{
		{"a policy denies the key", serve(t, deniesAll), "  GET: refused, 403 AccessDeniedException: by a policy, not for its signature\n"},
		{"the key is unknown", serve(t, noSuchKey), "  GET: refused, 403 UnrecognizedClientException\n"},
		{"there is nothing", serve(t, http.NotFoundHandler()), "  GET: 404, as without credentials\n"},
		{"nobody listens", "http://127.0.0.1:1/", "a plain signed request: dial tcp 127.0.0.1:1: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := call(t, "-url", tt.url)
			if status != 2 || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d\n%s%s", status, stdout, stderr)
			}
			if tt.name != "nobody listens" && !strings.Contains(stderr, "Look at the key, -region, -service") {
				t.Errorf("no advice: %s", stderr)
			}
		})
	}
	status, _, stderr := call(t, "-url", serve(t, naive{}), "-run", "^no such check$")
	if status != 2 || !strings.Contains(stderr, "-run matches no check") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestWhatTheRouterAnswersIsNotHeldAgainstTheVerifier: below the one protected route there is
// nothing, for nobody.
func TestWhatTheRouterAnswersIsNotHeldAgainstTheVerifier(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/stage/thing", naive{})
	status, f := probe(t, serve(t, mux))
	if status != 0 {
		t.Error(status, f.faults())
	}
	if _, ok := f.named("not tested")["a segment is added to the path"]; !ok {
		t.Error("a path that is answered with 404 to everybody counts as tested")
	}
}

// TestWhatAPolicyDeniesIsNotHeldAgainstTheVerifier: a denial by a policy comes after the signature
// was found right.
func TestWhatAPolicyDeniesIsNotHeldAgainstTheVerifier(t *testing.T) {
	only := func(method string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method {
				w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
				w.WriteHeader(http.StatusForbidden)
				return
			}
			naive{}.ServeHTTP(w, r)
		})
	}
	status, f := probe(t, serve(t, only(http.MethodGet)))
	if status != 0 {
		t.Error(status, f.faults())
	}
	if _, ok := f.named("not tested")["POST with a body"]; !ok {
		t.Error("a request that a policy denies counts as tested")
	}
	status, f = probe(t, serve(t, only(http.MethodPost)))
	if status != 0 {
		t.Error(status, f.faults())
	}
	if _, ok := f.named("ok")["a byte of the body is changed"]; !ok {
		t.Error("where the key may POST and not GET, POST is not tested")
	}
}

// TestWhatTheServiceRefusesIsNotHeldAgainstTheVerifier: a right signature is answered otherwise
// than a wrong one.
func TestWhatTheServiceRefusesIsNotHeldAgainstTheVerifier(t *testing.T) {
	picky := wildgateAround(t, func(*sigv4auth.Config) {}, func(w http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); len(body) > 0 && string(body) != `{"right":1}` {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	status, f := probe(t, serve(t, picky))
	const want = "refused, 400, but 403 with a wrong signature: refused for another reason; is it -body?"
	if got := f.named("not tested")["POST with a body"]; status != 0 || got != want {
		t.Errorf("status %d, %q; want %q; %q", status, got, want, f.faults())
	}
	status, f = probe(t, serve(t, picky), "-body", `{"right":1}`)
	if _, ok := f.named("ok")["POST with a body"]; !ok || status != 0 {
		t.Errorf("status %d, %q", status, f.faults())
	}
	status, f = probe(t, serve(t, naive{flaw: "encodes paths once"}))
	if _, ok := f.named("wrongly refused")["path: letters beyond ASCII"]; !ok || status != 1 {
		t.Errorf("a refusal of the verifier is taken for one of the service: %q", f.named("not tested"))
	}
}
