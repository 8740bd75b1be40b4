package filestore_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	slowHost   = "rides.example.com"
	slowTarget = "/prod/ride"
	slowChunk  = 8 << 10
)

// slowData is what the requests with a slow body send: two chunks.
var slowData = strings.Repeat("ride", 2*slowChunk/4)

// slowForms are the ways in which a request can cover its body, and come with it. Each signs the
// request r, whose body is slowData, and returns the body as it is sent.
var slowForms = map[string]func(t *testing.T, r *http.Request, c sigv4auth.Credential) string{
	"digest announced": func(_ *testing.T, r *http.Request, c sigv4auth.Credential) string {
		slowSigner(c, 0, sigv4test.DeclaredDigest).Sign(r)
		return slowData
	},
	"digest not announced": func(_ *testing.T, r *http.Request, c sigv4auth.Credential) string {
		slowSigner(c, 0, sigv4test.Digest).Sign(r)
		return slowData
	},
	"presigned": func(_ *testing.T, r *http.Request, c sigv4auth.Credential) string {
		slowSigner(c, time.Hour, sigv4test.Digest).Sign(r)
		return slowData
	},
	"streaming, signed": func(t *testing.T, r *http.Request, c sigv4auth.Credential) string {
		seed := signChunked(t, r, c, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
		return chunkedBody(c, r.Header.Get("X-Amz-Date"), seed)
	},
	"streaming, not signed": func(t *testing.T, r *http.Request, c sigv4auth.Credential) string {
		r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		signChunked(t, r, c, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		return chunkedBody(c, "", "")
	},
}

func slowSigner(c sigv4auth.Credential, presign time.Duration, payload sigv4test.Payload) sigv4test.Signer {
	return sigv4test.Signer{Credential: c, Region: "us-east-1", Service: "execute-api", Presign: presign, Payload: payload}
}

// signChunked signs the headers of a body in chunks with aws-sdk-go-v2, and returns the signature.
func signChunked(t *testing.T, r *http.Request, c sigv4auth.Credential, mode string) string {
	t.Helper()
	r.Header.Set("X-Amz-Content-Sha256", mode)
	r.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(slowData)))
	out := r.Clone(t.Context())
	out.URL.Scheme, out.URL.Host, out.Body, out.ContentLength = "http", slowHost, nil, 0
	creds := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.Secret.Reveal(), SessionToken: c.SessionToken.Reveal()}
	if err := signer.NewSigner().SignHTTP(t.Context(), creds, out, mode, "execute-api", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	r.Header = out.Header
	_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	return seed
}

// chunkedBody is slowData in chunks, which are signed where there is a date: "Signature
// calculations: Transferring payload in multiple chunks", S3 API Reference.
func chunkedBody(c sigv4auth.Credential, date, previous string) string {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	digest := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	var b strings.Builder
	for _, data := range []string{slowData[:slowChunk], slowData[slowChunk:], ""} {
		fmt.Fprintf(&b, "%x", len(data))
		if date != "" {
			key, day := []byte("AWS4"+c.Secret.Reveal()), date[:8]
			for _, part := range []string{day, "us-east-1", "execute-api", "aws4_request"} {
				key = mac(key, part)
			}
			previous = hex.EncodeToString(mac(key, strings.Join([]string{
				"AWS4-HMAC-SHA256-PAYLOAD", date, day + "/us-east-1/execute-api/aws4_request", previous, digest(""), digest(data),
			}, "\n")))
			b.WriteString(";chunk-signature=" + previous)
		}
		b.WriteString("\r\n" + data)
		if data != "" {
			b.WriteString("\r\n")
		}
	}
	if date == "" {
		b.WriteString("x-amz-checksum-crc32:" + slowCRC32() + "\r\n")
	}
	return b.String() + "\r\n"
}

func slowCRC32() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(slowData))))
}

// slowService is a service on a folder, behind net/http's own server.
type slowService struct {
	t     *testing.T
	f     folder
	store *sts.Store
	addr  string
}

func serveSlow(t *testing.T) slowService {
	s := slowService{t: t, f: newFolder(t)}
	s.store = sessionsOf(t, s.f.open(), newRing(t))
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", Credentials: s.store, MaxPresignExpiry: time.Hour,
		Payloads: sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer,
	})
	if err != nil {
		t.Fatal(err)
	}
	api := sigv4auth.APIGateway{Region: "us-east-1", AccountID: account, APIID: "rides", Stage: "prod"}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: s.store, Target: api.Target, ResourceAccount: sigv4auth.AccountInARN,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(auth.Require(authz.Check)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			sigv4auth.WriteAPIGatewayError(w, r, err)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})))
	t.Cleanup(server.Close)
	s.addr = server.Listener.Addr().String()
	return s
}

// begin sends a request's headers and all of its body but the last half, and returns how to send
// the rest, which returns the answer.
func (s slowService) begin(form string, c sigv4auth.Credential) (rest func() (status int, errorType string)) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://"+slowHost+slowTarget, strings.NewReader(slowData))
	r.RequestURI = slowTarget
	body := slowForms[form](s.t, r, c)
	var head bytes.Buffer
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n", r.RequestURI, r.Host, len(body))
	if err := r.Header.WriteSubset(&head, map[string]bool{"Content-Length": true}); err != nil {
		s.t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, head.String()+"\r\n"+body[:len(body)/2]); err != nil {
		s.t.Fatal(err)
	}
	return func() (int, string) {
		s.t.Helper()
		_, _ = io.WriteString(conn, body[len(body)/2:]) // the answer may be there already
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			s.t.Fatal(err)
		}
		defer answer.Body.Close()
		return answer.StatusCode, answer.Header.Get("X-Amzn-Errortype")
	}
}

// call sends a whole request.
func (s slowService) call(form string, c sigv4auth.Credential) (status int, errorType string) {
	s.t.Helper()
	return s.begin(form, c)()
}

// TestRevokedKeyOfASlowBody: threat 233. Whoever sends half a body, waits until its key is made
// inactive, and sends the rest, is refused as a new request is.
func TestRevokedKeyOfASlowBody(t *testing.T) {
	t.Parallel()
	for form := range slowForms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			s := serveSlow(t)
			ada := sigv4auth.Credential{AccessKeyID: "AKIAADA", Secret: sigv4auth.NewSecret(adaSecret)}
			if status, typ := s.call(form, ada); status != http.StatusCreated {
				t.Fatalf("before: %d %s", status, typ)
			}
			untouched, revoked := s.begin(form, ada), s.begin(form, ada)
			time.Sleep(1500 * time.Millisecond)
			if status, typ := untouched(); status != http.StatusCreated {
				t.Fatalf("a slow body of a key that is active: %d %s", status, typ)
			}
			s.f.edit("principals.json", adaSecret+`", "Status": "Active"`, adaSecret+`", "Status": "Inactive"`)
			eventually(t, "a new request is refused", func() bool { status, _ := s.call(form, ada); return status == http.StatusForbidden })
			if status, typ := revoked(); status != http.StatusForbidden || typ != "UnrecognizedClientException" {
				t.Errorf("the request under way: %d %s", status, typ)
			}
		})
	}
}

// The role Rider in start, and a role of the same ARN that may do more.
const (
	riderLine = `"AROARIDER", "Tags": {"team": "riders"}, "AttachedPolicies": ["Read"]`
	otherLine = `"AROAOTHER", "AttachedPolicies": ["All"]`
)

// TestRoleMadeAgainDuringASlowBody: threats 233 and 234. The session of a role that was removed
// does not get what a role of the same ARN, made again with another ID, may do: neither after a
// second nor at once.
func TestRoleMadeAgainDuringASlowBody(t *testing.T) {
	t.Parallel()
	for form := range slowForms {
		if strings.HasPrefix(form, "streaming") {
			continue // decided before the body
		}
		for _, wait := range []time.Duration{0, 1500 * time.Millisecond} {
			t.Run(fmt.Sprint(form, ", ", wait), func(t *testing.T) {
				t.Parallel()
				s := serveSlow(t)
				alice := issue(t, s.store, "alice")
				if status, typ := s.call(form, alice); status != http.StatusForbidden || typ != "AccessDeniedException" {
					t.Fatalf("before: %d %s", status, typ)
				}
				rest := s.begin(form, alice)
				time.Sleep(wait)
				s.f.edit("principals.json", riderLine, otherLine)
				eventually(t, "a new request is refused",
					func() bool { _, typ := s.call(form, alice); return typ == "UnrecognizedClientException" })
				if status, typ := rest(); status != http.StatusForbidden || typ != "UnrecognizedClientException" {
					t.Errorf("the request under way: %d %s", status, typ)
				}
			})
		}
	}
}

// TestRoleMadeAgainWhileStreaming: threat 233. A body in chunks of a session ends with its role.
func TestRoleMadeAgainWhileStreaming(t *testing.T) {
	t.Parallel()
	for form := range slowForms {
		if !strings.HasPrefix(form, "streaming") {
			continue
		}
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			s := serveSlow(t)
			s.f.edit("principals.json", `["Read"]`, `["All"]`)
			alice := issue(t, s.store, "alice")
			eventually(t, "the session may call", func() bool { status, _ := s.call(form, alice); return status == http.StatusCreated })
			rest := s.begin(form, alice)
			time.Sleep(1500 * time.Millisecond)
			s.f.edit("principals.json", "AROARIDER", "AROAOTHER")
			eventually(t, "a new request is refused",
				func() bool { status, _ := s.call(form, alice); return status == http.StatusForbidden })
			if status, typ := rest(); status != http.StatusForbidden || typ != "UnrecognizedClientException" {
				t.Errorf("the request under way: %d %s", status, typ)
			}
		})
	}
}
