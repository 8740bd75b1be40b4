package awsquery

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxParams = 1000 // parameters of a request, those of a presigned URL's signature included
	maxName   = 512  // bytes of a parameter's name, decoded
)

// Form holds the parameters of a request. Its zero value holds none. It does not change once it is
// made, and is safe for concurrent use.
type Form struct {
	pairs []pair // sorted by name => the members of a list are neighbours; no name twice
}

type pair struct{ name, value string }

// Parse decodes the parameters of a request from its texts in
// application/x-www-form-urlencoded: the query of the request line, and the body. What it returns
// is an [*Error].
//
// '+' is a space, and ';' is data. A pair without '=' has an empty value, and empty pairs are
// dropped, as every verifier of signatures has it. Refused are a bad escape, text that is not
// UTF-8, a name that is empty or too long, too many parameters, and a name that comes twice: which
// of the values counts is a matter of taste, and a signature does not settle it.
func Parse(texts ...string) (Form, error) {
	most := 0
	for _, text := range texts {
		most += strings.Count(text, "&") + 1
	}
	pairs := make([]pair, 0, min(most, maxParams))
	for _, text := range texts {
		for text != "" {
			var one string
			one, text, _ = strings.Cut(text, "&")
			if one == "" {
				continue
			}
			if len(pairs) == maxParams {
				return Form{}, invalidForm("The request has more than " + strconv.Itoa(maxParams) + " parameters")
			}
			p, err := parsePair(one)
			if err != nil {
				return Form{}, err
			}
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(pairs); i++ {
		if pairs[i].name == pairs[i-1].name {
			return Form{}, invalidForm("The parameter " + pairs[i].name + " is given more than once")
		}
	}
	return Form{pairs}, nil
}

func parsePair(text string) (pair, error) {
	name, value, _ := strings.Cut(text, "=")
	var p pair
	var err error
	if p.name, err = url.QueryUnescape(name); err != nil {
		return pair{}, malformedForm("A parameter's name has a malformed escape sequence")
	}
	if p.value, err = url.QueryUnescape(value); err != nil {
		return pair{}, malformedForm("A parameter's value has a malformed escape sequence")
	}
	switch {
	case p.name == "":
		return pair{}, malformedForm("A parameter has no name")
	case len(p.name) > maxName:
		return pair{}, invalidForm("A parameter's name has more than " + strconv.Itoa(maxName) + " bytes")
	case !utf8.ValidString(p.name), !utf8.ValidString(p.value):
		return pair{}, malformedForm("A parameter is not UTF-8")
	}
	return p, nil
}

// Get returns the value of the parameter, and whether it was sent.
func (f Form) Get(name string) (value string, ok bool) {
	if i, ok := f.search(name); ok {
		return f.pairs[i].value, true
	}
	return "", false
}

// Encode returns the one text of the form in which parameters are sorted by name and escapes are
// as few as may be.
func (f Form) Encode() string {
	var b strings.Builder
	for i, p := range f.pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(p.value))
	}
	return b.String()
}

func (f Form) search(name string) (int, bool) {
	return slices.BinarySearchFunc(f.pairs, name, func(p pair, name string) int { return strings.Compare(p.name, name) })
}

// below returns the parameters whose names begin with prefix.
func (f Form) below(prefix string) []pair {
	from, _ := f.search(prefix)
	to := from
	for to < len(f.pairs) && strings.HasPrefix(f.pairs[to].name, prefix) {
		to++
	}
	return f.pairs[from:to]
}
