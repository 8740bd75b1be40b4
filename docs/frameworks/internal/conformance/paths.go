package conformance

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
)

// escapes wants each ID to arrive as it was meant, in whichever way the path spells it, or the call
// to be refused: never another route, another note, or one that the policies were not asked about.
func (s *set) escapes(t *testing.T) {
	for i, id := range exactly {
		ways := []string{"", "*", "!", "+", ":", "$", "~", "(", "abix"}
		if i >= len(chosen) { // one of the ways for each of the others
			ways = ways[i%len(ways):][:1]
		}
		for _, also := range ways {
			s.served(t, Call{Operation: Read, ID: id, Segment: escaped(id, also), As: s.p.Erin})
		}
	}
	for name, segment := range map[string]string{
		"escaped slash": "bob-1%2Fx", "in lower case": "bob-1%2fx", "backslash": "bob-1%5Cx", "raw backslash": `bob-1\x`,
		"dot segments": "../notes/bob-1", "escaped dots": "%2e%2e/notes/bob-1", "another route": "bob-1%2F..%2F..%2Fcrash",
		"empty segment": "/bob-1", "twice escaped": "seve%256E", "not UTF-8": "bob-%E4", "a byte of zero": "bob-%00",
		"slash behind": "bob-1/",
	} {
		t.Run(name, func(t *testing.T) {
			s.refuses(t, Call{Operation: Read, Segment: segment, As: s.p.Bob, Hostile: true})
		})
	}
}

// pieces are what paths at random are made of.
var pieces = []string{
	"bob-", "bob-1", "seven", "notes", "crash", "healthz", "/", "/", "//", "%2F", "%2f", "..", ".", "%2e", "%2E%2E", "\\", "%5C", "%5c",
	"%25", "%252F", "%00", "%0A", "%20", "+", "%2B", "*", "%2A", "?", "%3F", ";", "%3B", ":", "%3A", "!", "%21", "~", "%7E", "%C3%BC",
	"%E4", "%61", "{id}", "%7Bid%7D", ":id", "#", "%23", "&", "=", "@", "$", "%24", "'", ",", "(", ")", "[", "]",
}

// randomPaths wants that whatever path Bob sends, no handler runs but the open one and the one that
// reads, for one of his own notes.
func (s *set) randomPaths(t *testing.T) {
	n, seed := 1000, uint64(1)
	if testneed.Long() {
		n, seed = 20_000, rand.Uint64()
	}
	random := rand.New(rand.NewPCG(seed, 0))
	reached := 0
	for i := range n {
		var path strings.Builder
		path.WriteString([]string{"/notes/bob-", "/notes/", "/"}[random.IntN(3)])
		for range random.IntN(6) {
			path.WriteString(pieces[random.IntN(len(pieces))])
		}
		if _, err := url.ParseRequestURI(path.String()); err != nil {
			continue
		}
		method := []string{http.MethodGet, http.MethodGet, http.MethodGet, http.MethodPut, http.MethodPost, http.MethodHead}[random.IntN(6)]
		c := Call{Operation: Read, Path: path.String(), Method: method, As: s.p.Bob, Hostile: true}
		if i%50 > 0 && i < n-1 {
			s.shape.Do(t, s.p, c) // what it has called is seen behind one of the next
			continue
		}
		_, calls := s.do(t, c)
		for _, call := range calls {
			if call.Operation == string(Health) {
				continue // it is for everybody
			}
			if call.Operation != string(Read) || !strings.HasPrefix(call.ID, "bob-") {
				t.Fatalf("seed %d, before the request %d: the service saw %v", seed, i, call)
			}
		}
		reached += len(calls)
	}
	if reached < n/20 {
		t.Errorf("only %d of %d requests reached the handler: they show little", reached, n)
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
			c.As = s.p.Forger
			s.refuses(t, c)
			// What was matched for the request before counts for nothing.
			c.As = s.p.Bob
			s.shape.Do(t, s.p, Call{Operation: Read, ID: "bob-1", As: s.p.Bob})
			answer := s.shape.Do(t, s.p, c)
			if _, calls := s.do(t, c); !answer.Refused() || len(calls) != 1 || calls[0].ID != "bob-1" {
				t.Errorf("as bob, after a note of his: %v, and the service saw %v; want a refusal", answer, calls)
			}
			c.As = s.p.Alice
			if a, reached := s.do(t, c); a.Served() || len(reached) > 0 {
				t.Errorf("as alice: %v, and the service saw %v", a, reached)
			}
		})
	}
}
