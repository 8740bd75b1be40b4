// Package jsontree reads JSON documents whose meaning must not be in doubt, such as policies and
// the files of a store, into trees whose values know their places.
//
// It is strict where encoding/json is lenient: that replaces invalid UTF-8 and lone surrogates,
// lets the last of two equal keys win, and has one bound, on depth. Here a document has one
// meaning, or none:
//
//   - It is UTF-8 without a byte order mark, and nothing but white space follows its value.
//   - No object has a key twice, however the keys are escaped (threat 149).
//   - No string holds a lone surrogate, or U+FFFD, which programs write where they have lost a
//     character (threat 156).
//   - Names are left as they are: whoever reads the tree compares them by case (threat 150).
//   - [Limits] hold before anything is made of the document (threat 157).
//
// What is accepted, encoding/json accepts as well, and reads as the same values.
//
// An [Error] has a kind and a place, and nothing of the document unless that is asked for with
// [Options.Names]: what callers print of a document that may hold a secret is theirs to choose.
package jsontree

// Limits are the bounds of a document. A limit of zero admits nothing.
type Limits struct {
	// Bytes bounds the text.
	Bytes int
	// Depth bounds how deep values are nested. The document's value has the depth 1, its elements
	// or members 2.
	Depth int
	// Members bounds the members of one object.
	Members int
	// Values bounds the values of the document: strings, numbers, booleans, nulls, lists and
	// objects.
	Values int
}

// Options say how a document is read.
type Options struct {
	Limits
	// Latin1 admits in strings only what AWS admits in policies: U+0009, U+000A, U+000D and U+0020
	// to U+00FF ("IAM and AWS STS quotas").
	Latin1 bool
	// Names lets errors hold keys of the document.
	Names bool
}

// A Tree is what Parse has made of a document.
type Tree struct {
	// Root is the document's value.
	Root Node
	// Blank is how many bytes of white space stand outside of strings.
	Blank int
	// Errors is what is wrong, in the order in which it was found; at most 100 errors. The
	// document is refused unless there are none.
	Errors []Error
	// Whole reports whether the document was read to its end, so that Root has all of it. A
	// duplicate key and a character that is not admitted do not end the reading, so that a caller
	// can look for further mistakes; any other error does.
	Whole bool
}

// Kind is the kind of a value.
type Kind uint8

// The kinds of values.
const (
	String Kind = iota
	Number
	Bool
	Null
	List
	Object
)

// String returns the kind with its article, as "a string".
func (k Kind) String() string {
	return [...]string{"a string", "a number", "a boolean", "null", "a list", "an object"}[k]
}

// A Node is one value with its place in the document.
type Node struct {
	Kind       Kind
	Offset     int    // in bytes, of the value
	NameOffset int    // of the key, where the value is a member of an object
	Name       string // the key, decoded
	Text       string // of a string, decoded; of any other value, as it is written
	Kids       []Node // the elements of a list, or the members of an object
}

// Texts returns the text of a value that is no list, or the texts of a list's elements.
func (n *Node) Texts() []string {
	if n.Kind != List {
		return []string{n.Text}
	}
	texts := make([]string, len(n.Kids))
	for i := range n.Kids {
		texts[i] = n.Kids[i].Text
	}
	return texts
}
