package filestore

import (
	"fmt"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// maxMistakes bounds what one document can have reported.
const maxMistakes = 100

// maxDepth has room for a trust policy: a value of a condition is at the tenth level of
// principals.json.
const maxDepth = 12

// decoder turns one document into values, and notes every mistake. No text of the document enters
// a message unless it cannot be a secret: the name of an unknown element is told only where it is
// nearly a known one or too short, since a slip of the keyboard puts a secret there.
type decoder struct {
	file     string
	src      string
	problems []Problem
	mistakes int // all of them, also those that are too many to be reported
	lines    jsontree.Locator
}

func newDecoder(file string, data []byte) decoder {
	src := string(data)
	return decoder{file: file, src: src, lines: jsontree.Locator{Text: src}}
}

// fail notes a mistake at a byte offset; at is where in the structure, as Users[0].Arn, or "".
func (d *decoder) fail(off int, at, format string, args ...any) {
	d.mistakes++
	if len(d.problems) >= maxMistakes {
		return
	}
	line, column := d.lines.Place(off)
	message := fmt.Sprintf(format, args...)
	if at != "" {
		message = at + ": " + message
	}
	d.problems = append(d.problems, Problem{File: d.file, Line: line, Column: column, Message: message})
}

// tree reads the whole document. It is not ok where that is not JSON, or not unambiguous. The
// bounds hold before anything is made of it (threat 157).
func (d *decoder) tree() (root jsontree.Node, ok bool) {
	tree := jsontree.Parse(d.src, jsontree.Options{Limits: jsontree.Limits{
		Bytes:   maxPrincipalsBytes,
		Depth:   maxDepth,
		Members: 1000,
		Values:  maxPrincipalsBytes, // the size bounds them
	}})
	for i := range tree.Errors {
		e := &tree.Errors[i]
		d.fail(e.Offset, "", "%s", syntaxMessage(e.Kind, e.Offset == len(d.src)))
	}
	return tree.Root, len(tree.Errors) == 0
}

// syntaxMessage returns what is reported of an error, which may be at the document's end.
func syntaxMessage(kind jsontree.ErrorKind, atEnd bool) string {
	switch kind {
	case jsontree.TooDeep:
		return fmt.Sprintf("nested deeper than %d levels", maxDepth)
	case jsontree.TooManyMembers:
		return "an object of more than 1,000 members"
	case jsontree.InvalidUTF8, jsontree.ReplacementCharacter:
		return "invalid UTF-8, or U+FFFD"
	case jsontree.TooLarge, jsontree.TooManyValues, jsontree.ByteOrderMark, jsontree.DuplicateKey, jsontree.LoneSurrogate:
		return kind.String()
	case jsontree.TrailingData:
		return "not JSON: unexpected character after top-level value"
	}
	if atEnd {
		return "the document ends early"
	}
	switch kind {
	case jsontree.MissingValue:
		return "not JSON: unexpected character looking for beginning of value"
	case jsontree.MissingKey:
		return "not JSON: unexpected character looking for beginning of object key string"
	case jsontree.MissingColon:
		return "not JSON: unexpected character after object key"
	case jsontree.ObjectNotEnded:
		return "not JSON: unexpected character after object key:value pair"
	case jsontree.ListNotEnded:
		return "not JSON: unexpected character after array element"
	}
	return "not JSON: " + kind.String()
}
