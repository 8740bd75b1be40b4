package sigv4auth_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// What the tests sign with. The keys are AWS's documented examples and valid nowhere.
const (
	testKeyID   = "AKIAIOSFODNN7EXAMPLE"
	testSecret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	tempKeyID   = "ASIAIOSFODNN7EXAMPLE"
	testToken   = "AQoDYXdzEXAMPLE//////////wEaoAK1wvxJY12r2IrDFT2IvAzTCn3zHoZ7+YNtpiQLF0MqZye/qwjzP2iEXAMPLEbvb=="
	testRegion  = "us-east-1"
	testService = "execute-api"
	testAccount = "111122223333"
	rideBody    = `{"PickupLocation":{"Latitude":47.6174755835663,"Longitude":-122.28837066650185}}`
)

var testNow = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var (
	userPrincipal = iampolicy.Principal{ARN: "arn:aws:iam::" + testAccount + ":user/alice", UserID: "AIDAEXAMPLE"}
	rolePrincipal = iampolicy.Principal{ARN: "arn:aws:sts::" + testAccount + ":assumed-role/Rider/bob", UserID: "AROAEXAMPLE:bob"}
)

func testCredentials() sigv4auth.CredentialStore {
	return sigv4auth.StaticCredentials(
		sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal},
		sigv4auth.Credential{
			AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
			Expires: testNow.Add(time.Hour), Principal: rolePrincipal, Session: &sigv4auth.Session{IssuedAt: testNow.Add(-time.Hour)},
		},
	)
}

// testConfig accepts what the tests sign, at testNow, presigned URLs too.
func testConfig() sigv4auth.Config {
	return sigv4auth.Config{
		Region: testRegion, Service: testService, Credentials: testCredentials(), MaxPresignExpiry: 7 * 24 * time.Hour,
		Now: func() time.Time { return testNow },
	}
}

func newAuthenticator(tb testing.TB, change func(*sigv4auth.Config)) *sigv4auth.Authenticator {
	tb.Helper()
	cfg := testConfig()
	if change != nil {
		change(&cfg)
	}
	a, err := sigv4auth.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// signing says how to sign. Its zero value signs with the long-term key, at testNow, in the header.
type signing struct {
	keyID, secret, token string
	service, region      string
	at                   time.Time
	presign              time.Duration // not 0: in the query
	unlimited            bool          // in the query, without X-Amz-Expires
	digestHeader         bool          // send and sign X-Amz-Content-Sha256
	regions              string        // not "": sign by SigV4A, for this region set
}

// temporary signs with the session's key and token.
func temporary() signing { return signing{keyID: tempKeyID, token: testToken} }

// sign signs r, a request as httptest makes it, with aws-sdk-go-v2's signer: never with our own
// code.
func sign(tb testing.TB, r *http.Request, s signing) *http.Request {
	tb.Helper()
	at := s.at
	if at.IsZero() {
		at = testNow
	}
	if s.regions != "" {
		return signV4A(tb, r, s, at)
	}
	if s.unlimited {
		return presignUnlimited(tb, r, s, at)
	}
	signer := sigv4test.Signer{
		Credential: sigv4auth.Credential{
			AccessKeyID: cmp.Or(s.keyID, testKeyID), Secret: sigv4auth.NewSecret(cmp.Or(s.secret, testSecret)),
			SessionToken: sigv4auth.NewSecret(s.token),
		},
		Region: cmp.Or(s.region, testRegion), Service: cmp.Or(s.service, testService), Presign: s.presign, Now: sigv4test.NewClock(at).Now,
	}
	if s.digestHeader {
		signer.Payload = sigv4test.DeclaredDigest
	}
	return signer.Sign(r)
}

// request makes a request as a server receives it.
func request(method, target, body string) *http.Request {
	var r io.Reader = http.NoBody
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, target, r)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func ride() *http.Request { return request("POST", "/prod/ride", rideBody) }

// spy is a handler that must not run unless a test says so.
type spy struct {
	ran  int
	body string
	r    *http.Request
}

func (s *spy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.ran++
	s.r = r
	b, _ := io.ReadAll(r.Body)
	s.body = string(b)
	w.WriteHeader(http.StatusNoContent)
}

// signUnsigned signs for service s3 without covering the body.
func signUnsigned(r *http.Request, presign time.Duration) *http.Request {
	return sigv4test.Signer{
		Credential: sigv4auth.Credential{AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret)},
		Region:     testRegion, Service: "s3", Presign: presign, Payload: sigv4test.Unsigned, Now: sigv4test.NewClock(testNow).Now,
	}.Sign(r)
}

// signWithDate signs a GET request that has a Date in place of an X-Amz-Date, which no SDK does.
func signWithDate(tb testing.TB, r *http.Request) *http.Request {
	tb.Helper()
	return signByHand(r, "date", "host")
}

// signByHand signs a GET request without a query at testNow by the documented steps, and of its
// headers those that are named, which no SDK lets a caller choose.
func signByHand(r *http.Request, names ...string) *http.Request {
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	const day, stamp, empty = "20260102", "20260102T030405Z", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for i, name := range names {
		names[i] = strings.ToLower(name)
	}
	slices.Sort(names)
	var canonical strings.Builder
	canonical.WriteString("GET\n" + r.RequestURI + "\n\n")
	for _, name := range names {
		value := r.Host
		if name != "host" {
			value = strings.Join(strings.Fields(r.Header.Get(name)), " ")
		}
		canonical.WriteString(name + ":" + value + "\n")
	}
	list := strings.Join(names, ";")
	sum := sha256.Sum256([]byte(canonical.String() + "\n" + list + "\n" + empty))
	scope := day + "/" + testRegion + "/" + testService + "/aws4_request"
	key := mac(mac(mac(mac([]byte("AWS4"+testSecret), day), testRegion), testService), "aws4_request")
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+testKeyID+"/"+scope+", SignedHeaders="+list+", Signature="+signature)
	return r
}

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
	add("header, declared digest, token", sign(tb, noted(ride()), signing{keyID: tempKeyID, token: testToken, digestHeader: true}), nil,
		nil)
	add("header, query", sign(tb, query(), signing{}), nil, nil)
	add("PathEncoded", sign(tb, noted(request("GET", "/prod//a/../%2e/b?x", "")), signing{}),
		func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded }, nil)
	add("PathNormalized", targeted(sign(tb, noted(request("GET", "/prod/b/c%20d/?x", "")), signing{}), "/prod//a/./../b/./c%20d/?x"),
		func(c *sigv4auth.Config) { c.Path = sigv4auth.PathNormalized }, func(f *wayToSign) { f.normal = true })
	add("presigned, token", sign(tb, query(), signing{keyID: tempKeyID, token: testToken, presign: time.Minute}), nil, nil)
	add("presigned, body", sign(tb, ride(), presigned), nil, nil)
	add("S3, declared digest", sign(tb, noted(request("PUT", "/bucket/a%20b/c+d?x=1", "data")), signing{service: "s3", digestHeader: true}),
		s3, once)
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
	add("SigV4A", sign(tb, ride(), signing{keyID: tempKeyID, token: testToken, digestHeader: true, regions: testRegion + ",eu-*"}), sigV4A,
		nil)
	add("SigV4A, presigned", sign(tb, request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute, regions: "*"}), sigV4A, nil)
	client := uploaderV4A{key: generateKey(tb)}
	chunksV4A := func(c *sigv4auth.Config) {
		c.Payloads, c.Algorithms, c.Credentials = allStreaming, sigv4auth.SigV4A, sigv4auth.StaticCredentials(client.credential(tb))
	}
	add("SigV4A, signed chunks", client.request(tb, upload{mode: modeSignedV4A, data: data}), chunksV4A, nil)
	add("SigV4A, signed chunks and trailer", client.request(tb, upload{mode: modeSignedTrailerV4A, data: data}), chunksV4A, nil)
	behind := func(c *sigv4auth.Config) {
		c.Proxies = sigv4auth.TrustedProxies{
			Networks: peerNetwork, ClientHeader: "X-Forwarded-For", SchemeHeader: "X-Forwarded-Proto", HostHeader: "X-Forwarded-Host",
			PathPrefix:      "/prod",
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
