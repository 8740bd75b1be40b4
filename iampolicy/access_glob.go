package iampolicy

import (
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
	"github.com/wildgate/wildgate/internal/ascii"
)

// A globCompiler makes globs of compiled patterns. The variables are replaced
// where their values are fixed; else they become symbols, numbered by their text.
type globCompiler struct {
	fixed     *Context // nil: no value is known
	variables map[string]int
}

// pattern appends the items of p to list, or reports false if p matches nothing,
// for want of a variable's value. In a part of an ARN, inside is true.
func (g *globCompiler) pattern(list []globset.Item, p *pattern, inside bool, approx globset.Approximation) ([]globset.Item, bool) {
	one, many, valueOf := globset.Any, globset.Star, globset.Variable
	if inside {
		one, many, valueOf = globset.AnyPart, globset.StarPart, globset.VariablePart
	}
	switch p.shape {
	case literal:
		return globset.AppendText(list, p.text, p.fold), true
	case prefix:
		return append(globset.AppendText(list, p.text, p.fold), globset.Item{Kind: many}), true
	case anything:
		return append(list, globset.Item{Kind: many}), true
	}
	for i, run := range p.runs {
		if i > 0 {
			list = append(list, globset.Item{Kind: many})
		}
		for _, part := range run {
			switch {
			case part.any > 0:
				for range part.any {
					list = append(list, globset.Item{Kind: one})
				}
			case part.ref == 0:
				list = globset.AppendText(list, part.text, p.fold)
			case g.fixed != nil:
				value, has, _ := p.vars[part.ref-1].value(g.fixed)
				if has != oneValue || inside && strings.IndexByte(value, ':') >= 0 {
					return list, false // a part of an ARN has no colon
				}
				list = globset.AppendText(list, value, p.fold)
			case approx == globset.Over:
				list = append(list, globset.Item{Kind: many})
			default:
				list = append(list, globset.Item{Kind: valueOf, Ref: g.variable(&p.vars[part.ref-1], p.fold)})
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

// arn is pattern for an ARN's pattern, over the whole text of the ARN.
func (g *globCompiler) arn(p *arnPattern, approx globset.Approximation) (list []globset.Item, ok bool) {
	switch {
	case p.everything:
		return []globset.Item{{Kind: globset.Star}}, true
	case p.whole && approx == globset.Over && g.fixed == nil:
		return globOfARN(), true
	case p.whole:
		list, ok = g.pattern(nil, &p.tail, false, approx)
		// The value must be an ARN: as a symbol it is not known to be one.
		return list, ok && g.fixed != nil && isARNText(list)
	}
	list = globset.AppendText(list, p.head, false)
	for i := range p.parts {
		if list, ok = g.pattern(list, &p.parts[i], true, approx); !ok {
			return nil, false
		}
		list = append(list, globset.Item{Kind: globset.Char, Char: ':'})
	}
	return g.pattern(list, &p.tail, false, approx)
}

// isARNText reports whether the characters of list are an ARN.
func isARNText(list []globset.Item) bool {
	var b strings.Builder
	for _, item := range list {
		b.WriteRune(item.Char)
	}
	_, ok := splitARN(b.String())
	return ok
}

// globOfARN matches every text that has the six parts of an ARN.
func globOfARN() []globset.Item {
	list := globset.AppendText(nil, "arn:", false)
	for range 4 {
		list = append(list, globset.Item{Kind: globset.StarPart}, globset.Item{Kind: globset.Char, Char: ':'})
	}
	return append(list, globset.Item{Kind: globset.Star})
}

// globOfAction matches every service:name (see isAction, but for the length).
func globOfAction() []globset.Item {
	return []globset.Item{
		{Kind: globset.AnyPart}, {Kind: globset.StarPart}, {Kind: globset.Char, Char: ':'}, {Kind: globset.Any}, {Kind: globset.Star},
	}
}
