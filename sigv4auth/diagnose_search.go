package sigv4auth

import (
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// The bounds of one diagnosis.
const (
	maxTrials         = 2048    // signatures
	maxTrialsV4A      = 64      // signatures of SigV4A, each of which costs tens of times as much: "SigV4A" in bench/RESULTS.md
	maxTrialBytes     = 8 << 20 // bytes of canonical requests, taken together
	maxCandidates     = 512     // changes that are tried one by one, then in pairs
	maxHostsTried     = 16      // hosts that are tried
	maxForwardedTried = 4       // values of each header that names a host or a path (threat 123)
	maxParameters     = 32      // parameters that are left out, one at a time
	maxBodyVariant    = 1 << 20 // bytes of a body that is tried with other line endings
)

// search looks for the canonical request that was signed, among those that differ from the one that
// Verify builds in one line or in two. It works on the lines of that one, so that there is no
// second way to build it.
type search struct {
	scratch    *scratch
	key        verificationKey
	p          *authParams
	lines      []string // of the canonical request: method, path, query, headers, "", signed headers, payload
	candidates []candidate
	trials     int
	spent      int // bytes
	buf        []byte
}

// candidate is one line as it may have been signed, and what that would mean.
type candidate struct {
	line    int
	text    string
	finding diagnosis.Finding
}

// The lines before the headers.
const (
	methodLine = iota
	pathLine
	queryLine
	headerLines
)

func (s *search) begin(x *diagnoser, canonical []byte, accepted bool) {
	*s = search{scratch: x.s, key: x.key(accepted), p: &x.p, lines: strings.Split(string(canonical), "\n")}
}

// payload makes text the last line.
func (s *search) payload(text string) { s.lines[len(s.lines)-1] = text }

// payloadLine is the index of the last line.
func (s *search) payloadLine() int { return len(s.lines) - 1 }

// headers calls f for each header line.
func (s *search) headers(f func(line int, name, value string)) {
	for i := headerLines; i < len(s.lines) && s.lines[i] != ""; i++ {
		name, value, _ := strings.Cut(s.lines[i], ":")
		f(i, name, value)
	}
}

// hostLine is the index of the line that holds the host, which is always signed.
func (s *search) hostLine() (line int) {
	s.headers(func(i int, name, _ string) {
		if name == "host" {
			line = i
		}
	})
	return line
}

// add adds a candidate, unless it changes nothing or has been added already.
func (s *search) add(line int, text string, f diagnosis.Finding) {
	if s.lines[line] == text || len(s.candidates) == maxCandidates {
		return
	}
	for i := range s.candidates {
		if s.candidates[i].line == line && s.candidates[i].text == text {
			return
		}
	}
	s.candidates = append(s.candidates, candidate{line: line, text: text, finding: f})
}

// run tries every candidate, and then every two that go together. It returns what verifies, and
// whether all was tried.
func (s *search) run() (found []diagnosis.Finding, complete bool) {
	for i := range s.candidates {
		if s.exhausted() {
			return nil, false
		}
		c := &s.candidates[i]
		if s.with(c, s.verifies) {
			return []diagnosis.Finding{c.finding}, true
		}
	}
	for i := range s.candidates {
		for j := range i {
			if s.exhausted() {
				return nil, false
			}
			c, d := &s.candidates[j], &s.candidates[i]
			if c.line != d.line && s.with(c, func() bool { return s.with(d, s.verifies) }) {
				return []diagnosis.Finding{c.finding, d.finding}, true
			}
		}
	}
	return nil, true
}

func (s *search) exhausted() bool {
	most := maxTrials
	if s.p.algorithm == ecdsaP256 {
		most = maxTrialsV4A
	}
	return s.trials >= most || s.spent >= maxTrialBytes
}

// with calls f while c's line is in its place.
func (s *search) with(c *candidate, f func() bool) bool {
	was := s.lines[c.line]
	s.lines[c.line] = c.text
	defer func() { s.lines[c.line] = was }()
	return f()
}

// arrived reports whether the signature is that of the request as it arrived, for one of the hosts
// that a trusted proxy named if there is one.
func (s *search) arrived(via *forwarded.Original) bool {
	if s.verifies() {
		return true
	}
	if via == nil {
		return false
	}
	for _, h := range via.Hosts[1:] {
		if s.with(&candidate{line: s.hostLine(), text: "host:" + h}, s.verifies) {
			return true
		}
	}
	return false
}

// verifies reports whether the signature is that of the lines.
func (s *search) verifies() bool {
	s.buf = s.buf[:0]
	for i, line := range s.lines {
		if i > 0 {
			s.buf = append(s.buf, '\n')
		}
		s.buf = append(s.buf, line...)
	}
	s.trials++
	s.spent += len(s.buf)
	return s.scratch.matches(s.buf, s.key, s.p)
}

// stringToSign returns what the server builds of the request as it arrived.
func (s *search) stringToSign() string {
	return string(s.p.appendStringToSign(nil, []byte(strings.Join(s.lines, "\n"))))
}
