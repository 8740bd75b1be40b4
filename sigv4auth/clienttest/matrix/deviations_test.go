package matrix_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wildgate/wildgate/internal/refusals"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// deviation is what a client is known to sign in another way than AWS's rule has it, so that what
// it signed then is refused, here as on AWS.
type deviation struct {
	client   string
	versions func(version string) bool     // nil: every one
	what     string                        // it does
	why      string                        // it is refused
	occurs   func(request, *exchange) bool // exact: of the client's requests those that are refused for this
	causes   []diagnosis.Cause             // what Diagnose calls it, where it is all that is wrong; nil: Diagnose does not know it
}

// deviations is the pinned list. An entry that does not occur any more fails the test, as does a
// refusal that no entry explains.
var deviations = []deviation{
	{
		client: "aws-sdk-go-v2",
		what:   "moves a repeated x-amz-* header into the query of a presigned URL",
		why:    "it is a repeated parameter there, of which two readers could take different ones",
		occurs: func(r request, _ *exchange) bool { return r.Presign > 0 && r.repeats("X-Amz-Meta") },
	},
	sortsDecoded("smithy-go"),
	leavesSpaces("smithy-go"),
	sortsDecoded("smithy-go v4a"),
	leavesSpaces("smithy-go v4a"),
	{
		client: "botocore",
		what:   "signs the query as it was given to it, only sorted",
		why:    "AWS decodes and encodes it first",
		occurs: func(r request, x *exchange) bool {
			return r.Presign == 0 && sortedQuery(r.query()) != canonicalQuery(x.query(), encodedOrder)
		},
		causes: []diagnosis.Cause{diagnosis.CauseQueryEncoding},
	},
	{
		client: "botocore",
		what:   "signs another path than its HTTP library makes of it",
		why:    "urllib3 encodes what is not ASCII and spells escapes in upper case, after the request is signed",
		occurs: func(r request, x *exchange) bool { return canonicalPath(r.path()) != canonicalPath(x.path()) },
		causes: []diagnosis.Cause{diagnosis.CausePathEncoding},
	},
	{
		client: "botocore",
		what:   "sends only the last of a repeated header that it has signed",
		why:    "what arrives is not what was signed",
		occurs: func(r request, x *exchange) bool {
			return slices.ContainsFunc(strings.Split(x.signedHeaders(), ";"), r.repeats)
		},
	},
	sendsLatin1("botocore"),
	sendsLatin1("aws4"),
	{
		client: "aws4fetch",
		what:   "signs no query parameter without a name",
		why:    "it is sent all the same, and a handler sees it",
		occurs: func(_ request, x *exchange) bool {
			return x.hasParameter(func(part string) bool { return strings.HasPrefix(part, "=") })
		},
		causes: []diagnosis.Cause{diagnosis.CauseParameter},
	},
	sendsLatin1("aws4fetch"),
	signsNoFlags("smithy"),
	sendsLatin1("smithy"),
	signsNoFlags("smithy v4a"),
	sendsLatin1("smithy v4a"),
	sendsLatin1("amplify"),
	leavesPathBare("amplify"),
	sortsDecoded("amplify"),
	sendsLatin1("amplify api-rest"),
	leavesPathBare("amplify api-rest"),
	sortsDecoded("amplify api-rest"),
	{
		client: "curl", versions: curl7,
		what:   "encodes the path once",
		why:    "AWS encodes it once more for every service but S3",
		occurs: func(_ request, x *exchange) bool { return encodedPath(x.path()) != x.path() },
		causes: []diagnosis.Cause{diagnosis.CausePathEncoding},
	},
	{
		client: "curl", versions: curl7,
		what:   "puts a header behind another whose name begins with its own",
		why:    "AWS sorts by names, as SignedHeaders has to be",
		occurs: func(_ request, x *exchange) bool { return !slices.IsSorted(strings.Split(x.signedHeaders(), ";")) },
	},
	{
		client: "curl", versions: curl7,
		what:   "signs the query as it was given to it",
		why:    "AWS decodes, encodes and sorts it first",
		occurs: func(_ request, x *exchange) bool { return x.query() != canonicalQuery(x.query(), encodedOrder) },
		causes: []diagnosis.Cause{diagnosis.CauseQueryEncoding},
	},
}

// TestDeviationsAreListed: CLIENTS.md has them all, and no other as TestMatrix's.
func TestDeviationsAreListed(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, d := range deviations {
		client := d.client
		if d.versions != nil { // curl7 is the only one
			client += " 7"
		}
		seen = append(seen, client+": "+d.what)
	}
	refusals.Held(t, "TestMatrix", seen)
}

// deviationsOf returns what is known of a client in this version.
func deviationsOf(client, version string) (known []deviation) {
	for _, d := range deviations {
		if d.client == client && (d.versions == nil || d.versions(version)) {
			known = append(known, d)
		}
	}
	return known
}

func curl7(version string) bool { return strings.HasPrefix(version, "curl 7.") }

// sendsLatin1 is how the libraries for HTTP of Python and JavaScript send what their signers take
// for UTF-8.
func sendsLatin1(client string) deviation {
	return deviation{
		client: client,
		what:   "signs a header beyond ASCII as UTF-8 and sends it as Latin-1",
		why:    "what arrives is not what was signed",
		occurs: func(_ request, x *exchange) bool {
			return x.signed(func(value string) bool { return !utf8.ValidString(value) })
		},
	}
}

func leavesPathBare(client string) deviation {
	return deviation{
		client: client,
		what:   "leaves !'()* bare in the canonical path",
		why:    "AWS encodes all but letters, digits and -._~",
		occurs: func(_ request, x *exchange) bool { return strings.ContainsAny(x.path(), "!'()*") },
		causes: []diagnosis.Cause{diagnosis.CausePathEncoding},
	}
}

func sortsDecoded(client string) deviation {
	return deviation{
		client: client,
		what:   "sorts the query by decoded names and values",
		why:    "AWS sorts what is encoded: a/b and a-b change places",
		occurs: func(_ request, x *exchange) bool {
			return canonicalQuery(x.query(), decodedOrder) != canonicalQuery(x.query(), encodedOrder)
		},
		causes: []diagnosis.Cause{diagnosis.CauseQueryOrder, diagnosis.CauseQueryEncoding},
	}
}

func leavesSpaces(client string) deviation {
	return deviation{
		client: client,
		what:   "leaves repeated spaces inside of header values",
		why:    "AWS folds them to one",
		occurs: func(_ request, x *exchange) bool {
			return x.signed(func(value string) bool { return strings.Contains(value, "  ") })
		},
		causes: []diagnosis.Cause{diagnosis.CauseHeaderSpace},
	}
}

// signsNoFlags: what is sent as ?flag is a null to the client, which its signer leaves out.
func signsNoFlags(client string) deviation {
	return deviation{
		client: client,
		what:   "signs no query parameter without an equals sign",
		why:    "it is sent all the same, and a handler sees it",
		occurs: func(_ request, x *exchange) bool {
			return x.hasParameter(func(part string) bool { return part != "" && !strings.Contains(part, "=") })
		},
		causes: []diagnosis.Cause{diagnosis.CauseParameter},
	}
}
