package iampolicy

import (
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/wildgate/wildgate/iampolicy/internal/globset"
)

// An accessValue is a value of a condition key that stands for all that pass the
// same tests.
type accessValue struct {
	text   string
	passes globset.Bitset // by test of the accessKey
	rank   plausibility
	why    string
}

// maxAccessValues bounds the values of one key that differ in the tests they pass.
const maxAccessValues = 4096

// valueTypes are what values are compared as. Those of one type are modelled together.
type valueTypes uint8

const (
	textSort valueTypes = 1 << iota
	addressSort
	numberSort
	dateSort
	binarySort
)

func (k *accessKey) sorts() (s valueTypes) {
	// What a Deny cannot read as base64 is no matter of globs. An Allow compares texts.
	encoded := textSort
	if slices.ContainsFunc(k.tests, func(c *condition) bool { return c.operand == binaryOperand && c.deny }) {
		encoded = binarySort
	}
	for _, c := range k.tests {
		switch c.operand {
		case stringOperand, boolOperand, arnOperand:
			s |= textSort
		case binaryOperand:
			s |= encoded
		case addressOperand:
			s |= addressSort
		case numberOperand:
			s |= numberSort
		case dateOperand:
			s |= dateSort
		case nullOperand:
		}
	}
	return s
}

// values returns values of the key that pass the tests of must, one for each
// set of tests that a value can pass. Where they are only some of these, the key
// is not modelled.
func (k *accessKey) values(fixed *Context, must []int) (list []accessValue) {
	s := k.sorts()
	if s == textSort {
		return k.words(fixed, must)
	}
	k.modelled = s&(s-1) == 0
	var samples []string
	if s&addressSort != 0 {
		samples = append(samples, k.addresses()...)
	}
	if s&numberSort != 0 {
		list, complete := k.numbers()
		samples = append(samples, list...)
		k.modelled = k.modelled && complete
	}
	if s&dateSort != 0 {
		list, complete := k.dates()
		samples = append(samples, list...)
		k.modelled = k.modelled && complete
	}
	if s&binarySort != 0 {
		samples = append(samples, k.bytes()...)
	}
	if s&textSort != 0 {
		samples = append(samples, k.literals()...)
	}
	// The last one is what no operator can read but those of texts.
	return k.sampled(append(samples, "x"), fixed, must)
}

// sampled returns those of the samples that pass the tests of must.
func (k *accessKey) sampled(samples []string, fixed *Context, must []int) (list []accessValue) {
	if fixed == nil {
		fixed = &Context{} // a variable without value: the samples are some values in any case
	}
	e := evaluation{context: fixed}
	sets := map[string]bool{}
	for _, text := range samples {
		if !k.q.check.work.spend(len(k.tests)) {
			return list
		}
		passes := globset.NewBitset(len(k.tests))
		for i, c := range k.tests {
			if c.operand != nullOperand && c.test(text, &e) {
				passes.Set(i)
			}
			if !k.q.check.work.spendMatching(&e) {
				return list
			}
		}
		if slices.ContainsFunc(must, func(i int) bool { return !passes.Has(i) }) || sets[passes.Key()] {
			continue
		}
		sets[passes.Key()] = true
		list = append(list, accessValue{text: text, passes: passes})
	}
	return list
}

// literals returns the values that the policies name, as they are written.
func (k *accessKey) literals() (list []string) {
	for _, c := range k.tests {
		list = append(list, c.texts...)
	}
	return list
}

// bytes returns the base64 that the policies name, and one that they do not.
func (k *accessKey) bytes() (list []string) {
	list = k.literals()
	for n := uint32(0); ; n++ {
		other := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, n))
		if !slices.Contains(list, other) {
			return append(list, other)
		}
	}
}

// addresses returns an address of every kind that the tests tell apart: between
// two neighbours of the first addresses of all blocks, and of those that follow
// their last ones, nothing changes.
func (k *accessKey) addresses() (list []string) {
	seen := []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
	for _, c := range k.tests {
		for _, prefix := range c.prefixes {
			seen = append(seen, prefix.Addr())
			next := afterLast(prefix)
			if next.Is4In6() {
				// It would be taken for an IPv4 address. What follows on these is not.
				next = afterLast(netip.PrefixFrom(next, 96))
			}
			if next.IsValid() {
				seen = append(seen, next)
			}
		}
	}
	slices.SortFunc(seen, netip.Addr.Compare)
	// Addresses that the policies name read better than the lowest one there is.
	for _, addr := range slices.Compact(seen) {
		if !addr.IsUnspecified() {
			list = append(list, addr.String())
		}
	}
	return append(list, netip.IPv4Unspecified().String(), netip.IPv6Unspecified().String())
}

// afterLast returns the address that follows the last one of a block, or none.
func afterLast(prefix netip.Prefix) netip.Addr {
	b := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < 8*len(b); bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last.Next()
}

// words finds the values of texts by the automaton of all patterns.
func (k *accessKey) words(fixed *Context, must []int) (list []accessValue) {
	l := globset.New()
	g := globCompiler{fixed: fixed}
	s := approximations{symbolic: fixed == nil && len(k.q.variables) > 0}
	if !s.symbolic && fixed == nil {
		g.fixed = &Context{}
	}
	isMust := func(i int) bool { return slices.Contains(must, i) }
	terms := make([]int, len(k.tests))
	for i, c := range k.tests {
		if c.operand == nullOperand {
			continue
		}
		approx := s.plain(c.negated)
		if isMust(i) {
			approx = s.required(c.negated, c.hasVariables() && !c.hasWhole())
		} else if i < k.required { // ForAnyValue, to be passed by some value
			approx = s.plain(!c.negated)
		}
		// The test errs towards holding where it is required, else towards not holding; and so
		// must what it can read.
		readApprox := s.plain((i < k.required) != c.ofUnread())
		terms[i] = l.AddTerm(g.test(l, c, approx, readApprox))
	}
	for _, i := range must {
		l.Require(terms[i])
	}
	k.q.check.work.witnesses(l, func(word []rune, holds globset.Bitset) bool {
		v := accessValue{text: string(word), passes: globset.NewBitset(len(k.tests))}
		for i, c := range k.tests {
			if c.operand != nullOperand && holds.Has(terms[i]) {
				v.passes.Set(i)
			}
		}
		if s.symbolic {
			v.rank, v.why = unproven, "it depends on the value of a policy variable in the conditions on "+k.spelling()
		}
		list = append(list, v)
		if len(list) == maxAccessValues {
			k.q.check.work.exceeded("more than 4,096 kinds of values of one condition key")
			return false
		}
		return true
	})
	return list
}

func (c *condition) hasVariables() bool {
	return slices.ContainsFunc(c.patterns, func(p pattern) bool { return len(p.variables()) > 0 }) ||
		slices.ContainsFunc(c.arns, func(p arnPattern) bool {
			return len(p.tail.variables()) > 0 || slices.ContainsFunc(p.parts, func(p pattern) bool { return len(p.variables()) > 0 })
		})
}

// hasWhole reports whether a variable stands for a whole ARN: its symbol would not
// tell that its value is one.
func (c *condition) hasWhole() bool {
	return slices.ContainsFunc(c.arns, func(p arnPattern) bool { return p.whole })
}

// test makes the term of a test. What it can read errs as readApprox says.
func (g *globCompiler) test(l *globset.Automaton, c *condition, approx, readApprox globset.Approximation) globset.Term {
	a := globset.Term{Negated: c.negated}
	add := func(items []globset.Item, ok bool) {
		if ok {
			a.Globs = append(a.Globs, l.AddGlob(items, approx))
		}
	}
	for i := range c.patterns {
		add(g.pattern(nil, &c.patterns[i], false, approx))
	}
	for i := range c.arns {
		add(g.arn(&c.arns[i], approx))
	}
	if c.operand == boolOperand {
		for i, text := range [...]string{"false", "true"} {
			add(globset.AppendText(nil, text, true), c.bools[i])
		}
	}
	if c.ofUnread() == c.negated {
		return a // what cannot be read matches none of the globs: that is the answer already
	}
	switch c.operand {
	case arnOperand:
		a.Readable = []globset.Glob{l.AddGlob(globOfARN(), readApprox)}
	case boolOperand:
		for _, text := range [...]string{"false", "true"} {
			a.Readable = append(a.Readable, l.AddGlob(globset.AppendText(nil, text, true), readApprox))
		}
	case stringOperand, numberOperand, dateOperand, binaryOperand, addressOperand, nullOperand:
	}
	return a
}

// maxAccessPins bounds the values that conditions leave to policy variables.
const maxAccessPins = 16

// pins returns all values that the policy variables can have, if the conditions
// that are required name them. Without variables that is one: none.
func (q *accessQuestion) pins() (pins []*Context, ok bool) {
	pins = []*Context{{}}
	for _, key := range q.variables {
		values, ok := q.pinnedTo(key)
		if !ok || len(pins)*len(values) > maxAccessPins {
			return nil, false
		}
		var more []*Context
		for _, pin := range pins {
			for _, value := range values {
				fixed := &Context{}
				for have := range pin.Keys() {
					values, _, _ := pin.Get(have)
					fixed.Set(have, values[0])
				}
				fixed.Set(key, value)
				more = append(more, fixed)
			}
		}
		pins = more
	}
	return pins, true
}

// pinnedTo returns the values that a required condition leaves to a key.
func (q *accessQuestion) pinnedTo(key string) (values []string, ok bool) {
	for _, st := range q.required {
		for _, i := range st.on(key) {
			if values, ok = st.conditions[i].literals(); ok {
				return values, true
			}
		}
	}
	return nil, false
}

// literals returns the values of which a key must have one for the condition to
// hold, if the condition names them.
func (c *condition) literals() (values []string, ok bool) {
	if c.operand != stringOperand || c.negated || c.ifExists || c.quantifier != single {
		return nil, false
	}
	for i := range c.patterns {
		if p := &c.patterns[i]; p.shape != literal || p.fold {
			return nil, false
		}
		values = append(values, c.patterns[i].text)
	}
	return values, true
}
