package plain_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/plain"
)

// pieces returns what is left of text in reads of at most n bytes.
type pieces struct {
	text string
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.n, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}

func withDigest(text string, length int64) *plain.Payload {
	return &plain.Payload{Length: length, Max: 1 << 20, Digested: true, Digest: sha256.Sum256([]byte(text))}
}

func withSum(t *testing.T, text string, length int64) *plain.Payload {
	t.Helper()
	sum, ok := checksum.New("x-amz-checksum-sha256")
	if !ok {
		t.Fatal("no such checksum")
	}
	digest := sha256.Sum256([]byte(text))
	value := base64.StdEncoding.EncodeToString(digest[:])
	return &plain.Payload{Length: length, Max: 1 << 20, Sum: sum, Checksum: value, Where: " somewhere"}
}

// TestReader: whatever the pieces in which a body arrives and is read, the right one is released
// whole, and of a wrong one at most all but the last byte.
func TestReader(t *testing.T) {
	t.Parallel()
	const text = "hello rydes"
	for _, arrives := range []string{text, "hello rydeS", text + "!", text[1:], ""} {
		for name, payload := range map[string]func(length int64) *plain.Payload{
			"digest": func(n int64) *plain.Payload { return withDigest(text, n) },
			"sum":    func(n int64) *plain.Payload { return withSum(t, text, n) },
		} {
			for _, length := range []int64{int64(len(arrives)), -1} {
				for size := 1; size <= len(text)+2; size++ {
					for room := 1; room <= len(text)+3; room++ {
						for _, dataErr := range []bool{false, true} {
							source := io.Reader(&pieces{arrives, size})
							if dataErr {
								source = iotest.DataErrReader(source) // io.EOF comes with the last bytes
							}
							var r plain.Reader
							r.Init(source, payload(length))
							var got []byte
							var err error
							for err == nil {
								b := make([]byte, room)
								var n int
								n, err = r.Read(b)
								got = append(got, b[:n]...)
								if rest := b[n:]; len(bytes.Trim(rest, "\x00")) > 0 {
									t.Fatalf("%s, %q: %q was left behind what was read", name, arrives, rest)
								}
							}
							if arrives == text {
								if err != io.EOF || string(got) != text {
									t.Fatalf("%s, pieces of %d, reads of %d: %q, %v", name, size, room, got, err)
								}
								continue
							}
							fault, ok := errors.AsType[*chunked.Error](err)
							want := map[string]chunked.Fault{"digest": chunked.WrongDigest, "sum": chunked.WrongChecksum}[name]
							if !ok || fault.Fault != want || len(got) > 0 && len(got) >= len(arrives) {
								t.Fatalf("%s, %q, pieces of %d, reads of %d: %q, %v", name, arrives, size, room, got, err)
							}
							if name == "sum" && !strings.Contains(fault.Text, "SHA256 you specified somewhere did not match") {
								t.Error(fault.Text)
							}
							if n, again := r.Read(make([]byte, 9)); n != 0 || again != err {
								t.Errorf("after %v: %d, %v", err, n, again)
							}
						}
					}
				}
			}
		}
	}
}

// TestReaderHoldsNothingBack: where there is nothing to verify, each byte is released as it
// arrives.
func TestReaderHoldsNothingBack(t *testing.T) {
	t.Parallel()
	source, client := io.Pipe()
	var r plain.Reader
	r.Init(source, &plain.Payload{Length: -1, Max: 100})
	for _, piece := range []string{"a", "bc", "d"} {
		go func() { _, _ = io.WriteString(client, piece) }()
		b := make([]byte, 10)
		if n, err := r.Read(b); string(b[:n]) != piece || err != nil {
			t.Errorf("%q: %q, %v", piece, b[:n], err)
		}
	}
	go client.Close()
	if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("nothing: %d, %v", n, err)
	}
	if _, ok := r.Trailer(); ok {
		t.Error("a trailer")
	}
}

// TestReaderWriteTo: io.Copy gets what Read returns, and goes on after a writer that failed.
func TestReaderWriteTo(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("ride", 50_000)
	for _, size := range []int{1000, 1 << 20} {
		var r plain.Reader
		r.Init(&pieces{text, size}, withDigest(text, -1))
		failed := errors.New("a full disk")
		w := &failing{left: 1000, err: failed}
		n, err := r.WriteTo(w)
		if !errors.Is(err, failed) || n != 1000 {
			t.Errorf("%d, %v", n, err)
		}
		w.left = len(text)
		if m, err := r.WriteTo(w); err != nil || n+m != int64(len(text)) || w.String() != text {
			t.Errorf("%d, then %d bytes, %v", n, m, err)
		}
		var again plain.Reader
		again.Init(&pieces{text, size}, withDigest(text+"!", -1))
		if n, err := again.WriteTo(io.Discard); err == nil || n >= int64(len(text)) {
			t.Errorf("another body: %d, %v", n, err)
		}
		again.Init(&pieces{text, size}, withDigest(text, -1))
		if _, err := again.WriteTo(short{}); err != io.ErrShortWrite {
			t.Errorf("a writer that writes less: %v", err)
		}
	}
}

// failing takes so many bytes.
type failing struct {
	bytes.Buffer
	left int
	err  error
}

func (w *failing) Write(b []byte) (int, error) {
	n := min(len(b), w.left)
	w.left -= n
	w.Buffer.Write(b[:n])
	if n < len(b) {
		return n, w.err
	}
	return n, nil
}

type short struct{}

func (short) Write(b []byte) (int, error) { return len(b) / 2, nil }

// TestReaderBounds: threats 57 and 220. A body is at most Max bytes, and exactly Length.
func TestReaderBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		arrives string
		length  int64
		fault   chunked.Fault // 0: none
	}{
		{"1234567890", -1, 0},
		{"1234567890", 10, 0},
		{"12345678901", -1, chunked.TooLong},
		{"12345678901", 10, chunked.TooLong},
		{"123456789012345678901234567890", -1, chunked.TooLong},
		{"123456789012345678901234567890", 6, chunked.Incomplete},
		{"12345", 6, chunked.Incomplete},
		{"1234567", 6, chunked.Incomplete},
		{"", 1, chunked.Incomplete},
		{"", 0, 0},
		{"", -1, 0},
		{"x", 0, chunked.Incomplete},
	} {
		for size := 1; size < 32; size++ {
			read := &counted{Reader: &pieces{tt.arrives, size}}
			var r plain.Reader
			r.Init(read, &plain.Payload{Length: tt.length, Max: 10})
			got, err := io.ReadAll(&r)
			fault, _ := errors.AsType[*chunked.Error](err)
			if tt.fault == 0 && (err != nil || string(got) != tt.arrives) || tt.fault != 0 && (fault == nil || fault.Fault != tt.fault) {
				t.Errorf("%q of %d: %q, %v", tt.arrives, tt.length, got, err)
			}
			if read.n > 11 {
				t.Errorf("%q: %d bytes were read", tt.arrives, read.n)
			}
		}
	}
}

// counted counts the bytes that are asked for and come.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

// TestReaderAdmission: nothing is released that is not admitted, nor io.EOF.
func TestReaderAdmission(t *testing.T) {
	t.Parallel()
	const text = "hello rydes"
	for at := range 8 {
		for _, payload := range []*plain.Payload{withDigest(text, -1), {Length: -1, Max: 100}} {
			asked := &admission{after: at}
			payload.Admission = asked
			var r plain.Reader
			r.Init(&pieces{text, 3}, payload)
			got, err := io.ReadAll(&r)
			if fault, ok := errors.AsType[*chunked.Error](err); ok && fault.Fault == chunked.NotAdmitted {
				if len(got) > 3*at || asked.n != at+1 {
					t.Errorf("after %d: %q, asked %d times", at, got, asked.n)
				}
				continue
			}
			if err != nil || string(got) != text || asked.n > at {
				t.Errorf("after %d: %q, %v, asked %d times", at, got, err, asked.n)
			}
		}
	}
}

// admission refuses after it has been asked so often.
type admission struct{ n, after int }

func (a *admission) Admit() error {
	if a.n++; a.n > a.after {
		return errors.New("revoked")
	}
	return nil
}

// FuzzReader: a body that is read to io.EOF is the one whose digest was declared.
func FuzzReader(f *testing.F) {
	f.Add("hello rydes", "hello rydes", 3, 4, int64(-1))
	f.Add("hello rydes", "hello ryde", 1, 1, int64(11))
	f.Fuzz(func(t *testing.T, text, arrives string, size, room int, length int64) {
		if size <= 0 || room <= 0 || room > 1<<16 {
			return
		}
		var r plain.Reader
		r.Init(&pieces{arrives, size}, withDigest(text, length))
		var got []byte
		b := make([]byte, room)
		for {
			n, err := r.Read(b)
			got = append(got, b[:n]...)
			if err == io.EOF && string(got) != text {
				t.Fatalf("%q for %q", got, text)
			}
			if err != nil {
				if err != io.EOF && len(got) > 0 && len(got) >= len(arrives) {
					t.Fatalf("%q of %q was released", got, arrives)
				}
				return
			}
		}
	})
}
