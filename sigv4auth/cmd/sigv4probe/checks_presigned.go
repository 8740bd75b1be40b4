package main

import "time"

const (
	presignedGET  = "presigned GET"
	presignedPOST = "presigned POST with a body"
)

func presign(expires string) func(*draft) {
	return func(d *draft) { d.presigned, d.expires = true, expires }
}

func expires(text string) func(*draft) { return func(d *draft) { d.expires = text } }

// presignedRequests: whether an endpoint takes presigned URLs is an option, and so are all of
// these. What it takes has to be checked, though.
var presignedRequests = []check{
	{name: presignedGET, want: either, why: "presigned URLs are an option", before: presign("60")},
	{
		name: "presigned GET with a query", of: presignedGET, want: admit,
		why:    "parameters are sorted together with those of the signature",
		before: query("b=2&Z=1&a=1"),
	},
	{
		name: "presigned GET with a signed header", of: presignedGET, want: admit,
		why:    "presigned URLs can sign headers too",
		before: header("X-Check", "one"),
	},
	{
		name: "presigned GET, letters beyond ASCII in its path", of: presignedGET, want: admit,
		why:    "paths are signed as in header requests",
		before: below("/caf%C3%A9"),
	},
	{
		name: "presigned GET that was signed a minute ago", of: presignedGET, want: admit,
		why: "it is valid until it expires",
		before: func(d *draft) {
			d.at = d.at.Add(-time.Minute)
			d.expires = "300"
		},
	},
	{
		name: "presigned GET that was signed twenty minutes ago, for an hour", of: presignedGET, want: either,
		why: "it is valid until it expires; an endpoint may have a lower limit",
		before: func(d *draft) {
			d.at = d.at.Add(-20 * time.Minute)
			d.expires = "3600"
		},
	},
	{
		name: "presigned GET for a week", of: presignedGET, want: either,
		why:    "AWS's maximum; an endpoint may have a lower limit",
		before: expires("604800"),
	},
	{
		name: presignedPOST, of: presignedGET, want: either,
		why:    "for services other than S3, the body's hash is signed",
		before: postBody,
	},
}

// presignedChanges say something only where presigned URLs are admitted.
var presignedChanges = []check{
	{
		name: "presigned: the signature is changed", of: presignedGET, want: refuse,
		why:   "nothing is verified",
		after: signatureOf(flipLast),
	},
	{
		name: "presigned: the signature is empty", of: presignedGET, want: refuse,
		why:   "an empty signature equals an empty result",
		after: signatureOf(func(string) string { return "" }),
	},
	{
		name: "presigned: the signature is dropped", of: presignedGET, want: refuse,
		why:   "the presence of credentials is taken for their verification",
		after: func(d *draft) { d.delParam("X-Amz-Signature") },
	},
	{
		name: "presigned: the method is changed", of: presignedGET, want: refuse,
		why:   "a URL for reading works for deleting",
		after: method("DELETE"),
	},
	{
		name: "presigned: the path is changed", of: presignedGET, want: refuse,
		why:   "a URL for one resource works for another",
		after: below("/other"),
	},
	{
		name: "presigned: the Host is changed", of: presignedGET, want: refuse,
		why:   "a URL for one host works on another that accepts the same key",
		after: func(d *draft) { d.set("Host", "other.example") },
	},
	{
		name: "presigned: a parameter is added", of: presignedGET, want: refuse,
		why:   "services act on parameters, such as response-content-type",
		after: query("response-content-type=text%2Fhtml"),
	},
	{
		name: "presigned: a parameter is changed", of: "presigned GET with a query", want: refuse,
		why:   "the signature covers the query",
		after: func(d *draft) { d.setParam("a", "7") },
	},
	{
		name: "presigned: a session token is added after signing", of: presignedGET, want: refuse,
		why:   "the token is not covered",
		after: query("X-Amz-Security-Token=bm90IGEgdG9rZW4%3D"),
	},
	{
		name: "presigned: an unsigned x-amz-* header is added", of: presignedGET, want: refuse,
		why:   "services act on x-amz-* headers, and a holder of the URL can add one",
		after: header("X-Amz-Meta-Check", "1"),
	},
	{
		name: "presigned: a signed header is dropped", of: "presigned GET with a signed header", want: refuse,
		why:   "the signature covers it",
		after: func(d *draft) { d.del("X-Check") },
	},
	{
		name: "presigned: a byte of the body is changed", of: presignedPOST, want: refuse,
		why:   "the body is not covered",
		after: changeBodyUnlessS3,
	},

	{
		name: "presigned: expired a minute ago", of: presignedGET, want: refuse,
		why: "presigned URLs never expire",
		before: func(d *draft) {
			d.at = d.at.Add(-2 * time.Minute)
		},
	},
	{
		name: "presigned: expired a day ago", of: presignedGET, want: refuse,
		why:    "presigned URLs never expire",
		before: signedAt(-25 * time.Hour),
	},
	{
		name: "presigned: X-Amz-Expires is raised", of: presignedGET, want: refuse,
		why:   "a holder of the URL can extend it",
		after: func(d *draft) { d.setParam("X-Amz-Expires", "604800") },
	},
	{
		name: "presigned: X-Amz-Date is changed", of: presignedGET, want: refuse,
		why: "a holder of the URL can extend it",
		after: func(d *draft) {
			d.setParam("X-Amz-Date", d.at.UTC().Add(time.Second).Format(timeFormat))
		},
	},
	{
		name: "presigned: X-Amz-Date is also sent as a header", of: presignedGET, want: refuse,
		why: "one may be checked and the other signed",
		after: func(d *draft) {
			d.add("X-Amz-Date", d.at.UTC().Format(timeFormat))
		},
	},
	{
		name: "presigned: signed twenty minutes ahead", of: presignedGET, want: refuse,
		why:    "a URL made in advance outlives the removal of its key",
		before: signedAt(20 * time.Minute),
	},
	{
		name: "presigned: X-Amz-Expires is missing", of: presignedGET, want: refuse,
		why:    "the URL never expires",
		before: expires(""),
	},
	{
		name: "presigned: X-Amz-Expires is 0", of: presignedGET, want: refuse,
		why:    "the URL has expired when it is made",
		before: expires("0"),
	},
	{
		name: "presigned: X-Amz-Expires is negative", of: presignedGET, want: refuse,
		why:    "unsigned arithmetic turns it into a long time",
		before: expires("-1"),
	},
	{
		name: "presigned: X-Amz-Expires is more than a week", of: presignedGET, want: refuse,
		why:    "AWS's bound is a week",
		before: expires("604801"),
	},
	{
		name: "presigned: X-Amz-Expires overflows", of: presignedGET, want: refuse,
		why:    "the expiry may wrap around to before the signing time",
		before: expires("9223372036854775807"),
	},
	{
		name: "presigned: X-Amz-Expires has a sign", of: presignedGET, want: either,
		why:    "two parsers may read different numbers",
		before: expires("+60"),
	},
	{
		name: "presigned: X-Amz-Expires is a fraction", of: presignedGET, want: either,
		why:    "two parsers may read different numbers",
		before: expires("60.5"),
	},
	{
		name: "presigned: X-Amz-Expires is not a number", of: presignedGET, want: refuse,
		why:    "it may be read as no limit",
		before: expires("soon"),
	},

	{
		name: "presigned: another secret", of: presignedGET, want: refuse,
		why:    "the secret is not used",
		before: func(d *draft) { d.secret += "x" },
	},
	{
		name: "presigned: another region", of: presignedGET, want: refuse,
		why:    "a URL for one region works in another",
		before: func(d *draft) { d.region = "other-region-9" },
	},
	{
		name: "presigned: another service", of: presignedGET, want: refuse,
		why:    "a URL for one service works on another",
		before: func(d *draft) { d.service = "otherservice" },
	},
	{
		name: "presigned: the scope's date is yesterday's", of: presignedGET, want: refuse,
		why: "a signing key of another day is accepted",
		before: func(d *draft) {
			d.scopeDate = d.at.UTC().Add(-24 * time.Hour).Format("20060102")
		},
	},
	{
		name: "presigned: the algorithm AWS4-HMAC-SHA1", of: presignedGET, want: refuse,
		why:    "the algorithm is not compared",
		before: func(d *draft) { d.algorithm = "AWS4-HMAC-SHA1" },
	},
	{
		name: "presigned: SignedHeaders without host", of: presignedGET, want: refuse,
		why:    "a URL for one host works on another that accepts the same key",
		before: func(d *draft) { d.unsigned = []string{"host"} },
	},
	{
		name: "presigned: X-Amz-Expires is also sent in lower case", of: presignedGET, want: refuse,
		why:   "one may be checked and the other used",
		after: query("x-amz-expires=604800"),
	},
	{
		name: "presigned: X-Amz-Signature is repeated", of: presignedGET, want: either,
		why:   "it is the one parameter that is not signed; two parsers may take different ones",
		after: query("X-Amz-Signature=" + bogus("")),
	},
	{
		name: "presigned: an Authorization header is also sent", of: presignedGET, want: refuse,
		why:   "one may be verified and the other used",
		after: header("Authorization", hmacAlgorithm+" Credential=AKIAOTHER/x, SignedHeaders=host, Signature="+bogus("")),
	},
	{
		name: "presigned: a parameter of the signature in front of the others", of: presignedGET, want: either,
		why: "the signature does not cover their order",
		after: func(d *draft) {
			signature := d.param("X-Amz-Signature")
			d.delParam("X-Amz-Signature")
			d.query = "X-Amz-Signature=" + signature + "&" + d.query
		},
	},
}

// changeBodyUnlessS3: S3's presigned URLs cover no body, by definition; there the change is one of
// the path.
func changeBodyUnlessS3(d *draft) {
	if d.service == "s3" {
		below("/other")(d)
		return
	}
	changeBody(d)
}
