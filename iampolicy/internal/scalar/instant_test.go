package scalar_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy/internal/scalar"
)

// layouts are the forms of a date, for package time. Where one has seconds, time.Parse also reads a
// fraction behind them.
var layouts = []string{"2006", "2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00"}

var (
	// dateForm is what package time is looser about: two digits everywhere, a point before the
	// fraction, and a zone less than a day away.
	dateForm  = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.(\d+))?)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d))?)?)?$`)
	epochForm = regexp.MustCompile(`^(-\d{1,18}|\d{1,3}|\d{5,18})$`)
)

// instant reads s with the help of package time. The fraction has all of its digits.
func instant(s string) (seconds int64, fraction string, ok bool) {
	if epochForm.MatchString(s) {
		seconds, err := strconv.ParseInt(s, 10, 64)
		return seconds, "", err == nil
	}
	m := dateForm.FindStringSubmatch(s)
	if m == nil {
		return 0, "", false
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at.Unix(), strings.TrimRight(m[6], "0"), true
		}
	}
	return 0, "", false
}

// checkInstants holds what is read of two texts against package time.
func checkInstants(t *testing.T, a, b string) {
	t.Helper()
	at, ok := scalar.ParseInstant(a)
	seconds, fraction, want := instant(a)
	if ok != want || at.Unix() != seconds || at.Fraction() != fraction {
		t.Fatalf("ParseInstant(%q) is %d + 0.%s, %t; want %d + 0.%s, %t", a, at.Unix(), at.Fraction(), ok, seconds, fraction, want)
	}
	if at.Compare(at) != 0 {
		t.Fatalf("%q is not at the same time as itself", a)
	}
	other, ok := scalar.ParseInstant(b)
	if !ok || !want {
		return
	}
	// As decimal numbers, which have tests of their own, they are in the same order.
	x, xok := scalar.ParseDecimal("0." + at.Fraction() + "0")
	y, yok := scalar.ParseDecimal("0." + other.Fraction() + "0")
	compare := x.Compare(&y)
	if at.Unix() < other.Unix() {
		compare = -1
	} else if at.Unix() > other.Unix() {
		compare = +1
	}
	if got := at.Compare(other); !xok || !yok || got != compare || other.Compare(at) != -compare {
		t.Fatalf("%q compares with %q as %d and %d; want %d", a, b, got, other.Compare(at), compare)
	}
}

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want bool
	}{
		{"2024", true},
		{"0000", true},
		{"2024-02", true},
		{"2024-02-29", true},
		{"2023-02-29", false},
		{"2000-02-29", true},
		{"1900-02-29", false},
		{"2024-00-01", false},
		{"2024-13-01", false},
		{"2024-04-31", false},
		{"2024-04-00", false},
		{"2024-1-01", false},
		{"2024-02-29T12:30Z", true},
		{"2024-02-29T12:30+05:30", true},
		{"2024-02-29T12:30:59.25-23:59", true},
		{"2024-02-29T12:30:59.000Z", true},
		{"2024-02-29T12:30:59." + strings.Repeat("1", 1000) + "Z", true},
		{"2024-02-29T12:30:59.Z", false},
		{"2024-02-29T12:30:59,5Z", false},
		{"2024-02-29T12:30.5Z", false},
		{"2024-02-29T12:30", false}, // without a zone it is any of two dozen
		{"2024-02-29T12:30:59", false},
		{"2024-02-29T12Z", false},
		{"2024-02-29Z", false},
		{"2024-02-29T24:00Z", false},
		{"2024-02-29T23:60Z", false},
		{"2024-06-30T23:59:60Z", false},
		{"2024-06-30T12:30:60Z", false},
		{"2024-02-29T12:30+24:00", false},
		{"2024-02-29T12:30+05:60", false},
		{"2024-02-29T12:30+0530", false},
		{"2024-02-29T12:30+05", false},
		{"2024-02-29t12:30z", false},
		{"2024-02-29 12:30Z", false},
		{"2024-02-29T12:30Z ", false},
		{"2024-02-29T12:30ZZ", false},
		{"2024-", false},
		{"2024-02-", false},
		{"2024-02-29T", false},
		{"+2024", false},
		{"0", true},
		{"-1", true},
		{"-2024", true}, // seconds
		{"02024", true}, // seconds
		{"1709164800", true},
		{"999999999999999999", true},
		{"-999999999999999999", true},
		{"1000000000000000000", false},
		{"1.5", false},
		{"1e9", false},
		{"+1", false},
		{"--1", false},
		{"-", false},
		{"", false},
		{"٢٠٢٤", false}, // digits, but not of ASCII
	} {
		if _, ok := scalar.ParseInstant(test.text); ok != test.want {
			t.Errorf("ParseInstant(%.40q) is %t", test.text, ok)
		}
		checkInstants(t, test.text, "2024-02-29T12:30:00.5Z")
	}
}

// Every day that the calendar has is read, and no other one, in years of each kind; so are every
// minute of a day, every second of a minute, and every zone.
func TestEveryDayHasItsInstant(t *testing.T) {
	t.Parallel()
	for _, year := range []int{0, 1, 1900, 1969, 1970, 2000, 2023, 2024, 2038, 2100, 9999} {
		for month := range 14 {
			for day := range 33 {
				checkInstants(t, fmt.Sprintf("%04d-%02d-%02d", year, month, day), "2000-06-15")
			}
		}
	}
	for hour := range 26 {
		for minute := range 62 {
			checkInstants(t, fmt.Sprintf("2024-12-31T%02d:%02dZ", hour, minute), "2024-12-31T12:00:00.1Z")
			for _, sign := range []string{"+", "-"} {
				checkInstants(t, fmt.Sprintf("2024-12-31T23:59:59.9%s%02d:%02d", sign, hour, minute), "2025")
			}
		}
	}
	for second := range 62 {
		checkInstants(t, fmt.Sprintf("2024-12-31T23:58:%02d.05Z", second), "1735689539")
	}
}

// Dates that package time writes are read as what they were, and are in its order.
func TestInstantsCompareAsTimes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	write := func() (time.Time, string) {
		zone := time.FixedZone("", (r.IntN(2*24*60-1)-24*60+1)*60)
		// Within three seconds, so that fractions and zones decide.
		at := time.Unix(1_700_000_000+r.Int64N(3), r.Int64N(4)*100_000_000+r.Int64N(2)).In(zone)
		return at, at.Format(time.RFC3339Nano)
	}
	for range 20_000 {
		a, aText := write()
		b, bText := write()
		checkInstants(t, aText, bText)
		x, aOK := scalar.ParseInstant(aText)
		y, bOK := scalar.ParseInstant(bText)
		if got, want := x.Compare(y), a.Compare(b); !aOK || !bOK || got != want {
			t.Fatalf("%s compares with %s as %d; want %d", aText, bText, got, want)
		}
	}
}

func FuzzInstant(f *testing.F) {
	f.Add("2024-02-29T12:30:59.25+05:30", "1709164800")
	f.Add("2024", "2024-01")
	f.Add("-62167219200", "0000-01-01T00:00Z")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 1000 {
			return
		}
		checkInstants(t, a, b)
		checkInstants(t, b, a)
	})
}
