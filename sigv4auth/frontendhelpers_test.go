package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// frontend is a proxy that listens for HTTP/1.1, and with TLS for HTTP/1.1 and HTTP/2. What is sent
// to any name goes to it.
type frontend struct {
	plain, tls  string // addresses
	dir         string // its own, with cert.pem and key.pem
	certificate string // a PEM file
	roots       *x509.CertPool
}

// startFront starts a program as it is told by arguments, which write its configuration for the
// addresses that the frontend has.
func startFront(t *testing.T, program string, arguments func(f *frontend) []string) *frontend {
	t.Helper()
	path := testneed.Program(t, program)
	f := &frontend{roots: x509.NewCertPool()}
	var err error
	if f.dir, err = os.MkdirTemp("", "wildgate-"+program); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(f.dir) })

	lender := httptest.NewTLSServer(nil) // its certificate will do
	lender.Close()
	f.roots.AddCert(lender.Certificate())
	key, err := x509.MarshalPKCS8PrivateKey(lender.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	f.certificate = filepath.Join(f.dir, "cert.pem")
	f.write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: lender.Certificate().Raw})))
	f.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))

	// It wants to be told its ports, and another program may take one first.
	for range 3 {
		f.plain, f.tls = freeAddress(t), freeAddress(t)
		if f.run(t, path, arguments(f)) {
			return f
		}
	}
	t.Fatalf("%s does not start", program)
	return nil
}

func (f *frontend) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts the program and waits until it serves. It reports whether it does.
func (f *frontend) run(t *testing.T, path string, arguments []string) bool {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(path, arguments...)
	cmd.Dir, cmd.Stderr = f.dir, &stderr
	cmd.Env = append(os.Environ(), "HOME="+f.dir, "XDG_DATA_HOME="+f.dir, "XDG_CONFIG_HOME="+f.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	stop := func() {
		_ = cmd.Process.Kill()
		<-exited
	}
	for range 500 {
		select {
		case <-exited:
			t.Logf("%s: %s", path, &stderr)
			return false
		case <-time.After(20 * time.Millisecond):
		}
		// Caddy opens its addresses one after another.
		if listens(f.plain) && listens(f.tls) {
			t.Cleanup(func() {
				stop()
				if t.Failed() {
					t.Logf("%s: %s", path, &stderr)
				}
			})
			return true
		}
	}
	stop()
	t.Logf("%s: %s", path, &stderr)
	return false
}

func listens(address string) bool {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// client returns a client that takes every name for f's, and speaks HTTP/2 over TLS if it may. It
// calls from the address from.
func (f *frontend) client(t *testing.T, http2 bool, from string) *http.Client {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to := f.plain
			if _, port, _ := net.SplitHostPort(addr); strings.HasSuffix(port, "443") {
				to = f.tls
			}
			return dialer.DialContext(ctx, network, to)
		},
		TLSClientConfig:    &tls.Config{RootCAs: f.roots, ServerName: "example.com"},
		ForceAttemptHTTP2:  http2,
		DisableCompression: true, // what is signed is what is sent
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// answer is what came back, and what the authenticator saw.
type answer struct {
	status        int
	proto, body   string // proto is the front's
	code          sigv4auth.Reason
	detail        string
	event         sigv4auth.Event
	backend, path string // the protocol and the path that the handler saw
}

// backend is a server behind f, with an Authenticator around an echo.
type backend struct {
	address string
	auth    *sigv4auth.Authenticator
	check   sigv4auth.Check

	mu   sync.Mutex
	last answer
}

// newBackend makes a server that is told of no proxy unless change says so. If socket is not empty
// it listens there.
func newBackend(t *testing.T, socket string, z *sigv4auth.Authorizer, change func(*sigv4auth.Config)) *backend {
	t.Helper()
	b := &backend{check: func(*http.Request, sigv4auth.Identity) error { return nil }}
	if z != nil {
		b.check = z.Check
	}
	b.auth = newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now = time.Now
		c.Denied = func(w http.ResponseWriter, r *http.Request, err error) {
			refused := sigv4auth.AsError(err)
			b.note(func(a *answer) { a.code, a.detail = refused.Reason, refused.Detail })
			sigv4auth.WriteAPIGatewayError(w, r, err)
		}
		c.Observe.Audit = func(_ context.Context, e sigv4auth.Event) { b.note(func(a *answer) { a.event = e }) }
		if change != nil {
			change(c)
		}
	})
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.note(func(a *answer) { a.backend, a.path = r.Proto, r.URL.EscapedPath() })
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.Copy(w, r.Body)
	})
	server := httptest.NewUnstartedServer(b.auth.Require(b.check)(echo))
	if socket != "" {
		l, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		_ = server.Listener.Close()
		server.Listener = l
	}
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	b.address = server.Listener.Addr().String()
	return b
}

func (b *backend) note(what func(*answer)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	what(&b.last)
}

// call signs a request with AWS's signer, changes it, and sends it.
func (b *backend) call(t *testing.T, client *http.Client, method, uri, body string, header http.Header, change func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	sum := sha256.Sum256([]byte(body))
	creds := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	if err := signer.NewSigner().SignHTTP(t.Context(), creds, r, hex.EncodeToString(sum[:]), testService, testRegion, time.Now()); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	b.note(func(a *answer) { *a = answer{} })
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.last
	a.status, a.proto, a.body = res.StatusCode, res.Proto, string(text)
	return a
}

func (a answer) String() string {
	return fmt.Sprintf("%d over %s (behind it %s), path %q, %s, detail %q, body %q", a.status, a.proto, a.backend, a.path, a.code, a.detail, a.body)
}

// frontRequest is a request through a front.
type frontRequest struct {
	uri    string // http://HOST or https://HOST, where HOST stands for the name of the test
	header http.Header
	want   sigv4auth.Reason // "": admitted
	detail string           // part of the Detail; "": it has none
}

// frontTest is one configuration of a front, and the backend behind it.
type frontTest struct {
	name     string // of the server, under .test
	outside  string // what the configuration holds beside the server
	location string // and inside it; BACKEND is the server behind
	config   func(*sigv4auth.Config)
	requests []frontRequest
}

// throughFront sends all requests over HTTP/1.1 and, with TLS, over HTTP/2.
func throughFront(t *testing.T, front *frontend, tests []frontTest, backends []*backend) {
	clients := map[string]*http.Client{"HTTP/1.1": front.client(t, false, "127.0.0.1"), "HTTP/2.0": front.client(t, true, "127.0.0.1")}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, q := range tt.requests {
				for proto, client := range clients {
					uri := strings.Replace(q.uri, "HOST", tt.name+".test", 1)
					if strings.HasPrefix(uri, "http:") && proto == "HTTP/2.0" {
						continue
					}
					got := backends[i].call(t, client, http.MethodPost, uri, rideBody, q.header, nil)
					if got.proto != proto || got.code != q.want || (got.status == 200) != (q.want == "") || q.want == "" && got.body != rideBody {
						t.Errorf("%s: %v; want %q", uri, got, q.want)
					}
					if !strings.Contains(got.detail, q.detail) || q.detail == "" && got.detail != "" {
						t.Errorf("%s: detail %q; want %q", uri, got.detail, q.detail)
					}
					if h2 := strings.HasPrefix(tt.name, "http-2"); q.want == "" && (got.backend == "HTTP/2.0") != h2 {
						t.Errorf("%s: the server was called over %s", uri, got.backend)
					}
				}
			}
		})
	}
}

// toldTest is a front that tells the client's address and scheme.
type toldTest struct {
	name, location string
	proxies        sigv4auth.TrustedProxies
	told           bool // the server believes it
}

// tells calls each front from 127.0.0.2, with and without TLS, also with headers in which the
// client lies, and with a Connection header that asks for what the front says to be dropped
// (threat 235). The policies want that address, and one of them TLS, the other none. start is
// given pairs of servers: PROTOCOL.NAME.test for backend, with location.
func tells(t *testing.T, tests []toldTest, start func(servers [][3]string) *frontend) {
	t.Helper()
	var authorizers []*sigv4auth.Authorizer
	for _, secure := range []string{"true", "false"} {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.2"},"Bool":{"aws:SecureTransport":"` + secure + `"}}}]}`
		authorizers = append(authorizers, newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, policy))}))
	}
	var servers [][3]string
	var backends [][2]*backend
	for _, tt := range tests {
		trust := func(c *sigv4auth.Config) { c.Proxies = tt.proxies }
		pair := [2]*backend{newBackend(t, "", authorizers[0], trust), newBackend(t, "", authorizers[1], trust)}
		backends = append(backends, pair)
		servers = append(servers, [3]string{"secure." + tt.name + ".test", pair[0].address, tt.location}, [3]string{"plain." + tt.name + ".test", pair[1].address, tt.location})
	}
	front := start(servers)
	modern, old := front.client(t, true, "127.0.0.2"), front.client(t, false, "127.0.0.2") // HTTP/2 has no Connection
	lies := func(r *http.Request) {
		r.Header.Set("X-Forwarded-For", "6.6.6.6")
		r.Header.Set("X-Real-Ip", "6.6.6.6")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("Forwarded", `for=6.6.6.6;proto=https, for="`)
	}
	drops := func(r *http.Request) {
		lies(r)
		r.Header.Set("Connection", "close, X-Forwarded-For, x-forwarded-proto, X-Real-IP, Forwarded")
	}
	for i, tt := range tests {
		for _, sent := range []struct {
			client *http.Client
			change func(*http.Request)
		}{{modern, nil}, {modern, lies}, {old, drops}} {
			for _, c := range []struct {
				b      *backend
				uri    string
				admits bool
			}{
				{backends[i][0], "https://secure.", true},
				{backends[i][0], "http://secure.", false},
				{backends[i][1], "https://plain.", false},
				{backends[i][1], "http://plain.", true},
			} {
				got := c.b.call(t, sent.client, http.MethodGet, c.uri+tt.name+".test/prod/ride", "", nil, sent.change)
				source := map[bool]string{true: "127.0.0.2", false: "127.0.0.1"}[tt.told]
				if (got.status == 200) != (c.admits && tt.told) || got.event.Source.String() != source || got.status != 200 && got.code != sigv4auth.ErrAccessDenied {
					t.Errorf("%s%s: from %v, %v; want %t", c.uri, tt.name, got.event.Source, got, c.admits && tt.told)
				}
			}
		}
	}
}
