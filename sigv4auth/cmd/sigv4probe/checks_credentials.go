package main

import "strings"

// authorization edits the Authorization header after signing.
func authorization(old, with string) func(*draft) {
	return func(d *draft) { d.edit("Authorization", old, with) }
}

// signatureOf changes the signature, whether it stands in the header or in the query.
func signatureOf(change func(string) string) func(*draft) {
	return func(d *draft) {
		if d.presigned {
			d.setParam("X-Amz-Signature", change(d.seed))
			return
		}
		d.edit("Authorization", "Signature="+d.seed, "Signature="+change(d.seed))
	}
}

func flipLast(s string) string  { return s[:len(s)-1] + string(otherHex(s[len(s)-1])) }
func flipFirst(s string) string { return string(otherHex(s[0])) + s[1:] }

func otherHex(c byte) byte {
	if c == '0' {
		return '1'
	}
	return '0'
}

func bogus(string) string { return strings.Repeat("0", 64) }

// credentialChanges are about the scope, the key, the signature, and the form of the Authorization
// header.
var credentialChanges = []check{
	{
		name: "the signature's last digit is changed", of: plainGET, want: refuse,
		why:   "the end of the signature is not compared",
		after: signatureOf(flipLast),
	},
	{
		name: "the signature's first digit is changed", of: plainGET, want: refuse,
		why:   "the beginning of the signature is not compared",
		after: signatureOf(flipFirst),
	},
	{
		name: "the signature is cut by a byte", of: plainGET, want: refuse,
		why:   "only a part of the signature is compared",
		after: signatureOf(func(s string) string { return s[:62] }),
	},
	{
		name: "the signature is cut to one byte", of: plainGET, want: refuse,
		why:   "only a part of the signature is compared",
		after: signatureOf(func(s string) string { return s[:2] }),
	},
	{
		name: "a byte is added to the signature", of: plainGET, want: refuse,
		why:   "only a part of the signature is compared",
		after: signatureOf(func(s string) string { return s + "00" }),
	},
	{
		name: "the signature is empty", of: plainGET, want: refuse,
		why:   "an empty signature equals an empty result",
		after: signatureOf(func(string) string { return "" }),
	},
	{
		name: "the signature is all zeros", of: plainGET, want: refuse,
		why:   "it equals an empty result of the verifier",
		after: signatureOf(bogus),
	},
	{
		name: "the signature is not hex", of: plainGET, want: refuse,
		why:   "an undecodable signature may compare as empty",
		after: signatureOf(func(s string) string { return strings.Repeat("zz", 32) }),
	},
	{
		name: "the signature is in upper case", of: plainGET, want: either,
		why:   "no client sends this; a second spelling evades a replay guard",
		after: signatureOf(strings.ToUpper),
	},
	{
		name: "the field Signature is missing", of: plainGET, want: refuse,
		why: "the presence of credentials is taken for their verification",
		after: func(d *draft) {
			d.edit("Authorization", ", Signature="+d.seed, "")
		},
	},
	{
		name: "the field SignedHeaders is missing", of: plainGET, want: refuse,
		why: "nothing is signed",
		after: func(d *draft) {
			before, rest, _ := strings.Cut(d.get("Authorization"), ", SignedHeaders=")
			_, rest, _ = strings.Cut(rest, ", ")
			d.set("Authorization", before+", "+rest)
		},
	},
	{
		name: "Authorization is empty", of: plainGET, want: refuse,
		why:   "the presence of the header is taken for its verification",
		after: func(d *draft) { d.set("Authorization", "") },
	},
	{
		name: "Authorization is the scheme alone", of: plainGET, want: refuse,
		why:   "the presence of the header is taken for its verification",
		after: func(d *draft) { d.set("Authorization", hmacAlgorithm) },
	},

	{
		name: "another secret", of: plainGET, want: refuse,
		why:    "the secret is not used",
		before: func(d *draft) { d.secret += "x" },
	},
	{
		name: "an empty secret", of: plainGET, want: refuse,
		why:    "the secret is not used",
		before: func(d *draft) { d.secret = "" },
	},
	{
		name: "an unknown access key", of: plainGET, want: refuse,
		why:    "an invented key is accepted",
		before: func(d *draft) { d.accessKey = "AKIAUNKNOWNTOANYONE" },
	},
	{
		name: "an unknown access key with an empty secret", of: plainGET, want: refuse,
		why:    "an unknown key is verified with an empty secret",
		before: func(d *draft) { d.accessKey, d.secret = "AKIAUNKNOWNTOANYONE", "" },
	},
	{
		name: "an empty access key with an empty secret", of: plainGET, want: refuse,
		why:    "an unknown key is verified with an empty secret",
		before: func(d *draft) { d.accessKey, d.secret = "", "" },
	},
	{
		name: "another region", of: plainGET, want: refuse,
		why:    "a request for one region works in another",
		before: func(d *draft) { d.region = "other-region-9" },
	},
	{
		name: "another service", of: plainGET, want: refuse,
		why:    "a request for one service works on another",
		before: func(d *draft) { d.service = "otherservice" },
	},
	{
		name: "another terminator", of: plainGET, want: refuse,
		why:    "a scope of another protocol version is accepted",
		before: func(d *draft) { d.terminator = "aws5_request" },
	},
	{
		name: "a scope with a component too many", of: plainGET, want: refuse,
		why:    "two parsers may read different scopes",
		before: func(d *draft) { d.terminator = "x/aws4_request" },
	},
	{
		name: "an empty region and service", of: plainGET, want: refuse,
		why:    "an empty scope matches any",
		before: func(d *draft) { d.region, d.service = "", "" },
	},
	{
		name: "the region is changed and not signed again", of: plainGET, want: refuse,
		why: "the signature covers the scope",
		after: func(d *draft) {
			d.edit("Authorization", "/"+d.region+"/", "/other-region-9/")
		},
	},

	{
		name: "the algorithm AWS4-HMAC-SHA1", of: plainGET, want: refuse,
		why:    "the algorithm is not compared",
		before: func(d *draft) { d.algorithm = "AWS4-HMAC-SHA1" },
	},
	{
		name: "the algorithm of chunks", of: plainGET, want: refuse,
		why:    "a chunk's signature would be accepted for a request",
		before: func(d *draft) { d.algorithm = "AWS4-HMAC-SHA256-PAYLOAD" },
	},
	{
		name: "no algorithm", of: plainGET, want: refuse,
		why:    "the algorithm is not compared",
		before: func(d *draft) { d.algorithm = "none" },
	},
	{
		name: "SigV4A's algorithm with an HMAC", of: plainGET, want: refuse,
		why:   "the algorithm is confused",
		after: authorization(hmacAlgorithm+" ", ecdsaAlgorithm+" "),
	},
	{
		name: "Signature Version 2", of: plainGET, want: refuse,
		why: "Signature Version 2 is withdrawn, and covers neither body nor headers",
		after: func(d *draft) {
			d.set("Authorization", "AWS "+d.accessKey+":"+strings.Repeat("A", 27)+"=")
		},
	},
	{
		name: "a bearer token", of: plainGET, want: refuse,
		why:   "another authentication scheme is accepted",
		after: func(d *draft) { d.set("Authorization", "Bearer "+strings.Repeat("a", 40)) },
	},
	{
		name: "the algorithm in lower case", of: plainGET, want: either,
		why:   "no client sends this",
		after: authorization(hmacAlgorithm, "aws4-hmac-sha256"),
	},

	{
		name: "SignedHeaders without host", of: plainGET, want: refuse,
		why:    "a request for one host works on another that accepts the same key",
		before: func(d *draft) { d.unsigned = []string{"host"} },
	},
	{
		name: "SignedHeaders is empty", of: plainGET, want: refuse,
		why:    "nothing is signed",
		before: func(d *draft) { d.signed = []string{} },
	},
	{
		name: "SignedHeaders names a header that is not sent", of: plainGET, want: refuse,
		why:    "an intermediary can add it, empty",
		before: func(d *draft) { d.absent = []string{"x-absent"} },
	},
	{
		name: "SignedHeaders loses a header", of: headerGET, want: refuse,
		why:   "the signature covers the list of signed headers",
		after: authorization(";x-check", ""),
	},
	{
		name: "SignedHeaders is not sorted", of: plainGET, want: either,
		why: "curl before 8.x sends this where one name is a prefix of another",
		before: func(d *draft) {
			d.signed = []string{"x-amz-date", "host", "amz-sdk-invocation-id"}
		},
	},
	{
		name: "SignedHeaders in upper case", of: plainGET, want: either,
		why: "no client sends this",
		before: func(d *draft) {
			d.signedHeadersText = "amz-sdk-invocation-id;Host;X-Amz-Date"
		},
	},

	{
		name: "Authorization is repeated", of: plainGET, want: either,
		why:   "AWS takes one of them; two parsers may take different ones",
		after: func(d *draft) { d.add("Authorization", d.get("Authorization")) },
	},
	{
		name: "a false Authorization before the right one", of: plainGET, want: either,
		why: "AWS takes one of them; two parsers may take different ones",
		after: func(d *draft) {
			d.add("Authorization", d.get("Authorization"))
			d.edit("Authorization", d.seed, bogus(d.seed))
		},
	},
	{
		name: "the field Signature is repeated", of: plainGET, want: either,
		why: "two parsers may take different ones",
		after: func(d *draft) {
			d.edit("Authorization", "Signature="+d.seed, "Signature="+bogus(d.seed)+", Signature="+d.seed)
		},
	},
	{
		name: "the field Credential is repeated", of: plainGET, want: either,
		why: "two parsers may take different ones, which are different identities",
		after: func(d *draft) {
			d.edit("Authorization", "Credential=", "Credential=AKIAOTHER/"+d.scopeText+", Credential=")
		},
	},
	{
		name: "an unknown field in Authorization", of: plainGET, want: either,
		why:   "no client sends this",
		after: authorization(", Signature=", ", Check=1, Signature="),
	},
	{
		name: "credentials are in the query as well", of: plainGET, want: refuse,
		why: "one may be verified and the other used",
		before: func(d *draft) {
			d.appendQuery("X-Amz-Algorithm=" + hmacAlgorithm + "&X-Amz-Credential=AKIAOTHER&X-Amz-Signature=" + bogus(""))
		},
	},
	{
		name: "credentials are only in the query, without a signature", of: plainGET, want: refuse,
		why: "the presence of credentials is taken for their verification",
		after: func(d *draft) {
			d.del("Authorization")
			d.appendQuery("X-Amz-Algorithm=" + hmacAlgorithm + "&X-Amz-Credential=" + encode(d.accessKey+"/"+d.scopeText, ""))
		},
	},
	{
		name: "a session token that nobody issued", of: plainGET, want: either,
		why: "AWS refuses tokens with keys that have none",
		before: func(d *draft) {
			if d.token == "" {
				d.token = "bm90IGEgdG9rZW4="
			}
		},
	},
}

// tokenChanges are made where the key has a session token.
var tokenChanges = []check{
	{
		name: "the session token is missing", of: plainGET, want: refuse,
		why:    "temporary keys work without their session",
		before: func(d *draft) { d.token = "" },
	},
	{
		name: "the session token is dropped after signing", of: plainGET, want: refuse,
		why:   "the signature covers the token",
		after: func(d *draft) { d.del("X-Amz-Security-Token") },
	},
	{
		name: "the session token is changed, and signed", of: plainGET, want: refuse,
		why:    "any session token is accepted with the key",
		before: func(d *draft) { d.token = flipLast(d.token) },
	},
	{
		name: "the session token is changed after signing", of: plainGET, want: refuse,
		why: "the token is not covered",
		after: func(d *draft) {
			d.set("X-Amz-Security-Token", flipLast(d.token))
		},
	},
	{
		name: "the session token is not signed", of: plainGET, want: refuse,
		why:    "x-amz-* headers must be signed",
		before: func(d *draft) { d.unsigned = []string{"x-amz-security-token"} },
	},
	{
		name: "the session token is in the query", of: plainGET, want: either,
		why: "only presigned URLs have it in the query",
		before: func(d *draft) {
			d.appendQuery("X-Amz-Security-Token=" + encode(d.token, ""))
			d.token = ""
		},
	},
	{
		name: "the session token is repeated", of: plainGET, want: refuse,
		why:   "one may be checked and the other used",
		after: func(d *draft) { d.add("X-Amz-Security-Token", flipFirst(d.token)) },
	},
}
