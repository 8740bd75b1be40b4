package scalar_test

import (
	"cmp"
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
)

// decimalForm is what ParseDecimal reads, in another notation.
var decimalForm = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,9})?$`)

// rational returns the number that s stands for; ok is false where it would be too long to write
// out.
func rational(s string) (r *big.Rat, ok bool) {
	if at := strings.IndexAny(s, "eE"); at >= 0 {
		if exponent, err := strconv.Atoi(s[at+1:]); err != nil || exponent > 400 || exponent < -400 {
			return nil, false
		}
	}
	return new(big.Rat).SetString(s)
}

// checkDecimals holds what is read of two texts against math/big and strconv.
func checkDecimals(t *testing.T, a, b string) {
	t.Helper()
	d, ok := scalar.ParseDecimal(a)
	if want := decimalForm.MatchString(a); ok != want {
		t.Fatalf("ParseDecimal(%q) is %t", a, ok)
	}
	if _, err := strconv.ParseFloat(a, 64); ok && err != nil && !errors.Is(err, strconv.ErrRange) {
		t.Fatalf("ParseDecimal reads %q, ParseFloat: %v", a, err)
	}
	if !ok {
		if d != (scalar.Decimal{}) {
			t.Fatalf("ParseDecimal(%q) is %+v, which is not the zero Decimal", a, d)
		}
		return
	}
	if d.Compare(&d) != 0 {
		t.Fatalf("%q differs from itself", a)
	}
	exact, ok := rational(a)
	if !ok {
		return
	}
	checkWritten(t, a, d, exact)
	e, ok := scalar.ParseDecimal(b)
	if !ok {
		return
	}
	other, ok := rational(b)
	if !ok {
		return
	}
	if got, want := d.Compare(&e), exact.Cmp(other); got != want || e.Compare(&d) != -want {
		t.Fatalf("%q compares with %q as %d and %d; want %d", a, b, got, e.Compare(&d), want)
	}
}

// checkWritten holds magnitude and places against the number: with so many places it is written
// out, with one less it is not.
func checkWritten(t *testing.T, text string, d scalar.Decimal, exact *big.Rat) {
	t.Helper()
	if exact.Sign() == 0 {
		if d.Magnitude() != 0 || d.Places() != 0 {
			t.Fatalf("%q is zero, of magnitude %d and %d places", text, d.Magnitude(), d.Places())
		}
		return
	}
	power := func(n int) *big.Rat {
		p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil))
		if n < 0 {
			p.Inv(p)
		}
		return p
	}
	size := new(big.Rat).Abs(exact)
	if size.Cmp(power(d.Magnitude())) >= 0 || size.Cmp(power(d.Magnitude()-1)) < 0 {
		t.Fatalf("%q has magnitude %d", text, d.Magnitude())
	}
	if !new(big.Rat).Mul(exact, power(d.Places())).IsInt() || new(big.Rat).Mul(exact, power(d.Places()-1)).IsInt() {
		t.Fatalf("%q has %d places", text, d.Places())
	}
}

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want bool
	}{
		{"0", true},
		{"-0", true},
		{"+7", true},
		{"007", true},
		{"1.", true},
		{".5", true},
		{"-.5e-3", true},
		{"1E+2", true},
		{"1e999999999", true},
		{"-1e-999999999", true},
		{"1e000000001", true},
		{strings.Repeat("9", 5000), true},
		{"", false},
		{"+", false},
		{"-", false},
		{".", false},
		{"+.", false},
		{"e1", false},
		{".e1", false},
		{"1e", false},
		{"1e+", false},
		{"1e1.5", false},
		{"1e1000000000", false}, // it would overflow, with a few digits more
		{"--1", false},
		{"1.2.3", false},
		{"1,5", false},
		{"1_000", false},
		{" 1", false},
		{"1 ", false},
		{"0x10", false},
		{"0x1p2", false},
		{"1/2", false},
		{"inf", false},
		{"NaN", false},
		{"١", false}, // a digit, but not of ASCII
	} {
		if _, ok := scalar.ParseDecimal(test.text); ok != test.want {
			t.Errorf("ParseDecimal(%.20q) is %t", test.text, ok)
		}
		checkDecimals(t, test.text, "1")
	}
}

// The order of numbers is that of math/big, for every pair of a list that has each way of writing
// a number, and neighbours which a float64 holds equal.
func TestDecimalsCompareExactly(t *testing.T) {
	t.Parallel()
	type number struct {
		text  string
		read  scalar.Decimal
		exact *big.Rat
	}
	var numbers []number
	for _, sign := range []string{"", "-"} {
		for _, whole := range []string{"", "0", "1", "9", "010", "99", "100", "9007199254740992", "9007199254740993"} {
			for _, fraction := range []string{"", ".", ".5", ".050", ".999999999999999999999"} {
				for _, exponent := range []string{"", "e0", "E-2", "e+21"} {
					text := sign + whole + fraction + exponent
					checkDecimals(t, text, "1")
					if d, ok := scalar.ParseDecimal(text); ok {
						exact, _ := rational(text)
						numbers = append(numbers, number{text, d, exact})
					}
				}
			}
		}
	}
	for i := range numbers {
		for j := range numbers {
			a, b := &numbers[i], &numbers[j]
			if got, want := a.read.Compare(&b.read), a.exact.Cmp(b.exact); got != want {
				t.Fatalf("%s compares with %s as %d; want %d", a.text, b.text, got, want)
			}
		}
	}
}

// Where exponents are so great that no number can be written out, magnitude decides.
func TestDecimalsOfAnySize(t *testing.T) {
	t.Parallel()
	ascending := []string{
		"-9e999999999", "-1e999999999", "-1e999999998", "-1e-999999999", "0e999999999", "0.1e-999999999", "1e-999999999",
		"11e-999999999", "1", "1e999999998", "1e999999999", "1.000000000000000001e999999999", "2e999999999", "10e999999999",
	}
	numbers := make([]scalar.Decimal, len(ascending))
	for i, text := range ascending {
		d, ok := scalar.ParseDecimal(text)
		if !ok {
			t.Fatalf("ParseDecimal(%q) is not ok", text)
		}
		numbers[i] = d
	}
	for i := range numbers {
		for j := range numbers {
			if got, want := numbers[i].Compare(&numbers[j]), cmp.Compare(i, j); got != want {
				t.Errorf("%s compares with %s as %d; want %d", ascending[i], ascending[j], got, want)
			}
		}
	}
	a, _ := scalar.ParseDecimal("10e999999998")
	b, _ := scalar.ParseDecimal("0.01e+999999999")
	c, _ := scalar.ParseDecimal("1e999999997")
	if a.Compare(&numbers[10]) != 0 || b.Compare(&c) != 0 {
		t.Error("numbers differ that are written in two ways")
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	number, date := "-1234567890.0987654321e12", "2024-02-29T23:59:59.123456789+05:30"
	if n := testing.AllocsPerRun(100, func() {
		d, ok := scalar.ParseDecimal(number)
		at, read := scalar.ParseInstant(date)
		if !ok || !read || d.Compare(&d) != 0 || at.Compare(at) != 0 {
			t.Fatal("not read")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecimal(f *testing.F) {
	f.Add("9007199254740993", "9007199254740992")
	f.Add("-0.10e1", "-1")
	f.Add("1e999999999", ".1e+3")
	f.Add("00", "-0e5")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1000 {
			return
		}
		checkDecimals(t, a, b)
		checkDecimals(t, b, a)
	})
}
