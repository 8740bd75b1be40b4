package main_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestFlawsAreFound runs the checks against a verifier that has one flaw, and wants the checks that are there for it to say so.
func TestFlawsAreFound(t *testing.T) {
	for _, tt := range []struct {
		flaw    string
		verdict string
		checks  []string
	}{
		{"skips the body", "wrongly admitted", []string{"a byte of the body is changed", "a byte of the body is changed, Content-Length unsigned", "presigned: a byte of the body is changed"}},
		{"believes the digest", "wrongly admitted", []string{"a byte of the body is changed, its digest stays", "the digest of another body is signed", "a digest that is not hex is signed"}},
		{"admits unsigned bodies", "information", []string{"POST with UNSIGNED-PAYLOAD"}},
		{"trusts unsigned x-amz-* headers", "wrongly admitted", []string{"an unsigned x-amz-* header is added", "a signed x-amz-* header is taken out of SignedHeaders", "presigned: an unsigned x-amz-* header is added", "X-Amz-Date is not signed"}},
		{"ignores expiry", "wrongly admitted", []string{"presigned: expired a minute ago", "presigned: expired a day ago"}},
		{"knows no clock", "wrongly admitted", []string{"signed twenty minutes ago", "signed a year ahead", "presigned: signed twenty minutes ahead", "presigned: X-Amz-Expires is missing"}},
		{"looks at one side of the clock", "wrongly admitted", []string{"signed twenty minutes ahead", "signed a year ahead", "presigned: signed twenty minutes ahead"}},
		{"folds paths", "wrongly admitted", []string{"a slash is doubled", "a dot segment is inserted", "a segment is inserted and taken back by two dots"}},
		{"encodes paths once", "wrongly refused", []string{"path: letters beyond ASCII", "path: an escaped space"}},
		{"ignores the method", "wrongly admitted", []string{"the method is changed", "presigned: the method is changed"}},
		{"ignores the query", "wrongly refused", []string{"GET with a query"}},
		{"takes one value of a name", "wrongly admitted", []string{"a parameter is repeated"}},
		{"takes one value of a name", "wrongly refused", []string{"query: a repeated name"}},
		{"sorts pairs as text", "wrongly refused", []string{"query: names that begin with others"}},
		{"drops parameters it cannot parse", "wrongly admitted", []string{"a parameter with a malformed escape is added"}},
		{"does not fold spaces", "wrongly refused", []string{"header: runs of spaces"}},
		{"takes the first value", "wrongly admitted", []string{"a signed header is repeated with another value"}},
		{"takes absent headers for empty", "wrongly admitted", []string{"SignedHeaders names a header that is not sent", "an empty signed header is dropped"}},
		{"does not ask for host", "wrongly admitted", []string{"SignedHeaders without host", "presigned: SignedHeaders without host"}},
		{"takes any scope", "wrongly admitted", []string{"another region", "another service", "another terminator", "a scope with a component too many", "presigned: another region"}},
		{"does not compare the scope's date", "wrongly admitted", []string{"the scope's date is yesterday's", "presigned: the scope's date is yesterday's"}},
		{"ignores the algorithm", "wrongly admitted", []string{"the algorithm AWS4-HMAC-SHA1", "the algorithm of chunks", "presigned: the algorithm AWS4-HMAC-SHA1"}},
		{"compares as many digits as came", "wrongly admitted", []string{"the signature is empty", "the signature is cut by a byte", "presigned: the signature is empty"}},
		{"takes two kinds of credentials", "wrongly admitted", []string{"presigned: an Authorization header is also sent"}},
		{"fails on what it cannot read", "information", []string{"Authorization is the scheme alone"}},
	} {
		t.Run(tt.flaw+": "+tt.verdict, func(t *testing.T) {
			var names []string
			for _, name := range tt.checks {
				names = append(names, regexp.QuoteMeta(name))
			}
			f, err := probe(t, serve(t, naive{flaw: tt.flaw}), "-run", "^("+strings.Join(names, "|")+")$")
			if (err != nil) != (tt.verdict != "information") {
				t.Errorf("Run: %v", err)
			}
			got := f.named(tt.verdict)
			for _, name := range tt.checks {
				answer, ok := got[name]
				if !ok {
					t.Errorf("%q is not among what is %s: %v", name, tt.verdict, got)
				}
				if tt.verdict == "information" && answer != "admitted, 200" && answer != "failed, 500" {
					t.Errorf("%q: %s", name, answer)
				}
			}
		})
	}
}

// TestAnEndpointThatVerifies: a second verifier, which is not ours, has no fault either, so that what is found is the flaw.
func TestAnEndpointThatVerifies(t *testing.T) {
	f, err := probe(t, serve(t, naive{}))
	if err != nil {
		t.Error(err, f.named("wrongly admitted"), f.named("wrongly refused"))
	}
}

func TestAnOpenEndpointIsFound(t *testing.T) {
	f, err := probe(t, serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	if err == nil || f.WronglyAdmitted < 50 || f.WronglyRefused > 0 {
		t.Errorf("%d wrongly admitted, %d wrongly refused: %v", f.WronglyAdmitted, f.WronglyRefused, err)
	}
}

// TestWhatTheRouterAnswersIsNotHeldAgainstTheVerifier: below the one protected route there is nothing, for nobody.
func TestWhatTheRouterAnswersIsNotHeldAgainstTheVerifier(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/stage/thing", naive{})
	f, err := probe(t, serve(t, mux))
	if err != nil {
		t.Error(err, f.named("wrongly admitted"), f.named("wrongly refused"))
	}
	if _, ok := f.named("not tested")["a segment is added to the path"]; !ok {
		t.Error("a path that is answered with 404 to everybody counts as tested")
	}
}

// TestWhatAPolicyDeniesIsNotHeldAgainstTheVerifier: a denial by a policy comes after the signature was found right.
func TestWhatAPolicyDeniesIsNotHeldAgainstTheVerifier(t *testing.T) {
	denied := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
			return
		}
		naive{}.ServeHTTP(w, r)
	})
	f, err := probe(t, serve(t, denied))
	if err != nil {
		t.Error(err, f.named("wrongly admitted"), f.named("wrongly refused"))
	}
	if _, ok := f.named("not tested")["POST with a body"]; !ok {
		t.Error("a request that a policy denies counts as tested")
	}
}
