package v4

import (
	"bytes"
	"errors"
	"math/bits"
	"slices"
	"strings"
)

// MaxQueryPairs bounds how many name=value pairs a query may hold. Sorting is
// the only step of canonicalisation whose cost is not linear.
const MaxQueryPairs = 1000

// ErrQueryPairs is what [Query.Parse] returns for a query of more than [MaxQueryPairs] pairs.
var ErrQueryPairs = errors.New("the query has too many parameters")

// Query is a query string taken apart: each pair in its canonical encoding.
// Its zero value is the empty query. It may be parsed into again; its memory is then used again.
type Query struct {
	pairs []pair
	text  string // the encoded names and values that pairs points into
	buf   []byte
	whole bool // text is the pairs in their order of arrival, each with its '=', joined with '&'
}

// pair holds offsets into Query.text: the name is text[name:nameEnd], the value text[value:end].
type pair struct {
	name, nameEnd, value, end int
	escaped                   bool // the value holds an escape
	param                     Param
}

// Parse takes the raw query of a request line apart: it splits at '&', drops empty
// pairs, reads '+' as a space, decodes escapes, and encodes again. A name without '=' has the empty
// value. A raw ';' is data. Parse sorts nothing yet: [Query.Pair] counts in order of arrival
// until [Query.AppendCanonical] has been called.
func (q *Query) Parse(raw string) error {
	q.pairs, q.text, q.whole = q.pairs[:0], "", false
	if raw == "" || q.split(raw) {
		return nil
	}
	return q.recodeAll(raw)
}

// Forget lets go of what has been parsed, which can hold a signature and a session token.
func (q *Query) Forget() { q.pairs, q.text = q.pairs[:0], "" }

// split takes a query apart that is canonically encoded already, as most signers send it, without copying it. It reports
// whether the query is; a fault is found by [Query.recodeAll].
func (q *Query) split(raw string) bool {
	expected := ParamAlgorithm // clients send the parameters of a presigned URL in order, but for the signature
	whole := true              // each pair has its '='
	for start := 0; start <= len(raw); {
		if len(q.pairs) == MaxQueryPairs {
			return false
		}
		q.pairs = append(q.pairs, pair{})
		p := &q.pairs[len(q.pairs)-1]
		p.name = start
		if p.param = paramAt(raw[start:], expected); p.param != NoParam {
			p.nameEnd = start + len(p.param.String())
			expected = p.param + 1
		} else {
			p.nameEnd, _ = encodedUntil(raw, start)
			p.param = paramOf(raw[start:p.nameEnd])
		}
		if p.nameEnd < len(raw) && raw[p.nameEnd] == '=' {
			p.value = p.nameEnd + len("=")
			p.end, p.escaped = encodedUntil(raw, p.value)
		} else {
			p.value, p.end, whole = p.nameEnd, p.nameEnd, false
		}
		if p.end == start || p.end < len(raw) && raw[p.end] != '&' {
			return false
		}
		start = p.end + len("&")
	}
	q.text, q.whole = raw, whole
	return true
}

// encodedUntil returns the index of the first byte of s at or behind from that is not part of a canonical encoding, which is the length of s if all is, and whether
// there are escapes before it. Session tokens are long, and mostly letters and digits: what is left to look at is a byte in ten.
func encodedUntil(s string, from int) (end int, escaped bool) {
	for at := from; at < len(s); at += 32 {
		var found uint32 // which of the next 32 bytes are something else, the first in the lowest bit
		begin := at      // where they begin
		switch {
		case len(s)-at >= 32:
			found = othersIn(s[at:])
		case len(s) >= 32: // with some before them that do not count
			begin = len(s) - 32
			found = othersIn(s[begin:]) &^ (1<<(at-begin) - 1)
		default:
			found = othersOf(s[at:])
		}
		for ; found != 0; found &= found - 1 {
			i := begin + bits.TrailingZeros32(found)
			c := s[i]
			if unreserved[c] {
				continue
			}
			if c != '%' || !canonicalEscape(s[i:]) {
				return i, escaped
			}
			escaped = true
		}
	}
	return len(s), escaped
}

// othersIn returns a bit for each of the first 32 bytes of s that is not an ASCII letter or digit. The first byte's is the lowest bit.
func othersIn(s string) uint32 {
	_ = s[31]
	a, b, c, d := others(word(s)), others(word(s[8:])), others(word(s[16:])), others(word(s[24:]))
	if a|b|c|d == 0 {
		return 0
	}
	return together(a) | together(b)<<8 | together(c)<<16 | together(d)<<24
}

// others returns the high bit of each byte of x that is not an ASCII letter or digit.
func others(x uint64) uint64 {
	ascii := x &^ highBits // the high bits of x would carry into the next byte, and count at the end
	folded := ascii | 0x20*everyByte
	// The high bit of a byte is set by what makes it 0x80 or more: all but 0 to 9, which '0' to '9' become; 'a' and what is behind it; what is behind 'z'.
	notDigit := (ascii ^ '0'*everyByte) + (0x80-10)*everyByte
	notLetter := ^(folded + (0x80-'a')*everyByte) | (folded + (0x80-'z'-1)*everyByte)
	return (notDigit&notLetter | x) & highBits
}

// together returns the eight high bits of x's bytes, and no other is set, as a number. The first, the lowest byte's, is the lowest bit.
func together(x uint64) uint32 {
	// The product has the bit of byte k, which the shift brings down to the lowest of the byte, in bit 56+k, and nothing else that reaches the top byte.
	return uint32(x >> 7 * 0x0102040810204080 >> 56)
}

// IsAlphanumeric reports whether s is of ASCII letters and digits alone, and of eight at the least.
func IsAlphanumeric(s string) bool {
	if len(s) < 8 {
		return false
	}
	found := others(word(s[len(s)-8:])) // and some that come again
	for ; len(s) > 8; s = s[8:] {
		found |= others(word(s))
	}
	return found == 0
}

// othersOf is othersIn for up to 32 bytes, all of s.
func othersOf(s string) (found uint32) {
	i := 0
	for ; i <= len(s)-8; i += 8 {
		found |= together(others(word(s[i:]))) << i
	}
	for ; i < len(s); i++ {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') {
			found |= 1 << i
		}
	}
	return found
}

// canonicalEscape reports whether s begins with an escape as UriEncode writes it: upper case, and of a byte that has to be escaped.
func canonicalEscape(s string) bool {
	if len(s) < 3 || 'a' <= s[1] && s[1] <= 'f' || 'a' <= s[2] && s[2] <= 'f' {
		return false
	}
	hi, ok1 := unhex(s[1])
	lo, ok2 := unhex(s[2])
	return ok1 && ok2 && !unreserved[hi<<4|lo]
}

// recodeAll takes any query apart.
func (q *Query) recodeAll(raw string) error {
	q.pairs, q.buf = q.pairs[:0], q.buf[:0]
	for more := true; more; {
		var part string
		part, raw, more = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		if len(q.pairs) == MaxQueryPairs {
			return ErrQueryPairs
		}
		name, value, _ := strings.Cut(part, "=")
		p := pair{name: len(q.buf)}
		if err := q.recode(name); err != nil {
			return err
		}
		p.nameEnd = len(q.buf)
		q.buf = append(q.buf, '=')
		p.value = len(q.buf)
		if err := q.recode(value); err != nil {
			return err
		}
		p.end = len(q.buf)
		p.escaped, p.param = bytes.IndexByte(q.buf[p.value:p.end], '%') >= 0, paramOf(string(q.buf[p.name:p.nameEnd]))
		q.pairs = append(q.pairs, p)
	}
	q.text = string(q.buf)
	return nil
}

// recode appends s to q.buf, decoded and encoded again.
func (q *Query) recode(s string) error {
	for {
		run := 0
		for run < len(s) && unreserved[s[run]] {
			run++
		}
		q.buf = append(q.buf, s[:run]...)
		if run == len(s) {
			return nil
		}
		c, size := s[run], 1
		switch c {
		case '+':
			c = ' '
		case '%':
			var err error
			if c, err = decodeEscape(s[run:]); err != nil {
				return err
			}
			size = 3
		}
		if unreserved[c] {
			q.buf = append(q.buf, c)
		} else {
			q.buf = appendEscape(q.buf, c)
		}
		s = s[run+size:]
	}
}

// Len returns the number of pairs.
func (q *Query) Len() int { return len(q.pairs) }

// Pair returns the canonical encoding of the name and the value of pair i.
func (q *Query) Pair(i int) (name, value string) {
	p := &q.pairs[i]
	return q.text[p.name:p.nameEnd], q.text[p.value:p.end]
}

// Param returns which parameter of a presigned URL pair i is.
func (q *Query) Param(i int) Param { return q.pairs[i].param }

// Escaped reports whether the value of pair i holds an escape.
func (q *Query) Escaped(i int) bool { return q.pairs[i].escaped }

// AppendCanonical appends the canonical query string without the pairs named omit, which
// is "" where nothing is left out.
// It sorts the pairs by encoded name, then by encoded value.
func (q *Query) AppendCanonical(dst []byte, omit string) []byte {
	if len(q.pairs) == 0 {
		return dst
	}
	omitted, sorted := q.sorted(omit)
	switch {
	case q.whole && sorted && omitted == none:
		return append(dst, q.text...)
	case q.whole && sorted && omitted != several:
		return q.appendWhole(dst, omitted)
	}
	if !sorted {
		slices.SortFunc(q.pairs, q.compare)
		q.whole = false
	}
	start := len(dst)
	for i := range q.pairs {
		p := &q.pairs[i]
		if omit != "" && q.text[p.name:p.nameEnd] == omit {
			continue
		}
		if len(dst) > start {
			dst = append(dst, '&')
		}
		if p.value > p.nameEnd { // a name and a value stand as they are signed
			dst = append(dst, q.text[p.name:p.end]...)
		} else {
			dst = append(dst, q.text[p.name:p.nameEnd]...)
			dst = append(dst, '=')
		}
	}
	return dst
}

// appendWhole appends the text without the pair that is omitted and one of the '&' beside it.
func (q *Query) appendWhole(dst []byte, omitted int) []byte {
	p := &q.pairs[omitted]
	if p.name == 0 {
		return append(dst, q.text[min(p.end+len("&"), len(q.text)):]...)
	}
	dst = append(dst, q.text[:p.name-len("&")]...)
	return append(dst, q.text[p.end:]...)
}

const (
	none    = -1
	several = -2
)

// sorted reports whether the pairs, but for those named omit, are in order. Signers put the signature last, whatever its name. It also
// returns the index of the pair that is omitted, none or several.
func (q *Query) sorted(omit string) (omitted int, sorted bool) {
	omitted = none
	omittedParam := paramOf(omit)
	var last *pair
	for i := range q.pairs {
		p := &q.pairs[i]
		if omit != "" && p.param == omittedParam && (p.param != NoParam || q.text[p.name:p.nameEnd] == omit) {
			if omitted == none {
				omitted = i
			} else {
				omitted = several
			}
			continue
		}
		switch {
		case last == nil:
		case last.param != NoParam && p.param != NoParam && last.param != p.param: // they count in canonical order
			if last.param > p.param {
				return omitted, false
			}
		case q.compare(*last, *p) > 0:
			return omitted, false
		}
		last = p
	}
	return omitted, true
}

func (q *Query) compare(a, b pair) int {
	if c := strings.Compare(q.text[a.name:a.nameEnd], q.text[b.name:b.nameEnd]); c != 0 {
		return c
	}
	return strings.Compare(q.text[a.value:a.end], q.text[b.value:b.end])
}

// AppendDecoded appends what the canonically encoded text stands for.
func AppendDecoded(dst []byte, encoded string) []byte {
	for {
		i := strings.IndexByte(encoded, '%')
		if i < 0 {
			return append(dst, encoded...)
		}
		dst = append(dst, encoded[:i]...)
		hi, _ := unhex(encoded[i+1])
		lo, _ := unhex(encoded[i+2])
		dst = append(dst, hi<<4|lo)
		encoded = encoded[i+3:]
	}
}
