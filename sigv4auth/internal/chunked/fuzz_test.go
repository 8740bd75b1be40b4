package chunked_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// FuzzReader: whatever bytes arrive, and however they are read, what is released is a prefix of the
// payload, and io.EOF comes only after all of it, where the chunks are signed. Where they are not,
// the released bytes have the announced length and the checksum that the trailer holds. Reading
// never panics, and an error stays.
func FuzzReader(f *testing.F) {
	all := streams(20, 8192)
	for _, s := range all {
		f.Add(s.encode(), uint8(3))
		f.Add(s.encode(), uint8(100))
		f.Add(strings.ToUpper(s.encode()), uint8(100))
	}
	for _, s := range streams(20_000, 8192) {
		f.Add(s.encode(), uint8(255))
	}
	f.Fuzz(func(t *testing.T, body string, size uint8) {
		for mode, s := range all {
			r := chunked.NewReader(strings.NewReader(body), s.payload())
			got, err := readBy(r, int(size)+1)
			switch {
			case s.signed && !bytes.HasPrefix(s.data, got):
				t.Fatalf("%s: released %q", mode, got)
			case err == nil && len(got) != len(s.data):
				t.Fatalf("%s: io.EOF after %d bytes", mode, len(got))
			case err != nil && len(got) >= len(s.data):
				t.Fatalf("%s: all was released before %v", mode, err)
			}
			if err == nil && !s.signed {
				sum := stream{data: got, trailer: s.trailer}.sum()
				if value, ok := r.Trailer(); !ok || value != sum {
					t.Fatalf("%s: the trailer holds %q for a body of checksum %q", mode, value, sum)
				}
			}
			if err != nil {
				if _, ok := errors.AsType[*chunked.Error](err); !ok || errors.Is(err, io.EOF) {
					t.Fatalf("%s: %v", mode, err)
				}
			}
		}
	})
}
