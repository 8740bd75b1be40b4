package sigv4auth

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strconv"
	"time"
)

// What a 503 asks a client to wait: HTTP's header has seconds (RFC 9110, section 10.2.3), and AWS's
// own, which is the one that its SDKs read, milliseconds.
const (
	retryAfter    = "1"
	amzRetryAfter = "1000"
)

// WriteAPIGatewayError answers a refused request as a REST API of API Gateway does: a status, the
// headers x-amzn-ErrorType and x-amzn-RequestId, and a JSON object with the message. It is the
// default of [Config.Denied].
func WriteAPIGatewayError(w http.ResponseWriter, r *http.Request, err error) {
	e := toWrite(err)
	body := map[string]string{"message": e.Message}
	if e.Reason == ErrAccessDenied {
		body = map[string]string{"Message": e.Message} // API Gateway spells it so for this one
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		buf.Reset() // unreachable: a map of strings encodes
	}
	writeRefusal(w, r, e.ErrorCode(), e.HTTPStatus(), "application/json", bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
}

// toWrite returns the refusal to be written for err. A hook that writes a nil error has a mistake
// in it, and the client is still refused.
func toWrite(err error) *Error {
	if e := AsError(err); e != nil {
		return e
	}
	return &Error{Reason: ErrInternalFailure, Message: messageInternal, Detail: "a nil error was to be written"}
}

func encodeXML(v any) []byte {
	b, err := xml.Marshal(v)
	if err != nil {
		return nil // unreachable: structs of strings encode
	}
	return append([]byte(xml.Header), b...)
}

// writeRefusal writes a refusal in any dialect. kind is its error type, for the header that clients
// look at first.
func writeRefusal(w http.ResponseWriter, r *http.Request, kind string, status int, contentType string, body []byte) {
	h := w.Header()
	setRequestID(w, r)
	h.Set("X-Amzn-Errortype", kind)
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	// Clients whose clock is off correct it from this header, so it holds the instant that was
	// decided upon.
	now := time.Now()
	if rec := recordFrom(r.Context()); rec != nil && !rec.event.Time.IsZero() {
		now = rec.event.Time
	}
	h.Set("Date", now.UTC().Format(http.TimeFormat))
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", retryAfter)
		h.Set("X-Amz-Retry-After", amzRetryAfter)
	}
	if len(body) > 0 {
		// The answer is whole before what is left of a refused body is read.
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// setRequestID returns the request ID that the response carries, and sets it if it carries none.
func setRequestID(w http.ResponseWriter, r *http.Request) string {
	if id := w.Header().Get("X-Amzn-Requestid"); id != "" {
		return id
	}
	id, ok := RequestIDFrom(r.Context())
	if !ok {
		id = newRequestID()
	}
	w.Header().Set("X-Amzn-Requestid", id)
	return id
}
