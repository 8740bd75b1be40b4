package main

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// maxJSONDepth bounds a request file: an inline policy has at most 16 levels.
const maxJSONDepth = 24

// A jsonText is a text that the user has written in JSON, with the name that messages have for it.
type jsonText struct{ name, text string }

func (t jsonText) errorf(offset int, format string, args ...any) error {
	line, column := t.position(offset)
	return inputError(fmt.Sprintf("%s:%d:%d: error: %s", t.name, line, column, printable(fmt.Sprintf(format, args...))))
}

// position counts lines and characters from 1.
func (t jsonText) position(offset int) (line, column int) {
	places := jsontree.Locator{Text: t.text}
	return places.Place(offset)
}

// parse reads the text as one value.
func (t jsonText) parse() (*jsontree.Node, error) {
	tree := jsontree.Parse(t.text, jsontree.Options{
		// The size bounds members and values.
		Limits: jsontree.Limits{Bytes: maxInputBytes - 1, Depth: maxJSONDepth, Members: maxInputBytes, Values: maxInputBytes},
		Names:  true,
	})
	if len(tree.Errors) > 0 {
		e := &tree.Errors[0]
		return nil, t.errorf(e.Offset, "%s", t.syntaxMessage(e))
	}
	return &tree.Root, nil
}

// syntaxMessage says what is wrong as encoding/json does, where that names the character.
func (t jsonText) syntaxMessage(e *jsontree.Error) string {
	context := ""
	switch e.Kind {
	case jsontree.TooLarge:
		return "the file is larger than 1 MiB"
	case jsontree.TooDeep:
		return fmt.Sprintf("nested deeper than %d levels", maxJSONDepth)
	case jsontree.InvalidUTF8:
		return "the text is not UTF-8"
	case jsontree.DuplicateKey:
		return "duplicate key " + strconv.Quote(e.Key)
	case jsontree.MissingValue:
		context = "looking for beginning of value"
	case jsontree.MissingKey:
		context = "looking for beginning of object key string"
	case jsontree.MissingColon:
		context = "after object key"
	case jsontree.ObjectNotEnded:
		context = "after object key:value pair"
	case jsontree.ListNotEnded:
		context = "after array element"
	case jsontree.TrailingData:
		context = "after top-level value"
	case jsontree.StringNotEnded:
	default:
		return e.Kind.String()
	}
	if e.Offset == len(t.text) {
		return "unexpected end of JSON input"
	}
	r, _ := utf8.DecodeRuneInString(t.text[e.Offset:])
	return "invalid character " + strconv.QuoteRune(r) + " " + context
}
