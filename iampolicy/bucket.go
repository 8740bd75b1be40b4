package iampolicy

import (
	"cmp"
	"slices"
)

// A bucket holds statements that share an action, indexed by their resources, and
// by their conditions where the resources tell too little.
type bucket struct {
	always []int32        // of which neither says enough; while the bucket is built, all
	rest   *resourceIndex // nil if there are none
}

// A resourceIndex has the statements that a resource or a condition's value leads to.
type resourceIndex struct {
	byValue            []valueIndex // of conditions, a key each
	prefixes, suffixes affixes
	byPrefix, bySuffix [][]int32
	byGram             map[uint32][]int32
	grams              [gramFilter / 64]uint64 // which grams may be in byGram
}

const (
	// A gram is this many bytes from between two wildcards.
	gramLength = 4
	gramFilter = 1024
	// maxAnchors bounds the choice for one resource.
	maxAnchors = 32
)

func gramAt(s string, i int) uint32 {
	return uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
}

// build indexes the statements of the bucket by the rarest of the texts that a
// resource must have.
func (x *indexBuilder) build(b *bucket) {
	if len(b.always) <= fewStatements {
		return
	}
	all := b.always
	for _, id := range all {
		for _, list := range x.placesOf(id).resources {
			for _, a := range list {
				x.anchorCounts.add(a)
			}
		}
	}
	places := make([]placement, len(all))
	for i, id := range all {
		places[i] = x.place(id, len(all))
	}
	x.anchorCounts.reset()
	b.always = nil
	byAnchor := map[int32][]int32{}
	var rest resourceIndex
	for _, p := range x.chooseIndex(&rest, places) {
		if p.anchors == nil {
			b.always = append(b.always, p.id)
			continue
		}
		for _, a := range p.anchors {
			if ids := byAnchor[a]; len(ids) == 0 || ids[len(ids)-1] != p.id {
				byAnchor[a] = append(ids, p.id)
			}
		}
	}
	x.put(&rest, byAnchor)
	if len(byAnchor) > 0 || rest.byValue != nil {
		b.rest = &rest
	}
}

// A placement is where a statement belongs by its resources.
type placement struct {
	id         int32
	anchors    []int32 // one of each resource; nil if one has none
	candidates int     // how many statements are found together with it
}

// place chooses for each resource of a statement its rarest anchor.
func (x *indexBuilder) place(id int32, all int) placement {
	p := placement{id: id}
	for _, list := range x.placesOf(id).resources {
		if len(list) == 0 {
			return placement{id: id, candidates: all}
		}
		best := list[0]
		for _, a := range list[1:] {
			if x.anchorCounts.of[a] < x.anchorCounts.of[best] {
				best = a
			}
		}
		p.anchors = append(p.anchors, best)
		p.candidates = max(p.candidates, int(x.anchorCounts.of[best]))
	}
	if p.anchors == nil {
		p.candidates = all
	}
	return p
}

// put puts the chosen anchors where searches find them.
func (x *indexBuilder) put(r *resourceIndex, byAnchor map[int32][]int32) {
	var chosen [2][]int32
	for id, ids := range byAnchor {
		a := x.anchors[id]
		if a.kind == anchorGram {
			if r.byGram == nil {
				r.byGram = map[uint32][]int32{}
			}
			g := gramAt(a.text, 0)
			r.byGram[g] = ids
			r.grams[g%gramFilter/64] |= 1 << (g % 64)
			continue
		}
		chosen[a.kind] = append(chosen[a.kind], id)
	}
	sorted := func(kind anchorKind) (texts []string, lists [][]int32) {
		slices.SortFunc(chosen[kind], func(a, b int32) int { return cmp.Compare(x.ranks[a], x.ranks[b]) })
		for _, id := range chosen[kind] {
			texts, lists = append(texts, x.anchors[id].text), append(lists, byAnchor[id])
		}
		return texts, lists
	}
	var texts []string
	texts, r.byPrefix = sorted(anchorPrefix)
	r.prefixes = newAffixes(texts, false)
	texts, r.bySuffix = sorted(anchorSuffix)
	r.suffixes = newAffixes(texts, true)
}

// An anchor is a text that every ARN which a pattern matches has in one place.
type anchor struct {
	kind anchorKind
	text string
}

type anchorKind uint8

const (
	anchorPrefix anchorKind = iota
	anchorSuffix
	anchorGram
)

// anchors returns the anchors of the pattern, none if it matches everything.
func (p *arnPattern) anchors() (list []anchor) {
	if p.everything {
		return nil
	}
	texts := p.literals()
	first, last := texts[0], texts[len(texts)-1]
	if first != "" {
		list = append(list, anchor{anchorPrefix, first})
	}
	if len(texts) == 1 {
		return list
	}
	if last != "" {
		list = append(list, anchor{anchorSuffix, last})
	}
	for _, text := range texts[1 : len(texts)-1] {
		for i := range len(text) - gramLength + 1 {
			if len(list) == maxAnchors {
				return list
			}
			list = append(list, anchor{anchorGram, text[i : i+gramLength]})
		}
	}
	return list
}

// literals returns the texts between the pattern's wildcards and variables, in
// order: the first is what it begins with, the last what it ends with.
func (p *arnPattern) literals() (texts []string) {
	text := p.head
	gap := func() {
		texts = append(texts, text)
		text = ""
	}
	add := func(pt *pattern) {
		switch pt.shape {
		case literal:
			text += pt.text
		case prefix:
			text += pt.text
			gap()
		case anything:
			gap()
		case general:
			for i, run := range pt.runs {
				if i > 0 {
					gap()
				}
				for j := range run {
					if run[j].any > 0 || run[j].ref > 0 {
						gap()
					} else {
						text += run[j].text
					}
				}
			}
		}
	}
	for i := range p.parts {
		add(&p.parts[i])
		text += ":"
	}
	add(&p.tail)
	return append(texts, text)
}
