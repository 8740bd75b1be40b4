package awsjson

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/jsontree"
)

// Strings returns the members of a list of texts. nil: the list was not sent. An empty one is not
// nil.
func (in *Input) Strings(name string, list, member Rule) []string {
	n := in.list(name, list)
	if n == nil {
		return nil
	}
	all := make([]string, 0, len(n.Kids))
	said := member.shared()
	broken := false
	for i := range n.Kids {
		one := &n.Kids[i]
		if one.Kind != jsontree.String {
			in.malformed(notA(one, "a String"))
			return nil
		}
		broken = broken || len(said.Broken(one.Text)) > 0
		all = append(all, one.Text)
	}
	quoted := list.shared()
	quoted.Sensitive = list.Sensitive || member.Sensitive
	text := quoted.Quoted("[" + strings.Join(all, ", ") + "]")
	for _, b := range quoted.BrokenLength(len(all)) {
		in.violation(name, text, b)
	}
	if broken {
		in.violation(name, text, said.OfMembers())
	}
	return all
}

// Structs returns the members of a list of structures. What is found wrong with them is in in's Err
// too. nil: the list was not sent.
func (in *Input) Structs(name string, list Rule) []*Input {
	n := in.list(name, list)
	if n == nil {
		return nil
	}
	all := make([]*Input, 0, len(n.Kids))
	for i := range n.Kids {
		one := &n.Kids[i]
		if one.Kind != jsontree.Object {
			in.malformed(notAStructure(one))
			return nil
		}
		all = append(all, &Input{node: one, place: in.at(name) + "." + strconv.Itoa(i+1) + ".member.", wrong: in.wrong})
	}
	for _, b := range list.shared().BrokenLength(len(all)) {
		in.violation(name, "", b)
	}
	return all
}

// Map returns a map of texts. nil: it was not sent. An empty one is not nil. A value that is null
// is as if its key were not there.
func (in *Input) Map(name string, whole, key, value Rule) map[string]string {
	n := in.member(name, whole)
	if n == nil {
		return nil
	}
	if n.Kind != jsontree.Object {
		in.malformed(notAStructure(n))
		return nil
	}
	keys, values := key.shared(), value.shared()
	all := make(map[string]string, len(n.Kids))
	badKey, badValue := false, false
	for i := range n.Kids {
		one := &n.Kids[i]
		switch one.Kind {
		case jsontree.Null:
			continue
		case jsontree.String:
		default:
			in.malformed(notA(one, "a String"))
			return nil
		}
		badKey = badKey || len(keys.Broken(one.Name)) > 0
		badValue = badValue || len(values.Broken(one.Text)) > 0
		all[one.Name] = one.Text
	}
	// A map's text would hold all of its values, so that none is repeated.
	for _, b := range whole.shared().BrokenLength(len(all)) {
		in.violation(name, "", b)
	}
	if badKey {
		in.violation(name, "", keys.OfKeys())
	}
	if badValue {
		in.violation(name, "", values.OfValues())
	}
	return all
}

// list returns a member that is a list, nil if it was not sent or is none.
func (in *Input) list(name string, rule Rule) *jsontree.Node {
	n := in.member(name, rule)
	if n != nil && n.Kind != jsontree.List {
		in.malformed(notA(n, "a List"))
		return nil
	}
	return n
}
