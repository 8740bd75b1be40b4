package main

import "time"

const sigv4aGET = "SigV4A: GET"

// sigv4aRequests are signed by AWS4-ECDSA-P256-SHA256. They are checked where the options ask for it.
var sigv4aRequests = []check{
	{
		name: sigv4aGET, want: admit,
		why:    "SDKs use it for services that span regions",
		before: func(d *draft) { d.algorithm = ecdsaAlgorithm },
	},
	{
		name: "SigV4A: for all regions", of: sigv4aGET, want: admit,
		why:    "SDKs write * for any region",
		before: func(d *draft) { d.region = "*" },
	},
	{
		name: "SigV4A: for the regions that begin like this one", of: sigv4aGET, want: either,
		why:    "region patterns are an option",
		before: func(d *draft) { d.region = d.region[:1] + "*" },
	},
	{
		name: "SigV4A: POST with a body", of: sigv4aGET, want: admit,
		why:    "the body's hash is signed",
		before: postBody,
	},
	{
		name: "SigV4A: the method is changed", of: sigv4aGET, want: refuse,
		why:   "the signature covers the method",
		after: method("DELETE"),
	},
	{
		name: "SigV4A: the path is changed", of: sigv4aGET, want: refuse,
		why:   "the signature covers the path",
		after: below("/other"),
	},
	{
		name: "SigV4A: a byte of the body is changed", of: "SigV4A: POST with a body", want: refuse,
		why:   "the body is not covered",
		after: changeBody,
	},
	{
		name: "SigV4A: for another region", of: sigv4aGET, want: refuse,
		why:    "a request for one region works in another",
		before: func(d *draft) { d.region = "other-region-9" },
	},
	{
		name: "SigV4A: the region set is changed", of: sigv4aGET, want: refuse,
		why:   "the region set is not covered",
		after: func(d *draft) { d.set("X-Amz-Region-Set", "*") },
	},
	{
		name: "SigV4A: the region set is dropped", of: sigv4aGET, want: refuse,
		why:   "a request for no region works in every region",
		after: func(d *draft) { d.del("X-Amz-Region-Set") },
	},
	{
		name: "SigV4A: another secret", of: sigv4aGET, want: refuse,
		why:    "the secret is not used",
		before: func(d *draft) { d.secret += "x" },
	},
	{
		name: "SigV4A: another service", of: sigv4aGET, want: refuse,
		why:    "a request for one service works on another",
		before: func(d *draft) { d.service = "otherservice" },
	},
	{
		name: "SigV4A: signed an hour ago", of: sigv4aGET, want: refuse,
		why:    "a recorded request can be replayed forever",
		before: signedAt(-time.Hour),
	},
	{
		name: "SigV4A: an empty signature", of: sigv4aGET, want: refuse,
		why:   "an empty signature equals an empty result",
		after: signatureOf(func(string) string { return "" }),
	},
	{
		name: "SigV4A: a signature of zeros", of: sigv4aGET, want: refuse,
		why:   "r and s of zero verify anything where their range is not checked",
		after: signatureOf(func(string) string { return "3006020100020100" }),
	},
	{
		name: "SigV4A: under HMAC's algorithm", of: sigv4aGET, want: refuse,
		why:   "the algorithm is confused",
		after: authorization(ecdsaAlgorithm, hmacAlgorithm),
	},
}
