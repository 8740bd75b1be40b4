package v4

import (
	"errors"
	"strings"
)

// ErrHeaderControl says that a header's value holds a byte that no HTTP/1 field value may hold: RFC
// 9110, section 5.5.
var ErrHeaderControl = errors.New("a header's value holds a control character")

// MaxHeaderBytes bounds the values of the signed headers, taken together.
const MaxHeaderBytes = 64 << 10

// ErrHeaderBytes says that the signed headers hold more than [MaxHeaderBytes] bytes.
var ErrHeaderBytes = errors.New("the signed headers are too long")

// AppendValues appends what one line of the canonical headers holds behind the colon: the values
// joined with commas in the order of arrival. Each value is trimmed, and white space inside it is
// folded to one space.
//
// It returns ErrHeaderControl for a control character other than a tab: with a line feed in a value
// two different requests would have one canonical form.
func AppendValues(dst []byte, values []string) ([]byte, error) {
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',') // guard 25
		}
		if IsPlain(v) {
			dst = append(dst, v...)
			continue
		}
		var err error
		if dst, err = appendFolded(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendFolded appends a value that is not plain.
func appendFolded(dst []byte, v string) ([]byte, error) {
	if trimmed := strings.Trim(v, " \t"); len(trimmed) < len(v) {
		if v = trimmed; IsPlain(v) {
			return append(dst, v...), nil
		}
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		switch {
		case isSpace(c):
			dst = append(dst, ' ')
			for isSpace(v[i+1]) { // v does not end in white space; guard 40
				i++
			}
		case c < ' ' || c == 0x7f:
			return dst, ErrHeaderControl // guard 45
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// IsPlain reports whether s holds no space, no control character and no delete. It may say no for a
// text that holds none, never yes for one that does. A plain value of a header is canonical as it
// is.
func IsPlain(s string) bool {
	// The lowest byte x that is not plain sets a high bit: at most a space in x-33, DEL and 80 to
	// A0 in x+1, the rest in x-33 again. What a byte borrows from the next one or carries into it
	// comes on top of that.
	const low = (' ' + 1) * everyByte
	var suspect uint64
	if len(s) < 8 {
		for i := range len(s) {
			suspect |= uint64(s[i]-33) | uint64(s[i]+1)
		}
		return suspect&highBits == 0
	}
	i := 0
	for ; i <= len(s)-32; i += 32 {
		w := s[i : i+32]
		x0, x1, x2, x3 := word(w), word(w[8:]), word(w[16:]), word(w[24:])
		suspect |= (((x0 - low) | (x0 + everyByte)) | ((x1 - low) | (x1 + everyByte))) |
			(((x2 - low) | (x2 + everyByte)) | ((x3 - low) | (x3 + everyByte)))
	}
	for ; i <= len(s)-8; i += 8 {
		x := word(s[i : i+8])
		suspect |= (x - low) | (x + everyByte)
	}
	x := word(s[len(s)-8:]) // and some that have been looked at by then
	suspect |= (x - low) | (x + everyByte)
	return suspect&highBits == 0
}

// word returns the first eight bytes of s, the first in the lowest byte.
func word[T string | []byte](s T) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
