package iampolicy

import "strings"

// A pattern is a compiled text with wildcards and policy variables. What is
// inserted for a variable is compared as it is, after the wildcards were found:
// a star in a user's name is a star (threats 172 to 174).
type pattern struct {
	shape shape
	fold  bool   // compare ASCII letters in any case
	text  string // of literal and prefix
	*body        // of general; nil for the others, which are most
}

// A body is a pattern taken apart.
type body struct {
	runs  [][]part   // what stands between the stars
	texts []string   // the same, where each run is one text or nothing and case counts
	vars  []variable // in the order of their parts
	// elements is how many bytes and question marks there are, without the variables.
	elements int
}

// variables returns the policy variables of a pattern of any shape.
func (p *pattern) variables() []variable {
	if p.body == nil {
		return nil
	}
	return p.vars
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
	var b body
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
			if len(run) > 0 || len(b.runs) == 0 {
				b.runs = append(b.runs, run)
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
			b.vars = append(b.vars, v)
			if len(b.vars) > maxVariables {
				return pattern{}, problem{CodeTooManyVariables, "more than 16 policy variables in one text"}
			}
			run = append(run, part{ref: len(b.vars)})
		default:
			lit = append(lit, c)
			i++
		}
	}
	flush()
	b.runs = append(b.runs, run)
	p.take(b)
	return p, problem{}
}

// take gives the pattern its shape, and the body if the shape needs one.
func (p *pattern) take(b body) {
	text, isText := "", len(b.runs[0]) == 0
	if len(b.runs[0]) == 1 && b.runs[0][0].text != "" {
		text, isText = b.runs[0][0].text, true
	}
	switch {
	case isText && len(b.runs) == 1:
		p.shape, p.text = literal, text
	case isText && len(b.runs) == 2 && len(b.runs[1]) == 0 && text == "":
		p.shape = anything
	case isText && len(b.runs) == 2 && len(b.runs[1]) == 0:
		p.shape, p.text = prefix, text
	default:
		kept := b // on the heap only here
		for _, run := range b.runs {
			for i := range run {
				kept.elements += run[i].any + len(run[i].text)
			}
		}
		if !p.fold {
			kept.texts = kept.plainTexts()
		}
		p.shape, p.body = general, &kept
	}
}

// plainTexts returns what stands between the stars, or nil if there is a variable or a question
// mark.
func (b *body) plainTexts() []string {
	texts := make([]string, len(b.runs))
	for i, run := range b.runs {
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
