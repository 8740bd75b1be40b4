package sigv4auth

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	defaultMaxDrainBytes = 32 << 20
	defaultMaxDrainTime  = 5 * time.Second
	maxDrainTime         = time.Minute

	// drainStep is how much of a body has to arrive in drainStepTime: a sender that is slower does
	// not hold the connection for longer.
	drainStep     = 64 << 10
	drainStepTime = time.Second

	// lingerTime is for how long a connection stays open when more comes than is drained.
	lingerTime = 500 * time.Millisecond

	// readByServer is up to what length net/http's server itself reads the rest of a body, before
	// it writes an answer.
	readByServer = 256 << 10
)

// draining reads what is left of a refused request's body, so that its sender gets to read the
// answer: a connection that is closed while the other side sends is reset, and many clients then
// see the reset in place of the refusal. RFC 9112, section 9.6, asks for it. What it costs is
// bounded: no memory grows with the body, no more than a number of bytes are read, for no longer
// than a time, and a sender who trickles is cut off sooner (threats 220 and 221).
//
// The answer is written first. net/http's server closes the connection after it where the body is
// long or its end was not found, and says so in the answer.
type draining struct {
	control *http.ResponseController // nil => nothing is drained
	body    io.Reader
	bytes   int64
	end     time.Time
	answer  bool // the answer has to be on its way before the rest is read
	expects bool // the client has sent Expect: 100-continue
}

// drainOf prepares to drain the body with which r arrived, of a length that is negative if it is
// not known, and has the reads of net/http's server bounded in time from here on. It does nothing
// where nothing is left to be read, for HTTP/2, where one stream is closed and the others live on,
// and for a ResponseWriter that cannot set deadlines.
func (a *Authenticator) drainOf(w http.ResponseWriter, r *http.Request, body io.Reader, length int64) (d draining) {
	if body == nil || body == http.NoBody || r.ProtoMajor != 1 {
		return d
	}
	now := time.Now()
	d = draining{control: http.NewResponseController(w), body: body, bytes: a.maxDrainBytes, end: now.Add(a.maxDrainTime)}
	d.expects = r.Header.Get("Expect") != ""
	d.answer = length < 0 || length > readByServer || d.expects
	deadline := d.end
	if d.answer {
		deadline = d.step(now)
	}
	if d.control.SetReadDeadline(deadline) != nil {
		d.control = nil
	}
	return d
}

func (d *draining) step(now time.Time) time.Time {
	if step := now.Add(drainStepTime); step.Before(d.end) {
		return step
	}
	return d.end
}

// run drains, once the answer has been written.
func (d *draining) run() {
	if d.control == nil || !d.answer {
		return // what is short net/http reads itself
	}
	// A body that the client was not asked for is not asked for now: an answer has been written.
	// Where Flush is not supported, that comes after the body.
	_ = d.control.Flush()
	var err error
	for left := d.bytes; left > 0 && err == nil; left -= drainStep {
		if d.control.SetReadDeadline(d.step(time.Now())) != nil {
			return
		}
		_, err = io.CopyN(io.Discard, d.body, min(left, drainStep))
	}
	if err == io.EOF || errors.Is(err, http.ErrBodyReadAfterClose) { // the server found its end
		_ = d.control.SetReadDeadline(time.Time{}) // what is read next is for others to bound
		return
	}
	if d.expects {
		// What still comes resets the connection once that is closed. net/http's server leaves a
		// client the time to read the answer first, but none to one that sent Expect.
		time.Sleep(lingerTime)
	}
}
