package sigv4auth_test

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	modeSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	modeSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	modeUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// upload is a body in chunks, to be sent as a client of S3 does. Its headers are signed by
// aws-sdk-go-v2, its chunks with crypto/hmac and the text of the specification.
type upload struct {
	mode   string // a value of X-Amz-Content-Sha256
	target string // "": /prod/upload; of any other the path is signed as S3 has it, encoded once
	data   string
	chunk  int               // the size of a chunk; 0: 8 KiB
	header map[string]string // more headers, or other values; "": none
	body   func(string) string
}

// request makes the upload as a server receives it.
func (u upload) request(tb testing.TB) *http.Request {
	tb.Helper()
	header := map[string]string{
		"X-Amz-Content-Sha256": u.mode, "X-Amz-Decoded-Content-Length": strconv.Itoa(len(u.data)), "Content-Encoding": "aws-chunked",
		"Content-Type": "text/plain",
	}
	if strings.HasSuffix(u.mode, "-TRAILER") {
		header["X-Amz-Trailer"] = "x-amz-checksum-crc32"
	}
	maps.Copy(header, u.header)
	target := cmp.Or(u.target, "/prod/upload")
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "http://example.com"+target, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for key, value := range header {
		if value != "" {
			out.Header.Set(key, value)
		}
	}
	creds := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	once := func(o *signer.SignerOptions) { o.DisableURIPathEscaping = u.target != "" }
	if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, u.mode, testService, testRegion, testNow, once); err != nil {
		tb.Fatal(err)
	}
	_, seed, _ := strings.Cut(out.Header.Get("Authorization"), "Signature=")
	body := u.encode(seed)
	if u.body != nil {
		body = u.body(body)
	}
	r := httptest.NewRequest(http.MethodPut, target, strings.NewReader(body))
	r.Header = out.Header
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return r
}

// encode is the body in chunks, which are signed in the modes that have it so.
func (u upload) encode(seed string) string {
	key := []byte("AWS4" + testSecret)
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	for _, part := range []string{"20260102", testRegion, testService, "aws4_request"} {
		key = mac(key, part)
	}
	previous := seed
	return u.encodeWith(func(what, text string) string {
		previous = hex.EncodeToString(mac(key,
			"AWS4-HMAC-SHA256-"+what+"\n20260102T030405Z\n20260102/"+testRegion+"/"+testService+"/aws4_request\n"+previous+"\n"+text))
		return previous
	})
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// encodeWith is encode with a chain of signatures.
func (u upload) encodeWith(sign func(what, text string) string) string {
	signed := u.mode != modeUnsignedTrailer
	var b strings.Builder
	header := func(data string) {
		fmt.Fprintf(&b, "%x", len(data))
		if signed {
			b.WriteString(";chunk-signature=" + sign("PAYLOAD", digest("")+"\n"+digest(data)))
		}
		b.WriteString("\r\n")
	}
	size := u.chunk
	if size == 0 {
		size = 8 << 10
	}
	for data := u.data; data != ""; {
		n := min(size, len(data))
		header(data[:n])
		b.WriteString(data[:n] + "\r\n")
		data = data[n:]
	}
	header("")
	if strings.HasSuffix(u.mode, "-TRAILER") {
		trailer := "x-amz-checksum-crc32:" + crc32Of(u.data)
		b.WriteString(trailer + "\r\n")
		if signed {
			b.WriteString("x-amz-trailer-signature:" + sign("TRAILER", digest(trailer+"\n")) + "\r\n")
		}
	}
	return b.String() + "\r\n"
}

func crc32Of(s string) string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
}
