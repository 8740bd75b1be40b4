package conformance

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
)

// Cases are the names of the set's cases, in order.
var Cases = []string{
	"admitted", "identity", "unsigned", "wrong signature", "denied", "open route", "escapes", "paths at random", "large body",
	"changed body", "panic", "unknown route",
}

// Run builds and runs the program in the folder name beside the test, and holds the set against it.
func Run(t *testing.T, name string, shape Shape) {
	t.Helper()
	t.Parallel()
	row := Row(t, name)
	for lacking, why := range shape.Lacks {
		if !slices.Contains(Cases, lacking) {
			t.Fatalf("the set has no case %q", lacking)
		}
		if why == "" || !strings.Contains(row, lacking+": "+why) {
			t.Errorf("README.md does not say of %s %q", name, lacking+": "+why)
		}
	}
	if shape.Do == nil {
		shape.Do = HTTP
	}
	s := &set{shape, Start(t, name, shape), 0}
	for _, name := range Cases {
		if shape.Lacks[name] != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			switch name {
			case "admitted":
				s.admitted(t)
			case "identity":
				s.identity(t)
			case "unsigned":
				s.refused(t, nil)
			case "wrong signature":
				s.refused(t, s.p.Forger)
			case "denied":
				s.refused(t, s.p.Bob)
			case "open route":
				s.open(t)
			case "escapes":
				s.escapes(t)
			case "paths at random":
				s.randomPaths(t)
			case "large body":
				s.largeBody(t)
			case "changed body":
				s.changedBody(t)
			case "panic":
				s.panics(t)
			case "unknown route":
				s.unknown(t)
			default:
				t.Fatal("the case is not written")
			}
		})
	}
}

// Row returns the row of README.md that is about the program name.
func Row(t *testing.T, name string) string {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(line, "| ["+name+"]("+name+"/main.go) |") {
			return line
		}
	}
	t.Fatalf("README.md has no row for %s", name)
	return ""
}

// set is the set against one program.
type set struct {
	shape Shape
	p     *Program
	marks int
}

// do sends a call, and returns the answer and which calls reached the service meanwhile: those
// before one that is sent behind it and is admitted.
func (s *set) do(t *testing.T, c Call) (Answer, []notes.Call) {
	t.Helper()
	answer, calls := s.doBy(t, c)
	for i := range calls {
		calls[i].By = ""
	}
	return answer, calls
}

// doBy is do with who called.
func (s *set) doBy(t *testing.T, c Call) (Answer, []notes.Call) {
	t.Helper()
	answer := s.shape.Do(t, s.p, c)
	s.marks++
	mark := fmt.Sprintf("mark-%d", s.marks)
	if behind := s.shape.Do(t, s.p, Call{Operation: Read, ID: mark, As: s.p.Alice}); !behind.Served() {
		t.Fatalf("after %v as %v the program no longer serves: %v", c.Operation, c.As, behind)
	}
	return answer, s.p.Calls.until(t, notes.Call{Operation: string(Read), ID: mark})
}

// served wants a call to be answered by the handler of its operation.
func (s *set) served(t *testing.T, c Call) Answer {
	t.Helper()
	answer, calls := s.do(t, c)
	if want := []notes.Call{{Operation: string(c.Operation), ID: c.ID}}; !answer.Served() || !slices.Equal(calls, want) {
		t.Errorf("%s %q (%q) as %v: %v, and the service saw %v; want %v", c.Operation, c.ID, c.Segment, c.As, answer, calls, want)
	}
	return answer
}

// refuses wants a call to be refused, before any handler.
func (s *set) refuses(t *testing.T, c Call) Answer {
	t.Helper()
	answer, calls := s.do(t, c)
	if refused := answer.Refused() || s.shape.Redirects && c.Hostile && answer.redirects(); !refused || len(calls) > 0 {
		method, path := c.HTTPTarget()
		t.Errorf("%s (%s %.80s) as %v: %v, and the service saw %v; want a refusal", c.Operation, method, path, c.As, answer, calls)
	}
	return answer
}

func (s *set) admitted(t *testing.T) {
	text := []byte("a note")
	if a := s.served(t, Call{Operation: Write, ID: "seven", Body: text, As: s.p.Alice}); a.Body != fmt.Sprintf("%x", sha256.Sum256(text)) {
		t.Errorf("the handler read another body: its SHA-256 is %q", a.Body)
	}
	if a := s.served(t, Call{Operation: Read, ID: "seven", As: s.p.Alice}); a.Body != string(text) {
		t.Errorf("the note is %q", a.Body)
	}
	s.served(t, Call{Operation: Read, ID: "bob-1", As: s.p.Bob})
}

// identity wants the handler to know who calls.
func (s *set) identity(t *testing.T) {
	for _, as := range []*Caller{s.p.Alice, s.p.Bob, s.p.Alice} {
		answer, calls := s.doBy(t, Call{Operation: Read, ID: "bob-1", As: as})
		if want := []notes.Call{{Operation: string(Read), ID: "bob-1", By: as.ARN}}; !answer.Served() || !slices.Equal(calls, want) {
			t.Errorf("as %v: %v, and the service saw %v; want %v", as, answer, calls, want)
		}
	}
	_, calls := s.doBy(t, Call{Operation: Write, ID: "bob-1", Body: []byte("a note"), As: s.p.Alice})
	if want := []notes.Call{{Operation: string(Write), ID: "bob-1", By: s.p.Alice.ARN}}; !slices.Equal(calls, want) {
		t.Errorf("the service saw %v; want %v", calls, want)
	}
}

// refused sends all kinds of calls as somebody who may do none of them.
func (s *set) refused(t *testing.T, as *Caller) {
	for _, c := range []Call{
		{Operation: Read, ID: "seven", As: as},
		{Operation: Write, ID: "seven", Body: []byte("another note"), As: as},
		{Operation: Write, ID: "bob-1", Body: []byte("another note"), As: as},
		{Operation: Read, ID: "seven", Method: http.MethodHead, As: as}, // as GET, for many routers
		{Operation: Crash, As: as},
	} {
		answer := s.refuses(t, c)
		if as != nil && strings.Contains(answer.Body, as.Secret) {
			t.Errorf("the answer holds the secret: %v", answer)
		}
	}
	if a := s.served(t, Call{Operation: Read, ID: "seven", As: s.p.Alice}); strings.Contains(a.Body, "another") {
		t.Errorf("a refused call has written: %q", a.Body)
	}
}

func (s *set) open(t *testing.T) {
	for _, as := range []*Caller{nil, s.p.Alice, s.p.Forger} {
		if a := s.served(t, Call{Operation: Health, As: as}); a.Body != "well" {
			t.Errorf("as %v: %v", as, a)
		}
	}
}

// largeBody is one that no single read brings.
func (s *set) largeBody(t *testing.T) {
	body := largeBody()
	if a := s.served(t, Call{Operation: Write, ID: "large", Body: body, As: s.p.Alice}); a.Body != fmt.Sprintf("%x", sha256.Sum256(body)) {
		t.Errorf("the handler read another body: %v", a)
	}
	// Who is refused before the body has been read gets the answer, and no broken connection.
	for _, as := range []*Caller{nil, s.p.Forger, s.p.Bob} {
		s.refuses(t, Call{Operation: Write, ID: "large", Body: body, As: as})
	}
}

func largeBody() []byte {
	body := make([]byte, 4<<20+7)
	_, _ = rand.NewChaCha8([32]byte{}).Read(body)
	return body
}

func (s *set) changedBody(t *testing.T) {
	body := largeBody()
	changed := bytes.Clone(body)
	changed[len(changed)-1]++
	for name, sent := range map[string][]byte{
		"last byte": changed, "shorter": body[:len(body)-1], "longer": append(bytes.Clone(body), 0), "none": {},
	} {
		t.Run(name, func(t *testing.T) {
			s.refuses(t, Call{Operation: Write, ID: "large", Body: body, Sent: sent, As: s.p.Alice})
		})
	}
}

// panics wants a panic in a handler to be what the framework makes of it, and the program to live
// on; that it is reached only by who may is what refused shows.
func (s *set) panics(t *testing.T) {
	for range 2 {
		answer, calls := s.do(t, Call{Operation: Crash, As: s.p.Alice})
		if answer.Served() || answer.Refused() || !slices.Equal(calls, []notes.Call{{Operation: string(Crash)}}) {
			t.Errorf("%v, and the service saw %v", answer, calls)
		}
	}
}
