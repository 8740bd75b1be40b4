package sigv4auth

import "net/http"

// checkUndeclared refuses a body of unknown length of which the signature says nothing before the
// body has been read: it may have no end before its sender is answered. Where streams are served at
// all, it does so for every such body, so that nobody learns by it which requests are streams
// before they have signed (threat 135).
func (a *Authenticator) checkUndeclared(r *http.Request, d *payload) *Error {
	if a.streams == nil || r.ContentLength >= 0 || d.line != "" {
		return nil
	}
	return malformed("Missing required header for this request: x-amz-content-sha256")
}

// isStream reports whether r's body is read by its handler only, as it arrives. One that says how
// long it is has an end.
func (a *Authenticator) isStream(r *http.Request) bool {
	return a.streams != nil && r.ContentLength < 0 && a.streams(r)
}

// refuseStream is the refusal of a stream whose signature covers a digest of it: to verify that,
// the body would have to be read to its end, and the sender may be waiting for the handler. It is
// told only to who may ask for what the request asks for (threat 135): until then, r has a body
// that cannot be read.
func refuseStream(r *http.Request) *Error {
	refused := malformed("The body of this request is a stream, which no digest can cover: " +
		"sign it with X-Amz-Content-Sha256: UNSIGNED-PAYLOAD")
	r.Body = unreadableBody{refused}
	return refused
}

// contradictory is the refusal of a stream that would have to be read to its end before its handler
// runs, whatever covers it.
func contradictory() *Error {
	return &Error{
		Reason: ErrInternalFailure, Message: messageInternal,
		Detail: "Config.Streams reports the request, and its body is to be spooled",
	}
}

// unreadableBody is the body of a stream that will be refused, as a Check sees it.
type unreadableBody struct{ refused *Error }

func (b unreadableBody) Read([]byte) (int, error) { return 0, b.refused }

func (unreadableBody) Close() error { return nil }
