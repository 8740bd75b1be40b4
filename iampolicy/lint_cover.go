package iampolicy

import "strings"

// A listed is one action or resource of a list whose elements may cover each other.
type listed struct {
	// text is what is compared: of an action its text in lower case, of a resource the
	// ARN. Escapes of a text without wildcards are resolved, so that a star or a question
	// mark is a wildcard everywhere else.
	text    string
	head    string   // of a resource what stands before its sixth part
	pattern *pattern // of a resource that of the sixth part
	// everything is the lone star, which covers all.
	everything bool
	// opaque is covered by the lone star only and covers nothing: it has variables or
	// escapes, or wildcards before the sixth part.
	opaque bool
	// asking has a question mark: it covers elements without wildcards only.
	asking bool
}

// A covering finds, for each element of a list, the first other one that covers it. A
// list may have tens of thousands: an element is looked up, by its text and by what it
// begins with, and matched only against those with a wildcard inside that begin as it
// does (threat 245).
type covering struct {
	*parser
	list []listed
	// star is the first lone star, exact the first of the elements without wildcards of
	// each text.
	star  int
	exact map[string]int
	// prefixes are the texts of the elements whose only wildcard is a star at the end:
	// first has the first element of each text, and soonest the first of all whose text is
	// this one or a beginning of it.
	prefixes       affixes
	first, soonest []int
	// leads are what the others begin with, and inner those elements.
	leads affixes
	inner []innerList
}

// An innerList has the elements with a wildcard inside that begin alike.
type innerList struct{ stars, asking []int }

// maxCompared bounds with how many of those each element of a list is matched.
const maxCompared = 100

func (p *parser) newCovering(list []listed) *covering {
	c := &covering{parser: p, list: list, star: -1, exact: map[string]int{}}
	prefixes, leads := map[string]int{}, map[string]*innerList{}
	for i := range list {
		l := &list[i]
		switch {
		case l.opaque:
		case l.everything:
			setFirst(prefixes, "", i)
			c.star = prefixes[""]
		case l.pattern.shape == literal:
			setFirst(c.exact, l.text, i)
		case l.pattern.shape == general:
			inner := leads[l.lead()]
			if inner == nil {
				inner = &innerList{}
				leads[l.lead()] = inner
			}
			if l.asking = l.pattern.asks(); l.asking {
				inner.asking = append(inner.asking, i)
			} else {
				inner.stars = append(inner.stars, i)
			}
		default:
			setFirst(prefixes, l.lead(), i)
		}
	}
	texts := sortedKeys(prefixes)
	c.prefixes = newAffixes(texts, false)
	for i, text := range texts {
		c.first = append(c.first, prefixes[text])
		c.soonest = append(c.soonest, prefixes[text])
		if up := c.prefixes.up[i]; up >= 0 {
			c.soonest[i] = min(c.soonest[i], c.soonest[up])
		}
	}
	texts = sortedKeys(leads)
	c.leads = newAffixes(texts, false)
	for _, text := range texts {
		c.inner = append(c.inner, *leads[text])
	}
	return c
}

// lead returns the text before the first wildcard.
func (l *listed) lead() string { return l.text[:strings.IndexAny(l.text, "*?")] }

func setFirst(m map[string]int, key string, i int) {
	if _, ok := m[key]; !ok {
		m[key] = i
	}
}

// by returns the first element that covers element i, -1 if there is none. Of two that
// cover each other the earlier covers the later. It may miss cases in documents far
// beyond AWS's quotas, but is never wrong.
func (c *covering) by(i int) int {
	l := &c.list[i]
	if l.opaque {
		return c.star
	}
	best := len(c.list)
	if !l.everything && l.pattern.shape == literal && c.exact[l.text] < i {
		best = c.exact[l.text]
	}
	if at := c.prefixes.longest(l.text, false); at >= 0 {
		// Of elements of one text, only the later are covered.
		if c.first[at] == i {
			at = c.prefixes.up[at]
		}
		if at >= 0 {
			best = min(best, c.soonest[at])
		}
	}
	compared := 0
	look := func(list []int) {
		for _, j := range list {
			if j >= best || compared > maxCompared || c.matching.work > maxCoverWork {
				return
			}
			if compared++; j != i && c.matches(j, i) && (j < i || !c.matches(i, j)) {
				best = j
			}
		}
	}
	for at := c.leads.longest(l.text, false); at >= 0; at = c.leads.up[at] {
		look(c.inner[at].stars)
		if l.pattern.shape == literal {
			look(c.inner[at].asking)
		}
	}
	if best == len(c.list) {
		return -1
	}
	return best
}

// matches reports whether element j matches all that element i matches: whether it
// matches i's text, of whose wildcards only a star may swallow one.
func (c *covering) matches(j, i int) bool {
	wide, narrow := &c.list[j], &c.list[i]
	c.matching.spend(len(narrow.text))
	if wide.everything {
		return true
	}
	if narrow.everything || wide.head != narrow.head {
		return false
	}
	if wide.asking && narrow.pattern.shape != literal {
		return false
	}
	if wide.pattern.shape == literal {
		return narrow.pattern.shape == literal && narrow.text == wide.text
	}
	return wide.pattern.match(narrow.text[len(narrow.head):], &c.matching, false)
}

// asks reports whether a general pattern has a question mark.
func (p *pattern) asks() bool {
	for _, run := range p.runs {
		for i := range run {
			if run[i].any > 0 {
				return true
			}
		}
	}
	return false
}
