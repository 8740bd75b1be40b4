package sigv4auth_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestRefusedCredentials: credentials that are missing, in two places, or not of the one form:
// section A of the threats.
func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	runAll(t, []refusalTest{
		{
			name: "threat 1: no credentials", change: func(r *http.Request) { r.Header = http.Header{} },
			code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException",
			text: `{"message":"Missing Authentication Token"}`,
		},
		{
			name:   "threat 2: an OPTIONS request without credentials",
			r:      func() *http.Request { return request("OPTIONS", "/prod/ride", "") },
			change: func(r *http.Request) { r.Header = http.Header{} },
			code:   sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException",
		},
		{name: "threat 99: a browser's POST upload", change: func(r *http.Request) {
			r.Header = http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
		{
			name: "threat 3: header and query credentials together", r: rides, s: presigned, change: setHeader("Authorization",
				"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name:   "threat 3: a header signature and one query parameter of a presigned URL",
			change: target("/ride", "/ride?X-Amz-Signature=00"),
			code:   sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 4: query credentials without a signature", r: rides, s: presigned,
			change: target("X-Amz-Signature", "X-Signature"),
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "must include 'X-Amz-Signature'. Re-examine",
		},
		{
			name: "threat 5: two Authorization lines", change: addHeader("Authorization", "Bearer x"),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 6: Credential twice", change: authorization("Credential=", "Credential=x/20260102/us-east-1/execute-api/"+
				"aws4_request, Credential="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 6: Signature twice", change: authorization("Signature=", "Signature=00, Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 6: SignedHeaders twice", change: authorization("SignedHeaders=", "SignedHeaders=host, SignedHeaders="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 7: an unknown field", change: authorization("Signature=", "Extra=1, Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "unknown field",
		},
		{
			name: "threat 7: a field in lower case", change: authorization("Signature=", "signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
		{
			name: "threat 7: an element that is no field", change: authorization("Signature=", "x, Signature="),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Invalid key=value pair (missing equal-sign)",
		},
		{
			name: "threat 7: a comma at the end", change: func(r *http.Request) {
				r.Header.Set("Authorization",
					r.Header.Get("Authorization")+",")
			},
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 8: the scheme's name with something behind it", change: authorization("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256X "),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 8: the scheme in lower case", change: authorization("AWS4-HMAC-SHA256 ", "aws4-hmac-sha256 "),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete,
		},
		{
			name: "threat 9: SHA-1", change: authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 9: SigV4A", change: authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{
			name: "threat 9: another algorithm in the query", r: rides, s: presigned,
			change: target("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256-PAYLOAD"),
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Unsupported AWS 'algorithm'",
		},
		{name: "threat 10: an upper-case signature", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			i := strings.Index(v, "Signature=") + len("Signature=")
			r.Header.Set("Authorization", v[:i]+strings.ToUpper(v[i:]))
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{name: "threat 10: an empty signature", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			r.Header.Set("Authorization", v[:strings.Index(v, "Signature=")+len("Signature=")])
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Authorization header requires 'Signature' " +
			"parameter. (Hashed"},
		{name: "threat 10: a signature that is too short", change: func(r *http.Request) {
			v := r.Header.Get("Authorization")
			r.Header.Set("Authorization", v[:len(v)-2])
		}, code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete},
		{
			name: "threat 10: no name before the signature", change: authorization("Signature=", ""),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Invalid key=value pair (missing equal-sign)",
		},
		{
			name: "threat 13: an empty Credential", change: func(r *http.Request) {
				_, rest, _ := strings.Cut(r.Header.Get("Authorization"), ",")
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=,"+rest)
			},
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Authorization header requires 'Credential' " +
				"parameter. (Hashed",
		},
		{
			name: "threat 13: a scope without an access key ID", change: authorization(testKeyID+"/", ""),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "exactly 5",
		},
		{
			name: "threat 11: SigV2 in the header", change: setHeader("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:"+
				"frJIUN8DYpKDtOLCwo//yllqDzg="),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires 'Credential' parameter. " +
				"Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. (Hashed",
		},
		{name: "threat 11: SigV2 in the query", r: rides, change: func(r *http.Request) {
			r.Header = http.Header{}
			r.RequestURI = "/prod/rides?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=9999999999"
		}, code: sigv4auth.ErrMissingAuthenticationToken, status: 403, typ: "MissingAuthenticationTokenException"},
		{
			name: "threat 12: a bearer token", change: setHeader("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "Invalid key=value pair",
		},
		{
			name:   "threat 12: a bearer token without a date",
			change: func(r *http.Request) { r.Header = http.Header{"Authorization": {"Basic dXNlcjpwdw=="}} },
			code:   sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires existence of either a 'X-Amz-Date' " +
				"or a 'Date' header. (Hashed",
		},
		{
			name: "threat 13: a slash in the access key ID", change: authorization(testKeyID, "a/"+testKeyID),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "exactly 5",
		},
		{
			name: "threat 13: four elements", change: authorization("/aws4_request", ""),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "exactly 5",
		},
		{
			name: "threat 14: an access key ID with a quote", change: authorization(testKeyID, "AKIA'OR'1"),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 14: an access key ID that is too long", change: authorization(testKeyID, strings.Repeat("A", 129)),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name: "threat 15: an empty access key ID", change: authorization(testKeyID, ""),
			code: sigv4auth.ErrUnrecognizedClient, status: 403, typ: unrecognized,
		},
		{
			name:   "threat 16: an x_amz_* header that is not signed",
			change: func(r *http.Request) { r.Header["X_amz_target"] = []string{"x"} },
			code:   sigv4auth.ErrHeaderNotSigned, status: 403, typ: invalidSignature,
		},
		{
			name: "threat 6: a field twice, the first empty", change: authorization("Signature=", "Signature=, Signature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name: "threat 6: Credential twice, the first empty", change: authorization("Credential=", "Credential=, Credential="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete, text: "twice",
		},
		{
			name:   "threat 6: SignedHeaders twice, the first empty",
			change: authorization("SignedHeaders=", "SignedHeaders=, SignedHeaders="), code: sigv4auth.ErrMalformedRequest, status: 400,
			typ: incomplete, text: "twice",
		},
		{
			name: "threat 8: the right fields under another scheme", change: authorization("AWS4-HMAC-SHA256 ", "Bearer x=1, "),
			code: sigv4auth.ErrIncompleteSignature, status: 403, typ: incomplete, text: "requires 'Credential' parameter",
		},
		{
			name: "threat 7: a tab before a field", change: authorization(" Signature=", "\tSignature="),
			code: sigv4auth.ErrMalformedRequest, status: 400, typ: incomplete,
		},
	})
}
