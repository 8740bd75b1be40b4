package sigv4auth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// sight is what came of a request: what the handler saw, or nothing.
type sight struct {
	r        *http.Request // nil: the handler never ran
	identity sigv4auth.Identity
	body     string
	err      error // of reading the body
}

func (s *sight) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	id, _ := sigv4auth.IdentityFrom(r.Context())
	*s = sight{r, id, string(b), err}
}

// wayToSign is one way to sign a request, and the Authenticator that admits it.
type wayToSign struct {
	name   string
	auth   *sigv4auth.Authenticator
	wire   wire
	was    sight
	once   bool   // the path is signed decoded and encoded once
	normal bool   // the path is signed without empty and dot segments
	free   bool   // the mode leaves the body to whoever is on the way: it is called Insecure
	host   string // the one that was signed, where a proxy says it
}

func waysToSign(tb testing.TB) []wayToSign {
	var forms []wayToSign
	add := func(name string, r *http.Request, change func(*sigv4auth.Config), mode func(*wayToSign)) {
		form := wayToSign{name: name, auth: newAuthenticator(tb, change), wire: wireOf(r)}
		if mode != nil {
			mode(&form)
		}
		form.auth.Handler(&form.was).ServeHTTP(httptest.NewRecorder(), form.wire.request())
		if form.was.r == nil || form.was.err != nil {
			tb.Fatalf("%s, unchanged: refused: %v", name, form.was.err)
		}
		forms = append(forms, form)
	}
	noted := func(r *http.Request) *http.Request {
		r.Header["X-Amz-Meta-Note"] = []string{"a  b", "c"}
		r.Header.Set("Accept", "*/*")
		return r
	}
	query := func() *http.Request { return noted(request("GET", "/prod/rides/a%20b?limit=10&a=2&a=1&q=%C3%BC", "")) }
	s3 := func(c *sigv4auth.Config) {
		c.Service, c.Path, c.Payloads = "s3", sigv4auth.PathS3, sigv4auth.InsecureUnsigned
	}
	once, free := func(f *wayToSign) { f.once = true }, func(f *wayToSign) { f.once, f.free = true, true }
	add("header, body", sign(tb, noted(ride()), signing{}), nil, nil)
	add("header, declared digest, token", sign(tb, noted(ride()), signing{keyID: tempKeyID, token: testToken, digestHeader: true}), nil, nil)
	add("header, query", sign(tb, query(), signing{}), nil, nil)
	add("PathEncoded", sign(tb, noted(request("GET", "/prod//a/../%2e/b?x", "")), signing{}), func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded }, nil)
	add("PathNormalized", targeted(sign(tb, noted(request("GET", "/prod/b/c%20d/?x", "")), signing{}), "/prod//a/./../b/./c%20d/?x"), func(c *sigv4auth.Config) { c.Path = sigv4auth.PathNormalized }, func(f *wayToSign) { f.normal = true })
	add("presigned, token", sign(tb, query(), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}), nil, nil)
	add("presigned, body", sign(tb, ride(), presigned), nil, nil)
	add("S3, declared digest", sign(tb, noted(request("PUT", "/bucket/a%20b/c+d?x=1", "data")), signing{service: "s3", digestHeader: true}), s3, once)
	add("S3, UNSIGNED-PAYLOAD", signUnsigned(request("PUT", "/bucket/a%20b", "data"), 0), s3, free)
	add("S3, presigned", signUnsigned(request("PUT", "/bucket/key", "data"), time.Minute), s3, free)
	data := strings.Repeat("0123456789abcdef", 600)
	add("signed chunks", upload{mode: modeSigned, data: data}.request(tb), streamingConfig, nil)
	add("signed chunks and trailer", upload{mode: modeSignedTrailer, data: data}.request(tb), streamingConfig, nil)
	add("unsigned chunks", upload{mode: modeUnsignedTrailer, data: data}.request(tb), streamingConfig, func(f *wayToSign) { f.free = true })
	s3Streaming := func(c *sigv4auth.Config) { c.Path, c.Payloads = sigv4auth.PathS3, allStreaming }
	s3Upload := func(mode string) *http.Request {
		return upload{mode: mode, target: "/bucket/a%20b?x=1", data: data}.request(tb)
	}
	add("S3, signed chunks", s3Upload(modeSigned), s3Streaming, once)
	add("S3, signed chunks and trailer", s3Upload(modeSignedTrailer), s3Streaming, once)
	add("S3, unsigned chunks", s3Upload(modeUnsignedTrailer), s3Streaming, free)
	sigV4A := func(c *sigv4auth.Config) { c.Algorithms = sigv4auth.SigV4A }
	add("SigV4A", sign(tb, ride(), signing{keyID: tempKeyID, token: testToken, digestHeader: true, regions: testRegion + ",eu-*"}), sigV4A, nil)
	add("SigV4A, presigned", sign(tb, request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute, regions: "*"}), sigV4A, nil)
	client := uploaderV4A{key: generateKey(tb)}
	chunksV4A := func(c *sigv4auth.Config) {
		c.Payloads, c.Algorithms, c.Credentials = allStreaming, sigv4auth.SigV4A, sigv4auth.StaticCredentials(client.credential(tb))
	}
	add("SigV4A, signed chunks", client.request(tb, upload{mode: modeSignedV4A, data: data}), chunksV4A, nil)
	add("SigV4A, signed chunks and trailer", client.request(tb, upload{mode: modeSignedTrailerV4A, data: data}), chunksV4A, nil)
	behind := func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{
			Networks: peerNetwork, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto", HostHeader: "X-Forwarded-Host", PathPrefix: "/prod",
			RestoredHeaders: map[string]string{"Accept-Encoding": "X-Original-Accept-Encoding"},
		}
	}
	proxied := func(f *wayToSign) { f.host = "example.com" }
	add("behind a proxy, body", relayedFor(sign(tb, noted(encoded(ride())), signing{})), behind, proxied)
	add("behind a proxy, presigned", relayedFor(sign(tb, query(), signing{presign: time.Minute})), behind, proxied)
	return forms
}

// targeted has another target on the wire than the signer was given.
func targeted(r *http.Request, target string) *http.Request {
	r.RequestURI = target
	return r
}

func encoded(r *http.Request) *http.Request {
	r.Header.Set("Accept-Encoding", "identity")
	return r
}

// relayedFor is r after a proxy that changed all that Config.Proxies can mend.
func relayedFor(r *http.Request) *http.Request {
	r.Header.Set("X-Forwarded-Host", r.Host)
	r.Header.Set("X-Forwarded-For", "198.51.100.1")
	r.Header.Set("X-Forwarded-Proto", "https")
	if v := r.Header.Get("Accept-Encoding"); v != "" {
		r.Header.Set("X-Original-Accept-Encoding", v)
		r.Header.Set("Accept-Encoding", "gzip")
	}
	r.Host, r.RequestURI = "backend:8080", strings.TrimPrefix(r.RequestURI, "/prod")
	return r
}
