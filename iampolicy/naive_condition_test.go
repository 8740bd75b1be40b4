package iampolicy_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"regexp"
	"strings"
	"time"
)

// naiveList returns the strings of an element, which may stand alone.
func naiveList(element any) []string {
	switch e := element.(type) {
	case string:
		return []string{e}
	case []string:
		return e
	}
	panic(fmt.Sprintf("%T", element))
}

// A naiveAnswer is whether something matches, as far as the request tells.
type naiveAnswer int

const (
	naiveNo naiveAnswer = iota
	naiveMaybe
	naiveYes
)

func naiveIs(b bool) naiveAnswer {
	if b {
		return naiveYes
	}
	return naiveNo
}

// unless turns yes and no around; maybe stays.
func (a naiveAnswer) unless(not bool) naiveAnswer {
	if not {
		return naiveYes - a
	}
	return a
}

// forEffect decides what is not known: it denies.
func (n *naive) forEffect(a naiveAnswer, what string, deny bool) bool {
	if a == naiveMaybe {
		n.note(fmt.Sprintf("%s not known, Deny %v", what, deny))
		return deny
	}
	return a == naiveYes
}

// conditions: all operators and all keys must hold.
func (n *naive) conditions(block any, modern, deny bool) bool {
	all := true
	operators, _ := block.(map[string]any)
	for operator, keys := range operators {
		for key, values := range keys.(map[string]any) {
			held := n.condition(operator, key, naiveList(values), modern, deny)
			n.note(fmt.Sprintf("%s %v", operator, held))
			all = all && held
		}
	}
	return all
}

func (n *naive) condition(operator, key string, operands []string, modern, deny bool) bool {
	if n.w.Unknown[strings.ToLower(key)] {
		return n.forEffect(naiveMaybe, "key", deny)
	}
	values, present := n.w.Context[strings.ToLower(key)]
	multivalued := n.w.Multivalued[strings.ToLower(key)]
	quantifier, base, found := strings.Cut(operator, ":")
	if !found {
		quantifier, base = "", operator
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	if base == "Null" {
		null := !present || len(values) == 0
		for _, operand := range operands {
			if strings.EqualFold(operand, "true") == null {
				return true
			}
		}
		return false
	}
	positive := strings.Replace(base, "Not", "", 1)
	negated := positive != base
	if !present {
		switch {
		case ifExists:
			return true
		case quantifier == "ForAllValues":
			return true
		case quantifier == "ForAnyValue":
			return false
		}
		return negated
	}
	passes := func(value string) bool {
		what, answer := "value", n.anyOperand(positive, value, operands, modern)
		if strings.HasPrefix(positive, "String") {
			what = "condition variable"
		}
		return n.forEffect(answer.unless(negated), what, deny)
	}
	passed := 0
	for _, value := range values {
		if passes(value) {
			passed++
		}
	}
	switch quantifier {
	case "ForAllValues":
		return passed == len(values)
	case "ForAnyValue":
		return passed > 0
	}
	return !multivalued && passed == 1
}

// anyOperand says whether a request value matches one of the operands.
func (n *naive) anyOperand(positive, value string, operands []string, modern bool) naiveAnswer {
	best := naiveNo
	for _, operand := range operands {
		best = max(best, n.operand(positive, value, operand, modern))
	}
	return best
}

// symbols reads a pattern with its variables, if the version has them, and notes
// what forms of variables there were.
func (n *naive) symbols(where, pattern string, modern bool) (list []symbol, has naiveAnswer) {
	if !modern {
		if strings.Contains(pattern, "${") {
			n.note(where + " variable of 2008-10-17")
		}
		return naiveSymbols(pattern, nil)
	}
	list, has = naiveSymbols(pattern, n.w)
	for rest := pattern; strings.Contains(rest, "${"); rest = rest[1:] {
		rest = rest[strings.Index(rest, "${"):]
		if m := naiveVariable.FindStringSubmatch(rest); m != nil {
			n.note(fmt.Sprintf("%s variable %s default %v resolved %v", where, m[1], m[3] != "", has == naiveYes))
		}
	}
	return list, has
}

var (
	naiveNumber = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$`)
	naiveEpoch  = regexp.MustCompile(`^(-\d+|\d{1,3}|\d{5,18})$`)
)

// operand says whether a request value matches one operand: naiveMaybe where it cannot be
// read as the operator's type, or where the value of a variable is not known.
func (n *naive) operand(positive, value, operand string, modern bool) naiveAnswer {
	pattern, has := []symbol(nil), naiveYes
	if strings.HasPrefix(positive, "String") || strings.HasPrefix(positive, "Arn") {
		pattern, has = n.symbols("condition", operand, modern)
	}
	// What has no value matches nothing; what is not known matches perhaps, if the rest does.
	with := func(matches bool) naiveAnswer { return min(has, naiveIs(matches)) }
	switch {
	case positive == "StringEquals":
		return with(naiveGlob(naiveLiteral(pattern), naiveCharacters(value)))
	case positive == "StringEqualsIgnoreCase":
		folded := naiveLiteral(pattern)
		for i := range folded {
			folded[i].char = naiveLower(folded[i].char)
		}
		return with(naiveGlob(folded, naiveCharacters(naiveLower(value))))
	case positive == "StringLike":
		matched := naiveGlob(pattern, naiveCharacters(value))
		n.noteBlurred("condition", operand, value, has == naiveYes && matched)
		return with(matched)
	case strings.HasPrefix(positive, "Numeric"):
		if !naiveNumber.MatchString(value) {
			return naiveMaybe
		}
		a, _ := new(big.Rat).SetString(strings.TrimPrefix(value, "+"))
		b, _ := new(big.Rat).SetString(operand)
		return naiveIs(naiveRelation(strings.TrimPrefix(positive, "Numeric"), a.Cmp(b)))
	case strings.HasPrefix(positive, "Date"):
		a, ok := naiveDate(value)
		b, _ := naiveDate(operand)
		if !ok {
			return naiveMaybe
		}
		return naiveIs(naiveRelation(strings.TrimPrefix(positive, "Date"), a.Compare(b)))
	case positive == "Bool":
		lower := strings.ToLower(value)
		if lower != "true" && lower != "false" {
			return naiveMaybe
		}
		return naiveIs(lower == strings.ToLower(operand))
	case positive == "BinaryEquals":
		a, err := base64.StdEncoding.Strict().DecodeString(value)
		b, _ := base64.StdEncoding.DecodeString(operand)
		if err != nil {
			return naiveMaybe
		}
		return naiveIs(bytes.Equal(a, b))
	case positive == "IpAddress":
		ip := net.ParseIP(value) // refuses zones and octal, and reads IPv4 in IPv6 as IPv4
		if ip == nil {
			return naiveMaybe
		}
		if !strings.Contains(operand, "/") {
			return naiveIs(ip.Equal(net.ParseIP(operand)))
		}
		_, block, _ := net.ParseCIDR(operand)
		return naiveIs(block.Contains(ip))
	case positive == "ArnEquals" || positive == "ArnLike":
		if _, ok := naiveSplitARN(value); !ok {
			return naiveMaybe
		}
		if modern && naiveVariable.FindString(operand) == operand {
			return with(naiveGlob(naiveLiteral(pattern), naiveCharacters(value)))
		}
		return with(naiveARN(pattern, value))
	}
	panic(positive)
}

func naiveRelation(name string, c int) bool {
	switch name {
	case "Equals":
		return c == 0
	case "LessThan":
		return c < 0
	case "LessThanEquals":
		return c <= 0
	case "GreaterThan":
		return c > 0
	case "GreaterThanEquals":
		return c >= 0
	}
	panic(name)
}

func naiveDate(s string) (time.Time, bool) {
	if naiveEpoch.MatchString(s) {
		seconds, ok := new(big.Int).SetString(s, 10)
		return time.Unix(seconds.Int64(), 0), ok
	}
	for _, layout := range []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
