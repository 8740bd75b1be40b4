package clienttest_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// minio makes a client of minio-go, which tries once.
func (s *s3Service) minio(t *testing.T, secure bool, change func(*minio.Options)) *minio.Client {
	t.Helper()
	endpoint := strings.TrimPrefix(strings.TrimPrefix(s.url, "https://"), "http://")
	o := minio.Options{
		Creds: credentials.NewStaticV4(s3KeyID, s3Secret, ""), Secure: secure, Region: s3Region, Transport: s.client(t).Transport,
		MaxRetries: 1,
	}
	if change != nil {
		change(&o)
	}
	if o.BucketLookup == minio.BucketLookupDNS {
		endpoint = strings.TrimPrefix(strings.TrimPrefix(s.named, "https://"), "http://")
	}
	c, err := minio.New(endpoint, &o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestS3Minio: minio-go in path and virtual-hosted style, with every kind of key, by whole objects,
// streams and parts.
func TestS3Minio(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		for style, lookup := range map[string]minio.BucketLookupType{"path": minio.BucketLookupPath, "host": minio.BucketLookupDNS} {
			c := s.minio(t, secure, func(o *minio.Options) { o.BucketLookup = lookup })
			for _, key := range s3Keys {
				body := content(1000 + len(key))
				if _, err := c.PutObject(t.Context(), bucket, key, bytes.NewReader(body), int64(len(body)),
					minio.PutObjectOptions{}); err != nil {
					t.Errorf("%s: put %q: %v", style, key, err)
					continue
				}
				if !sameObject(s, key, body) {
					t.Errorf("%s: put %q: another object was stored", style, key)
				}
				o, err := c.GetObject(t.Context(), bucket, key, minio.GetObjectOptions{})
				if err != nil {
					t.Errorf("%s: get %q: %v", style, key, err)
					continue
				}
				if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%s: get %q: %v", style, key, err)
				}
				_ = o.Close()
			}
			var listed []string
			for o := range c.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
				if o.Err != nil {
					t.Fatalf("%s: list: %v", style, o.Err)
				}
				listed = append(listed, o.Key)
			}
			if want := slices.Sorted(slices.Values(s3Keys)); !slices.Equal(listed, want) {
				t.Errorf("%s: listed %q, want %q", style, listed, want)
			}
			for _, key := range s3Keys {
				if err := c.RemoveObject(t.Context(), bucket, key, minio.RemoveObjectOptions{}); err != nil {
					t.Errorf("%s: delete %q: %v", style, key, err)
				}
			}
		}
		s.wantDocumented(t, "minio-go", secure)
		if secure {
			s.wantModes(t, byDigest, unsigned)
		} else {
			s.wantModes(t, byDigest, signedChunks)
		}
	})
}

// TestS3MinioBuckets: minio-go asks for a bucket's region where it is told none; it makes, lists
// and removes buckets.
func TestS3MinioBuckets(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		c := s.minio(t, secure, func(o *minio.Options) { o.Region = "" })
		if _, err := c.PutObject(t.Context(), bucket, "x", strings.NewReader(marker), int64(len(marker)),
			minio.PutObjectOptions{}); err != nil ||
			!sameObject(s, "x", []byte(marker)) {
			t.Errorf("put: %v", err)
		}
		if seen := s.store.Seen(); !slices.Contains(seen, "GetBucketLocation") {
			t.Errorf("the region was not asked for: %v", seen)
		}
		if err := c.MakeBucket(t.Context(), "made-by-minio", minio.MakeBucketOptions{}); err != nil {
			t.Errorf("make: %v", err)
		}
		if exists, err := c.BucketExists(t.Context(), "made-by-minio"); err != nil || !exists {
			t.Errorf("exists: %v, %v", exists, err)
		}
		if buckets, err := c.ListBuckets(t.Context()); err != nil || len(buckets) != 2 {
			t.Errorf("list: %v, %v", buckets, err)
		}
		if err := c.RemoveBucket(t.Context(), "made-by-minio"); err != nil {
			t.Errorf("remove: %v", err)
		}
		s.wantDocumented(t, "minio-go", secure)
	})
}

// TestS3MinioStreams: streams of unknown length in parts, and checksums that come in a trailer.
func TestS3MinioStreams(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		c := s.minio(t, secure, func(o *minio.Options) { o.TrailingHeaders = true })
		for _, size := range []int{0, 1, 64 << 10, 6<<20 + 1} {
			for _, checksum := range []minio.ChecksumType{
				minio.ChecksumNone, minio.ChecksumCRC32, minio.ChecksumCRC32C, minio.ChecksumCRC64NVME, minio.ChecksumSHA1,
				minio.ChecksumSHA256,
			} {
				if size > 1<<20 && checksum != minio.ChecksumNone && checksum != minio.ChecksumCRC32C {
					continue // one of them tells how parts go
				}
				body := content(size)
				options := minio.PutObjectOptions{PartSize: 5 << 20, Checksum: checksum, AutoChecksum: checksum}
				_, err := c.PutObject(t.Context(), bucket, "stream", struct{ io.Reader }{bytes.NewReader(body)}, -1, options)
				if err != nil || !sameObject(s, "stream", body) {
					t.Errorf("%d bytes, %v: %v", size, checksum, err)
				}
				_, err = c.PutObject(t.Context(), bucket, "known", bytes.NewReader(body), int64(size), options)
				if err != nil || !sameObject(s, "known", body) {
					t.Errorf("%d bytes of known length, %v: %v", size, checksum, err)
				}
			}
		}
		s.wantDocumented(t, "minio-go, TrailingHeaders", secure)
		if secure {
			s.wantModes(t, byDigest, byChecksum, unsigned, unsignedTrailer)
		} else {
			s.wantModes(t, byDigest, byChecksum, unsigned, signedChunks, signedTrailer)
		}
	})
}

// TestS3MinioPresigned: minio-go's own presigned URLs.
func TestS3MinioPresigned(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		c := s.minio(t, secure, nil)
		body := content(5000)
		for _, key := range s3Keys {
			to, err := c.PresignedPutObject(t.Context(), bucket, key, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := s.plain(t, http.MethodPut, to.String(), body); status != http.StatusOK || !sameObject(s, key, body) {
				t.Errorf("put %q: %d %s", key, status, answer)
			}
			from, err := c.PresignedGetObject(t.Context(), bucket, key, time.Minute,
				url.Values{"response-content-type": {"text/x-unicorn"}})
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := s.plain(t, http.MethodGet, from.String(), nil); status != http.StatusOK || answer != string(body) {
				t.Errorf("get %q: %d", key, status)
			}
		}
		to, err := c.PresignedPutObject(t.Context(), bucket, "late", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		s.ahead.Store(int64(2 * time.Minute))
		s.mustRefuse(t, "an expired URL", "AccessDenied: Request has expired", func() string {
			_, answer := s.plain(t, http.MethodPut, to.String(), body)
			return s3Said(answer)
		})
	})
}

// TestS3MinioRefused: what minio-go says of each refusal. Nothing of it changes the store.
func TestS3MinioRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		body := content(5000)
		with := func(change func(*minio.Options)) func() string {
			return func() string {
				_, err := s.minio(t, secure, change).PutObject(t.Context(), bucket, "x", bytes.NewReader(body), int64(len(body)),
					minio.PutObjectOptions{})
				return minio.ToErrorResponse(err).Code
			}
		}
		keys := func(id, secret string) func(*minio.Options) {
			return func(o *minio.Options) { o.Creds = credentials.NewStaticV4(id, secret, "") }
		}
		s.mustRefuse(t, "a wrong secret", "SignatureDoesNotMatch", with(keys(s3KeyID, "wrong")))
		s.mustRefuse(t, "an unknown key", "InvalidAccessKeyId", with(keys("AKIAUNKNOWN", s3Secret)))
		s.mustRefuse(t, "another region", "AuthorizationHeaderMalformed", with(func(o *minio.Options) { o.Region = "eu-west-1" }))
		relayed := func(o *minio.Options) {
			o.Transport = s.clientVia(t, newRelay(t, s, secure, marker, changed).addr).Transport
		}
		if !secure {
			s.mustRefuse(t, "a chunk that was changed in transit", "SignatureDoesNotMatch", with(relayed))
		}
		s.mustRefuse(t, "a chunk or a trailer that was changed in transit", map[bool]string{
			false: "SignatureDoesNotMatch", true: "BadDigest",
		}[secure], func() string {
			c := s.minio(t, secure, func(o *minio.Options) { relayed(o); o.TrailingHeaders = true })
			_, err := c.PutObject(t.Context(), bucket, "x", bytes.NewReader(body), int64(len(body)),
				minio.PutObjectOptions{Checksum: minio.ChecksumCRC32C})
			return minio.ToErrorResponse(err).Code
		})
		s.mustRefuse(t, "threat 99: a POST policy, which is a form with no signed request", "AccessDenied: Uploads from a form with a "+
			"POST policy are not supported; sign the request, or use a presigned URL with PUT", func() string {
			policy := minio.NewPostPolicy()
			for _, err := range []error{policy.SetBucket(bucket), policy.SetKey("x"), policy.SetExpires(time.Now().Add(time.Minute))} {
				if err != nil {
					t.Fatal(err)
				}
			}
			to, fields, err := s.minio(t, secure, nil).PresignedPostPolicy(t.Context(), policy)
			if err != nil {
				t.Fatal(err)
			}
			_, answer := s.form(t, to.String(), fields, body)
			return s3Said(answer)
		})
	})
}
