package sigv4lambda

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// RequestOfREST returns the request that a REST API has made e of.
func RequestOfREST(ctx context.Context, e events.APIGatewayProxyRequest) (*http.Request, error) {
	var query strings.Builder
	// The parameters arrive decoded, and their order does not count for a signature.
	for _, name := range slices.Sorted(maps.Keys(e.MultiValueQueryStringParameters)) {
		for _, value := range e.MultiValueQueryStringParameters[name] {
			if query.Len() > 0 {
				query.WriteByte('&')
			}
			query.WriteString(escaped(name) + "=" + escaped(value))
		}
	}
	header := http.Header{}
	for name, values := range e.MultiValueHeaders {
		for _, v := range values {
			header.Add(name, v)
		}
	}
	return request(ctx, parts{
		method: e.HTTPMethod, path: withStage(e.Path, e.RequestContext.Path), query: query.String(), host: e.RequestContext.DomainName,
		client: e.RequestContext.Identity.SourceIP, header: header, body: e.Body, base64: e.IsBase64Encoded,
	})
}

// withStage returns the path with what was in front of it on the wire: the stage, or the base path
// of a domain name of one's own. full has it, and may be decoded.
func withStage(path, full string) string {
	if strings.HasSuffix(full, path) {
		return full
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		if before, ok := strings.CutSuffix(full, decoded); ok {
			return before + path
		}
	}
	return path
}

// RequestOfHTTP returns the request that an HTTP API or a function URL has made e of.
func RequestOfHTTP(ctx context.Context, from Source, e events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	path := e.RawPath
	if from == HTTPAPI {
		segments := strings.Split(path, "/")
		for i, s := range segments {
			segments[i] = escaped(s)
		}
		path = strings.Join(segments, "/")
	}
	header := http.Header{}
	for name, value := range e.Headers { // those of one name are joined with commas, as they are signed
		header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return request(ctx, parts{
		method: e.RequestContext.HTTP.Method, path: path, query: e.RawQueryString, host: e.RequestContext.DomainName,
		client: e.RequestContext.HTTP.SourceIP, header: header, body: e.Body, base64: e.IsBase64Encoded,
	})
}

// escaped escapes all but what RFC 3986 calls unreserved.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// parts are what events have of a request.
type parts struct {
	method, path, query, host, client string
	header                            http.Header
	body                              string
	base64                            bool
}

// request puts a request together as net/http's server would have it.
func request(ctx context.Context, p parts) (*http.Request, error) {
	body := []byte(p.body)
	if p.base64 {
		var err error
		if body, err = base64.StdEncoding.DecodeString(p.body); err != nil {
			return nil, fmt.Errorf("sigv4lambda: the body of the event: %w", err)
		}
	}
	target := p.path
	if p.query != "" {
		target += "?" + p.query
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, fmt.Errorf("sigv4lambda: the path of the event: %w", err)
	}
	host := p.header.Get("Host") // what was signed; the gateway has routed by it
	if host == "" {
		host = p.host
	}
	p.header.Del("Host")
	p.header.Del("X-Amz-Cf-Id") // CloudFront's
	if len(body) > 0 {
		p.header.Set("Content-Length", strconv.Itoa(len(body))) // REST APIs keep it back, and clients sign it
	}
	r := &http.Request{
		Method: p.method, URL: u, RequestURI: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: p.header, Host: host,
		RemoteAddr: net.JoinHostPort(p.client, "0"), // Lambda does not tell the port
		TLS:        &tls.ConnectionState{HandshakeComplete: true},
		Body:       http.NoBody, ContentLength: int64(len(body)),
	}
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r.WithContext(ctx), nil
}
