// Command sigv4probe checks a verifier of AWS Signature Version 4: it sends signed, mangled and hostile requests to an HTTP endpoint that claims to verify AWS Signature
// Version 4 with a key that the caller knows, and reports what the endpoint wrongly admits or refuses.
//
//	AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... go run github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe -url http://127.0.0.1:8080/prod/rides -region us-east-1 -service execute-api
//
// Each check sends one request, which is a good one or a good one with a single thing changed, and has a name, what the endpoint is expected to do, and
// why. A changed request says something only where the good one that it was made of is admitted, so that one is always sent before. Where a rule has options, or
// AWS's own services differ, the answer is information and no finding.
//
// The requests are signed by this package, from AWS's public description of the protocol, and written to the connection byte by byte:
// no HTTP client would send most of them. It shares no code with sigv4auth.
//
// The key SHOULD be allowed everything by the endpoint's policies: what is denied by one, which AWS's codes of errors tell apart, is not tested. An endpoint is
// taken to refuse with the statuses 400, 401, 403, 411, 413, 414, 417, 431, 501, 503 and 505, or by closing the connection, and to admit with any other below 500;
// one that is no success counts as admitted only where the same request without credentials is answered otherwise.
package main
