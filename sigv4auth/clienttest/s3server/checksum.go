package s3server

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

// nvme is CRC-64/NVME's polynomial, reversed.
const nvme = 0x9a6c9329ac4bc9b5

func newChecksum(name string) hash.Hash {
	switch strings.ToLower(name) {
	case "crc32":
		return crc32.NewIEEE()
	case "crc32c":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "crc64nvme":
		return crc64.New(crc64.MakeTable(nvme))
	case "sha1":
		return sha1.New()
	case "sha256":
		return sha256.New()
	}
	return nil
}

// answerChecksum puts the checksum of what was stored, by the algorithm that the client chose, into
// both headers: clients hold it against their own. That the body is the one the client summed up is
// the verifier's affair.
func answerChecksum(response, stored http.Header, r *http.Request, data []byte) {
	name := r.Header.Get("X-Amz-Sdk-Checksum-Algorithm")
	if trailer, ok := strings.CutPrefix(strings.ToLower(r.Header.Get("X-Amz-Trailer")), "x-amz-checksum-"); ok {
		name = trailer
	}
	h := newChecksum(name)
	if h == nil {
		return
	}
	h.Write(data)
	sum := base64.StdEncoding.EncodeToString(h.Sum(nil))
	for _, header := range []http.Header{response, stored} {
		header.Set("X-Amz-Checksum-"+strings.ToLower(name), sum)
	}
}
