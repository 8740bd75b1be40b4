package iampolicy

import (
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
	"github.com/wildgate/wildgate/internal/ascii"
)

const (
	maxConditions = 250  // of one statement
	maxValueBytes = 4096 // of one value
)

// conditions compiles Condition: {operator: {key: value or values}}.
func (p *parser) conditions(n *node, at *docPath, deny bool) (list []condition) {
	if n.kind != objectNode {
		p.failf(n.off, at, CodeWrongType, "Condition is an object, not %s", n.kind)
		return nil
	}
	if len(n.kids) == 0 {
		p.fail(n.off, at, CodeEmptyObject, "Condition is empty; a statement without condition has none")
	}
	for i := range n.kids {
		kid := &n.kids[i]
		inner := &docPath{up: at, name: kid.name}
		op, ok := operatorNamed(kid.name)
		if !ok {
			p.unknownOperator(kid, inner)
			continue
		}
		list = append(list, p.conditionKeys(condition{operator: op, deny: deny, name: kid.name}, kid, inner)...)
	}
	if len(list) > maxConditions {
		p.failf(n.off, at, CodeTooManyConditions, "%d conditions; a statement may have 250", len(list))
	}
	return list
}

func (p *parser) unknownOperator(n *node, at *docPath) {
	base := n.name
	for _, set := range [...]string{"ForAllValues:", "ForAnyValue:"} {
		if ascii.HasPrefixFold(base, set) {
			base = base[len(set):]
		}
	}
	if ascii.EqualFold(base, "NullIfExists") {
		p.fail(n.nameOff, at, CodeNullWithIfExists, "Null has no IfExists")
		return
	}
	for _, known := range operatorNames {
		if ascii.EqualFold(base, known) || ascii.EqualFold(base, known+"IfExists") {
			p.failf(n.nameOff, at, CodeUnknownOperator, "unknown operator %q; did you mean %q? Case matters", n.name, known)
			return
		}
	}
	p.failf(n.nameOff, at, CodeUnknownOperator, "unknown operator %q", n.name)
}

// operatorNames are the operators as published, for hints.
var operatorNames = [...]string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

// conditionKeys compiles the keys of one operator, which each is.
func (p *parser) conditionKeys(each condition, n *node, at *docPath) (list []condition) {
	if n.kind != objectNode {
		p.failf(n.off, at, CodeWrongType, "an object of condition keys is expected, not %s", n.kind)
		return nil
	}
	if len(n.kids) == 0 {
		p.fail(n.off, at, CodeEmptyObject, "the object is empty: a condition needs a key")
	}
	seen := make(map[string]string, len(n.kids)) // by folded key, the key
	for i := range n.kids {
		kid := &n.kids[i]
		inner := &docPath{up: at, name: kid.name}
		switch folded := ascii.ToLower(kid.name); {
		case kid.name == "" || strings.TrimSpace(kid.name) != kid.name:
			p.failf(kid.nameOff, inner, CodeInvalidConditionKey, "%q is no condition key", kid.name)
		case seen[folded] != "" && seen[folded] != kid.name: // else it is a duplicate key of the object
			p.failf(kid.nameOff, inner, CodeDuplicateConditionKey, "condition key %q is there twice: case does not matter", kid.name)
		default:
			seen[folded] = kid.name
		}
		c := each
		c.key, c.hash = kid.name, ascii.HashFold(kid.name)
		p.conditionValues(&c, kid, inner)
		c.texts = kid.texts()
		c.wild = c.hasPattern()
		list = append(list, c)
	}
	return list
}

// conditionValues compiles the values. Numbers and booleans may stand without
// quotes where the operator compares such, or strings.
func (p *parser) conditionValues(c *condition, n *node, at *docPath) {
	if n.kind != listNode {
		p.conditionValue(c, n, at)
		return
	}
	if len(n.kids) == 0 {
		p.fail(n.off, at, CodeEmptyList, "the list is empty")
	}
	for i := range n.kids {
		p.conditionValue(c, &n.kids[i], &docPath{up: at, index: i})
	}
}

func (p *parser) conditionValue(c *condition, n *node, at *docPath) {
	switch {
	case n.kind == stringNode:
	case n.kind == numberNode && (c.operand == numberOperand || c.operand == dateOperand || c.operand == stringOperand):
	case n.kind == boolNode && (c.operand == boolOperand || c.operand == nullOperand || c.operand == stringOperand):
	default:
		p.failf(n.off, at, CodeWrongType, "%s may not have %s as its value", c.name, n.kind)
		return
	}
	if len(n.text) > maxValueBytes {
		p.fail(n.off, at, CodeValueTooLong, "a value longer than 4,096 bytes")
		return
	}
	if c.operand != stringOperand && c.operand != arnOperand && p.modern && strings.Contains(n.text, "${") {
		p.failf(n.off, at, CodeVariableNotAllowed, "%s takes no policy variables", c.name)
		return
	}
	if wrong := c.add(n.text, p.modern); wrong.code != "" {
		p.fail(n.off, at, wrong.code, wrong.text)
	}
}

// hasPattern reports whether a value is more than a text, where wildcards are special.
func (c *condition) hasPattern() bool {
	return c.wildcards && slices.ContainsFunc(c.patterns, func(p pattern) bool { return p.shape != literal }) ||
		slices.ContainsFunc(c.arns, func(a arnPattern) bool { return a.whole || a.parts != nil || a.tail.shape != literal })
}

// add compiles one value, and returns what is wrong with it.
func (c *condition) add(text string, variables bool) (wrong problem) {
	switch c.operand {
	case stringOperand:
		var pt pattern
		pt, wrong = compilePattern(text, textRules{wildcards: c.wildcards, variables: variables, fold: c.ignoreCase})
		c.patterns = append(c.patterns, pt)
	case numberOperand:
		number, ok := scalar.ParseDecimal(text)
		if !ok {
			return problem{CodeInvalidNumber, quote(text) + " is no number"}
		}
		c.numbers = append(c.numbers, number)
	case dateOperand:
		t, ok := scalar.ParseInstant(text)
		if !ok {
			return problem{CodeInvalidDate, quote(text) + " is no date: YYYY-MM-DDThh:mm:ssZ or seconds since 1970 are expected"}
		}
		c.instants = append(c.instants, t)
	case boolOperand, nullOperand:
		switch {
		case ascii.EqualFold(text, "true"):
			c.bools[1] = true
		case ascii.EqualFold(text, "false"):
			c.bools[0] = true
		default:
			return problem{CodeInvalidBoolean, quote(text) + ` is neither "true" nor "false"`}
		}
	case binaryOperand:
		if !isBase64(text) {
			return problem{CodeInvalidBase64, quote(text) + " is not base64"}
		}
		c.patterns = append(c.patterns, pattern{text: text})
	case addressOperand:
		prefix, ok := scalar.ParsePrefix(text)
		if !ok {
			return problem{CodeInvalidAddress, quote(text) + " is neither an IP address nor a CIDR block"}
		}
		c.prefixes = append(c.prefixes, prefix)
	case arnOperand:
		var a arnPattern
		a, wrong = compileConditionARN(text, variables)
		c.arns = append(c.arns, a)
	}
	return wrong
}

// compileConditionARN compiles a value of an ARN operator. One variable may
// stand for the whole ARN.
func compileConditionARN(text string, variables bool) (arnPattern, problem) {
	if variables && strings.HasPrefix(text, "${") {
		if _, char, n, wrong := parseVariable(text); wrong.code == "" && char == 0 && n == len(text) {
			tail, wrong := compilePattern(text, textRules{variables: true})
			return arnPattern{whole: true, tail: tail}, wrong
		}
	}
	return compileARN(text, true, textRules{wildcards: true, variables: variables})
}
