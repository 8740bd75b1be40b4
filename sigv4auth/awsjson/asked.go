package awsjson

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// contentTypes are those of requests. The first is that of an answer to a request of none of them.
var contentTypes = [...]string{"application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json"}

// mediaType returns the type of a request's body. It has to say so, once, and to be UTF-8 if it
// names a character set.
func mediaType(r *http.Request) (kind string, ok bool) {
	sent := r.Header["Content-Type"]
	if len(sent) != 1 {
		return "", false
	}
	for _, known := range contentTypes {
		if sent[0] == known {
			return known, true
		}
	}
	kind, params, err := mime.ParseMediaType(sent[0])
	if charset, named := params["charset"]; err != nil || named && !strings.EqualFold(charset, "utf-8") {
		return "", false
	}
	for _, known := range contentTypes {
		if kind == known {
			return known, true
		}
	}
	return "", false
}

// answerType returns the type of the answer to a request.
func answerType(r *http.Request) string {
	if kind, ok := mediaType(r); ok {
		return kind
	}
	return contentTypes[0]
}

// asked is what a request asks for. It is its context's.
type asked struct {
	table     *table
	w         http.ResponseWriter // the server's
	operation string
	op        Operation
	read      bool  // => in or err is what came of the body
	err       error // why there is no operation, or no input
	in        *Input
}

type askedKey struct{}

var (
	errNotAsked  = errors.New("awsjson: the request has not come through the handler of a Service")
	errMisplaced = errors.New("awsjson: an operation was about to run that is not this handler's")
)

// Asked returns what a request to a Service's handler asks for: the operation, and its input. It
// reads the request's body, the first time, so that it is for what runs once the request has been
// verified, or needs no signature. What it returns as an error is answered, if the operation gets
// to run, as the operation's own; most are an [*Error].
func Asked(r *http.Request) (operation string, in *Input, err error) {
	a, ok := r.Context().Value(askedKey{}).(*asked)
	if !ok {
		return "", nil, errNotAsked
	}
	if a.err == nil && !a.read {
		a.read = true
		a.in, a.err = a.input(r)
	}
	if a.err != nil {
		return "", nil, a.err
	}
	return a.operation, a.in, nil
}

// input reads a request's body.
func (a *asked) input(r *http.Request) (*Input, error) {
	body, err := io.ReadAll(http.MaxBytesReader(a.w, r.Body, a.table.MaxBytes))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, &Error{
				Code: "RequestEntityTooLargeException", Message: "Request body is too large", Status: http.StatusRequestEntityTooLarge,
			}
		}
		return nil, err
	}
	in, malformed := parse(string(body), a.table.Invalid)
	if malformed != nil { // a nil *Error is no nil error
		return nil, malformed
	}
	return in, nil
}
