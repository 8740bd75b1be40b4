package iampolicy

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A variable is a policy variable, ${key} or ${key, 'text'}.
type variable struct {
	key        string
	hash       uint32
	fallback   string
	hasDefault bool
}

// A resolution is what a request has for a variable.
type resolution uint8

const (
	noValue resolution = iota
	oneValue
	unknownValue // the key was given to Context.SetUnknown
)

// value returns what is inserted for the variable. A key that is missing or
// empty has none, unless the policy gives a default; a multivalued key never
// has one (IAM user guide, "Policy variables", "Specifying default values" and
// "Where you can use policy variables"). Of a value that is not known neither is
// known whether it is empty, so that a default is none of it.
//
// ragged means that the value is no UTF-8. The context knows: to look again for each pattern
// would cost as much as the value is long, which the caller decides (threat 224).
func (v *variable) value(ctx *Context) (text string, has resolution, ragged bool) {
	e := ctx.lookup(v.key, v.hash)
	switch {
	case e == nil:
	case e.unknown:
		return "", unknownValue, false
	case e.multivalued:
		return "", noValue, false
	case e.one[0] != "":
		return e.one[0], oneValue, e.strays != nil
	}
	if v.hasDefault {
		return v.fallback, oneValue, false // a policy is UTF-8
	}
	return "", noValue, false
}

// parseVariable takes the variable at the beginning of text, which is "${", and
// n bytes long. ${*}, ${?} and ${$} are the character itself.
func parseVariable(text string) (v variable, char byte, n int, wrong problem) {
	end := strings.IndexByte(text, '}')
	if end < 0 {
		return v, 0, 0, problem{CodeInvalidVariable, `"${" without "}"`}
	}
	if end == 3 && strings.IndexByte("*?$", text[2]) >= 0 {
		return v, text[2], 4, problem{}
	}
	name, rest, hasDefault := strings.Cut(text[2:], ",")
	if comma := 2 + len(name); !hasDefault || comma > end {
		v.key, n = text[2:end], end+1
	} else {
		// The default may contain a brace; a quote ends it.
		quoted := strings.TrimLeft(rest, " ")
		spaces := len(rest) - len(quoted)
		if !strings.HasPrefix(quoted, "'") {
			return v, 0, 0, problem{CodeInvalidVariable, "a default value of a policy variable is not in single quotes"}
		}
		fallback, after, closed := strings.Cut(quoted[1:], "'")
		blank := len(after) - len(strings.TrimLeft(after, " "))
		if !closed || !strings.HasPrefix(after[blank:], "}") {
			return v, 0, 0, problem{CodeInvalidVariable, "a default value of a policy variable does not end with '}"}
		}
		v.key, v.fallback, v.hasDefault = name, fallback, true
		n = 2 + len(name) + 1 + spaces + 1 + len(fallback) + 1 + blank + 1
	}
	if v.key == "" || strings.TrimSpace(v.key) != v.key || strings.ContainsAny(v.key, "*?${}'\"") {
		return v, 0, 0, problem{CodeInvalidVariable, strconv.Quote(v.key) + " is not the name of a condition key"}
	}
	v.hash = ascii.HashFold(v.key)
	return v, 0, n, problem{}
}
