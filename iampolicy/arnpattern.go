package iampolicy

import "strings"

// An arnPattern matches ARNs part by part: both sides are split at the first
// five colons, and a wildcard stays within its part. In Resource that is
// narrower than what AWS's newer texts say of a trailing star, on purpose: the
// sixth part of an execute-api ARN is a path that the caller chooses, and a star
// in the region's place must not reach it (threat 171).
type arnPattern struct {
	everything bool      // the lone star of Resource
	whole      bool      // tail is a variable that stands for the whole ARN
	head       string    // the first five parts with their colons, if all are plain
	parts      []pattern // otherwise partition, service, region and account
	tail       pattern   // the sixth part
}

// An arnText is an ARN to be matched, split once.
type arnText struct {
	ok         bool // it has six parts
	text       string
	head, tail string
	arn        arn
}

func (t *arnText) split(s string) {
	t.text = s
	if t.arn, t.ok = splitARN(s); t.ok {
		t.tail = t.arn.resource
		t.head = s[:len(s)-len(t.tail)]
	}
}

func (p *arnPattern) match(t *arnText, ctx *Context) bool {
	switch {
	case p.everything:
		return true
	case !t.ok:
		return false
	case p.whole:
		return p.tail.match(t.text, ctx)
	case p.parts == nil:
		return p.head == t.head && p.tail.match(t.tail, ctx)
	}
	return p.parts[0].match(t.arn.partition, ctx) &&
		p.parts[1].match(t.arn.service, ctx) &&
		p.parts[2].match(t.arn.region, ctx) &&
		p.parts[3].match(t.arn.account, ctx) &&
		p.tail.match(t.tail, ctx)
}

// compileARN compiles an ARN of six parts. With headVariables, policy
// variables may stand before the fifth colon too.
func compileARN(text string, headVariables bool, tail textRules) (a arnPattern, wrong problem) {
	fields, n := splitPattern(text, headVariables && tail.variables)
	if n < 6 {
		return a, problem{CodeInvalidARN, quote(text) + " is no ARN: it has fewer than six parts"}
	}
	if fields[0] != "arn" {
		return a, problem{CodeInvalidARN, quote(text) + ` is no ARN: it does not begin with "arn:"`}
	}
	head := text[:len(text)-len(fields[5])]
	if tail.variables && !headVariables && strings.Contains(head, "${") {
		return a, problem{CodeVariableNotAllowed, "a policy variable may stand only after the fifth colon of an ARN"}
	}
	if strings.ContainsAny(head, "*?$") {
		a.parts = make([]pattern, 4)
		for i := range a.parts {
			rules := textRules{wildcards: true, variables: headVariables && tail.variables}
			if a.parts[i], wrong = compilePattern(fields[1+i], rules); wrong.code != "" {
				return a, wrong
			}
		}
	} else {
		a.head = head
	}
	a.tail, wrong = compilePattern(fields[5], tail)
	return a, wrong
}

// splitPattern splits text at its first five colons, not counting those within a
// policy variable, and returns how many parts there are.
func splitPattern(text string, variables bool) (fields [6]string, n int) {
	start, inside := 0, false
	for i := 0; i < len(text) && n < 5; i++ {
		switch {
		case variables && text[i] == '$' && strings.HasPrefix(text[i:], "${"):
			inside = true
		case inside && text[i] == '}':
			inside = false
		case !inside && text[i] == ':':
			fields[n] = text[start:i]
			start = i + 1
			n++
		}
	}
	fields[n] = text[start:]
	return fields, n + 1
}
