package iampolicy

import "strings"

// A pattern is a compiled text with wildcards and policy variables. What is
// inserted for a variable is compared as it is, after the wildcards were found:
// a star in a user's name is a star (threats 172 to 174).
type pattern struct {
	shape shape
	fold  bool       // compare ASCII letters in any case
	text  string     // of literal and prefix
	runs  [][]part   // of general: what stands between the stars
	texts []string   // of general: the same, where each run is one text or nothing and case counts
	vars  []variable // in the order of their parts
}

type shape uint8

const (
	literal  shape = iota // the text itself
	prefix                // the text, then anything
	anything              // a lone star
	general
)

// A part is a text, a variable, or some question marks.
type part struct {
	text string
	ref  int // 1 + the index of a variable
	any  int // question marks, each one character
}

// maxVariables bounds the variables in one text, so that their values fit on the stack.
const maxVariables = 16

// textRules says what is special in a text.
type textRules struct {
	wildcards, variables, fold bool
}

// compilePattern compiles text. The problem is for the author of the policy.
func compilePattern(text string, rules textRules) (p pattern, wrong problem) {
	p.fold = rules.fold
	special := ""
	if rules.wildcards {
		special = "*?"
	}
	if rules.variables {
		special += "$"
	}
	if special == "" || !strings.ContainsAny(text, special) {
		p.text = text
		return p, problem{}
	}
	run := []part{}
	lit := make([]byte, 0, len(text))
	flush := func() {
		if len(lit) > 0 {
			run = append(run, part{text: string(lit)})
			lit = lit[:0]
		}
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '*' && rules.wildcards:
			flush()
			// Stars in a row are one star.
			if len(run) > 0 || len(p.runs) == 0 {
				p.runs = append(p.runs, run)
				run = []part{}
			}
			i++
		case c == '?' && rules.wildcards:
			flush()
			n := 1
			for i+n < len(text) && text[i+n] == '?' {
				n++
			}
			run = append(run, part{any: n})
			i += n
		case c == '$' && rules.variables && strings.HasPrefix(text[i:], "${"):
			v, char, n, wrong := parseVariable(text[i:])
			if wrong.code != "" {
				return pattern{}, wrong
			}
			i += n
			if char != 0 {
				lit = append(lit, char)
				continue
			}
			flush()
			p.vars = append(p.vars, v)
			if len(p.vars) > maxVariables {
				return pattern{}, problem{CodeTooManyVariables, "more than 16 policy variables in one text"}
			}
			run = append(run, part{ref: len(p.vars)})
		default:
			lit = append(lit, c)
			i++
		}
	}
	flush()
	p.runs = append(p.runs, run)
	p.simplify()
	return p, problem{}
}

// simplify finds the shapes that need no runs.
func (p *pattern) simplify() {
	p.shape = general
	text, isText := "", len(p.runs[0]) == 0
	if len(p.runs[0]) == 1 && p.runs[0][0].text != "" {
		text, isText = p.runs[0][0].text, true
	}
	p.texts = p.plainTexts()
	switch {
	case !isText:
		return
	case len(p.runs) == 1:
		p.shape = literal
	case len(p.runs) == 2 && len(p.runs[1]) == 0 && text == "":
		p.shape = anything
	case len(p.runs) == 2 && len(p.runs[1]) == 0:
		p.shape = prefix
	default:
		return
	}
	p.text, p.runs, p.texts = text, nil, nil
}

// plainTexts returns what stands between the stars, or nil if there is a variable or a question mark, or if letters fold.
func (p *pattern) plainTexts() []string {
	if p.fold {
		return nil
	}
	texts := make([]string, len(p.runs))
	for i, run := range p.runs {
		switch {
		case len(run) == 0:
		case len(run) == 1 && run[0].ref == 0 && run[0].any == 0:
			texts[i] = run[0].text
		default:
			return nil
		}
	}
	return texts
}
