package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// queries: the plus sign, clients that sign the query in a form of their own, and parameters that
// were added.
func (x *diagnoser) queries() {
	raw := x.t.query
	if raw == "" {
		return
	}
	omit := ""
	if x.p.place == InQuery {
		omit = v4.ParamSignature.String()
	}
	canonical := func(raw string) (string, bool) {
		var q v4.Query
		if q.Parse(raw) != nil {
			return "", false
		}
		return string(q.AppendCanonical(nil, omit)), true
	}
	add := func(text string, cause diagnosis.Cause, condition, remedy string) {
		x.search.add(queryLine, text, diagnosis.Finding{
			Cause:     cause,
			Condition: condition,
			Remedy:    remedy,
		})
	}
	recoded := func(raw string, cause diagnosis.Cause, condition, remedy string) {
		if text, ok := canonical(raw); ok {
			add(text, cause, condition, remedy)
		}
	}
	const plain = "let the client write a space as %20 and a plus as %2B, in what it signs and in what it sends"
	recoded(strings.ReplaceAll(raw, "+", "%2B"), diagnosis.CausePlus, // guard 32b
		"a plus sign in the query means a plus: it arrived as +, which means a space", plain)
	const rewritten = "; or let no proxy encode the query again"
	recoded(strings.ReplaceAll(strings.ReplaceAll(raw, "%2B", "+"), "%2b", "+"), diagnosis.CausePlus,
		"a plus sign in the query means a space: it arrived as %2B", plain+rewritten)
	recoded(strings.ReplaceAll(raw, "%20", "%2B"), diagnosis.CausePlus,
		"a space in the query was a plus sign when it was signed: it arrived as %20", plain+rewritten)

	pairs := slices.DeleteFunc(strings.Split(raw, "&"), func(pair string) bool {
		return omit != "" && strings.HasPrefix(pair, omit+"=")
	})
	const asDocumented = "let the client sign the query as AWS documents it: decoded, encoded and sorted"
	add(strings.Join(pairs, "&"), diagnosis.CauseQueryEncoding, "the query is signed as it stands on the wire",
		asDocumented+"; curl before 8 does not")
	sorted := slices.Sorted(slices.Values(pairs))
	for i, pair := range sorted {
		if !strings.Contains(pair, "=") {
			sorted[i] += "="
		}
	}
	const escapes = "; botocore sorts it and does not encode it: " +
		"give it a query in which all but A-Z a-z 0-9 - . _ ~ is escaped, in upper case"
	add(strings.Join(sorted, "&"), diagnosis.CauseQueryEncoding, "the query is signed as it stands on the wire, sorted",
		asDocumented+escapes)
	add(lowerEscapes(strings.Join(sorted, "&")), diagnosis.CauseQueryEncoding, "the query is signed with escapes in lower case, sorted",
		asDocumented+escapes)
	signedIn := []string{
		"the parameters are signed in the order in which they arrived", "the parameters are signed sorted by their decoded names",
	}
	for i, order := range x.orders(omit) {
		add(order, diagnosis.CauseQueryOrder, signedIn[i], "let the client sort the parameters by encoded name and value")
	}

	const left = "let no proxy add parameters, or the client sign them"
	seen := 0
	for i, pair := range pairs {
		name, _, _ := strings.Cut(pair, "=")
		token := name == v4.ParamSecurityToken.String() && x.p.place == InQuery
		if pair == "" || v4.IsAmz(name) && x.p.place == InQuery && !token {
			continue // without one of its own parameters, a URL is not presigned
		}
		if seen++; seen > maxParameters {
			break
		}
		without := strings.Join(slices.Concat(pairs[:i], pairs[i+1:]), "&")
		if token {
			recoded(without, diagnosis.CauseTokenUnsigned,
				"the session token is part of what is signed: it was appended to the URL afterwards",
				"let the client sign with the token as part of its credentials")
			continue
		}
		recoded(without, diagnosis.CauseParameter,
			"the query is without the parameter "+quoted(name)+", which was added after signing", left)
	}
	own := slices.DeleteFunc(slices.Clone(pairs), func(pair string) bool { return x.p.place == InHeader || !v4.IsAmz(pair) })
	recoded(strings.Join(own, "&"), diagnosis.CauseParameter,
		"the query is without all parameters but those of the signature: the others were not signed", left)
}

// orders returns the canonically encoded query in the order of arrival, and sorted by what its
// names and values stand for.
func (x *diagnoser) orders(omit string) []string {
	var q v4.Query
	if q.Parse(x.t.query) != nil {
		return nil
	}
	type decoded struct{ encoded, name, value string }
	var all []decoded
	for i := range q.Len() {
		name, value := q.Pair(i)
		if omit != "" && string(name) == omit {
			continue
		}
		all = append(all, decoded{
			string(name) + "=" + string(value), string(v4.AppendDecoded(nil, name)), string(v4.AppendDecoded(nil, value)),
		})
	}
	join := func() string {
		var b strings.Builder
		for i, p := range all {
			if i > 0 {
				b.WriteByte('&')
			}
			b.WriteString(p.encoded)
		}
		return b.String()
	}
	arrived := join()
	slices.SortStableFunc(all, func(a, b decoded) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	return []string{arrived, join()}
}
