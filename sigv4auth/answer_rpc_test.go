package sigv4auth_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRPCAnswers: a refusal is written in the protocol of whoever asks, and in the ordinary form to
// everybody else.
func TestRPCAnswers(t *testing.T) {
	t.Parallel()
	const message = `100% "no" & <ü>`
	connectHeader := http.Header{"Connect-Protocol-Version": {"1"}}
	const (
		grpc     = "grpc"
		unary    = "unary"
		stream   = "stream"
		ordinary = "ordinary"
	)
	for _, tt := range []struct {
		name, method, target, contentType string
		header                            http.Header
		want, answered                    string // answered is the Content-Type of the answer
	}{
		{"gRPC", "POST", "/s/M", "application/grpc", nil, grpc, "application/grpc"},
		{"gRPC, a codec", "POST", "/s/M", "application/grpc+proto", nil, grpc, "application/grpc+proto"},
		{"gRPC, in capitals, a parameter", "POST", "/s/M", "Application/GRPC+json ; a=b", nil, grpc, "application/grpc+json"},
		{"gRPC-Web", "POST", "/s/M", "application/grpc-web", nil, grpc, "application/grpc-web"},
		{"gRPC-Web, a codec", "POST", "/s/M", "application/grpc-web+proto", nil, grpc, "application/grpc-web+proto"},
		{"gRPC-Web, text", "POST", "/s/M", "application/grpc-web-text+proto", nil, grpc, "application/grpc-web-text+proto"},
		{"Connect, a stream", "POST", "/s/M", "application/connect+json", nil, stream, "application/connect+json"},
		{"Connect, unary", "POST", "/s/M", "application/json", connectHeader, unary, "application/json"},
		{"Connect, unary, proto", "POST", "/s/M", "application/proto", nil, unary, "application/json"},
		{"Connect, GET", "GET", "/s/M?connect=v1&message=", "", nil, unary, "application/json"},
		{"JSON", "POST", "/s/M", "application/json", nil, ordinary, "application/json"},
		{"GET", "GET", "/s/M?connected=v1", "", nil, ordinary, "application/json"},
		{"GET of gRPC's type", "GET", "/s/M", "application/grpc", nil, ordinary, "application/json"},
		{"PUT of gRPC's type", "PUT", "/s/M", "application/grpc", connectHeader, ordinary, "application/json"},
		{"a longer name", "POST", "/s/M", "application/grpcs", nil, ordinary, "application/json"},
		{"a codec that is no name", "POST", "/s/M", "application/grpc+a:b", nil, ordinary, "application/json"},
		{"no codec", "POST", "/s/M", "application/grpc+", nil, ordinary, "application/json"},
		{"no codec of Connect", "POST", "/s/M", "application/connect", nil, ordinary, "application/json"},
		{"a codec that is no name", "POST", "/s/M", `application/grpc+"><b`, nil, ordinary, "application/json"},
		{"a codec that is long", "POST", "/s/M", "application/grpc+" + strings.Repeat("a", 33), nil, ordinary, "application/json"},
	} {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		maps.Copy(r.Header, tt.header)
		r.Header.Set("Content-Type", tt.contentType)
		w := httptest.NewRecorder()
		sigv4auth.WriteRPCError(w, r, &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: message})
		status, code, text := 200, "", ""
		switch tt.want {
		case grpc:
			code, text = w.Header().Get("Grpc-Status"), w.Header().Get("Grpc-Message")
			if text != `100%25 "no" & <%C3%BC>` || w.Body.Len() > 0 {
				t.Errorf("%s: %q, and a body %q", tt.name, text, w.Body)
			}
			if back, err := url.PathUnescape(text); err == nil {
				text = back
			}
			if code == "7" {
				code = "permission_denied"
			}
		case unary:
			status = 403
			code, text = readConnectError(t, w.Body.Bytes())
		case stream:
			body := w.Body.Bytes()
			if len(body) < 5 || body[0] != 2 || int(binary.BigEndian.Uint32(body[1:])) != len(body)-5 {
				t.Errorf("%s: not one end of a stream: %q", tt.name, body)
				continue
			}
			var end struct{ Error json.RawMessage }
			if err := json.Unmarshal(body[5:], &end); err != nil {
				t.Errorf("%s: %v: %q", tt.name, err, body)
			}
			code, text = readConnectError(t, end.Error)
		default:
			status, code, text = 403, "permission_denied", message
			if w.Header().Get("Grpc-Status") != "" || !strings.Contains(w.Body.String(), `"Message":`) {
				t.Errorf("%s: %v %s", tt.name, w.Header(), w.Body)
			}
		}
		if w.Code != status || code != "permission_denied" || text != message || w.Header().Get("Content-Type") != tt.answered ||
			w.Header().Get("X-Amzn-Errortype") != "AccessDeniedException" || w.Header().Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: %d %q %q %v", tt.name, w.Code, code, text, w.Header())
		}
	}
}

func readConnectError(t *testing.T, text []byte) (code, message string) {
	t.Helper()
	var e struct{ Code, Message string }
	if err := json.Unmarshal(text, &e); err != nil {
		t.Errorf("%v: %q", err, text)
	}
	return e.Code, e.Message
}

// TestRPCCodes: who is not known is Unauthenticated, who may not PermissionDenied, and what the
// server could not decide Unavailable, with a time to come again (threat 228).
func TestRPCCodes(t *testing.T) {
	t.Parallel()
	type code struct {
		grpc    uint32
		digits  string
		connect string
		status  int
	}
	invalid := code{3, "3", "invalid_argument", 400}
	denied := code{7, "7", "permission_denied", 403}
	tooLarge := code{8, "8", "resource_exhausted", 429}
	internal := code{13, "13", "internal", 500}
	unavailable := code{14, "14", "unavailable", 503}
	unknown := code{16, "16", "unauthenticated", 401}
	for reason, want := range map[sigv4auth.Reason]code{
		sigv4auth.ErrMissingAuthenticationToken: unknown,
		sigv4auth.ErrIncompleteSignature:        unknown,
		sigv4auth.ErrMalformedRequest:           invalid,
		sigv4auth.ErrHeaderNotSigned:            unknown,
		sigv4auth.ErrHostNotAllowed:             unknown,
		sigv4auth.ErrRequestExpired:             unknown,
		sigv4auth.ErrRequestNotYetCurrent:       unknown,
		sigv4auth.ErrInvalidScope:               unknown,
		sigv4auth.ErrNotEnabled:                 unknown,
		sigv4auth.ErrUnrecognizedClient:         unknown,
		sigv4auth.ErrExpiredToken:               unknown,
		sigv4auth.ErrSignatureMismatch:          unknown,
		sigv4auth.ErrPayloadMismatch:            unknown,
		sigv4auth.ErrChecksumMismatch:           invalid,
		sigv4auth.ErrIncompleteBody:             invalid,
		sigv4auth.ErrRequestTooLarge:            tooLarge,
		sigv4auth.ErrAccessDenied:               denied,
		sigv4auth.ErrServiceUnavailable:         unavailable,
		sigv4auth.ErrRevisionGone:               unavailable,
		sigv4auth.ErrInternalFailure:            internal,
		"":                                      internal,
	} {
		r := httptest.NewRequest("POST", "/s/M", nil)
		r.Header.Set("Content-Type", "application/grpc")
		w := httptest.NewRecorder()
		sigv4auth.WriteRPCError(w, r, &sigv4auth.Error{Reason: reason})
		got := code{(&sigv4auth.Error{Reason: reason}).GRPCCode(), w.Header().Get("Grpc-Status"), "", 0}
		pushback := w.Header().Get("Grpc-Retry-Pushback-Ms")

		r.Header.Set("Content-Type", "application/proto")
		w = httptest.NewRecorder()
		sigv4auth.WriteRPCError(w, r, &sigv4auth.Error{Reason: reason})
		got.connect, _ = readConnectError(t, w.Body.Bytes())
		got.status = w.Code
		if got != want {
			t.Errorf("%s: %+v, want %+v", reason, got, want)
		}
		if (pushback == "1000") != (want == unavailable) || (w.Header().Get("Retry-After") == "1") != (want == unavailable) {
			t.Errorf("%s: pushback %q, %v", reason, pushback, w.Header())
		}
		if (w.Header().Get("Www-Authenticate") != "") != (want == unknown) {
			t.Errorf("%s: %v", reason, w.Header())
		}
	}
}

// TestRPCMessageIsBounded: a path that is quoted does not make the headers of an answer longer than
// clients read.
func TestRPCMessageIsBounded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("a", 8000), strings.Repeat("ü", 4000), "a" + strings.Repeat("%", 8000)} {
		r := httptest.NewRequest("POST", "/s/M", nil)
		r.Header.Set("Content-Type", "application/grpc")
		w := httptest.NewRecorder()
		sigv4auth.WriteRPCError(w, r, &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: text})
		got := w.Header().Get("Grpc-Message")
		back, err := url.PathUnescape(got)
		if err != nil || !strings.HasPrefix(text, back) || len(got) > 2<<10 || len(got) < 2<<10-6 {
			t.Errorf("%d bytes, %v: %q", len(got), err, got)
		}
	}
}

// TestRPCRefusedAtOnce: over HTTP/2, a call whose body has no end is answered at once where the
// signature alone decides, and the answer is the headers of one frame, with the end of the stream
// (threat 221).
func TestRPCRefusedAtOnce(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Now, c.Denied = time.Now, sigv4auth.WriteRPCError })
	var handler spy
	server := httptest.NewUnstartedServer(a.Handler(&handler))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	body, write := io.Pipe()
	defer write.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/s/M", body)
	if err != nil {
		t.Fatal(err)
	}
	out.Header.Set("Content-Type", "application/grpc")
	res, err := server.Client().Do(out)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || len(text) > 0 || res.StatusCode != 200 || res.ProtoMajor != 2 || handler.ran > 0 ||
		res.Header.Get("Grpc-Status") != "16" || res.Header.Get("Grpc-Message") != "Missing Authentication Token" || len(res.Trailer) > 0 {
		t.Errorf("%v: %d %v %q", err, res.StatusCode, res.Header, text)
	}
}

// TestRPCErrorOfNil: a hook with a mistake in it still refuses.
func TestRPCErrorOfNil(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("no")} {
		r := httptest.NewRequest("POST", "/s/M", nil)
		r.Header.Set("Content-Type", "application/grpc")
		w := httptest.NewRecorder()
		sigv4auth.WriteRPCError(w, r, err)
		want := map[bool]string{true: "13", false: "7"}[err == nil]
		if got := w.Header().Get("Grpc-Status"); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}
