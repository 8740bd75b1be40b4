package iampolicy

// A bucket holds statements that share an action, indexed by their resources, and
// by their conditions where the resources tell too little.
type bucket struct {
	always []int32   // of which neither says enough; while the bucket is built, all
	rest   *anchored // nil if there are none
}

// anchored are the statements that a resource or a condition's value leads to.
type anchored struct {
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
func (b *bucket) build(statements []statement) {
	if len(b.always) <= fewStatements {
		return
	}
	all := b.always
	counts := map[anchor]int{}
	anchors := make([][][]anchor, len(all)) // of each statement, of each resource
	for i, id := range all {
		st := &statements[id]
		if st.notResource {
			continue
		}
		for j := range st.resources {
			list := st.resources[j].anchors()
			anchors[i] = append(anchors[i], list)
			for _, a := range list {
				counts[a]++
			}
		}
	}
	places := make([]placing, len(all))
	for i, id := range all {
		places[i] = newPlacing(id, anchors[i], counts, len(all))
	}
	b.always = nil
	byText := map[anchor][]int32{}
	var rest anchored
	for _, p := range rest.spread(places, statements) {
		if p.anchors == nil {
			b.always = append(b.always, p.id)
			continue
		}
		for _, a := range p.anchors {
			if ids := byText[a]; len(ids) == 0 || ids[len(ids)-1] != p.id {
				byText[a] = append(ids, p.id)
			}
		}
	}
	rest.place(byText)
	if len(byText) > 0 || rest.byValue != nil {
		b.rest = &rest
	}
}

// A placing is where a statement belongs by its resources.
type placing struct {
	id      int32
	anchors []anchor // one of each resource; nil if one has none
	crowd   int      // how many statements are found together with it
}

// newPlacing chooses for each resource its rarest anchor.
func newPlacing(id int32, resources [][]anchor, counts map[anchor]int, all int) placing {
	p := placing{id: id}
	for _, list := range resources {
		if len(list) == 0 {
			return placing{id: id, crowd: all}
		}
		best := list[0]
		for _, a := range list[1:] {
			if counts[a] < counts[best] {
				best = a
			}
		}
		p.anchors = append(p.anchors, best)
		p.crowd = max(p.crowd, counts[best])
	}
	if p.anchors == nil {
		p.crowd = all
	}
	return p
}

// place puts the chosen anchors where searches find them.
func (r *anchored) place(byText map[anchor][]int32) {
	var keys [2][]string
	for a, ids := range byText {
		if a.kind == anchorGram {
			if r.byGram == nil {
				r.byGram = map[uint32][]int32{}
			}
			g := gramAt(a.text, 0)
			r.byGram[g] = append(r.byGram[g], ids...)
			r.grams[g%gramFilter/64] |= 1 << (g % 64)
			continue
		}
		keys[a.kind] = append(keys[a.kind], a.text)
	}
	r.prefixes, r.suffixes = newAffixes(keys[anchorPrefix], false), newAffixes(keys[anchorSuffix], true)
	for _, key := range r.prefixes.texts() {
		r.byPrefix = append(r.byPrefix, byText[anchor{anchorPrefix, key}])
	}
	for _, key := range r.suffixes.texts() {
		r.bySuffix = append(r.bySuffix, byText[anchor{anchorSuffix, key}])
	}
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
