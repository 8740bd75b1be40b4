package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

const (
	signedChunks  = "POST in signed chunks"
	checkedChunks = "POST in unsigned chunks with a checksum behind them"
	chunkSize     = 8 << 10 // S3's smallest but for the last
)

// streamed makes the body one of the content coding aws-chunked, of two full chunks and a shorter
// one.
func streamed(mode string) func(*draft) {
	return func(d *draft) {
		postBody(d)
		d.decoded = bytes.Repeat([]byte(d.content+"\n"), 2*chunkSize/(len(d.content)+1)+100)[:2*chunkSize+100]
		d.set("Content-Encoding", "aws-chunked")
		d.set(contentSHA256, mode)
		d.set("X-Amz-Decoded-Content-Length", strconv.Itoa(len(d.decoded)))
		d.unsigned = append(d.unsigned, "content-length")
	}
}

// inSignedChunks writes the body once the seed signature is known: "Signature calculation:
// transferring payload in multiple chunks" in the S3 API Reference.
func inSignedChunks(d *draft) {
	var out []byte
	previous := d.seed
	for rest, last := d.decoded, false; !last; {
		chunk := rest[:min(chunkSize, len(rest))]
		rest, last = rest[len(chunk):], len(chunk) == 0
		toSign := strings.Join([]string{
			hmacAlgorithm + "-PAYLOAD", d.amzDateText, d.scopeText, previous, sha256Hex(nil), sha256Hex(chunk),
		}, "\n")
		previous = hex.EncodeToString(mac(d.key, toSign))
		out = fmt.Appendf(out, "%x;chunk-signature=%s\r\n%s\r\n", len(chunk), previous, chunk)
	}
	d.setBody(out)
}

func inCheckedChunks(d *draft) {
	var out []byte
	for rest := d.decoded; len(rest) > 0; {
		chunk := rest[:min(chunkSize, len(rest))]
		rest = rest[len(chunk):]
		out = fmt.Appendf(out, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(d.decoded))
	d.setBody(fmt.Appendf(out, "0\r\nx-amz-checksum-crc32:%s\r\n\r\n", base64.StdEncoding.EncodeToString(sum)))
}

// frames returns the encoded chunks of the body, each with its head.
func frames(d *draft) [][]byte {
	var all [][]byte
	for rest := d.body; len(rest) > 0; {
		head := bytes.Index(rest, []byte("\r\n"))
		text, _, _ := bytes.Cut(rest[:head], []byte(";"))
		size, err := strconv.ParseInt(string(text), 16, 32)
		if err != nil {
			return all
		}
		end := min(head+2+int(size)+2, len(rest))
		all, rest = append(all, rest[:end]), rest[end:]
	}
	return all
}

// reframe sends the chunks in another order or number.
func reframe(order ...int) func(*draft) {
	return func(d *draft) {
		all := frames(d)
		var out []byte
		for _, i := range order {
			out = append(out, all[i]...)
		}
		d.setBody(out)
	}
}

// streamedRequests are those of clients that send while they read. They are checked where the
// options ask for it.
var streamedRequests = []check{
	{
		name: signedChunks, want: admit,
		why:    "S3's clients send it over plain HTTP",
		before: streamed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
		after:  inSignedChunks,
	},
	{
		name: "chunks: a byte of the first is changed", of: signedChunks, want: refuse,
		why:   "the chunks are not verified",
		after: func(d *draft) { d.body[200] ^= 1 },
	},
	{
		name: "chunks: a byte of the last is changed", of: signedChunks, want: refuse,
		why: "the chunks are not verified to the end",
		after: func(d *draft) {
			all := frames(d)
			last := all[len(all)-2]
			last[len(last)-3] ^= 1
			d.setBody(bytes.Join(all, nil))
		},
	},
	{
		name: "chunks: two are swapped", of: signedChunks, want: refuse,
		why:   "each signature covers the one before",
		after: reframe(1, 0, 2, 3),
	},
	{
		name: "chunks: one is repeated", of: signedChunks, want: refuse,
		why:   "each signature covers the one before",
		after: reframe(0, 0, 2, 3),
	},
	{
		name: "chunks: one is left out", of: signedChunks, want: refuse,
		why:   "each signature covers the one before",
		after: reframe(0, 2, 3),
	},
	{
		name: "chunks: the final one is missing", of: signedChunks, want: refuse,
		why:   "the body can be cut short",
		after: reframe(0, 1, 2),
	},
	{
		name: "chunks: bytes follow the final one", of: signedChunks, want: refuse,
		why:   "no signature covers them",
		after: func(d *draft) { d.setBody(append(d.body, "more"...)) },
	},
	{
		name: "chunks: the signatures are missing", of: signedChunks, want: refuse,
		why: "unsigned chunks are accepted as signed ones",
		after: func(d *draft) {
			var out []byte
			for _, frame := range frames(d) {
				head, data, _ := bytes.Cut(frame, []byte("\r\n"))
				size, _, _ := bytes.Cut(head, []byte(";"))
				out = append(append(append(out, size...), "\r\n"...), data...)
			}
			d.setBody(out)
		},
	},
	{
		name: "chunks: the announced length is wrong", of: signedChunks, want: refuse,
		why:    "the handler is told a wrong length",
		before: func(d *draft) { d.set("X-Amz-Decoded-Content-Length", "100") },
	},
	{
		name: checkedChunks, want: either,
		why: "an option: a checksum finds accidents, and any intermediary can change the body",
		before: func(d *draft) {
			streamed("STREAMING-UNSIGNED-PAYLOAD-TRAILER")(d)
			d.set("X-Amz-Trailer", "x-amz-checksum-crc32")
		},
		after: inCheckedChunks,
	},
	{
		name: "unsigned chunks: a byte is changed", of: checkedChunks, want: refuse,
		why:   "the checksum is not compared",
		after: func(d *draft) { d.body[200] ^= 1 },
	},
	{
		name: "unsigned chunks: the trailer is missing", of: checkedChunks, want: refuse,
		why: "the checksum can be left out",
		after: func(d *draft) {
			data, _, _ := bytes.Cut(d.body, []byte("x-amz-checksum-crc32:"))
			d.setBody(append(data, "\r\n"...))
		},
	},
}

const sigv4aGET = "SigV4A: GET"

// sigv4aRequests are signed by AWS4-ECDSA-P256-SHA256. They are checked where the options ask for
// it.
var sigv4aRequests = []check{
	{
		name: sigv4aGET, want: admit,
		why:    "SDKs use it for services that span regions",
		before: func(d *draft) { d.algorithm = ecdsaAlgorithm },
	},
	{
		name: "SigV4A: for all regions", of: sigv4aGET, want: admit,
		why:    "SDKs write * for any region",
		before: func(d *draft) { d.region = "*" },
	},
	{
		name: "SigV4A: for the regions that begin like this one", of: sigv4aGET, want: either,
		why:    "region patterns are an option",
		before: func(d *draft) { d.region = d.region[:1] + "*" },
	},
	{
		name: "SigV4A: POST with a body", of: sigv4aGET, want: admit,
		why:    "the body's hash is signed",
		before: postBody,
	},
	{
		name: "SigV4A: the method is changed", of: sigv4aGET, want: refuse,
		why:   "the signature covers the method",
		after: method("DELETE"),
	},
	{
		name: "SigV4A: the path is changed", of: sigv4aGET, want: refuse,
		why:   "the signature covers the path",
		after: below("/other"),
	},
	{
		name: "SigV4A: a byte of the body is changed", of: "SigV4A: POST with a body", want: refuse,
		why:   "the body is not covered",
		after: changeBody,
	},
	{
		name: "SigV4A: for another region", of: sigv4aGET, want: refuse,
		why:    "a request for one region works in another",
		before: func(d *draft) { d.region = "other-region-9" },
	},
	{
		name: "SigV4A: the region set is changed", of: sigv4aGET, want: refuse,
		why:   "the region set is not covered",
		after: func(d *draft) { d.set("X-Amz-Region-Set", "*") },
	},
	{
		name: "SigV4A: the region set is dropped", of: sigv4aGET, want: refuse,
		why:   "a request for no region works in every region",
		after: func(d *draft) { d.del("X-Amz-Region-Set") },
	},
	{
		name: "SigV4A: another secret", of: sigv4aGET, want: refuse,
		why:    "the secret is not used",
		before: func(d *draft) { d.secret += "x" },
	},
	{
		name: "SigV4A: another service", of: sigv4aGET, want: refuse,
		why:    "a request for one service works on another",
		before: func(d *draft) { d.service = "otherservice" },
	},
	{
		name: "SigV4A: signed an hour ago", of: sigv4aGET, want: refuse,
		why:    "a recorded request can be replayed forever",
		before: signedAt(-time.Hour),
	},
	{
		name: "SigV4A: an empty signature", of: sigv4aGET, want: refuse,
		why:   "an empty signature equals an empty result",
		after: signatureOf(func(string) string { return "" }),
	},
	{
		name: "SigV4A: a signature of zeros", of: sigv4aGET, want: refuse,
		why:   "r and s of zero verify anything where their range is not checked",
		after: signatureOf(func(string) string { return "3006020100020100" }),
	},
	{
		name: "SigV4A: under HMAC's algorithm", of: sigv4aGET, want: refuse,
		why:   "the algorithm is confused",
		after: authorization(ecdsaAlgorithm, hmacAlgorithm),
	},
}
