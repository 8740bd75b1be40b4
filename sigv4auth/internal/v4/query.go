package v4

import (
	"bytes"
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
	buf   []byte // the encoded names and values that pairs points into
}

// pair holds offsets into Query.buf: the name is buf[name:value], the value buf[value:end].
type pair struct{ name, value, end int }

// Parse takes the raw query of a request line apart: it splits at '&', drops empty
// pairs, reads '+' as a space, decodes escapes, and encodes again. A name without '=' has the empty
// value. A raw ';' is data. Parse sorts nothing yet: [Query.Pair] counts in order of arrival
// until [Query.AppendCanonical] has been called.
func (q *Query) Parse(raw string) error {
	q.pairs, q.buf = q.pairs[:0], q.buf[:0]
	for more := raw != ""; more; {
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
		p.value = len(q.buf)
		if err := q.recode(value); err != nil {
			return err
		}
		p.end = len(q.buf)
		q.pairs = append(q.pairs, p)
	}
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

// Pair returns the canonical encoding of the name and the value of pair i. Both are valid until
// the next Parse.
func (q *Query) Pair(i int) (name, value []byte) {
	p := q.pairs[i]
	return q.buf[p.name:p.value], q.buf[p.value:p.end]
}

// AppendCanonical appends the canonical query string without the pairs named omit, which
// is "" where nothing is left out.
// It sorts the pairs by encoded name, then by encoded value.
func (q *Query) AppendCanonical(dst []byte, omit string) []byte {
	if !slices.IsSortedFunc(q.pairs, q.compare) {
		slices.SortFunc(q.pairs, q.compare)
	}
	start := len(dst)
	for i := range q.pairs {
		name, value := q.Pair(i)
		if omit != "" && string(name) == omit {
			continue
		}
		if len(dst) > start {
			dst = append(dst, '&')
		}
		dst = append(dst, name...)
		dst = append(dst, '=')
		dst = append(dst, value...)
	}
	return dst
}

func (q *Query) compare(a, b pair) int {
	if c := bytes.Compare(q.buf[a.name:a.value], q.buf[b.name:b.value]); c != 0 {
		return c
	}
	return bytes.Compare(q.buf[a.value:a.end], q.buf[b.value:b.end])
}

// AppendDecoded appends what the canonically encoded text stands for.
func AppendDecoded(dst, encoded []byte) []byte {
	for {
		before, after, found := bytes.Cut(encoded, percent)
		dst = append(dst, before...)
		if !found {
			return dst
		}
		hi, _ := unhex(after[0]) // each percent sign of a canonical encoding begins a whole escape
		lo, _ := unhex(after[1])
		dst = append(dst, hi<<4|lo)
		encoded = after[2:]
	}
}

var percent = []byte{'%'}
