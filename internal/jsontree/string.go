package jsontree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// str takes a string and returns it decoded.
func (s *scanner) str(at *Path) (string, *Error) {
	s.pos++ // the opening quote
	start := s.pos
	var b []byte // the decoded text, once it differs from the source
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '"':
			text := s.src[start:s.pos]
			s.pos++
			if b != nil {
				text = string(append(b, text...))
			}
			return text, nil
		case c == '\\':
			b = append(b, s.src[start:s.pos]...)
			r, err := s.escape(at)
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
			start = s.pos
		case c < ' ':
			return "", s.fail(ControlCharacter, s.pos, at)
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRuneInString(s.src[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return "", s.fail(InvalidUTF8, s.pos, at)
			}
			s.check(r, s.pos, at)
			s.pos += size
		}
	}
	return "", s.fail(StringNotEnded, s.pos, at)
}

// escape takes what a backslash begins.
func (s *scanner) escape(at *Path) (r rune, err *Error) {
	start := s.pos
	s.pos++
	if s.pos == len(s.src) {
		return 0, s.fail(StringNotEnded, s.pos, at)
	}
	s.pos++
	switch c := s.src[s.pos-1]; c {
	case '"', '\\', '/':
		r = rune(c)
	case 'n':
		r = '\n'
	case 't':
		r = '\t'
	case 'r':
		r = '\r'
	case 'b':
		r = '\b'
	case 'f':
		r = '\f'
	case 'u':
		if r, err = s.hex4(at); err != nil {
			return 0, err
		}
		if !utf16.IsSurrogate(r) {
			break
		}
		low := rune(-1)
		if strings.HasPrefix(s.src[s.pos:], `\u`) {
			s.pos += 2
			if low, err = s.hex4(at); err != nil {
				return 0, err
			}
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, s.fail(LoneSurrogate, start, at)
		}
	default:
		return 0, s.fail(InvalidEscape, start, at)
	}
	s.check(r, start, at)
	return r, nil
}

func (s *scanner) hex4(at *Path) (r rune, err *Error) {
	for range 4 {
		if s.pos == len(s.src) {
			return 0, s.fail(StringNotEnded, s.pos, at)
		}
		switch c := ascii.Lower(s.src[s.pos]); {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			return 0, s.fail(InvalidHex, s.pos, at)
		}
		s.pos++
	}
	return r, nil
}

// check notes a character that a string may not hold.
func (s *scanner) check(r rune, off int, at *Path) {
	switch {
	case s.opts.Latin1 && !latin1(r):
		s.note(DisallowedCharacter, off, at, "")
	case r == utf8.RuneError: // guard 156
		s.note(ReplacementCharacter, off, at, "")
	}
}

func latin1(r rune) bool {
	return ' ' <= r && r <= 0xff || r == '\t' || r == '\n' || r == '\r'
}
