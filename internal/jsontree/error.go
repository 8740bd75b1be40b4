package jsontree

// guard none: errors are made here, and none is found.

// maxErrors bounds what one document can have reported.
const maxErrors = 100

// ErrorKind says what is wrong with a document. The zero ErrorKind is none.
type ErrorKind uint8

// The kinds of errors.
const (
	_ ErrorKind = iota

	// Beyond a limit.
	TooLarge
	TooDeep
	TooManyMembers
	TooManyValues

	// Not JSON.
	ByteOrderMark
	InvalidUTF8
	MissingValue
	MissingKey
	MissingColon
	ObjectNotEnded // neither a comma nor a brace follows a member
	ListNotEnded   // neither a comma nor a bracket follows an element
	StringNotEnded // the document ends within a string
	ControlCharacter
	InvalidEscape
	InvalidHex
	InvalidNumber
	TrailingData

	// JSON, but in doubt.
	DuplicateKey
	LoneSurrogate
	ReplacementCharacter
	DisallowedCharacter // one that Options.Latin1 does not admit
)

var errorTexts = [...]string{
	TooLarge:             "the document is too large",
	TooDeep:              "nested too deep",
	TooManyMembers:       "an object of too many members",
	TooManyValues:        "the document has too many values",
	ByteOrderMark:        "the document begins with a byte order mark",
	InvalidUTF8:          "invalid UTF-8",
	MissingValue:         "a value is expected",
	MissingKey:           "a key in double quotes is expected",
	MissingColon:         "a colon is expected after the key",
	ObjectNotEnded:       "a comma or } is expected",
	ListNotEnded:         "a comma or ] is expected",
	StringNotEnded:       "the document ends within a string",
	ControlCharacter:     "a control character in a string",
	InvalidEscape:        "an unknown escape",
	InvalidHex:           "an escape without four hexadecimal digits",
	InvalidNumber:        "a number that is not JSON's",
	TrailingData:         "text follows after the end of the document",
	DuplicateKey:         "duplicate key",
	LoneSurrogate:        "a lone surrogate",
	ReplacementCharacter: "U+FFFD, which stands for a character that was lost",
	DisallowedCharacter:  "a character outside of U+0020 to U+00FF",
}

// String says what is wrong, without anything that is the document's.
func (k ErrorKind) String() string { return errorTexts[k] }

// An Error is something for which a document is refused.
type Error struct {
	Kind ErrorKind
	// Offset is the place in the document, in bytes; its length where the document ends early.
	Offset int
	// Path is where in the document's structure that is, as Statement[0].Sid; "" for the document
	// itself. Key is the key of a DuplicateKey. Both are "" without Options.Names.
	Path, Key string
}

// Error says what is wrong, without anything that is the document's.
func (e *Error) Error() string { return "jsontree: " + e.Kind.String() }
