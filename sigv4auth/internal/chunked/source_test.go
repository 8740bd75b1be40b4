package chunked_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// revived is a source that ends, and then goes on.
type revived struct {
	text string
	more bool
}

func (s *revived) Read(p []byte) (int, error) {
	n := copy(p, s.text)
	s.text = s.text[n:]
	if s.text != "" {
		return n, nil
	}
	if s.more {
		return copy(p, "x"), nil
	}
	s.more = true
	return n, io.EOF
}

// TestSources: where a body ends does not depend on how its source is cut, and a source that has
// ended is not asked again.
func TestSources(t *testing.T) {
	t.Parallel()
	s := stream{data: []byte("ride ride"), chunk: 16, trailer: "x-amz-checksum-crc32"}
	if data, err := io.ReadAll(chunked.NewReader(&revived{text: s.encode()}, s.payload())); err != nil || string(data) != "ride ride" {
		t.Errorf("a source that goes on after its end: %q, %v", data, err)
	}
	behind, err := io.ReadAll(chunked.NewReader(iotest.OneByteReader(strings.NewReader(s.encode()+"x")), s.payload()))
	if fault, ok := errors.AsType[*chunked.Error](err); !ok || fault.Fault == chunked.Incomplete || strings.Contains(string(behind), "x") {
		t.Errorf("a byte behind the end, of a source that yields one at a time: %q, %v", behind, err)
	}
}
