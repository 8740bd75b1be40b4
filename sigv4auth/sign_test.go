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
	signer := sigv4test.Signer{
		Credential: sigv4auth.Credential{
			AccessKeyID: cmp.Or(s.keyID, testKeyID), Secret: sigv4auth.NewSecret(cmp.Or(s.secret, testSecret)), SessionToken: sigv4auth.NewSecret(s.token),
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
