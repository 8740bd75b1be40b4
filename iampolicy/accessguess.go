package iampolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/internal/ascii"
)

// maxAccessAttempts bounds how many values of the policy variables are guessed.
const maxAccessAttempts = 8

// guess gives the policy variables values, others in each attempt: a name that is
// in no policy, none, and those that the policies suggest.
func (q *accessQuestion) guess(attempt int) *Context {
	fixed := &Context{}
	for i, key := range q.variables {
		name := fmt.Sprintf("witness%d", i+1)
		switch n := attempt - 2; {
		case attempt == 0:
			fixed.Set(key, name)
		case attempt > 1:
			values := append(q.suggested(key), name, witnessUser)
			fixed.Set(key, values[n%len(values)])
		}
	}
	return fixed
}

// suggested returns values that the policies suggest for a key: one that each
// pattern in the conditions on it matches, and those by which a pattern with the
// variable matches what the required statements ask for in its place.
func (q *accessQuestion) suggested(key string) (list []string) {
	add := func(value string) {
		if value != "" && !slices.Contains(list, value) && len(list) < maxAccessAttempts {
			list = append(list, value)
		}
	}
	statements := slices.Concat(q.required, q.blockers)
	for _, st := range statements {
		for _, i := range st.on(key) {
			for j := range st.conditions[i].patterns {
				add(shortest(&st.conditions[i].patterns[j]))
			}
		}
	}
	for _, asked := range q.required {
		for _, st := range statements {
			if len(list) == maxAccessAttempts || !q.check.work.spend(1+len(asked.resources)*len(st.resources)) {
				return list
			}
			for i := range st.resources {
				for j := range asked.resources {
					add(st.resources[i].valueFor(key, shortestARN(&asked.resources[j])))
				}
			}
			for i := range st.conditions {
				for _, j := range asked.on(ascii.ToLower(st.conditions[i].key)) {
					st.conditions[i].valuesFor(key, &asked.conditions[j], add)
				}
			}
		}
	}
	return list
}

// valuesFor adds the values of a variable by which c matches what asked asks for.
func (c *condition) valuesFor(key string, asked *condition, add func(string)) {
	for _, text := range asked.plainTexts() {
		for i := range c.patterns {
			add(c.patterns[i].valueFor(key, text))
		}
		for i := range c.arns {
			add(c.arns[i].valueFor(key, text))
		}
	}
}

// plainTexts returns a text that each value of the condition matches.
func (c *condition) plainTexts() (list []string) {
	for i := range c.patterns {
		list = append(list, shortest(&c.patterns[i]))
	}
	for i := range c.arns {
		list = append(list, shortestARN(&c.arns[i]))
	}
	return list
}

// valueFor returns the value of a variable by which the ARN may match text.
func (p *arnPattern) valueFor(key, text string) string {
	a, _ := splitARN(text)
	return p.tail.valueFor(key, a.resource)
}

// valueFor returns the value of a variable by which the pattern may match text,
// or "". It finds the first variable only, behind plain text.
func (p *pattern) valueFor(key, text string) string {
	if len(p.variables()) == 0 || ascii.ToLower(p.vars[0].key) != key || len(p.runs[0]) == 0 {
		return ""
	}
	run := p.runs[0]
	if run[0].text != "" {
		if !ascii.HasPrefixFold(text, run[0].text) {
			return ""
		}
		text, run = text[len(run[0].text):], run[1:]
	}
	if len(run) == 0 || run[0].ref == 0 {
		return ""
	}
	if len(run) > 1 && run[1].text != "" {
		text, _, _ = strings.Cut(text, run[1].text)
	}
	return text
}

// shortest returns a text that the pattern matches, or "" if it has variables.
func shortest(p *pattern) string {
	var g globCompiler
	items, _ := g.pattern(nil, p, false, under)
	return shortestWord(items)
}

// shortestARN is shortest for an ARN's pattern.
func shortestARN(p *arnPattern) string {
	var g globCompiler
	items, _ := g.arn(p, under)
	return shortestWord(items)
}

func shortestWord(items []globItem) string {
	var text []rune
	for _, item := range items {
		switch item.kind {
		case globChar, globFold:
			text = append(text, item.char)
		case globAny, globAnyPart:
			text = append(text, 'x')
		case globVariable, globVariablePart:
			return ""
		case globStar, globStarPart, globEnd:
		}
	}
	return string(text)
}
