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

// ParseTime parses exactly YYYYMMDDTHHMMSSZ. There is no other length, no offset, no fraction and no leap second.
func ParseTime(s string) (time.Time, bool) {
	if len(s) != len(TimeFormat) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	const zeros = '0' * everyByte
	// With the two letters made zeros, all are digits: more than 9 above '0' sets the high bit of the sum, less than '0' of the difference.
	date, clock := word(s), word(s[8:])^('T'^'0')^('Z'^'0')<<56
	if ((date+(0x7f-'9')*everyByte)|(clock+(0x7f-'9')*everyByte)|(date-zeros)|(clock-zeros))&highBits != 0 {
		return time.Time{}, false
	}
	date, clock = pairs(date), pairs(clock>>8)
	year, month, day := int(date&0xff)*100+int(date>>16&0xff), int(date>>32&0xff), int(date>>48)
	hour, minute, second := int(clock&0xff), int(clock>>16&0xff), int(clock>>32&0xff)
	if hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year) {
		return time.Time{}, false
	}
	return time.Unix(daysBefore(year, month, day)*86400+int64(hour*3600+minute*60+second), 0).UTC(), true
}

// pairs returns the four numbers of two digits each that x holds, the first in its lowest sixteen bits.
func pairs(x uint64) uint64 {
	x &= 0x0f * everyByte
	return (x*10 + x>>8) & 0x00ff00ff00ff00ff
}

// AppendTime appends an instant in [TimeFormat], as its method AppendFormat does, in a quarter of the time: whoever sends old requests is told three. Years have four digits.
func AppendTime(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	text := [len(TimeFormat)]byte{8: 'T', 15: 'Z'}
	for i, n := range [...]int{year / 100, year % 100, int(month), day} {
		text[2*i], text[2*i+1] = '0'+byte(n/10), '0'+byte(n%10)
	}
	for i, n := range [...]int{hour, minute, second} {
		text[9+2*i], text[9+2*i+1] = '0'+byte(n/10), '0'+byte(n%10)
	}
	return append(dst, text[:]...)
}

// daysBefore returns the number of days from 1970-01-01 to a date of the Gregorian calendar, less than 0 for an earlier one. Its years begin in March, so that
// a leap day ends one, and its days are counted from March 1 of the year 0.
func daysBefore(year, month, day int) int64 {
	if month < 3 {
		year, month = year-1, month+12
	}
	const untilEpoch = 719468
	y := year + 400 // none is negative: a multiple of the calendar's cycle of 400 years, of 146,097 days
	return int64(y*365+y/4-y/100+y/400+(153*(month-3)+2)/5+day-1) - 146_097 - untilEpoch
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
