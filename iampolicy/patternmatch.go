package iampolicy

import (
	"strings"
	"unicode/utf8"
)

// match reports whether s matches. It takes time in proportion to the length of
// s and p at most multiplied, without recursion or backtracking over stars
// (threat 167). A variable without value matches nothing. With a variable whose value is
// not known, the answer is unknownMatches, unless s cannot match whatever the value is.
func (p *pattern) match(s string, ctx *Context, unknownMatches bool) bool {
	switch p.shape {
	case anything:
		return true
	case literal:
		return s == p.text || p.fold && equalFoldASCII(s, p.text)
	case prefix:
		return strings.HasPrefix(s, p.text) || p.fold && hasPrefixFold(s, p.text)
	}
	if p.texts != nil {
		return matchTexts(p.texts, s)
	}
	if len(p.vars) > 0 {
		return p.matchVariables(s, ctx, unknownMatches)
	}
	m := matcher{fold: p.fold}
	return m.match(p.runs, s)
}

// matchVariables is match for a pattern with variables. It is apart so that
// others do not pay for the array.
func (p *pattern) matchVariables(s string, ctx *Context, unknownMatches bool) bool {
	var values [maxVariables]string
	m := matcher{fold: p.fold, values: &values}
	for i := range p.vars {
		var has resolution
		switch values[i], has = p.vars[i].value(ctx); has {
		case noValue:
			return false
		case unknownValue:
			m.unknown |= 1 << i
		case oneValue:
		}
	}
	if m.unknown != 0 {
		return unknownMatches && m.mayMatch(p.runs, s)
	}
	return m.match(p.runs, s)
}

type matcher struct {
	fold    bool
	values  *[maxVariables]string
	unknown uint32 // a bit for each variable whose value is not known
}

// match anchors the first run at the beginning and the last at the end, and
// finds those between leftmost: a run has a fixed number of characters, so a
// later place never leaves more room for the rest.
func (m *matcher) match(runs [][]part, s string) bool {
	n, ok := m.begins(runs[0], s)
	if !ok {
		return false
	}
	s = s[n:]
	if len(runs) == 1 {
		return s == ""
	}
	last := len(runs) - 1
	if n, ok = m.ends(runs[last], s); !ok {
		return false
	}
	s = s[:len(s)-n]
	for _, run := range runs[1:last] {
		if n, ok = m.find(run, s); !ok {
			return false
		}
		s = s[n:]
	}
	return true
}

func (m *matcher) textOf(pt *part) string {
	if pt.ref > 0 {
		return m.values[pt.ref-1]
	}
	return pt.text
}

// begins returns how many bytes of s the run takes at its beginning.
func (m *matcher) begins(run []part, s string) (n int, ok bool) {
	for i := range run {
		if run[i].any > 0 {
			for range run[i].any {
				size := firstCharacter(s[n:])
				if size == 0 {
					return 0, false
				}
				n += size
			}
			continue
		}
		text := m.textOf(&run[i])
		if !strings.HasPrefix(s[n:], text) && (!m.fold || !hasPrefixFold(s[n:], text)) {
			return 0, false
		}
		n += len(text)
	}
	return n, true
}

// ends returns how many bytes of s the run takes at its end.
func (m *matcher) ends(run []part, s string) (n int, ok bool) {
	for i := len(run) - 1; i >= 0; i-- {
		rest := s[:len(s)-n]
		if run[i].any > 0 {
			for range run[i].any {
				_, size := utf8.DecodeLastRuneInString(s[:len(s)-n])
				if size == 0 {
					return 0, false
				}
				n += size
			}
			continue
		}
		text := m.textOf(&run[i])
		if !strings.HasSuffix(rest, text) && (!m.fold || !hasSuffixFold(rest, text)) {
			return 0, false
		}
		n += len(text)
	}
	return n, true
}

// find returns the end of the leftmost place in s where the run matches.
func (m *matcher) find(run []part, s string) (end int, ok bool) {
	start := 0
	if run[0].any > 0 {
		// The star before takes what question marks leave over: they need room only.
		if start, ok = m.begins(run[:1], s); !ok || len(run) == 1 {
			return start, ok
		}
		run = run[1:]
	}
	// What does not occur at all need not be looked for at every place.
	for i := 1; i < len(run); i++ {
		if run[i].any == 0 && m.index(s[start:], m.textOf(&run[i])) < 0 {
			return 0, false
		}
	}
	text := m.textOf(&run[0])
	for {
		i := m.index(s[start:], text)
		if i < 0 {
			return 0, false
		}
		start += i
		if n, ok := m.begins(run, s[start:]); ok {
			return start + n, true
		}
		size := firstCharacter(s[start:])
		if size == 0 {
			return 0, false
		}
		start += size
	}
}

// firstCharacter returns the length of the first character of s, 0 if s is empty.
func firstCharacter(s string) int {
	if s != "" && s[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

func (m *matcher) index(s, text string) int {
	if !m.fold {
		return strings.Index(s, text)
	}
	for i := range len(s) - len(text) + 1 {
		if hasPrefixFold(s[i:], text) {
			return i
		}
	}
	return -1
}

// matchTexts is match for texts with stars between them: the first begins s, the last ends it, and the others follow each other leftmost.
func matchTexts(texts []string, s string) bool {
	last := len(texts) - 1
	if !strings.HasPrefix(s, texts[0]) {
		return false
	}
	s = s[len(texts[0]):]
	if !strings.HasSuffix(s, texts[last]) {
		return false
	}
	s = s[:len(s)-len(texts[last])]
	for _, text := range texts[1:last] {
		i := 0
		if len(text) == 1 { // most often a slash
			i = strings.IndexByte(s, text[0])
		} else {
			i = strings.Index(s, text)
		}
		if i < 0 {
			return false
		}
		s = s[i+len(text):]
	}
	return true
}
