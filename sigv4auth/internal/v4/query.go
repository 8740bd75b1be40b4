package v4

import (
	"errors"
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
}

// pair holds offsets into Query.text: the name is text[name:nameEnd], the value text[value:end].
type pair struct{ name, nameEnd, value, end int }

// Parse takes the raw query of a request line apart: it splits at '&', drops empty
// pairs, reads '+' as a space, decodes escapes, and encodes again. A name without '=' has the empty
// value. A raw ';' is data. Parse sorts nothing yet: [Query.Pair] counts in order of arrival
// until [Query.AppendCanonical] has been called.
func (q *Query) Parse(raw string) error {
	q.pairs, q.text = q.pairs[:0], ""
	if raw == "" {
		return nil
	}
	if q.split(raw) {
		return nil
	}
	return q.recodeAll(raw)
}

// Forget lets go of what has been parsed, which can hold a signature and a session token.
func (q *Query) Forget() { q.pairs, q.text = q.pairs[:0], "" }

// split takes a query apart that is canonically encoded already, as most signers send it, without copying it. It reports
// whether the query is; a fault is found by [Query.recodeAll].
func (q *Query) split(raw string) bool {
	var p pair
	equals := false
	for i := 0; ; i++ {
		i += unreservedRun(raw[i:])
		switch {
		case i == len(raw) || raw[i] == '&':
			if p.end = i; !equals {
				p.nameEnd, p.value = i, i
			}
			if p.name == i || len(q.pairs) == MaxQueryPairs {
				return false
			}
			q.pairs = append(q.pairs, p)
			if i == len(raw) {
				q.text = raw
				return true
			}
			p.name, equals = i+1, false
		case raw[i] == '=' && !equals:
			p.nameEnd, p.value, equals = i, i+1, true
		case raw[i] == '%' && canonicalEscape(raw[i:]):
			i += 2
		default:
			return false
		}
	}
}

// unreservedRun returns how many unreserved bytes s begins with. Session tokens are long: eight bytes are looked up for one branch.
func unreservedRun(s string) int {
	i, t := 0, &reservedBit
	for ; i+8 <= len(s); i += 8 {
		w := s[i : i+8]
		if t[w[0]]|t[w[1]]|t[w[2]]|t[w[3]]|t[w[4]]|t[w[5]]|t[w[6]]|t[w[7]] != 0 {
			break
		}
	}
	for i < len(s) && t[s[i]] == 0 {
		i++
	}
	return i
}

// reservedBit is 1 for each byte that is not unreserved.
var reservedBit = func() (t [256]uint8) {
	for c := range t {
		if !unreserved[c] {
			t[c] = 1
		}
	}
	return t
}()

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

// AppendCanonical appends the canonical query string without the pairs named omit, which
// is "" where nothing is left out.
// It sorts the pairs by encoded name, then by encoded value.
func (q *Query) AppendCanonical(dst []byte, omit string) []byte {
	if !q.sorted(omit) {
		slices.SortFunc(q.pairs, q.compare)
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

// sorted reports whether the pairs, but for those named omit, are in order. Signers put the signature last, whatever its name.
func (q *Query) sorted(omit string) bool {
	last := -1
	for i, p := range q.pairs {
		if omit != "" && q.text[p.name:p.nameEnd] == omit {
			continue
		}
		if last >= 0 && q.compare(q.pairs[last], p) > 0 {
			return false
		}
		last = i
	}
	return true
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
		hi, _ := unhex(encoded[i+1]) // each percent sign of a canonical encoding begins a whole escape
		lo, _ := unhex(encoded[i+2])
		dst = append(dst, hi<<4|lo)
		encoded = encoded[i+3:]
	}
}
