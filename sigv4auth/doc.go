// Package sigv4auth verifies requests that AWS clients sign with Signature Version 4, and lets an
// HTTP handler run only for those that are signed rightly and that IAM policies allow.
//
// Any AWS SDK, the AWS CLI, curl --aws-sigv4 and Amplify can be the client, unmodified. [New] makes
// an [Authenticator] for one credential scope; [Authenticator.Handler] admits whoever signed, and
// [Authenticator.Require] with [Authorizer.Check] whom the policies allow. [Authenticator.Verify]
// decides without enforcing.
//
// # What is checked
//
// In this order, each step before any that costs more: the request target and its canonical form;
// that credentials are in exactly one place, whole and unambiguous; that host, the date and every
// x-amz-* header are signed; the date against the clock; the credential scope; then the access key
// is looked up, its session token compared and its expiry checked; the signature; the body. The
// canonical request is built from r.RequestURI, r.Host and r.Header as they were received.
//
// # What whoever mounts it must do
//
//   - The Authenticator MUST see the request first. What rewrites the target, the Host or a signed
//     header before it, such as a proxy that strips a prefix, makes signatures wrong.
//     [Config.Proxies] makes good what a proxy of the service's own must change, and tells policies
//     the client's address and scheme; PROXIES.md, beside this file, has recipes for nginx, Caddy,
//     Envoy and others.
//   - It MUST wrap the whole router. A refused caller then learns nothing about which routes exist.
//   - Handlers MUST NOT act on headers that [Identity.Signed] does not report, nor on r.Trailer:
//     anyone on the way may have set them. [VerifiedHeader] reads one header safely.
//   - The order of the values of a repeated query parameter is not signed, since canonical queries
//     are sorted. Handlers SHOULD refuse parameters that they do not expect twice.
//   - What stands in front MUST NOT add x-amz-* headers to what clients signed, as CloudFront does
//     with X-Amz-Cf-Id: a request with one that is not signed is refused. Hop-by-hop headers, such
//     as Connection and TE, SHOULD NOT be signed: proxies change them.
//   - What a service keeps for a caller it SHOULD keep under [Identity.OwnerKey]. Two callers can
//     have one name, and a name can be given to somebody else later.
//   - The router MUST match the decoded path, as http.ServeMux does, where an [Authorizer] decides:
//     policies see r.URL.Path. A handler MUST NOT decode it once more, nor take the method from a
//     header.
//   - A handler of upgraded connections is on its own: the frames after the upgrade are not signed.
//   - net/http's server admits slow clients. Set its ReadHeaderTimeout and ReadTimeout. Package
//     connlimit, beside this one, keeps connections that are idle or slow from shutting others out.
//
// # What a signature leaves open
//
// A request of which anything was changed on the way is refused, but for these changes, which the
// protocol leaves to everyone on the way:
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
//   - how the body is split on its way, and in the modes that are called Insecure the body.
//
// What a handler reads of what is signed is the same in each case.
//
// # Streaming bodies
//
// Clients of S3 send large bodies in chunks, in the content coding aws-chunked. Where
// [Config.Payloads] has the mode, the signature of the headers is verified first, as ever, and
// nothing of the body is read before it; the handler then reads a body that is decoded, and
// verified on the way:
//
//   - r.ContentLength is the decoded length, X-Amz-Decoded-Content-Length, which
//     [Config.MaxBodyBytes] bounds. The body has exactly that length.
//   - Signed chunks are released once they are verified. Unsigned ones are released as they arrive.
//     In both cases the last bytes come only when all is verified: the end, the trailer and the
//     checksum.
//   - io.EOF means that the body is verified whole. Anything else is an [*Error], which r.Body.Read
//     keeps returning: ErrSignatureMismatch, ErrChecksumMismatch, ErrIncompleteBody,
//     ErrMalformedRequest, or ErrRequestTooLarge; and what the next section says of keys that are
//     revoked. A handler MUST undo what it did with the bytes before it, and SHOULD answer with the
//     function that is its Config.Denied, for instance [WriteS3Error].
//   - [Authenticator.Handler] and [Authenticator.Require] take aws-chunked out of the handler's
//     Content-Encoding. The coding need not have been named. Content-Length,
//     X-Amz-Decoded-Content-Length and X-Amz-Trailer stay among the headers as they came; they are
//     about the body on the wire.
//   - [VerifiedTrailer] returns the checksum that the trailer holds.
//
// With any payload mode, the one header X-Amz-Checksum-CRC32, -CRC32C, -CRC64NVME, -SHA1 or -SHA256
// that a request may have is verified. Content-MD5 is not, nor is the checksum with which
// CompleteMultipartUpload names that of the whole object.
//
// # Keys and policies that change meanwhile
//
// A body comes at the caller's pace, so that a credential can be revoked while its request is under
// way. These hold:
//
//   - When the handler begins, the credential is as the store had it at most a second ago. If the
//     body took longer, the credential is looked up again once the body is whole, and the request
//     is refused as a new one would be: if the key is gone, inactive or expired, or if it has
//     another secret, session token or principal.
//   - While a body in chunks is read, the credential is looked up again before bytes are released,
//     at most once a second. Once the request would be refused, reading ends with that refusal, an
//     [*Error]. What was released before is the handler's to undo, as for any other error. The
//     decision of the policies is that of the beginning: a handler that must know better asks Check
//     again.
//   - Nothing ends a handler that has begun and has its body.
//   - One request is decided by one state. With a store that names its states, in
//     [Credential.Revision], the policies are those of the state that the credential is of; where
//     they cannot be had any more, Require begins anew with the credential as it is now. A
//     principal that was made again under the same ARN is another one.
//
// # Services like Amazon S3
//
// A service with the interface of S3 is configured as the example "S3" shows: Service "s3",
// [PathS3], [WriteS3Error], and what its clients need of the following.
//
//   - Header-signed requests must have X-Amz-Content-Sha256, as all S3 clients send it. Digests are
//     always accepted. Over http, minio-go needs StreamingSigned, or with checksums in trailers
//     StreamingSignedTrailer; AWS's SDKs send digests, but for that for JavaScript, which sends
//     streams in unsigned chunks there too.
//   - Over TLS, whose integrity they rely on, SDKs do not sign bodies: AWS's of today need
//     InsecureStreamingUnsignedTrailer, their older versions and minio-go InsecureUnsigned. Without
//     TLS these modes let everyone on the way choose the body.
//   - Presigned URLs need MaxPresignExpiry and InsecureUnsigned.
//   - Digests and unsigned payloads are read into memory, up to MaxBodyBytes: it should hold a part
//     of a multipart upload, 5 to 16 MiB by default. Bodies in chunks are not.
//   - Both addressing styles verify. Where the host names the bucket it is the signed one, and
//     Config.Hosts is left nil.
//   - An [Authorizer] needs ResourceAccount, since S3's ARNs name no account, and
//     InsecureObjectPaths, since keys hold what else would be refused: empty and dot segments,
//     escaped slashes. The service MUST take r.URL.Path as it is, without a router that cleans it.
//   - S3's operations differ in query parameters and headers too. Target MUST map a request with
//     any that the service does not know to nothing; X-Amz-Copy-Source names a second resource, and
//     the body of DeleteObjects many, each of which the handler asks Check for.
//
// Not accepted are requests without credentials, Signature Version 2, which "aws s3 presign" uses
// in us-east-1 unless the profile has s3.signature_version = s3v4, and uploads from HTML forms with
// a POST policy. A client that signed for another region is told the right one, which SDKs follow.
//
// # When a signature does not verify
//
// A refused caller is told what API Gateway would say, and never more. An operator has three ways
// to the reason.
//
// One request at hand: [Authenticator.Diagnose], before Verify or after it has refused, returns a
// [Diagnosis] that prints as a text to act upon:
//
//	refused: SignatureMismatch: The request signature we calculated does not match ...
//	access key: AKIAIOSFODNN7EXAMPLE
//	the signature is right, and the request verifies if
//	- Host is "api.example.com": "10.0.0.7:8080" arrived [host]
//	  let the proxy pass on the Host that the client sent, or say it in Config.Proxies.HostHeader; ...
//	the server's canonical request, redacted:
//	  | GET
//	  | /prod/rides
//
// A service that runs: [Observe.DiagnosesPerMinute] hands that many diagnoses a minute to
// [Observe.Audit], in [Event.Diagnosis]. Group them by [Cause] to see one proxy's misconfiguration
// among the strangers. These read nothing of a body that Verify had not read; NotTried then says
// so.
//
// One kind of requests: a [Config.Denied] hook that calls Diagnose for, say, one access key, writes
// it to a log, and answers as ever.
//
// A cause is found by computing the signature for the request as it would have been without it, and
// for every two causes together, with the secret from the credential store, and comparing in
// constant time. So a finding of a diagnosis that Verifies is a fact, and the client does have the
// secret. Where none is found the client most likely has another one; something may also have
// changed the request in a way that cannot be undone, such as a proxy that drops a parameter or
// writes a new body. Compare the canonical request with the client's own, which SDKs log at their
// debug level, line by line.
//
// A diagnosis prints safely, but it quotes paths, hosts and parameters, and tells which access keys
// exist: it is for logs that operators read, and MUST NOT be sent to the caller. It changes no
// verdict, and nothing that a request says of itself, such as X-Forwarded-Host, is believed for
// more than a try.
//
// # Replays
//
// A request that is seen on the way can be sent again within the clock window, a presigned URL
// until it expires: nothing of a request is remembered. Use TLS, and make operations idempotent or
// check for repeats where that matters.
//
// # Metrics
//
// With [Observe.Meter], the meter github.com/wildgate/wildgate/sigv4auth has the counter
// sigv4auth.requests and the histograms sigv4auth.duration (seconds until the verdict), both by
// "outcome", which is "admitted" or an [Reason], and sigv4auth.clock_skew (seconds by which the
// server's clock is ahead of a request's date). The counter sigv4auth.streamed_bodies counts the
// bodies of streaming modes once they have been read to their end or to an error, by "outcome",
// which is "verified" or a Reason.
package sigv4auth
