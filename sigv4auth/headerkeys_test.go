package sigv4auth_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestHeadersOfConditionKeysArriveOnce: threat 236. Where a header gives a condition key with one
// value, a request with two of it is refused: a Deny would be asked about one of them. It is so
// for every policy, and only where an Authorizer fills keys.
func TestHeadersOfConditionKeysArriveOnce(t *testing.T) {
	t.Parallel()
	const (
		noBots = `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*",` +
			`"Condition":{"StringLike":{"aws:UserAgent":"*bot*"}}}`
		fromHere = `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:Referer":"https://example.com/"}}}`
		noKeys   = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	)
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	restored := sigv4auth.TrustedProxies{Networks: peerNetwork, RestoredHeaders: map[string]string{"User-Agent": "X-Original-User-Agent"}}
	const malformed, denied = sigv4auth.ErrMalformedRequest, sigv4auth.ErrAccessDenied
	tests := []struct {
		name, policy string
		proxies      sigv4auth.TrustedProxies
		arrives      http.Header
		want         sigv4auth.Reason // "": admitted
	}{
		{"one", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"curl"}}, ""},
		{"one that is denied", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"a bot"}}, denied},
		{"one with a comma", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"curl, a bot"}}, denied},
		{"none", noBots, sigv4auth.TrustedProxies{}, nil, ""},
		{"threat 236: a second User-Agent", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"curl", "a bot"}}, malformed},
		{"threat 236: the same User-Agent twice", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"curl", "curl"}}, malformed},
		{"threat 236: an empty User-Agent first", noBots, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"", "a bot"}}, malformed},
		{"threat 236: no policy looks at it", noKeys, sigv4auth.TrustedProxies{}, http.Header{"User-Agent": {"curl", "a bot"}}, malformed},
		{
			"threat 236: a second Referer", fromHere,
			sigv4auth.TrustedProxies{},
			http.Header{"Referer": {"https://example.com/", "https://example.org/"}},
			malformed,
		},
		{"threat 236: a second Referer that no policy looks at", noBots, sigv4auth.TrustedProxies{}, http.Header{"Referer": {"a", "b"}}, malformed},
		{"a header that gives no key", noBots, sigv4auth.TrustedProxies{}, http.Header{"X-Other": {"a", "b"}}, ""},
		{"threat 236: two where one is restored", noBots, restored, http.Header{"User-Agent": {"a bot", "b"}, "X-Original-User-Agent": {"curl"}}, ""},
		{"threat 236: two to restore", noBots, restored, http.Header{"User-Agent": {"curl"}, "X-Original-User-Agent": {"curl", "a bot"}}, ""},
		{
			"threat 236: two, and two to restore", noBots, restored,
			http.Header{"User-Agent": {"curl", "a bot"}, "X-Original-User-Agent": {"curl", "a bot"}},
			malformed,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var event sigv4auth.Event
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Proxies = tt.proxies
				c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { event = e }
			})
			arrived := func() *http.Request {
				r := sign(t, request("GET", "/prod/ride", ""), signing{})
				maps.Copy(r.Header, tt.arrives)
				return r
			}
			cfg := sigv4auth.AuthorizerConfig{
				Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[`+tt.policy+`]}`)),
			}
			var handler spy
			answer := httptest.NewRecorder()
			a.Require(newAuthorizer(t, cfg).Check)(&handler).ServeHTTP(answer, arrived())
			if (handler.ran == 1) != (tt.want == "") || event.Reason != tt.want {
				t.Errorf("ran %d times, %v; want %v", handler.ran, event.Reason, tt.want)
			}
			if tt.want == malformed && answer.Code != http.StatusBadRequest {
				t.Errorf("the answer is %d", answer.Code)
			}
			// Report-only says so and admits, and without an Authorizer nobody asks.
			cfg.ReportOnly = true
			handler = spy{}
			a.Require(newAuthorizer(t, cfg).Check)(&handler).ServeHTTP(httptest.NewRecorder(), arrived())
			if handler.ran != 1 || event.Reason != tt.want {
				t.Errorf("report-only: ran %d times, %v; want %v", handler.ran, event.Reason, tt.want)
			}
			handler = spy{}
			a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), arrived())
			if handler.ran != 1 {
				t.Error("refused without an Authorizer")
			}
		})
	}

	// The digest is a header of the protocol, and refused by Verify, in a presigned request too.
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Service = "s3" })
	for _, s := range []signing{{service: "s3", presign: time.Minute}, {service: "s3", digestHeader: true}} {
		r := sign(t, request("GET", "/prod/ride", ""), s)
		r.Header["X-Amz-Content-Sha256"] = []string{empty, "UNSIGNED-PAYLOAD"}
		if _, err := a.Verify(r); !errors.Is(err, malformed) {
			t.Errorf("threat 236: %+v: two digests: %v", s, err)
		}
	}
}

// TestClientsSendConditionKeysOnce: of the recorded clients none sends one of these headers
// twice, so that none is refused for it.
func TestClientsSendConditionKeysOnce(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, rec := range readRecordings(t) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(rec.Raw)))
		if err != nil {
			continue // HTTP/2: there are others to read those
		}
		for _, name := range []string{"User-Agent", "Referer", "X-Amz-Content-Sha256"} {
			if len(r.Header[name]) > 1 {
				t.Errorf("%s: %s: %q", rec.name(), name, r.Header[name])
			}
			seen += len(r.Header[name])
		}
	}
	if seen < 300 {
		t.Errorf("%d of these headers were seen", seen)
	}
}
