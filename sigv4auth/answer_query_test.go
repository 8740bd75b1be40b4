package sigv4auth_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// queryAnswer is the error document of the query protocol as a strict reader sees it.
type queryAnswer struct {
	XMLName xml.Name `xml:"ErrorResponse"`
	Error   struct{ Type, Code, Message string }
	Request string `xml:"RequestId"`
}

func readQueryAnswer(t *testing.T, w *httptest.ResponseRecorder) queryAnswer {
	t.Helper()
	var got queryAnswer
	if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return got
}

// TestWriteQueryErrorNamespace: the answer to a refused request of STS and of IAM is in the
// namespace of that service, whether the Authenticator or the handler behind it writes it; that of
// another service is in none.
func TestWriteQueryErrorNamespace(t *testing.T) {
	t.Parallel()
	for service, want := range map[string]string{
		"sts":         "https://sts.amazonaws.com/doc/2011-06-15/",
		"iam":         "https://iam.amazonaws.com/doc/2010-05-08/",
		"execute-api": "",
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Service, c.Denied = service, sigv4auth.WriteQueryError })
		h := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sigv4auth.WriteQueryError(w, r, sigv4auth.ErrAccessDenied)
		}))
		unsigned, signed := httptest.NewRecorder(), httptest.NewRecorder()
		h.ServeHTTP(unsigned, ride())
		h.ServeHTTP(signed, sign(t, ride(), signing{service: service}))
		for w, code := range map[*httptest.ResponseRecorder]string{unsigned: "MissingAuthenticationToken", signed: "AccessDenied"} {
			got := readQueryAnswer(t, w)
			if got.XMLName.Space != want || got.Error.Code != code || got.Error.Type != "Sender" || w.Code != 403 {
				t.Errorf("%s: %d %+v; want %s in %q", service, w.Code, got, code, want)
			}
			if got.Request == "" || got.Request != w.Header().Get("X-Amzn-Requestid") || w.Header().Get("X-Amzn-Errortype") != code {
				t.Errorf("%s: %+v with the headers %v", service, got, w.Header())
			}
		}
	}
}

// TestWriteQueryErrorCodes: codes, statuses and texts are those of STS and IAM: what their "Common
// Errors" list, and public captures of STS show.
func TestWriteQueryErrorCodes(t *testing.T) {
	t.Parallel()
	changed := func(what func(*http.Request)) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request {
			r := sign(t, ride(), signing{service: "sts"})
			what(r)
			return r
		}
	}
	edit := func(old, with string) func(*testing.T) *http.Request {
		return changed(func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, with, 1))
		})
	}
	dated := func(off time.Duration) func(*testing.T) *http.Request {
		return func(t *testing.T) *http.Request {
			return sign(t, ride(), signing{service: "sts", at: testNow.Add(off)})
		}
	}
	for _, tt := range []struct {
		name    string
		request func(*testing.T) *http.Request
		status  int
		code    string
		message string // a part of it
	}{
		{
			"nothing signed", func(*testing.T) *http.Request { return ride() }, 403,
			"MissingAuthenticationToken", "Request is missing Authentication Token",
		},
		{
			"unknown key", edit("Credential="+testKeyID, "Credential=AKIDUNKNOWN"), 403,
			"InvalidClientTokenId", "The security token included in the request is invalid.",
		},
		{"wrong signature", edit("Signature=", "Signature=0123456789abcdef"), 400, "IncompleteSignature", ""},
		{
			"tampered", changed(func(r *http.Request) { r.RequestURI += "?a=b" }), 403, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. ",
		},
		{
			"no signature in the header", changed(func(r *http.Request) {
				before, _, _ := strings.Cut(r.Header.Get("Authorization"), ", Signature=")
				r.Header.Set("Authorization", before)
			}), 400, "IncompleteSignature", "Authorization header requires 'Signature' parameter.",
		},
		{
			"wrong region", edit("/us-east-1/", "/eu-west-1/"), 403,
			"SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-1'. ",
		},
		{
			"wrong service", edit("/sts/", "/iam/"), 403,
			"SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. ",
		},
		{"too old", dated(-time.Hour), 403, "SignatureDoesNotMatch", "Signature expired: "},
		{"too young", dated(time.Hour), 403, "SignatureDoesNotMatch", "Signature not yet current: "},
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Service, c.Denied = "sts", sigv4auth.WriteQueryError })
		var handler spy
		w := httptest.NewRecorder()
		a.Handler(&handler).ServeHTTP(w, tt.request(t))
		got := readQueryAnswer(t, w)
		if handler.ran != 0 || w.Code != tt.status || got.Error.Code != tt.code || !strings.Contains(got.Error.Message, tt.message) {
			t.Errorf("%s: %d %+v; the handler ran %d times", tt.name, w.Code, got, handler.ran)
		}
	}
	for reason, want := range map[sigv4auth.Reason][2]string{
		sigv4auth.ErrExpiredToken:       {"ExpiredToken", "The security token included in the request is expired"},
		sigv4auth.ErrServiceUnavailable: {"ServiceUnavailable", "The request has failed due to a temporary failure of the server."},
		sigv4auth.ErrRevisionGone:       {"ServiceUnavailable", "The request has failed due to a temporary failure of the server."},
		sigv4auth.ErrInternalFailure: {
			"InternalFailure", "The request processing has failed because of an unknown error, exception or failure.",
		},
	} {
		w := httptest.NewRecorder()
		sigv4auth.WriteQueryError(w, ride(), reason)
		if got := readQueryAnswer(t, w); got.Error.Code != want[0] || got.Error.Message != want[1] {
			t.Errorf("%s: %+v", reason, got)
		}
	}
	// A text of the caller's own stays.
	w := httptest.NewRecorder()
	sigv4auth.WriteQueryError(w, ride(), &sigv4auth.Error{Reason: sigv4auth.ErrMissingAuthenticationToken, Message: "Sign < it"})
	if got := readQueryAnswer(t, w); got.Error.Message != "Sign < it" {
		t.Errorf("%+v", got)
	}
}
