package sigv4auth_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// signText signs any text in the place of the canonical request, by the documented steps: clients
// that are wrong about it do no more. The scope is of the day given.
func signText(r *http.Request, canonical, day string) *http.Request {
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	const stamp = "20260102T030405Z"
	scope := day + "/" + testRegion + "/" + testService + "/aws4_request"
	key := mac(mac(mac(mac([]byte("AWS4"+testSecret), day), testRegion), testService), "aws4_request")
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hash(canonical)))
	r.Header.Set("X-Amz-Date", stamp)
	_, rest, _ := strings.Cut(canonical, "\n\n")
	if _, after, ok := strings.Cut(rest, "\n\n"); ok { // there was no query
		rest = after
	}
	names, _, _ := strings.Cut(rest, "\n")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+testKeyID+"/"+scope+", SignedHeaders="+names+", Signature="+signature)
	return r
}

// TestDiagnoseClients: clients that build another canonical request than AWS documents, and what
// proxies do to headers that no SDK signs.
func TestDiagnoseClients(t *testing.T) {
	t.Parallel()
	const dated, today = "x-amz-date:20260102T030405Z\n", "20260102"
	get := func(target string) *http.Request { return request("GET", target, "") }
	canonical := func(path, query, headers, signed string) string {
		return "GET\n" + path + "\n" + query + "\n" + headers + "\n" + signed + "\n" + hash("")
	}
	plain := func(path, query string) string {
		return canonical(path, query, "host:example.com\n"+dated, "host;x-amz-date")
	}
	with := func(key, value, signed string) (*http.Request, string) {
		name := strings.ToLower(key)
		return withHeader(get("/prod"), key, value),
			canonical("/prod", "", "host:example.com\n"+dated+name+":"+signed+"\n", "host;x-amz-date;"+name)
	}
	tests := []struct {
		name      string
		build     func() (*http.Request, string)
		day       string
		want      string
		condition string
	}{
		{"the scope is of yesterday", func() (*http.Request, string) { return get("/prod"), plain("/prod", "") }, "20260101", "scope-date", `"20260101"`},
		{"a path as it stands on the wire", func() (*http.Request, string) { return get("/prod/a%2Cb"), plain("/prod/a%2Cb", "") }, today, "path-encoding", ""},
		{
			"a path with a byte that signers escape", func() (*http.Request, string) { return get("/prod/a=b"), plain("/prod/a=b", "") },
			today, "path-encoding", "on the wire",
		},
		{
			"Amplify leaves !'()* bare", func() (*http.Request, string) { return get("/prod/a!(b)'*%21"), plain("/prod/a!(b)'*%2521", "") },
			today, "path-encoding", "!'()*",
		},
		{
			"escapes in lower case", func() (*http.Request, string) { return get("/prod/%C3%BC"), plain("/prod/%25c3%25bc", "") }, today,
			"path-encoding", "lower case",
		},
		{
			"a query as it stands on the wire", func() (*http.Request, string) { return get("/prod?b=/&a=1"), plain("/prod", "b=/&a=1") },
			today, "query-encoding", "on the wire",
		},
		{
			"a query as it stands on the wire, sorted",
			func() (*http.Request, string) { return get("/prod?b=/&a"), plain("/prod", "a=&b=/") }, today, "query-encoding", "sorted",
		},
		{
			"a query in the order of arrival",
			func() (*http.Request, string) { return get("/prod?b=%2f&a=1"), plain("/prod", "b=%2F&a=1") }, today, "query-order", "arrived",
		},
		{"a query sorted by decoded names", func() (*http.Request, string) {
			return get("/prod?b=1&%C3%BC=2&x=/"), plain("/prod", "b=1&x=%2F&%C3%BC=2")
		}, today, "query-order", "decoded"},
		{"a method in lower case", func() (*http.Request, string) {
			r := get("/prod")
			return r, strings.Replace(plain("/prod", ""), "GET", "get", 1)
		}, today, "method", `"get"`},
		{"white space that is not folded", func() (*http.Request, string) { return with("X-Note", "a  b", "a  b") }, today, "header-space", "x-note"},
		{"white space that is left out", func() (*http.Request, string) { return with("X-Note", "a b", "ab") }, today, "header-space", "without"},
		{"a load balancer adds to the trace ID", func() (*http.Request, string) {
			r, c := with("X-Amzn-Trace-Id", "Self=1-2;Root=1-1", "Root=1-1")
			return r, c
		}, today, "header", `"Root=1-1"`},
		{"threat 124: the user agent is replaced, and kept elsewhere", func() (*http.Request, string) {
			r := withHeader(get("/prod"), "User-Agent", "Amazon CloudFront")
			r.Header["X-Original-User-Agent"] = []string{"rider/1"}
			return r, canonical("/prod", "", "host:example.com\nuser-agent:rider/1\n"+dated, "host;user-agent;x-amz-date")
		}, today, "header", `"rider/1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, text := tt.build()
			a := newAuthenticator(t, nil)
			r = signText(r, text, tt.day)
			d := a.Diagnose(r)
			if codes(d) != tt.want || !d.Verifies || !strings.Contains(d.String(), tt.condition) {
				t.Errorf("%q; want %q, and %q in\n%s", codes(d), tt.want, tt.condition, d)
			}
			sameVerdict(t, a, r, d)
		})
	}
}

// TestDiagnoseBehindProxies: what a trusted proxy says is the request as it arrived, and is
// examined as Verify does.
func TestDiagnoseBehindProxies(t *testing.T) {
	t.Parallel()
	trusting := func(p sigv4auth.TrustedProxies, hosts ...string) *sigv4auth.Authenticator {
		return newAuthenticator(t, func(c *sigv4auth.Config) {
			p.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} // of httptest's peer
			c.Proxies, c.Hosts = p, hosts
		})
	}
	tests := []struct {
		name  string
		a     *sigv4auth.Authenticator
		r     *http.Request
		want  string
		admit bool
	}{
		{
			"the host that the proxy names is the one that was signed", trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}),
			changed(t, ride(), signing{}, func(r *http.Request) { r.Host = "10.0.0.7"; r.Header.Set("X-Forwarded-Host", "example.com") }),
			"", true,
		},
		{
			"of two of them", trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}),
			changed(t, ride(), signing{}, func(r *http.Request) {
				r.Host = "10.0.0.7"
				r.Header.Set("X-Forwarded-Host", "other.example, example.com")
			}), "", true,
		},
		{
			"none of its hosts is served", trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"}, "api.example"),
			changed(t, ride(), signing{}, func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "example.com") }), "host-not-served",
			false,
		},
		{
			"the prefix is put back", trusting(sigv4auth.TrustedProxies{PathPrefix: "/prod"}),
			changed(t, ride(), signing{}, func(r *http.Request) { r.RequestURI = "/ride" }), "", true,
		},
		{
			"the prefix is put back, and should not be", trusting(sigv4auth.TrustedProxies{PathPrefix: "/api"}),
			changed(t, request("GET", "/rides", ""), signing{}, func(*http.Request) {}), "path-prefix", false,
		},
		{
			"a header is restored", trusting(sigv4auth.TrustedProxies{RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"}}),
			changed(t, withHeader(ride(), "Accept-Encoding", "zstd"), signing{}, func(r *http.Request) {
				r.Header.Set("Accept-Encoding", "gzip")
				r.Header.Set("X-Original-Accept-Encoding", "zstd")
			}), "", true,
		},
	}
	for _, tt := range tests {
		d := tt.a.Diagnose(tt.r)
		if codes(d) != tt.want || !d.Verifies || (reasonOf(d) == "") != tt.admit {
			t.Errorf("%s: %q; want %q\n%s", tt.name, codes(d), tt.want, d)
		}
		sameVerdict(t, tt.a, tt.r, d)
	}
	// With another secret the signature is right for no host.
	a := trusting(sigv4auth.TrustedProxies{HostHeader: "X-Forwarded-Host"})
	r := changed(t, ride(), signing{secret: "x"}, func(r *http.Request) {
		r.Host = "10.0.0.7"
		r.Header.Set("X-Forwarded-Host", "other.example, example.com")
	})
	d := a.Diagnose(r)
	if d.Verifies || reasonOf(d) != sigv4auth.ErrSignatureMismatch {
		t.Errorf("another secret: %s", d)
	}
	sameVerdict(t, a, r, d)
}

// TestDiagnoseStreaming: of a body in chunks the signature of the headers is examined, and nothing
// is read.
func TestDiagnoseStreaming(t *testing.T) {
	t.Parallel()
	all := func(c *sigv4auth.Config) {
		c.Payloads = sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer
	}
	streaming := func(change func(*http.Request)) *http.Request {
		r := request("PUT", "/prod/object", "")
		r.Header["X-Amz-Content-Sha256"] = []string{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
		r.Header["X-Amz-Decoded-Content-Length"] = []string{"3"}
		r = signedFor(t, r, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		r.Body, r.ContentLength = unreadable{t}, -1
		change(r)
		return r
	}
	tests := []struct {
		name   string
		config func(*sigv4auth.Config)
		change func(*http.Request)
		code   sigv4auth.Reason
		want   string
	}{
		{"nothing is wrong", all, func(*http.Request) {}, "", ""},
		{"a proxy changes the host", all, func(r *http.Request) { r.Host = "example.com:80" }, sigv4auth.ErrSignatureMismatch, "host"},
		{"the mode is not switched on", nil, func(*http.Request) {}, sigv4auth.ErrNotEnabled, "payload-mode"},
	}
	for _, tt := range tests {
		a := newAuthenticator(t, tt.config)
		r := streaming(tt.change)
		if d := a.Diagnose(r); reasonOf(d) != tt.code || codes(d) != tt.want || !d.Verifies {
			t.Errorf("%s: %q; want %q\n%s", tt.name, codes(d), tt.want, d)
		} else {
			sameVerdict(t, a, r, d)
		}
	}
}

// TestDiagnoseChecksum: a body that is not what an X-Amz-Checksum header says.
func TestDiagnoseChecksum(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := sign(t, withHeader(ride(), "X-Amz-Checksum-Crc32", "AAAAAA=="), signing{})
	d := a.Diagnose(r)
	if reasonOf(d) != sigv4auth.ErrChecksumMismatch || codes(d) != "body" || !d.Verifies {
		t.Errorf("%s", d)
	}
	sameVerdict(t, a, r, d)
	if got, err := io.ReadAll(r.Body); err != nil || string(got) != rideBody {
		t.Errorf("%q, %v", got, err)
	}
}

// TestDiagnoseFarDates: a date further off than a Duration reaches, which anybody can write, is
// told to be on the side on which it is.
func TestDiagnoseFarDates(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for year, want := range map[int]string{1500: "behind this server's", 2400: "ahead of this server's", 9999: "ahead of this server's"} {
		for _, presign := range []time.Duration{0, time.Minute} {
			want, cause := want, "clock"
			if presign > 0 && year < testNow.Year() {
				want, cause = "is used before 15000101T000100Z", "expired"
			}
			d := a.Diagnose(sign(t, rides(), signing{at: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), presign: presign}))
			if s := d.String(); !d.Verifies || codes(d) != cause || !strings.Contains(s, want) || strings.Contains(s, "taken for UTC") {
				t.Errorf("%d, presigned for %v: %s", year, presign, s)
			}
		}
	}
}
