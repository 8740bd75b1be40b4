package iampolicy

import "github.com/wildgate/wildgate/internal/ascii"

// A valueIndex finds the statements that apply only where a condition key has one
// of a few values, as a tag of the principal: by a hash of the value.
type valueIndex struct {
	key        string // in any case
	hash       uint32 // ascii.HashFold of key
	statements hashTable[[]int32]
	// unread are all its statements, if they deny: the ones that a value which cannot
	// be read leads to.
	unread []int32
	typed  bool // => a condition among them compares ARNs, which not every value is
}

// add notes what values lead to the statement that are none of those its condition names.
func (v *valueIndex) add(id int32, st *statement) {
	if !st.deny {
		return // what is not known never makes it apply
	}
	v.unread = append(v.unread, id) // guard 252d
	for i := range st.conditions {
		c := &st.conditions[i]
		v.typed = v.typed || c.operand == arnOperand && ascii.EqualFold(c.key, v.key)
	}
}

// mayNotRead reports whether a condition in the index may be one that cannot read the value.
func (v *valueIndex) mayNotRead(value string) bool {
	if !v.typed {
		return false
	}
	_, isARN := splitARN(value)
	return !isARN
}

// A conditionValue is a value that a condition key may have, by its hash. The key
// is the key itself, folded: of keys with equal hashes each has its own index.
type conditionValue struct {
	key   string
	value uint32
}

// needed returns the values of which the condition's key must have one, as hashes
// that do not tell cases apart; nil where that cannot be said. A key that is missing
// does not fulfil such a condition.
func (c *condition) needed() (values []conditionValue) {
	n := len(c.patterns) + len(c.arns)
	if c.operand != stringOperand && c.operand != arnOperand || n > maxIndexEntries ||
		c.negated || c.ifExists || c.quantifier == forAllValues {
		return nil
	}
	key := ascii.ToLower(c.key)
	values = make([]conditionValue, 0, n)
	for i := range c.patterns {
		if c.patterns[i].shape != literal {
			return nil
		}
		values = append(values, conditionValue{key, ascii.HashFold(c.patterns[i].text)})
	}
	for i := range c.arns {
		a := &c.arns[i]
		if a.whole || len(a.parts) > 0 || a.tail.shape != literal {
			return nil
		}
		values = append(values, conditionValue{key, ascii.HashFold(a.head + a.tail.text)})
	}
	return values
}

// values finds candidates by what the request's context has.
func (s *search) values(list []valueIndex) {
	for i := range list {
		v := &list[i]
		entry := s.e.context.lookup(v.key, v.hash)
		if entry == nil {
			continue
		}
		if entry.unknown {
			s.each(v.unread)
			continue
		}
		for _, value := range entry.values() {
			if s.e.spend(len(value)); s.e.over() {
				return // the answer no longer counts: the request is denied
			}
			s.each(v.statements.find(ascii.HashFold(value)))
			if v.unread != nil && v.mayNotRead(value) {
				s.each(v.unread)
			}
		}
	}
}

// chooseIndex takes those statements whose resources leave many together, and puts them where a
// condition's value tells more of them apart. It returns the others.
func (x *indexBuilder) chooseIndex(r *resourceIndex, places []placement) (others []placement) {
	for _, p := range places {
		if p.candidates <= fewStatements {
			continue
		}
		for _, needed := range x.placesOf(p.id).needed {
			for _, v := range needed {
				x.valueCounts.add(v)
			}
		}
	}
	if len(x.valueCounts.touched) == 0 {
		return places
	}
	byKey, at := map[string]map[uint32][]int32{}, map[string]int{}
	for _, p := range places {
		values := x.rarest(p)
		if values == nil {
			others = append(others, p)
			continue
		}
		key := x.values[values[0]].key
		lists := byKey[key]
		if lists == nil {
			lists = map[uint32][]int32{}
			byKey[key], at[key] = lists, len(r.byValue)
			r.byValue = append(r.byValue, valueIndex{key: asWritten(key, x.statements[p.id].conditions), hash: ascii.HashFold(key)})
		}
		r.byValue[at[key]].add(p.id, &x.statements[p.id])
		for _, v := range values {
			hash := x.values[v].value
			if ids := lists[hash]; len(ids) == 0 || ids[len(ids)-1] != p.id {
				lists[hash] = append(ids, p.id)
			}
		}
	}
	x.valueCounts.reset()
	for i := range r.byValue {
		v := &r.byValue[i]
		v.statements = newHashTable(byKey[ascii.ToLower(v.key)])
	}
	return others
}

// asWritten returns a folded key as one of the conditions spells it: the request mostly spells it
// so too, and equal texts are compared faster.
func asWritten(key string, conditions []condition) string {
	for i := range conditions {
		if ascii.EqualFold(conditions[i].key, key) {
			return conditions[i].key
		}
	}
	return key
}

// rarest returns the values of that condition whose commonest value the fewest
// statements need; nil if what the resources have in common is as rare.
func (x *indexBuilder) rarest(p placement) (values []int32) {
	least := p.candidates
	if least <= fewStatements {
		return nil
	}
	for _, candidate := range x.placesOf(p.id).needed {
		n := 0
		for _, v := range candidate {
			n = max(n, int(x.valueCounts.of[v]))
		}
		if n < least {
			values, least = candidate, n
		}
	}
	return values
}
