// Package v4 is the pure part of Signature Version 4 and of its asymmetric form, SigV4A: bytes in,
// bytes out.
//
// It builds canonical requests, strings to sign and signing keys as the IAM User Guide describes
// them in "Create a signed AWS API request", parses the dates and credential scopes they are made
// of, and says what may be the name of a header or a host. It knows neither clocks nor stores nor
// HTTP statuses; what a fault means for a caller is decided in package sigv4auth.
//
// Functions named Append... append to the slice they are given, as in package strconv, so that a
// verifier can work in one reused buffer.
package v4

// Algorithm is the name of the signing algorithm, as it stands in the Authorization
// header, in X-Amz-Algorithm and on the first line of a string to sign.
const Algorithm = "AWS4-HMAC-SHA256"

// Terminator is the last component of every credential scope.
const Terminator = "aws4_request"

// UnsignedPayload stands in a canonical request in the place of the payload's
// digest where the signature does not cover the payload.
const UnsignedPayload = "UNSIGNED-PAYLOAD"

// EmptyPayload is the hexadecimal SHA-256 of no bytes.
const EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
