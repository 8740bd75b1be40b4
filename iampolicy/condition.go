package iampolicy

import "net/netip"

// A condition is one operator on one key with its compiled values.
type condition struct {
	operator
	deny bool   // of a Deny statement: what cannot be read matches
	name string // the operator, as written
	key  string
	hash uint32 // foldHash of key
	// texts are the values as written, for Explain.
	texts []string

	// The values, in the slice that belongs to the operand.
	patterns []pattern // strings, and binary as canonical base64
	numbers  []decimal
	instants []instant
	prefixes []netip.Prefix
	arns     []arnPattern
	bools    [2]bool // whether false and true are among them; for Null too

	wild bool // wildcards are special, and some value has one or a variable
}

// ofUnread is the answer on a value that cannot be read: it denies, whether the operator is
// negated or not (threat 252). In a Deny the condition holds, in an Allow it does not.
func (c *condition) ofUnread() bool { return c.deny }

// tooLong reports whether a value of the request is longer than what patterns are tried on
// (threat 224). It cannot be read then.
func (c *condition) tooLong(v string) bool { return c.wild && len(v) > maxTextBytes }

// holds reports whether the condition holds for the request's context.
//
// Absence is decided first. Then each request value is held against all policy
// values, that result is negated for a negated operator, and only then the set
// operator counts request values. Negating earlier would make StringNotEquals
// [a, b] match a; negating later would make ForAnyValue mean ForAllValues.
func (c *condition) holds(e *evaluation) bool {
	entry := e.context.lookup(c.key, c.hash)
	if c.operand == nullOperand {
		// An empty set is null; an empty string is not.
		absent := entry == nil || entry.multivalued && len(entry.many) == 0
		return absent && c.bools[1] || !absent && c.bools[0]
	}
	if entry == nil {
		switch {
		case c.ifExists, c.quantifier == forAllValues:
			return true
		case c.quantifier == forAnyValue:
			return false
		}
		return c.negated
	}
	switch c.quantifier {
	case forAllValues:
		for i, v := range entry.values() {
			e.read(entry, i)
			if !c.test(v, e) {
				return false
			}
		}
		return true
	case forAnyValue:
		for i, v := range entry.values() {
			e.read(entry, i)
			if c.test(v, e) {
				return true
			}
		}
		return false
	}
	// Without set operator a multivalued key matches nothing, negated or not (threat 189).
	if entry.multivalued {
		return false
	}
	e.read(entry, 0)
	return c.test(entry.one[0], e)
}

// read makes the evaluation know what is known of an entry's value, on which patterns are tried
// next. Of another text nothing is known: forget comes before that.
func (e *evaluation) read(entry *contextEntry, i int) {
	if e.utf8, e.stray = entry.strays == nil, nil; !e.utf8 {
		e.stray, e.at = entry.strays[i], 0
		e.utf8 = e.stray == nil && len(entry.values()[i]) <= maxTextBytes
	}
}

func (e *evaluation) forget() { e.utf8, e.stray = false, nil }

// test reports whether one value of the request passes. A value that is no
// number, date, address or ARN passes neither the operator nor its negation (threat 187).
func (c *condition) test(v string, e *evaluation) bool {
	if e.over() {
		return false // the answer no longer counts: the request is denied
	}
	if c.tooLong(v) {
		return c.ofUnread()
	}
	matched, ok := false, true
	switch c.operand {
	case stringOperand, binaryOperand:
		matched = c.testStrings(v, e)
	case numberOperand:
		matched, ok = c.testNumbers(v, e)
	case dateOperand:
		matched, ok = c.testDates(v, e)
	case boolOperand:
		matched = c.bools[1] && equalFoldASCII(v, "true") || c.bools[0] && equalFoldASCII(v, "false")
	case addressOperand:
		matched, ok = c.testAddresses(v, e)
	case arnOperand:
		matched, ok = c.testARNs(v, e)
	case nullOperand:
		return false // unreachable: holds has answered
	}
	return ok && matched != c.negated
}

func (c *condition) testStrings(v string, e *evaluation) bool {
	if listBytes <= len(v) && len(v) <= maxTextBytes && manySearch(c.patterns) {
		return matchesAny(c.patterns, v, e)
	}
	for i := range c.patterns {
		if e.spend(len(v)); e.over() {
			return false
		}
		if c.patterns[i].match(v, e) {
			return true
		}
	}
	return false
}

func (c *condition) testNumbers(v string, e *evaluation) (matched, ok bool) {
	number, ok := parseDecimal(v)
	if !ok {
		return false, false
	}
	for i := range c.numbers {
		e.spend(len(v))
		if c.relation.holds(number.compare(&c.numbers[i])) {
			return true, true
		}
	}
	return false, true
}

func (c *condition) testDates(v string, e *evaluation) (matched, ok bool) {
	t, ok := parseInstant(v)
	if !ok {
		return false, false
	}
	for i := range c.instants {
		e.spend(len(v))
		if c.relation.holds(t.compare(c.instants[i])) {
			return true, true
		}
	}
	return false, true
}

func (c *condition) testAddresses(v string, e *evaluation) (matched, ok bool) {
	addr, ok := parseAddress(v)
	if !ok {
		return false, false
	}
	for i := range c.prefixes {
		e.spend(0)
		if c.prefixes[i].Contains(addr) {
			return true, true
		}
	}
	return false, true
}

func (c *condition) testARNs(v string, e *evaluation) (matched, ok bool) {
	if _, ok := splitARN(v); !ok {
		return false, false
	}
	if listBytes <= len(v) && len(v) <= maxTextBytes && manySearchARN(c.arns) {
		return matchesAnyARN(c.arns, v, e), true
	}
	for i := range c.arns {
		if e.spend(len(v)); e.over() {
			return false, true
		}
		if c.arns[i].match(v, e) {
			return true, true
		}
	}
	return false, true
}
