package e2e

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestBothAnswerAssumeRole: what is measured as AssumeRole issues credentials, other ones to each
// caller, and refuses who signs wrongly. The bare handler, which does none of it, answers as many
// bytes.
func TestBothAnswerAssumeRole(t *testing.T) {
	t.Parallel()
	o := newOrder()
	shots, err := sign(t.Context(), o, scenario{Assume: true, Bad: 1}, "sts.example.com")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(h http.Handler, s *shot) (int, []byte) {
		t.Helper()
		r, err := s.arrive()
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code, w.Body.Bytes()
	}
	sizes := map[bool]int{}
	for _, o.Protected = range []bool{true, false} {
		h, err := newSTS(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		tokens := map[string]bool{}
		for i := range shots[:3] {
			s := &shots[i]
			status, text := ask(h, s)
			if want := map[bool]int{false: http.StatusOK, true: http.StatusForbidden}[s.bad && o.Protected]; status != want {
				t.Errorf("protected %t, request %d: %d %s; want %d", o.Protected, i, status, text, want)
			}
			if s.bad && o.Protected {
				continue
			}
			var answer struct {
				Token string `xml:"AssumeRoleResult>Credentials>SessionToken"`
			}
			if err := xml.Unmarshal(text, &answer); err != nil || answer.Token == "" {
				t.Errorf("protected %t: %s (%v)", o.Protected, text, err)
			}
			sizes[o.Protected], tokens[answer.Token] = len(text), true
		}
		if want := map[bool]int{true: 2, false: 1}[o.Protected]; len(tokens) != want {
			t.Errorf("protected %t: %d tokens; want %d", o.Protected, len(tokens), want)
		}
	}
	if sizes[true] != sizes[false] {
		t.Errorf("%d bytes, and bare %d", sizes[true], sizes[false])
	}
}
