package iampolicy

import (
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/ascii"
)

// match reports whether s matches, with the values that e's context has for the
// variables; a variable without value matches nothing. With a variable whose value is not
// known, the answer is unknownMatches, unless s cannot match whatever the value is. It counts
// in e what it costs.
//
// The time is linear in s and p, without recursion or backtracking (threat 167): what
// stands between two stars is found once, leftmost, in what is left of s. See find.
func (p *pattern) match(s string, e *evaluation, unknownMatches bool) bool {
	switch p.shape {
	case anything:
		return true
	case literal:
		return s == p.text || p.fold && ascii.EqualFold(s, p.text)
	case prefix:
		return strings.HasPrefix(s, p.text) || p.fold && ascii.HasPrefixFold(s, p.text)
	}
	if p.texts != nil {
		return matchTexts(p.texts, s, &e.work)
	}
	if len(p.vars) > 0 {
		return p.matchVariables(s, e, unknownMatches)
	}
	m := matcher{e: e, fold: p.fold, whole: len(s)}
	return m.match(p.runs, s)
}

// matchVariables is match for a pattern with variables. It is apart so that
// others do not pay for the array.
func (p *pattern) matchVariables(s string, e *evaluation, unknownMatches bool) bool {
	var values [maxVariables]string
	m := matcher{e: e, fold: p.fold, whole: len(s), values: &values}
	e.work += len(p.vars) * (lookupCost + len(e.context.entries))
	for i := range p.vars {
		var (
			has    resolution
			ragged bool
		)
		switch values[i], has, ragged = p.vars[i].value(e.context); has {
		case noValue:
			return false
		case unknownValue:
			m.unknown |= 1 << i
		case oneValue:
		}
		m.ragged = m.ragged || ragged
	}
	if m.unknown != 0 {
		return unknownMatches && m.mayMatch(p.runs, s)
	}
	return m.match(p.runs, s)
}

type matcher struct {
	e       *evaluation
	fold    bool
	values  *[maxVariables]string
	unknown uint32 // a bit for each variable whose value is not known
	// ragged means that a value is no UTF-8. Where it begins or ends with a part of a
	// character it does not match a part of one in the text.
	ragged bool
	// whole is how long the text is, and trimmed how much of it the end of the pattern
	// takes: what find gets is without that.
	whole, trimmed int
	stray          strayBytes // of the whole text, if they are known
	known          bool
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
	s, m.trimmed = s[:len(s)-n], n
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
		m.e.work += partCost
		if run[i].any > 0 {
			m.e.work += run[i].any * characterCost
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
		if !strings.HasPrefix(s[n:], text) && (!m.fold || !ascii.HasPrefixFold(s[n:], text)) {
			return 0, false
		}
		m.e.work += len(text) / 8
		if n += len(text); m.ragged && !betweenCharacters(s, n) {
			return 0, false
		}
	}
	return n, true
}

// ends returns how many bytes of s the run takes at its end.
func (m *matcher) ends(run []part, s string) (n int, ok bool) {
	for i := len(run) - 1; i >= 0; i-- {
		m.e.work += partCost
		rest := s[:len(s)-n]
		if run[i].any > 0 {
			m.e.work += run[i].any * characterCost
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
		if !strings.HasSuffix(rest, text) && (!m.fold || !ascii.HasSuffixFold(rest, text)) {
			return 0, false
		}
		m.e.work += len(text) / 8
		if n += len(text); m.ragged && !betweenCharacters(s, len(s)-n) {
			return 0, false
		}
	}
	return n, true
}

const (
	lookupCost    = 12 // of a policy variable's value, beside what each key of the context costs
	partCost      = 12 // of begins and ends, for each part of a run
	characterCost = 6  // for each character that a question mark takes
)

// firstCharacter returns the length of the first character of s, 0 if s is empty.
func firstCharacter(s string) int {
	if s != "" && s[0] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// betweenCharacters reports whether no character of s has bytes on both sides of i.
func betweenCharacters(s string, i int) bool {
	if i == len(s) || !isInside(s[i]) {
		return true
	}
	for start := i - 1; start >= 0 && i-start < utf8.UTFMax; start-- {
		if !isInside(s[start]) {
			_, size := utf8.DecodeRuneInString(s[start:])
			return start+size <= i
		}
	}
	return true
}

// matchTexts is match for texts with stars between them: the first begins s, the last ends it, and
// the others follow each other leftmost.
func matchTexts(texts []string, s string, work *int) bool {
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
			*work += indexCost(len(s), len(text))
			return false
		}
		i += len(text)
		*work += findCost/2 + indexCost(i, len(text))
		s = s[i:]
	}
	return true
}

// mayMatch is match where the values of some variables are not known: it reports whether s
// matches with any texts in their places, as with stars. Where a variable stands twice,
// the two may differ, which says yes too often rather than too rarely.
//
// It takes the runs apart at those variables as it goes, so that nothing is allocated.
func (m *matcher) mayMatch(runs [][]part, s string) bool {
	piece, at := m.piece(runs, runPlace{})
	n, ok := m.begins(piece, s)
	if !ok {
		return false
	}
	s = s[n:]
	final := runs[len(runs)-1]
	for i := len(final) - 1; i >= 0; i-- {
		if m.isUnknown(&final[i]) {
			final = final[i+1:]
			break
		}
	}
	if n, ok = m.ends(final, s); !ok {
		return false
	}
	s, m.trimmed = s[:len(s)-n], n
	for {
		if piece, at = m.piece(runs, at); at.run == len(runs) {
			return true // that was the final one
		}
		if len(piece) == 0 {
			continue
		}
		if n, ok = m.find(piece, s); !ok {
			return false
		}
		s = s[n:]
	}
}

// A runPlace is where in a pattern's runs the next piece begins.
type runPlace struct{ run, part int }

// piece returns what stands from a place to the next star or unknown variable, and the
// place behind that.
func (m *matcher) piece(runs [][]part, at runPlace) ([]part, runPlace) {
	run := runs[at.run][at.part:]
	for i := range run {
		if m.isUnknown(&run[i]) {
			return run[:i], runPlace{at.run, at.part + i + 1}
		}
	}
	return run, runPlace{run: at.run + 1}
}

func (m *matcher) isUnknown(pt *part) bool {
	return pt.ref > 0 && m.unknown&(1<<(pt.ref-1)) != 0
}
