package iampolicy_test

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// growthBytes is how large the documents of TestParseAndValidateGrowWithTheDocument are.
// WILDGATE_GROWTH gives another size: 1048576 is the largest that Parse takes.
const growthBytes = 1 << 16

// A series is a document that can be made as long as one likes: units between a head
// and a tail, with commas between them.
type series struct {
	name       string
	kind       iampolicy.PolicyType
	head, tail string
	unit       func(i int) string
	most       int // units; 0 is as many as fit
	options    []iampolicy.ParseOption
}

// units returns how many units make a document of so many bytes.
func (s *series) units(bytes int) (n int) {
	bytes -= len(s.head) + len(s.tail)
	most := s.most
	if most == 0 {
		most = 99_000 // and not more values than a document may have
	}
	for n = 0; n < most; n++ {
		if bytes -= len(s.unit(n)) + 1; bytes < 0 {
			break
		}
	}
	return n
}

// document returns the document of the units from the first on.
func (s *series) document(n int) []byte {
	var b strings.Builder
	b.WriteString(s.head)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(s.unit(i))
	}
	b.WriteString(s.tail)
	return []byte(b.String())
}

// inTurn returns what each costs in the median of some tries, one after the other in each. The
// system's account of processor time errs in both directions where others use the machine.
func inTurn(tries int, each ...func()) []time.Duration {
	costs := make([][]time.Duration, len(each))
	for range tries {
		for i, do := range each {
			start := cpuTime()
			do()
			costs[i] = append(costs[i], cpuTime()-start)
		}
	}
	medians := make([]time.Duration, len(each))
	for i, c := range costs {
		slices.Sort(c)
		medians[i] = c[len(c)/2]
	}
	return medians
}

// TestParseAndValidateGrowWithTheDocument: of a document of twice the length neither Parse
// nor Validate, nor the printer, takes more than 2.5 times as long, whatever the document
// is long of; and none takes longer than a decoder of JSON by more than a constant factor
// (threat 245: checks that compare every element with every other).
func TestParseAndValidateGrowWithTheDocument(t *testing.T) {
	size := growthBytes
	if s := os.Getenv("WILDGATE_GROWTH"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		size = n
	}
	// A collection of garbage that falls into one of two measurements is no growth: there
	// is one when there is much of it, and then it is measured again.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 30))
	for _, s := range everySeries() {
		t.Run(s.name, func(t *testing.T) { s.hold(t, size) })
	}
}

const (
	// What takes less than this is not held to anything: such a measurement tells little.
	shortest = time.Millisecond
	// How many times as long as a decoder of JSON may be taken, to parse and to validate.
	// On a quiet machine the most is 7 and 34.
	parseFactor    = 16
	validateFactor = 80
	// How often what is decoded is decoded in one measurement, since it takes little.
	decodings = 4
)

func (s *series) hold(t *testing.T, size int) {
	n := s.units(size) &^ 1
	half, whole := s.document(n/2), s.document(n)
	s.compare(t, "Parse", parseFactor, half, whole, func(doc []byte) func() {
		return func() { iampolicy.Parse(doc, s.kind, s.options...) }
	})
	s.compare(t, "Validate", validateFactor, half, whole, func(doc []byte) func() {
		return func() { iampolicy.Validate(t.Context(), doc, s.kind, s.options...) }
	})
	if _, err := iampolicy.Parse(whole, s.kind, s.options...); err == nil {
		s.compare(t, "String", parseFactor, half, whole, func(doc []byte) func() {
			p, _ := iampolicy.Parse(doc, s.kind, s.options...)
			return func() { _ = p.String() }
		})
	}
}

// compare holds what a document costs against what half of it does.
func (s *series) compare(t *testing.T, name string, factor time.Duration, half, whole []byte, of func(doc []byte) func()) {
	doHalf, doWhole := of(half), of(whole)
	doWhole() // so that there is memory for it
	if raceDetector {
		return
	}
	// Where units grow in length, half of them are less than half of the document.
	growth := max(2, float64(len(whole))/float64(len(half)))
	for tries := 1; ; tries *= 2 {
		costs := inTurn(tries, doWhole, doHalf)
		long, short := costs[0], costs[1]
		if long < shortest {
			return
		}
		grows := float64(long) > 1.25*growth*float64(short)
		// Decoding is timed where it is asked for, in turn with what is compared: most takes less
		// than the least it can take.
		slow := long > factor*shortest
		if slow {
			costs := inTurn(tries, doWhole, func() {
				for range decodings {
					var v any
					json.Unmarshal(whole, &v)
				}
			})
			slow = costs[0] > factor*costs[1]/decodings
		}
		report := t.Logf
		if grows || slow {
			if tries < 32 {
				continue
			}
			report = t.Errorf
		}
		report("%s: %d bytes take %v, %d bytes %v", name, len(whole), long, len(half), short)
		return
	}
}
