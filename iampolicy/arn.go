package iampolicy

import (
	"strconv"
	"strings"
)

// An arn is an ARN split at its first five colons:
// arn:partition:service:region:account:resource. The resource keeps its colons.
type arn struct {
	partition, service, region, account, resource string
}

// splitARN splits s, and reports whether s has the six parts of an ARN. The
// parts are not looked at; they may be empty.
func splitARN(s string) (a arn, ok bool) {
	if len(s) < len("arn::::") || s[:4] != "arn:" {
		return arn{}, false
	}
	// The parts before the fifth colon are so short that a loop is quicker than a search for each
	// colon.
	var colons [4]int
	for i, at := 0, 4; i < len(colons); at++ {
		if at == len(s) {
			return arn{}, false
		}
		if s[at] == ':' {
			colons[i] = at
			i++
		}
	}
	return arn{
		partition: s[4:colons[0]],
		service:   s[colons[0]+1 : colons[1]],
		region:    s[colons[1]+1 : colons[2]],
		account:   s[colons[2]+1 : colons[3]],
		resource:  s[colons[3]+1:],
	}, true
}

// An arnPattern matches ARNs part by part: both sides are split at the first
// five colons, and a wildcard stays within its part. In Resource that is
// narrower than what AWS's newer texts say of a trailing star, on purpose: the
// sixth part of an execute-api ARN is a path that the caller chooses, and a star
// in the region's place must not reach it (threat 171).
type arnPattern struct {
	everything bool // the lone star of Resource
	whole      bool // tail is a variable that stands for the whole ARN
	// head is "arn:" and the parts after it with their colons, as far as they are plain.
	head  string
	parts []pattern // those of partition, service, region and account that head does not have
	tail  pattern   // the sixth part
}

// match reports whether the ARN s matches. Whether s is an ARN at all it does not
// ask where p is everything or whole. For unknownMatches see pattern.match.
func (p *arnPattern) match(s string, e *evaluation, unknownMatches bool) bool {
	if p.everything {
		return true
	}
	if !strings.HasPrefix(s, p.head) {
		return false
	}
	whole := len(s)
	s = s[len(p.head):]
	for i := range p.parts {
		colon := strings.IndexByte(s, ':')
		if colon < 0 || p.parts[i].shape != anything && !p.parts[i].match(s[:colon], e.from(whole-len(s)), unknownMatches) {
			return false
		}
		s = s[colon+1:]
	}
	return p.tail.match(s, e.from(whole-len(s)), unknownMatches)
}

// from returns e, which knows then that a pattern is for what begins at a place in the text.
func (e *evaluation) from(at int) *evaluation {
	if e.stray != nil {
		e.at = at
	}
	return e
}

// compileARN compiles an ARN of six parts. With headVariables, policy
// variables may stand before the fifth colon too.
func compileARN(text string, headVariables bool, tail textRules) (a arnPattern, wrong problem) {
	fields, n := splitPattern(text, headVariables && tail.variables)
	if n < 6 {
		return a, problem{CodeInvalidARN, strconv.Quote(text) + " is no ARN: it has fewer than six parts"}
	}
	if fields[0] != "arn" {
		return a, problem{CodeInvalidARN, strconv.Quote(text) + ` is no ARN: it does not begin with "arn:"`}
	}
	head := text[:len(text)-len(fields[5])]
	if tail.variables && !headVariables && strings.Contains(head, "${") {
		return a, problem{CodeVariableNotAllowed, "a policy variable may stand only after the fifth colon of an ARN"}
	}
	n = 1
	for a.head = "arn:"; n < 5 && !strings.ContainsAny(fields[n], "*?$"); n++ {
		a.head = text[:len(a.head)+len(fields[n])+1]
	}
	if n < 5 {
		a.parts = make([]pattern, 5-n)
	}
	for i := range a.parts {
		rules := textRules{wildcards: true, variables: headVariables && tail.variables}
		if a.parts[i], wrong = compilePattern(fields[n+i], rules); wrong.code != "" {
			return a, wrong
		}
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
