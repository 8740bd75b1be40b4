package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	seattle  = `{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}`
	patience = 10 * time.Second
	// The newcomer's, alone among those without a policy, comes before keys.
	noPolicy = `"AttachedPolicies": [],` + "\n" + `      "AccessKeys"`
	attached = `"AttachedPolicies": ["WildRydesAPI-StandardUserPolicy"],` + "\n" + `      "AccessKeys"`
)

// output is a buffer that one goroutine writes and another reads.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// site is the program, running in the process of the test.
type site struct {
	t              *testing.T
	data           string
	endpoint       string
	stdout, stderr *output
	stop           func() // stops the program, and fails the test unless it ends with status 0
	kill           func() // of a process of its own
}

// start runs the program on a free port, and waits until it serves.
func start(t *testing.T, data string, args ...string) *site {
	t.Helper()
	s := &site{t: t, data: data, stdout: new(output), stderr: new(output)}
	ctx, cancel := context.WithCancel(t.Context())
	status := make(chan int, 1)
	go func() {
		status <- example.Run(ctx, append([]string{"-addr", "127.0.0.1:0", "-data", data}, args...), s.stdout, s.stderr)
	}()
	s.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case got := <-status:
			if got != 0 {
				t.Errorf("exit status %d; stderr:\n%s", got, s.stderr)
			}
		case <-time.After(2 * patience):
			t.Error("the program does not stop")
		}
	})
	t.Cleanup(s.stop)
	eventually(t, "the program serves", func() bool {
		select {
		case got := <-status:
			status <- got
			t.Fatalf("exit status %d at the start; stderr:\n%s", got, s.stderr)
		default:
		}
		return endpointIn(s.stdout.String()) != ""
	})
	s.endpoint = endpointIn(s.stdout.String())
	return s
}

// startFiles is start with users, keys and policies in files.
func startFiles(t *testing.T, data string, args ...string) *site {
	t.Helper()
	return start(t, data, append([]string{"-store", "files"}, args...)...)
}

var lastLine = regexp.MustCompile(`(?m)^Ctrl-C ends it\. Wild Rydes is served at (http://\S+)\n`)

// endpointIn returns where the program says that it serves, "" if it does not yet.
func endpointIn(stdout string) string {
	if found := lastLine.FindStringSubmatch(stdout); found != nil {
		return found[1]
	}
	return ""
}

// fails runs the program, which must end by itself, and returns what it wrote.
func fails(t *testing.T, wantStatus int, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, errs output
	if got := example.Run(ctx, args, &out, &errs); got != wantStatus || ctx.Err() != nil {
		t.Errorf("exit status %d, %v, want %d; stderr:\n%s", got, ctx.Err(), wantStatus, errs.String())
	}
	return out.String(), errs.String()
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("never: %s", what)
		}
	}
}

// credentialsIn reads an env file, as far as it needs no shell to be read.
func credentialsIn(t *testing.T, envFile string) aws.Credentials {
	t.Helper()
	values := make(map[string]string)
	for line := range strings.Lines(envFile) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "export "), "="); ok {
			values[name] = strings.Trim(value, "'")
		}
	}
	return aws.Credentials{
		AccessKeyID: values["AWS_ACCESS_KEY_ID"], SecretAccessKey: values["AWS_SECRET_ACCESS_KEY"],
		SessionToken: values["AWS_SESSION_TOKEN"],
	}
}

func (s *site) credentials(name string) aws.Credentials {
	s.t.Helper()
	return credentialsIn(s.t, s.read(name+".env"))
}

func (s *site) read(name string) string { return readFile(s.t, filepath.Join(s.data, name)) }

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// edit replaces one text of a file of the data folder, as an editor does that renames.
func (s *site) edit(name, old, replacement string) {
	s.t.Helper()
	text := s.read(name)
	if strings.Count(text, old) != 1 {
		s.t.Fatalf("%s has %q %d times:\n%s", name, old, strings.Count(text, old), text)
	}
	path := filepath.Join(s.data, name)
	if err := os.WriteFile(path+".edited", []byte(strings.Replace(text, old, replacement, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(path+".edited", path); err != nil {
		s.t.Fatal(err)
	}
}

// request makes a request, with a body of JSON if there is one.
func (s *site) request(method, path, body string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.endpoint+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// signer signs requests with the AWS SDK's signer.
func signer(credentials aws.Credentials) sigv4test.Signer {
	return sigv4test.Signer{
		Credential: sigv4auth.Credential{
			AccessKeyID: credentials.AccessKeyID, Secret: sigv4auth.NewSecret(credentials.SecretAccessKey),
			SessionToken: sigv4auth.NewSecret(credentials.SessionToken),
		},
		Region: "us-east-1", Service: "execute-api",
	}
}

// answer is what a request was answered with.
type answer struct {
	status int
	header http.Header
	body   string
}

func (s *site) send(r *http.Request) answer {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// call sends a request that the named caller has signed.
func (s *site) call(name, method, path, body string) answer {
	s.t.Helper()
	return s.send(signer(s.credentials(name)).Sign(s.request(method, path, body)))
}

// wants fails the test unless the answer has the status.
func (a answer) wants(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// field returns a text of the answer's JSON object.
func (a answer) field(t *testing.T, name string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(a.body), &fields); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	text, _ := fields[name].(string)
	return text
}

// logged returns the lines of the log with this message, but for that of the program's own request.
func (s *site) logged(message string) (lines []string) {
	for line := range strings.Lines(s.stderr.String()) {
		own := strings.Contains(line, " action=sts:AssumeRole ") // the rider's credentials, at the start
		if strings.Contains(line, " "+slog.MessageKey+"="+message) && !own {
			lines = append(lines, line)
		}
	}
	return lines
}
