package v4

import (
	"encoding/binary"
	"errors"
)

// ErrHeaderControl says that a header's value holds a byte that no HTTP/1 field value may hold: RFC 9110, section 5.5.
var ErrHeaderControl = errors.New("a header's value holds a control character")

// MaxHeaderBytes bounds the values of the signed headers, taken together.
const MaxHeaderBytes = 64 << 10

// ErrHeaderBytes says that the signed headers hold more than [MaxHeaderBytes] bytes.
var ErrHeaderBytes = errors.New("the signed headers are too long")

// AppendHeader appends one line of the canonical headers: the name, which must be in lower case,
// a colon, the values joined with commas in the order of arrival, and a line feed. Each
// value is trimmed, and white space inside it is folded to one space.
//
// It returns ErrHeaderControl for a control character other than a tab: with a line feed in a value
// two different requests would have one canonical form.
func AppendHeader(dst, name []byte, values []string) ([]byte, error) {
	dst = append(dst, name...)
	dst = append(dst, ':')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendFolded(dst, v); err != nil {
			return dst, err
		}
	}
	return append(dst, '\n'), nil
}

func appendFolded(dst []byte, v string) ([]byte, error) {
	for len(v) > 0 && isSpace(v[0]) {
		v = v[1:]
	}
	for len(v) > 0 && isSpace(v[len(v)-1]) {
		v = v[:len(v)-1]
	}
	// Most values hold neither white space nor control characters, and session tokens are long: a value is looked over eight bytes at
	// a time, and byte by byte only where that finds something.
	start := len(dst)
	dst = append(dst, v...)
	if isPlain(dst[start:]) {
		return dst, nil
	}
	dst = dst[:start]
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case isSpace(c):
			dst = append(dst, ' ')
			for isSpace(v[i+1]) { // v does not end in white space
				i++
			}
		case c < ' ' || c == 0x7f:
			return dst, ErrHeaderControl
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// isPlain reports whether b holds no space, no control character and no delete. It may say no for a text that holds none, never yes
// for one that does.
func isPlain(b []byte) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		low   = (' ' + 1) * ones
	)
	// The lowest byte x that is not plain sets a high bit: at most a space in x-33, DEL and 80 to A0 in x+1, the rest in x-33 again. What a byte
	// borrows from the next one or carries into it comes on top of that.
	var suspect uint64
	if len(b) < 8 {
		for _, c := range b {
			suspect |= uint64(c-33) | uint64(c+1)
		}
		return suspect&highs == 0
	}
	last := b[len(b)-8:] // and some that have been looked at by then
	for len(b) >= 32 {
		w := (*[32]byte)(b)
		x0, x1 := binary.LittleEndian.Uint64(w[:]), binary.LittleEndian.Uint64(w[8:])
		x2, x3 := binary.LittleEndian.Uint64(w[16:]), binary.LittleEndian.Uint64(w[24:])
		suspect |= (x0 - low) | (x0 + ones) | (x1 - low) | (x1 + ones) | (x2 - low) | (x2 + ones) | (x3 - low) | (x3 + ones)
		b = b[32:]
	}
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		suspect |= (x - low) | (x + ones)
		b = b[8:]
	}
	x := binary.LittleEndian.Uint64(last)
	suspect |= (x - low) | (x + ones)
	return suspect&highs == 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }

// IsToken reports whether c may stand in a field name: RFC 9110, section 5.6.2.
func IsToken(c byte) bool { return token[c] }

var token = func() (t [256]bool) {
	for c := range t {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			t[c] = true
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] = true
	}
	return t
}()
