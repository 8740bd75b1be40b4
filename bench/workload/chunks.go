package workload

import (
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
)

const (
	uploadBytes = 16 << 20 // of an upload, decoded
	chunkBytes  = 64 << 10 // what most clients send
)

// inChunks makes an upload of size bytes: in signed chunks, or in one that is not signed, with a
// CRC32 in its trailer.
func inChunks(service string, size int, signed bool) (*Request, error) {
	p := plan{
		method: http.MethodPut, target: "/prod/upload", key: TheKey, at: Now, payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
		header: http.Header{"Content-Encoding": {"aws-chunked"}, "X-Amz-Decoded-Content-Length": {strconv.Itoa(size)}},
	}
	if !signed {
		p.payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
		p.header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
	}
	q, err := p.signed(service)
	if err != nil {
		return nil, err
	}
	data := filled(size)
	if _, seed, _ := strings.Cut(q.r.Header.Get("Authorization"), "Signature="); signed {
		q.carry(signedChunks(data, service, seed))
	} else {
		sum := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
		q.carry(fmt.Appendf(nil, "%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(data), data, sum))
	}
	q.data = int64(size)
	return q, nil
}

// signedChunks encodes data as a client that signs its chunks with [TheKey] does, from the
// signature of the request on: "Transferring Payload in Multiple Chunks", S3 API Reference.
func signedChunks(data []byte, service, previous string) []byte {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := []byte("AWS4" + TheKey.Secret)
	for _, part := range []string{Now.Format("20060102"), Region, service, "aws4_request"} {
		key = mac(key, part)
	}
	prefix := "AWS4-HMAC-SHA256-PAYLOAD\n" + Now.Format("20060102T150405Z") + "\n" + Now.Format("20060102") + "/" + Region + "/" + service +
		"/aws4_request\n"
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
