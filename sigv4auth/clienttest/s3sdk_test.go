package clienttest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	managertypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// sdk makes a client of aws-sdk-go-v2. It tries once, so that what is refused is seen.
func (s *s3Service) sdk(t *testing.T, change func(*s3.Options)) *s3.Client {
	t.Helper()
	o := s3.Options{
		Region: s3Region, BaseEndpoint: aws.String(s.url), UsePathStyle: true, HTTPClient: s.client(t), Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(s3KeyID, s3Secret, ""),
		// What config.LoadDefaultConfig sets.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	if change != nil {
		change(&o)
	}
	return s3.New(o)
}

// overBoth runs a test over http and over https.
func overBoth(t *testing.T, test func(t *testing.T, s *s3Service, secure bool)) {
	t.Helper()
	for name, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newS3(t, secure), secure)
		})
	}
}

// get reads an object with the SDK.
func get(ctx context.Context, c *s3.Client, key, byteRange string) ([]byte, error) {
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}
	if byteRange != "" {
		in.Range = aws.String(byteRange)
	}
	out, err := c.GetObject(ctx, in)
	if err != nil {
		return nil, err
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func put(ctx context.Context, c *s3.Client, key string, body []byte) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(body)})
	return err
}

// TestS3SDK: aws-sdk-go-v2 in path and virtual-hosted style, with every kind of key.
func TestS3SDK(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		styles := map[string]*s3.Client{
			"path": s.sdk(t, nil),
			"host": s.sdk(t, func(o *s3.Options) {
				o.BaseEndpoint, o.UsePathStyle, o.HTTPClient = aws.String(s.named), false, s.http2Client(t)
			}),
		}
		for style, c := range styles {
			for _, key := range s3Keys {
				body := content(1000 + len(key))
				if err := put(t.Context(), c, key, body); err != nil {
					t.Errorf("%s: put %q: %v", style, key, err)
					continue
				}
				if !sameObject(s, key, body) {
					t.Errorf("%s: put %q: another object was stored", style, key)
				}
				if got, err := get(t.Context(), c, key, ""); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%s: get %q: %v", style, key, err)
				}
				if got, err := get(t.Context(), c, key, "bytes=10-19"); err != nil || !bytes.Equal(got, body[10:20]) {
					t.Errorf("%s: get a range of %q: %q, %v", style, key, got, err)
				}
				head, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
				if err != nil || aws.ToInt64(head.ContentLength) != int64(len(body)) {
					t.Errorf("%s: head %q: %v", style, key, err)
				}
			}
			var listed []string
			pages := s3.NewListObjectsV2Paginator(c, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), MaxKeys: aws.Int32(4)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatalf("%s: list: %v", style, err)
				}
				for _, o := range page.Contents {
					listed = append(listed, aws.ToString(o.Key))
				}
			}
			if want := slices.Sorted(slices.Values(s3Keys)); !slices.Equal(listed, want) {
				t.Errorf("%s: listed %q, want %q", style, listed, want)
			}
			for _, key := range s3Keys {
				if _, err := c.DeleteObject(t.Context(),
					&s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}); err != nil {
					t.Errorf("%s: delete %q: %v", style, key, err)
				}
			}
		}
		s.wantDocumented(t, "aws-sdk-go-v2", secure)
		if secure {
			s.wantModes(t, byDigest, unsignedTrailer)
		} else {
			s.wantModes(t, byDigest, byChecksum)
		}
	})
}

// TestS3SDKUploads: a stream whose length nobody knows, in parts, and back in ranges.
func TestS3SDKUploads(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		c := s.sdk(t, nil)
		manager := transfermanager.New(c, func(o *transfermanager.Options) { o.GetObjectType = managertypes.GetObjectRanges })
		for _, size := range []int{0, 100_000, 20 << 20} {
			body := content(size)
			in := &transfermanager.UploadObjectInput{
				Bucket: aws.String(bucket), Key: aws.String("stream"),
				Body: struct{ io.Reader }{bytes.NewReader(body)},
			}
			if _, err := manager.UploadObject(t.Context(), in); err != nil || !sameObject(s, "stream", body) {
				t.Fatalf("upload of %d bytes: %v", size, err)
			}
			out, err := manager.GetObject(t.Context(),
				&transfermanager.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("stream")})
			if err != nil {
				t.Fatalf("download of %d bytes: %v", size, err)
			}
			if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, body) {
				t.Errorf("download of %d bytes: %d bytes, %v", size, len(got), err)
			}
		}
		if seen := s.store.Seen(); !slices.Contains(seen, "CompleteMultipartUpload") {
			t.Errorf("no upload came in parts: %v", seen)
		}
		// One part of many is changed in transit: the client gives the whole upload up.
		tampering := newRelay(t, s, secure, marker, changed)
		manager = transfermanager.New(s.sdk(t, func(o *s3.Options) { o.HTTPClient = s.clientVia(t, tampering.addr) }))
		in := &transfermanager.UploadObjectInput{
			Bucket: aws.String(bucket), Key: aws.String("changed"),
			Body: bytes.NewReader(content(20 << 20)),
		}
		_, err := manager.UploadObject(t.Context(), in)
		if want := map[bool]string{false: "XAmzContentSHA256Mismatch", true: "BadDigest"}[secure]; apiCode(err) != want {
			t.Errorf("a part that was changed in transit: %v, want %s", err, want)
		}
		if _, ok := s.store.Object(bucket, "changed"); ok || s.store.Uploads() > 0 ||
			!slices.Contains(s.store.Seen(), "AbortMultipartUpload") {
			t.Errorf("an upload with a changed part was not given up: %v", s.store.Seen())
		}
		s.wantDocumented(t, "its transfermanager", secure)
		if secure {
			s.wantModes(t, byDigest, unsigned, unsignedTrailer)
		} else {
			s.wantModes(t, byDigest, byChecksum)
		}
	})
}

// TestS3SDKPresigned: URLs for reading and writing, that anyone can use with plain HTTP until they
// expire.
func TestS3SDKPresigned(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, _ bool) {
		c := s.sdk(t, nil)
		signer := s3.NewPresignClient(c, s3.WithPresignExpires(time.Minute))
		body := content(5000)
		for _, key := range s3Keys {
			in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}
			url, err := signer.PresignPutObject(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := s.plain(t, url.Method, url.URL, body); status != http.StatusOK || !sameObject(s, key, body) {
				t.Errorf("put %q: %d %s", key, status, answer)
			}
			if url, err = signer.PresignGetObject(t.Context(),
				&s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)}); err != nil {
				t.Fatal(err)
			}
			if status, answer := s.plain(t, url.Method, url.URL, nil); status != http.StatusOK || answer != string(body) {
				t.Errorf("get %q: %d", key, status)
			}
		}
		url, err := signer.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("late")})
		if err != nil {
			t.Fatal(err)
		}
		s.ahead.Store(int64(2 * time.Minute))
		s.mustRefuse(t, "an expired URL", "AccessDenied: Request has expired", func() string {
			_, answer := s.plain(t, url.Method, url.URL, body)
			return s3Said(answer)
		})
	})
}

// plain sends what a program without any SDK would send.
func (s *s3Service) plain(t *testing.T, method, url string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return s.do(t, r)
}

// apiCode returns the code that the SDK makes of a response.
func apiCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// checksums are the algorithms that servers of S3 and this one know.
var checksums = []types.ChecksumAlgorithm{
	types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c, types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmSha1,
	types.ChecksumAlgorithmSha256,
}

// TestS3SDKRefused: what the SDK says of each refusal. Nothing of it changes the store.
func TestS3SDKRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		body := content(5000)
		if err := put(t.Context(), s.sdk(t, nil), "kept", body); err != nil {
			t.Fatal(err)
		}
		with := func(change func(*s3.Options)) func() string {
			return func() string { return apiCode(put(t.Context(), s.sdk(t, change), "kept", content(6000))) }
		}
		keys := func(id, secret string) func(*s3.Options) {
			return func(o *s3.Options) { o.Credentials = credentials.NewStaticCredentialsProvider(id, secret, "") }
		}
		s.mustRefuse(t, "a wrong secret", "SignatureDoesNotMatch", with(keys(s3KeyID, "wrong")))
		s.mustRefuse(t, "an unknown key", "InvalidAccessKeyId", with(keys("AKIAUNKNOWN", s3Secret)))
		s.mustRefuse(t, "another region", "AuthorizationHeaderMalformed", with(func(o *s3.Options) { o.Region = "eu-west-1" }))
		s.mustRefuse(t, "a key that the policy denies", "AccessDenied", func() string {
			return apiCode(put(t.Context(), s.sdk(t, nil), "secret/x", body))
		})
		s.mustRefuse(t, "threats 140 and 242: a copy, which names a second resource", "AccessDenied", func() string {
			_, err := s.sdk(t, nil).CopyObject(t.Context(),
				&s3.CopyObjectInput{Bucket: aws.String(bucket), Key: aws.String("x"), CopySource: aws.String(bucket + "/secret/x")})
			return apiCode(err)
		})
		s.mustRefuse(t, "threat 141: a sub-resource that the store does not have", "AccessDenied", func() string {
			_, err := s.sdk(t, nil).PutObjectAcl(t.Context(),
				&s3.PutObjectAclInput{Bucket: aws.String(bucket), Key: aws.String("kept"), ACL: types.ObjectCannedACLPublicRead})
			return apiCode(err)
		})
		s.mustRefuse(t, "a HEAD, which has no body to say why", "Forbidden", func() string {
			_, err := s.sdk(t, keys(s3KeyID, "wrong")).HeadObject(t.Context(),
				&s3.HeadObjectInput{Bucket: aws.String(bucket), Key: aws.String("kept")})
			return apiCode(err)
		})
		tampering := newRelay(t, s, secure, marker, changed)
		relayed := func(o *s3.Options) { o.HTTPClient = s.clientVia(t, tampering.addr) }
		// Over TLS the SDK signs no body. There the checksum in its trailer tells of what was
		// damaged, and of nobody who changes both.
		s.mustRefuse(t, "a body that was changed in transit",
			map[bool]string{false: "XAmzContentSHA256Mismatch", true: "BadDigest"}[secure], with(relayed))
		for _, algorithm := range checksums {
			send := func(change func(*s3.Options)) string {
				_, err := s.sdk(t, change).PutObject(t.Context(), &s3.PutObjectInput{
					Bucket: aws.String(bucket), Key: aws.String(string(algorithm)), Body: bytes.NewReader(body),
					ChecksumAlgorithm: algorithm,
				})
				return apiCode(err)
			}
			if code := send(nil); code != "" || !sameObject(s, string(algorithm), body) {
				t.Errorf("%s: %s", algorithm, code)
			}
			if secure {
				s.mustRefuse(t, "a body with a wrong "+string(algorithm), "BadDigest", func() string { return send(relayed) })
			}
		}
		if !sameObject(s, "kept", body) {
			t.Error("the object is another")
		}
	})
}
