package jsontree

import (
	"slices"
	"strings"
)

// Parse reads a document, which has to be UTF-8. It ends at the first error that leaves in doubt
// what follows; see [Tree].
func Parse(src string, opts Options) Tree {
	s := scanner{src: src, opts: opts}
	var t Tree
	if err := s.document(&t.Root); err != nil {
		s.errors = append(s.errors, *err)
	} else {
		t.Whole = true
	}
	t.Blank, t.Errors = s.blank, s.errors
	return t
}

// A scanner reads one document from its beginning to its end, or to an error.
type scanner struct {
	src    string
	opts   Options
	pos    int
	values int
	blank  int // bytes of white space outside of strings
	errors []Error
}

// fail returns an error after which nothing is read. It writes the path out, so that no Path has to
// be kept.
func (s *scanner) fail(kind ErrorKind, off int, at *Path) *Error {
	e := &Error{Kind: kind, Offset: off}
	if s.opts.Names {
		e.Path = at.String()
	}
	return e
}

// note keeps an error after which the reading goes on. The last place is for the one that ends it.
func (s *scanner) note(kind ErrorKind, off int, at *Path, key string) {
	if len(s.errors) == maxErrors-1 {
		return
	}
	e := s.fail(kind, off, at)
	if s.opts.Names {
		e.Key = key
	}
	s.errors = append(s.errors, *e)
}

func (s *scanner) document(root *Node) *Error {
	if len(s.src) > s.opts.Bytes {
		return s.fail(TooLarge, 0, nil)
	}
	if strings.HasPrefix(s.src, "\ufeff") {
		return s.fail(ByteOrderMark, 0, nil)
	}
	s.skipBlank()
	if err := s.value(root, nil, 1); err != nil {
		return err
	}
	s.skipBlank()
	if s.pos < len(s.src) {
		return s.fail(TrailingData, s.pos, nil)
	}
	return nil
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

// value reads the value that begins here into n, whose name is known.
func (s *scanner) value(n *Node, at *Path, depth int) (err *Error) {
	n.Offset = s.pos
	if s.values++; s.values > s.opts.Values {
		return s.fail(TooManyValues, s.pos, at)
	}
	if depth > s.opts.Depth {
		return s.fail(TooDeep, s.pos, at)
	}
	if s.pos == len(s.src) {
		return s.fail(MissingValue, s.pos, at)
	}
	switch c := s.src[s.pos]; {
	case c == '"':
		n.Text, err = s.str(at)
		return err
	case c == '{':
		n.Kind = Object
		err = s.members(n, at, depth)
	case c == '[':
		n.Kind = List
		err = s.elements(n, at, depth)
	case c == '-' || '0' <= c && c <= '9':
		n.Kind = Number
		err = s.number(at)
	case s.word("true") || s.word("false"):
		n.Kind = Bool
	case s.word("null"):
		n.Kind = Null
	default:
		return s.fail(MissingValue, s.pos, at)
	}
	n.Text = s.src[n.Offset:s.pos]
	return err
}

func (s *scanner) word(word string) bool {
	if !strings.HasPrefix(s.src[s.pos:], word) {
		return false
	}
	s.pos += len(word)
	return true
}

func (s *scanner) members(n *Node, at *Path, depth int) *Error {
	s.pos++ // {
	if s.next('}') {
		return nil
	}
	var seen keySet
	inner := Path{Up: at} // of each member in turn: a path is not kept
	for {
		s.skipBlank()
		off := s.pos
		if s.pos == len(s.src) || s.src[s.pos] != '"' {
			return s.fail(MissingKey, s.pos, at)
		}
		name, err := s.str(at)
		if err != nil {
			return err
		}
		inner.Name = name
		if len(n.Kids) == s.opts.Members {
			return s.fail(TooManyMembers, off, at)
		}
		if seen.holds(n.Kids, name) { // guard 149
			s.note(DuplicateKey, off, &inner, name)
		}
		if !s.next(':') {
			return s.fail(MissingColon, s.pos, &inner)
		}
		s.skipBlank()
		if n.Kids == nil {
			n.Kids = make([]Node, 0, 4)
		}
		n.Kids = append(n.Kids, Node{Name: name, NameOffset: off})
		if err := s.value(&n.Kids[len(n.Kids)-1], &inner, depth+1); err != nil {
			return err
		}
		if s.next(',') {
			continue
		}
		if !s.next('}') {
			return s.fail(ObjectNotEnded, s.pos, at)
		}
		return nil
	}
}

// keySet finds duplicate keys: by a walk where there are few, by a map where there are so many that
// the walks would add up.
type keySet map[string]bool

// holds reports whether the name is one of those before, and adds it.
func (m *keySet) holds(before []Node, name string) bool {
	const few = 16
	if len(before) < few {
		return slices.ContainsFunc(before, func(n Node) bool { return n.Name == name })
	}
	if *m == nil {
		*m = make(keySet)
		for i := range before {
			(*m)[before[i].Name] = true
		}
	}
	held := (*m)[name]
	(*m)[name] = true
	return held
}

func (s *scanner) elements(n *Node, at *Path, depth int) *Error {
	s.pos++ // [
	if s.next(']') {
		return nil
	}
	inner := Path{Up: at}
	for {
		s.skipBlank()
		inner.Index = len(n.Kids)
		n.Kids = append(n.Kids, Node{})
		if err := s.value(&n.Kids[len(n.Kids)-1], &inner, depth+1); err != nil {
			return err
		}
		if s.next(',') {
			continue
		}
		if !s.next(']') {
			return s.fail(ListNotEnded, s.pos, at)
		}
		return nil
	}
}

// number takes a number by JSON's grammar.
func (s *scanner) number(at *Path) *Error {
	start := s.pos
	s.oneOf("-")
	first := s.pos
	if n := s.digits(); n == 0 || n > 1 && s.src[first] == '0' {
		return s.fail(InvalidNumber, start, at)
	}
	if s.oneOf(".") && s.digits() == 0 {
		return s.fail(InvalidNumber, start, at)
	}
	if s.oneOf("eE") {
		s.oneOf("+-")
		if s.digits() == 0 {
			return s.fail(InvalidNumber, start, at)
		}
	}
	return nil
}

func (s *scanner) digits() (n int) {
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
		n++
	}
	return n
}

// oneOf takes a byte of the set if it is what follows.
func (s *scanner) oneOf(set string) bool {
	if s.pos < len(s.src) && strings.IndexByte(set, s.src[s.pos]) >= 0 {
		s.pos++
		return true
	}
	return false
}
