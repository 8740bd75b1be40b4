package iampolicy

import "slices"

// An indexBuilder indexes the statements of one effect. A statement is in a bucket for
// each of its actions, so what a bucket asks of it is found out once, and texts are
// numbered: a bucket counts, sorts and compares numbers (threat 245).
type indexBuilder struct {
	statements []statement
	places     []statementPlaces // of each statement; made when a bucket asks

	// The lists of all statements' places share these two.
	ids   []int32
	lists [][]int32

	anchors   []anchor
	anchorIDs map[anchor]int32
	// ranks order the anchors of each kind, for affixes.
	ranks []int32

	values   []conditionValue
	valueIDs map[conditionValue]int32

	anchorCounts, valueCounts counts
}

func newIndexBuilder(statements []statement) *indexBuilder {
	return &indexBuilder{
		statements: statements, places: make([]statementPlaces, len(statements)),
		anchorIDs: map[anchor]int32{}, valueIDs: map[conditionValue]int32{},
	}
}

// buildAll indexes the statements in each of the buckets.
func (x *indexBuilder) buildAll(buckets []*bucket) {
	for _, b := range buckets {
		if len(b.always) > fewStatements {
			for _, id := range b.always {
				x.placesOf(id)
			}
		}
	}
	x.rank()
	for _, b := range buckets {
		x.build(b)
	}
}

// statementPlaces are the texts by which a search may find a statement.
type statementPlaces struct {
	known     bool
	resources [][]int32 // the anchors of each resource; nil where resources tell nothing
	needed    [][]int32 // the values of each condition that needs one of a few
}

// counts count numbered things for one bucket after the other.
type counts struct {
	of      []int32
	touched []int32
}

func (c *counts) add(id int32) {
	for int(id) >= len(c.of) {
		c.of = append(c.of, 0)
	}
	if c.of[id]++; c.of[id] == 1 {
		c.touched = append(c.touched, id)
	}
}

func (c *counts) reset() {
	for _, id := range c.touched {
		c.of[id] = 0
	}
	c.touched = c.touched[:0]
}

// placesOf returns the places of statement i.
func (x *indexBuilder) placesOf(i int32) *statementPlaces {
	p := &x.places[i]
	if p.known {
		return p
	}
	p.known = true
	st := &x.statements[i]
	start := len(x.lists)
	if !st.notResource {
		for j := range st.resources {
			first := len(x.ids)
			for _, a := range st.resources[j].anchors() {
				x.ids = append(x.ids, x.anchorID(a))
			}
			x.lists = append(x.lists, x.ids[first:])
		}
	}
	p.resources = x.lists[start:]
	start = len(x.lists)
	values := 0
	for j := range st.conditions {
		needed := st.conditions[j].needed()
		// Each of the statement's actions is a bucket that counts them all.
		if len(needed) == 0 || (values+len(needed))*len(st.actions) > maxIndexValues {
			continue
		}
		values += len(needed)
		first := len(x.ids)
		for _, v := range needed {
			x.ids = append(x.ids, x.valueID(v))
		}
		x.lists = append(x.lists, x.ids[first:])
	}
	p.needed = x.lists[start:]
	return p
}

func (x *indexBuilder) anchorID(a anchor) int32 {
	id, ok := x.anchorIDs[a]
	if !ok {
		id = int32(len(x.anchors))
		x.anchors = append(x.anchors, a)
		x.anchorIDs[a] = id
	}
	return id
}

func (x *indexBuilder) valueID(v conditionValue) int32 {
	id, ok := x.valueIDs[v]
	if !ok {
		id = int32(len(x.values))
		x.values = append(x.values, v)
		x.valueIDs[v] = id
	}
	return id
}

// rank orders the anchors that are known.
func (x *indexBuilder) rank() {
	x.ranks = make([]int32, len(x.anchors))
	order := make([]int32, len(x.anchors))
	for i := range order {
		order[i] = int32(i)
	}
	// Anchors of two kinds are never compared by their ranks.
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &x.anchors[i], &x.anchors[j]
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return compareTexts(a.text, b.text, a.kind == anchorSuffix)
	})
	for rank, id := range order {
		x.ranks[id] = int32(rank)
	}
}
