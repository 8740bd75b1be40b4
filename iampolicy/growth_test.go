package iampolicy_test

import (
	"encoding/json"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// growthBytes is how large the documents of TestParseAndValidateGrowWithTheDocument are.
// WILDGATE_GROWTH gives another size: 1048576 is the largest that Parse takes.
const growthBytes = 1 << 18

// A series is a document that can be made as long as one likes: units between a head
// and a tail, with commas between them.
type series struct {
	name       string
	kind       iampolicy.Kind
	head, tail string
	unit       func(i int) string
	most       int // units; 0 is as many as fit
	options    []iampolicy.ParseOption
}

// units returns how many units make a document of so many bytes.
func (s *series) units(bytes int) (n int) {
	bytes -= len(s.head) + len(s.tail)
	for n = 0; s.most == 0 || n < s.most; n++ {
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

// quickest returns the least that do takes in some tries.
func quickest(tries int, do func()) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range tries {
		runtime.GC()
		start := time.Now()
		do()
		least = min(least, time.Since(start))
	}
	return least
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
	for _, s := range everySeries() {
		t.Run(s.name, func(t *testing.T) { s.hold(t, size) })
	}
}

// Neither is held to less: a short measurement tells little, and what is much quicker
// than a decoder may well grow by steps.
const (
	shortest      = 2 * time.Millisecond
	parseFactor   = 12
	validateFacor = 40
)

func (s *series) hold(t *testing.T, size int) {
	n := s.units(size)
	half, whole := s.document(n/2), s.document(n)
	policy, _ := iampolicy.Parse(whole, s.kind, s.options...)
	halfPolicy, _ := iampolicy.Parse(half, s.kind, s.options...)
	for _, one := range []struct {
		name   string
		factor time.Duration
		do     func(doc []byte)
	}{
		{"Parse", parseFactor, func(doc []byte) { iampolicy.Parse(doc, s.kind, s.options...) }},
		{"Validate", validateFacor, func(doc []byte) { iampolicy.Validate(t.Context(), doc, s.kind, s.options...) }},
		{"String", parseFactor, func(doc []byte) {
			p := policy
			if len(doc) == len(half) {
				p = halfPolicy
			}
			_ = p.String()
		}},
	} {
		var short, long, decoding time.Duration
		for tries := 1; tries <= 16; tries *= 2 {
			short, long = quickest(tries, func() { one.do(half) }), quickest(tries, func() { one.do(whole) })
			decoding = quickest(tries, func() { var v any; json.Unmarshal(whole, &v) })
			if long < shortest || 2*long <= 5*short && long <= one.factor*max(decoding, shortest) {
				break
			}
		}
		t.Logf("%s: %d units, %d bytes: %v; of half %v, to decode %v", one.name, n, len(whole), long, short, decoding)
		if long >= shortest && 2*long > 5*short {
			t.Errorf("%s: %d units (%d bytes) take %v, half of them %v", one.name, n, len(whole), long, short)
		}
		if long >= shortest && long > one.factor*max(decoding, shortest) {
			t.Errorf("%s: %d units (%d bytes) take %v, to decode them as JSON takes %v", one.name, n, len(whole), long, decoding)
		}
	}
}
