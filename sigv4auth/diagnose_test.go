package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// reasonOf returns why the request is refused, "" if it is not.
func reasonOf(d diagnosis.Report) sigv4auth.Reason {
	reason, _ := d.Refused.(sigv4auth.Reason)
	return reason
}

// codes returns the causes of a diagnosis.
func codes(d diagnosis.Report) string {
	var all []string
	for _, f := range d.Findings {
		all = append(all, string(f.Cause))
	}
	return strings.Join(all, " ")
}

// changed signs r and then changes it, as something between the client and the server does.
func changed(tb testing.TB, r *http.Request, s signing, change func(*http.Request)) *http.Request {
	tb.Helper()
	r = sign(tb, r, s)
	change(r)
	return r
}

func withHeader(r *http.Request, key string, values ...string) *http.Request {
	r.Header[key] = values
	return r
}

// signedFor signs as the SDK does for S3, with any payload text.
func signedFor(tb testing.TB, r *http.Request, payload string, options ...func(*signer.SignerOptions)) *http.Request {
	tb.Helper()
	out := r.Clone(context.Background())
	out.URL.Host, out.URL.Scheme = r.Host, "http"
	creds := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	if err := signer.NewSigner(options...).SignHTTP(context.Background(), creds, out, payload, testService, testRegion,
		testNow); err != nil {
		tb.Fatal(err)
	}
	r.Header = out.Header
	if r.ContentLength > 0 {
		r.Header.Set("Content-Length", strconv.Itoa(len(rideBody)))
	}
	return r
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// TestDiagnose: each request is signed by the SDK's signer, and has one fault, which the diagnosis
// names, and no other. The condition that it states holds the text in the last column.
func TestDiagnose(t *testing.T) {
	t.Parallel()
	rides := func() *http.Request { return request("GET", "/prod/rides?limit=10&status=a%20b", "") }
	uri := func(target string) func(*http.Request) { return func(r *http.Request) { r.RequestURI = target } }
	host := func(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }
	set := func(key, value string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(key, value) } }
	del := func(key string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(key) } }
	both := func(fs ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, f := range fs {
				f(r)
			}
		}
	}
	presigned := signing{presign: time.Minute}
	hosts := func(c *sigv4auth.Config) { c.Hosts = []string{"api.example.com", "10.0.0.7:8080"} }
	style := func(s sigv4auth.PathStyle) func(*sigv4auth.Config) {
		return func(c *sigv4auth.Config) { c.Path = s }
	}
	at := func(h string) *http.Request {
		r := rides()
		r.Host = h
		return r
	}
	onWire := func(r *http.Request) *http.Request {
		return signedFor(t, r, hash(""), func(o *signer.SignerOptions) { o.DisableURIPathEscaping = true })
	}
	tests := []struct {
		name      string
		r         *http.Request
		config    func(*sigv4auth.Config)
		code      sigv4auth.Reason
		want      string // causes
		condition string
	}{
		{
			"the client's clock is two hours behind", sign(t, rides(), signing{at: testNow.Add(-2 * time.Hour)}), nil,
			sigv4auth.ErrRequestExpired, "clock", "2h0m0s behind",
		},
		{
			"the client's clock is ahead", sign(t, rides(), signing{at: testNow.Add(7 * time.Minute)}), nil,
			sigv4auth.ErrRequestNotYetCurrent, "clock", "7m0s ahead of",
		},
		{
			"a presigned URL is used too late", sign(t, rides(), signing{presign: time.Minute, at: testNow.Add(-time.Hour)}), nil,
			sigv4auth.ErrRequestExpired, "expired", "20260102T020505Z",
		},
		{
			"a presigned URL is dated in the future", sign(t, rides(), signing{presign: time.Minute, at: testNow.Add(time.Hour)}), nil,
			sigv4auth.ErrRequestNotYetCurrent, "clock", "1h0m0s ahead of",
		},
		{"another region", sign(t, ride(), signing{region: "eu-west-1"}), nil, sigv4auth.ErrInvalidScope, "region", `"eu-west-1"`},
		{"another service", sign(t, ride(), signing{service: "s3"}), nil, sigv4auth.ErrInvalidScope, "service", `"s3"`},
		{"another region and service", sign(t, ride(), signing{region: "eu-west-1", service: "lambda"}), nil, sigv4auth.ErrInvalidScope, "region service", ""},
		{"a host that is not served", sign(t, ride(), signing{}), hosts, sigv4auth.ErrHostNotAllowed, "host-not-served", `"example.com"`},
		{
			"X-Forwarded-Host has the host",
			changed(t, ride(), signing{}, both(host("10.0.0.7:8080"), set("X-Forwarded-Host", "example.com"))), nil,
			sigv4auth.ErrSignatureMismatch, "host", `Host is "example.com": "10.0.0.7:8080" arrived`,
		},
		{
			"Forwarded has the host",
			changed(t, ride(), signing{}, both(host("10.0.0.7:8080"), set("Forwarded", `for=192.0.2.1;host="example.com";proto=https`))),
			nil, sigv4auth.ErrSignatureMismatch, "host", `"example.com"`,
		},
		{
			"Config.Hosts has the host", changed(t, at("api.example.com"), signing{}, host("10.0.0.7:8080")), hosts,
			sigv4auth.ErrSignatureMismatch, "host", `"api.example.com"`,
		},
		{
			"a proxy appends the port", changed(t, ride(), signing{}, host("example.com:8443")), nil, sigv4auth.ErrSignatureMismatch,
			"host", `Host is "example.com"`,
		},
		{
			"a proxy takes the port away",
			changed(t, at("example.com:8443"), signing{}, both(host("example.com"), set("X-Forwarded-Port", "8443"))), nil,
			sigv4auth.ErrSignatureMismatch, "host", `"example.com:8443"`,
		},
		{"a path encoded once", onWire(request("GET", "/prod/a%20b", "")), nil, sigv4auth.ErrSignatureMismatch, "path-encoding", "once"},
		{
			"a path encoded twice for S3's rule", sign(t, request("GET", "/prod/a%20b", ""), signing{}), style(sigv4auth.PathS3),
			sigv4auth.ErrSignatureMismatch, "path-encoding", "twice",
		},
		{
			"a path that is not normalised", sign(t, request("GET", "/prod//a/../b", ""), signing{}), style(sigv4auth.PathNormalized),
			sigv4auth.ErrSignatureMismatch, "path-encoding", "not normalised",
		},
		{
			"a proxy takes escapes away", changed(t, request("GET", "/prod/a%2Cb%20c", ""), signing{}, uri("/prod/a,b%20c")), nil,
			sigv4auth.ErrSignatureMismatch, "path-encoding", "escaped",
		},
		{
			"a proxy adds a slash", changed(t, request("GET", "/prod/rides", ""), signing{}, uri("/prod/rides/")), nil,
			sigv4auth.ErrSignatureMismatch, "trailing-slash", "no slash",
		},
		{
			"a proxy takes the slash away", changed(t, request("GET", "/prod/rides/", ""), signing{}, uri("/prod/rides")), nil,
			sigv4auth.ErrSignatureMismatch, "trailing-slash", "ends in a slash",
		},
		{
			"threat 125: a proxy takes the stage away", changed(t, ride(), signing{}, uri("/ride")), nil, sigv4auth.ErrSignatureMismatch,
			"path-prefix", `"/prod"`,
		},
		{
			"threat 125: a proxy takes a prefix away and says so",
			changed(t, request("GET", "/teams/blue/rides", ""), signing{}, both(uri("/rides"), set("X-Forwarded-Prefix", "/teams/blue"))),
			nil, sigv4auth.ErrSignatureMismatch, "path-prefix", `"/teams/blue"`,
		},
		{
			"threat 125: a proxy says what the path was",
			changed(t, request("GET", "/public/rides", ""), signing{},
				both(uri("/internal/x"), set("X-Envoy-Original-Path", "/public/rides?x=1"))),
			nil, sigv4auth.ErrSignatureMismatch, "path-prefix", `"/public/rides"`,
		},
		{
			"threat 125: a proxy adds a prefix", changed(t, request("GET", "/rides/1", ""), signing{}, uri("/backend/rides/1")), nil,
			sigv4auth.ErrSignatureMismatch, "path-prefix", `"/rides/1"`,
		},
		{
			"threat 32: a plus is signed as a plus",
			changed(t, request("GET", "/prod/rides?q=a%2Bb", ""), signing{}, uri("/prod/rides?q=a+b")), nil, sigv4auth.ErrSignatureMismatch,
			"plus", "means a plus",
		},
		{
			"threat 32: a plus is encoded on the way",
			changed(t, request("GET", "/prod/rides?q=a+b", ""), signing{}, uri("/prod/rides?q=a%2Bb")), nil, sigv4auth.ErrSignatureMismatch,
			"plus", "means a space",
		},
		{
			"threat 32: a plus becomes %20", changed(t, request("GET", "/prod/rides?q=a%2Bb", ""), signing{}, uri("/prod/rides?q=a%20b")),
			nil, sigv4auth.ErrSignatureMismatch, "plus", "arrived as %20",
		},
		{
			"a parameter is added", changed(t, rides(), signing{}, uri("/prod/rides?limit=10&status=a%20b&utm_source=mail")), nil,
			sigv4auth.ErrSignatureMismatch, "parameter", `"utm_source"`,
		},
		{
			"a parameter is added to a presigned URL",
			changed(t, rides(), presigned, func(r *http.Request) { r.RequestURI += "&fbclid=1" }), nil, sigv4auth.ErrSignatureMismatch,
			"parameter", `"fbclid"`,
		},
		{
			"the query is not signed", changed(t, request("GET", "/prod/rides", ""), signing{}, uri("/prod/rides?a=1&b=2")), nil,
			sigv4auth.ErrSignatureMismatch, "parameter", "others",
		},
		{"threat 92: the token is appended to a presigned URL", changed(t, rides(), signing{keyID: tempKeyID, presign: time.Minute}, func(r *http.Request) {
			r.RequestURI += "&X-Amz-Security-Token=" + strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(testToken)
		}), nil, sigv4auth.ErrSignatureMismatch, "token-unsigned", "appended"},
		{
			"the token is set after signing", changed(t, ride(), signing{keyID: tempKeyID}, set("X-Amz-Security-Token", testToken)), nil,
			sigv4auth.ErrHeaderNotSigned, "token-unsigned", "X-Amz-Security-Token",
		},
		{
			"a CDN adds an x-amz-* header", changed(t, ride(), signing{}, set("X-Amz-Cf-Id", "1")), nil, sigv4auth.ErrHeaderNotSigned,
			"header-unsigned", `"x-amz-cf-id"`,
		},
		{
			"threat 124: Accept-Encoding is rewritten",
			changed(t, withHeader(rides(), "Accept-Encoding", "identity"), signing{}, set("Accept-Encoding", "gzip, br")), nil,
			sigv4auth.ErrSignatureMismatch, "header", `accept-encoding is "identity": "gzip, br" arrived`,
		},
		{
			"threat 124: Accept-Encoding is taken away",
			changed(t, withHeader(rides(), "Accept-Encoding", "gzip"), signing{}, del("Accept-Encoding")), nil,
			sigv4auth.ErrHeaderNotSigned, "header", `accept-encoding arrives, with the value "gzip"`,
		},
		{
			"threat 124: Connection is rewritten",
			changed(t, withHeader(rides(), "Connection", "keep-alive"), signing{}, set("Connection", "close")), nil,
			sigv4auth.ErrSignatureMismatch, "header", `"keep-alive"`,
		},
		{
			"threat 124: Content-Length is taken away", changed(t, ride(), signing{}, del("Content-Length")), nil,
			sigv4auth.ErrHeaderNotSigned, "header", `content-length arrives, with the value "80"`,
		},
		{
			"threat 124: Content-Type gets a charset",
			changed(t, ride(), signing{}, set("Content-Type", "application/json; charset=utf-8")), nil, sigv4auth.ErrSignatureMismatch,
			"header", `"application/json"`,
		},
		{
			"a proxy appends to X-Forwarded-For",
			changed(t, withHeader(rides(), "X-Forwarded-For", "192.0.2.1"), signing{}, set("X-Forwarded-For", "192.0.2.1, 10.0.0.1")), nil,
			sigv4auth.ErrSignatureMismatch, "header", `"192.0.2.1"`,
		},
		{
			"the token is taken away", changed(t, ride(), temporary(), del("X-Amz-Security-Token")), nil, sigv4auth.ErrHeaderNotSigned,
			"header", "x-amz-security-token arrives, with the value REDACTED (95 bytes)",
		},
		{
			"an empty header is taken away", changed(t, withHeader(rides(), "X-Note", ""), signing{}, del("X-Note")), nil,
			sigv4auth.ErrHeaderNotSigned, "header", "x-note",
		},
		{
			"a proxy joins header lines", changed(t, withHeader(rides(), "X-List", "a", "b"), signing{}, set("X-List", "a, b")), nil,
			sigv4auth.ErrSignatureMismatch, "header-space", "x-list",
		},
		{
			"HEAD becomes GET", changed(t, request("HEAD", "/prod/rides", ""), signing{}, func(r *http.Request) { r.Method = "GET" }), nil,
			sigv4auth.ErrSignatureMismatch, "method", `"HEAD": "GET" arrived`,
		},
		{
			"the body is not the one that was declared",
			changed(t, ride(), signing{digestHeader: true}, func(r *http.Request) { setBody(r, strings.Repeat("x", len(rideBody))) }), nil,
			sigv4auth.ErrPayloadMismatch, "body", "SHA-256",
		},
		{
			"a line feed is appended to the body",
			changed(t, request("PUT", "/prod/note", "one\r\ntwo"), signing{}, func(r *http.Request) { setBody(r, "one\r\ntwo\n") }), nil,
			sigv4auth.ErrSignatureMismatch, "body", "no line end",
		},
		{
			"the body's line ends are converted",
			changed(t, request("PUT", "/prod/note", "one\ntwo\n"), signing{}, func(r *http.Request) { setBody(r, "one\r\ntwo\r\n") }), nil,
			sigv4auth.ErrSignatureMismatch, "body", "line feed alone",
		},
		{"UNSIGNED-PAYLOAD is not declared", signedFor(t, ride(), "UNSIGNED-PAYLOAD"), nil, sigv4auth.ErrSignatureMismatch, "payload-mode", "UNSIGNED-PAYLOAD"},
		{
			"UNSIGNED-PAYLOAD is not switched on",
			signedFor(t, withHeader(ride(), "X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD"), "UNSIGNED-PAYLOAD"), nil, sigv4auth.ErrNotEnabled,
			"payload-mode", "UNSIGNED-PAYLOAD",
		},
		{"the signed body is empty", signedFor(t, ride(), hash("")), nil, sigv4auth.ErrSignatureMismatch, "payload-mode", "no bytes"},
		{"the key is unknown", sign(t, ride(), signing{keyID: "AKIAUNKNOWN"}), nil, sigv4auth.ErrUnrecognizedClient, "key-unknown", ""},
		{
			"the token is another session's", sign(t, ride(), signing{keyID: tempKeyID, token: "another" + testToken}), nil,
			sigv4auth.ErrUnrecognizedClient, "token", "another one",
		},
		{"the token is missing", sign(t, ride(), signing{keyID: tempKeyID}), nil, sigv4auth.ErrUnrecognizedClient, "token", "there was none"},
		{"a token comes with a long-term key", sign(t, ride(), signing{token: testToken}), nil, sigv4auth.ErrUnrecognizedClient, "token", "long-term"},
		{
			"the session has expired", sign(t, ride(), signing{keyID: tempKeyID, token: testToken, at: testNow.Add(2 * time.Hour)}),
			func(c *sigv4auth.Config) { c.Now = func() time.Time { return testNow.Add(2 * time.Hour) } }, sigv4auth.ErrExpiredToken,
			"key-expired", "",
		},
		{
			"two causes: host and stage",
			changed(t, ride(), signing{}, both(host("10.0.0.7"), uri("/ride"), set("X-Forwarded-Host", "example.com"))), nil,
			sigv4auth.ErrSignatureMismatch, "host path-prefix", "",
		},
		{
			"two causes: clock and host", changed(t, ride(), signing{at: testNow.Add(-time.Hour)}, host("example.com:80")), nil,
			sigv4auth.ErrRequestExpired, "clock host", "",
		},
		{"SigV4A: another region set", sign(t, ride(), signing{regions: "eu-*,us-west-2"}), withV4A, sigv4auth.ErrInvalidScope, "region", `"eu-*,us-west-2"`},
		{"SigV4A: another service", sign(t, ride(), signing{regions: "*", service: "s3"}), withV4A, sigv4auth.ErrInvalidScope, "service", `"s3"`},
		{
			"SigV4A: a proxy takes the stage away", changed(t, ride(), signing{regions: "*"}, uri("/ride")), withV4A,
			sigv4auth.ErrSignatureMismatch, "path-prefix", `"/prod"`,
		},
		{
			"SigV4A: X-Forwarded-Host has the host",
			changed(t, ride(), signing{regions: "*"}, both(host("10.0.0.7:8080"), set("X-Forwarded-Host", "example.com"))), withV4A,
			sigv4auth.ErrSignatureMismatch, "host", `"example.com"`,
		},
		{
			"SigV4A: the store has no public key", sign(t, ride(), signing{regions: "*"}), signingKeysOnly(t),
			sigv4auth.ErrUnrecognizedClient, "key-unknown", "the credential has no public key",
		},
		{"SigV4A: nothing is wrong", sign(t, ride(), signing{regions: "*"}), withV4A, "", "", "AWS4-ECDSA-P256-SHA256\n"},
		{"nothing is wrong", sign(t, ride(), temporary()), nil, "", "", ""},
		{"nothing is wrong with a presigned URL", sign(t, rides(), presigned), nil, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, tt.config)
			d := a.Diagnose(tt.r)
			known := !strings.Contains(tt.want, "key-unknown")
			if reasonOf(d) != tt.code || codes(d) != tt.want || d.Verifies != known || !strings.Contains(d.String(), tt.condition) {
				t.Errorf("%s, %q, verifies: %t; want %s, %q, %t, and %q in\n%s", reasonOf(d), codes(d), d.Verifies, tt.code, tt.want, known,
					tt.condition, d)
			}
			for _, f := range d.Findings {
				if f.Condition == "" || f.Remedy == "" {
					t.Errorf("a finding without words: %+v", f)
				}
			}
			sameVerdict(t, a, tt.r, d)
			if again := a.Diagnose(tt.r); tt.code != "" && again.String() != d.String() {
				t.Errorf("after Verify has refused it, the diagnosis is another one:\n%s\nwas\n%s", again, d)
			}
		})
	}
}

// sameVerdict holds Verify's verdict on r against what the diagnosis foresees.
func sameVerdict(tb testing.TB, a *sigv4auth.Authenticator, r *http.Request, d diagnosis.Report) {
	tb.Helper()
	_, err := a.Verify(r)
	got := sigv4auth.Reason("")
	if e := sigv4auth.AsError(err); e != nil {
		got = e.Reason
	}
	if got != reasonOf(d) {
		tb.Errorf("Verify says %q, the diagnosis %q", got, reasonOf(d))
	}
}

// agree holds Verify's verdict on a request against the diagnosis of another that is the same.
func agree(tb testing.TB, a *sigv4auth.Authenticator, build func() *http.Request) {
	tb.Helper()
	sameVerdict(tb, a, build(), a.Diagnose(build()))
}

// agreeOnSome does so for one text in eight: a diagnosis takes a hundred times what all else does
// that is fuzzed.
func agreeOnSome(tb testing.TB, text string, a *sigv4auth.Authenticator, build func() *http.Request) {
	tb.Helper()
	if crc32.ChecksumIEEE([]byte(text))%8 == 0 {
		agree(tb, a, build)
	}
}

// signingKeysOnly accepts SigV4A, with a store that holds nothing for it.
func signingKeysOnly(t *testing.T) func(*sigv4auth.Config) {
	return func(c *sigv4auth.Config) {
		withV4A(c)
		c.Credentials = storeOf(sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{fleetKey(t, testSecret, "20260102", testRegion,
			testService)}})
	}
}

// TestDiagnoseWrongSecret: no cause makes the signature verify, and the diagnosis says so and
// guesses nothing. What proxies could have rewritten it leaves to a person.
func TestDiagnoseWrongSecret(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := withHeader(ride(), "User-Agent", "rider/1")
	r.Header.Set("Accept-Encoding", "gzip")
	out := sign(t, r, signing{secret: "another" + testSecret})
	out.Header.Set("X-Forwarded-Host", "api.example.com")
	d := a.Diagnose(out)
	if d.Verifies || len(d.Findings) > 0 || reasonOf(d) != sigv4auth.ErrSignatureMismatch || d.Signatures < 100 {
		t.Errorf("%s", d)
	}
	if want := "signed headers that proxies commonly rewrite: accept-encoding; the request came through a proxy, and its peer is not " +
		"one of Config.Proxies"; !strings.HasSuffix(d.Hint, "; "+
		want) {
		t.Errorf("hint %q; want %q", d.Hint, want)
	}
	if text := d.String(); !strings.Contains(text, "none of the known causes") || !strings.Contains(text, "another secret access key") {
		t.Errorf("%s", text)
	}
	// A clock that is off as well does not become the reason.
	d = a.Diagnose(sign(t, ride(), signing{secret: "another" + testSecret, at: testNow.Add(-time.Hour)}))
	if d.Verifies || codes(d) != "clock" || !strings.Contains(d.String(), "does not make the signature verify") {
		t.Errorf("%s", d)
	}
}

// TestDiagnoseShowsWhatWasBuilt: the canonical request and the string to sign of AWS's documents,
// line by line.
func TestDiagnoseShowsWhatWasBuilt(t *testing.T) {
	t.Parallel()
	d := newAuthenticator(t, nil).Diagnose(sign(t, request("GET", "/prod/rides?limit=10&b=%20", ""), temporary()))
	want := "GET\n/prod/rides\nb=%20&limit=10\nhost:example.com\nx-amz-date:20260102T030405Z\nx-amz-security-token:REDACTED (95 " +
		"bytes)\n\nhost;x-amz-date;x-amz-security-token\n" +
		hash("")
	if d.CanonicalRequest != want {
		t.Errorf("%s\nwant\n%s", d.CanonicalRequest, want)
	}
	if !strings.HasPrefix(d.StringToSign, "AWS4-HMAC-SHA256\n20260102T030405Z\n20260102/us-east-1/execute-api/aws4_request\n") {
		t.Errorf("%s", d.StringToSign)
	}
	if got := d.String(); !strings.HasPrefix(got, "the request verifies as it arrived\n") ||
		!strings.Contains(got, "  | GET\n  | /prod/rides\n") {
		t.Errorf("%s", got)
	}
}

// TestDiagnoseKeepsTheBody: however much of it could be read, the body is there again, to the same
// end.
func TestDiagnoseKeepsTheBody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name   string
		body   io.Reader
		length int64
		code   sigv4auth.Reason
		want   string
	}{
		{"whole", strings.NewReader(rideBody), int64(len(rideBody)), "", rideBody},
		{"without a length", strings.NewReader(rideBody), -1, "", rideBody},
		{"short", strings.NewReader(rideBody[:10]), int64(len(rideBody)), sigv4auth.ErrIncompleteBody, rideBody[:10]},
		{"failing", io.MultiReader(strings.NewReader("abc"), failing{}), -1, sigv4auth.ErrIncompleteBody, "abc"},
		{"too long", strings.NewReader(long), -1, sigv4auth.ErrRequestTooLarge, long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes = 1000 })
			r := sign(t, ride(), signing{})
			r.Body, r.ContentLength = io.NopCloser(tt.body), tt.length
			if d := a.Diagnose(r); reasonOf(d) != tt.code {
				t.Errorf("%s; want %q", d, tt.code)
			}
			if r.ContentLength != tt.length {
				t.Errorf("Content-Length %d", r.ContentLength)
			}
			d := a.Diagnose(r)
			got, err := io.ReadAll(r.Body)
			if string(got) != tt.want || (err != nil) != (tt.name == "failing") || reasonOf(d) != tt.code {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
			r.Body = io.NopCloser(bytes.NewReader(got))
			if tt.name != "failing" {
				sameVerdict(t, a, r, d)
			}
		})
	}
	// What somebody else has read is gone, and the diagnosis says so.
	r := sign(t, ride(), signing{})
	_, _ = io.ReadAll(r.Body)
	if d := newAuthenticator(t, nil).Diagnose(r); d.Verifies ||
		!strings.Contains(d.String(), "not tried: the signature covers the body, which could not be read") {
		t.Errorf("%s", d)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestDiagnoseStaysWithinItsBounds: a request that holds much of what could have been changed costs
// no more than is documented.
func TestDiagnoseStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	query := "/prod/rides?" + strings.Repeat("a+b=%20&", 900)
	small := request("GET", "/prod/rides?a=1&b=2&c=3&d=4&e=+", "")
	large := request("GET", query, "")
	for i := range 90 {
		key := "X-H" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		small.Header[key] = []string{"a, b", "c  d"}
		large.Header[key] = []string{"a, b", "c  d" + strings.Repeat("e", 500)}
	}
	if d := newAuthenticator(t, withV4A).Diagnose(sign(t, small.Clone(context.Background()),
		signing{secret: "wrong" + testSecret, regions: "*"})); d.Verifies || d.Signatures != 64 ||
		!strings.Contains(d.String(), "not tried: all pairs") {
		t.Errorf("SigV4A: %d signatures\n%.300s", d.Signatures, d)
	}
	for _, r := range []*http.Request{small, large} {
		d := a.Diagnose(sign(t, r, signing{secret: "wrong" + testSecret}))
		if d.Verifies || d.Signatures > 2048 || d.Signatures < 50 || !strings.Contains(d.String(), "not tried: all pairs") ||
			len(d.CanonicalRequest) > 17<<10 {
			t.Errorf("%d signatures, %d bytes\n%.300s", d.Signatures, len(d.CanonicalRequest), d)
		}
	}
}

// TestDiagnoseStops: where there is nothing to be computed, the diagnosis is the refusal.
func TestDiagnoseStops(t *testing.T) {
	t.Parallel()
	panicking := func(c *sigv4auth.Config) {
		c.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential,
			error,
		) {
			panic("store " + testSecret)
		})
	}
	bad := sign(t, ride(), signing{})
	bad.Header.Set("X-Amz-Date", "x")
	tests := []struct {
		name   string
		r      *http.Request
		config func(*sigv4auth.Config)
		want   sigv4auth.Reason
	}{
		{"no credentials", ride(), nil, sigv4auth.ErrMissingAuthenticationToken},
		{"a malformed date", bad, nil, sigv4auth.ErrIncompleteSignature},
		{
			"presigned URLs are off", sign(t, ride(), signing{presign: time.Minute}), func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 },
			sigv4auth.ErrNotEnabled,
		},
		{"threat 227: a store that panics", sign(t, ride(), signing{}), panicking, sigv4auth.ErrInternalFailure},
		{"an empty request", &http.Request{}, nil, sigv4auth.ErrMalformedRequest},
	}
	for _, tt := range tests {
		d := newAuthenticator(t, tt.config).Diagnose(tt.r)
		if reasonOf(d) != tt.want || d.CanonicalRequest != "" || len(d.Findings) > 0 || d.Verifies ||
			strings.Contains(d.String(), testSecret) {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
	if d := newAuthenticator(t, nil).Diagnose(nil); d.String() != "nothing was diagnosed\n" {
		t.Errorf("%+v", d)
	}
}

// TestDiagnoseRecordings: what real clients are known to sign in their own way is named.
func TestDiagnoseRecordings(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"path:as-on-wire": "path-encoding", "path:encode,no-normalise": "path-encoding", "query:raw,sorted": "query-encoding",
		"path:as-on-wire payload:UNSIGNED-PAYLOAD": "payload-mode path-encoding",
	}
	clientBugs := map[string]string{ // no rule verifies these
		"node-smithy-sign/query-no-equals": "parameter", "node-smithy-presign/query-no-equals": "parameter",
	}
	found := 0
	for _, rec := range readRecordings(t) {
		causes, ok := want[rec.Canonicalisation]
		if bug := clientBugs[rec.name()]; bug != "" {
			causes, ok = bug, true
		}
		if !ok || !rec.plain() {
			continue
		}
		r, err := rec.parse()
		if err != nil {
			t.Fatal(err)
		}
		d := rec.authenticator(t, sigv4auth.PathNormalized).Diagnose(r)
		if found++; !d.Verifies || codes(d) != causes {
			t.Errorf("%s (%s): %q; want %q\n%s", rec.name(), rec.Canonicalisation, codes(d), causes, d)
		}
	}
	if found < 20 {
		t.Errorf("only %d recordings deviate", found)
	}
}

// TestDiagnoseWithoutBody: a request whose Body is nil, as tests make them, is one without a body.
func TestDiagnoseWithoutBody(t *testing.T) {
	t.Parallel()
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	r.Body, r.Host = nil, "other.example.com"
	r.Header.Set("X-Forwarded-Host", "example.com")
	d := newAuthenticator(t, nil).Diagnose(r)
	if d.Verifies == false || !d.Has(diagnosis.CauseHost) {
		t.Error(d)
	}
}
