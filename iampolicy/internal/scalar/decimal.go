// Package scalar reads the values of conditions that are no texts: numbers, points in time, and
// addresses with their blocks. What it reads is exact, compares as what it means and not as it is
// written, and takes time in proportion to its text. What is not read says so, and never becomes
// another value.
package scalar

import (
	"cmp"
	"strings"
)

// A Decimal is a number of any size, exact: a float64 would hold the ID
// 9007199254740993 equal to the one before it. The zero Decimal is zero. It holds
// parts of the text that it was read from.
type Decimal struct {
	// The value is 0.d1d2d3... × 10^magnitude with d1 > 0, whose digits are those of
	// whole and then of fraction. Zero has no digits.
	negative        bool
	magnitude       int
	whole, fraction string
}

// ParseDecimal reads what strconv.ParseFloat reads as a decimal number: a sign,
// digits with or without a point, an exponent, which may have nine digits. The
// parts are those of s, so that nothing is allocated.
func ParseDecimal(s string) (d Decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	d.whole, s = leadingDigits(s)
	if rest, point := strings.CutPrefix(s, "."); point {
		d.fraction, s = leadingDigits(rest)
	}
	if d.whole == "" && d.fraction == "" {
		return Decimal{}, false
	}
	if s != "" {
		if s[0] != 'e' && s[0] != 'E' {
			return Decimal{}, false
		}
		if d.magnitude, ok = parseExponent(s[1:]); !ok {
			return Decimal{}, false
		}
	}
	d.normalize()
	return d, true
}

func (d *Decimal) normalize() {
	d.whole = strings.TrimLeft(d.whole, "0")
	d.magnitude += len(d.whole)
	if d.whole == "" {
		fraction := strings.TrimLeft(d.fraction, "0")
		d.magnitude -= len(d.fraction) - len(fraction)
		d.fraction = fraction
	}
	d.fraction = strings.TrimRight(d.fraction, "0")
	if d.fraction == "" {
		d.whole = strings.TrimRight(d.whole, "0")
		if d.whole == "" {
			*d = Decimal{}
		}
	}
}

func leadingDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// parseExponent refuses exponents of ten digits and more, which no number in
// use has and which would overflow.
func parseExponent(s string) (exponent int, ok bool) {
	negative := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if s == "" || len(s) > 9 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || '9' < s[i] {
			return 0, false
		}
		exponent = exponent*10 + int(s[i]-'0')
	}
	if negative {
		exponent = -exponent
	}
	return exponent, true
}

func (d *Decimal) digits() int { return len(d.whole) + len(d.fraction) }

func (d *Decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.fraction[i-len(d.whole)]
}

// Magnitude returns m of d = ±0.d1d2d3... × 10^m, where d1 is no zero. It is how many
// digits d has before the point, or, of a fraction less than a tenth, less than zero.
func (d *Decimal) Magnitude() int { return d.magnitude }

// Places returns how many digits behind the point d is written with, at the least; it is
// less than zero where d ends in zeros before the point.
func (d *Decimal) Places() int { return d.digits() - d.magnitude }

// Compare returns -1, 0 or +1 as d is less than, equal to or greater than other.
func (d *Decimal) Compare(other *Decimal) int {
	if s := cmp.Compare(d.sign(), other.sign()); s != 0 || d.sign() == 0 {
		return s
	}
	c := cmp.Compare(d.magnitude, other.magnitude)
	for i := 0; c == 0 && i < max(d.digits(), other.digits()); i++ {
		switch {
		case i >= d.digits():
			c = -1
		case i >= other.digits():
			c = +1
		default:
			c = cmp.Compare(d.digit(i), other.digit(i))
		}
	}
	return c * d.sign()
}

func (d *Decimal) sign() int {
	switch {
	case d.digits() == 0:
		return 0
	case d.negative:
		return -1
	}
	return +1
}
