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
		Creds: credentials.NewStaticV4(s3KeyID, s3Secret, ""), Secure: secure, Region: s3Region, Transport: s.client(t).Transport, MaxRetries: 1,
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

// TestS3Minio: minio-go in path and virtual-hosted style, with every kind of key, by whole objects, streams and parts.
func TestS3Minio(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		if !secure {
			t.Skip("minio-go streams here")
		}
		for style, lookup := range map[string]minio.BucketLookupType{"path": minio.BucketLookupPath, "host": minio.BucketLookupDNS} {
			c := s.minio(t, secure, func(o *minio.Options) { o.BucketLookup = lookup })
			for _, key := range s3Keys {
				body := content(1000 + len(key))
				if _, err := c.PutObject(t.Context(), bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{}); err != nil {
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
		t.Logf("payload modes: %v", s.payloadModes())
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
			from, err := c.PresignedGetObject(t.Context(), bucket, key, time.Minute, url.Values{"response-content-type": {"text/x-unicorn"}})
			if err != nil {
				t.Fatal(err)
			}
			if status, answer := s.plain(t, http.MethodGet, from.String(), nil); status != http.StatusOK || answer != string(body) {
				t.Errorf("get %q: %d", key, status)
			}
		}
	})
}

// TestS3MinioRefused: what minio-go says of each refusal. Nothing of it changes the store.
func TestS3MinioRefused(t *testing.T) {
	t.Parallel()
	overBoth(t, func(t *testing.T, s *s3Service, secure bool) {
		body := content(5000)
		with := func(change func(*minio.Options)) func() string {
			return func() string {
				_, err := s.minio(t, secure, change).PutObject(t.Context(), bucket, "x", bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
				return minio.ToErrorResponse(err).Code
			}
		}
		keys := func(id, secret string) func(*minio.Options) {
			return func(o *minio.Options) { o.Creds = credentials.NewStaticV4(id, secret, "") }
		}
		if secure { // without TLS minio-go streams
			s.mustRefuse(t, "a wrong secret", "SignatureDoesNotMatch", with(keys(s3KeyID, "wrong")))
			s.mustRefuse(t, "an unknown key", "InvalidAccessKeyId", with(keys("AKIAUNKNOWN", s3Secret)))
		}
		s.mustRefuse(t, "a POST policy, which is a form with no signed request", "AccessDenied", func() string {
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
			status, answer := s.form(t, to.String(), fields, body)
			if !strings.Contains(answer, "POST policy") {
				t.Errorf("the answer does not say why: %s", answer)
			}
			return s3Code(status, answer)
		})
	})
}
