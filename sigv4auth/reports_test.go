package sigv4auth_test

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// A report is a request of somebody's client, from a public report: ../shared/cases.
type report struct {
	ID     string
	Config struct {
		Region, Service, Path, MaxPresignExpiry, Algorithms, Now string
		Payloads, Hosts                                          []string
	}
	Key    struct{ ID, Secret, Token string }
	Raw    string
	Bytes  []byte `json:"raw_b64"`
	Expect struct {
		Verdict, Code string
		S3Code        string `json:"s3_code"`
	}
}

// What is still refused of the reports that ask for it. Some clients sign another text than AWS's
// documents have it; what they leave out of the signature or write otherwise is not yet read.
var refusedReports = map[string]sigv4auth.Reason{
	"date-header-iso-basic":               sigv4auth.ErrIncompleteSignature,
	"content-sha256-not-in-signedheaders": sigv4auth.ErrHeaderNotSigned,
	"token-not-in-signedheaders":          sigv4auth.ErrHeaderNotSigned,
	"token-appended-to-presigned":         sigv4auth.ErrSignatureMismatch,
	"path-colon-signed-raw":               sigv4auth.ErrSignatureMismatch,
	"path-escape-encoded-once":            sigv4auth.ErrSignatureMismatch,
	"query-no-equals-signed-raw":          sigv4auth.ErrSignatureMismatch,
	"query-uploadid-raw":                  sigv4auth.ErrSignatureMismatch,
}

// otherS3Codes are what WriteS3Error has where S3 itself has another code.
var otherS3Codes = map[string]string{
	"trailer-first-chunk-size-wrong": "InvalidRequest", // a chunk that is too small is told before one that is cut short
}

// readReports returns all of them, and fails where there are fewer than there were.
func readReports(t *testing.T) (all []report) {
	t.Helper()
	b, err := os.ReadFile(testneed.Shared(t, "cases", "sigv4.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) < 52 {
		t.Fatalf("%d reports; there were 52", len(all))
	}
	return all
}

// parse reads the bytes as net/http's server would.
func (r *report) parse(t *testing.T) *http.Request {
	t.Helper()
	if r.Raw != "" {
		r.Bytes = []byte(r.Raw)
	}
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(r.Bytes)))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// authenticator is the one that the report describes. STS's own has a window for URLs that do not
// say how long they are valid, as sts.Endpoint does.
func (r *report) authenticator(t *testing.T) *sigv4auth.Authenticator {
	t.Helper()
	now, err := time.Parse("20060102T150405Z", r.Config.Now)
	if err != nil {
		t.Fatal(err)
	}
	expiry, err := time.ParseDuration(r.Config.MaxPresignExpiry)
	if err != nil {
		t.Fatal(err)
	}
	cfg := sigv4auth.Config{
		Region: r.Config.Region, Service: r.Config.Service, Hosts: r.Config.Hosts, MaxPresignExpiry: expiry,
		PresignExpiresOptional: r.Config.Service == "sts",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: r.Key.ID, Secret: sigv4auth.NewSecret(r.Key.Secret), SessionToken: sigv4auth.NewSecret(r.Key.Token),
			Principal: rolePrincipal,
		}),
		Now: func() time.Time { return now },
	}
	styles := map[string]sigv4auth.PathStyle{"PathStrict": sigv4auth.PathStrict, "PathS3": sigv4auth.PathS3}
	modes := map[string]sigv4auth.PayloadMode{
		"InsecureUnsigned": sigv4auth.InsecureUnsigned, "StreamingSigned": sigv4auth.StreamingSigned,
		"StreamingSignedTrailer":           sigv4auth.StreamingSignedTrailer,
		"InsecureStreamingUnsignedTrailer": sigv4auth.InsecureStreamingUnsignedTrailer,
	}
	algorithms := map[string]sigv4auth.Algorithms{"": 0, "SigV4A": sigv4auth.SigV4A}
	var known [3]bool
	cfg.Path, known[0] = styles[r.Config.Path]
	cfg.Algorithms, known[1] = algorithms[r.Config.Algorithms]
	known[2] = true
	for _, name := range r.Config.Payloads {
		mode, ok := modes[name]
		cfg.Payloads |= mode
		known[2] = known[2] && ok
	}
	if known != [3]bool{true, true, true} {
		t.Fatalf("a configuration that is not known: %+v", r.Config)
	}
	a, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestReports: what people reported of their clients has the verdict that was found right for it:
// admitted, refused for that reason, or refused at the body's end. Those that are not yet admitted
// are listed one by one.
func TestReports(t *testing.T) {
	t.Parallel()
	listed := 0
	for _, r := range readReports(t) {
		req := r.parse(t)
		_, err := r.authenticator(t).Verify(req)
		var body error
		if err == nil {
			_, body = io.Copy(io.Discard, req.Body)
		}
		want, isListed := refusedReports[r.ID]
		switch {
		case isListed:
			if listed++; r.Expect.Verdict != "admitted" || !errors.Is(err, want) {
				t.Errorf("%s is listed as refused by %s: %v; the report wants %+v", r.ID, want, err, r.Expect)
			}
		case r.Expect.Verdict == "admitted":
			if err != nil || body != nil {
				t.Errorf("%s: %v, body %v", r.ID, err, body)
			}
		case r.Expect.Verdict == "refused":
			if r.Expect.Code == "" || !errors.Is(errors.Join(err, body), sigv4auth.Reason(r.Expect.Code)) {
				t.Errorf("%s: %v, body %v; want %s", r.ID, err, body, r.Expect.Code)
			}
		case r.Expect.Verdict == "body refused":
			answer := httptest.NewRecorder()
			sigv4auth.WriteS3Error(answer, req, body)
			code := cmp.Or(otherS3Codes[r.ID], r.Expect.S3Code)
			if err != nil || body == nil || !strings.Contains(answer.Body.String(), "<Code>"+code+"</Code>") {
				t.Errorf("%s: %v, body %v; want %s: %s", r.ID, err, body, code, answer.Body)
			}
		case r.Expect.Verdict != "either":
			t.Errorf("%s: a verdict that is not known: %+v", r.ID, r.Expect)
		}
	}
	if listed != len(refusedReports) {
		t.Errorf("%d reports are listed as refused, and there are %d", len(refusedReports), listed)
	}
}
