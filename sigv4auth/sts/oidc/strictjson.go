package oidc

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// jsonLimits bounds a document beside its length, which the caller has bounded.
type jsonLimits struct {
	depth  int // how many objects and arrays lie in one another
	values int // strings, numbers, objects, arrays and literals in all, and names of members
}

var (
	tokenLimits = jsonLimits{depth: 6, values: 512}
	fetchLimits = jsonLimits{depth: 8, values: 8192}
)

type jsonKind byte

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// jsonValue is a value of a document that was read strictly.
type jsonValue struct {
	kind    jsonKind
	text    string // of a string, decoded; else as it stands in the document
	items   []jsonValue
	members []jsonMember
}

// list returns the items of an array, or a value that is none by itself.
func (v *jsonValue) list() []jsonValue {
	if v.kind == jsonArray {
		return v.items
	}
	return []jsonValue{*v}
}

type jsonMember struct {
	name  string
	value jsonValue
}

// member returns the member of that very name. Names of different case are different names.
func (v *jsonValue) member(name string) (*jsonValue, bool) {
	for i := range v.members {
		if v.members[i].name == name {
			return &v.members[i].value, true
		}
	}
	return nil, false
}

var errJSON = errors.New("not strict JSON")

// parseObject reads one JSON object and nothing else. It refuses what two readers could read in two
// ways: a name that stands twice in one object, bytes that are not UTF-8, halves of surrogate pairs
// and U+FFFD, by which a lenient reader replaces both, and what follows the object.
func parseObject(doc string, limits jsonLimits) (*jsonValue, error) {
	p := jsonParser{doc: doc, left: limits.values, depth: limits.depth}
	p.space()
	v, ok := p.value()
	p.space()
	if !ok || v.kind != jsonObject || p.at != len(doc) {
		return nil, errJSON
	}
	return &v, nil
}

type jsonParser struct {
	doc   string
	at    int
	left  int // values that may still come
	depth int // levels that may still be entered
}

func (p *jsonParser) peek() byte {
	if p.at < len(p.doc) {
		return p.doc[p.at]
	}
	return 0
}

func (p *jsonParser) space() {
	for p.at < len(p.doc) && strings.IndexByte(" \t\r\n", p.doc[p.at]) >= 0 {
		p.at++
	}
}

// next reports whether c comes next, and passes it with the space around it.
func (p *jsonParser) next(c byte) bool {
	p.space()
	if p.peek() != c {
		return false
	}
	p.at++
	p.space()
	return true
}

func (p *jsonParser) value() (v jsonValue, ok bool) {
	if p.left--; p.left < 0 {
		return v, false
	}
	from := p.at
	switch c := p.peek(); c {
	case '{':
		v.kind = jsonObject
		ok = p.nested(func() bool { return p.object(&v) })
	case '[':
		v.kind = jsonArray
		ok = p.nested(func() bool { return p.array(&v) })
	case '"':
		v.kind = jsonString
		v.text, ok = p.string()
	default:
		v.kind, ok = p.scalar()
	}
	if v.kind != jsonString {
		v.text = p.doc[from:p.at]
	}
	return v, ok
}

func (p *jsonParser) nested(read func() bool) bool {
	if p.depth--; p.depth < 0 {
		return false
	}
	p.at++
	ok := read()
	p.depth++
	return ok
}

func (p *jsonParser) object(v *jsonValue) bool {
	var seen map[string]struct{} // of an object that is larger than usual
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return false
		}
		p.space()
		if p.left--; p.left < 0 || p.peek() != '"' {
			return false
		}
		name, ok := p.string()
		if !ok || !p.next(':') {
			return false
		}
		if len(v.members) < 16 {
			if _, twice := v.member(name); twice {
				return false
			}
		} else {
			if seen == nil {
				seen = map[string]struct{}{}
				for _, m := range v.members {
					seen[m.name] = struct{}{}
				}
			}
			if _, twice := seen[name]; twice {
				return false
			}
			seen[name] = struct{}{}
		}
		value, ok := p.value()
		if !ok {
			return false
		}
		v.members = append(v.members, jsonMember{name, value})
	}
	return true
}

func (p *jsonParser) array(v *jsonValue) bool {
	for first := true; !p.next(']'); first = false {
		if !first && !p.next(',') {
			return false
		}
		item, ok := p.value()
		if !ok {
			return false
		}
		v.items = append(v.items, item)
	}
	return true
}

// string reads a string. Bytes that are not UTF-8 count as U+FFFD, and stand nowhere else.
func (p *jsonParser) string() (string, bool) {
	from := p.at
	p.at++
	escaped := false
	for p.at < len(p.doc) {
		switch c := p.doc[p.at]; {
		case c == '"':
			p.at++
			if !escaped {
				text := p.doc[from+1 : p.at-1]
				return text, !strings.ContainsRune(text, utf8.RuneError)
			}
			var text string
			err := json.Unmarshal([]byte(p.doc[from:p.at]), &text)
			return text, err == nil && !strings.ContainsRune(text, utf8.RuneError)
		case c == '\\':
			escaped = true
			p.at++
		case c < ' ':
			return "", false
		}
		p.at++
	}
	p.at = len(p.doc) // an escape that is cut short passed it
	return "", false
}

// scalar passes a number or a literal.
func (p *jsonParser) scalar() (jsonKind, bool) {
	from := p.at
	for p.at < len(p.doc) && strings.IndexByte(" \t\r\n,:]}", p.doc[p.at]) < 0 {
		p.at++
	}
	word := p.doc[from:p.at]
	switch word {
	case "null":
		return jsonNull, true
	case "true", "false":
		return jsonBool, true
	}
	digits := len(word) > 0 && (word[0] == '-' || '0' <= word[0] && word[0] <= '9')
	return jsonNumber, digits && json.Valid([]byte(word))
}
