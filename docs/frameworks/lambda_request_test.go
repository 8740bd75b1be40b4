package frameworks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"

	"github.com/wildgate/wildgate/docs/frameworks/sigv4lambda"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// TestLambdaRequest: of an event, sigv4lambda makes the request that was signed, where the adapters
// of aws-lambda-go-api-proxy do not, so that nobody takes one for the other.
func TestLambdaRequest(t *testing.T) {
	t.Parallel()
	alice := sigv4test.NewSigner("arn:aws:iam::111122223333:user/alice")
	cfg := alice.Config()
	cfg.MaxPresignExpiry = time.Hour
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rest := func(change func(*events.APIGatewayProxyRequest)) func(*http.Request, []byte) (ours, adapter *http.Request, err error) {
		return func(r *http.Request, body []byte) (ours, adapter *http.Request, err error) {
			e := eventV1(r, body).(events.APIGatewayProxyRequest)
			if change != nil {
				change(&e)
			}
			adapter, _ = (&core.RequestAccessor{}).EventToRequestWithContext(ctx, e)
			ours, err = sigv4lambda.RequestOfREST(ctx, e)
			return ours, adapter, err
		}
	}
	http2 := func(from sigv4lambda.Source) func(*http.Request, []byte) (ours, adapter *http.Request, err error) {
		return func(r *http.Request, body []byte) (ours, adapter *http.Request, err error) {
			e := eventV2(r, body)
			if from == sigv4lambda.HTTPAPI {
				e.RawPath = r.URL.Path
			}
			adapter, _ = (&core.RequestAccessorV2{}).EventToRequestWithContext(ctx, e)
			ours, err = sigv4lambda.RequestOfHTTP(ctx, from, e)
			return ours, adapter, err
		}
	}
	withoutStage := rest(func(e *events.APIGatewayProxyRequest) { e.Path = strings.TrimPrefix(e.Path, "/prod") })
	decodedStage := rest(func(e *events.APIGatewayProxyRequest) {
		e.Path, e.RequestContext.Path = strings.TrimPrefix(e.Path, "/prod"), "/prod/notes/a b"
	})
	noTrace := rest(func(e *events.APIGatewayProxyRequest) { delete(e.MultiValueHeaders, "X-Amz-Cf-Id") })
	for _, tt := range []struct {
		name, method, target string
		header               http.Header
		body                 string
		presign              time.Duration
		through              func(*http.Request, []byte) (ours, adapter *http.Request, err error)
		adapter              bool // the adapter's request verifies, too
	}{
		{"REST: a stage", "GET", "/prod/notes/seven", nil, "", 0, withoutStage, false},
		{"REST: a stage, escapes", "GET", "/prod/notes/a%20b", nil, "", 0, decodedStage, false},
		{"REST: X-Amz-Cf-Id", "GET", "/notes/seven", nil, "", 0, rest(nil), false},
		{"REST: escapes", "GET", "/notes/a%2Bb%20c+d", nil, "", 0, noTrace, true},
		{"REST: query", "GET", "/notes/x?b=2&a=2&a=1&q=a%20b%2Bc&empty=&none&%C3%BC=%26", nil, "", 0, rest(nil), false},
		{"REST: presigned", "GET", "/notes/x?a=b%2Fc", nil, "", time.Minute, rest(nil), false},
		{"REST: a binary body", "PUT", "/notes/x", nil, "\x00\xff\xfe", 0, rest(nil), false},
		{"REST: values in two lines", "GET", "/notes/x", http.Header{"X-Amz-Meta-A": {"1, 2", "3"}}, "", 0, noTrace, true},
		{"URL: plain", "GET", "/notes/seven", nil, "", 0, http2(sigv4lambda.FunctionURL), true},
		{"URL: escapes", "GET", "/notes/a%2Bb%20c+d%25", nil, "", 0, http2(sigv4lambda.FunctionURL), true},
		{"URL: query", "GET", "/notes/x?b=2&a=2&a=1&q=a%20b&empty=&none", nil, "", 0, http2(sigv4lambda.FunctionURL), true},
		{"URL: presigned", "GET", "/notes/x?a=b%2Fc", nil, "", time.Minute, http2(sigv4lambda.FunctionURL), true},
		{"URL: commas", "GET", "/notes/x", http.Header{"Accept": {"text/html, */*"}}, "", 0, http2(sigv4lambda.FunctionURL), false},
		{"URL: a date", "GET", "/notes/x", http.Header{"X-Amz-Meta-When": {"Fri, 02 Jan 2026"}}, "", 0, http2(sigv4lambda.FunctionURL), false},
		{"URL: cookies", "GET", "/notes/x", http.Header{"Cookie": {"a=1; b=2"}}, "", 0, http2(sigv4lambda.FunctionURL), false},
		{"URL: a binary body", "PUT", "/notes/x", nil, "\x00\xff\xfe", 0, http2(sigv4lambda.FunctionURL), true},
		{"URL: a body of text", "PUT", "/notes/x", nil, "text", 0, http2(sigv4lambda.FunctionURL), true},
		{"HTTP: escapes", "GET", "/notes/a%2Bb%40c", nil, "", 0, http2(sigv4lambda.HTTPAPI), false},
		{"HTTP: a per cent sign", "GET", "/notes/50%25", nil, "", 0, http2(sigv4lambda.HTTPAPI), false},
	} {
		r := httptest.NewRequest(tt.method, tt.target, strings.NewReader(tt.body))
		if tt.body == "" {
			r.Body = http.NoBody
		}
		maps.Copy(r.Header, tt.header)
		signer := alice
		signer.Presign = tt.presign
		signer.Sign(r)
		ours, adapter, err := tt.through(r, []byte(tt.body))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if _, err := auth.Verify(ours); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if body, err := io.ReadAll(ours.Body); err != nil || !bytes.Equal(body, []byte(tt.body)) || ours.URL.Path != r.URL.Path {
			t.Errorf("%s: %q, %q, %v", tt.name, ours.URL.Path, body, err)
		}
		if addr, ok := sigv4auth.PeerIP(ours); !ok || addr.String() != "192.0.2.1" || ours.TLS == nil {
			t.Errorf("%s: from %v (%v), TLS %v", tt.name, addr, ok, ours.TLS)
		}
		verified := false
		if adapter != nil {
			_, err = auth.Verify(adapter)
			verified = err == nil
			if _, ok := sigv4auth.PeerIP(adapter); ok || adapter.TLS != nil {
				t.Errorf("%s: the adapter tells where the request came from", tt.name)
			}
		}
		if verified != tt.adapter {
			t.Errorf("%s: by the adapter: %v, %v", tt.name, verified, err)
		}
	}
}

// TestLambdaHandler: what is no event, and what no path can be, reaches no handler.
func TestLambdaHandler(t *testing.T) {
	t.Parallel()
	ran := 0
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ })
	for _, tt := range []struct {
		from   sigv4lambda.Source
		event  string
		status int // 0: an error
	}{
		{sigv4lambda.RESTAPI, `[]`, 0},
		{sigv4lambda.FunctionURL, `[]`, 0},
		{sigv4lambda.RESTAPI, `{"path":"/%zz","httpMethod":"GET"}`, 400},
		{sigv4lambda.FunctionURL, `{"rawPath":"/%zz"}`, 400},
		{sigv4lambda.FunctionURL, `{"rawPath":"/","body":"?","isBase64Encoded":true}`, 400},
		{sigv4lambda.FunctionURL, `{}`, 400},
		{sigv4lambda.HTTPAPI, `{"rawPath":"/%zz"}`, 200}, // a decoded path
	} {
		answer, err := sigv4lambda.Handler(tt.from, next)(t.Context(), json.RawMessage(tt.event))
		status := 0
		if text, failed := json.Marshal(answer); failed == nil && err == nil {
			var a struct{ StatusCode int }
			_ = json.Unmarshal(text, &a) // it is what was written
			status = a.StatusCode
		}
		if status != tt.status || ran != map[bool]int{true: 1}[tt.status == 200] {
			t.Errorf("%s: %d, %v, ran %d", tt.event, status, err, ran)
		}
	}
	panics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "half"); panic("no") })
	if answer, err := sigv4lambda.Handler(sigv4lambda.HTTPAPI, panics)(t.Context(), json.RawMessage(`{"rawPath":"/"}`)); err != nil ||
		answer.(events.APIGatewayV2HTTPResponse).StatusCode != 500 {
		t.Errorf("%v, %v", answer, err)
	}
}
