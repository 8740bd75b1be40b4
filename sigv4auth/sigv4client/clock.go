package sigv4client

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// leastSkew is how far the Date of a refusal is from that of the signature, at least, for the
	// refusal to be about that. Both are whole seconds, and a request takes some to arrive.
	leastSkew = 10 * time.Second
	// surelySkewed is more than what a service accepts, whatever else it says: AWS's SDKs take it
	// for that as well.
	surelySkewed = 4 * time.Minute
	// maxRefusal bounds what is read of a refusal to find its reason.
	maxRefusal = 8 << 10
)

// time returns the time at which a request is signed now.
func (t *Transport) time() time.Time { return t.now().Add(t.Correction()) }

// Correction returns what is added to the clock for signatures: 0, until a request was refused
// because of its date. If it is much, the machine's clock is wrong.
func (t *Transport) Correction() time.Duration { return time.Duration(t.correction.Load()) }

// correct corrects the clock if a was refused because of its date, and reports whether it was.
func (t *Transport) correct(a *attempt) bool {
	response := a.response
	switch response.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return false
	}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil || response.Header.Get("Age") != "" { // a cache's answer tells of another time
		return false
	}
	skew := date.Sub(a.signedAt).Abs()
	if skew < leastSkew || !namesSkew(response, skew > surelySkewed) {
		return false
	}
	// A request can be late without any clock being wrong: it is the time now that counts.
	correction := date.Sub(t.now())
	if correction.Abs() > t.maxCorrection {
		return false
	}
	t.correction.Store(int64(correction))
	return true
}

// namesSkew reports whether a refusal says that it is because of the date. If the clocks are surely
// apart, it may also say that the signature is wrong, or nothing.
func namesSkew(r *http.Response, surely bool) bool {
	kind := errorType(r)
	switch kind {
	case "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture":
		return true
	case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure":
		if surely {
			return true
		}
	}
	text := peek(r)
	for _, said := range []string{
		"Signature expired", "Signature not yet current", "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
	} {
		if bytes.Contains(text, []byte(said)) {
			return true
		}
	}
	if !surely || kind != "" {
		return false
	}
	for _, said := range []string{"InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure"} {
		if bytes.Contains(text, []byte(said)) {
			return true
		}
	}
	return len(text) == 0
}

// errorType returns the error type that API Gateway and services with JSON answer with, "" if there
// is none.
func errorType(r *http.Response) string {
	kind, _, _ := strings.Cut(r.Header.Get("X-Amzn-Errortype"), ":") // behind it some have a URL
	return kind[strings.LastIndexByte(kind, '#')+1:]
}

// peek returns the beginning of an answer's body, which stays to be read.
func peek(r *http.Response) []byte {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxRefusal))
	rest := io.Reader(r.Body)
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), r.Body}
	return text
}

// failing is what is left of a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
