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
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), true
}

// pairs returns the four numbers of two digits each that x holds, the first in its lowest sixteen bits.
func pairs(x uint64) uint64 {
	x &= 0x0f * everyByte
	return (x*10 + x>>8) & 0x00ff00ff00ff00ff
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
