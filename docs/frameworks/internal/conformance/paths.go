package conformance

import (
	"net/http"
	"testing"
)

// escapes wants each ID to arrive as it was meant, in whichever way the path spells it, or the call
// to be refused: never another route, another note, or one that the policies were not asked about.
func (s *set) escapes(t *testing.T) {
	for _, id := range exactly {
		for _, also := range []string{"", "*", "!", "+", ":", "$", "~", "(", "abix"} {
			segment := escaped(id, also)
			t.Run(segment, func(t *testing.T) {
				s.served(t, Call{Operation: Read, ID: id, Segment: segment, As: s.p.Erin})
			})
		}
	}
	for name, segment := range map[string]string{
		"escaped slash": "bob-1%2Fx", "in lower case": "bob-1%2fx", "backslash": "bob-1%5Cx", "raw backslash": `bob-1\x`,
		"dot segments": "../notes/bob-1", "escaped dots": "%2e%2e/notes/bob-1", "another route": "bob-1%2F..%2F..%2Fcrash",
		"empty segment": "/bob-1", "twice escaped": "seve%256E", "not UTF-8": "bob-%E4", "a byte of zero": "bob-%00",
		"slash behind": "bob-1/",
	} {
		t.Run(name, func(t *testing.T) {
			answer, calls := s.do(t, Call{Operation: Read, Segment: segment, As: s.p.Bob})
			if answer.Served() || len(calls) > 0 {
				t.Errorf("%v, and the service saw %v", answer, calls)
			}
		})
	}
}

// unknown wants that nobody who does not sign learns what there is, and that one who may do
// everything gets no handler for what there is not.
func (s *set) unknown(t *testing.T) {
	known := s.refuses(t, Call{Operation: Read, ID: "seven"})
	calls := []Call{
		{Operation: Unknown},
		{Operation: Unknown, Path: "/"},
		{Operation: Read, ID: "seven", Method: http.MethodDelete},
		{Operation: Read, ID: "seven", Method: http.MethodOptions},
		{Operation: Read, Path: "/notes/seven/"},
		{Operation: Read, Path: "/Notes/seven"},
		{Operation: Read, Path: "/notes"},
		{Operation: Read, Path: "/notes/"},
		{Operation: Health, Method: http.MethodPost},
		{Operation: Health, Path: "/healthz/"},
	}
	for _, c := range calls {
		method, path := c.HTTPTarget()
		t.Run(method+" "+path, func(t *testing.T) {
			if a := s.refuses(t, c); a.Status != known.Status || a.Body != known.Body {
				t.Errorf("%v; a route that is there answers %v", a, known)
			}
			for _, as := range []*Caller{s.p.Forger, s.p.Bob} {
				c.As = as
				s.refuses(t, c)
			}
			c.As = s.p.Alice
			if a, reached := s.do(t, c); a.Served() || len(reached) > 0 {
				t.Errorf("as alice: %v, and the service saw %v", a, reached)
			}
		})
	}
}
