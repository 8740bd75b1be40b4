package sigv4grpc

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Tap is for grpc.InTapHandle, where gRPC has a transport of its own and no http.Handler can go in
// front. It makes the request anew of a call's headers and puts it through the middleware protect,
// for instance Authenticator.Require(check), before gRPC reads a message, and for methods that do
// not exist, too. The Authenticator's Config MUST have what [Only] sets. Methods in open are not
// looked at.
//
// gRPC calls it while it reads from the connection: the stores MUST answer from memory, as
// filestore's do. It sees no message, so that the bodies of such calls are never covered by their
// signature: use TLS.
func Tap(protect func(http.Handler) http.Handler, open map[string]bool) tap.ServerInHandle {
	return func(ctx context.Context, call *tap.Info) (context.Context, error) {
		if open[call.FullMethodName] {
			return ctx, nil
		}
		r, err := rebuilt(ctx, call)
		if err != nil {
			return nil, err
		}
		var admitted context.Context
		answer := &answer{header: http.Header{}}
		protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			admitted = withRequest(r.Context(), r)
		})).ServeHTTP(answer, r)
		if admitted == nil {
			return nil, answer.err()
		}
		return admitted, nil
	}
}

// Only changes cfg so that it accepts what a Tap can verify, and nothing else: calls whose messages
// the signature does not cover. A digest of messages that the Tap does not see is refused, and not
// taken for that of no message.
func Only(cfg sigv4auth.Config) sigv4auth.Config {
	cfg.Payloads = sigv4auth.InsecureUnsigned
	cfg.Streams = func(*http.Request) bool { return true }
	cfg.Denied = sigv4auth.WriteRPCError
	return cfg
}

// rebuilt returns the request as net/http would have it. gRPC keeps back headers of its own, such
// as grpc-timeout, which no client signs.
func rebuilt(ctx context.Context, call *tap.Info) (*http.Request, error) {
	r := &http.Request{
		Method: http.MethodPost, RequestURI: call.FullMethodName, Proto: "HTTP/2.0", ProtoMajor: 2,
		// gRPC matches the path as it stands on the wire, so that is what a Check has to see.
		URL:    &url.URL{Path: call.FullMethodName},
		Header: http.Header{}, Body: unseen{}, ContentLength: -1,
	}
	for name, values := range call.Header {
		switch {
		case name == ":authority":
			if len(values) != 1 {
				return nil, status.Error(codes.InvalidArgument, "the call has not one authority")
			}
			r.Host = values[0]
		case strings.HasPrefix(name, ":"):
		case strings.HasSuffix(name, "-bin"):
			for _, v := range values { // gRPC has decoded it
				r.Header.Add(name, base64.RawStdEncoding.EncodeToString([]byte(v)))
			}
		default:
			for _, v := range values {
				r.Header.Add(name, v)
			}
		}
	}
	if p, ok := peer.FromContext(ctx); ok {
		r.RemoteAddr = p.Addr.String()
		if secure, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			r.TLS = &secure.State
		}
	}
	return r.WithContext(ctx), nil
}

// unseen is the body of a call, of which a Tap sees nothing.
type unseen struct{}

func (unseen) Read([]byte) (int, error) {
	return 0, errors.New("sigv4grpc: the messages of the call cannot be seen")
}

func (unseen) Close() error { return nil }

// answer takes what sigv4auth.WriteRPCError writes.
type answer struct{ header http.Header }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) Write(b []byte) (int, error) { return len(b), nil }

func (a *answer) WriteHeader(int) {}

// err is what the answer says. It is never nil.
func (a *answer) err() error {
	code, err := strconv.ParseUint(a.header.Get("Grpc-Status"), 10, 32)
	if err != nil || code == 0 {
		return status.Error(codes.Internal, "the refusal is not one of gRPC: Config.Denied must be sigv4auth.WriteRPCError")
	}
	message, err := url.PathUnescape(a.header.Get("Grpc-Message"))
	if err != nil {
		message = a.header.Get("Grpc-Message")
	}
	return status.Error(codes.Code(code), message)
}
