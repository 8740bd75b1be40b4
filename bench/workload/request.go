// Package workload makes what is measured: signed requests as a server gets them, their tampered
// forms, and policies in the languages of the engines. Nothing here is signed by the code that is
// measured: AWS's own signers do it.
package workload

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/aws-http-auth/credentials"
)

const (
	// Region is the region of every credential scope.
	Region = "us-east-1"
	// Host is what every request is signed for.
	Host = "api.example.com"

	rideBody = `{"PickupLocation":{"Latitude":47.6174755835663,"Longitude":-122.28837066650185}}`

	// tokenBytes is the length of the session tokens that AWS issues.
	tokenBytes = 668
)

// Now is the instant at which every request is signed and verified.
var Now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// MaxBody is how many bytes of a body are accepted.
const MaxBody = 16 << 20

// Key is what a caller signs with.
type Key struct {
	ID, Secret, Token string
	Expires           time.Time // zero: never
}

// Expired reports whether the key is one of a session that is over.
func (k Key) Expired() bool { return !k.Expires.IsZero() && !Now.Before(k.Expires) }

// AWS returns the key in the form that the signers of aws-sdk-go-v2 take.
func (k Key) AWS() aws.Credentials {
	return aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token}
}

// Smithy returns the key in the form that the signers of smithy-go's aws-http-auth take.
func (k Key) Smithy() credentials.Credentials {
	return credentials.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token}
}

// TheKey is the one that signs where a case is not about keys.
var TheKey = Key{ID: "ASIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Token: token(tokenBytes)}

func token(n int) string { return strings.Repeat("IQoJb3JpZ2luX2VjE", n/17+1)[:n] }

// Request is a signed request as a server gets it. It can be verified again and again, by one
// goroutine at a time.
type Request struct {
	r    *http.Request
	body []byte
	data int64 // bytes of the body once it is decoded
	lost int64 // bytes that are announced and do not arrive
	read rewindable
}

// rewindable has nothing but what the body of a connection has.
type rewindable struct{ text bytes.Reader }

func (b *rewindable) Read(p []byte) (int, error) { return b.text.Read(p) }
func (*rewindable) Close() error                 { return nil }

// Again returns the request as it arrives: always the same one, its body at its beginning.
func (q *Request) Again() *http.Request {
	q.r.ContentLength = int64(len(q.body)) + q.lost
	if q.r.Body = http.NoBody; len(q.body) > 0 {
		q.read.text.Reset(q.body)
		q.r.Body = &q.read
	}
	return q.r
}

// Data returns how many bytes a handler reads.
func (q *Request) Data() int64 { return q.data }

// plan says how a request is made.
type plan struct {
	method, target string
	host           string // "": [Host]
	header         http.Header
	body           []byte
	payload        string // what is signed for the body; "": its digest
	key            Key
	at             time.Time
	presigned      bool
}

// arrive returns the request that a server gets for what a client signed.
func arrive(out *http.Request, body []byte) *Request {
	r := httptest.NewRequest(out.Method, out.URL.RequestURI(), nil)
	r.Host, r.Header = out.Host, out.Header.Clone()
	r.Header.Del("Host")
	q := &Request{r: r}
	q.carry(body)
	return q
}

// carry gives the request its body, as it goes over the wire.
func (q *Request) carry(body []byte) {
	q.body, q.data = body, int64(len(body))
	if len(body) > 0 {
		q.r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
}

// unsigned makes the request that a client signs.
func (p plan) unsigned() (*http.Request, error) {
	var body io.Reader // a nil interface where there is none: NewRequest takes a nil pointer for a body
	if len(p.body) > 0 {
		body = bytes.NewReader(p.body)
	}
	out, err := http.NewRequestWithContext(context.Background(), p.method, "http://"+cmp.Or(p.host, Host)+p.target, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(out.Header, p.header)
	return out, nil
}

// signed makes and signs a request for service.
func (p plan) signed(service string) (*Request, error) {
	out, err := p.unsigned()
	if err != nil {
		return nil, err
	}
	payload := p.payload
	if payload == "" {
		sum := sha256.Sum256(p.body)
		payload = hex.EncodeToString(sum[:])
	}
	s := signer.NewSigner(func(o *signer.SignerOptions) { o.DisableURIPathEscaping = service == "s3" })
	if p.presigned {
		if service == "s3" { // "Authenticating Requests: Using Query Parameters", S3 API Reference
			payload = "UNSIGNED-PAYLOAD"
		}
		uri, _, err := s.PresignHTTP(context.Background(), p.key.AWS(), out, payload, service, Region, p.at)
		if err != nil {
			return nil, err
		}
		r := httptest.NewRequest(p.method, strings.TrimPrefix(uri, "http://"+Host), nil)
		r.Host = Host
		return &Request{r: r}, nil
	}
	if len(p.body) > 0 || p.payload != "" || service == "s3" {
		out.Header.Set("X-Amz-Content-Sha256", payload)
	}
	if err := s.SignHTTP(context.Background(), p.key.AWS(), out, payload, service, Region, p.at); err != nil {
		return nil, err
	}
	return arrive(out, p.body), nil
}

// post is the reference request: a POST with its body's digest and a session token.
func post() plan {
	return plan{
		method: http.MethodPost, target: "/prod/ride", header: http.Header{
			"Content-Type": {"application/json"},
		}, body: []byte(rideBody), key: TheKey, at: Now,
	}
}

// get is the same without a body.
func get() plan { return plan{method: http.MethodGet, target: "/prod/rides", key: TheKey, at: Now} }

// presigned is a GET whose URL is signed for an hour.
func presigned() plan {
	p := get()
	p.presigned, p.target = true, p.target+"?X-Amz-Expires=3600"
	return p
}

func withToken(p plan, n int) plan {
	p.key.Token = token(n)
	return p
}

func withHeaders(p plan, n int) plan {
	p.header = p.header.Clone()
	for i := range n {
		p.header.Set(fmt.Sprintf("X-Amz-Meta-Header-%02d", i), fmt.Sprintf("value of the header number %d", i))
	}
	return p
}

func withQuery(p plan, n int) plan {
	pairs := make([]string, n)
	for i := range pairs {
		pairs[i] = fmt.Sprintf("parameter%02d=value%%20of%%20number%%20%d", (i*37)%n, i) // in no order
	}
	p.target += "?" + strings.Join(pairs, "&")
	return p
}

func withBody(p plan, n int) plan {
	p.body = filled(n)
	return p
}

// filled returns n bytes that are not all the same.
func filled(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * i >> 8)
	}
	return b
}
