package main

import (
	"io"
	"testing"

	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
)

// uploads are the command's cases of 16 MiB in chunks: in signed ones, and in one that is not
// signed, with a CRC32 in its trailer.
var uploads = map[string]string{"signed": "16 MiB, signed", "unsigned-crc32": "16 MiB, CRC32"}

// verified reads the body of a verified request to its end.
func verified(tb testing.TB, a *sigv4auth.Authenticator, q *workload.Request, read func(io.Reader) (int64, error)) func() {
	return func() {
		r := q.Again()
		if _, err := a.Verify(r); err != nil {
			tb.Fatal(err)
		}
		if n, err := read(r.Body); n != q.Data() || err != nil {
			tb.Fatal(n, err)
		}
	}
}

// reads are the ways in which handlers read: io.Copy, Read into a buffer that holds a chunk, and
// into one that does not.
func reads() map[string]func(io.Reader) (int64, error) {
	large, small := make([]byte, 256<<10), make([]byte, 32<<10)
	return map[string]func(io.Reader) (int64, error){
		"copy":   func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) },
		"256KiB": func(r io.Reader) (int64, error) { return io.CopyBuffer(onlyWrite{}, onlyRead{r}, large) },
		"32KiB":  func(r io.Reader) (int64, error) { return io.CopyBuffer(onlyWrite{}, onlyRead{r}, small) },
	}
}

// onlyRead hides all of a reader but Read.
type onlyRead struct{ io.Reader }

// onlyWrite is io.Discard without its ReadFrom.
type onlyWrite struct{}

func (onlyWrite) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkStreaming holds 16 MiB in chunks, read in each way, against the same bytes fed to the
// hash alone.
func BenchmarkStreaming(b *testing.B) {
	for name, row := range uploads {
		c := caseNamed(b, workload.Chunks, row)
		a, q := asked(b, c)
		floor, err := c.Floor(q)
		if err != nil {
			b.Fatal(err)
		}
		for how, read := range reads() {
			b.Run("chunks="+name+"/read="+how, func(b *testing.B) {
				compare(b, floor, verified(b, a, q, read))
			})
		}
	}
}

// TestSelfStreaming: what is measured is verified: a changed byte is found as the body is read, in
// whichever way.
func TestSelfStreaming(t *testing.T) {
	for name, row := range uploads {
		a, q := asked(t, caseNamed(t, workload.Chunks, row))
		for how, read := range reads() {
			verified(t, a, q, read)()
			r := q.Tampered()["body"].Again()
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
			if n, err := read(r.Body); n == q.Data() || err == nil {
				t.Errorf("%s, %s: %d bytes, %v", name, how, n, err)
			}
		}
	}
}
