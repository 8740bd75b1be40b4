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

// ParseTime parses exactly YYYYMMDDTHHMMSSZ. There is no other length, no offset, no fraction and
// no leap second.
func ParseTime(s string) (time.Time, bool) {
	if len(s) != len(TimeFormat) || s[8] != 'T' || s[15] != 'Z' {
		return time.Time{}, false
	}
	const zeros = '0' * everyByte
	// With the two letters made zeros, all are digits: more than 9 above '0' sets the high bit of
	// the sum, less than '0' of the difference.
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

// pairs returns the four numbers of two digits each that x holds, the first in its lowest sixteen
// bits.
func pairs(x uint64) uint64 {
	x &= 0x0f * everyByte
	return (x*10 + x>>8) & 0x00ff00ff00ff00ff
}

// AppendTime appends an instant, in seconds since 1970, in [TimeFormat], in a fraction of the time
// that the time package takes: whoever sends old requests is told three. Years have four digits.
func AppendTime(dst []byte, unix int64) []byte {
	day, second := unix/86400, int(unix%86400)
	if second < 0 {
		day, second = day-1, second+86400
	}
	year, month, dayOfMonth := dateOf(day)
	text := [len(TimeFormat)]byte{8: 'T', 15: 'Z'}
	putTwo(text[0:2], year/100)
	putTwo(text[2:4], year%100)
	putTwo(text[4:6], month)
	putTwo(text[6:8], dayOfMonth)
	putTwo(text[9:11], second/3600)
	putTwo(text[11:13], second/60%60)
	putTwo(text[13:15], second%60)
	return append(dst, text[:]...)
}

// putTwo writes a number of two digits.
func putTwo(text []byte, n int) { text[0], text[1] = '0'+byte(n/10), '0'+byte(n%10) }

// dateOf returns the date that lies so many days after 1970-01-01: what daysBefore takes.
func dateOf(day int64) (year, month, dayOfMonth int) {
	d := int(day + untilEpoch + cycle) // since March 1 of the year -400
	year, d = d/cycle*400, d%cycle
	inCycle := (d - d/1460 + d/36524 - d/(cycle-1)) / 365 // without the leap days before it
	year, d = year+inCycle-400, d-(inCycle*365+inCycle/4-inCycle/100)
	month = (5*d + 2) / 153
	dayOfMonth = d - (153*month+2)/5 + 1
	if month += 3; month > 12 {
		year, month = year+1, month-12
	}
	return year, month, dayOfMonth
}

const (
	untilEpoch = 719_468 // days from March 1 of the year 0 to 1970-01-01
	cycle      = 146_097 // the days of 400 years
)

// daysBefore returns the number of days from 1970-01-01 to a date of the Gregorian calendar, less
// than 0 for an earlier one. Its years begin in March, so that a leap day ends one, and its days
// are counted from March 1 of the year 0.
func daysBefore(year, month, day int) int64 {
	if month < 3 {
		year, month = year-1, month+12
	}
	y := year + 400 // none is negative
	return int64(y*365+y/4-y/100+y/400+(153*(month-3)+2)/5+day-1) - cycle - untilEpoch
}

// daysIn returns the number of days of a month, without which time.Date would make February 30 a
// day in March.
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
