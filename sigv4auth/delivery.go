package sigv4auth

import (
	"fmt"
	"net/http"
)

// BodyDelivery is how a handler gets the body of a signed request: see [Config.Body] and
// [Route.Body].
type BodyDelivery uint8

const (
	// BodyByMode goes by the payload mode. A body whose digest was signed is in memory, verified
	// whole, when the handler begins. Others, those of InsecureUnsigned and of the streaming modes,
	// are read by the handler as they arrive. Empty bodies are verified in any case.
	BodyByMode BodyDelivery = iota
	// BodyStreamed lets the handler read a body with a digest as it arrives, too: io.EOF is
	// returned for the right body alone, and for any other an error, upon which the handler MUST
	// undo what it did with the bytes it has read. See "Streaming bodies" in the package
	// documentation.
	BodyStreamed
	// BodySpooled verifies the whole body, in every payload mode, before the handler begins, and
	// after the request is authorised: in memory up to [Spool.MemoryBytes], and in a temporary file
	// beyond, which is removed when the handler returns, however it does. r.Body is then an
	// [io.ReadSeekCloser] and an [io.ReaderAt], and r.ContentLength its length. A body that is not
	// the right one is refused as usual, and the handler does not run. If the body took more than a
	// second to arrive, the request is authorised once more, by the policies as they are then, and
	// the Check is called a second time.
	BodySpooled
)

// String returns "by mode", "streamed" or "spooled".
func (d BodyDelivery) String() string {
	switch d {
	case BodyByMode:
		return "by mode"
	case BodyStreamed:
		return "streamed"
	case BodySpooled:
		return "spooled"
	}
	return "unknown"
}

// MarshalText returns what String does.
func (d BodyDelivery) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// delivery says how r's handler gets the body. rec is r's record; nil: none.
func (a *Authenticator) delivery(r *http.Request, rec *record) (BodyDelivery, *Error) {
	if rec != nil && rec.route != nil && rec.route.body != BodyByMode {
		return rec.route.body, nil
	}
	if a.bodies == nil {
		return BodyByMode, nil
	}
	d := a.bodies(r)
	if d > BodySpooled {
		return BodyByMode, &Error{
			Reason: ErrInternalFailure, Message: messageInternal,
			Detail: fmt.Sprintf("Config.Body returned %d, which is no BodyDelivery", uint8(d)),
		}
	}
	return d, nil
}

// undeclaredBody reads the body of a request that does not declare its digest: the signature can be
// verified only with the body (threat 220).
func (a *Authenticator) undeclaredBody(r *http.Request) (*readBody, *Error) {
	if r.ContentLength > a.maxUndeclared { // guard 220b
		return nil, a.tooLargeUndeclared()
	}
	body, refused := readWhole(r, a.maxUndeclared)
	if refused != nil {
		if refused.Reason == ErrRequestTooLarge {
			return nil, a.tooLargeUndeclared()
		}
		return nil, refused
	}
	body.set(r)
	return body, nil
}

// streamsPlain reports whether a body that is not in chunks is verified while the handler, or what
// spools it, reads it.
func (d *payload) streamsPlain(r *http.Request, how BodyDelivery) bool {
	if d.line == "" || r.Body == nil || r.Body == http.NoBody {
		return false
	}
	return d.mode == InsecureUnsigned || how != BodyByMode
}

// tooLargeUndeclared is the refusal of a body that is too long for one whose digest is not
// declared. Where MaxBodyBytes admits more, it says how to send that.
func (a *Authenticator) tooLargeUndeclared() *Error {
	e := tooLarge()
	if a.maxUndeclared < a.maxBody {
		e.Message += fmt.Sprintf(": a body of more than %d bytes needs its SHA-256 in X-Amz-Content-Sha256", a.maxUndeclared)
	}
	return e
}
