package iampolicy

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// str takes a string and returns it decoded.
func (s *jsonScanner) str(at *docPath) string {
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
				return string(append(b, text...))
			}
			return text
		case c == '\\':
			b = append(b, s.src[start:s.pos]...)
			if b == nil {
				b = []byte{}
			}
			r := s.escape(at)
			if s.failed {
				return ""
			}
			b = utf8.AppendRune(b, r)
			start = s.pos
		case c < ' ':
			s.stop(s.pos, at, CodeInvalidJSON, "a control character in a string")
			return ""
		case c < utf8.RuneSelf:
			s.pos++
		default:
			r, size := utf8.DecodeRuneInString(s.src[s.pos:])
			if r == utf8.RuneError && size == 1 {
				s.stop(s.pos, at, CodeInvalidUTF8, "invalid UTF-8")
				return ""
			}
			s.checkRune(r, at)
			s.pos += size
		}
	}
	s.stop(s.pos, at, CodeInvalidJSON, "the document ends within a string")
	return ""
}

// escape takes what a backslash begins.
func (s *jsonScanner) escape(at *docPath) rune {
	start := s.pos
	s.pos += 2
	if s.pos > len(s.src) {
		s.stop(start, at, CodeInvalidJSON, "the document ends within a string")
		return 0
	}
	switch c := s.src[s.pos-1]; c {
	case '"', '\\', '/':
		return rune(c)
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b', 'f':
		s.parser.fail(start, at, CodeInvalidCharacter, "a character outside of what a policy may contain")
		return ' '
	case 'u':
		r := s.hex4(at)
		if utf16.IsSurrogate(r) && !s.failed {
			low := rune(-1)
			if strings.HasPrefix(s.src[s.pos:], `\u`) {
				s.pos += 2
				low = s.hex4(at)
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				s.stop(start, at, CodeLoneSurrogate, "a lone surrogate")
			}
		}
		if !s.failed {
			s.checkRune(r, at)
		}
		return r
	}
	s.stop(start, at, CodeInvalidJSON, "an unknown escape")
	return 0
}

func (s *jsonScanner) hex4(at *docPath) (r rune) {
	if len(s.src)-s.pos < 4 {
		s.stop(s.pos, at, CodeInvalidJSON, "the document ends within a string")
		return 0
	}
	for range 4 {
		c := ascii.Lower(s.src[s.pos])
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			s.stop(s.pos, at, CodeInvalidJSON, "an escape without four hexadecimal digits")
		}
		s.pos++
	}
	return r
}

// checkRune reports a character outside of U+0009, U+000A, U+000D and U+0020 to
// U+00FF (IAM user guide, "IAM and AWS STS quotas").
func (s *jsonScanner) checkRune(r rune, at *docPath) {
	if r > 0xff || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		s.parser.fail(s.pos, at, CodeInvalidCharacter, "a character outside of what a policy may contain: U+0020 to U+00FF")
	}
}
