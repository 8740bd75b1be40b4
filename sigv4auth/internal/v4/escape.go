package v4

import "fmt"

// EscapeError says that a percent sign is not followed by two hexadecimal digits.
type EscapeError struct {
	// Trailing is true where the text ends before the two digits.
	Trailing bool
	// Pattern holds the percent sign and the digits that should have been.
	Pattern string
}

func (e *EscapeError) Error() string {
	if e.Trailing {
		return "incomplete trailing escape % sequence"
	}
	return fmt.Sprintf("illegal hex character in escape %% pattern: %q", e.Pattern)
}

const upperHex = "0123456789ABCDEF"

// unreserved holds the bytes that UriEncode leaves alone: RFC 3986, section 2.3.
var unreserved = func() (t [256]bool) {
	for c := range t {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~':
			t[c] = true
		}
	}
	return t
}()

// AppendEncoded appends UriEncode(s): every byte that is not unreserved becomes %XY with
// upper-case digits. It works on bytes, so that a text that is not UTF-8 has one encoding too.
func AppendEncoded(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		run := i
		for run < len(s) && unreserved[s[run]] {
			run++
		}
		dst = append(dst, s[i:run]...)
		if i = run; i < len(s) {
			dst = appendEscape(dst, s[i])
			i++
		}
	}
	return dst
}

func appendEscape(dst []byte, c byte) []byte {
	return append(dst, '%', upperHex[c>>4], upperHex[c&15]) // guard 35
}

// decodeEscape returns the byte that the escape at the start of s stands for.
func decodeEscape(s string) (byte, error) {
	if len(s) < 3 {
		return 0, &EscapeError{Trailing: true, Pattern: s}
	}
	hi, ok1 := unhex(s[1])
	lo, ok2 := unhex(s[2])
	if !ok1 || !ok2 {
		return 0, &EscapeError{Pattern: s[:3]}
	}
	return hi<<4 | lo, nil
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
