package iampolicy

import (
	"net/netip"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
	"github.com/wildgate/wildgate/internal/ascii"
)

// A condition is one operator on one key with its compiled values.
type condition struct {
	operator
	deny bool   // of a Deny statement: what is not known matches
	name string // the operator, as written
	key  string
	hash uint32 // ascii.HashFold of key
	// texts are the values as written, for Explain.
	texts []string

	// The values, in the slice that belongs to the operand.
	patterns []pattern // strings, and binary as canonical base64
	numbers  []scalar.Decimal
	instants []scalar.Instant
	prefixes []netip.Prefix
	arns     []arnPattern
	bools    [2]bool // whether false and true are among them; for Null too

	wild bool // wildcards are special, and some value has one or a variable
}

// ofUnread is the answer on a value that cannot be read, or is not known: it denies,
// whether the operator is negated or not (threat 252). In a Deny the condition holds,
// in an Allow it does not.
func (c *condition) ofUnread() bool {
	return c.deny // guard 252a
}

// unknownMatches reports whether a pattern is to match as far as only the unknown value
// of a policy variable keeps it from matching: negated, the answer is then ofUnread.
func (c *condition) unknownMatches() bool { return c.negated != c.deny } // guard 252b

// tooLong reports whether a value of the request is longer than what patterns are tried on, or
// what is read byte by byte (threat 224). It cannot be read then.
func (c *condition) tooLong(v string) bool {
	if len(v) <= maxTextBytes {
		return false
	}
	switch c.operand {
	case binaryOperand, numberOperand, dateOperand:
		return true
	case stringOperand, arnOperand:
		return c.wild
	case boolOperand, addressOperand, nullOperand: // which look at a few bytes
	}
	return false
}

// holds reports whether the condition holds for the request's context.
//
// Absence is decided first. Then each request value is held against all policy
// values, that result is negated for a negated operator, and only then the set
// operator counts request values. Negating earlier would make StringNotEquals
// [a, b] match a; negating later would make ForAnyValue mean ForAllValues.
func (c *condition) holds(e *evaluation) bool {
	entry := e.context.lookup(c.key, c.hash)
	if entry != nil && entry.unknown {
		return c.ofUnread()
	}
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

// test reports whether one value of the request passes. A value that cannot be read as
// what the operator compares has neither the operator nor its negation hold of it
// (threat 187): then the statement's effect says what the answer is.
func (c *condition) test(v string, e *evaluation) bool {
	if e.over() {
		return false // the answer no longer counts: the request is denied
	}
	matched, read := c.compare(v, e)
	if !read {
		return c.ofUnread()
	}
	return matched != c.negated
}

// compare reports whether a value of the request matches one of the policy's, and whether
// it can be read at all. A rule by which a value is not even tried belongs here and in reads.
func (c *condition) compare(v string, e *evaluation) (matched, read bool) {
	if c.tooLong(v) {
		return false, false
	}
	switch c.operand {
	case stringOperand:
		return c.testStrings(v, e), true
	case binaryOperand:
		e.work += readCost * len(v)
		if !isBase64(v) {
			return false, false
		}
		return c.testStrings(v, e), true
	case numberOperand:
		return c.testNumbers(v, e)
	case dateOperand:
		return c.testDates(v, e)
	case boolOperand:
		isTrue, isFalse := ascii.EqualFold(v, "true"), ascii.EqualFold(v, "false")
		return c.bools[1] && isTrue || c.bools[0] && isFalse, isTrue || isFalse
	case addressOperand:
		return c.testAddresses(v, e)
	case arnOperand:
		return c.testARNs(v, e)
	case nullOperand:
	}
	return false, false // unreachable: holds has answered
}

// readsAll reports whether the operator can read every value.
func (c *condition) readsAll() bool {
	return c.operand == nullOperand || c.operand == stringOperand && !c.wild
}

// reads reports whether the operator can read a value of the request.
func (c *condition) reads(v string) (ok bool) {
	if c.tooLong(v) {
		return false
	}
	switch c.operand {
	case numberOperand:
		_, ok = scalar.ParseDecimal(v)
	case dateOperand:
		_, ok = scalar.ParseInstant(v)
	case addressOperand:
		_, ok = scalar.ParseAddress(v)
	case arnOperand:
		_, ok = splitARN(v)
	case boolOperand:
		ok = ascii.EqualFold(v, "true") || ascii.EqualFold(v, "false")
	case binaryOperand:
		ok = isBase64(v)
	case stringOperand, nullOperand:
		ok = true
	}
	return ok
}

func (c *condition) testStrings(v string, e *evaluation) bool {
	if listBytes <= len(v) && len(v) <= maxTextBytes && manySearch(c.patterns) {
		return matchesAny(c.patterns, v, e, c.unknownMatches())
	}
	for i := range c.patterns {
		if e.spend(len(v)); e.over() {
			return false
		}
		if c.patterns[i].match(v, e, c.unknownMatches()) {
			return true
		}
	}
	return false
}

func (c *condition) testNumbers(v string, e *evaluation) (matched, read bool) {
	e.work += tryCost + readCost*len(v)
	number, ok := scalar.ParseDecimal(v)
	if !ok {
		return false, false
	}
	for i := range c.numbers {
		e.spend(len(v))
		if c.relation.holds(number.Compare(&c.numbers[i])) {
			return true, true
		}
	}
	return false, true
}

func (c *condition) testDates(v string, e *evaluation) (matched, read bool) {
	e.work += tryCost + readCost*len(v)
	t, ok := scalar.ParseInstant(v)
	if !ok {
		return false, false
	}
	for i := range c.instants {
		e.spend(len(v))
		if c.relation.holds(t.Compare(c.instants[i])) {
			return true, true
		}
	}
	return false, true
}

func (c *condition) testAddresses(v string, e *evaluation) (matched, read bool) {
	e.spend(len(v))
	addr, ok := scalar.ParseAddress(v)
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

func (c *condition) testARNs(v string, e *evaluation) (matched, read bool) {
	e.spend(len(v))
	if _, ok := splitARN(v); !ok {
		return false, false
	}
	if listBytes <= len(v) && len(v) <= maxTextBytes && manySearchARN(c.arns) {
		return matchesAnyARN(c.arns, v, e, c.unknownMatches()), true
	}
	for i := range c.arns {
		if e.spend(len(v)); e.over() {
			return false, true
		}
		if c.arns[i].match(v, e, c.unknownMatches()) {
			return true, true
		}
	}
	return false, true
}
