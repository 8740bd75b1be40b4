package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	streamBytes = 16 << 20
	streamChunk = 64 << 10 // what most clients send
)

// upload is a body in chunks as a server gets it, which can be read again and again.
type upload struct {
	r    *http.Request
	text []byte
	body rewindable
}

// streamed makes an upload of 16 MiB: in signed chunks, or in one that is not signed, with a CRC32 in its trailer.
func streamed(tb testing.TB, signed bool) *upload {
	tb.Helper()
	data := make([]byte, streamBytes)
	for i := range data {
		data[i] = byte(i * i >> 8)
	}
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "http://api.example.com/prod/upload", nil)
	if err != nil {
		tb.Fatal(err)
	}
	mode := "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	if signed {
		mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	} else {
		out.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	}
	out.Header.Set("Content-Encoding", "aws-chunked")
	out.Header.Set("X-Amz-Content-Sha256", mode)
	out.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(streamBytes))
	creds := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secret, SessionToken: token}
	if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, mode, service, region, now); err != nil {
		tb.Fatal(err)
	}
	_, seed, _ := strings.Cut(out.Header.Get("Authorization"), "Signature=")
	r := httptest.NewRequest(out.Method, "/prod/upload", nil)
	r.Host, r.Header = out.Host, out.Header
	u := &upload{r: r}
	if signed {
		u.text = work.SignedChunks(data, service, seed)
	} else {
		sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
		u.text = fmt.Appendf(nil, "%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(data), data, sum)
	}
	return u
}

// again makes the upload as it arrives.
func (u *upload) again() *http.Request {
	u.body.Reset(u.text)
	u.r.Body = io.NopCloser(onlyRead{&u.body})
	u.r.ContentLength = int64(len(u.text))
	return u.r
}

// onlyRead hides all of a reader but Read, which is all that a connection has.
type onlyRead struct{ io.Reader }

// hashed is the floor: the same reader, fed to nothing but the hash.
func (u *upload) hashed(h hash.Hash) func() {
	buf := make([]byte, streamChunk)
	return func() {
		h.Reset()
		_, _ = io.CopyBuffer(h, u.again().Body, buf)
		h.Sum(nil)
	}
}

// verified reads the body of a verified request to its end.
func (u *upload) verified(tb testing.TB, a *sigv4auth.Authenticator, read func(io.Reader) (int64, error)) func() {
	return func() {
		r := u.again()
		if _, err := a.Verify(r); err != nil {
			tb.Fatal(err)
		}
		if n, err := read(r.Body); n != streamBytes || err != nil {
			tb.Fatal(n, err)
		}
	}
}

func streamingAuthenticator(tb testing.TB) *sigv4auth.Authenticator {
	tb.Helper()
	a, err := sigv4auth.New(sigv4auth.Config{
		Region: region, Service: service, Now: func() time.Time { return now }, MaxBodyBytes: streamBytes, Payloads: sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: accessKeyID, Secret: sigv4auth.NewSecret(secret), SessionToken: sigv4auth.NewSecret(token),
			Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice"},
		}),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// reads are the ways in which handlers read: io.Copy, Read into a buffer that holds a chunk, and into one that does not.
func reads() map[string]func(io.Reader) (int64, error) {
	large, small := make([]byte, 256<<10), make([]byte, 32<<10)
	return map[string]func(io.Reader) (int64, error){
		"copy":   func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) },
		"256KiB": func(r io.Reader) (int64, error) { return io.CopyBuffer(onlyWrite{}, onlyRead{r}, large) },
		"32KiB":  func(r io.Reader) (int64, error) { return io.CopyBuffer(onlyWrite{}, onlyRead{r}, small) },
	}
}

// onlyWrite is io.Discard without its ReadFrom.
type onlyWrite struct{}

func (onlyWrite) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkStreaming holds 16 MiB in chunks against the same bytes fed to the hash alone.
func BenchmarkStreaming(b *testing.B) {
	a := streamingAuthenticator(b)
	for _, signed := range []bool{true, false} {
		u, h, name := streamed(b, true), sha256.New(), "signed"
		if !signed {
			u, h, name = streamed(b, false), hash.Hash(crc32.NewIEEE()), "unsigned-crc32"
		}
		for how, read := range reads() {
			b.Run("chunks="+name+"/read="+how, func(b *testing.B) {
				compareRounds(b, 1, u.hashed(h), u.verified(b, a, read))
			})
		}
	}
}

// TestSelfStreaming: what is measured is verified: a changed byte is found, and the memory for it is bounded.
func TestSelfStreaming(t *testing.T) {
	a := streamingAuthenticator(t)
	for _, signed := range []bool{true, false} {
		u := streamed(t, signed)
		u.verified(t, a, func(r io.Reader) (int64, error) { return io.Copy(io.Discard, r) })()
		u.text[len(u.text)/2] ^= 1
		r := u.again()
		if _, err := a.Verify(r); err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r.Body); n == streamBytes || err == nil {
			t.Errorf("signed %t: %d bytes, %v", signed, n, err)
		}
	}
}
