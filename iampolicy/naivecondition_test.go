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

// naiveConditions: all operators and all keys must hold.
func (n *naive) conditions(block any, modern bool) bool {
	all := true
	operators, _ := block.(map[string]any)
	for operator, keys := range operators {
		for key, values := range keys.(map[string]any) {
			held := n.condition(operator, key, naiveList(values), modern)
			n.note(fmt.Sprintf("%s %v", operator, held))
			all = all && held
		}
	}
	return all
}

func (n *naive) condition(operator, key string, operands []string, modern bool) bool {
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
		matched, valid := n.anyOperand(positive, value, operands, modern)
		return valid && matched != negated
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

// anyOperand reports whether a request value matches one of the operands; it is not
// valid where the value cannot be read as the operator's type.
func (n *naive) anyOperand(positive, value string, operands []string, modern bool) (matched, valid bool) {
	valid = true
	for _, operand := range operands {
		one, readable := n.operand(positive, value, operand, modern)
		matched = matched || one
		valid = valid && readable
	}
	return matched, valid
}

// symbols reads a pattern with its variables, if the version has them, and notes
// what forms of variables there were.
func (n *naive) symbols(where, pattern string, modern bool) ([]symbol, bool) {
	if !modern {
		if strings.Contains(pattern, "${") {
			n.note(where + " variable of 2008-10-17")
		}
		return naiveSymbols(pattern, nil, nil)
	}
	list, ok := naiveSymbols(pattern, n.w.Context, n.w.Multivalued)
	for rest := pattern; strings.Contains(rest, "${"); rest = rest[1:] {
		rest = rest[strings.Index(rest, "${"):]
		if m := naiveVariable.FindStringSubmatch(rest); m != nil {
			n.note(fmt.Sprintf("%s variable %s default %v resolved %v", where, m[1], m[3] != "", ok))
		}
	}
	return list, ok
}

var (
	naiveNumber = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$`)
	naiveEpoch  = regexp.MustCompile(`^(-\d+|\d{1,3}|\d{5,18})$`)
)

func (n *naive) operand(positive, value, operand string, modern bool) (matched, valid bool) {
	symbols := func(pattern string) ([]symbol, bool) { return n.symbols("condition", pattern, modern) }
	switch {
	case positive == "StringEquals" || positive == "StringEqualsIgnoreCase":
		pattern, ok := symbols(operand)
		if !ok {
			return false, true
		}
		want := naiveLiteral(pattern)
		return want == value || positive == "StringEqualsIgnoreCase" && naiveLower(want) == naiveLower(value), true
	case positive == "StringLike":
		pattern, ok := symbols(operand)
		matched = ok && naiveGlob(pattern, naiveCharacters(value))
		n.noteBlurred("condition", operand, value, matched)
		return matched, true
	case strings.HasPrefix(positive, "Numeric"):
		if !naiveNumber.MatchString(value) {
			return false, false
		}
		a, _ := new(big.Rat).SetString(strings.TrimPrefix(value, "+"))
		b, _ := new(big.Rat).SetString(operand)
		return naiveRelation(strings.TrimPrefix(positive, "Numeric"), a.Cmp(b)), true
	case strings.HasPrefix(positive, "Date"):
		a, ok := naiveDate(value)
		b, _ := naiveDate(operand)
		return ok && naiveRelation(strings.TrimPrefix(positive, "Date"), a.Compare(b)), ok
	case positive == "Bool":
		lower := strings.ToLower(value)
		return (lower == "true" || lower == "false") && lower == strings.ToLower(operand), true
	case positive == "BinaryEquals":
		a, err := base64.StdEncoding.Strict().DecodeString(value)
		b, _ := base64.StdEncoding.DecodeString(operand)
		return err == nil && bytes.Equal(a, b), true
	case positive == "IpAddress":
		ip := net.ParseIP(value) // refuses zones and octal, and reads IPv4 in IPv6 as IPv4
		if ip == nil {
			return false, false
		}
		if !strings.Contains(operand, "/") {
			return ip.Equal(net.ParseIP(operand)), true
		}
		_, block, _ := net.ParseCIDR(operand)
		return block.Contains(ip), true
	case positive == "ArnEquals" || positive == "ArnLike":
		if _, ok := naiveSplitARN(value); !ok {
			return false, false
		}
		pattern, ok := symbols(operand)
		if ok && modern && naiveVariable.FindString(operand) == operand {
			return naiveLiteral(pattern) == value, true
		}
		return ok && naiveARN(pattern, value), true
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
