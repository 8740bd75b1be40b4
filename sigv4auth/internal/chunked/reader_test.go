package chunked_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// TestWhole: a body as a client sends it is released whole, however it arrives and is read, and
// whatever its chunks are.
func TestWhole(t *testing.T) {
	t.Parallel()
	sources := map[string]func(io.Reader) io.Reader{
		"at once":              func(r io.Reader) io.Reader { return r },
		"byte by byte":         iotest.OneByteReader,
		"by halves":            iotest.HalfReader,
		"the end with the end": iotest.DataErrReader,
		"hesitating":           func(r io.Reader) io.Reader { return &hesitant{r: r} },
	}
	for _, size := range []struct{ payload, chunk int }{
		{0, 8192},
		{1, 8192},
		{8191, 8192},
		{8192, 8192},
		{8193, 8192},
		{100_000, 8192},
		{200_000, 65536},
		{65536, 65536},
		{3 << 20, 1 << 20},
		{1<<20 + 1, 1 << 20},
	} {
		for mode, s := range streams(size.payload, size.chunk) {
			body := s.encode()
			if got := chunked.MaxEncoded(int64(size.payload)); int64(len(body)) > got {
				t.Errorf("%d bytes in %d, %s: %d bytes encoded; MaxEncoded says %d", size.payload, size.chunk, mode, len(body), got)
			}
			for arrival, source := range sources {
				if size.payload > 300_000 && arrival != "at once" && arrival != "by halves" {
					continue
				}
				ways := maps.Clone(ways)
				ways["in 2 MiB"] = func(r *chunked.Reader) ([]byte, error) { return readBy(r, 2<<20) }
				for how, way := range ways {
					if size.payload > 300_000 && how == "in bytes" && !testneed.Long() {
						continue
					}
					p := s.payload()
					p.Encoded = int64(len(body))
					r := chunked.NewReader(source(strings.NewReader(body)), p)
					if got, err := way(r); err != nil || !bytes.Equal(got, s.data) {
						t.Errorf("%d bytes in %d, %s, %s, read %s: %d bytes, %v", size.payload, size.chunk, mode, arrival, how, len(got),
							err)
					}
					if value, ok := r.Trailer(); ok != (s.trailer != "") || ok && value != s.sum() {
						t.Errorf("%d bytes in %d, %s: trailer %q, %t", size.payload, size.chunk, mode, value, ok)
					}
				}
			}
		}
	}
}

// hesitant returns nothing between any two reads.
type hesitant struct {
	r    io.Reader
	odd  bool
	most int
}

func (h *hesitant) Read(b []byte) (int, error) {
	if h.odd = !h.odd; h.odd {
		return 0, nil
	}
	if h.most > 0 {
		b = b[:min(len(b), h.most)]
	}
	return h.r.Read(b)
}

// TestMangled: no body verifies of which any byte was changed (threat 58).
func TestMangled(t *testing.T) {
	t.Parallel()
	for mode, s := range streams(40, 8192) {
		body := []byte(s.encode())
		for i := range body {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				body[i] ^= flip
				if err := verify(t, s, string(body)); err == nil {
					t.Errorf("%s: byte %d changed by %#x verifies: %q", mode, i, flip, body)
				}
				body[i] ^= flip
			}
		}
	}
	for mode, s := range streams(20_000, 8192) {
		body := []byte(s.encode())
		for i := 0; i < len(body); i += 401 {
			body[i] ^= 1
			if err := verify(t, s, string(body)); err == nil {
				t.Errorf("%s: byte %d of many changed verifies", mode, i)
			}
			body[i] ^= 1
		}
	}
}

// TestCut: no body verifies that ends before its end, or that a byte was taken out of or put into.
// A missing last CRLF is a body cut short (threats 57 and 62).
func TestCut(t *testing.T) {
	t.Parallel()
	for mode, s := range streams(40, 8192) {
		body := s.encode()
		for i := range len(body) {
			err := verify(t, s, body[:i])
			if fault, ok := errors.AsType[*chunked.Error](err); !ok || fault.Fault != chunked.Incomplete || errors.Is(err, io.EOF) ||
				!errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s, cut at %d: %v", mode, i, err)
			}
			if err := verify(t, s, body[:i]+body[i+1:]); err == nil && !(s.lf && strings.HasSuffix(body[:i], s.sum())) {
				t.Errorf("%s: verifies without byte %d", mode, i)
			}
			for _, put := range []string{"0", "\r", "\n", " "} {
				if more := body[:i] + put + body[i:]; verify(t, s, more) == nil && !whiteSpace(s, i, put) {
					t.Errorf("%s: verifies with %q at %d: %q", mode, put, i, more)
				}
			}
		}
		for _, behind := range []string{"\x00", "\r\n", "0\r\n\r\n", body} {
			if err := verify(t, s, body+behind); err == nil {
				t.Errorf("%s: verifies with %.10q behind its end", mode, behind)
			}
		}
	}
}

// whiteSpace reports whether put is a space behind the colon of a field, which means nothing: RFC
// 9112, section 5. The line feed before a trailer's CRLF, which minio-go sends and others do not,
// is the other liberty.
func whiteSpace(s stream, at int, put string) bool {
	before := s.encode()[:at]
	return put == " " && strings.HasSuffix(before, ":") || put == "\n" && s.trailer != "" && !s.lf && strings.HasSuffix(before, s.sum())
}

// TestMoved: chunks cannot be dropped, repeated, moved, or taken from another body (threat 58).
func TestMoved(t *testing.T) {
	t.Parallel()
	for mode, s := range streams(40_000, 8192) {
		parts := s.parts()
		other := s
		other.data = bytes.Repeat([]byte("x"), len(s.data))
		foreign := other.parts()
		try := func(what string, parts []string) {
			if err := verify(t, s, strings.Join(parts, "")); err == nil {
				t.Errorf("%s: verifies with %s", mode, what)
			}
		}
		for i := range parts {
			without := append(append([]string{}, parts[:i]...), parts[i+1:]...)
			try(fmt.Sprintf("part %d dropped", i), without)
			twice := append(append([]string{}, parts[:i+1]...), parts[i:]...)
			try(fmt.Sprintf("part %d twice", i), twice)
			for j := range i {
				swapped := append([]string{}, parts...)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				if swapped[i] != parts[i] {
					try(fmt.Sprintf("parts %d and %d swapped", i, j), swapped)
				}
			}
			if i > 0 && foreign[i] != parts[i] { // the first would be right: it was signed under the same request
				replaced := append([]string{}, parts...)
				replaced[i] = foreign[i]
				try(fmt.Sprintf("part %d of another body", i), replaced)
			}
		}
	}
}

// TestSeed: the chain begins with the request's signature: the same chunks under another request do
// not verify.
func TestSeed(t *testing.T) {
	t.Parallel()
	s := streams(40, 8192)["signed"]
	p := s.payload()
	p.Chain = newChain(strings.Replace(testSeed, "4f", "5f", 1))
	if got, err := io.ReadAll(chunked.NewReader(strings.NewReader(s.encode()), p)); len(got) > 0 || err == nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestReleased: of a body that is cut, exactly those chunks have been released that what arrived
// verifies, and never the last one, which waits for the body's end. Unsigned data is released as it
// arrives, but for the last of it (threats 48 and 61).
func TestReleased(t *testing.T) {
	t.Parallel()
	const size, chunk = 20_000, 8192
	for mode, s := range streams(size, chunk) {
		parts := s.parts()
		begin := 0 // of the part, in the body
		for i, part := range parts {
			header := strings.Index(part, "\r\n") + len("\r\n")
			for _, cut := range []int{0, header, header + 1, len(part) - 3, len(part) - 2, len(part) - 1} {
				if cut < 0 || cut >= len(part) {
					continue
				}
				least := min(i, 2) * chunk // the data of the two first chunks, as far as they are whole
				most := least
				if arrived := min(cut-header, chunk); i < 3 && arrived > 0 && (!s.signed || i < 2 && arrived == chunk) {
					most += arrived
				}
				if i > 2 && !s.signed {
					most = size
				}
				for _, buffer := range []int{size, 100, 7} {
					got, err := readBy(chunked.NewReader(strings.NewReader(s.encode()[:begin+cut]), s.payload()), buffer)
					if len(got) < least || len(got) > most || s.signed && len(got) != most || len(got) == size {
						t.Errorf("%s, cut at %d of part %d, read by %d: %d bytes released (%v); want %d to %d", mode, cut, i, buffer,
							len(got), err, least, most)
					}
				}
			}
			begin += len(part)
		}
	}
}

// TestCleared: a chunk that is read into the caller's buffer at once and does not verify is not
// left there.
func TestCleared(t *testing.T) {
	t.Parallel()
	s := streams(40, 8192)["signed"]
	body := strings.Replace(s.encode(), ";chunk-signature=", ";chunk-signature=0", 1)
	body = strings.Replace(body, "\r\n", "", 1)
	body = body[:len("28;chunk-signature=")+64] + "\r\n" + body[len("28;chunk-signature=")+65:]
	buf := make([]byte, 100)
	n, err := chunked.NewReader(strings.NewReader(body), s.payload()).Read(buf)
	if fault, ok := errors.AsType[*chunked.Error](err); n != 0 || !ok || fault.Fault != chunked.WrongSignature {
		t.Fatalf("%d, %v", n, err)
	}
	if !bytes.Equal(buf, make([]byte, 100)) {
		t.Error("bytes that did not verify are in the caller's buffer")
	}
}
