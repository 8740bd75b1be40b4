package sigv4auth_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// allStreaming switches every streaming mode on.
const allStreaming = sigv4auth.StreamingSigned | sigv4auth.StreamingSignedTrailer | sigv4auth.InsecureStreamingUnsignedTrailer

// recordedModes are the streaming modes that were recorded.
var recordedModes = map[string]sigv4auth.PayloadMode{
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD":         sigv4auth.StreamingSigned,
	"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": sigv4auth.StreamingSignedTrailer,
	"STREAMING-UNSIGNED-PAYLOAD-TRAILER":         sigv4auth.InsecureStreamingUnsignedTrailer,
}

// TestStreamingRecordings: the bodies that minio-go and aws-sdk-go-v2 sent in chunks are admitted
// and read to their end, decoded. With a byte of any chunk changed, they are not.
func TestStreamingRecordings(t *testing.T) {
	t.Parallel()
	count := map[sigv4auth.PayloadMode]int{}
	for _, rec := range readRecordings(t) {
		mode, ok := recordedModes[rec.Payload]
		if !ok || rec.Algorithm != "AWS4-HMAC-SHA256" {
			continue
		}
		count[mode]++
		a := rec.s3Authenticator(t, allStreaming)
		r, err := rec.parse()
		if err != nil {
			t.Fatal(err)
		}
		id, err := a.Verify(r)
		if err != nil || id.PayloadMode != mode {
			t.Errorf("%s: %v; mode %v", rec.name(), err, id.PayloadMode)
			continue
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			t.Errorf("%s: %d bytes of %d: %v", rec.name(), len(body), r.ContentLength, err)
		}
		if rest := bytes.Trim(body, "u"); len(rest) > 0 && string(rest) != "hello rydes" {
			t.Errorf("%s: the body is not what was sent: %.40q", rec.name(), rest)
		}
		_, sent, _ := bytes.Cut(rec.Raw, []byte("\r\n\r\n"))
		for i := len(sent) - 1; i >= 0; i -= 1 + len(sent)/50 {
			rec.mustFail(t, a, len(rec.Raw)-len(sent)+i)
		}
	}
	want := map[sigv4auth.PayloadMode]int{
		sigv4auth.StreamingSigned: streamingRecordings - 2, sigv4auth.StreamingSignedTrailer: 1,
		sigv4auth.InsecureStreamingUnsignedTrailer: 1,
	}
	if !maps.Equal(count, want) {
		t.Errorf("recordings by mode: %v; want %v", count, want)
	}
}

// mustFail changes one byte of the body.
func (rec recording) mustFail(t *testing.T, a *sigv4auth.Authenticator, at int) {
	t.Helper()
	rec.Raw = bytes.Clone(rec.Raw)
	rec.Raw[at] ^= 1
	r, err := rec.parse()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Verify(r); err != nil {
		t.Fatalf("%s: the signature covers no byte of the body: %v", rec.name(), err)
	}
	_, err = io.ReadAll(r.Body)
	if refused, ok := errors.AsType[*sigv4auth.Error](err); !ok {
		t.Errorf("%s: byte %d changed, and the body is read with %v", rec.name(), at, err)
	} else if refused.HTTPStatus() >= 500 {
		t.Errorf("%s: byte %d changed: %v", rec.name(), at, err)
	}
}

// TestUnsignedRecordings: the bodies that minio-go and aws-sdk-go-v2 sent without signing them, as
// both do over TLS, are admitted where InsecureUnsigned is set, and nowhere else: not by the other
// modes, and not with another path. The body is what the mode leaves open.
func TestUnsignedRecordings(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for _, rec := range readRecordings(t) {
		if rec.Payload != "UNSIGNED-PAYLOAD" {
			continue
		}
		count[rec.Client]++
		verify := func(modes sigv4auth.PayloadMode, old, with string) (string, error) {
			t.Helper()
			changed := rec
			if changed.Raw = bytes.Replace(rec.Raw, []byte(old), []byte(with), 1); old != with && bytes.Equal(changed.Raw, rec.Raw) {
				t.Fatalf("%s does not hold %q", rec.name(), old)
			}
			r, err := changed.parse()
			if err != nil {
				t.Fatal(err)
			}
			id, err := rec.s3Authenticator(t, modes).Verify(r)
			if err != nil {
				return "", err
			}
			if id.PayloadMode != sigv4auth.InsecureUnsigned {
				t.Errorf("%s: mode %v", rec.name(), id.PayloadMode)
			}
			body, err := io.ReadAll(r.Body)
			return string(body), err
		}
		if body, err := verify(sigv4auth.InsecureUnsigned, "", ""); err != nil || body != "hello rydes" {
			t.Errorf("%s: %q, %v", rec.name(), body, err)
		}
		if body, err := verify(sigv4auth.InsecureUnsigned, "hello rydes", "HELLO rydes"); err != nil || body != "HELLO rydes" {
			t.Errorf("%s, with another body: %q, %v", rec.name(), body, err)
		}
		if _, err := verify(allStreaming, "", ""); !errors.Is(err, sigv4auth.ErrNotEnabled) {
			t.Errorf("%s, where the mode is off: %v", rec.name(), err)
		}
		if _, err := verify(sigv4auth.InsecureUnsigned, "PUT /bkt/", "PUT /bkt2/"); !errors.Is(err, sigv4auth.ErrSignatureMismatch) {
			t.Errorf("%s, with another path: %v", rec.name(), err)
		}
		if _, err := verify(sigv4auth.InsecureUnsigned, "UNSIGNED-PAYLOAD", digest("hello rydes")); !errors.Is(err,
			sigv4auth.ErrSignatureMismatch) {
			t.Errorf("%s, with the body's digest in the mode's place: %v", rec.name(), err)
		}
	}
	if want := map[string]int{"go-s3-sdk-tls": 3, "go-s3-minio": unsignedRecordings - 3}; !maps.Equal(count, want) {
		t.Errorf("recordings by client: %v; want %v", count, want)
	}
}

func (rec recording) s3Authenticator(t *testing.T, modes sigv4auth.PayloadMode) *sigv4auth.Authenticator {
	t.Helper()
	return rec.authenticatorWith(t, func(c *sigv4auth.Config) { c.Path, c.Payloads = sigv4auth.PathS3, modes })
}

// TestStreamingModesAreOff: threats 50 and 52. Each recorded mode is refused unless its own bit is
// set, whichever others are, before a byte is read.
func TestStreamingModesAreOff(t *testing.T) {
	t.Parallel()
	own := map[string]sigv4auth.PayloadMode{
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD":         sigv4auth.StreamingSigned,
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": sigv4auth.StreamingSignedTrailer,
		"STREAMING-UNSIGNED-PAYLOAD-TRAILER":         sigv4auth.InsecureStreamingUnsignedTrailer,
	}
	seen := map[string]bool{}
	for _, rec := range readRecordings(t) {
		bit, ok := own[rec.Payload]
		if !ok || seen[rec.Payload] || rec.Algorithm != "AWS4-HMAC-SHA256" {
			continue
		}
		seen[rec.Payload] = true
		for _, modes := range []sigv4auth.PayloadMode{0, sigv4auth.InsecureUnsigned, (allStreaming | sigv4auth.InsecureUnsigned) &^ bit} {
			r, err := rec.parse()
			if err != nil {
				t.Fatal(err)
			}
			r.Body = io.NopCloser(untouched{t, rec.name()})
			if _, err := rec.s3Authenticator(t, modes).Verify(r); !errors.Is(err, sigv4auth.ErrNotEnabled) {
				t.Errorf("%s with modes %b: %v", rec.Payload, modes, err)
			}
		}
	}
	if len(seen) != len(own) {
		t.Errorf("seen: %v", seen)
	}
}

// untouched is a body that must not be read.
type untouched struct {
	t    *testing.T
	name string
}

func (u untouched) Read([]byte) (int, error) {
	u.t.Errorf("the body is read: %s", u.name)
	return 0, io.EOF
}
