package v4

import "time"

// TimeFormat is the layout of X-Amz-Date: ISO 8601, basic format, UTC.
const TimeFormat = "20060102T150405Z"

// Scope is a credential scope without its terminator, which is always [Terminator].
type Scope struct {
	Date    string // YYYYMMDD
	Region  string
	Service string
}

// Append appends the scope as it stands in a string to sign.
func (s Scope) Append(dst []byte) []byte {
	dst = append(dst, s.Date...)
	dst = append(dst, '/')
	dst = append(dst, s.Region...)
	dst = append(dst, '/')
	dst = append(dst, s.Service...)
	dst = append(dst, '/')
	return append(dst, Terminator...)
}

// ParseTime parses exactly YYYYMMDDTHHMMSSZ. There is no other length, no offset, no fraction and no leap second.
func ParseTime(s string) (time.Time, bool) {
	if len(s) != len(TimeFormat) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	var fault byte // its high bit is set by what is not a digit, as it is more than 9 once '0' is taken away
	two := func(i int) int {
		tens, units := s[i]-'0', s[i+1]-'0'
		fault |= tens | (tens + 0x80 - 10) | units | (units + 0x80 - 10)
		return int(tens)*10 + int(units)
	}
	year, month, day := two(0)*100+two(2), two(4), two(6)
	hour, minute, second := two(9), two(11), two(13)
	if fault >= 0x80 || hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year) {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

// daysIn returns the number of days of a month, without which time.Date would make February 30 a day in March.
func daysIn(month, year int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
