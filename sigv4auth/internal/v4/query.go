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

// split takes a query apart that is canonically encoded already, as most signers send it, without
// copying it. It reports whether the query is; a fault is found by [Query.recodeAll].
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

// recodeAll takes any query apart.
func (q *Query) recodeAll(raw string) error {
	q.pairs, q.buf = q.pairs[:0], q.buf[:0]
	for more := true; more; {
		var part string
		part, raw, more = strings.Cut(raw, "&") // guard 31
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
			c = ' ' // guard 32a
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
		slices.SortFunc(q.pairs, q.compare) // guard 33
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
			dst = append(dst, '=') // guard 34
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

// sorted reports whether the pairs, but for those named omit, are in order. Signers put the
// signature last, whatever its name. It also returns the index of the pair that is omitted, none or
// several.
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
