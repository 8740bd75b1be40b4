package frameworks_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
)

func TestLambdaFunctionURL(t *testing.T) { onLambda(t, "", encodedV2, nil) }

func TestLambdaREST(t *testing.T) { onLambda(t, "REST", eventV1, nil) }

func TestLambdaHTTP(t *testing.T) {
	c := onLambda(t, "HTTP", func(r *http.Request, body []byte) any {
		e := eventV2(r, body)
		e.RawPath = r.URL.Path // decoded
		return e
	}, map[string]string{
		"escapes":         "the path arrives decoded: only one spelling of it can be verified",
		"paths at random": "as with escapes",
	})
	// That one spelling is the one of AWS's SDKs.
	for segment, id := range map[string]string{
		"a%20b": "a b", "%C3%BC": "ü", "a%2Bb": "a+b", "50%25": "50%", "a%2520b": "a%20b", "%2A": "*",
	} {
		a := c(t, conformance.Call{Operation: conformance.Read, Segment: segment})
		if a.Status != http.StatusOK || a.Body != fmt.Sprintf("note %q", id) {
			t.Errorf("%s: %v", segment, a)
		}
	}
	for _, segment := range []string{"a+b", "bob-1%2Fx", "%2e%2e", "bob-1%2f%2e%2e%2fseven"} {
		if a := c(t, conformance.Call{Operation: conformance.Read, Segment: segment}); !a.Refused() {
			t.Errorf("%s: %v", segment, a)
		}
	}
}

// onLambda holds the set against the program behind a gateway that makes events, and returns what
// calls it as Alice.
func onLambda(
	t *testing.T, source string, event func(*http.Request, []byte) any, lacks map[string]string,
) func(*testing.T, conformance.Call) conformance.Answer {
	t.Helper()
	g := &gateway{event: event, events: make(chan *invocation)}
	var running *conformance.Program
	through := func(t *testing.T, p *conformance.Program, c conformance.Call) conformance.Answer {
		q := *p
		running, q.Address = p, g.Address
		return conformance.HTTP(t, &q, c)
	}
	conformance.Run(t, "lambda", conformance.Shape{
		Do: through, Lacks: lacks,
		Environment: func(t *testing.T, _ *conformance.Program) []string {
			done, stop := context.WithCancel(context.Background())
			g.done = done // before there is a server that reads it
			server, runtime := httptest.NewServer(g), httptest.NewServer(http.HandlerFunc(g.runtime))
			t.Cleanup(func() { stop(); runtime.CloseClientConnections(); runtime.Close(); server.Close() })
			g.Address = server.Listener.Addr().String()
			return []string{"NOTES_SOURCE=" + source, "AWS_LAMBDA_RUNTIME_API=" + runtime.Listener.Addr().String()}
		},
		Ready: func(context.Context, *conformance.Program) bool { return g.asked.Load() },
	})
	return func(t *testing.T, c conformance.Call) conformance.Answer {
		t.Helper()
		c.As = running.Alice
		return through(t, running, c)
	}
}

// gateway makes events of requests, and is the runtime API of which the function gets them: "Lambda
// runtime API", AWS Lambda Developer Guide.
type gateway struct {
	Address string
	event   func(r *http.Request, body []byte) any
	events  chan *invocation
	asked   atomic.Bool // the function has asked for an event
	done    context.Context

	pending sync.Map // of *invocation, by ID
	last    atomic.Int64
}

type invocation struct {
	id     string
	event  []byte
	answer chan []byte
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	text, err := json.Marshal(g.event(r, body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	i := &invocation{fmt.Sprint(g.last.Add(1)), text, make(chan []byte, 1)}
	g.pending.Store(i.id, i)
	select {
	case g.events <- i:
	case <-r.Context().Done():
		return
	}
	select {
	case answer := <-i.answer:
		var a struct {
			StatusCode        int
			Headers           map[string]string
			MultiValueHeaders http.Header
			Body              string
			IsBase64Encoded   bool
		}
		if err := json.Unmarshal(answer, &a); err != nil || a.StatusCode == 0 {
			w.WriteHeader(http.StatusBadGateway) // as API Gateway answers where a function has failed
			return
		}
		maps.Copy(w.Header(), a.MultiValueHeaders)
		for name, value := range a.Headers {
			w.Header().Set(name, value)
		}
		out := []byte(a.Body)
		if a.IsBase64Encoded {
			out, _ = base64.StdEncoding.DecodeString(a.Body)
		}
		w.WriteHeader(a.StatusCode)
		_, _ = w.Write(out)
	case <-r.Context().Done():
	}
}

func (g *gateway) runtime(w http.ResponseWriter, r *http.Request) {
	const prefix = "/2018-06-01/runtime/invocation/"
	switch rest, ok := strings.CutPrefix(r.URL.Path, prefix); {
	case !ok:
		http.NotFound(w, r)
	case rest == "next":
		g.asked.Store(true)
		select {
		case i := <-g.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", i.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = w.Write(i.event)
		case <-r.Context().Done():
		case <-g.done.Done():
		}
	default:
		id, what, _ := strings.Cut(rest, "/")
		answer, err := io.ReadAll(r.Body)
		if i, ok := g.pending.LoadAndDelete(id); ok && err == nil {
			if what != "response" {
				answer = nil
			}
			i.(*invocation).answer <- answer
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

// added are headers that AWS adds to those of the client.
func added(r *http.Request) http.Header {
	h := r.Header.Clone()
	h.Set("Host", r.Host)
	h.Set("X-Amzn-Trace-Id", "Root=1-5e1b4151-5ac6c58f5b0f4b1f2f5a1f9d")
	h.Set("X-Forwarded-For", "127.0.0.1")
	h.Set("X-Forwarded-Port", "443")
	h.Set("X-Forwarded-Proto", "https")
	return h
}

// eventV1 is an event of a REST API with a stage that is not in the path, as behind a domain name
// of one's own: "Input format of a Lambda function for proxy integration", API Gateway Developer
// Guide. With the binary media type */*, every body is in base64.
func eventV1(r *http.Request, body []byte) any {
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	h := added(r)
	h.Set("X-Amz-Cf-Id", "a3b1y9QkLYmwfC6T")
	h.Set("Via", "1.1 a.cloudfront.net (CloudFront)")
	h.Del("Content-Length")
	e := events.APIGatewayProxyRequest{
		Resource: "/{proxy+}", Path: r.URL.EscapedPath(), HTTPMethod: r.Method, MultiValueHeaders: h, Headers: map[string]string{},
		QueryStringParameters: map[string]string{}, MultiValueQueryStringParameters: r.URL.Query(),
		RequestContext: events.APIGatewayProxyRequestContext{
			Stage: "prod", DomainName: r.Host, Path: r.URL.EscapedPath(), HTTPMethod: r.Method, Protocol: "HTTP/1.1",
			Identity: events.APIGatewayRequestIdentity{SourceIP: client},
		},
		Body: base64.StdEncoding.EncodeToString(body), IsBase64Encoded: len(body) > 0,
	}
	for name, values := range h {
		e.Headers[name] = values[len(values)-1]
	}
	return e
}

// eventV2 is an event with the payload format 2.0, with the path as it was sent: "Create AWS Lambda
// proxy integrations for HTTP APIs", API Gateway Developer Guide. A body that is no text is in
// base64.
func eventV2(r *http.Request, body []byte) events.APIGatewayV2HTTPRequest {
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery, Headers: map[string]string{},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			Stage: "$default", DomainName: r.Host,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: "HTTP/1.1", SourceIP: client,
			},
		},
		Body: string(body),
	}
	if !utf8.Valid(body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	for name, values := range added(r) {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if len(body) > 0 {
		e.Headers["content-length"] = fmt.Sprint(len(body))
	}
	return e
}

func encodedV2(r *http.Request, body []byte) any { return eventV2(r, body) }
