package iampolicy

import (
	"strings"
)

// An operand is the type that a condition operator compares.
type operand uint8

const (
	stringOperand operand = iota
	numberOperand
	dateOperand
	boolOperand
	binaryOperand
	addressOperand
	arnOperand
	nullOperand
)

// A relation is how numbers and dates compare: request value to policy value.
type relation uint8

const (
	equal relation = iota
	less
	lessEqual
	greater
	greaterEqual
)

// holds reports whether the relation holds for a comparison's result.
func (r relation) holds(c int) bool {
	switch r {
	case equal:
		return c == 0
	case less:
		return c < 0
	case lessEqual:
		return c <= 0
	case greater:
		return c > 0
	case greaterEqual:
		return c >= 0
	}
	return false
}

// A quantifier is a set operator: how the values of a multivalued key count.
type quantifier uint8

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// An operator is a condition operator in all its parts.
type operator struct {
	operand    operand
	relation   relation
	wildcards  bool // in strings; ARNs always have them
	ignoreCase bool
	negated    bool
	ifExists   bool
	quantifier quantifier
}

// operatorNamed returns the operator with this name as published; AWS does not
// say that it reads others (IAM user guide, "Condition operators").
func operatorNamed(name string) (op operator, ok bool) {
	base := name
	if rest, found := strings.CutPrefix(base, "ForAllValues:"); found {
		op.quantifier, base = forAllValues, rest
	} else if rest, found := strings.CutPrefix(base, "ForAnyValue:"); found {
		op.quantifier, base = forAnyValue, rest
	}
	base, op.ifExists = strings.CutSuffix(base, "IfExists")
	switch base {
	case "StringEquals":
	case "StringNotEquals":
		op.negated = true
	case "StringEqualsIgnoreCase":
		op.ignoreCase = true
	case "StringNotEqualsIgnoreCase":
		op.ignoreCase, op.negated = true, true
	case "StringLike":
		op.wildcards = true
	case "StringNotLike":
		op.wildcards, op.negated = true, true
	case "Bool":
		op.operand = boolOperand
	case "BinaryEquals":
		op.operand = binaryOperand
	case "IpAddress":
		op.operand = addressOperand
	case "NotIpAddress":
		op.operand, op.negated = addressOperand, true
	case "ArnEquals", "ArnLike": // the same (IAM user guide)
		op.operand = arnOperand
	case "ArnNotEquals", "ArnNotLike":
		op.operand, op.negated = arnOperand, true
	case "Null":
		// There is nothing to exist if the question is whether it does.
		op.operand = nullOperand
		return op, !op.ifExists
	default:
		kind, found := strings.CutPrefix(base, "Numeric")
		op.operand = numberOperand
		if !found {
			if kind, found = strings.CutPrefix(base, "Date"); !found {
				return operator{}, false
			}
			op.operand = dateOperand
		}
		op.negated = kind == "NotEquals"
		op.relation, ok = relationNamed(kind)
		return op, ok
	}
	return op, true
}

func relationNamed(name string) (relation, bool) {
	switch name {
	case "Equals", "NotEquals":
		return equal, true
	case "LessThan":
		return less, true
	case "LessThanEquals":
		return lessEqual, true
	case "GreaterThan":
		return greater, true
	case "GreaterThanEquals":
		return greaterEqual, true
	}
	return 0, false
}

// isBase64 reports whether s is the base64 of some bytes as RFC 4648, section 4, has it:
// padded, without line breaks, and with zero bits where no byte reaches. It is then the only
// such encoding of its bytes, so that texts compare as what they encode.
func isBase64(s string) bool {
	if len(s)%4 != 0 {
		return false
	}
	padding := 0
	for padding < 2 && padding < len(s) && s[len(s)-1-padding] == '=' {
		padding++
	}
	last, all := byte(0), byte(0)
	for i := range len(s) - padding { // without a branch: texts decide what would be predicted
		last = sextets[s[i]]
		all |= last
	}
	if all&noSextet != 0 {
		return false
	}
	// One byte of padding leaves two bits over, two leave four.
	return last&(1<<(2*padding)-1) == 0
}

// sextets has the six bits that each character of base64 stands for, and noSextet for others.
var sextets = func() (t [256]byte) {
	for c := range t {
		t[c] = noSextet
	}
	for i := range len(base64Alphabet) {
		t[base64Alphabet[i]] = byte(i)
	}
	return t
}()

const (
	noSextet       = 0x80
	base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)
