package chunked_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

type admission func() error

func (f admission) Admit() error { return f() }

// TestAdmit: nothing is released, and no body ends, without having been admitted, and what is not
// admitted is cleared (threat 233).
func TestAdmit(t *testing.T) {
	t.Parallel()
	const size, chunk = 20_000, 8192
	refusal := errors.New("revoked")
	for mode, s := range streams(size, chunk) {
		total := 0
		p := s.payload()
		p.Admission = admission(func() error { total++; return nil })
		if got, err := io.ReadAll(chunked.NewReader(strings.NewReader(s.encode()), p)); err != nil || len(got) != size || total < 3 {
			t.Fatalf("%s: %d bytes, %v, admitted %d times", mode, len(got), err, total)
		}
		for refuse := range 3 {
			for how, way := range ways {
				asked := 0
				p := s.payload()
				p.Admission = admission(func() error {
					if asked++; asked > refuse {
						return refusal
					}
					return nil
				})
				r := chunked.NewReader(strings.NewReader(s.encode()), p)
				got, err := way(r)
				fault, ok := errors.AsType[*chunked.Error](err)
				if !ok || fault.Fault != chunked.NotAdmitted || !errors.Is(err, refusal) || errors.Is(err, io.EOF) || asked != refuse+1 {
					t.Errorf("%s, %s: %v after %d", mode, how, err, asked)
				}
				if len(got) >= size || s.signed && len(got) != refuse*chunk {
					t.Errorf("%s, %s: %d bytes released, after %d admissions", mode, how, len(got), refuse)
				}
				if _, again := r.Read(make([]byte, 1)); !errors.Is(again, refusal) {
					t.Errorf("%s, %s: then %v", mode, how, again)
				}
			}
		}
		buf := make([]byte, size)
		p = s.payload()
		p.Admission = admission(func() error { return refusal })
		if n, _ := chunked.NewReader(strings.NewReader(s.encode()), p).Read(buf); n != 0 || !bytes.Equal(buf, make([]byte, size)) {
			t.Errorf("%s: bytes that were not admitted are in the caller's buffer", mode)
		}
	}
}
