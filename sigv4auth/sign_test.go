package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
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
	digestHeader         bool          // send and sign X-Amz-Content-Sha256
}

// temporary signs with the session's key and token.
func temporary() signing { return signing{keyID: tempKeyID, token: testToken} }

// sign signs r, a request as httptest makes it, with aws-sdk-go-v2's signer: never with our own code.
func sign(tb testing.TB, r *http.Request, s signing) *http.Request {
	tb.Helper()
	or := func(v, def string) string {
		if v == "" {
			return def
		}
		return v
	}
	creds := aws.Credentials{AccessKeyID: or(s.keyID, testKeyID), SecretAccessKey: or(s.secret, testSecret), SessionToken: s.token}
	at := s.at
	if at.IsZero() {
		at = testNow
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	if s.digestHeader {
		r.Header.Set("X-Amz-Content-Sha256", digest)
	}
	// The signer signs what a client would send: an outgoing request has no RequestURI, and its URL the host.
	out := r.Clone(context.Background())
	out.URL.Host, out.URL.Scheme = r.Host, "http"
	sdk := signer.NewSigner()
	if r.ContentLength > 0 { // the signer signs it, and net/http keeps it in a server's header
		r.Header.Set("Content-Length", strconv.Itoa(int(r.ContentLength)))
	}
	if s.presign > 0 {
		q := out.URL.Query()
		q.Set("X-Amz-Expires", strconv.Itoa(int(s.presign/time.Second)))
		out.URL.RawQuery = q.Encode()
		uri, _, err := sdk.PresignHTTP(context.Background(), creds, out, digest, or(s.service, testService), or(s.region, testRegion), at)
		if err != nil {
			tb.Fatal(err)
		}
		r.RequestURI = strings.TrimPrefix(uri, "http://"+r.Host)
		if r.URL, err = r.URL.Parse(r.RequestURI); err != nil {
			tb.Fatal(err)
		}
		return r
	}
	if err := sdk.SignHTTP(context.Background(), creds, out, digest, or(s.service, testService), or(s.region, testRegion), at); err != nil {
		tb.Fatal(err)
	}
	contentLength := r.Header["Content-Length"]
	if r.Header = out.Header; contentLength != nil {
		r.Header["Content-Length"] = contentLength
	}
	return r
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
func signUnsigned(tb testing.TB, r *http.Request, presign time.Duration) *http.Request {
	tb.Helper()
	out := r.Clone(context.Background())
	out.URL.Host, out.URL.Scheme, out.ContentLength = r.Host, "http", -1
	creds := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	sdk := signer.NewSigner(func(o *signer.SignerOptions) { o.DisableURIPathEscaping = true })
	if presign > 0 {
		out.URL.RawQuery = "X-Amz-Expires=" + strconv.Itoa(int(presign/time.Second))
		uri, _, err := sdk.PresignHTTP(context.Background(), creds, out, "UNSIGNED-PAYLOAD", "s3", testRegion, testNow)
		if err != nil {
			tb.Fatal(err)
		}
		r.RequestURI = strings.TrimPrefix(uri, "http://"+r.Host)
		return r
	}
	if err := sdk.SignHTTP(context.Background(), creds, out, "UNSIGNED-PAYLOAD", "s3", testRegion, testNow); err != nil {
		tb.Fatal(err)
	}
	r.Header = out.Header
	return r
}

// signWithDate signs a GET request that has a Date in place of an X-Amz-Date, which no SDK does, by the documented steps.
func signWithDate(tb testing.TB, r *http.Request) *http.Request {
	tb.Helper()
	mac := func(key []byte, data string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(data))
		return h.Sum(nil)
	}
	const day, stamp, empty = "20260102", "20260102T030405Z", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	canonical := "GET\n" + r.RequestURI + "\n\ndate:" + strings.Join(strings.Fields(r.Header.Get("Date")), " ") + "\nhost:" + r.Host + "\n\ndate;host\n" + empty
	sum := sha256.Sum256([]byte(canonical))
	scope := day + "/" + testRegion + "/" + testService + "/aws4_request"
	key := mac(mac(mac(mac([]byte("AWS4"+testSecret), day), testRegion), testService), "aws4_request")
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+testKeyID+"/"+scope+", SignedHeaders=date;host, Signature="+signature)
	return r
}
