package sigv4auth

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// maxGRPCMessage bounds the encoded Grpc-Message: clients bound the headers of an answer, some at
// 8 KiB, and one that is longer would be no answer to them. A message can quote a path.
const maxGRPCMessage = 2 << 10

// grpcPushback is retryAfter as gRPC has it, in milliseconds: "gRPC Retry Design", gRFC A6.
const grpcPushback = "1000"

// rpcCode is a status code of gRPC ("Status codes and their use in gRPC"), which Connect shares.
type rpcCode uint8

const (
	rpcInvalidArgument   rpcCode = 3
	rpcPermissionDenied  rpcCode = 7
	rpcResourceExhausted rpcCode = 8
	rpcInternal          rpcCode = 13
	rpcUnavailable       rpcCode = 14
	rpcUnauthenticated   rpcCode = 16
)

// digits returns the code as Grpc-Status spells it.
func (c rpcCode) digits() string {
	switch c {
	case rpcInvalidArgument:
		return "3"
	case rpcPermissionDenied:
		return "7"
	case rpcResourceExhausted:
		return "8"
	case rpcUnavailable:
		return "14"
	case rpcUnauthenticated:
		return "16"
	default:
		return "13"
	}
}

// connect returns the code's name and the status of a unary call that ends in it: "Error codes" in
// the Connect protocol reference.
func (c rpcCode) connect() (name string, status int) {
	switch c {
	case rpcInvalidArgument:
		return "invalid_argument", http.StatusBadRequest
	case rpcPermissionDenied:
		return "permission_denied", http.StatusForbidden
	case rpcResourceExhausted:
		return "resource_exhausted", http.StatusTooManyRequests
	case rpcUnavailable:
		return "unavailable", http.StatusServiceUnavailable
	case rpcUnauthenticated:
		return "unauthenticated", http.StatusUnauthorized
	default:
		return "internal", http.StatusInternalServerError
	}
}

// GRPCCode returns the status code with which gRPC and Connect are answered, a value of codes.Code
// in google.golang.org/grpc/codes: PermissionDenied (7) for a caller who is known and may not,
// Unauthenticated (16) for one who is not known, Unavailable (14) where the server could not
// decide, InvalidArgument (3) for a request that is malformed or damaged, ResourceExhausted (8) for
// one that is too large, and Internal (13).
func (e *Error) GRPCCode() uint32 { return uint32(e.answer().rpc) }

// WriteRPCError answers a refused request in the protocol of its caller, and so that a service with
// gRPC, gRPC-Web or Connect can have it as its [Config.Denied]. [Error.GRPCCode] is the code, and
// Error.Message the message. A request of none of these protocols is answered by
// [WriteAPIGatewayError].
//
// The protocol is known by the method POST and the Content-Type: application/grpc,
// application/grpc-web, application/connect+CODEC. A unary call of Connect has the header
// Connect-Protocol-Version or the type application/proto, or with GET the parameter connect. The
// header X-Amzn-Requestid is among the trailing metadata of gRPC, too.
func WriteRPCError(w http.ResponseWriter, r *http.Request, err error) {
	protocol, contentType := rpcProtocolOf(r)
	if protocol == notRPC {
		WriteAPIGatewayError(w, r, err)
		return
	}
	e := toWrite(err)
	code := e.answer().rpc
	h := w.Header()
	switch protocol {
	case connectUnary:
		name, status := code.connect()
		if status == http.StatusUnauthorized {
			h.Set("WWW-Authenticate", "AWS4-HMAC-SHA256") // RFC 9110, section 15.5.2
		}
		writeRefusal(w, r, e.ErrorCode(), status, "application/json", connectJSON(connectError{name, e.Message}))
	case connectStream:
		// The answer to a stream is 200, and its last message says how it went: "Error end-stream"
		// in the Connect protocol reference.
		name, _ := code.connect()
		text := connectJSON(struct {
			Error connectError `json:"error"`
		}{connectError{name, e.Message}})
		const endStream = 0b10
		message := binary.BigEndian.AppendUint32([]byte{endStream}, uint32(len(text)))
		writeRefusal(w, r, e.ErrorCode(), http.StatusOK, contentType, append(message, text...))
	default:
		// Trailers-Only: "Responses" in gRPC over HTTP/2. gRPC-Web has the same in its headers.
		h.Set("Grpc-Status", code.digits())
		h.Set("Grpc-Message", grpcMessage(e.Message))
		if code == rpcUnavailable {
			h.Set("Grpc-Retry-Pushback-Ms", grpcPushback)
		}
		writeRefusal(w, r, e.ErrorCode(), http.StatusOK, contentType, nil)
	}
}

type connectError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func connectJSON(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil // unreachable: structs of strings encode
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

// rpcProtocol is what a caller speaks.
type rpcProtocol uint8

const (
	notRPC rpcProtocol = iota
	grpcProtocol
	connectUnary
	connectStream
)

// rpcProtocolOf returns what r's caller speaks, and the Content-Type of an answer to it: clients
// insist on that of their request.
func rpcProtocolOf(r *http.Request) (protocol rpcProtocol, contentType string) {
	if r.Method == http.MethodGet {
		if r.URL != nil && r.URL.Query().Get("connect") == "v1" {
			return connectUnary, ""
		}
		return notRPC, ""
	}
	if r.Method != http.MethodPost {
		return notRPC, ""
	}
	given, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	given = ascii.ToLower(strings.Trim(given, " \t"))
	for _, known := range [...]struct {
		prefix   string
		bare     bool // the prefix alone is a type
		protocol rpcProtocol
	}{
		{"application/grpc-web-text", true, grpcProtocol},
		{"application/grpc-web", true, grpcProtocol},
		{"application/grpc", true, grpcProtocol},
		{"application/connect", false, connectStream},
	} {
		codec, ok := strings.CutPrefix(given, known.prefix)
		switch {
		case ok && codec == "" && known.bare:
			return known.protocol, given
		case ok && len(codec) > 1 && codec[0] == '+' && isCodec(codec[1:]):
			return known.protocol, given
		}
	}
	if given == "application/proto" || r.Header.Get("Connect-Protocol-Version") != "" {
		return connectUnary, ""
	}
	return notRPC, ""
}

// isCodec reports whether s can be a codec's name. What an answer repeats is of no other
// characters.
func isCodec(s string) bool {
	return len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// grpcMessage encodes a message as Grpc-Message has it: "Responses" in gRPC over HTTP/2. It is cut
// where it grows too long.
func grpcMessage(s string) string {
	const upper = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() <= maxGRPCMessage-len("%XX"); i++ {
		if c := s[i]; c >= ' ' && c <= '~' && c != '%' {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', upper[c>>4], upper[c&15]})
		}
	}
	return b.String()
}
