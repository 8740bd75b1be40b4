package chunked_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// What the tests sign with: AWS's documented example, valid nowhere.
const (
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	testDate   = "20130524T000000Z"
)

var testKey = v4.DeriveKey(testSecret, testScope)

var testScope = v4.Scope{Date: "20130524", Region: "us-east-1", Service: "s3"}

// The scope as it stands in strings to sign.
const (
	testScopeText    = "20130524/us-east-1/s3/aws4_request"
	testScopeTextV4A = "20130524/s3/aws4_request"
)

// signer signs chunks as a client does, with the standard library and the text of the
// specification, not with the code under test.
type signer struct {
	algorithm, scope string
	sign             func(sts string) string // a signature, in hexadecimal
	width            int                     // to which signatures are padded with stars
	previous         string
}

func newSigner(seed string) *signer {
	key := []byte("AWS4" + testSecret)
	for _, part := range []string{testScope.Date, testScope.Region, testScope.Service, "aws4_request"} {
		key = mac(key, part)
	}
	sign := func(sts string) string { return hex.EncodeToString(mac(key, sts)) }
	return &signer{algorithm: "AWS4-HMAC-SHA256", scope: testScopeText, sign: sign, previous: seed}
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (s *signer) chunk(data []byte) string {
	return s.next("PAYLOAD", hexSum(nil)+"\n"+hexSum(data))
}

func (s *signer) trailer(name, value string) string {
	return s.next("TRAILER", hexSum([]byte(name+":"+value+"\n")))
}

func (s *signer) next(what, text string) string {
	s.previous = s.sign(s.algorithm + "-" + what + "\n" + testDate + "\n" + s.scope + "\n" + s.previous + "\n" + text)
	return s.previous + strings.Repeat("*", max(0, s.width-len(s.previous)))
}

// stream is a body to encode, and what the request says of it.
type stream struct {
	data    []byte
	chunk   int    // the size of a chunk
	signed  bool   // the chunks are signed
	v4a     bool   // by SigV4A
	trailer string // the name of the trailer, "" for none
	lf      bool   // the trailer's line ends as minio-go's
}

const testSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"

// parts returns the encoded body in parts that can be moved about: chunks, the final chunk, the
// trailer, the end.
func (s stream) parts() []string {
	var all []string
	sign := newSigner(testSeed)
	if s.v4a {
		sign = newSignerV4A(seedV4A)
	}
	header := func(data []byte) string {
		if s.signed {
			return fmt.Sprintf("%x;chunk-signature=%s\r\n", len(data), sign.chunk(data))
		}
		return fmt.Sprintf("%x\r\n", len(data))
	}
	for data := s.data; len(data) > 0; {
		n := min(s.chunk, len(data))
		all = append(all, header(data[:n])+string(data[:n])+"\r\n")
		data = data[n:]
	}
	all = append(all, header(nil))
	if s.trailer != "" {
		value := s.sum()
		end := "\r\n"
		if s.lf {
			end = "\n\r\n"
		}
		text := s.trailer + ":" + value + end
		if s.signed {
			text += "x-amz-trailer-signature:" + sign.trailer(s.trailer, value) + "\r\n"
		}
		all = append(all, text)
	}
	return append(all, "\r\n")
}

func (s stream) sum() string {
	sum, _ := checksum.New(s.trailer)
	sum.Write(s.data)
	return base64Of(sum.Sum(nil))
}

func (s stream) encode() string { return strings.Join(s.parts(), "") }

// payload says what the request says.
func (s stream) payload() *chunked.Payload {
	p := &chunked.Payload{Length: int64(len(s.data)), Encoded: -1, Trailer: s.trailer}
	if s.signed {
		p.Chain = newChain(testSeed)
	}
	if s.v4a {
		p.Chain = newChainV4A(seedV4A)
	}
	if s.trailer != "" {
		p.Sum, _ = checksum.New(s.trailer)
	}
	return p
}

func newChain(seed string) chunked.Chain {
	return chunked.NewHMAC(testKey, testDate, testScopeText[:8], testScopeText[8:], seed)
}

// streams are the modes, each in a few chunks.
func streams(size, chunk int) map[string]stream {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i*7 + i/251)
	}
	return map[string]stream{
		"signed":                   {data: data, chunk: chunk, signed: true},
		"signed, trailer":          {data: data, chunk: chunk, signed: true, trailer: "x-amz-checksum-crc32c"},
		"signed, minio-go trailer": {data: data, chunk: chunk, signed: true, trailer: "x-amz-checksum-sha256", lf: true},
		"SigV4A, trailer":          {data: data, chunk: chunk, signed: true, v4a: true, trailer: "x-amz-checksum-crc32"},
		"unsigned":                 {data: data, chunk: chunk, trailer: "x-amz-checksum-crc64nvme"},
	}
}

// ways to read a body: each returns what was released, and the error that ended it, nil for io.EOF.
var ways = map[string]func(r *chunked.Reader) ([]byte, error){
	"ReadAll": func(r *chunked.Reader) ([]byte, error) { return io.ReadAll(r) },
	"Copy": func(r *chunked.Reader) ([]byte, error) {
		var b bytes.Buffer
		_, err := r.WriteTo(&b)
		return b.Bytes(), err
	},
	"in bytes":  func(r *chunked.Reader) ([]byte, error) { return readBy(r, 1) },
	"in 32 KiB": func(r *chunked.Reader) ([]byte, error) { return readBy(r, 32<<10) },
	"in 700":    func(r *chunked.Reader) ([]byte, error) { return readBy(r, 700) },
}

func readBy(r io.Reader, n int) ([]byte, error) {
	var all []byte
	buf := make([]byte, n)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// verify reads the body in every way. It must either be released whole, or end in an error, with no
// more than a prefix of it released where chunks are signed.
func verify(t *testing.T, s stream, body string) error {
	t.Helper()
	var last error
	first := true
	for name, way := range ways {
		if s.v4a && name != "in 700" {
			continue // how a body is read is not the chain's affair, and ECDSA is slow
		}
		r := chunked.NewReader(strings.NewReader(body), s.payload())
		got, err := way(r)
		if s.signed && !bytes.HasPrefix(s.data, got) {
			t.Fatalf("%s: released what is no prefix of the payload", name)
		}
		if err == nil && !bytes.Equal(got, s.data) {
			t.Fatalf("%s: io.EOF after %d of %d bytes, or others", name, len(got), len(s.data))
		}
		if err != nil && len(got) == len(s.data) && len(got) > 0 {
			t.Fatalf("%s: the whole payload was released before %v", name, err)
		}
		if n, again := r.Read(make([]byte, 10)); n != 0 || again == nil || (err == nil) != (again == io.EOF) || err != nil && again != err {
			t.Fatalf("%s: after %v, another Read returns %d, %v", name, err, n, again)
		}
		if !first && (err == nil) != (last == nil) {
			t.Fatalf("%s: %v, and another way %v", name, err, last)
		}
		last, first = err, false
	}
	return last
}
