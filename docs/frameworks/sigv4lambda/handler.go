// Package sigv4lambda runs an http.Handler with sigv4auth in AWS Lambda, behind a REST API or an
// HTTP API of Amazon API Gateway, or a function URL. It makes of an event the request that was
// signed. The adapters of aws-lambda-go-api-proxy do not, in these points, each of which breaks
// signatures or policies:
//
//   - REST APIs take the stage out of the path, and it was signed.
//   - HTTP APIs decode the path: what was /a%20b arrives as "/a b". See [HTTPAPI].
//   - The values of headers are cut at commas, those of Cookie are put into a line each.
//   - The client's address is without a port, which is none to net/http, and r.TLS is nil:
//     aws:SourceIp and aws:SecureTransport would be wrong.
//   - In front of a REST API CloudFront adds X-Amz-Cf-Id, which nobody has signed.
//
// A REST API needs the binary media type */*: it makes text of every other body.
package sigv4lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
)

// Source is where events come from.
type Source int

const (
	// FunctionURL is a function URL with the authorization type NONE. The path arrives as it was
	// sent.
	FunctionURL Source = iota
	// RESTAPI is a REST API with a proxy integration. The path arrives as it was sent.
	RESTAPI
	// HTTPAPI is an HTTP API with the payload format 2.0. The path arrives decoded, and is taken to
	// have been escaped as AWS's SDKs do: all but letters, digits, '-', '_', '.', '~' and the
	// slashes. A request whose path was escaped in another way is refused, and so is one with an
	// escaped slash.
	HTTPAPI
)

// Handler returns what lambda.Start is given for an http.Handler. A panic of next is a 500, as
// net/http's server would survive it: Lambda would end the process otherwise.
func Handler(from Source, next http.Handler) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		if from == RESTAPI {
			var e events.APIGatewayProxyRequest
			if err := json.Unmarshal(event, &e); err != nil {
				return nil, fmt.Errorf("sigv4lambda: not an event of a REST API: %w", err)
			}
			w := core.NewProxyResponseWriter()
			if r, err := RequestOfREST(ctx, e); err != nil {
				http.Error(w, "Bad Request", http.StatusBadRequest)
			} else {
				serve(w, r, next)
			}
			return w.GetProxyResponse()
		}
		var e events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(event, &e); err != nil {
			return nil, fmt.Errorf("sigv4lambda: not an event with the payload format 2.0: %w", err)
		}
		w := core.NewProxyResponseWriterV2()
		if r, err := RequestOfHTTP(ctx, from, e); err != nil {
			http.Error(w, "Bad Request", http.StatusBadRequest)
		} else {
			serve(w, r, next)
		}
		return w.GetProxyResponse()
	}
}

func serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	answered := &status{ResponseWriter: w}
	defer func() {
		if v := recover(); v != nil {
			log.Printf("sigv4lambda: the handler panicked: %T", v)
			answered.code = 0
			answered.WriteHeader(http.StatusInternalServerError)
		}
		if answered.code == 0 {
			answered.WriteHeader(http.StatusOK) // as net/http does for a handler that writes nothing
		}
	}()
	next.ServeHTTP(answered, r)
}

// status knows whether there is an answer.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.WriteHeader(http.StatusOK)
	}
	return s.ResponseWriter.Write(b)
}
