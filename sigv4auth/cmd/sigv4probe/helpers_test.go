package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	cli "github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe"
)

const (
	accessKey = "AKIATARGETTEST"
	secret    = "the-secret-of-the-target-test"
	token     = "dGhlIHRva2VuIG9mIHRoZSB0YXJnZXQgdGVzdA=="
)

// A found is what the tests read of the report.
type found struct {
	WronglyAdmitted, WronglyRefused, NotTested, Passed int
	Results                                            []struct {
		Check, Verdict, Class, Answer string
		Request                       []string
	}
}

func (f *found) named(verdict string) map[string]string {
	names := map[string]string{}
	for _, r := range f.Results {
		if r.Verdict == verdict {
			names[r.Check] = r.Answer
		}
	}
	return names
}

// serve starts an endpoint on loopback.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL + "/stage/thing"
}

// probe runs the checks against the endpoint, and returns what was found.
func probe(t *testing.T, url string, args ...string) (*found, error) {
	t.Helper()
	return probeSession(t, "", url, args...)
}

// probeSession is probe with a session token, and in no case with that of whoever runs the tests.
func probeSession(t *testing.T, session, url string, args ...string) (*found, error) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", session)
	var out, problems bytes.Buffer
	err := cli.Run(context.Background(), append([]string{"-url", url, "-region", "us-east-1", "-rate", "1000", "-json"}, args...), &out, &problems)
	if err != nil && !errors.Is(err, cli.ErrFound) {
		t.Fatalf("%v\n%s", err, problems.String())
	}
	var f found
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), secret) || strings.Contains(out.String(), token) {
		t.Error("the report holds a secret")
	}
	return &f, err
}

func wildgate(t *testing.T, change func(*sigv4auth.Config)) http.Handler {
	t.Helper()
	credential := sigv4auth.Credential{
		AccessKeyID: accessKey, Secret: sigv4auth.NewSecret(secret),
		Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/target"},
	}
	cfg := sigv4auth.Config{Region: "us-east-1", Service: "execute-api", Credentials: sigv4auth.StaticCredentials(credential), MaxPresignExpiry: 7 * 24 * 3600e9}
	change(&cfg)
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusForbidden) // a body in chunks is verified as it is read
		}
	}))
}

func TestWildgateHasNoFault(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*sigv4auth.Config)
		args     []string
		session  string
		untested int
	}{
		{"strict paths", func(*sigv4auth.Config) {}, nil, "", 1},
		{"presigned URLs are off", func(c *sigv4auth.Config) { c.MaxPresignExpiry = 0 }, nil, "", 50},
		{"normalized paths", func(c *sigv4auth.Config) { c.Path = sigv4auth.PathNormalized }, []string{"-path", "normalized"}, "", 1},
		{"encoded paths, SigV4A", func(c *sigv4auth.Config) { c.Path, c.Algorithms = sigv4auth.PathEncoded, sigv4auth.SigV4A }, []string{"-path", "encoded", "-sigv4a"}, "", 1},
		{"S3, chunks", func(c *sigv4auth.Config) {
			c.Service, c.Path = "s3", sigv4auth.PathS3
			c.Payloads = sigv4auth.InsecureUnsigned | sigv4auth.StreamingSigned | sigv4auth.InsecureStreamingUnsignedTrailer
		}, []string{"-service", "s3", "-streaming"}, "", 0},
		{"a session token", func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
				AccessKeyID: accessKey, Secret: sigv4auth.NewSecret(secret), SessionToken: sigv4auth.NewSecret(token),
				Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/target/test"},
			})
		}, nil, token, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := probeSession(t, tt.session, serve(t, wildgate(t, tt.change)), tt.args...)
			if err != nil {
				t.Error(err)
			}
			for _, r := range f.Results {
				switch r.Verdict {
				case "wrongly admitted", "wrongly refused":
					t.Errorf("%s: %s (%s)\n\t%s", r.Verdict, r.Check, r.Answer, strings.Join(r.Request, "\n\t"))
				case "information":
					t.Logf("information: %s: %s", r.Check, r.Answer)
				case "not tested":
					t.Logf("not tested: %s: %s", r.Check, r.Answer)
				}
			}
			if f.NotTested > tt.untested || f.Passed < 100 {
				t.Errorf("%d checks passed, %d were not tested; want at least 100, and at most %d", f.Passed, f.NotTested, tt.untested)
			}
		})
	}
}
