package sigv4auth_test

import (
	"crypto/sha1" //nolint:gosec // an algorithm under test
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestChecksumHeaders: the checksum header that a plain body comes with is verified, whichever way
// the signature covers the body.
func TestChecksumHeaders(t *testing.T) {
	t.Parallel()
	one, two := sha1.Sum([]byte(rideBody)), sha256.Sum256([]byte(rideBody)) //nolint:gosec // see the import
	right := map[string]string{
		"X-Amz-Checksum-Crc32":  crc32Of(rideBody),
		"X-Amz-Checksum-Sha1":   base64.StdEncoding.EncodeToString(one[:]),
		"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(two[:]),
		// These are no checksums.
		"X-Amz-Checksum-Algorithm": "CRC32", "X-Amz-Checksum-Mode": "ENABLED", "X-Amz-Checksum-Type": "FULL_OBJECT",
	}
	other := map[string]string{
		"X-Amz-Checksum-Crc32": "AAAAAA==", "X-Amz-Checksum-Crc32c": crc32Of(rideBody), "X-Amz-Checksum-Crc64nvme": "AAAAAAAAAAA=",
		"X-Amz-Checksum-Sha1":   base64.StdEncoding.EncodeToString(two[:20]),
		"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(append(two[1:], 0)),
	}
	a := newAuthenticator(t, nil)
	verify := func(s signing, method, target string, headers ...string) error {
		r := request(method, target, rideBody)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		_, err := a.Verify(sign(t, r, s))
		return err
	}
	for _, s := range []signing{{}, {digestHeader: true}, {presign: 60e9}} {
		for key, value := range right {
			if s.presign > 0 && key == "X-Amz-Checksum-Mode" {
				continue // the signer makes a query parameter of it
			}
			if err := verify(s, "PUT", "/prod/ride", key, value); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		for key, value := range other {
			if err := verify(s, "PUT", "/prod/ride", key, value); !errors.Is(err, sigv4auth.ErrChecksumMismatch) {
				t.Errorf("%s of another body: %v", key, err)
			}
		}
	}
	malformed := [][]string{
		{"X-Amz-Checksum-Crc32", "AAAA"},
		{"X-Amz-Checksum-Crc32", crc32Of(rideBody) + "-3"},
		{"X-Amz-Checksum-Crc32", "!!!!!!=="},
		{"X-Amz-Checksum-Md4", "AAAAAA=="},
		{"X-Amz-Checksum-Crc32", crc32Of(rideBody), "X-Amz-Checksum-Sha1", right["X-Amz-Checksum-Sha1"]},
	}
	for _, headers := range malformed {
		if err := verify(signing{}, "PUT", "/prod/ride", headers...); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
			t.Errorf("%q: %v", headers, err)
		}
	}
	r := request("PUT", "/prod/ride", rideBody)
	r.Header["X-Amz-Checksum-Crc32"] = []string{crc32Of(rideBody), crc32Of(rideBody)}
	if _, err := a.Verify(sign(t, r, signing{})); !errors.Is(err, sigv4auth.ErrMalformedRequest) {
		t.Errorf("twice: %v", err)
	}

	// CompleteMultipartUpload names the checksum of the object, whatever the body is. Other
	// requests that look a little like it do not.
	if err := verify(signing{}, http.MethodPost, "/prod/ride?uploadId=abc", "X-Amz-Checksum-Crc32", "AAAAAA==-3"); err != nil {
		t.Error(err)
	}
	for _, target := range []string{"/prod/ride?uploadid=abc", "/prod/ride?uploadId2=abc", "/prod/uploadId"} {
		if err := verify(signing{}, http.MethodPost, target, "X-Amz-Checksum-Crc32", "AAAAAA=="); !errors.Is(err,
			sigv4auth.ErrChecksumMismatch) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if err := verify(signing{}, http.MethodPut, "/prod/ride?uploadId=abc&partNumber=1", "X-Amz-Checksum-Crc32", "AAAAAA=="); !errors.Is(err,
		sigv4auth.ErrChecksumMismatch) {
		t.Errorf("UploadPart: %v", err)
	}
}

// TestChecksumHeaderOfChunks: a body in chunks without a trailer can have its checksum in a header,
// and is refused at its end if it has another (threat 65).
func TestChecksumHeaderOfChunks(t *testing.T) {
	t.Parallel()
	u := upload{mode: modeSigned, data: rideBody, header: map[string]string{"X-Amz-Checksum-Crc32": crc32Of(rideBody)}}
	r := u.request(t)
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(rideBody))
	if _, err := r.Body.Read(got); err != nil || string(got) != rideBody {
		t.Errorf("%q, %v", got, err)
	}
	u.header["X-Amz-Checksum-Crc32"] = crc32Of("another body")
	r = u.request(t)
	if _, err := newAuthenticator(t, streamingConfig).Verify(r); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r.Body); !errors.Is(err, sigv4auth.ErrChecksumMismatch) || len(got) != 0 {
		t.Errorf("a body of another checksum: %q, %v", got, err)
	}
}

// TestPresignedChecksum: threat 98. A URL that was presigned before there was a body has the
// checksum of an empty one in its query: an upload with it is refused, and the answer names the
// parameter, since the client's own code never did.
func TestPresignedChecksum(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Denied = sigv4auth.WriteS3Error })
	for name, tt := range map[string]struct {
		query, body, text string
		admitted          bool
	}{
		"of an empty body": {
			"x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32", rideBody,
			"in the query parameter x-amz-checksum-crc32 of the presigned URL", false,
		},
		"in another case":         {"X-Amz-Checksum-Crc32=AAAAAA%3D%3D", rideBody, "in the query parameter X-Amz-Checksum-Crc32 of the presigned URL", false},
		"of an empty body, empty": {"x-amz-checksum-crc32=AAAAAA%3D%3D", "", "", true},
		"of the body":             {"x-amz-checksum-crc32=" + url.QueryEscape(crc32Of(rideBody)), rideBody, "", true},
		"two":                     {"x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-checksum-sha1=x", "", "single x-amz-checksum-", false},
	} {
		var handler spy
		w := httptest.NewRecorder()
		a.Handler(&handler).ServeHTTP(w, sign(t, request(http.MethodPut, "/prod/ride?"+tt.query, tt.body), presigned))
		if (handler.ran == 1) != tt.admitted || !strings.Contains(w.Body.String(), tt.text) {
			t.Errorf("%s: the handler ran %d times; %d %s", name, handler.ran, w.Code, w.Body)
		}
	}
}
