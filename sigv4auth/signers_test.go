package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	smithycreds "github.com/aws/smithy-go/aws-http-auth/credentials"
	smithysigv4 "github.com/aws/smithy-go/aws-http-auth/sigv4"
	"github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// randomRequest is a request that a Go client is about to sign and send.
type randomRequest struct {
	out    *http.Request
	body   []byte
	header string // of x-amz-meta-note
}

// generate makes a random request: mostly plain, sometimes with what signers disagree on.
func generate(rng *rand.Rand) randomRequest {
	pick := func(alphabet []string, most int) string {
		var b strings.Builder
		for range rng.IntN(most + 1) {
			b.WriteString(alphabet[rng.IntN(len(alphabet))])
		}
		return b.String()
	}
	plain := strings.Split("abcXYZ019-._~", "")
	segments := append([]string{"%20", "%2F", "%c3%bc", "=", "@", ":", "!", "'", "*", "+", ","}, plain...)
	values := append([]string{"%20", "+", "%2B", "%2F", "%C3%BC", "%e1%88%b4", "/", ":", "=", "%3d", "!", "*", "'"}, plain...)

	var path strings.Builder
	path.WriteString("/prod")
	for range rng.IntN(4) {
		segment := pick(segments, 6)
		if segment == "." || segment == ".." {
			segment += "x"
		}
		path.WriteString("/" + segment + "a")
	}
	if rng.IntN(8) == 0 {
		path.WriteString([]string{"/", "//", "/.", "/..", "/./x", "/../x"}[rng.IntN(6)])
	}
	var pairs []string
	for range rng.IntN(5) {
		name, value := pick(plain, 3), pick(values, 6)
		if rng.IntN(6) == 0 {
			name = pick(values, 3)
		}
		switch rng.IntN(10) {
		case 0:
			pairs = append(pairs, name)
		case 1:
			pairs = append(pairs, name+"="+value, name+"="+pick(values, 6))
		default:
			pairs = append(pairs, name+"="+value)
		}
	}
	if rng.IntN(20) == 0 {
		pairs = append(pairs, []string{"a=1;b=2", "a=%", "a=%zz", ""}[rng.IntN(4)])
	}
	target := "http://api.example.com" + path.String()
	if len(pairs) > 0 {
		target += "?" + strings.Join(pairs, "&")
	}
	u, err := url.Parse(target)
	if err != nil {
		panic(err) // paths are made to be parsable, and url.Parse does not look into queries
	}
	method := []string{"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"}[rng.IntN(6)]
	req := randomRequest{out: &http.Request{
		Method: method, URL: u, Host: u.Host, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1,
		ProtoMinor: 1,
	}}
	if method == "POST" || method == "PUT" {
		req.body = []byte(pick(values, 40))
		req.out.Header.Set("Content-Type", "application/json")
	}
	req.out.ContentLength = int64(len(req.body))
	if rng.IntN(2) == 0 {
		req.header = strings.TrimSpace(pick([]string{"a", "b", " ", `"`, ",", "ü"}, 8))
		if rng.IntN(4) == 0 {
			req.header += "  x"
		}
		req.header += "." // never empty
		req.out.Header.Set("X-Amz-Meta-Note", req.header)
	}
	return req
}

// received is what a server makes of the request once it is signed.
func (req randomRequest) received() *http.Request {
	target := req.out.URL.RequestURI()
	r := httptest.NewRequest(req.out.Method, "/", bytes.NewReader(req.body))
	r.RequestURI = target
	if u, err := url.ParseRequestURI(target); err == nil {
		r.URL = u
	}
	r.Host = req.out.Host
	r.Header = req.out.Header.Clone()
	r.Header.Del("Host")
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(req.body)), int64(len(req.body))
	if len(req.body) > 0 {
		r.Header.Set("Content-Length", strconv.Itoa(len(req.body)))
	}
	return r
}

// encodedOrder reports whether sorting the query's decoded names and values gives the order that
// sorting them encoded does. smithy-go sorts them decoded, AWS's rule is encoded.
func encodedOrder(u *url.URL) bool {
	encode := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	encodeAll := func(all []string) []string {
		var out []string
		for _, s := range all {
			out = append(out, encode(s))
		}
		return out
	}
	q := u.Query()
	var names []string
	for name, values := range q {
		names = append(names, name)
		slices.Sort(values)
		if !slices.IsSorted(encodeAll(values)) {
			return false
		}
	}
	slices.Sort(names)
	return slices.IsSorted(encodeAll(names))
}

func never(randomRequest) bool { return false }

// TestSigners signs thousands of random requests with the signers that AWS publishes for Go. Plain
// ones are all admitted; of the rest, what is refused is exactly what each signer is known to sign
// differently from AWS's rule, and the reason is asserted.
func TestSigners(t *testing.T) {
	t.Parallel()
	each := 1000
	if testneed.Long() {
		each = 4000
	}
	creds := aws.Credentials{AccessKeyID: tempKeyID, SecretAccessKey: testSecret, SessionToken: testToken}
	signers := []struct {
		name string
		sign func(req *randomRequest) error
		// deviates tells whether this signer signs the request in its own way. It is asked before
		// signing.
		deviates func(req randomRequest) bool
	}{
		{"aws-sdk-go-v2, header", func(req *randomRequest) error {
			sum := sha256.Sum256(req.body)
			return signer.NewSigner().SignHTTP(context.Background(), creds, req.out, hex.EncodeToString(sum[:]), testService, testRegion,
				testNow)
		}, never},
		{"aws-sdk-go-v2, presigned", func(req *randomRequest) error {
			q := req.out.URL.Query()
			q.Set("X-Amz-Expires", "60")
			req.out.URL.RawQuery = q.Encode()
			sum := sha256.Sum256(req.body)
			// The signer moves x-amz-* headers into the query.
			uri, header, err := signer.NewSigner().PresignHTTP(context.Background(), creds, req.out, hex.EncodeToString(sum[:]),
				testService, testRegion, testNow)
			if err != nil {
				return err
			}
			for k := range req.out.Header {
				if _, signed := header[k]; !signed {
					req.out.Header.Del(k)
				}
			}
			req.out.URL, err = url.Parse(uri)
			return err
		}, never},
		{"smithy-go aws-http-auth, header", func(req *randomRequest) error {
			sum := sha256.Sum256(req.body)
			return smithysigv4.New().SignRequest(&smithysigv4.SignRequestInput{
				Request: req.out, PayloadHash: sum[:], Service: testService, Region: testRegion, Time: testNow,
				Credentials: smithycreds.Credentials{AccessKeyID: tempKeyID, SecretAccessKey: testSecret, SessionToken: testToken},
			})
		}, func(req randomRequest) bool {
			_, err := url.ParseQuery(req.out.URL.RawQuery)
			return err != nil || !encodedOrder(req.out.URL) || strings.Contains(strings.TrimSpace(req.header), "  ")
		}},
		{"smithy-go aws-http-auth, presigned", func(req *randomRequest) error {
			q := req.out.URL.Query()
			q.Set("X-Amz-Expires", "60")
			req.out.URL.RawQuery = q.Encode()
			sum := sha256.Sum256(req.body)
			return smithysigv4.New().SignRequest(&smithysigv4.SignRequestInput{
				Request: req.out, PayloadHash: sum[:], Service: testService, Region: testRegion, Time: testNow,
				SignatureType: smithyv4.SignatureTypeQueryString,
				Credentials:   smithycreds.Credentials{AccessKeyID: tempKeyID, SecretAccessKey: testSecret, SessionToken: testToken},
			})
		}, func(req randomRequest) bool {
			u := *req.out.URL
			q := u.Query()
			q.Set("X-Amz-Algorithm", "")
			u.RawQuery = q.Encode()
			return !encodedOrder(&u) || strings.Contains(strings.TrimSpace(req.header), "  ")
		}},
	}
	// SigV4A differs after the canonical request alone, which smithy-go builds in the same way.
	for _, s := range signers[2:] {
		presigned, keyed := strings.HasSuffix(s.name, "presigned"), sigv4a.New() // it keeps the key that it derives
		s.name = strings.Replace(s.name, "http-auth", "http-auth SigV4A", 1)
		s.sign = func(req *randomRequest) error {
			in := &sigv4a.SignRequestInput{
				Request: req.out, Service: testService, RegionSet: []string{"eu-*", testRegion}, Time: testNow,
				Credentials: smithycreds.Credentials{AccessKeyID: tempKeyID, SecretAccessKey: testSecret, SessionToken: testToken},
			}
			sum := sha256.Sum256(req.body)
			in.PayloadHash = sum[:]
			if presigned {
				q := req.out.URL.Query()
				q.Set("X-Amz-Expires", "60")
				req.out.URL.RawQuery, in.SignatureType = q.Encode(), smithyv4.SignatureTypeQueryString
			}
			return keyed.SignRequest(in)
		}
		signers = append(signers, s)
	}
	strict := newAuthenticator(t, withV4A)
	encoded := newAuthenticator(t, func(c *sigv4auth.Config) { withV4A(c); c.Path = sigv4auth.PathEncoded })
	for i, s := range signers {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			admitted, refused := 0, 0
			for n := range each {
				req := generate(rng)
				deviates := s.deviates(req)
				if err := s.sign(&req); err != nil {
					t.Fatal(err)
				}
				if n%8 == 0 { // a diagnosis of what is refused is dear
					agree(t, strict, req.received)
				}
				_, err := strict.Verify(req.received())
				if path := req.out.URL.EscapedPath(); !normal(path) {
					// Neither signer normalises paths.
					if err == nil {
						t.Fatalf("%s: PathStrict admits a path that normalisation changes", req.received().RequestURI)
					}
					_, err = encoded.Verify(req.received())
				}
				switch {
				case deviates && err == nil:
					t.Fatalf("%s %q: admitted, though the signer deviates", req.received().RequestURI, req.header)
				case !deviates && err != nil:
					t.Fatalf("%s %q: %v", req.received().RequestURI, req.header, err)
				case deviates:
					refused++
				default:
					admitted++
				}
			}
			t.Logf("%d admitted, %d refused for what the signer does differently", admitted, refused)
			if deviating := strings.HasPrefix(s.name, "smithy"); admitted < each/2 || deviating && refused < each/100 {
				t.Error("the generator does not reach both")
			}
		})
	}
}

// normal tells in the obvious way whether normalisation leaves the path as it is.
func normal(path string) bool {
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}
