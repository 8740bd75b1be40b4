package scalar

import (
	"cmp"
	"strings"
	"time"
)

// An Instant is a point in time, exact to every digit of its fraction. The zero Instant
// is the beginning of 1970, UTC. It holds a part of the text that it was read from.
type Instant struct {
	seconds  int64  // since 1970
	fraction string // the digits after the point, without trailing zeros
}

// Unix returns the whole seconds since the beginning of 1970, UTC.
func (t Instant) Unix() int64 { return t.seconds }

// Fraction returns the digits of what comes on top of the seconds, without zeros at their
// end: "25" for a quarter of a second.
func (t Instant) Fraction() string { return t.fraction }

// Compare returns -1, 0 or +1 as t is before, at or after other.
func (t Instant) Compare(other Instant) int {
	if c := cmp.Compare(t.seconds, other.seconds); c != 0 {
		return c
	}
	// Without trailing zeros fractions order as texts.
	return strings.Compare(t.fraction, other.fraction)
}

// ParseInstant reads the forms of https://www.w3.org/TR/NOTE-datetime, which the
// IAM user guide refers to (YYYY, YYYY-MM, YYYY-MM-DD, and with Thh:mm, :ss and a
// fraction followed by Z or ±hh:mm), or a whole number of seconds since 1970.
// Four digits are a year.
func ParseInstant(s string) (t Instant, ok bool) {
	if t.seconds, ok = parseEpoch(s); ok {
		return t, true
	}
	f := fields{rest: s, ok: true}
	year, month, day := f.number(4, 0, 9999), 1, 1
	var hour, minute, second, offset int
	if f.take("-") {
		month = f.number(2, 1, 12)
		if f.take("-") {
			day = f.number(2, 1, 31)
			if f.take("T") {
				hour, minute = f.number(2, 0, 23), f.after(":", 0, 59)
				if f.take(":") {
					second = f.number(2, 0, 59)
					if f.take(".") {
						t.fraction, f.rest = leadingDigits(f.rest)
						f.ok = f.ok && t.fraction != ""
					}
				}
				offset = f.zone()
			}
		}
	}
	if !f.ok || f.rest != "" {
		return Instant{}, false
	}
	date := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if date.Day() != day {
		return Instant{}, false // 30 February
	}
	t.seconds = date.Unix() - int64(offset)
	t.fraction = strings.TrimRight(t.fraction, "0")
	return t, true
}

func parseEpoch(s string) (seconds int64, ok bool) {
	digits, negative := strings.CutPrefix(s, "-")
	if digits == "" || len(digits) > 18 || len(s) == 4 && !negative {
		return 0, false
	}
	for i := range len(digits) {
		if digits[i] < '0' || '9' < digits[i] {
			return 0, false
		}
		seconds = seconds*10 + int64(digits[i]-'0')
	}
	if negative {
		seconds = -seconds
	}
	return seconds, true
}

// fields takes a date apart from the left. Once something is missing it is not ok.
type fields struct {
	rest string
	ok   bool
}

func (f *fields) take(text string) bool {
	rest, found := strings.CutPrefix(f.rest, text)
	f.rest = rest
	return found
}

func (f *fields) number(digits, least, most int) (n int) {
	if len(f.rest) < digits {
		f.ok = false
		return 0
	}
	for i := range digits {
		c := f.rest[i]
		if c < '0' || '9' < c {
			f.ok = false
		}
		n = n*10 + int(c-'0')
	}
	f.rest = f.rest[digits:]
	f.ok = f.ok && least <= n && n <= most
	return n
}

// after is number for two digits behind a mark that must be there.
func (f *fields) after(mark string, least, most int) int {
	f.ok = f.take(mark) && f.ok
	return f.number(2, least, most)
}

// zone takes Z or ±hh:mm and returns the seconds east of UTC.
func (f *fields) zone() int {
	if f.take("Z") {
		return 0
	}
	east := +1
	if f.take("-") {
		east = -1
	} else if !f.take("+") {
		f.ok = false
	}
	return east * (f.number(2, 0, 23)*3600 + f.after(":", 0, 59)*60)
}
