package main_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

func TestTheNewcomersLesson(t *testing.T) {
	s := startFiles(t, t.TempDir())
	s.call("newcomer", "POST", "/prod/ride", seattle).wants(t, 403)
	s.edit("principals.json", noPolicy, attached)
	for began := time.Now(); s.call("newcomer", "POST", "/prod/ride", seattle).status != 201; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > time.Second {
			t.Fatal("the edit has no effect within 1 s")
		}
	}
}

func TestEverythingIsDecidedBeforeItIsLookedFor(t *testing.T) { // threats 143, 146 and 238
	s := start(t, t.TempDir())
	ride := s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	there := []string{"/prod/ride/" + ride, "/prod/rides"}
	notThere := []string{
		"/prod/ride/" + strings.Repeat("A", 22), "/prod/unicorns", "/prod", "/", "/favicon.ico",
		"/debug/pprof/", "/debug/vars", "/metrics", "/healthz/", "/healthz/x", "/HEALTHZ", "/%68ealthz",
	}
	for _, path := range append(there, notThere...) {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"} {
			got := s.send(s.request(method, path, ""))
			if path == "/" && method == "POST" {
				// The one request that is STS's, which answers in its own form.
				if got.status != 403 || got.header.Get("X-Amzn-ErrorType") != "MissingAuthenticationToken" {
					t.Errorf("%s %s without a signature: %d %s", method, path, got.status, got.body)
				}
				continue
			}
			if got.status != 403 || got.header.Get("X-Amzn-ErrorType") != "MissingAuthenticationTokenException" ||
				method != "HEAD" && got.body != `{"message":"Missing Authentication Token"}` {
				t.Errorf("%s %s without a signature: %d %s %s", method, path, got.status, got.header.Get("X-Amzn-ErrorType"), got.body)
			}
		}
	}
	// Which path is open is told by the request line, and by no header that a client may send.
	for _, name := range []string{
		"X-Original-URL", "X-Original-URI", "X-Rewrite-URL", "X-Forwarded-URI", "X-Forwarded-Path", "X-Forwarded-Prefix",
		"X-Envoy-Original-Path", "Referer", "Origin",
	} {
		r := s.request("GET", "/prod/rides", "")
		r.Header.Set(name, "/healthz")
		s.send(r).wants(t, 403)
	}
	for _, name := range []string{
		"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Forwarded-Method",
		"X-Original-Method",
	} {
		r := s.request("POST", "/healthz", "")
		r.Header.Set(name, "GET")
		s.send(r).wants(t, 403)
	}
	// The newcomer has a key and no policy: what they are told differs by what they asked for, and
	// by nothing else.
	told := func(path string) string {
		got := s.call("newcomer", "GET", path, "")
		shown := strings.ReplaceAll(got.body, strings.TrimPrefix(path, "/"), "PATH")
		got.header.Del("Date")
		got.header.Del("X-Amzn-Requestid")
		got.header.Del("Content-Length")
		return fmt.Sprint(got.status, got.header, shown)
	}
	want := told(there[0])
	if !strings.HasPrefix(want, "403 ") {
		t.Errorf("the newcomer is told %s", want)
	}
	for _, path := range []string{"/prod/rides", "/prod/ride/" + strings.Repeat("A", 22)} {
		if got := strings.ReplaceAll(told(path), "/"+strings.TrimPrefix(path, "/prod/"), "/PATH"); got != strings.ReplaceAll(want,
			"/"+strings.TrimPrefix(there[0], "/prod/"), "/PATH") {
			t.Errorf("%s: %s, and not %s", path, got, want)
		}
	}
	// Whom the policy lets through learns that there is nothing.
	s.call("rider", "GET", "/prod/unicorns/ride", "").wants(t, 404)
	s.call("rider", "GET", "/prod/ride/"+strings.Repeat("A", 22), "").wants(t, 404)
	s.call("rider", "GET", "/other/GET/ride", "").wants(t, 403)
}

func TestHealth(t *testing.T) {
	s := start(t, t.TempDir())
	got := s.send(s.request("GET", "/healthz", "")).wants(t, 200)
	if got.body != `{"status":"ok"}` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s", got.header.Get("Content-Type"), got.body)
	}
	if got := s.send(s.request("HEAD", "/healthz", "")).wants(t, 200); got.body != "" {
		t.Errorf("HEAD has a body: %s", got.body)
	}
	s.send(s.request("GET", "/healthz?x=1", "")).wants(t, 200)
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		s.send(s.request(method, "/healthz", "")).wants(t, 403)
	}

	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	db, err := sql.Open("sqlite", filepath.Join(s.data, "rides.db")+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	// Another program that keeps the right to write, and writes nothing.
	writer, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.call("rider", "POST", "/prod/ride", seattle).wants(t, 503); got.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if lines := s.logged(`"the request failed"`); len(lines) != 1 || !strings.Contains(lines[0], "ridesvc: store: ") {
		t.Errorf("the cause is not in the log: %q", lines)
	}
	if err := writer.Rollback(); err != nil {
		t.Fatal(err)
	}
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	// And one that does.
	if _, err := db.ExecContext(t.Context(), "DROP TABLE rides"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.send(s.request("GET", "/healthz", "")).wants(t, 503); got.body != `{"status":"unavailable"}` {
		t.Errorf("%s", got.body)
	}
	if got := s.call("rider", "POST", "/prod/ride", seattle).wants(t, 503); got.header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
}

func TestTheRiderIsTheFederatedSubjectElseTheSessionElseTheUser(t *testing.T) {
	s := startFiles(t, t.TempDir())
	for _, name := range []string{"rider", "dispatcher"} {
		want := map[string]string{"rider": "alice", "dispatcher": "dispatcher"}[name]
		if got := s.call(name, "POST", "/prod/ride", seattle).wants(t, 201).field(t, "Rider"); got != want {
			t.Errorf("the rider is %q, want %q", got, want)
		}
	}
	// A session that another process has issued, with which this one shares the ring alone.
	store, err := filestore.Open(filestore.Config{Dir: s.data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	ring, err := keyring.Open(keyring.Config{File: s.data + ".ring"})
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := sts.NewStore(sts.StoreConfig{Ring: ring, Roles: store})
	if err != nil {
		t.Fatal(err)
	}
	issued, err := sealed.Issue(t.Context(), sts.Grant{Duration: time.Hour, Session: sts.Session{
		Kind: sts.RoleSession, RoleARN: roleOf(t, s), Name: "web",
		Federated: &sigv4auth.FederatedIdentity{Provider: "accounts.example", Subject: "us-east-1:bob"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{
		AccessKeyID: issued.Credential.AccessKeyID, SecretAccessKey: issued.Credential.Secret.Reveal(),
		SessionToken: issued.Credential.SessionToken.Reveal(),
	}
	got := s.send(signer(keys).Sign(s.request("POST", "/prod/ride", seattle))).wants(t, 201)
	if rider := got.field(t, "Rider"); rider != "us-east-1:bob" {
		t.Errorf("the rider is %q", rider)
	}
}

// roleOf returns the ARN of the rider's role.
func roleOf(t *testing.T, s *site) string {
	t.Helper()
	_, after, ok := strings.Cut(s.read("principals.json"), `"Roles"`)
	_, after, ok2 := strings.Cut(after, `"Arn": "`)
	arn, _, ok3 := strings.Cut(after, `"`)
	if !ok || !ok2 || !ok3 {
		t.Fatal("no role")
	}
	return arn
}

func TestNobodyWithoutAVerifiedIdentityIsARider(t *testing.T) { // threat 148
	r := httptest.NewRequest("POST", "/prod/ride", strings.NewReader(seattle))
	if name, err := example.RiderOf(r); err == nil {
		t.Errorf("an unverified request is by %q", name)
	}
}

func TestPresignedURLsAreOffUnlessAskedFor(t *testing.T) {
	presigned := func(s *site, expires time.Duration) *http.Request {
		dispatcher := signer(s.credentials("dispatcher"))
		dispatcher.Presign = expires
		return dispatcher.Sign(s.request("GET", "/prod/rides", ""))
	}
	off := start(t, t.TempDir())
	off.send(presigned(off, time.Minute)).wants(t, 403)
	on := start(t, t.TempDir(), "-presign", "5m")
	on.send(presigned(on, 5*time.Minute)).wants(t, 200)
	on.send(presigned(on, 5*time.Minute+time.Second)).wants(t, 403)
}

func TestWhatAClientMaySend(t *testing.T) { // threats 219 to 221
	s := start(t, t.TempDir())
	big := strings.Repeat(" ", 100<<10)
	s.call("rider", "POST", "/prod/ride", seattle+big).wants(t, 413)
	s.call("rider", "POST", "/prod/ride", seattle+big[:10<<10]).wants(t, 413)
	for _, tt := range []struct {
		name, request, want string
	}{
		{"asterisk form (threat 46)", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 4"},
		{"a request without a host (threat 131)", "GET /prod/rides HTTP/1.0\r\n\r\n", "HTTP/1.0 4"},
		{"a header of 80 KiB", "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 80<<10) + "\r\n\r\n", "HTTP/1.1 431"},
		{"authority form", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", "HTTP/1.1 4"},
		{"absolute form of another host", "GET http://other/healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200"},
	} {
		if got := exchange(t, s, tt.request); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// exchange sends raw bytes, and returns what comes first, or "" where the server hangs up.
func exchange(t *testing.T, s *site, request string) string {
	t.Helper()
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(s.endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4<<10)
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, err := c.Read(buffer)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

func TestASlowClientIsCutOff(t *testing.T) { // threat 221
	t.Parallel()
	s := start(t, t.TempDir())
	began := time.Now()
	got := exchange(t, s, "GET /prod/rides HTTP/1.1\r\nHost: x\r\n")
	if took := time.Since(began); got != "" || took < time.Second || took > 9*time.Second {
		t.Errorf("after %v: %q", took, got)
	}
}
