package sigv4auth

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/redact"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// maxLogged bounds what an event and a message quote of a request.
const maxLogged = 2 << 10

// linePath returns the path of the request line, without the query.
func linePath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return path
}

// claimedKeyID is an access key ID for the log before the store has said that it knows it: the
// secret may stand in its place (threat 97).
func claimedKeyID(id string) string {
	if len(id) >= redact.LongestWord {
		return redact.Redacted
	}
	return id
}

// forLog bounds s, and escapes what could forge a log line or drive a terminal (threat 214). Two
// texts stay two, so that nobody can have a resource taken for another one in a log: what begins
// with a backslash is an escape, \\ or \x and two digits, or at the end \( before what tells the
// whole text apart. Percent signs stand for themselves, as they are what paths and ARNs hold.
func forLog(s string) string {
	if len(s) <= maxLogged && v4.IsPlain(s) && strings.IndexByte(s, '\\') < 0 { // nearly always
		return s
	}
	end := min(len(s), maxLogged)
	b := make([]byte, 0, end+64)
	for _, c := range []byte(s[:end]) {
		switch {
		case c == '\\': // guard 214b
			b = append(b, `\\`...)
		case printableByte(c):
			b = append(b, c)
		default:
			b = fmt.Appendf(b, `\x%02x`, c)
		}
	}
	if end < len(s) {
		b = fmt.Appendf(b, `\(%d bytes, sha256 %x)`, len(s), sha256.Sum256([]byte(s)))
	}
	return string(b)
}

// printable bounds s, and percent-encodes what could forge a log line or drive a terminal
// (threat 214). It is for texts that people read, and that may be composed of texts that were made
// printable before.
func printable(s string) string {
	cut := len(s) > maxLogged
	if cut {
		s = s[:maxLogged]
	} else if v4.IsPlain(s) { // nearly always, and eight bytes at a time
		return s
	}
	for i := range len(s) {
		if printableByte(s[i]) {
			continue
		}
		b := []byte(s[:i])
		for _, c := range []byte(s[i:]) {
			if printableByte(c) {
				b = append(b, c)
			} else {
				b = fmt.Appendf(b, "%%%02X", c)
			}
		}
		s = string(b)
		break
	}
	if cut {
		s += "..."
	}
	return s
}

// printableByte reports whether c is a space or a graphic character of ASCII.
func printableByte(c byte) bool { return c >= 0x20 && c < 0x7f } // guard 214a

// maxQuoted bounds what a message quotes of a request.
const maxQuoted = 64

// forMessage makes a text that the client sent fit to be told back to it.
func forMessage(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted]
	}
	return printable(s)
}
