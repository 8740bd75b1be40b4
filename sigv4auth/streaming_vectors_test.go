package sigv4auth_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// documentedUpload is the example request of the S3 API Reference's pages on uploads in chunks, as
// it stands on the wire: 66,560 times "a", in two chunks. trailer selects the page on trailing
// headers.
func documentedUpload(trailer bool) string {
	mode, seed, end := "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9", ""
	names := "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class"
	chunks := []any{
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", strings.Repeat("a", 65536),
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", strings.Repeat("a", 1024),
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	}
	header := ""
	if trailer {
		mode, seed = mode+"-TRAILER", "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
		names = "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer"
		chunks[0] = "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"
		chunks[2] = "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"
		chunks[4] = "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"
		header = "x-amz-trailer: x-amz-checksum-crc32c\r\n"
		end = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:" +
			"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n"
	}
	body := fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n", chunks...) + end +
		"\r\n"
	return "PUT /examplebucket/chunkObject.txt HTTP/1.1\r\nHost: s3.amazonaws.com\r\nx-amz-date: " +
		"20130524T000000Z\r\nx-amz-storage-class: REDUCED_REDUNDANCY\r\n" +
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=" + names + ",Signature=" + seed +
		"\r\n" +
		"x-amz-content-sha256: " + mode + "\r\nContent-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 66560\r\n" + header +
		fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)) + body
}

// TestDocumentedUploads: both examples are admitted and read to their end.
func TestDocumentedUploads(t *testing.T) {
	t.Parallel()
	for _, trailer := range []bool{false, true} {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(documentedUpload(trailer))))
		if err != nil {
			t.Fatal(err)
		}
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			streamingConfig(c)
			c.Service, c.Path, c.Now = "s3", sigv4auth.PathS3, func() time.Time { return time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC) }
		})
		if _, err := a.Verify(r); err != nil {
			t.Errorf("trailer %t: %v", trailer, err)
			continue
		}
		if body, err := io.ReadAll(r.Body); err != nil || len(body) != 66560 || strings.Trim(string(body), "a") != "" {
			t.Errorf("trailer %t: %d bytes, %v", trailer, len(body), err)
		}
	}
}
