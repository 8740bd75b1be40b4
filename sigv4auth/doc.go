// Package sigv4auth verifies requests that AWS clients sign with Signature Version 4, and lets an
// HTTP handler run only for requests whose signature is right and which IAM policies allow.
//
// Any AWS SDK, the AWS CLI, curl --aws-sigv4 and Amplify can be the client, unmodified. [New] makes
// an [Authenticator] for one credential scope. [Authenticator.Handler] admits every request with a
// valid signature; [Authenticator.Require] with [Authorizer.Check] admits those that the policies
// allow. [Authenticator.Routes] is that and the router in one table of [Routes].
// [Authenticator.Verify] decides without enforcing.
//
// # What is checked
//
// The checks run in this order, the cheaper ones first: the request target and its canonical form;
// that credentials are in exactly one place, complete and unambiguous; that host, the date and
// every x-amz-* header are signed; the date against the clock; the credential scope; then the
// access key is looked up, its session token compared and its expiry checked; the signature; the
// body. The canonical request is built from r.RequestURI, r.Host and r.Header as they were
// received.
//
// # What the service must do
//
//   - The Authenticator MUST see the request first. Anything before it that rewrites the target,
//     the Host or a signed header, such as a proxy that strips a prefix, breaks signatures.
//     [Config.Proxies] restores what your own reverse proxy has to rewrite, and gives policies the
//     client's address and scheme; PROXIES.md, beside this file, has recipes for nginx, Caddy,
//     Envoy and others.
//   - It MUST wrap the whole router, or be it: see [Authenticator.Routes]. A refused caller then
//     learns nothing about which routes exist.
//   - Handlers MUST NOT act on headers that [Identity.Signed] does not report, nor on r.Trailer:
//     any intermediary may have set them. [VerifiedHeader] reads one header safely.
//   - The order of the values of a repeated query parameter is not signed, since canonical queries
//     are sorted. Handlers SHOULD refuse parameters that they do not expect twice.
//   - A proxy or CDN MUST NOT add x-amz-* headers to a signed request, as CloudFront does with
//     X-Amz-Cf-Id: a request with an unsigned x-amz-* header is refused. Clients SHOULD NOT sign
//     hop-by-hop headers, such as Connection and TE: proxies change them.
//   - Data that belongs to a caller SHOULD be stored under [Identity.OwnerKey]. Two callers can
//     have the same name, and a name can be given to somebody else later.
//   - The router MUST match the decoded path, as http.ServeMux does, where an [Authorizer] decides:
//     policies see r.URL.Path. [DecodedPath] is for routers that match r.URL.RawPath. A handler
//     MUST NOT decode the path once more, nor take the method from a header.
//   - A handler that logs URLs or sends requests on SHOULD NOT see credentials: see
//     [Config.StripHeaders] and [Config.StripQuery].
//   - An API of one's own names its actions and resources as it likes, such as orders:Get on
//     arn:acme:orders:eu-1:111122223333:order/7; the example OwnDomain is such a service. Whose a
//     resource is decides: without a resource policy an Allow reaches what is the caller's own
//     account's. The ARN says it, or AuthorizerConfig.ResourceAccount. Why a request was denied,
//     [Authorizer.Explain] says.
//   - After an upgrade, as to WebSocket, nothing is authenticated: the frames are not signed.
//   - net/http's server waits for slow clients without end. Set its ReadHeaderTimeout and
//     ReadTimeout. Package connlimit keeps idle and slow connections from shutting others out.
//
// # What a signature leaves open
//
// A request that an intermediary changed is refused, except for these changes, which the protocol
// does not detect:
//
//   - headers that SignedHeaders does not name and that are not x-amz-*: added, changed, dropped;
//   - the white space around and inside the values of signed headers, and whether values arrive in
//     one line, joined with commas, or in several;
//   - the white space around the fields of the Authorization header;
//   - the order of the query's parameters, escapes in it that are needless, missing or in lower
//     case, '+' for an escaped space, an '=' without a value behind it, an empty parameter; a
//     presigned URL's own parameters have one spelling;
//   - with PathNormalized, segments that normalisation drops; with PathS3, escapes in the path that
//     are needless or missing;
//   - the target's absolute form, and a Host header beside an equal authority;
//   - from a peer that [Config.Proxies] trusts, the Host and the headers that it restores, while
//     what the proxy says of them is what was signed;
//   - how the body is split in transit, and in the modes whose names begin with Insecure the body.
//
// In each case the handler reads the same values of everything that is signed.
//
// # How a handler gets the body
//
// A body whose SHA-256 was signed is read into memory, up to [Config.MaxBodyBytes], and verified
// before the handler runs. Two kinds of bodies are not, and stream: those in chunks, as clients of
// S3 send large ones, and those of UNSIGNED-PAYLOAD. [Route.Body], or [Config.Body] where there are
// no [Routes], changes that by route:
//
//	                     digest in X-Amz-Content-Sha256   in chunks, UNSIGNED-PAYLOAD
//	BodyByMode           in memory                        as it arrives
//	BodyStreamed         as it arrives                    as it arrives
//	BodySpooled          in memory or a file              in memory or a file
//
// "As it arrives" is for handlers that can undo what they did, such as one that writes to a file
// which gets its name at the end: see "Streaming bodies". A spooled body is verified whole, in
// every mode, before the handler runs, after the request is authorised; the handler can seek in it,
// and a temporary file is removed when it returns or panics. Who calls [Authenticator.Verify]
// closes r.Body for that. Uploads of gigabytes then take about 1 MiB of memory each.
//
// Requests that do not declare their digest, as most clients of services other than S3 send them,
// can be verified only with their body. It is read into memory, and where a route streams or
// spools, it can have 10 MiB at most.
//
// # Streaming bodies
//
// The signature of the headers is verified first, as always, and the policies decide, before any of
// the body is read. By then the declared digest is known to be what was signed. The handler reads a
// body that is verified, and decoded where it is in chunks, as it reads:
//
//   - r.ContentLength is the decoded length, for chunks X-Amz-Decoded-Content-Length, and the body
//     has exactly that length. Without chunks it can be -1. [Config.MaxBodyBytes] bounds it in any
//     case: a longer body is refused before the handler runs, or where it does not say so, while
//     the handler reads.
//   - Signed chunks are released once they are verified, other bytes as they arrive. In both cases
//     the last byte, in chunks the last piece, is released only when the end, the digest, the
//     trailer and the checksum are verified. Of an unsigned body without a checksum there is
//     nothing to verify but the length, and nothing is held back: over HTTP/2, the answer can be a
//     stream that depends on it, as with gRPC.
//   - 100 Continue goes out when the handler reads. A handler that answers before it has read the
//     body leaves the rest to net/http, as always.
//   - io.EOF means that the whole body is verified. Any other error is an [*Error], which
//     r.Body.Read keeps returning: ErrSignatureMismatch, ErrPayloadMismatch, ErrChecksumMismatch,
//     ErrIncompleteBody, ErrMalformedRequest or ErrRequestTooLarge, or a refusal for a revoked key
//     (next section). The handler MUST then undo what it did with the bytes that it has read, and
//     SHOULD answer with the function that is its Config.Denied, for instance [WriteS3Error].
//   - [Authenticator.Handler] and [Authenticator.Require] take aws-chunked out of the handler's
//     Content-Encoding. Clients may leave it out. Content-Length, X-Amz-Decoded-Content-Length and
//     X-Amz-Trailer stay as they arrived; they describe the body on the wire.
//   - [VerifiedTrailer] returns the checksum that the trailer holds.
//
// With any payload mode, the one header X-Amz-Checksum-CRC32, -CRC32C, -CRC64NVME, -SHA1 or -SHA256
// that a request may have is verified. Content-MD5 is not verified, nor is the checksum of the
// whole object that CompleteMultipartUpload names.
//
// # Keys and policies that change during a request
//
// A body arrives at the caller's pace, so a credential can be revoked while its request is being
// read:
//
//   - When the handler begins, the credential is as the store had it at most a second ago. If the
//     body took longer, the credential is looked up again once the body is whole, and the request
//     is refused as a new one would be: if the key is gone, inactive or expired, or if it has
//     another secret, session token or principal.
//   - While a body streams or is spooled, the credential is looked up again before bytes are
//     released, at most once a second. Once the request would be refused, reading ends with that
//     refusal, an [*Error], and the handler undoes what it has done, as for any other error. The
//     policies are not asked again; a handler that needs that calls Check.
//   - A handler that has its whole body is not interrupted.
//   - One request is decided by one state of the store. If the store names its states, in
//     [Credential.Revision], the policies are taken from the state that the credential was read
//     from; if that state is no longer available, Require starts over with the credential as it is
//     now. A principal that was deleted and created again under the same ARN is a different one.
//
// # Services like Amazon S3
//
// A service with the interface of S3 is configured as the example "S3" shows: Service "s3",
// [PathS3], [WriteS3Error], and what its clients need of the following.
//
// Config.Payloads needs the modes that the clients use beside digests, which are always accepted,
// and Config.MaxBodyBytes the size of the largest request. By default:
//
//	client                       over TLS                              over http                           at most
//	aws s3, boto3                streaming-unsigned-trailer            -                                   8 MiB
//	aws s3, boto3, before 2025   unsigned                              -                                   8 MiB
//	aws-sdk-go-v2                streaming-unsigned-trailer            -                                   the object
//	its transfermanager          unsigned, streaming-unsigned-trailer  -                                   16 MiB
//	AWS SDK for JavaScript 3     streaming-unsigned-trailer            streaming-unsigned-trailer          the object
//	minio-go                     unsigned                              unsigned, streaming-signed          16 MiB
//	minio-go, TrailingHeaders    unsigned, streaming-unsigned-trailer  unsigned, streaming-signed, streaming-signed-trailer  16 MiB
//	rclone                       unsigned                              unsigned                            200 MiB
//	a presigned URL              unsigned                              unsigned                            the object
//
// The names are those of [PayloadMode], InsecureUnsigned being "unsigned". Without TLS the modes
// that begin with Insecure let any intermediary choose the body. An object that is larger than the
// last column says comes in parts. The rows of the SDK for JavaScript and of rclone are not run;
// the others are held by tests.
//
//   - Header-signed requests must have X-Amz-Content-Sha256, as all S3 clients send it.
//   - Presigned URLs need MaxPresignExpiry too. "aws s3 presign" makes one of Signature Version 2
//     in us-east-1 unless the profile has s3.signature_version = s3v4.
//   - Bodies with a digest are held in memory; Config.Body can have them streamed or spooled.
//   - Both addressing styles verify. Where the host names the bucket it is the signed one, and
//     Config.Hosts is left nil.
//   - An [Authorizer] needs ResourceAccount, since S3's ARNs name no account, and
//     InsecureObjectPaths, since object keys may hold what is refused elsewhere: empty and dot
//     segments, escaped slashes. The service MUST take r.URL.Path as it is, without a router that
//     cleans it.
//   - S3's operations differ in query parameters and headers too. Target MUST return an empty
//     action for a request with one that the service does not know. X-Amz-Copy-Source names a
//     second resource, and the body of DeleteObjects many: the handler calls Check for each.
//
// Not accepted: requests without credentials; Signature Version 2; and uploads from HTML forms with
// a POST policy. A client that signed for another region is told the right one, and SDKs then use
// it.
//
// # When a signature does not verify
//
// A refused caller is told what API Gateway would say, and never more. An operator has three ways
// to find the reason.
//
// For one request, [Authenticator.Diagnose], called before Verify or after it has refused, returns
// a [diagnosis.Report], which prints as:
//
//	refused: SignatureMismatch: The request signature we calculated does not match ...
//	access key: AKIAIOSFODNN7EXAMPLE
//	the client holds the right secret; the request would verify if
//	- Host is "api.example.com": "10.0.0.7:8080" arrived [host]
//	  let the proxy pass on the Host that the client sent, or say it in Config.Proxies.HostHeader; ...
//	the server's canonical request, redacted:
//	  | GET
//	  | /prod/rides
//
// In production, [Observe.DiagnosesPerMinute] hands that many diagnoses a minute to
// [Observe.Audit], in [Event.Diagnosis]. Group them by [diagnosis.Cause] to tell a misconfigured
// proxy from strangers. A body that Verify has not read is not read for them; NotTried then says
// so.
//
// For one kind of requests, a [Config.Denied] hook can call Diagnose, for instance for one access
// key, log the report, and answer as usual.
//
// Diagnose proves a cause by undoing it: with the secret from the credential store it computes the
// signature that the request would have without the cause, and compares it in constant time. It
// also tries every two causes together. So if Report.Verifies is set, the findings are proven, and
// the client holds the secret. If nothing is found, the client most likely has another secret, or
// an intermediary changed the request in a way that cannot be undone, such as dropping a parameter
// or rewriting the body. Compare the canonical request line by line with the client's own, which
// SDKs log at debug level.
//
// A report holds no secrets, but it quotes paths, hosts and parameters, and tells which access keys
// exist: it belongs in logs for operators, and MUST NOT be sent to the caller. Diagnose changes no
// verdict. What a request claims, for instance in X-Forwarded-Host, is tried and never trusted.
//
// # Replays
//
// Whoever sees a request can send it again within the clock window, and a presigned URL until it
// expires: no request is remembered. Use TLS, and make operations idempotent or check for repeats
// where that matters.
//
// # Logs, metrics and traces
//
// The package writes no log. [LogTo] makes an [Observe.Audit] hook of a logger of package slog.
// [Observe.Meter] and [Observe.Tracer] are interfaces of smithy-go: package sigv4otel makes them of
// OpenTelemetry's, and sigv4prom a Meter of a Prometheus registry, both beside this package and
// modules of their own. docs/telemetry.md shows all of it.
//
// The meter github.com/wildgate/wildgate/sigv4auth has
//
//	sigv4auth.requests         counter, {request}  requests, by outcome and route
//	sigv4auth.duration         histogram, s        time until the verdict, by outcome and route
//	sigv4auth.clock_skew       histogram, s        the server's clock less a request's date: negative where the client's is ahead
//	sigv4auth.streamed_bodies  counter, {body}     bodies that stream, read to their end or to an error, by outcome and route
//
// The label "outcome" is "admitted", or of a body "verified", or a [Reason]; "Other" stands for any
// Reason that is not of this package. Of requests to [Routes], those that matched one have the
// label "route": its pattern, never a path.
//
// The tracer of that name has one span for each verification, sigv4auth.Verify, in the span of the
// request's context. It has both as attributes, and the status OK or Error. Stores, a Check and the
// Audit hook are called in it. It has ended before the handler runs, which is in the server's span
// again.
package sigv4auth
