package sigv4auth_test

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestDiagnoseCostsWhatTheRequestWeighs: threat 222: anyone can have a refused request diagnosed,
// with headers of the mebibyte that net/http lets through. What is built of them stays in
// proportion to it: a copy of the header with its map takes 12 MiB, and there is one. It is not
// parallel, since it counts what the whole process allocates.
func TestDiagnoseCostsWhatTheRequestWeighs(t *testing.T) {
	many := func(h http.Header, prefix string, n int) {
		for i := range n {
			h.Set(prefix+strconv.Itoa(i), "")
		}
	}
	restoring := func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{
			Networks:        peerNetwork,
			RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"},
		}
	}
	tests := []struct {
		name   string
		config func(*sigv4auth.Config)
		most   uint64            // MiB
		change func(http.Header) // of the signed request
	}{
		{"an element of Forwarded with a host in each of its pairs", nil, 2, func(h http.Header) { h.Set("Forwarded", strings.Repeat("host=a;", 140_000)) }},
		{"a port of a mebibyte, for each of several hosts", nil, 2, func(h http.Header) {
			h.Set("X-Forwarded-Port", strings.Repeat("1", 1<<20))
			h["X-Forwarded-Host"] = []string{"a", "b", "c", "d"}
		}},
		{"headers that are not signed", nil, 4, func(h http.Header) { many(h, "X-Amz-", 60_000) }},
		{"headers behind a proxy that restores one, and many of them signed", restoring, 20, func(h http.Header) {
			h.Set("X-Original-Accept-Encoding", "gzip")
			many(h, "X-", 60_000)
		}},
	}
	for _, tt := range tests {
		r := rides()
		many(r.Header, "X-Signed-", 90)
		r = sign(t, r, signing{secret: "wrong" + testSecret})
		tt.change(r.Header)
		a := newAuthenticator(t, tt.config)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := a.Diagnose(r)
		runtime.ReadMemStats(&after)
		if reasonOf(d) == "" || d.Verifies {
			t.Errorf("%s: %s", tt.name, d)
		}
		if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > tt.most {
			t.Errorf("%s: %d MiB", tt.name, spent)
		}
	}
}
