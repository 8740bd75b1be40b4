package work

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	chunkedBytes = 16 << 20 // of an upload, decoded
	chunkBytes   = 64 << 10 // what most clients send
)

// inChunks makes an upload: in signed chunks, or in one that is not signed, with a CRC32 in its trailer.
func inChunks(service string, signed bool) (*Request, error) {
	data := make([]byte, chunkedBytes)
	for i := range data {
		data[i] = byte(i * i >> 8)
	}
	out, err := http.NewRequestWithContext(context.Background(), http.MethodPut, "http://"+Host+"/prod/upload", nil)
	if err != nil {
		return nil, err
	}
	mode := "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	if signed {
		mode = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	} else {
		out.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	}
	out.Header.Set("Content-Encoding", "aws-chunked")
	out.Header.Set("X-Amz-Content-Sha256", mode)
	out.Header.Set("X-Amz-Decoded-Content-Length", strconv.Itoa(chunkedBytes))
	creds := aws.Credentials{AccessKeyID: TheKey.ID, SecretAccessKey: TheKey.Secret, SessionToken: TheKey.Token}
	if err := signer.NewSigner().SignHTTP(context.Background(), creds, out, mode, service, Region, Now); err != nil {
		return nil, err
	}
	var body []byte
	if _, seed, _ := strings.Cut(out.Header.Get("Authorization"), "Signature="); signed {
		body = SignedChunks(data, service, seed)
	} else {
		sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
		body = fmt.Appendf(nil, "%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(data), data, sum)
	}
	q := arrive(out, body)
	q.data = chunkedBytes
	return q, nil
}

// SignedChunks encodes data as a client that signs its chunks with [TheKey] does, from the signature of the request on: "Transferring Payload in Multiple Chunks", S3 API Reference.
func SignedChunks(data []byte, service, previous string) []byte {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + TheKey.Secret)
	for _, part := range []string{Now.Format("20060102"), Region, service, "aws4_request"} {
		key = mac(key, part)
	}
	prefix := "AWS4-HMAC-SHA256-PAYLOAD\n" + Now.Format("20060102T150405Z") + "\n" + Now.Format("20060102") + "/" + Region + "/" + service + "/aws4_request\n"
	empty := sha256.Sum256(nil)
	var body []byte
	for done := false; !done; {
		chunk := data[:min(chunkBytes, len(data))]
		data, done = data[len(chunk):], len(chunk) == 0
		sum := sha256.Sum256(chunk)
		previous = hex.EncodeToString(mac(key, prefix+previous+"\n"+hex.EncodeToString(empty[:])+"\n"+hex.EncodeToString(sum[:])))
		body = fmt.Appendf(body, "%x;chunk-signature=%s\r\n%s\r\n", len(chunk), previous, chunk)
	}
	return body
}
