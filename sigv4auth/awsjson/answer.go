package awsjson

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

// Time is an instant in an answer: seconds since 1970, with a fraction down to the millisecond
// where there is one. It is as Smithy's "timestampFormat" epoch-seconds has it.
type Time time.Time

// MarshalJSON returns the number.
func (t Time) MarshalJSON() ([]byte, error) {
	milli := time.Time(t).UnixMilli()
	if milli%1000 == 0 {
		return strconv.AppendInt(nil, milli/1000, 10), nil
	}
	return strconv.AppendFloat(nil, float64(milli)/1000, 'f', 3, 64), nil
}

// WriteError answers a request with an error, as the service's handler does. It can be the
// Config.Denied of an sigv4auth.Authenticator: of what a Check returned, an [*Error] is answered
// as it is; an error with the methods ErrorCode, ErrorMessage and HTTPStatus, such as the
// refusals of the Authenticator, in its words, with 400 in place of 401 and 403, as AWS JSON has
// it. Any other is for Fault.
func (s *Service) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	e := s.errorOf(r, err)
	body, _ := encode(struct { // two texts encode
		Type    string `json:"__type"`
		Message string `json:"message,omitempty"`
	}{e.Code, e.Message})
	h := w.Header()
	h.Set("X-Amzn-Errortype", e.Code+":") // with the colon: what may follow it is a namespace
	switch e.HTTPStatus() {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
		h.Set("X-Amz-Retry-After", "1000") // the one that AWS's SDKs read
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	}
	s.write(w, r, e.HTTPStatus(), body)
}

// write writes an answer. None is to be kept by a cache: most hold credentials.
func (s *Service) write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	s.setRequestID(w, r)
	h := w.Header()
	h.Set("Content-Type", answerType(r))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone; there is nobody to tell
}

// setRequestID sets the ID that the answer carries, unless it carries one.
func (s *Service) setRequestID(w http.ResponseWriter, r *http.Request) {
	if w.Header().Get("X-Amzn-Requestid") != "" {
		return
	}
	id, ok := "", false
	if s.RequestID != nil {
		id, ok = s.RequestID(r.Context())
	}
	if !ok {
		id = awsservice.NewRequestID()
	}
	w.Header().Set("X-Amzn-Requestid", id)
}

// encode returns an output as JSON.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
