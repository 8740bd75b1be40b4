package main_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
)

// binaryDir is where binary builds the program. TestMain makes it.
var binaryDir string

// binary builds the program once, if a test asks for it.
var binary = sync.OnceValues(func() (path string, err error) {
	path = filepath.Join(binaryDir, "example")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	var err error
	if binaryDir, err = os.MkdirTemp("", "wildgate-example-"); err != nil {
		panic(err)
	}
	status := m.Run()
	_ = os.RemoveAll(binaryDir)
	os.Exit(status)
}

// spawn runs the program as a process of its own, and waits until it serves.
func spawn(t *testing.T, data string, args ...string) (*site, *exec.Cmd) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s, cmd := launch(t, path, data, args...)
	if strings.Contains(s.stderr.String(), "example: ") {
		t.Fatal(s.stderr)
	}
	return s, cmd
}

// spawnFiles is spawn with users, keys and policies in files.
func spawnFiles(t *testing.T, data string, args ...string) (*site, *exec.Cmd) {
	t.Helper()
	return spawn(t, data, append([]string{"-store", "files"}, args...)...)
}

// launch runs the program, and waits until it serves or says why it does not.
func launch(t *testing.T, path, data string, args ...string) (*site, *exec.Cmd) {
	t.Helper()
	s := &site{t: t, data: data, stdout: new(output), stderr: new(output)}
	cmd := exec.Command(path, append([]string{"-addr", "127.0.0.1:0", "-data", data}, args...)...)
	cmd.Stdout, cmd.Stderr = s.stdout, s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(s.kill)
	eventually(t, "the program serves, or says why not", func() bool {
		return strings.Contains(s.stderr.String(), "example: ") || endpointIn(s.stdout.String()) != ""
	})
	s.endpoint = endpointIn(s.stdout.String())
	return s, cmd
}

// ends waits until the process has ended, and returns how.
func ends(t *testing.T, cmd *exec.Cmd) *os.ProcessState {
	t.Helper()
	watchdog := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
	defer watchdog.Stop()
	_ = cmd.Wait() // says what the state says
	return cmd.ProcessState
}

var statusLine = regexp.MustCompile(`(?m)^(\d{3})(?: |$)`)

func TestBotocoreLivesTheLesson(t *testing.T) {
	t.Parallel()
	python := testneed.Program(t, "python3")
	if exec.Command(python, "-c", "import botocore").Run() != nil {
		testneed.MissingProgram(t, "botocore for python3")
	}
	s, _ := spawnFiles(t, t.TempDir())
	call := func(caller, method, path string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "sh", "-euc", `. "$1/$2.env"; exec "$3" -c "$4" "$5" "$6"`, "sh", s.data, caller, python,
			botocoreCall, method, path)
		cmd.Env = append(os.Environ(), "no_proxy=*")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	expect := func(want, caller, method, path string) {
		t.Helper()
		if got := call(caller, method, path); got != want {
			t.Errorf("%s: %s %s: %s, want %s", caller, method, path, got, want)
		}
	}
	expect("201", "rider", "POST", "/prod/ride")
	expect("403", "rider", "GET", "/prod/rides")
	expect("200", "dispatcher", "GET", "/prod/rides")
	expect("403", "newcomer", "POST", "/prod/ride")
	s.edit("principals.json", noPolicy, attached)
	time.Sleep(time.Second)
	expect("201", "newcomer", "POST", "/prod/ride")
}

const botocoreCall = `
import os, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.session import Session
method, path = sys.argv[1:]
body = b'` + seattle + `' if method == "POST" else b""
request = AWSRequest(method, os.environ["WILDGATE_ENDPOINT"] + path, {"Content-Type": "application/json"} if body else {}, body)
SigV4Auth(Session().get_credentials(), "execute-api", os.environ["AWS_REGION"]).add_auth(request)
print(URLLib3Session().send(request.prepare()).status_code)
`

func TestASignalDrains(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "SIGTERM, which Windows does not have")
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			s, cmd := spawn(t, t.TempDir())
			finish, answered := slowRide(t, s)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the program stops listening", func() bool {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.endpoint, "http://"))
				if err == nil {
					_ = c.Close()
				}
				return err != nil
			})
			finish()
			if status := answered(); status != "HTTP/1.1 201 Created" {
				t.Errorf("the request under way was answered with %q", status)
			}
			if state := ends(t, cmd); state.ExitCode() != 0 {
				t.Errorf("it ended with %v:\n%s", state, s.stderr)
			}
			// Closed rightly, the database is one file again.
			if _, err := os.Stat(filepath.Join(s.data, "rides.db-wal")); err == nil {
				t.Error("the database was not closed")
			}
			again, _ := spawn(t, s.data)
			if rides := again.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200); strings.Count(rides.body, `"RideId"`) != 1 {
				t.Errorf("after the restart: %s", rides.body)
			}
		})
	}
}

func TestASecondSignalDoesNotWait(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "SIGTERM, which Windows does not have")
	}
	s, cmd := spawn(t, t.TempDir())
	slowRide(t, s)
	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first signal is taken", func() bool { return len(s.logged(`"stopping: requests`)) == 1 })
	time.Sleep(100 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	state := ends(t, cmd)
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || time.Since(began) > 5*time.Second {
		t.Errorf("it ended with %v after %v", state, time.Since(began))
	}
}

// slowRide sends a rider's request but for the last byte of its body. finish sends that, and
// answered returns the answer's first line.
func slowRide(t *testing.T, s *site) (finish func(), answered func() string) {
	t.Helper()
	r := signer(s.credentials("rider")).Sign(s.request("POST", "/prod/ride", seattle))
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", r.URL.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	var head strings.Builder
	fmt.Fprintf(&head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.URL.Path, r.URL.Host, len(seattle))
	if err := r.Header.Write(&head); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, head.String()+"\r\n"+seattle[:len(seattle)-1]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // until the server has the request
	finish = func() {
		if _, err := io.WriteString(c, seattle[len(seattle)-1:]); err != nil {
			t.Error(err)
		}
	}
	return finish, func() string {
		if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Error(err)
		}
		return strings.TrimSpace(line)
	}
}

func TestWhatAnOperatorCanMendIsOneLine(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	data := t.TempDir()
	file := filepath.Join(data, "file")
	write(t, data, "file", "")
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{
			"a port in use",
			[]string{"-addr", listener.Addr().String(), "-data", filepath.Join(data, "a")},
			1,
			"address already in use; choose another address with -addr",
		},
		{"an address of another machine", []string{"-addr", "192.0.2.1:80", "-data", filepath.Join(data, "a")}, 1, "choose another address with -addr"},
		{
			"a folder below a file",
			[]string{"-addr", "127.0.0.1:0", "-data", filepath.Join(file, "below")},
			1,
			"cannot use the data folder " + filepath.Join(file, "below") + ": ",
		},
		{"a folder that is a file", []string{"-addr", "127.0.0.1:0", "-data", file}, 1, "cannot use the data folder " + file + ": "},
		{"an unknown flag", []string{"-prot", "80"}, 2, "flag provided but not defined: -prot"},
		{"an argument", []string{"-addr", "127.0.0.1:0", "start"}, 2, `unexpected argument "start"`},
		{"an address without a port", []string{"-addr", "127.0.0.1"}, 2, "-addr: address 127.0.0.1: missing port in address"},
		{"no address, which would be all of them", []string{"-addr", ""}, 2, "-addr: missing port in address"},
		{"a health address without a port", []string{"-health", "127.0.0.1"}, 2, "-health: address 127.0.0.1: missing port in address"},
		{
			"a health address in use",
			[]string{"-addr", "127.0.0.1:0", "-health", listener.Addr().String(), "-data", filepath.Join(data, "a")},
			1,
			"choose another address with -health",
		},
		{"a proxy that is no network", []string{"-proxies", "10.0.0.0/33"}, 2, `-proxies: "10.0.0.0/33" is no network`},
		{"an empty network", []string{"-proxies", "10.0.0.1,"}, 2, `-proxies: "" is no network`},
		{
			"a network of mapped addresses",
			[]string{"-addr", "127.0.0.1:0", "-data", filepath.Join(data, "a"), "-proxies", "::ffff:10.0.0.0/104"},
			2, "-proxies: ",
		},
		{"no folder", []string{"-data", ""}, 2, "-data: a folder is needed"},
		{"a region that is a pattern", []string{"-region", "*"}, 2, `-region: "*" is no region`},
		{"an origin with a path", []string{"-cors", "https://a.example/"}, 2, `-cors: "https://a.example/" is no origin`},
		{"an origin that is a pattern", []string{"-cors", "https://*.example"}, 2, `-cors: "https://*.example" is no origin`},
		{"an origin that is null", []string{"-cors", "null"}, 2, `-cors: "null" is no origin`},
		{"an empty origin", []string{"-cors", "https://a.example,"}, 2, `-cors: "" is no origin`},
		{"an origin in capitals", []string{"-cors", "https://A.example"}, 2, `-cors: "https://A.example" is no origin`},
		{"a URL with a path", []string{"-url", "https://rides.example/"}, 2, `-url: "https://rides.example/" is no URL`},
		{"a URL that is plain text", []string{"-url", "http://rides.example"}, 2, "passwords would go over the network in plain text"},
		{"no program to deliver codes with", []string{"-deliver", "/no/such/program"}, 2, "-deliver: exec: "},
		{"presigned URLs that live too long", []string{"-presign", "169h"}, 2, "-presign: 169h0m0s is not"},
		{"a store that is none", []string{"-store", "file"}, 2, `-store: "file" is neither directory nor files`},
		{"keys that count for too long", []string{"-max-stale", "16m"}, 2, "-max-stale: 16m0s is not from 1s to 15m0s"},
		{"a level that is none", []string{"-log-level", "loud"}, 2, `invalid value "loud" for flag -log-level`},
	} {
		stdout, stderr := fails(t, tt.status, tt.args...)
		if stdout != "" || !strings.HasPrefix(stderr, "example: ") || !strings.Contains(stderr, tt.want) ||
			strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: stdout %q, stderr %q", tt.name, stdout, stderr)
		}
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) != 1 {
		t.Errorf("a folder was made although nothing was served: %v, %v", entries, err)
	}
}

func TestHelp(t *testing.T) {
	stdout, stderr := fails(t, 0, "-h")
	for _, flag := range []string{
		"-addr host:port", "-health host:port", "-proxies networks", "-data folder", "-region region", "-cors origins", "-presign duration",
		"-url URL", "-deliver program", "-store place", "-restored", "-operator name", "-max-stale duration",
		"-diagnose", "-explain", "-log-level level", "us-east-1", "127.0.0.1:8080", "./wildgate-data",
	} {
		if !strings.Contains(stdout, flag) {
			t.Errorf("no %s in\n%s", flag, stdout)
		}
	}
	if stderr != "" {
		t.Errorf("stderr %q", stderr)
	}
}

func TestAnAddressThatOthersReachIsWarnedOf(t *testing.T) {
	data := t.TempDir()
	s, cmd := spawn(t, data, "-addr", "0.0.0.0:0")
	if !strings.HasPrefix(s.endpoint, "http://127.0.0.1:") {
		t.Errorf("the endpoint is %s", s.endpoint)
	}
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	if n := strings.Count(s.stderr.String(), "http is plain text"); n != 1 {
		t.Errorf("%d warnings:\n%s", n, s.stderr)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // until then it has the folder
	quiet, _ := spawn(t, data)
	if strings.Contains(quiet.stderr.String(), "plain text") {
		t.Errorf("a loopback address is warned of:\n%s", quiet.stderr)
	}
	port, err := strconv.Atoi(quiet.endpoint[strings.LastIndex(quiet.endpoint, ":")+1:])
	if err != nil || port == 0 {
		t.Errorf("port %d, %v", port, err)
	}
}
