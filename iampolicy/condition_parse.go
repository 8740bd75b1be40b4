package iampolicy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
	"github.com/wildgate/wildgate/internal/ascii"
	"github.com/wildgate/wildgate/internal/jsontree"
)

const (
	maxConditions = 250  // of one statement
	maxValueBytes = 4096 // of one value
)

// conditions compiles Condition: {operator: {key: value or values}}.
func (p *parser) conditions(n *jsontree.Node, at *jsontree.Path, deny bool) (list []condition) {
	if n.Kind != jsontree.Object {
		p.failf(n.Offset, at, CodeWrongType, "Condition is an object, not %s", n.Kind)
		return nil
	}
	if len(n.Kids) == 0 {
		p.fail(n.Offset, at, CodeEmptyObject, "Condition is empty; a statement without condition has none")
	}
	for i := range n.Kids {
		kid := &n.Kids[i]
		inner := &jsontree.Path{Up: at, Name: kid.Name}
		op, ok := operatorNamed(kid.Name)
		if !ok {
			p.unknownOperator(kid, inner)
			continue
		}
		list = append(list, p.conditionKeys(condition{operator: op, deny: deny, name: kid.Name}, kid, inner)...)
	}
	if len(list) > maxConditions {
		p.failf(n.Offset, at, CodeTooManyConditions, "%d conditions; a statement may have 250", len(list))
	}
	return list
}

func (p *parser) unknownOperator(n *jsontree.Node, at *jsontree.Path) {
	base := n.Name
	for _, set := range [...]string{"ForAllValues:", "ForAnyValue:"} {
		if ascii.HasPrefixFold(base, set) {
			base = base[len(set):]
		}
	}
	if ascii.EqualFold(base, "NullIfExists") {
		p.fail(n.NameOffset, at, CodeNullWithIfExists, "Null has no IfExists")
		return
	}
	for _, known := range operatorNames {
		if ascii.EqualFold(base, known) || ascii.EqualFold(base, known+"IfExists") {
			p.failf(n.NameOffset, at, CodeUnknownOperator, "unknown operator %q; did you mean %q? Case matters", n.Name, known)
			return
		}
	}
	p.failf(n.NameOffset, at, CodeUnknownOperator, "unknown operator %q", n.Name)
}

// operatorNames are the operators as published, for hints.
var operatorNames = [...]string{
	"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	"Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", "Null",
}

// conditionKeys compiles the keys of one operator, which each is.
func (p *parser) conditionKeys(each condition, n *jsontree.Node, at *jsontree.Path) (list []condition) {
	if n.Kind != jsontree.Object {
		p.failf(n.Offset, at, CodeWrongType, "an object of condition keys is expected, not %s", n.Kind)
		return nil
	}
	if len(n.Kids) == 0 {
		p.fail(n.Offset, at, CodeEmptyObject, "the object is empty: a condition needs a key")
	}
	seen := make(map[string]string, len(n.Kids)) // by folded key, the key
	for i := range n.Kids {
		kid := &n.Kids[i]
		inner := &jsontree.Path{Up: at, Name: kid.Name}
		switch folded := ascii.ToLower(kid.Name); {
		case kid.Name == "" || strings.TrimSpace(kid.Name) != kid.Name:
			p.failf(kid.NameOffset, inner, CodeInvalidConditionKey, "%q is no condition key", kid.Name)
		case seen[folded] != "" && seen[folded] != kid.Name: // else it is a duplicate key of the object
			p.failf(kid.NameOffset, inner, CodeDuplicateConditionKey, "condition key %q is there twice: case does not matter", kid.Name)
		default:
			seen[folded] = kid.Name
		}
		c := each
		c.key, c.hash = kid.Name, ascii.HashFold(kid.Name)
		p.conditionValues(&c, kid, inner)
		c.texts = kid.Texts()
		c.wild = c.hasPattern()
		list = append(list, c)
	}
	return list
}

// conditionValues compiles the values. Numbers and booleans may stand without
// quotes where the operator compares such, or strings.
func (p *parser) conditionValues(c *condition, n *jsontree.Node, at *jsontree.Path) {
	if n.Kind != jsontree.List {
		p.conditionValue(c, n, at)
		return
	}
	if len(n.Kids) == 0 {
		p.fail(n.Offset, at, CodeEmptyList, "the list is empty")
	}
	for i := range n.Kids {
		p.conditionValue(c, &n.Kids[i], &jsontree.Path{Up: at, Index: i})
	}
}

func (p *parser) conditionValue(c *condition, n *jsontree.Node, at *jsontree.Path) {
	switch {
	case n.Kind == jsontree.String:
	case n.Kind == jsontree.Number && (c.operand == numberOperand || c.operand == dateOperand || c.operand == stringOperand):
	case n.Kind == jsontree.Bool && (c.operand == boolOperand || c.operand == nullOperand || c.operand == stringOperand):
	default:
		p.failf(n.Offset, at, CodeWrongType, "%s may not have %s as its value", c.name, n.Kind)
		return
	}
	if len(n.Text) > maxValueBytes {
		p.fail(n.Offset, at, CodeValueTooLong, "a value longer than 4,096 bytes")
		return
	}
	if c.operand != stringOperand && c.operand != arnOperand && p.modern && strings.Contains(n.Text, "${") {
		p.failf(n.Offset, at, CodeVariableNotAllowed, "%s takes no policy variables", c.name)
		return
	}
	if wrong := c.add(n.Text, p.modern); wrong.code != "" {
		p.fail(n.Offset, at, wrong.code, wrong.text)
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
			return problem{CodeInvalidNumber, strconv.Quote(text) + " is no number"}
		}
		c.numbers = append(c.numbers, number)
	case dateOperand:
		t, ok := scalar.ParseInstant(text)
		if !ok {
			return problem{CodeInvalidDate, strconv.Quote(text) + " is no date: YYYY-MM-DDThh:mm:ssZ or seconds since 1970 are expected"}
		}
		c.instants = append(c.instants, t)
	case boolOperand, nullOperand:
		switch {
		case ascii.EqualFold(text, "true"):
			c.bools[1] = true
		case ascii.EqualFold(text, "false"):
			c.bools[0] = true
		default:
			return problem{CodeInvalidBoolean, strconv.Quote(text) + ` is neither "true" nor "false"`}
		}
	case binaryOperand:
		if !isBase64(text) {
			return problem{CodeInvalidBase64, strconv.Quote(text) + " is not base64"}
		}
		c.patterns = append(c.patterns, pattern{text: text})
	case addressOperand:
		prefix, ok := scalar.ParsePrefix(text)
		if !ok {
			return problem{CodeInvalidAddress, strconv.Quote(text) + " is neither an IP address nor a CIDR block"}
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
