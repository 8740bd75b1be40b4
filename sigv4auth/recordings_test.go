package sigv4auth_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/refusals"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// recording is one request that a real client sent: ../shared/recordings.
type recording struct {
	Client, Case, Where, Algorithm, Credential, Date, Payload string
	Canonicalisation                                          string
	Raw                                                       []byte
}

// How many recordings each of three tests takes. Their sum is all that there are: none is skipped
// by every test.
const (
	plainRecordings     = 408 // TestRecordings
	unsignedRecordings  = 5   // TestUnsignedRecordings
	streamingRecordings = 6   // TestStreamingRecordings
)

func (rec recording) name() string { return rec.Client + "/" + rec.Case }

func readRecordings(t *testing.T) []recording {
	f, err := os.Open(testneed.Shared(t, "recordings", "clients.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []recording
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var rec recording
		if err := json.Unmarshal(lines.Bytes(), &rec); err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) != plainRecordings+unsignedRecordings+streamingRecordings {
		t.Fatalf("%d recordings; want %d, %d and %d", len(all), plainRecordings, unsignedRecordings, streamingRecordings)
	}
	return all
}

// parse reads the recorded bytes as net/http's server would.
func (rec recording) parse() (*http.Request, error) {
	return http.ReadRequest(bufio.NewReader(bytes.NewReader(rec.Raw)))
}

// authenticator accepts the recording's scope at the recording's date.
func (rec recording) authenticator(t *testing.T, style sigv4auth.PathStyle) *sigv4auth.Authenticator {
	t.Helper()
	return rec.authenticatorWith(t, func(c *sigv4auth.Config) { c.Path = style })
}

func (rec recording) authenticatorWith(t *testing.T, change func(*sigv4auth.Config)) *sigv4auth.Authenticator {
	t.Helper()
	at, err := time.Parse("20060102T150405Z", rec.Date)
	if err != nil {
		t.Fatal(err)
	}
	scope := strings.Split(rec.Credential, "/")
	service := scope[len(scope)-2]
	return newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Service, c.Algorithms = service, sigv4auth.SigV4A
		change(c)
		c.Now = func() time.Time { return at }
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: tempKeyID, Secret: sigv4auth.NewSecret(testSecret), SessionToken: sigv4auth.NewSecret(testToken),
			Principal: rolePrincipal,
		})
	})
}

func (rec recording) plain() bool {
	return strings.HasPrefix(rec.Algorithm, "AWS4-") && (rec.Payload == "" || len(rec.Payload) == 64)
}

// mended names recordings that are filed under the bad escape they were asked to send, but whose
// client dropped or mended it before it signed: what they put on the wire is standard.
var mended = map[string]bool{"go-sdkv2/query-bad-pct": true, "go-sdkv2-presign/query-bad-pct": true, "py-botocore-presign/" +
	"query-bad-pct": true}

// listed are the recordings whose refusal CLIENTS.md lists for them: no other test runs that
// version of the client.
var listed = map[string]string{
	"curl-8.22.0-DEV-default/query-empty-key": "curl 8: signs another query than `?=v` where that is what it sends",
	"curl-8.22.0-DEV-default/query-bad-pct":   "curl 8: sends a `%` that begins no escape",
}

// TestRecordings: whatever real clients signed in the standard way is admitted, by PathStrict, or
// by PathNormalized where normalisation changes the path. Whatever verifies under no rule, a
// client's bug, is admitted by no style; the other deviations are refused.
func TestRecordings(t *testing.T) {
	t.Parallel()
	admitted := map[sigv4auth.PathStyle]int{}
	refused, count := 0, 0
	var seen []string
	for _, rec := range readRecordings(t) {
		if !rec.plain() {
			continue
		}
		count++
		r, err := rec.parse()
		if err != nil {
			t.Errorf("%s: net/http refuses it: %v", rec.name(), err)
			continue
		}
		_, err = rec.authenticator(t, sigv4auth.PathStrict).Verify(r)
		style := sigv4auth.PathStrict
		if errors.Is(err, sigv4auth.ErrMalformedRequest) {
			style = sigv4auth.PathNormalized
			r, _ = rec.parse()
			_, err = rec.authenticator(t, style).Verify(r)
		}
		standard := rec.Canonicalisation == "standard" || mended[rec.name()]
		switch {
		case standard && err != nil:
			t.Errorf("%s: refused: %v", rec.name(), err)
		case standard:
			admitted[style]++
		case err == nil:
			t.Errorf("%s, which deviates by %s, is admitted", rec.name(), rec.Canonicalisation)
		default:
			refused++
			if what := listed[rec.name()]; what != "" {
				seen = append(seen, what)
			}
		}
		if rec.Canonicalisation == "MISMATCH" {
			for _, style := range []sigv4auth.PathStyle{sigv4auth.PathEncoded, sigv4auth.PathS3} {
				r, _ := rec.parse()
				if _, err := rec.authenticator(t, style).Verify(r); err == nil {
					t.Errorf("%s: path style %d admits what no rule verifies", rec.name(), style)
				}
			}
		}
	}
	refusals.Held(t, "TestRecordings", seen)
	if count != plainRecordings {
		t.Errorf("%d recordings; want %d", count, plainRecordings)
	}
	t.Logf("admitted: %d by PathStrict, %d by PathNormalized; refused: %d", admitted[sigv4auth.PathStrict],
		admitted[sigv4auth.PathNormalized], refused)
}

// TestRecordingsOtherStyles: what clients signed without normalisation is admitted by PathEncoded,
// and what they signed as S3 has it by PathS3.
func TestRecordingsOtherStyles(t *testing.T) {
	t.Parallel()
	styles := map[string]sigv4auth.PathStyle{"path:encode,no-normalise": sigv4auth.PathEncoded, "path:as-on-wire": sigv4auth.PathS3}
	count := 0
	for _, rec := range readRecordings(t) {
		style, ok := styles[rec.Canonicalisation]
		if !ok || !rec.plain() {
			continue
		}
		r, err := rec.parse()
		if err != nil {
			t.Fatal(err)
		}
		count++
		if _, err := rec.authenticator(t, style).Verify(r); err != nil {
			t.Errorf("%s (%s): %v", rec.name(), rec.Canonicalisation, err)
		}
	}
	if count == 0 {
		t.Error("no recording deviates in its path alone")
	}
}

// UnmarshalJSON decodes the raw bytes from base64.
func (rec *recording) UnmarshalJSON(b []byte) error {
	var v struct {
		Client, Case, Where, Algorithm, Credential, Date, Payload, Canonicalisation, Raw string
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(v.Raw)
	*rec = recording{v.Client, v.Case, v.Where, v.Algorithm, v.Credential, v.Date, v.Payload, v.Canonicalisation, raw}
	return err
}
