package iampolicy

import (
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a document. They hold before anything is compiled (threat 157).
const (
	maxDocumentBytes = 1 << 20
	maxDepth         = 16
)

// encoding/json reads what a policy must not mean: it matches names in any
// case, lets the last of two equal keys win, and replaces invalid UTF-8 (threats
// 149, 150 and 156). So the document is scanned here.

type nodeKind uint8

const (
	stringNode nodeKind = iota
	numberNode
	boolNode
	nullNode
	listNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"a string", "a number", "a boolean", "null", "a list", "an object"}[k]
}

// A node is one JSON value with its place in the document.
type node struct {
	kind    nodeKind
	off     int    // of the value
	nameOff int    // of the key, where the node is a member of an object
	name    string // the key
	text    string // of a string, decoded; of a number or boolean, as written
	kids    []node
}

// texts returns the texts of a value or of the values in a list.
func (n *node) texts() []string {
	if n.kind != listNode {
		return []string{n.text}
	}
	texts := make([]string, len(n.kids))
	for i := range n.kids {
		texts[i] = n.kids[i].text
	}
	return texts
}

// principalTexts returns the elements of a Principal, each with its kind.
func (n *node) principalTexts() (texts []string) {
	if n.kind != objectNode {
		return n.texts()
	}
	for i := range n.kids {
		for _, text := range n.kids[i].texts() {
			texts = append(texts, n.kids[i].name+": "+text)
		}
	}
	return texts
}

// A path says where in the document's structure something stands. It is
// written out only for a mistake.
type path struct {
	up    *path
	name  string // of a member; "" for an element of a list
	index int
}

func (p *path) String() string {
	if p == nil {
		return ""
	}
	if p.name == "" {
		return p.up.String() + "[" + itoa(p.index) + "]"
	}
	if p.up == nil {
		return p.name
	}
	return p.up.String() + "." + p.name
}

// A scanner reads one JSON text. After the first syntax error it stops.
type scanner struct {
	src    string
	pos    int
	failed bool
	blank  int // bytes of white space outside strings
	report func(off int, at *path, code Code, message string)
}

// document reads the whole text; it is not ok where the text is no JSON.
func (s *scanner) document() (n node, ok bool) {
	if len(s.src) > maxDocumentBytes {
		s.stop(0, nil, CodeDocumentTooLarge, "the document is larger than 1 MiB")
		return node{}, false
	}
	if strings.HasPrefix(s.src, "\ufeff") {
		s.stop(0, nil, CodeByteOrderMark, "the document begins with a byte order mark")
		return node{}, false
	}
	s.skipBlank()
	n = s.value(nil, 1)
	s.skipBlank()
	if !s.failed && s.pos < len(s.src) {
		s.stop(s.pos, nil, CodeTrailingData, "text follows after the end of the policy")
	}
	return n, !s.failed
}

func (s *scanner) stop(off int, at *path, code Code, message string) {
	if !s.failed {
		s.failed = true
		s.report(off, at, code, message)
	}
}

func (s *scanner) skipBlank() {
	start := s.pos
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
			continue
		}
		break
	}
	s.blank += s.pos - start
}

// next skips white space and takes c if it is what follows.
func (s *scanner) next(c byte) bool {
	s.skipBlank()
	if s.pos < len(s.src) && s.src[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) value(at *path, depth int) (n node) {
	n.off = s.pos
	if depth > maxDepth {
		s.stop(s.pos, at, CodeNestingTooDeep, "nested deeper than 16 levels")
		return n
	}
	if s.pos == len(s.src) {
		s.stop(s.pos, at, CodeInvalidJSON, "the document ends where a value is expected")
		return n
	}
	switch c := s.src[s.pos]; {
	case c == '"':
		n.text = s.str(at)
	case c == '{':
		n.kind, n.kids = objectNode, s.members(at, depth)
	case c == '[':
		n.kind, n.kids = listNode, s.elements(at, depth)
	case c == '-' || '0' <= c && c <= '9':
		n.kind, n.text = numberNode, s.number(at)
	default:
		n.kind = boolNode
		for _, word := range [...]string{"true", "false", "null"} {
			if strings.HasPrefix(s.src[s.pos:], word) {
				n.text = word
				s.pos += len(word)
			}
		}
		switch n.text {
		case "":
			s.stop(s.pos, at, CodeInvalidJSON, "a value is expected")
		case "null":
			n.kind = nullNode
		}
	}
	return n
}

func (s *scanner) members(at *path, depth int) (kids []node) {
	s.pos++ // {
	if s.next('}') {
		return nil
	}
	var seen names
	for !s.failed {
		s.skipBlank()
		nameOff := s.pos
		if s.pos == len(s.src) || s.src[s.pos] != '"' {
			s.stop(s.pos, at, CodeInvalidJSON, "a key in double quotes is expected")
			return nil
		}
		name := s.str(at)
		inner := &path{up: at, name: name}
		if !s.next(':') {
			s.stop(s.pos, inner, CodeInvalidJSON, "a colon is expected after the key")
			return nil
		}
		s.skipBlank()
		n := s.value(inner, depth+1)
		n.name, n.nameOff = name, nameOff
		if seen.add(kids, name) {
			s.report(nameOff, inner, CodeDuplicateKey, "duplicate key "+quote(name))
		}
		kids = append(kids, n)
		if s.next(',') {
			continue
		}
		if !s.next('}') {
			s.stop(s.pos, at, CodeInvalidJSON, "a comma or } is expected")
		}
		return kids
	}
	return nil
}

// names finds duplicate keys: by a walk where there are few, by a map where
// there are so many that the walks would add up.
type names map[string]bool

func (m *names) add(before []node, name string) (duplicate bool) {
	const few = 16
	if len(before) < few {
		return slices.ContainsFunc(before, func(n node) bool { return n.name == name })
	}
	if *m == nil {
		*m = make(names)
		for i := range before {
			(*m)[before[i].name] = true
		}
	}
	duplicate = (*m)[name]
	(*m)[name] = true
	return duplicate
}

func (s *scanner) elements(at *path, depth int) (kids []node) {
	s.pos++ // [
	if s.next(']') {
		return nil
	}
	for !s.failed {
		s.skipBlank()
		kids = append(kids, s.value(&path{up: at, index: len(kids)}, depth+1))
		if s.next(',') {
			continue
		}
		if !s.next(']') {
			s.stop(s.pos, at, CodeInvalidJSON, "a comma or ] is expected")
		}
		return kids
	}
	return nil
}

// number takes a number by JSON's grammar, as written.
func (s *scanner) number(at *path) string {
	start := s.pos
	digits := func() int {
		from := s.pos
		for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
			s.pos++
		}
		return s.pos - from
	}
	is := func(set string) bool {
		if s.pos < len(s.src) && strings.IndexByte(set, s.src[s.pos]) >= 0 {
			s.pos++
			return true
		}
		return false
	}
	is("-")
	first := s.pos
	n := digits()
	ok := n > 0 && (n == 1 || s.src[first] != '0')
	if is(".") {
		ok = digits() > 0 && ok
	}
	if is("eE") {
		is("+-")
		ok = digits() > 0 && ok
	}
	if !ok {
		s.stop(start, at, CodeInvalidJSON, "a number that is not JSON's")
	}
	return s.src[start:s.pos]
}

// str takes a string and returns it decoded.
func (s *scanner) str(at *path) string {
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
func (s *scanner) escape(at *path) rune {
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
		s.report(start, at, CodeInvalidCharacter, "a character outside of what a policy may contain")
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

func (s *scanner) hex4(at *path) (r rune) {
	if len(s.src)-s.pos < 4 {
		s.stop(s.pos, at, CodeInvalidJSON, "the document ends within a string")
		return 0
	}
	for range 4 {
		c := lowerASCII(s.src[s.pos])
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
func (s *scanner) checkRune(r rune, at *path) {
	if r > 0xff || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
		s.report(s.pos, at, CodeInvalidCharacter, "a character outside of what a policy may contain: U+0020 to U+00FF")
	}
}
