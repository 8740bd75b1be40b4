package sigv4auth

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// errorDetails are what the answer to a refused request may repeat beside the message, in a dialect
// that does. They are the caller's own, or of the configuration that every caller of the service
// has to know.
type errorDetails struct {
	s3       wireCode // instead of that of the code; zero: none
	region   string   // the region that is accepted, where the scope names another
	named    string   // the region that the scope names, or a header that is not signed
	signedAt int64    // the date of a request outside its time, and the server's, in seconds since 1970; now is 0 for any other
	now      int64
	skew     time.Duration
	lifetime time.Duration // X-Amz-Expires of a presigned URL
}

// withDetails is refusal with details, in one piece of memory.
func withDetails(code Reason, message string, known *errorDetails) *Error {
	e := &struct {
		Error
		known errorDetails
	}{Error{Reason: code, Message: message}, *known}
	e.facts = &e.known
	return &e.Error
}

// s3Error is the error document of Amazon S3: "Error responses" in the S3 API Reference. The
// elements between the message and the resource are those of single errors; SDKs follow Region to
// the right endpoint, and programs read the times.
type s3Error struct {
	XMLName          xml.Name `xml:"Error"`
	Code             string
	Message          string
	Region           string `xml:",omitempty"`
	HeadersNotSigned string `xml:",omitempty"`
	RequestTime      string `xml:",omitempty"`
	Lifetime         string `xml:"X-Amz-Expires,omitempty"`
	Expires          string `xml:",omitempty"`
	ServerTime       string `xml:",omitempty"`
	MaxSkew          string `xml:"MaxAllowedSkewMilliseconds,omitempty"`
	Resource         string
	RequestID        string `xml:"RequestId"`
	HostID           string `xml:"HostId"`
}

// s3Messages are S3's own texts for refusals that say nothing of the request.
var s3Messages = map[Reason]string{
	ErrMissingAuthenticationToken: "Access Denied",
	ErrUnrecognizedClient:         "The AWS Access Key Id you provided does not exist in our records.",
	ErrExpiredToken:               "The provided token has expired.",
	ErrSignatureMismatch: "The request signature we calculated does not match the signature you provided. " +
		"Check your key and signing method.",
	ErrServiceUnavailable: "Service is unable to handle request.",
	ErrRevisionGone:       "Service is unable to handle request.",
	ErrInternalFailure:    "We encountered an internal error. Please try again.",
}

// WriteS3Error answers a refused request as Amazon S3 does: an XML document with the code that S3's
// clients look for, and the request's ID in the headers x-amz-request-id and x-amz-id-2, which
// those clients print. An answer to HEAD has no body: clients see its status alone.
//
// A handler that reads a streaming body SHOULD answer with it when reading fails.
func WriteS3Error(w http.ResponseWriter, r *http.Request, err error) {
	e := toWrite(err)
	status, body := e.s3()
	body.Resource = printable(linePath(r))
	body.RequestID = setRequestID(w, r)
	// S3 has a second ID, which support asks for. Here both lead to the same request.
	body.HostID = body.RequestID
	h := w.Header()
	h.Set("X-Amz-Request-Id", body.RequestID)
	h.Set("X-Amz-Id-2", body.HostID)
	if body.Region != "" {
		h.Set("X-Amz-Bucket-Region", body.Region)
	}
	if r.Method == http.MethodHead {
		writeRefusal(w, r, e.ErrorCode(), status, "application/xml", nil)
		return
	}
	writeRefusal(w, r, e.ErrorCode(), status, "application/xml", encodeXML(body))
}

// withS3Code gives a refusal a code of its own in S3's dialect, where its clients tell it from
// others of the same Reason.
func (e *Error) withS3Code(status int, code string) *Error {
	e.facts = &errorDetails{s3: wireCode{status, code}}
	return e
}

// s3 returns what S3 says of a refusal.
func (e *Error) s3() (status int, body s3Error) {
	wire := e.answer().s3
	body = s3Error{Code: wire.code, Message: e.Message}
	if text, ok := s3Messages[e.Reason]; ok && e.Message == defaultMessage(e.Reason) {
		body.Message = text
	}
	var f errorDetails
	if e.facts != nil {
		f = *e.facts
	}
	if f.s3 != (wireCode{}) {
		wire, body.Code = f.s3, f.s3.code
	}
	inQuery := e.place == InQuery
	switch e.Reason {
	case ErrIncompleteSignature, ErrInvalidScope:
		what := "The authorization header is malformed"
		if inQuery {
			body.Code, what = "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"
		}
		if body.Region = f.region; f.region != "" {
			body.Message = what + "; the region '" + f.named + "' is wrong; expecting '" + f.region + "'"
		}
	case ErrHeaderNotSigned:
		body.HeadersNotSigned = f.named
	case ErrRequestExpired, ErrRequestNotYetCurrent:
		if f.now == 0 {
			break
		}
		body.ServerTime = time.Unix(f.now, 0).UTC().Format(time.RFC3339)
		if !inQuery {
			body.Message = "The difference between the request time and the current time is too large."
			body.RequestTime, body.MaxSkew = string(v4.AppendTime(nil, f.signedAt)), strconv.FormatInt(f.skew.Milliseconds(), 10)
			break
		}
		// Of a URL that somebody else has signed: the holder's clock has nothing to do with it.
		body.Code, body.Message = "AccessDenied", "Request has expired"
		if e.Reason == ErrRequestNotYetCurrent {
			body.Message = "Request is not valid yet"
		}
		body.Lifetime = strconv.FormatInt(int64(f.lifetime/time.Second), 10)
		body.Expires = time.Unix(f.signedAt, 0).Add(f.lifetime).UTC().Format(time.RFC3339)
	}
	return wire.status, body
}
