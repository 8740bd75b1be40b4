package filestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of a document, which hold before anything is made of it (threat 157).
const (
	maxDepth    = 8
	maxMistakes = 100 // what one document can have reported
	tooDeep     = "nested deeper than 8 levels"
)

// node is one JSON value with its place. What encoding/json would let pass is refused: names in
// another case, the last of two equal keys winning, invalid UTF-8 replaced (threats 149, 150 and
// 156). So it serves for the grammar alone.
type node struct {
	kind    nodeKind
	off     int // of the value
	nameOff int // of the key, in an object
	name    string
	text    string // of a string, decoded
	truth   bool   // of a boolean
	kids    []node
}

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

// decoder turns one document into values, and notes every mistake. No text of the document enters
// a message unless it cannot be a secret: not even the name of an unknown element, since a slip of
// the keyboard puts a secret there.
type decoder struct {
	file     string
	src      string
	problems []Problem
	mistakes int // all of them, also those that are too many to be reported
	cursor   cursor
}

// cursor is the place that was last asked for, from zero. Most places are asked for in the order of
// the document, and counting each from the beginning would take time in the square of its size.
type cursor struct{ off, line, column int }

// fail notes a mistake at a byte offset; at is where in the structure, as Users[0].Arn, or "".
func (d *decoder) fail(off int, at, format string, args ...any) {
	d.mistakes++
	if len(d.problems) >= maxMistakes {
		return
	}
	line, column := d.place(off)
	message := fmt.Sprintf(format, args...)
	if at != "" {
		message = at + ": " + message
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Column: column, Message: message})
}

// place returns line and column of a byte offset.
func (d *decoder) place(off int) (line, column int) {
	if off < d.cursor.off {
		d.cursor = cursor{}
	}
	between := d.src[d.cursor.off:off]
	if newline := strings.LastIndexByte(between, '\n'); newline >= 0 {
		d.cursor.line += strings.Count(between, "\n")
		d.cursor.column = 0
		between = between[newline+1:]
	}
	d.cursor.off = off
	d.cursor.column += utf8.RuneCountInString(between)
	return d.cursor.line + 1, d.cursor.column + 1
}

// tree reads the whole document. It is not ok where that is not JSON, or not unambiguous.
func (d *decoder) tree() (root node, ok bool) {
	if strings.HasPrefix(d.src, "\ufeff") {
		d.fail(0, "", "the document begins with a byte order mark")
		return node{}, false
	}
	for i, r := range d.src {
		if r == utf8.RuneError {
			// Either invalid, or what a program writes that has lost a character.
			d.fail(i, "", "invalid UTF-8, or U+FFFD")
			return node{}, false
		}
	}
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(d.src), &whole); err != nil {
		d.syntax(err)
		return node{}, false
	}
	w := walker{decoder: d, tokens: json.NewDecoder(strings.NewReader(d.src))}
	w.tokens.UseNumber()
	root = w.value(1)
	return root, !w.failed
}

// syntax notes an error of encoding/json, without the character that it names.
func (d *decoder) syntax(err error) {
	off, message := 0, "not JSON"
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		off = int(syntax.Offset)
		_, expectation, ok := strings.Cut(syntax.Error(), "' ")
		switch {
		case expectation == "exceeded max depth":
			off, message = off-1, tooDeep
		case ok:
			off, message = off-1, "not JSON: unexpected character "+expectation
		case off == len(d.src):
			message = "the document ends early"
		}
	}
	d.fail(min(max(off, 0), len(d.src)), "", "%s", message)
}

// walker walks over a text that is known to be JSON.
type walker struct {
	*decoder
	tokens *json.Decoder
	failed bool
}

func (w *walker) fail(off int, message string) {
	w.failed = true
	w.decoder.fail(off, "", "%s", message)
}

// next returns the next token and where it begins.
func (w *walker) next() (token json.Token, off int) {
	off = int(w.tokens.InputOffset())
	for off < len(w.src) && strings.IndexByte(" \t\r\n,:", w.src[off]) >= 0 {
		off++
	}
	token, err := w.tokens.Token()
	if err != nil {
		w.fail(off, "not JSON") // unreachable: the text was read before
	}
	return token, off
}

func (w *walker) value(depth int) (n node) {
	var token json.Token
	token, n.off = w.next()
	switch v := token.(type) {
	case string:
		n.kind, n.text = stringNode, v
		w.checkText(v, n.off)
	case json.Number:
		n.kind = numberNode
	case bool:
		n.kind, n.truth = boolNode, v
	case nil:
		n.kind = nullNode
	case json.Delim:
		if depth > maxDepth {
			w.fail(n.off, tooDeep)
			return n
		}
		if v == '[' {
			n.kind = listNode
			for !w.failed && w.tokens.More() {
				n.kids = append(n.kids, w.value(depth+1))
			}
		} else {
			n.kind = objectNode
			n.kids = w.members(depth)
		}
		if !w.failed {
			w.next() // the closing bracket
		}
	}
	return n
}

func (w *walker) members(depth int) (kids []node) {
	seen := make(map[string]bool)
	for !w.failed && w.tokens.More() {
		token, off := w.next()
		name, _ := token.(string)
		w.checkText(name, off)
		if seen[name] {
			w.fail(off, "duplicate key")
			return kids
		}
		seen[name] = true
		kid := w.value(depth + 1)
		kid.name, kid.nameOff = name, off
		kids = append(kids, kid)
	}
	return kids
}

// checkText refuses what stood for a lone surrogate: encoding/json replaces it.
func (w *walker) checkText(s string, off int) {
	if strings.ContainsRune(s, utf8.RuneError) {
		w.fail(off, "a lone surrogate, or U+FFFD")
	}
}
