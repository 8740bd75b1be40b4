package clienttest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/clienttest/s3server"
)

// AWS's documented example, valid nowhere.
const (
	s3KeyID  = "AKIAIOSFODNN7EXAMPLE"
	s3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	s3Region = "us-east-1"
	s3Domain = "s3.wildgate.test" // below it, a host names a bucket
	bucket   = "unicorns"
)

// s3Policy allows everything but one prefix.
const s3Policy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"s3:*","Resource":"*"},
	{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::unicorns/secret/*"}]}`

// The payload modes as requests name them, but for digests and for presigned URLs, which name none.
const (
	byURL           = "none"
	byDigest        = "digest"
	byChecksum      = "digest, and a checksum in a header"
	unsigned        = "UNSIGNED-PAYLOAD"
	signedChunks    = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// s3Service is an S3-shaped server behind the verifier and policies.
type s3Service struct {
	store *s3server.Server
	addr  string // host and port
	url   string // path-style endpoint
	named string // endpoint by name, for virtual-hosted style: it resolves through dial or through a relay alone
	ca    authority

	ahead atomic.Int64 // by how much the server's clock is ahead
	mu    sync.Mutex
	modes map[string]int // requests by payload mode, as X-Amz-Content-Sha256 names it
}

// newS3 starts one, with one empty bucket.
func newS3(t *testing.T, secure bool) *s3Service {
	t.Helper()
	policy, err := iampolicy.Parse([]byte(s3Policy), iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	s := &s3Service{store: s3server.New(s3Domain), ca: newAuthority(t), modes: map[string]int{}}
	// Presigned URLs are unsigned payloads; over TLS, whose integrity they rely on, most SDKs sign
	// no body at all.
	modes := sigv4auth.StreamingSigned | sigv4auth.StreamingSignedTrailer | sigv4auth.InsecureUnsigned
	if secure {
		modes |= sigv4auth.InsecureStreamingUnsignedTrailer
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: s3Region, Service: "s3", Path: sigv4auth.PathS3,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: s3KeyID, Secret: sigv4auth.NewSecret(s3Secret), Principal: alice,
		}),
		Payloads:         modes,
		MaxPresignExpiry: time.Hour,
		MaxBodyBytes:     64 << 20,
		Denied:           sigv4auth.WriteS3Error,
		Now:              func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies:            sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Target:              s.store.Target,
		ResourceAccount:     "111122223333",
		InsecureObjectPaths: true, // keys are taken as they are
	})
	if err != nil {
		t.Fatal(err)
	}
	admitted := auth.Require(authz.Check)(s.store)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mode := r.Header.Get("X-Amz-Content-Sha256")
		switch {
		case mode == "":
			mode = byURL
		case len(mode) == 64 && hasChecksum(r.Header):
			mode = byChecksum
		case len(mode) == 64:
			mode = byDigest
		}
		s.mu.Lock()
		s.modes[mode]++
		s.mu.Unlock()
		admitted.ServeHTTP(w, r)
	}))
	scheme := "http"
	if secure {
		scheme = "https"
		server.EnableHTTP2 = true
		server.TLS = &tls.Config{Certificates: []tls.Certificate{s.ca.leaf}}
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.addr = server.Listener.Addr().String()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.url, s.named = scheme+"://"+s.addr, scheme+"://"+s3Domain+":"+port
	s.makeBucket(t)
	return s
}

// hasChecksum reports whether a request has the checksum of its body in a header.
func hasChecksum(h http.Header) bool {
	return slices.ContainsFunc(checksums, func(a types.ChecksumAlgorithm) bool { return h.Get("X-Amz-Checksum-"+string(a)) != "" })
}

// wantModes wants that requests came in each of the payload modes, and in no other: otherwise the
// test is about something else than it was written for.
func (s *s3Service) wantModes(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("payload modes: %v", s.modes)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(s.modes)); !slices.Equal(got, want) {
		t.Errorf("requests came with %q, want %q", got, want)
	}
}

// makeBucket makes the bucket by the store itself, past the verifier.
func (s *s3Service) makeBucket(t *testing.T) {
	t.Helper()
	w := httptest.NewRecorder()
	s.store.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/"+bucket, http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatalf("the bucket could not be made: %d %s", w.Code, w.Body)
	}
}

// client returns an HTTP client that trusts the service's authority and finds it under every name.
func (s *s3Service) client(t *testing.T) *http.Client {
	return s.clientVia(t, s.addr)
}

// http2Client is client with HTTP/2, where there is TLS.
func (s *s3Service) http2Client(t *testing.T) *http.Client {
	c := s.client(t)
	c.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	return c
}

// clientVia is client through a relay.
func (s *s3Service) clientVia(t *testing.T, addr string) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: s.ca.pool()},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// authority is a certificate authority of one test, and the certificate it gave the server.
type authority struct {
	file string // its certificate in PEM, for AWS_CA_BUNDLE
	cert *x509.Certificate
	leaf tls.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Wildgate test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	ca := authority{file: filepath.Join(t.TempDir(), "ca.pem")}
	ca.cert, err = x509.ParseCertificate(der)
	check(err)
	check(os.WriteFile(ca.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))

	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: s3Domain},
		NotBefore: template.NotBefore, NotAfter: template.NotAfter,
		DNSNames: []string{s3Domain, "*." + s3Domain}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err = x509.CreateCertificate(rand.Reader, leaf, ca.cert, &leafKey.PublicKey, key)
	check(err)
	ca.leaf = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: leafKey}
	return ca
}

func (ca authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}
