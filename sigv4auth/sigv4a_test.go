package sigv4auth_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	smithycreds "github.com/aws/smithy-go/aws-http-auth/credentials"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/wildgate/wildgate/sigv4auth"
)

// signV4A signs r by SigV4A, with AWS's signer for Go.
func signV4A(tb testing.TB, r *http.Request, s signing, at time.Time) *http.Request {
	tb.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	if r.Body = http.NoBody; len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	digest := sha256.Sum256(body)
	if s.digestHeader {
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(digest[:]))
	}
	out := r.Clone(context.Background())
	out.URL.Host, out.URL.Scheme = r.Host, "http"
	in := &sigv4a.SignRequestInput{
		Request: out, PayloadHash: digest[:], Service: cmp.Or(s.service, testService), RegionSet: []string{s.regions}, Time: at,
		Credentials: smithycreds.Credentials{
			AccessKeyID: cmp.Or(s.keyID, testKeyID), SecretAccessKey: cmp.Or(s.secret, testSecret),
			SessionToken: s.token,
		},
	}
	if s.presign > 0 {
		q := out.URL.Query()
		q.Set("X-Amz-Expires", strconv.Itoa(int(s.presign/time.Second)))
		out.URL.RawQuery, in.SignatureType = q.Encode(), smithyv4.SignatureTypeQueryString
	}
	if err := sigv4a.New(func(o *smithyv4.SignerOptions) { o.HeaderRules = everyHeader{} }).SignRequest(in); err != nil {
		tb.Fatal(err)
	}
	r.Header = out.Header
	r.Header.Del("Host")
	if s.presign > 0 {
		r.RequestURI, r.URL = out.URL.RequestURI(), out.URL
	}
	return r
}

// everyHeader has the signer sign all headers.
type everyHeader struct{}

func (everyHeader) IsSigned(string) bool { return true }

// withV4A accepts SigV4A.
func withV4A(c *sigv4auth.Config) { c.Algorithms = sigv4auth.SigV4A }

func TestSigV4AAdmitted(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, withV4A)
	tests := []struct {
		name string
		r    *http.Request
		s    signing
	}{
		{"header", ride(), signing{regions: testRegion}},
		{"header, session token", ride(), signing{regions: testRegion, keyID: tempKeyID, token: testToken}},
		{"header, declared digest", ride(), signing{regions: testRegion, digestHeader: true}},
		{"header, no body", request("GET", "/prod/rides?limit=10", ""), signing{regions: testRegion}},
		{"header, any region", ride(), signing{regions: "*"}},
		{"header, a list of regions", ride(), signing{regions: "eu-west-1," + testRegion}},
		{"header, a list with a space, as botocore sends it", ride(), signing{regions: "eu-west-1, " + testRegion}},
		{"header, a wildcard within", ride(), signing{regions: "us-*-1"}},
		{"presigned", request("GET", "/prod/rides?limit=10", ""), signing{regions: testRegion, presign: time.Minute}},
		{"presigned, session token", request("GET", "/prod/rides", ""), signing{regions: testRegion, presign: time.Minute, keyID: tempKeyID, token: testToken}},
		{"presigned, any region", request("GET", "/prod/rides", ""), signing{regions: "*", presign: time.Minute}},
		{"presigned, a list of wildcards", request("GET", "/prod/rides", ""), signing{regions: "eu-*,us-*", presign: time.Minute}},
		{"AWS4-HMAC-SHA256 all the same", ride(), signing{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			id, err := a.Verify(sign(t, tt.r, tt.s))
			if err != nil {
				t.Fatal(err)
			}
			algorithm, place := "AWS4-HMAC-SHA256", sigv4auth.InHeader
			if tt.s.regions != "" {
				algorithm = "AWS4-ECDSA-P256-SHA256"
			}
			if tt.s.presign > 0 {
				place = sigv4auth.InQuery
			}
			if want := (sigv4auth.Scope{
				Date: "20260102", Region: testRegion, Service: testService,
			}); id.Scope != want || id.Algorithm != algorithm || id.SignatureLocation != place {
				t.Errorf("%+v, %s, %v", id.Scope, id.Algorithm, id.SignatureLocation)
			}
		})
	}
}

// signature replaces the signature of a header or of a presigned URL by what change makes of it.
func signature(change func(string) string) func(*http.Request) {
	return func(r *http.Request) {
		const inQuery, inHeader = "X-Amz-Signature=", "Signature="
		if before, rest, ok := strings.Cut(r.RequestURI, inQuery); ok {
			was, after, _ := strings.Cut(rest, "&")
			if r.RequestURI = before + inQuery + change(was); after != "" {
				r.RequestURI += "&" + after
			}
			return
		}
		before, was, _ := strings.Cut(r.Header.Get("Authorization"), inHeader)
		r.Header.Set("Authorization", before+inHeader+change(was))
	}
}

func always(s string) func(string) string { return func(string) string { return s } }

func TestSigV4ARefused(t *testing.T) {
	t.Parallel()
	v4a, presigned := signing{regions: testRegion}, signing{regions: testRegion, presign: time.Minute}
	rides := func() *http.Request { return request("GET", "/prod/rides?limit=10", "") }
	dropRegions := func(r *http.Request) { r.Header.Del("X-Amz-Region-Set") }
	hmacLike, smallest, zeroR := always(strings.Repeat("ab", 32)), always("3006020101020101"), always("3006020100020101")
	tests := []refusalTest{
		{
			name: "threat 9: SigV4A is off by default", config: func(c *sigv4auth.Config) { c.Algorithms = 0 }, s: v4a,
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 9: presigned SigV4A is off by default", config: func(c *sigv4auth.Config) { c.Algorithms = 0 }, r: rides,
			s: presigned, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 96: presigned URLs are off by default", config: func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, r: rides,
			s: presigned, code: sigv4auth.ErrNotEnabled, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 8: the algorithm's name with something behind it", s: v4a,
			change: authorization("P256-SHA256", "P256-SHA256-PAYLOAD"), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 8: the algorithm's name in lower case", s: v4a, change: authorization("AWS4-ECDSA", "aws4-ecdsa"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 9: an HMAC under SigV4A's name", change: authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "X-Amz-Region-Set",
		},
		{
			name: "threat 9: an HMAC under SigV4A's name, with a region set", r: withRegions,
			change: authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete, text: "Signature must be",
		},
		{name: "threat 9: an HMAC under SigV4A's name and scope, with a signature of its form", r: withRegions, change: func(r *http.Request) {
			authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")(r)
			authorization("/"+testRegion+"/", "/")(r)
			signature(smallest)(r)
		}, code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature},
		{
			name: "threat 9: SigV4A under the HMAC's name", s: v4a, change: authorization("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Signature must be",
		},
		{name: "threat 9: SigV4A under the HMAC's name and scope, with a signature of its form", s: v4a, change: func(r *http.Request) {
			authorization("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256")(r)
			authorization("/"+testService+"/", "/"+testRegion+"/"+testService+"/")(r)
			signature(hmacLike)(r)
		}, code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature},
		{
			name: "threat 9: presigned, an HMAC under SigV4A's name", r: rides, s: signing{presign: time.Minute},
			change: target("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete, text: "must include 'X-Amz-Region-Set'",
		},
		{
			name: "threat 9: presigned, SigV4A under the HMAC's name", r: rides, s: presigned,
			change: target("AWS4-ECDSA-P256-SHA256", "AWS4-HMAC-SHA256"), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete, text: "Signature must be",
		},
		{
			name: "threat 10: an HMAC's signature", s: v4a, change: signature(hmacLike), code: sigv4auth.ErrIncompleteSignature,
			status: 403, typ: incomplete, text: "DER",
		},
		{
			name: "threat 10: no signature", s: v4a, change: signature(always("")), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete, text: "'Signature' parameter",
		},
		{name: "threat 10: upper case", s: v4a, change: signature(strings.ToUpper), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{
			name: "threat 10: a byte too many", s: v4a, change: signature(func(s string) string { return s + "00" }),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{name: "threat 10: r is 0", s: v4a, change: signature(zeroR), code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{
			name: "threat 10: longer than any", s: v4a, change: signature(always(strings.Repeat("30", 2000))),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 10: well-formed and wrong", s: v4a, change: signature(smallest), code: sigv4auth.ErrSignatureMismatch,
			status: 403, typ: invalidSignature,
		},
		{
			name: "threat 10: presigned, an HMAC's signature", r: rides, s: presigned, change: signature(hmacLike),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 10: presigned, padded as in chunks", r: rides, s: presigned,
			change: signature(func(s string) string { return s + "**" }), code: sigv4auth.ErrIncompleteSignature, status: 403,
			typ: incomplete,
		},
		{
			name: "threat 13: a scope with a region", s: v4a,
			change: authorization("/"+testService+"/", "/"+testRegion+"/"+testService+"/"), code: sigv4auth.ErrIncompleteSignature,
			status: 403, typ: incomplete, text: "exactly 4 slash-delimited elements, e.g. keyid/date/service/term",
		},
		{
			name: "threat 13: a scope without a service", s: v4a, change: authorization("/"+testService+"/", "/"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 17: an x-amz-* header that is not signed", s: v4a, change: setHeader("X-Amz-Meta-A", "1"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 17: the region set is not signed", s: v4a, change: authorization("x-amz-date;x-amz-region-set", "x-amz-date"),
			code: sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature, text: "x-amz-region-set",
		},
		{
			name: "no region set", s: v4a, change: dropRegions, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
			text: "Authorization header requires existence of a 'X-Amz-Region-Set' header. ",
		},
		{
			name: "threat 27: the region set twice", s: v4a, change: addHeader("X-Amz-Region-Set", testRegion),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: the region set in the query too", s: v4a, change: target("/ride", "/ride?X-Amz-Region-Set=*"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 27: the region set in the query instead", s: v4a,
			change: func(r *http.Request) { dropRegions(r); target("/ride", "/ride?X-Amz-Region-Set=*")(r) },
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "'X-Amz-Region-Set' header",
		},
		{
			name: "presigned, no region set", r: rides, s: presigned, change: target("&X-Amz-Region-Set="+testRegion, ""),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Region-Set'. Re-examine",
		},
		{name: "threat 27: presigned, the region set in the header instead", r: rides, s: presigned, change: func(r *http.Request) {
			target("&X-Amz-Region-Set="+testRegion, "")(r)
			setHeader("X-Amz-Region-Set", "*")(r)
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{
			name: "threat 27: presigned, the region set in the header too", r: rides, s: presigned,
			change: setHeader("X-Amz-Region-Set", testRegion), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 91: presigned, the region set twice", r: rides, s: presigned,
			change: target("X-Amz-Region-Set=", "X-Amz-Region-Set=*&X-Amz-Region-Set="), code: sigv4auth.ErrMalformedRequest, status: 400,
			typ: incomplete,
		},
		{
			name: "threat 91: presigned, the region set in another case", r: rides, s: presigned,
			change: target("X-Amz-Region-Set=", "x-amz-region-set="), code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 73: another region", s: signing{regions: "eu-west-1"}, code: sigv4auth.ErrInvalidScope, status: 403,
			typ: invalidSignature, text: "Credential should be scoped to a valid region. ",
		},
		{name: "threat 73: other regions", s: signing{regions: "eu-*,us-west-*"}, code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature},
		{
			name: "threat 73: presigned for another region", r: rides, s: signing{regions: "eu-west-1", presign: time.Minute},
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 73: another service", s: signing{regions: testRegion, service: "s3"}, code: sigv4auth.ErrInvalidScope,
			status: 403, typ: invalidSignature, text: "correct service",
		},
		{
			name: "threat 73: another terminator", s: v4a, change: authorization("/aws4_request", "/aws5_request"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 72: another day in the scope", s: v4a, change: authorization("/20260102/", "/20260101/"),
			code: sigv4auth.ErrInvalidScope, status: 403, typ: invalidSignature,
		},
		{
			name: "a region set that is no list", s: signing{regions: testRegion + ","}, code: sigv4auth.ErrMalformedRequest, status: 400,
			typ: incomplete, text: "X-Amz-Region-Set must be region names",
		},
		{
			name: "threat 219: a long region set", s: signing{regions: strings.Repeat("x,", 600) + "*"},
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "at most 1024 bytes",
		},
		{
			name: "a region set that was widened", s: v4a, change: setHeader("X-Amz-Region-Set", "*"), code: sigv4auth.ErrSignatureMismatch,
			status: 403, typ: invalidSignature,
		},
		{
			name: "presigned, a region set that was widened", r: rides, s: presigned,
			change: target("X-Amz-Region-Set="+testRegion, "X-Amz-Region-Set=%2A"), code: sigv4auth.ErrSignatureMismatch, status: 403,
			typ: invalidSignature,
		},
		{name: "an unknown key", s: signing{regions: testRegion, keyID: "AKIAUNKNOWN"}, code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized},
		{
			name: "the secret of another key", s: signing{regions: testRegion, secret: "another"}, code: sigv4auth.ErrSignatureMismatch,
			status: 403, typ: invalidSignature,
		},
		{name: "the key ID, which is part of the key, of another with the same secret", s: v4a, change: authorization("Credential="+testKeyID,
			"Credential="+sameSecretID), config: func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
				AccessKeyID: sameSecretID, Secret: sigv4auth.NewSecret(testSecret), Principal: rolePrincipal,
			})
		}, code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature},
		{
			name: "threat 102: a temporary key without its token", s: signing{regions: testRegion, keyID: tempKeyID},
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 67: too old", s: signing{regions: testRegion, at: testNow.Add(-5*time.Minute - time.Second)},
			code: sigv4auth.ErrRequestExpired, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 47: another body", s: v4a, change: body(`{"PickupLocation":null}`), code: sigv4auth.ErrIncompleteBody,
			status: 400, typ: "IncompleteBody",
		},
		{
			name: "threat 47: another body of the same length", s: v4a, change: body(strings.Replace(rideBody, "47", "48", 1)),
			code: sigv4auth.ErrSignatureMismatch, status: 403, typ: invalidSignature,
		},
	}
	for _, tt := range tests {
		config := tt.config
		tt.config = func(c *sigv4auth.Config) {
			withV4A(c)
			if config != nil {
				config(c)
			}
		}
		t.Run(tt.name, tt.run)
	}
}

// sameSecretID is another key with the secret of the first.
const sameSecretID = "AKIASAMESECRET"

// withRegions is a ride request that names regions, whatever signs it.
func withRegions() *http.Request {
	r := ride()
	r.Header.Set("X-Amz-Region-Set", testRegion)
	return r
}

// TestSigV4ATwin: a SigV4A signature has a twin that is admitted too, which is why nothing may tell
// requests apart by their signatures: threat 79.
func TestSigV4ATwin(t *testing.T) {
	t.Parallel()
	r := sign(t, ride(), signing{regions: testRegion})
	was := r.Header.Get("Authorization")
	signature(func(s string) string {
		der, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		var sig struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(der, &sig); err != nil {
			t.Fatal(err)
		}
		sig.S.Sub(elliptic.P256().Params().N, sig.S)
		if der, err = asn1.Marshal(sig); err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(der)
	})(r)
	if r.Header.Get("Authorization") == was {
		t.Fatal("not a twin")
	}
	if _, err := newAuthenticator(t, withV4A).Verify(r); err != nil {
		t.Error(err)
	}
}

// TestSigV4AUnknownKeyCostsTheSame is TestUnknownKeyCostsTheSame for SigV4A: threat 211.
func TestSigV4AUnknownKeyCostsTheSame(t *testing.T) {
	a := newAuthenticator(t, withV4A)
	var reads, allocations [2]int
	for i, s := range []signing{{regions: testRegion, keyID: "AKIAUNKNOWNEXAMPLE00"}, {regions: testRegion, secret: "x"}} {
		r := sign(t, ride(), s)
		body := &countingBody{}
		verify := func() {
			body.r, body.read = bytes.NewReader([]byte(rideBody)), 0
			r.Body = io.NopCloser(body)
			if _, err := a.Verify(r); err == nil {
				t.Fatal("admitted")
			}
		}
		verify()
		reads[i] = body.read
		allocations[i] = int(testing.AllocsPerRun(100, verify))
	}
	// A signature that verification comes to reject late allocates what one does that it accepts;
	// 10 are more than parsing alone needs.
	if reads[0] != reads[1] || allocations[0] != allocations[1] && !raceDetector || allocations[0] < 10 {
		t.Errorf("unknown key and wrong signature: %v bytes read, %v allocations", reads, allocations)
	}
}

// TestSigV4ARotation: a key whose secret was replaced signs no more, though its public key is
// cached: threat 104.
func TestSigV4ARotation(t *testing.T) {
	t.Parallel()
	secret := "first"
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		withV4A(c)
		c.Credentials = rotatingStore(&secret)
	})
	for range 2 { // the second from the cache
		if _, err := a.Verify(sign(t, ride(), signing{regions: "*", secret: "first"})); err != nil {
			t.Fatal(err)
		}
	}
	secret = "second"
	if _, err := a.Verify(sign(t, ride(), signing{regions: "*", secret: "first"})); !errors.Is(err, sigv4auth.ErrSignatureMismatch) {
		t.Errorf("threat 104: the replaced secret: %v", err)
	}
	if _, err := a.Verify(sign(t, ride(), signing{regions: "*", secret: "second"})); err != nil {
		t.Errorf("the new secret: %v", err)
	}
	// One cache holds the keys of both algorithms, and does not mix them up.
	if _, err := a.Verify(sign(t, ride(), signing{secret: "second"})); err != nil {
		t.Errorf("AWS4-HMAC-SHA256: %v", err)
	}
}
