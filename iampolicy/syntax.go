package iampolicy

import (
	"strconv"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// document reads the document as JSON; it is not ok where that ends early. The bounds hold before
// anything is compiled (threat 157).
func (p *parser) document() (tree jsontree.Tree, ok bool) {
	tree = jsontree.Parse(p.src, jsontree.Options{
		Limits: jsontree.Limits{Bytes: 1 << 20, Depth: 16, Members: 1000, Values: 100_000},
		Latin1: true,
		Names:  true,
	})
	for i := range tree.Errors {
		if e := &tree.Errors[i]; p.count() {
			code, message := syntaxFinding(e, len(p.src))
			p.mistakes = append(p.mistakes, mistake{off: e.Offset, path: e.Path, message: message, code: code})
		}
	}
	return tree, tree.Whole
}

// syntaxFinding returns the code and the message for an error in a document of so many bytes.
func syntaxFinding(e *jsontree.Error, size int) (code Code, message string) {
	switch e.Kind {
	case jsontree.TooLarge:
		return CodeDocumentTooLarge, "the document is larger than 1 MiB"
	case jsontree.TooDeep:
		return CodeNestingTooDeep, "nested deeper than 16 levels"
	case jsontree.TooManyMembers:
		return CodeTooManyMembers, "an object of more than 1,000 members"
	case jsontree.TooManyValues:
		return CodeTooManyValues, "the document has more than 100,000 values"
	case jsontree.ByteOrderMark:
		return CodeByteOrderMark, e.Kind.String()
	case jsontree.TrailingData:
		return CodeTrailingData, "text follows after the end of the policy"
	case jsontree.InvalidUTF8:
		return CodeInvalidUTF8, e.Kind.String()
	case jsontree.LoneSurrogate:
		return CodeLoneSurrogate, e.Kind.String()
	case jsontree.DisallowedCharacter:
		return CodeInvalidCharacter, "a character outside of what a policy may contain: U+0020 to U+00FF"
	case jsontree.DuplicateKey:
		return CodeDuplicateKey, "duplicate key " + strconv.Quote(e.Key)
	case jsontree.MissingValue:
		if e.Offset == size {
			return CodeInvalidJSON, "the document ends where a value is expected"
		}
	}
	return CodeInvalidJSON, e.Kind.String()
}
