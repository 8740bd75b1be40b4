package awsjson

import (
	"fmt"
	"io"
	"strconv"

	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

// Input gives typed access to the input of an operation, or to a structure in it, and collects what
// is wrong. An operation reads all that it knows and then asks Err. Names are compared by case.
//
// It holds what the caller sent, secrets too, and prints nothing of it. It is not safe for
// concurrent use.
type Input struct {
	node  *jsontree.Node // an object
	place string         // of names in messages, for instance "tags.1.member."
	wrong *faults        // shared with the structures inside
}

// faults is what has been found wrong.
type faults struct {
	code       string // of violations
	shape      *Error // the first member of a wrong type; nil => none
	violations awsservice.Violations
}

// The bounds of an input, beside its size.
const (
	maxDepth   = 16
	maxMembers = 1000
	maxValues  = 10_000
)

// parse reads an input.
func parse(text, invalid string) (*Input, *Error) {
	tree := jsontree.Parse(text, jsontree.Options{Limits: jsontree.Limits{
		Bytes: len(text), Depth: maxDepth, Members: maxMembers, Values: maxValues,
	}})
	if len(tree.Errors) > 0 {
		return nil, serialization("", &tree.Errors[0])
	}
	if tree.Root.Kind != jsontree.Object {
		return nil, serialization(notAStructure(&tree.Root), nil)
	}
	return &Input{node: &tree.Root, wrong: &faults{code: invalid}}, nil
}

// Err returns nil if all that has been read so far is right, and an [*Error] otherwise:
// SerializationException for a value of a wrong type, else with the code [Service].Invalid.
func (in *Input) Err() error {
	if in.wrong.shape != nil {
		return in.wrong.shape
	}
	if message := in.wrong.violations.Message(); message != "" {
		return &Error{Code: in.wrong.code, Message: message}
	}
	return nil
}

// Has reports whether a member was sent, and is not null.
func (in *Input) Has(name string) bool { return in.find(name) != nil }

// String returns a text, "" if it was not sent.
func (in *Input) String(name string, rule Rule) string {
	n := in.member(name, rule)
	if n == nil {
		return ""
	}
	if n.Kind != jsontree.String {
		in.malformed(notA(n, "a String"))
		return ""
	}
	said := rule.shared()
	for _, broken := range said.Broken(n.Text) {
		in.violation(name, said.Quoted(n.Text), broken)
	}
	return n.Text
}

// Int returns a whole number of 64 bits, and whether it was sent and is one.
func (in *Input) Int(name string, rule Rule) (n int64, ok bool) {
	node := in.member(name, rule)
	if node == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(node.Text, 10, 64)
	if node.Kind != jsontree.Number || err != nil {
		in.malformed(notA(node, "an Integer"))
		return 0, false
	}
	said := rule.shared()
	if broken := said.BrokenNumber(n); broken != "" {
		in.violation(name, said.Quoted(node.Text), broken)
	}
	return n, true
}

// Bool returns a truth value, false if it was not sent.
func (in *Input) Bool(name string, rule Rule) bool {
	n := in.member(name, rule)
	if n == nil {
		return false
	}
	if n.Kind != jsontree.Bool {
		in.malformed(notA(n, "a Boolean"))
	}
	return n.Text == "true"
}

// Struct returns a structure, nil if it was not sent. What is found wrong with it is in in's Err
// too.
func (in *Input) Struct(name string, rule Rule) *Input {
	n := in.member(name, rule)
	if n == nil {
		return nil
	}
	if n.Kind != jsontree.Object {
		in.malformed(notAStructure(n))
		return nil
	}
	return &Input{node: n, place: in.at(name) + ".", wrong: in.wrong}
}

// Format writes the name of the type, whatever the verb: the rest may be secret.
func (*Input) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "awsjson.Input") }

// find returns a member, nil if it is not there or null.
func (in *Input) find(name string) *jsontree.Node {
	for i := range in.node.Kids {
		if n := &in.node.Kids[i]; n.Name == name && n.Kind != jsontree.Null {
			return n
		}
	}
	return nil
}

// member returns a member, and records its absence if it is required.
func (in *Input) member(name string, rule Rule) *jsontree.Node {
	n := in.find(name)
	if n == nil && rule.Required {
		in.violation(name, " null", awsservice.Absent)
	}
	return n
}

// malformed records a member of a wrong type.
func (in *Input) malformed(message string) {
	if in.wrong.shape == nil {
		in.wrong.shape = serialization(message, nil)
	}
}

// violation records a value that breaks its rule.
func (in *Input) violation(name, value, broken string) {
	in.wrong.violations.Add(in.at(name), value, broken)
}

// at returns the place of a member as AWS's messages name it.
func (in *Input) at(name string) string { return in.place + awsservice.At(name) }

// notA says that a value is of another type than its member. The value is not told.
func notA(n *jsontree.Node, typ string) string {
	switch n.Kind {
	case jsontree.Object:
		return "Start of structure or map found where not expected."
	case jsontree.List:
		return "Start of list found where not expected"
	case jsontree.Number:
		return "NUMBER_VALUE can not be converted to " + typ
	case jsontree.Bool:
		return map[string]string{"true": "TRUE_VALUE", "false": "FALSE_VALUE"}[n.Text] + " can not be converted to " + typ
	case jsontree.Null:
		return "NULL_VALUE can not be converted to " + typ
	default:
		return "STRING_VALUE can not be converted to " + typ
	}
}

func notAStructure(n *jsontree.Node) string {
	if n.Kind == jsontree.List {
		return "Start of list found where not expected"
	}
	return "Unexpected value type in payload"
}
