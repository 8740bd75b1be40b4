package matrix_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// What several clients have in common.
const (
	latin1      = "signs a header beyond ASCII as UTF-8 and sends it as Latin-1"
	latin1Why   = "what arrives is not what was signed"
	barePath    = "leaves !'()* bare in the canonical path"
	barePathWhy = "AWS encodes all but letters, digits and -._~"
	decodedSort = "sorts the query by decoded names and values"
	decodedWhy  = "AWS sorts what is encoded: a/b and a-b change places"
)

func sentLatin1(_ request, x *exchange) bool {
	return x.signed(func(value string) bool { return !utf8.ValidString(value) })
}

func hasBarePath(_ request, x *exchange) bool { return strings.ContainsAny(x.path(), "!'()*") }

func sortsDecoded(_ request, x *exchange) bool {
	return canonicalQuery(x.query(), decodedOrder) != canonicalQuery(x.query(), encodedOrder)
}

// deviation is what a client is known to sign in another way than AWS's rule has it, so that what it signed then is refused, here as on AWS.
type deviation struct {
	client   string
	versions func(version string) bool     // nil: every one
	what     string                        // it does
	why      string                        // it is refused
	occurs   func(request, *exchange) bool // exact: of the client's requests those that are refused for this
}

// deviations is the pinned list. An entry that does not occur any more fails the test, as does a refusal that no entry explains.
var deviations = []deviation{
	{
		client: "aws-sdk-go-v2", what: "moves a repeated x-amz-* header into the query of a presigned URL",
		why:    "it is a repeated parameter there, of which two readers could take different ones",
		occurs: func(r request, x *exchange) bool { return r.Presign > 0 && r.repeats("X-Amz-Meta") },
	},
	{
		client: "smithy-go", what: "sorts the query by decoded names and values",
		why: "AWS sorts what is encoded: a/b and a-b change places",
		occurs: func(r request, x *exchange) bool {
			return canonicalQuery(x.query(), decodedOrder) != canonicalQuery(x.query(), encodedOrder)
		},
	},
	{
		client: "smithy-go", what: "leaves repeated spaces inside of header values",
		why: "AWS folds them to one",
		occurs: func(r request, x *exchange) bool {
			return x.signed(func(value string) bool { return strings.Contains(value, "  ") })
		},
	},
	{
		client: "aws4fetch", what: "signs no query parameter without a name",
		why: "it is sent all the same, and a handler sees it",
		occurs: func(r request, x *exchange) bool {
			return x.hasParameter(func(part string) bool { return strings.HasPrefix(part, "=") })
		},
	},
	{
		client: "smithy", what: "signs no query parameter without an equals sign",
		why: "it is sent all the same, and a handler sees it",
		occurs: func(r request, x *exchange) bool {
			return x.hasParameter(func(part string) bool { return part != "" && !strings.Contains(part, "=") })
		},
	},
	{
		client: "botocore", what: "signs the query as it was given to it, only sorted",
		why: "AWS decodes and encodes it first",
		occurs: func(r request, x *exchange) bool {
			return r.Presign == 0 && rawQuery(r.query()) != canonicalQuery(x.query(), encodedOrder)
		},
	},
	{
		client: "botocore", what: "signs another path than its HTTP library makes of it",
		why:    "urllib3 encodes what is not ASCII and spells escapes in upper case, after the request is signed",
		occurs: func(r request, x *exchange) bool { return canonicalPath(r.path()) != canonicalPath(x.path()) },
	},
	{
		client: "botocore", what: "sends only the last of a repeated header that it has signed",
		why: "what arrives is not what was signed",
		occurs: func(r request, x *exchange) bool {
			return slices.ContainsFunc(strings.Split(x.signedHeaders(), ";"), func(name string) bool { return r.repeats(http.CanonicalHeaderKey(name)) })
		},
	},
	{client: "botocore", what: latin1, why: latin1Why, occurs: sentLatin1},
	{
		client: "curl", versions: curl7, what: "encodes the path once",
		why:    "AWS encodes it once more for every service but S3",
		occurs: func(_ request, x *exchange) bool { return strings.ReplaceAll(escape(x.path()), "%2F", "/") != x.path() },
	},
	{
		client: "curl", versions: curl7, what: "signs the query as it was given to it",
		why:    "AWS decodes, encodes and sorts it first",
		occurs: func(_ request, x *exchange) bool { return x.query() != canonicalQuery(x.query(), encodedOrder) },
	},
	{client: "aws4", what: latin1, why: latin1Why, occurs: sentLatin1},
	{client: "aws4fetch", what: latin1, why: latin1Why, occurs: sentLatin1},
	{client: "smithy", what: latin1, why: latin1Why, occurs: sentLatin1},
	{client: "amplify", what: latin1, why: latin1Why, occurs: sentLatin1},
	{client: "amplify", what: barePath, why: barePathWhy, occurs: hasBarePath},
	{client: "amplify", what: decodedSort, why: decodedWhy, occurs: sortsDecoded},
	{client: "amplify api-rest", what: latin1, why: latin1Why, occurs: sentLatin1},
	{client: "amplify api-rest", what: barePath, why: barePathWhy, occurs: hasBarePath},
	{client: "amplify api-rest", what: decodedSort, why: decodedWhy, occurs: sortsDecoded},
}

func curl7(version string) bool { return strings.HasPrefix(version, "curl 7.") }

func deviationsOf(client, version string) (known []deviation) {
	for _, d := range deviations {
		if d.client == client && (d.versions == nil || d.versions(version)) {
			known = append(known, d)
		}
	}
	return known
}

func (r request) path() string  { path, _, _ := strings.Cut(r.Target, "?"); return path }
func (r request) query() string { _, query, _ := strings.Cut(r.Target, "?"); return query }

// repeats reports whether the request has the header more than once.
func (r request) repeats(name string) bool {
	n := 0
	for _, h := range r.Headers {
		if h[0] == name {
			n++
		}
	}
	return n > 1
}

// signed reports whether any value of a signed header is such a one.
func (x *exchange) signed(such func(value string) bool) bool {
	for name := range strings.SplitSeq(x.signedHeaders(), ";") {
		if slices.ContainsFunc(x.r.Header[http.CanonicalHeaderKey(name)], such) {
			return true
		}
	}
	return false
}

// hasParameter reports whether any part of the query is such a one.
func (x *exchange) hasParameter(such func(part string) bool) bool {
	for part := range strings.SplitSeq(x.query(), "&") {
		if such(part) {
			return true
		}
	}
	return false
}

// canonicalPath is AWS's rule in the obvious way.
func canonicalPath(path string) string {
	var segments []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, escape(segment))
		}
	}
	canonical := "/" + strings.Join(segments, "/")
	if strings.HasSuffix(path, "/") && canonical != "/" {
		canonical += "/"
	}
	return canonical
}

// pair is a query parameter, decoded.
type pair struct{ name, value string }

func encodedOrder(a, b pair) int {
	if c := strings.Compare(escape(a.name), escape(b.name)); c != 0 {
		return c
	}
	return strings.Compare(escape(a.value), escape(b.value))
}

func decodedOrder(a, b pair) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return strings.Compare(a.value, b.value)
}

// canonicalQuery is AWS's rule in the obvious way, but for the order; without X-Amz-Signature.
func canonicalQuery(query string, order func(a, b pair) int) string {
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if name = unescape(name); part != "" && name != "X-Amz-Signature" {
			pairs = append(pairs, pair{name, unescape(value)})
		}
	}
	slices.SortStableFunc(pairs, order)
	var encoded []string
	for _, p := range pairs {
		encoded = append(encoded, escape(p.name)+"="+escape(p.value))
	}
	return strings.Join(encoded, "&")
}

// rawQuery sorts the parameters as they stand.
func rawQuery(query string) string {
	if query == "" {
		return ""
	}
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{name, value})
	}
	slices.SortStableFunc(pairs, decodedOrder)
	var all []string
	for _, p := range pairs {
		all = append(all, p.name+"="+p.value)
	}
	return strings.Join(all, "&")
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func unescape(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}
