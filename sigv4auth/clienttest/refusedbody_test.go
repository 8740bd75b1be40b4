package clienttest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// slowReader is a body that is read in small pieces, so that a refusal comes while it is being
// sent. It can be sent again.
type slowReader struct{ *bytes.Reader }

func (r slowReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 16<<10)]) }

// WriteTo hides that of bytes.Reader, which would send everything at once.
func (r slowReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}

// TestRefusedWhileSending: threats 220 and 221. A client of aws-sdk-go-v2 that is refused while it
// is still sending a large body sees the refusal each time, and no broken connection: with and
// without Expect: 100-continue, over HTTP/1.1 and HTTP/2, whatever it is refused for.
func TestRefusedWhileSending(t *testing.T) {
	t.Parallel()
	const tries = 10
	refusals := []struct {
		name, code string
		key, id    string
		secret     string
		size       []int
	}{
		{"no such key", "InvalidAccessKeyId", "x", "AKIANOBODYKNOWSTHIS0", s3Secret, []int{5 << 20, 40 << 20}},
		{"wrong signature", "SignatureDoesNotMatch", "x", s3KeyID, "wrong", []int{5 << 20, 40 << 20}},
		{"denied by policy", "AccessDenied", "secret/x", s3KeyID, s3Secret, []int{5 << 20, 40 << 20}},
		{"body too large", "EntityTooLarge", "x", s3KeyID, s3Secret, []int{65 << 20}},
	}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/1.1 over TLS", "HTTP/2"} {
		s := newS3(t, protocol != "HTTP/1.1")
		for _, expect := range []struct {
			name      string
			threshold int64
			wait      time.Duration
		}{
			{"no Expect", -1, 0},
			{"Expect, and the client waits", 0, 10 * time.Second},
			{"Expect, and the client does not wait", 0, 0},
		} {
			for _, refused := range refusals {
				t.Run(fmt.Sprintf("%s, %s, %s", protocol, expect.name, refused.name), func(t *testing.T) {
					t.Parallel()
					httpClient := s.client(t)
					httpClient.Transport.(*http.Transport).ExpectContinueTimeout = expect.wait
					httpClient.Transport.(*http.Transport).ForceAttemptHTTP2 = protocol == "HTTP/2"
					c := s.sdk(t, func(o *s3.Options) {
						o.HTTPClient, o.ContinueHeaderThresholdBytes = httpClient, expect.threshold
						o.Credentials = credentials.NewStaticCredentialsProvider(refused.id, refused.secret, "")
					})
					for _, size := range refused.size {
						body, n := make([]byte, size), tries
						if size > 5<<20 {
							n = 3
						}
						lost := 0
						for range n {
							_, err := c.PutObject(t.Context(), &s3.PutObjectInput{
								Bucket: aws.String(bucket), Key: aws.String(refused.key), Body: slowReader{bytes.NewReader(body)},
							})
							api, ok := errors.AsType[smithy.APIError](err)
							if !ok || api.ErrorCode() != refused.code {
								if lost++; lost == 1 {
									t.Errorf("%d MiB: %v; want %s", size>>20, err, refused.code)
								}
								continue
							}
							re, ok := errors.AsType[*awshttp.ResponseError](err)
							if !ok || (re.Response.ProtoMajor == 2) != (protocol == "HTTP/2") {
								t.Errorf("the answer came over another protocol than %s", protocol)
							}
						}
						if lost > 0 {
							t.Errorf("%d MiB: %d of %d refusals were lost", size>>20, lost, n)
						}
					}
				})
			}
		}
	}
}
