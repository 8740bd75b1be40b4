// Package sigv4client is the client side of [Signature Version 4]: a [Transport] that signs the
// requests of an http.Client, and presigned links that a server hands out.
//
//	transport, err := sigv4client.New(sigv4client.Config{
//		Credentials: cfg.Credentials, // of aws-sdk-go-v2/config, or any other provider
//		Region:      "us-east-1",
//		Service:     "execute-api",
//		Endpoints:   []string{"https://api.example.com"},
//	})
//	...
//	client := &http.Client{Transport: transport}
//
// It is for services behind package sigv4auth, for Amazon API Gateway and for services with the
// interface of Amazon S3 (service "s3"). The signatures are made by aws-sdk-go-v2's own signer.
//
// # What is signed
//
// The method, the path and the query as they go over the wire, the host, the date, the body, the
// session token if there is one, and every header that the request has, except those that belong to
// a single connection or that proxies and tracing change on the way: Accept-Encoding,
// Cache-Control, Connection and what it names, Expect, Forwarded, From, Keep-Alive, Max-Forwards,
// Pragma, Referer, TE, Trailer, Transfer-Encoding, Upgrade, User-Agent, Via, X-Amzn-Trace-Id,
// X-Real-Ip, B3, Traceparent, Tracestate, Baggage, and those that begin with Proxy-, Sec-, X-B3- or
// X-Forwarded-. Headers that a RoundTripper in Config.Next adds are not signed: a service refuses
// those that begin with X-Amz-.
//
// An Authorization header of the request is replaced. A default port is not sent in the Host
// header.
//
// A request whose path has empty or dot segments is refused, except for service s3: half of all
// clients sign such a path normalised, half as it is, and a service with sigv4auth.PathStrict
// refuses both.
//
// # Where signed requests go
//
// http.Client follows redirects, and a redirect can lead anywhere. A Transport signs only what goes
// to one of [Config.Endpoints], scheme, host and port, and refuses anything else with
// [ErrOtherHost], or sends it unsigned with Config.OtherHosts. A request to an endpoint whose Host
// field names another host is refused as well, since that host would accept the signature. So no
// signature and no session token leaves for another host, nor for the same one over plain http. A
// redirect within the endpoints is signed anew.
//
// # Bodies
//
// The signature covers the SHA-256 of the body, which has to be known before the first byte is
// sent. A request with GetBody, which http.NewRequest sets for readers of bytes and strings, or
// whose body is an [io.Seeker], such as an *os.File, is hashed while it is read and rewound: it is
// never held in memory, and hashed once however often it is sent. Any other body is held in memory,
// up to [Config.MaxBufferedBody]; beyond it the request is refused with [ErrBody].
//
// A request that has an X-Amz-Content-Sha256 already is signed with it, and its body is read only
// to be sent: a caller who knows the digest sets it, and one whose service accepts bodies that are
// not signed (sigv4auth.InsecureUnsigned) sets [UnsignedPayload].
//
// # What is sent again
//
// Every time with a fresh signature, and only if the body can be sent again, which is true of all
// but a body with a declared digest that has neither GetBody nor Seek:
//
//   - Once, a request that was refused because of its date, after the clock was corrected. Such a
//     refusal is a 400, 401 or 403 whose Date differs from the signature's by 10 seconds or more,
//     and which says "Signature expired", "Signature not yet current", RequestTimeTooSkewed,
//     RequestExpired or RequestInTheFuture; or, if it differs by more than 4 minutes, one that says
//     InvalidSignatureException, SignatureDoesNotMatch or AuthFailure, or nothing, as an answer to
//     HEAD does.
//   - Once, a request that was refused because its temporary credentials have expired
//     (ExpiredTokenException, ExpiredToken), if the provider then has others.
//   - Up to [Config.Retries] times, 0 by default, a request that is safe to repeat, and that was
//     answered with 429, 502, 503, 504 or a throttling error: see there.
//
// The first two are refusals before any handler runs, so they are made up for whatever the method
// is. Everything else, errors of Config.Next among it, is returned as it came. (http.Transport
// itself repeats requests that a connection lost before they were sent.)
//
// # The clock
//
// A correction is the difference between the Date of a refusal and the machine's clock. It holds
// for all later requests and links of the Transport, until another refusal changes it. A Date that
// is further off than [Config.MaxClockCorrection] is not believed: who can set the Date, without
// TLS anyone on the path, could otherwise obtain signatures for days to come.
//
// [Signature Version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
package sigv4client
