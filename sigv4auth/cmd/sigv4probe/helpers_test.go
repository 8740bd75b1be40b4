package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	cli "github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe"
)

const (
	accessKey = "AKIAPROBETEST"
	secret    = "the-secret-of-the-probe-test"
	token     = "dGhlIHRva2VuIG9mIHRoZSBwcm9iZSB0ZXN0cw=="
)

// A found is what the tests read of the report.
type found struct {
	Requests, WronglyAdmitted, WronglyRefused, NotTested, Passed int
	Results                                                      []struct {
		Check, Verdict, Class, Answer string
		Request                       []string
	}
}

// named returns the answers of the checks with this verdict.
func (f *found) named(verdict string) map[string]string {
	names := map[string]string{}
	for _, r := range f.Results {
		if r.Verdict == verdict {
			names[r.Check] = r.Answer
		}
	}
	return names
}

// faults are the names of the checks that found one.
func (f *found) faults() (names []string) {
	for _, r := range f.Results {
		if r.Class == "security" || r.Class == "compatibility" {
			names = append(names, r.Verdict+": "+r.Check+" ("+r.Answer+")\n\t"+strings.Join(r.Request, "\n\t"))
		}
	}
	return names
}

// serve starts an endpoint on loopback, and returns the URL of something in it.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL + "/stage/thing"
}

// setKey puts the key into the environment, and a session token or none.
func setKey(t *testing.T, session string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_SESSION_TOKEN", session)
}

// call runs the command, and holds that it prints no secret.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = cli.Run(t.Context(), args, &out, &errs)
	for _, never := range []string{secret, token, strings.TrimRight(token, "=")} {
		if strings.Contains(out.String()+errs.String(), never) {
			t.Errorf("a secret is printed: %q", never)
		}
	}
	return status, out.String(), errs.String()
}

// probe makes the checks, and returns the exit status and what was found.
func probe(t *testing.T, url string, args ...string) (int, *found) {
	t.Helper()
	return probeSession(t, "", url, args...)
}

// probeSession is probe with a session token, and in no case with that of whoever runs the tests.
func probeSession(t *testing.T, session, url string, args ...string) (int, *found) {
	t.Helper()
	setKey(t, session)
	args = append([]string{"-url", url, "-region", "us-east-1", "-rate", "1000", "-json"}, args...)
	status, stdout, stderr := call(t, args...)
	var f found
	if err := json.Unmarshal([]byte(stdout), &f); err != nil || stderr != "" {
		t.Fatalf("status %d, %v: %s", status, err, stderr)
	}
	return status, &f
}

// wildgate is a handler behind package sigv4auth, which reads the body.
func wildgate(t *testing.T, change func(*sigv4auth.Config)) http.Handler {
	t.Helper()
	return wildgateAround(t, change, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusForbidden) // a body in chunks is verified as it is read
		}
	})
}

func wildgateAround(t *testing.T, change func(*sigv4auth.Config), next http.HandlerFunc) http.Handler {
	t.Helper()
	cfg := sigv4auth.Config{
		Region: "us-east-1", Service: "execute-api", MaxPresignExpiry: 7 * 24 * time.Hour,
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: accessKey, Secret: sigv4auth.NewSecret(secret),
			Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/probe"},
		}),
	}
	change(&cfg)
	auth, err := sigv4auth.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Handler(next)
}
