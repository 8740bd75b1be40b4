package chunked_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/checksum"
	"github.com/wildgate/wildgate/sigv4auth/internal/chunked"
)

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// documented is the example of the S3 API Reference: 66,560 times "a", in chunks of 65,536 and
// 1,024.
var documented = bytes.Repeat([]byte("a"), 66560)

// TestDocumentedChunks: the signatures of the example in "Signature calculations for the
// Authorization header: transferring payload in multiple chunks".
func TestDocumentedChunks(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;chunk-signature=%s\r\n\r\n",
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", documented[:65536],
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", documented[65536:],
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
	if len(body) != 66824 {
		t.Errorf("the body has %d bytes; the example's Content-Length is 66824", len(body))
	}
	r := chunked.NewReader(strings.NewReader(body), &chunked.Payload{
		Length: 66560, Encoded: 66824, Chain: newChain("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"),
	})
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, documented) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestDocumentedTrailer: the signatures of the example in "Signature calculations for trailing
// headers (chunked uploads)".
func TestDocumentedTrailer(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf("10000;chunk-signature=%s\r\n%s\r\n400;chunk-signature=%s\r\n%s\r\n0;"+
		"chunk-signature=%s\r\nx-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:%s\r\n\r\n",
		"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2", documented[:65536],
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7", documented[65536:],
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")
	sum, _ := checksum.New("x-amz-checksum-crc32c")
	r := chunked.NewReader(strings.NewReader(body), &chunked.Payload{
		Length: 66560, Encoded: int64(len(body)), Trailer: "x-amz-checksum-crc32c", Sum: sum,
		Chain: newChain("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"),
	})
	if _, ok := r.Trailer(); ok {
		t.Error("there is a trailer before it was read")
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, documented) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if value, ok := r.Trailer(); value != "sOO8/Q==" || !ok {
		t.Errorf("the trailer is %q, %t", value, ok)
	}
}
