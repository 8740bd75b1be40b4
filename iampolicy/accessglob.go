package iampolicy

import (
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// A globItem is one step of a glob: what the next symbol of a word may be.
type globItem struct {
	kind globKind
	char rune // of globChar, and of globFold in lower case
	ref  int  // of globVariable and globVariablePart: which
}

type globKind uint8

const (
	globChar         globKind = iota // this character
	globFold                         // this ASCII letter in either case
	globAny                          // one character
	globAnyPart                      // one character, no colon
	globStar                         // any characters
	globStarPart                     // any characters without colon
	globVariable                     // the value of a variable
	globVariablePart                 // the value of a variable, without colon
	globEnd                          // nothing: the word is matched
)

func (k globKind) isStar() bool { return k == globStar || k == globStarPart }

// An approximation says how a glob with variables may err where their values are not
// known.
type approximation uint8

const (
	// under: what the glob matches is matched for every value of the variables.
	// A variable is a symbol of its own that only itself and stars match. Where it
	// stands within a part of an ARN, its value has no colon: that is another
	// symbol, which stars within a part match, too.
	under approximation = iota
	// over: what any values would match is matched. A variable is a star.
	over
)

// A globCompiler makes globs of compiled patterns. The variables are replaced
// where their values are fixed; else they become symbols, numbered by their text.
type globCompiler struct {
	fixed     *Context // nil: no value is known
	variables map[string]int
	met       bool // a variable was met that is not fixed
}

// pattern appends the items of p to list, or reports false if p matches nothing,
// for want of a variable's value. In a part of an ARN, inside is true.
func (g *globCompiler) pattern(list []globItem, p *pattern, inside bool, pol approximation) ([]globItem, bool) {
	one, many, valueOf := globAny, globStar, globVariable
	if inside {
		one, many, valueOf = globAnyPart, globStarPart, globVariablePart
	}
	switch p.shape {
	case literal:
		return globText(list, p.text, p.fold), true
	case prefix:
		return append(globText(list, p.text, p.fold), globItem{kind: many}), true
	case anything:
		return append(list, globItem{kind: many}), true
	}
	for i, run := range p.runs {
		if i > 0 {
			list = append(list, globItem{kind: many})
		}
		for _, part := range run {
			switch {
			case part.any > 0:
				for range part.any {
					list = append(list, globItem{kind: one})
				}
			case part.ref == 0:
				list = globText(list, part.text, p.fold)
			case g.fixed != nil:
				value, has, _ := p.vars[part.ref-1].value(g.fixed)
				if has != oneValue || inside && strings.IndexByte(value, ':') >= 0 {
					return list, false // a part of an ARN has no colon
				}
				list = globText(list, value, p.fold)
			default:
				g.met = true
				if pol == over {
					list = append(list, globItem{kind: many})
				} else {
					list = append(list, globItem{kind: valueOf, ref: g.variable(&p.vars[part.ref-1], p.fold)})
				}
			}
		}
	}
	return list, true
}

// variable numbers a variable. Its value compares in any case in one pattern and
// exactly in another: these are two.
func (g *globCompiler) variable(v *variable, fold bool) int {
	key := variableKey(v)
	if fold {
		key = "fold " + key
	}
	n, ok := g.variables[key]
	if !ok {
		n = len(g.variables)
		if g.variables == nil {
			g.variables = map[string]int{}
		}
		g.variables[key] = n
	}
	return n
}

func variableKey(v *variable) string {
	key := ascii.ToLower(v.key)
	if v.hasDefault {
		key += ", '" + v.fallback + "'"
	}
	return key
}

// globText appends the characters of text. A byte of a value that is no UTF-8
// cannot be: fixed values and policies are valid.
func globText(list []globItem, text string, fold bool) []globItem {
	for _, r := range text {
		item := globItem{kind: globChar, char: r}
		if fold && r < 0x80 {
			item.char = rune(ascii.Lower(byte(r)))
			if 'a' <= item.char && item.char <= 'z' {
				item.kind = globFold
			}
		}
		list = append(list, item)
	}
	return list
}

// arn is pattern for an ARN's pattern, over the whole text of the ARN.
func (g *globCompiler) arn(p *arnPattern, pol approximation) (list []globItem, ok bool) {
	switch {
	case p.everything:
		return []globItem{{kind: globStar}}, true
	case p.whole && pol == over && g.fixed == nil:
		g.met = true
		return globOfARN(), true
	case p.whole:
		list, ok = g.pattern(nil, &p.tail, false, pol)
		// The value must be an ARN: as a symbol it is not known to be one.
		return list, ok && g.fixed != nil && isARNText(list)
	}
	list = globText(list, p.head, false)
	for i := range p.parts {
		if list, ok = g.pattern(list, &p.parts[i], true, pol); !ok {
			return nil, false
		}
		list = append(list, globItem{kind: globChar, char: ':'})
	}
	return g.pattern(list, &p.tail, false, pol)
}

// isARNText reports whether the characters of list are an ARN.
func isARNText(list []globItem) bool {
	var b strings.Builder
	for _, item := range list {
		b.WriteRune(item.char)
	}
	_, ok := splitARN(b.String())
	return ok
}

// globOfARN matches every text that has the six parts of an ARN.
func globOfARN() []globItem {
	list := globText(nil, "arn:", false)
	for range 4 {
		list = append(list, globItem{kind: globStarPart}, globItem{kind: globChar, char: ':'})
	}
	return append(list, globItem{kind: globStar})
}

// globOfAction matches every service:name (see isAction, but for the length).
func globOfAction() []globItem {
	return []globItem{{kind: globAnyPart}, {kind: globStarPart}, {kind: globChar, char: ':'}, {kind: globAny}, {kind: globStar}}
}

// globKey returns a text that is the same for equal globs only.
func globKey(list []globItem, pol approximation) string {
	b := make([]byte, 0, 1+4*len(list))
	b = append(b, byte(pol))
	for _, item := range list {
		n := uint32(item.char) + uint32(item.ref)
		b = append(b, byte(item.kind), byte(n), byte(n>>8), byte(n>>16))
	}
	return string(b)
}
