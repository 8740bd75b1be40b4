package sigv4auth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestAdmitted: what is signed as AWS's own signer signs is admitted, and the handler sees who
// called and the very body.
func TestAdmitted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		r       *http.Request
		s       signing
		arn     string
		place   sigv4auth.SignatureLocation
		session bool
	}{
		{"header, long-term key", ride(), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"header, session token", ride(), temporary(), rolePrincipal.ARN, sigv4auth.InHeader, true},
		{"header, declared digest", ride(), signing{digestHeader: true}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"header, no body", request("GET", "/prod/rides?limit=10&status=a%20b", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{
			"header, and a payload mode in the query, where it counts for nothing",
			request("GET", "/prod/rides?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", ""),
			signing{},
			userPrincipal.ARN, sigv4auth.InHeader,
			false,
		},
		{"presigned", request("GET", "/prod/rides?limit=10", ""), signing{presign: time.Minute}, userPrincipal.ARN, sigv4auth.InQuery, false},
		{
			"presigned, session token", request("GET", "/prod/rides", ""),
			signing{keyID: tempKeyID, token: testToken, presign: time.Minute},
			rolePrincipal.ARN, sigv4auth.InQuery, true,
		},
		{"presigned, body", ride(), signing{presign: time.Minute}, userPrincipal.ARN, sigv4auth.InQuery, false},
		{"threat 100: HEAD", request("HEAD", "/prod/rides", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
		{"threat 133: OPTIONS is a method like any other", request("OPTIONS", "/prod/rides", ""), signing{}, userPrincipal.ARN, sigv4auth.InHeader, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, nil)
			body, length := rideBody, int64(len(rideBody))
			if tt.r.ContentLength == 0 {
				body, length = "", 0
			}
			r := sign(t, tt.r, tt.s)
			var handler spy
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, r)
			if handler.ran != 1 {
				t.Fatalf("refused: %d %s", w.Code, w.Body)
			}
			if handler.body != body || handler.r.ContentLength != length {
				t.Errorf("the handler read %q, Content-Length %d; want %q, %d", handler.body, handler.r.ContentLength, body, length)
			}
			id, ok := sigv4auth.IdentityFrom(handler.r.Context())
			if !ok {
				t.Fatal("the handler's context has no identity")
			}
			if id.Principal.ARN != tt.arn || id.SignatureLocation != tt.place || !id.VerifiedAt.Equal(testNow) ||
				!id.SignedAt.Equal(testNow) || id.PayloadMode != sigv4auth.PayloadDigest {
				t.Errorf("identity %+v", id)
			}
			if want := (sigv4auth.Scope{Date: "20260102", Region: testRegion, Service: testService}); id.Scope != want {
				t.Errorf("scope %v; want %v", id.Scope, want)
			}
			if _, ok := id.Session(); ok != tt.session {
				t.Errorf("a session: %t; want %t", ok, tt.session)
			}
			if !id.Signed("Host") || id.Signed("X-Not-Sent") || id.Signed("") {
				t.Error("Signed does not tell what was signed")
			}
		})
	}
}
