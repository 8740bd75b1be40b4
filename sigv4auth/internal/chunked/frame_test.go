package chunked_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

// TestFraming: bodies that break the grammar, a limit, or what the request announced, each with the
// fault that is named.
func TestFraming(t *testing.T) {
	t.Parallel()
	all := streams(40, 8192)
	signed, unsigned, trailing := all["signed"], all["unsigned"], all["signed, trailer"]
	end := unsigned.encode()[strings.Index(unsigned.encode(), "0\r\nx-amz"):] // the final chunk and the trailer
	data := string(unsigned.data)
	replace := func(s stream, old, with string) string { return strings.Replace(s.encode(), old, with, 1) }
	value := trailing.sum()

	tests := []struct {
		name  string
		s     stream
		body  string
		fault chunked.Fault
	}{
		{"threat 59: a size of 17 digits", unsigned, "00000000000000028\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a size that wraps around", unsigned, "10000000000000028\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a size beyond int64", unsigned, "ffffffffffffffff\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: the least negative size", unsigned, "8000000000000000\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a leading zero", unsigned, "028\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a sign", unsigned, "+28\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a minus", unsigned, "-28\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: white space before", unsigned, " 28\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: white space behind", unsigned, "28 \r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: no size", unsigned, "\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: 0x", unsigned, "0x28\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: decimal", unsigned, "40\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"threat 59: a size without its signature", signed, "28\r\n" + string(signed.data) + "\r\n0\r\n\r\n", chunked.Malformed},
		{"threat 59: an empty signature", signed, replace(signed, signed.encode()[:19+64], "28;chunk-signature="), chunked.WrongSignature},
		{"threat 59: an empty extension", signed, replace(signed, ";chunk-signature=", ";"), chunked.Malformed},
		{"an extension where none is announced", unsigned, "28;a=b\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"a signature where none is announced", unsigned, "28;chunk-signature=" + strings.Repeat("0", 64) + "\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"another extension before the signature", signed, replace(signed, ";chunk-signature=", ";a=b;chunk-signature="), chunked.Malformed},
		{"another extension behind the signature", signed, replace(signed, "\r\n", ";a=b\r\n"), chunked.WrongSignature},
		{"white space before the extension", signed, replace(signed, ";", " ;"), chunked.Malformed},
		{"the extension in another case", signed, replace(signed, "chunk-signature", "Chunk-Signature"), chunked.Malformed},
		{"a signature longer than any", signed, replace(signed, "signature=", "signature="+strings.Repeat("0", 144)), chunked.Malformed},
		{"a signature a little longer than any", signed, replace(signed, "signature=", "signature="+strings.Repeat("0", 81)), chunked.Malformed},
		{"data without its CRLF", signed, strings.Replace(signed.encode(), "\r\n0;", "0;", 1), chunked.Malformed},
		{"unsigned data without its CRLF", unsigned, strings.Replace(unsigned.encode(), "\r\n0\r\n", "0\r\n", 1), chunked.Malformed},
		{"a line without end", signed, "28;chunk-signature=" + strings.Repeat("0", 1000), chunked.Malformed},
		{"a line that ends in LF", unsigned, "28\n" + data + "\r\n" + end, chunked.Malformed},
		{"two carriage returns", unsigned, "28\r\r\n" + data + "\r\n" + end, chunked.Malformed},
		{"data longer than its size", unsigned, "28\r\n" + data + "x\r\n" + end, chunked.Malformed},
		{"data shorter than its size", unsigned, "28\r\n" + data[1:] + "\r\n" + end, chunked.Malformed},

		{"threat 60: more than was announced, in one chunk", unsigned, "29\r\n" + data + "x\r\n" + end, chunked.Malformed},
		{"threat 60: more than was announced, in another chunk", unsigned, "28\r\n" + data + "\r\n1\r\nx\r\n" + end, chunked.Malformed},
		{"threat 60: less than was announced", unsigned, end, chunked.Incomplete},
		{"threat 60: less than was announced, signed", signed, stream{signed: true}.encode(), chunked.Incomplete},
		{"threat 62: a final chunk only", signed, signed.parts()[1] + "\r\n", chunked.Incomplete},
		{"threat 62: no final chunk", signed, signed.parts()[0], chunked.Incomplete},
		{"threat 62: no final chunk, only the end", signed, signed.parts()[0] + "\r\n", chunked.Malformed},
		{"threat 62: a chunk behind the final one", signed, signed.parts()[0] + signed.parts()[1] + signed.parts()[0], chunked.Malformed},
		{"threat 62: the end without CRLF", signed, signed.parts()[0] + signed.parts()[1] + "xx", chunked.Malformed},
		{"threat 64: a plain body", signed, string(signed.data), chunked.Malformed},
		{"threat 64: a plain JSON body", signed, `{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`, chunked.Incomplete},
		{"threat 64: a plain body of digits", signed, strings.Repeat("1", 400), chunked.Malformed},
		{"threat 64: no body", signed, "", chunked.Incomplete},

		{"threat 65: no trailer", trailing, signed.encode(), chunked.Malformed},
		{"threat 65: a trailer that was not announced", signed, trailing.encode(), chunked.Malformed},
		{"threat 65: another trailer", trailing, replace(trailing, "crc32c:", "crc32:"), chunked.Malformed},
		{"threat 65: the trailer in another case", trailing, replace(trailing, "x-amz-checksum", "X-Amz-Checksum"), chunked.Malformed},
		{"threat 65: another value", trailing, replace(trailing, value, "AAAAAA=="), chunked.WrongSignature},
		{"threat 65: an empty value", trailing, replace(trailing, value, ""), chunked.WrongSignature},
		{"threat 65: the trailer without its colon", trailing, replace(trailing, "crc32c:", "crc32c"), chunked.Malformed},
		{
			"threat 65: no signature of the trailer", trailing,
			trailing.parts()[0] + trailing.parts()[1] + "x-amz-checksum-crc32c:" + value + "\r\n\r\n", chunked.Malformed,
		},
		{
			"threat 65: the trailer twice", trailing,
			replace(trailing, "x-amz-checksum-crc32c:"+value+"\r\n", strings.Repeat("x-amz-checksum-crc32c:"+value+"\r\n", 2)),
			chunked.Malformed,
		},
		{
			"threat 65: the signature twice", trailing,
			trailing.parts()[0] + trailing.parts()[1] + trailing.parts()[2] + "x-amz-trailer-signature:" + strings.Repeat("0", 64) +
				"\r\n\r\n",
			chunked.Malformed,
		},
		{"threat 65: the signature before the trailer", trailing, replace(trailing, "x-amz-checksum-crc32c:"+value+"\r\n", ""), chunked.Malformed},
		{
			"threat 65: another trailer behind", trailing,
			replace(trailing, "x-amz-checksum-crc32c:"+value+"\r\n", "x-amz-checksum-crc32c:"+value+"\r\nx-amz-meta-a:b\r\n"),
			chunked.Malformed,
		},
		{"threat 65: the signature of the final chunk in the place of the trailer's", trailing, replayed(trailing), chunked.WrongSignature},
		{
			"threat 51: a signature of an unsigned trailer", unsigned,
			strings.TrimSuffix(unsigned.encode(), "\r\n") + "x-amz-trailer-signature:" + strings.Repeat("0", 64) + "\r\n\r\n",
			chunked.Malformed,
		},
		{"threat 51: another checksum in an unsigned trailer", unsigned, replace(unsigned, unsigned.sum(), "AAAAAAAAAAA="), chunked.WrongChecksum},
		{"a checksum that is no base64", unsigned, replace(unsigned, unsigned.sum(), "!!!!!!!!!!!="), chunked.WrongChecksum},
		{"a checksum of another length", unsigned, replace(unsigned, unsigned.sum(), "AAAAAA=="), chunked.WrongChecksum},
		{
			"threat 65: an unsigned trailer twice", unsigned,
			strings.TrimSuffix(unsigned.encode(), "\r\n") + "x-amz-checksum-crc64nvme:" + unsigned.sum() + "\r\n\r\n", chunked.Malformed,
		},
		{"a trailer longer than a line", unsigned, replace(unsigned, unsigned.sum(), strings.Repeat("A", 1000)), chunked.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := verify(t, tt.s, tt.body)
			if fault, ok := errors.AsType[*chunked.Error](err); !ok || fault.Fault != tt.fault {
				t.Errorf("%v; want fault %d", err, tt.fault)
			}
		})
	}
}

// replayed has the final chunk's signature as the trailer's.
func replayed(s stream) string {
	parts := s.parts()
	final := strings.TrimSuffix(strings.TrimPrefix(parts[1], "0;chunk-signature="), "\r\n")
	i := strings.Index(parts[2], "x-amz-trailer-signature:") + len("x-amz-trailer-signature:")
	parts[2] = parts[2][:i] + final + "\r\n"
	return strings.Join(parts, "")
}

// TestForms pins what else is accepted: taking a row out breaks a client.
func TestForms(t *testing.T) {
	t.Parallel()
	signed := stream{data: bytes.Repeat([]byte("a"), 0xab), chunk: 8192, signed: true, trailer: "x-amz-checksum-crc32"}
	for name, body := range map[string]string{
		"a size in upper case, as the AWS Common Runtime writes it": strings.Replace(signed.encode(), "ab;", "AB;", 1),
		"a space behind a field's colon": strings.ReplaceAll(strings.Replace(signed.encode(), "crc32:", "crc32: ", 1),
			"trailer-signature:", "trailer-signature: "),
	} {
		if err := verify(t, signed, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTinyChunks: threat 63. A chunk of less than 8 KiB that is not the last is refused before its
// data is read.
func TestTinyChunks(t *testing.T) {
	t.Parallel()
	for mode, s := range streams(20_000, 8191) {
		src := strings.NewReader(s.encode())
		got, err := io.ReadAll(chunked.NewReader(src, s.payload()))
		if fault, ok := errors.AsType[*chunked.Error](err); len(got) > 0 || !ok || fault.Fault != chunked.Malformed {
			t.Errorf("%s: %d bytes, %v", mode, len(got), err)
		}
		if read := src.Size() - int64(src.Len()); read > 1000 {
			t.Errorf("%s: %d bytes were read", mode, read)
		}
	}
}

// TestBigChunks: threat 61. A signed chunk of more than 1 MiB is refused, and no memory is taken
// for what only its size promises (threat 59).
func TestBigChunks(t *testing.T) { // not in parallel with others, which allocate too
	s := stream{data: make([]byte, 1<<20+1), chunk: 1<<20 + 1, signed: true}
	if err := verify(t, s, s.encode()); !strings.Contains(err.Error(), "1048576") {
		t.Error(err)
	}
	header := "100000;chunk-signature=" + strings.Repeat("0", 64) + "\r\n"
	p := stream{data: make([]byte, 1<<20), signed: true}.payload()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readBy(chunked.NewReader(strings.NewReader(header+strings.Repeat("a", 1000)), p), 100); err == nil {
		t.Error("no error")
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 512<<10 {
		t.Errorf("%d bytes were allocated for a chunk of which 1000 arrived", taken)
	}
}

// TestSource: what the source returns is kept as the cause, a source that never returns anything is
// given up, and a body of another length than Content-Length is refused.
func TestSource(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for mode, s := range streams(40, 8192) {
		body := s.encode()
		for i := range len(body) + 1 {
			src := io.MultiReader(strings.NewReader(body[:i]), fails{broken})
			_, err := io.ReadAll(chunked.NewReader(src, s.payload()))
			if fault, ok := errors.AsType[*chunked.Error](err); !ok || fault.Fault != chunked.Incomplete || !errors.Is(err, broken) {
				t.Errorf("%s, broken at %d: %v", mode, i, err)
			}
		}
		if _, err := io.ReadAll(chunked.NewReader(fails{}, s.payload())); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("%s: %v", mode, err)
		}
		for _, encoded := range []int{len(body) - 1, len(body) + 1} {
			p := s.payload()
			p.Encoded = int64(encoded)
			if got, err := io.ReadAll(chunked.NewReader(strings.NewReader(body), p)); err == nil || len(got) > 0 {
				t.Errorf("%s: %d bytes where Content-Length says %d: %v", mode, len(body), encoded, err)
			}
		}
	}
}

// fails is a source that returns nothing, and err.
type fails struct{ err error }

func (f fails) Read([]byte) (int, error) { return 0, f.err }

// TestWriter: a writer's own error ends WriteTo and leaves the body as it is.
func TestWriter(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for mode, s := range streams(200_000, 65536) {
		r := chunked.NewReader(strings.NewReader(s.encode()), s.payload())
		w := &shortWriter{left: 100, err: broken}
		if n, err := r.WriteTo(w); n != 100 || err != broken {
			t.Errorf("%s: %d, %v", mode, n, err)
		}
		if n, err := r.WriteTo(&shortWriter{left: 100}); n != 100 || err != io.ErrShortWrite {
			t.Errorf("%s: %d, %v", mode, n, err)
		}
		rest, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(rest, s.data[200:]) {
			t.Errorf("%s: %d bytes remain, %v", mode, len(rest), err)
		}
	}
}

// shortWriter writes left bytes, and then returns err.
type shortWriter struct {
	left int
	err  error
}

func (w *shortWriter) Write(b []byte) (int, error) {
	n := min(len(b), w.left)
	w.left -= n
	return n, w.err
}
