package iampolicy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a document. They hold before anything is compiled (threat 157).
const (
	maxDocumentBytes = 1 << 20
	maxDepth         = 16
	maxMembers       = 1000    // of one object
	maxValues        = 100_000 // strings, numbers, lists, objects of a document
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
type docPath struct {
	up    *docPath
	name  string // of a member; "" for an element of a list
	index int
}

func (p *docPath) String() string {
	if p == nil {
		return ""
	}
	if p.name == "" {
		return p.up.String() + "[" + itoa(p.index) + "]"
	}
	if p.up == nil {
		return shortened(p.name)
	}
	return p.up.String() + "." + shortened(p.name)
}

// maxPathName bounds a name in a path, in bytes. A name may be as long as the document,
// and many mistakes may lie below it (threat 245).
const maxPathName = 256

func shortened(name string) string {
	if len(name) <= maxPathName {
		return name
	}
	n := maxPathName
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n] + "…"
}

// A scanner reads one JSON text. After the first syntax error it stops.
type jsonScanner struct {
	src    string
	pos    int
	failed bool
	values int
	blank  int     // bytes of white space outside strings
	parser *parser // to whom mistakes are reported
}

// document reads the whole text; it is not ok where the text is no JSON.
func (s *jsonScanner) document() (n node, ok bool) {
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

func (s *jsonScanner) stop(off int, at *docPath, code Code, message string) {
	if !s.failed {
		s.failed = true
		s.parser.fail(off, at, code, message)
	}
}

func (s *jsonScanner) skipBlank() {
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
func (s *jsonScanner) next(c byte) bool {
	s.skipBlank()
	if s.pos < len(s.src) && s.src[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *jsonScanner) value(at *docPath, depth int) (n node) {
	n.off = s.pos
	if s.values++; s.values > maxValues {
		s.stop(s.pos, at, CodeTooManyValues, "the document has more than 100,000 values")
		return n
	}
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

func (s *jsonScanner) members(at *docPath, depth int) (kids []node) {
	s.pos++ // {
	if s.next('}') {
		return nil
	}
	var seen keySet
	inner := docPath{up: at} // of each member in turn: a path is not kept
	for !s.failed {
		s.skipBlank()
		nameOff := s.pos
		if s.pos == len(s.src) || s.src[s.pos] != '"' {
			s.stop(s.pos, at, CodeInvalidJSON, "a key in double quotes is expected")
			return nil
		}
		name := s.str(at)
		inner.name = name
		if !s.next(':') {
			s.stop(s.pos, &inner, CodeInvalidJSON, "a colon is expected after the key")
			return nil
		}
		s.skipBlank()
		n := s.value(&inner, depth+1)
		n.name, n.nameOff = name, nameOff
		if seen.add(kids, name) {
			s.parser.fail(nameOff, &inner, CodeDuplicateKey, "duplicate key "+quote(name))
		}
		if kids == nil {
			kids = make([]node, 0, 4)
		}
		if len(kids) == maxMembers {
			s.stop(nameOff, at, CodeTooManyMembers, "an object of more than 1,000 members")
			return nil
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
type keySet map[string]bool

func (m *keySet) add(before []node, name string) (duplicate bool) {
	const few = 16
	if len(before) < few {
		return slices.ContainsFunc(before, func(n node) bool { return n.name == name })
	}
	if *m == nil {
		*m = make(keySet)
		for i := range before {
			(*m)[before[i].name] = true
		}
	}
	duplicate = (*m)[name]
	(*m)[name] = true
	return duplicate
}

func (s *jsonScanner) elements(at *docPath, depth int) (kids []node) {
	s.pos++ // [
	if s.next(']') {
		return nil
	}
	inner := docPath{up: at}
	for !s.failed {
		s.skipBlank()
		inner.index = len(kids)
		kids = append(kids, s.value(&inner, depth+1))
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
func (s *jsonScanner) number(at *docPath) string {
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
