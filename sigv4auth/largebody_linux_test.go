package sigv4auth_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	signer "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	largeBodyDir   = "WILDGATE_LARGE_BODY_DIR"   // where the server spools; set => this process is the server
	largeBodyFiles = "WILDGATE_LARGE_BODY_FILES" // the longest file, in bytes, that the server may write
)

// TestLargeBodyServer is the server of the tests below, in a process of its own. The path says how
// bodies are delivered; the answer is the SHA-256 of what the handler read.
func TestLargeBodyServer(t *testing.T) {
	dir := os.Getenv(largeBodyDir)
	if dir == "" {
		return // it is one of the tests that started this process
	}
	if s := os.Getenv(largeBodyFiles); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		signal.Ignore(syscall.SIGXFSZ) // so that a write fails
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			t.Fatal(err)
		}
	}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Service, c.Path, c.Now, c.MaxPresignExpiry, c.MaxBodyBytes = "s3", sigv4auth.PathS3, nil, time.Hour, 2<<30
		c.Payloads = sigv4auth.InsecureUnsigned | allStreaming
		c.Spool.Dir = dir
		c.Body = func(r *http.Request) sigv4auth.BodyDelivery {
			switch {
			case strings.HasPrefix(r.URL.Path, "/streamed/"):
				return sigv4auth.BodyStreamed
			case strings.HasPrefix(r.URL.Path, "/spooled/"):
				return sigv4auth.BodySpooled
			}
			return sigv4auth.BodyByMode
		}
	})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			sigv4auth.WriteAPIGatewayError(w, r, err)
			return
		}
		fmt.Fprintf(w, "%x", h.Sum(nil))
	})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: a.Handler(handler)}
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go func() { _ = server.Serve(listener) }()
	_, _ = io.Copy(io.Discard, os.Stdin) // until whoever started this process ends
	_ = server.Close()
}

// largeBodyServer starts the server, and returns its process and its address.
func largeBodyServer(t *testing.T, dir string, env ...string) (*os.Process, string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-test.run=^TestLargeBodyServer$")
	cmd.Env = append(append(os.Environ(), largeBodyDir+"="+dir), env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Process, strings.TrimSpace(address)
}

// peakMemory is the most memory, in bytes, that a process has had.
func peakMemory(t *testing.T, p *os.Process) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		testneed.Missing(t, "VmHWM in /proc")
	}
	kib, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// pattern is a body of so many bytes, no two pieces of which are alike.
type pattern struct{ at, size int64 }

func (p *pattern) Read(b []byte) (int, error) {
	n := int(min(int64(len(b)), p.size-p.at))
	if n == 0 {
		return 0, io.EOF
	}
	for i := range b[:n] {
		at := p.at + int64(i)
		b[i] = byte(at ^ at>>8 ^ at>>16)
	}
	p.at += int64(n)
	return n, nil
}

// largeUpload is one shape of an upload.
type largeUpload struct {
	name, path string
	sha        string // X-Amz-Content-Sha256; "": the digest
	presign    bool
	http2      bool
}

// send sends p, whose SHA-256 and CRC32 are known, and returns what is answered.
func (u largeUpload) send(t *testing.T, address string, size int64, digest, sum string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+address+u.path, nil)
	if err != nil {
		t.Fatal(err)
	}
	sha, now := u.sha, time.Now()
	if sha == "" {
		sha = digest
	}
	creds := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecret}
	body, length := io.Reader(&pattern{size: size}), size
	once := func(o *signer.SignerOptions) { o.DisableURIPathEscaping = true }
	if u.presign {
		r.URL.RawQuery = "X-Amz-Expires=3600"
		url, _, err := signer.NewSigner().PresignHTTP(context.Background(), creds, r, sha, "s3", testRegion, now, once)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = http.NewRequestWithContext(ctx, http.MethodPut, url, nil); err != nil {
			t.Fatal(err)
		}
	} else {
		r.Header.Set("X-Amz-Content-Sha256", sha)
		if strings.HasPrefix(sha, "STREAMING-") {
			r.Header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(size, 10))
		}
		if strings.HasSuffix(sha, "-TRAILER") {
			r.Header.Set("X-Amz-Trailer", "x-amz-checksum-crc32")
		}
		if err := signer.NewSigner().SignHTTP(context.Background(), creds, r, sha, "s3", testRegion, now, once); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(sha, "STREAMING-") {
		_, seed, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
		reader, writer := io.Pipe()
		go func(source io.Reader) {
			_ = writer.CloseWithError(encodeChunks(writer, source, sha, seed, sum, r.Header.Get("X-Amz-Date")))
		}(body)
		body, length = reader, -1
		defer reader.Close()
	}
	r.Body, r.ContentLength = io.NopCloser(body), length
	transport := &http.Transport{Protocols: new(http.Protocols)}
	defer transport.CloseIdleConnections()
	transport.Protocols.SetHTTP1(!u.http2)
	transport.Protocols.SetUnencryptedHTTP2(u.http2)
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%s: %v", u.name, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", u.name, err)
	}
	return res.StatusCode, string(answer)
}

// encodeChunks writes body in chunks as the mode has it.
func encodeChunks(w io.Writer, body io.Reader, mode, seed, sum, date string) error {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	scope := date[:8] + "/" + testRegion + "/s3/aws4_request"
	key := []byte("AWS4" + testSecret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	previous := seed
	sign := func(what, text string) string {
		previous = hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256-"+what+"\n"+date+"\n"+scope+"\n"+previous+"\n"+text))
		return previous
	}
	signed := mode != modeUnsignedTrailer
	out := bufio.NewWriterSize(w, 128<<10)
	chunk := make([]byte, 64<<10)
	for last := false; !last; {
		n, err := io.ReadFull(body, chunk)
		if last = n == 0; !last && err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
		fmt.Fprintf(out, "%x", n)
		if signed {
			out.WriteString(";chunk-signature=" + sign("PAYLOAD", digest("")+"\n"+digest(string(chunk[:n]))))
		}
		out.WriteString("\r\n")
		if !last {
			out.Write(chunk[:n])
			out.WriteString("\r\n")
		}
	}
	if strings.HasSuffix(mode, "-TRAILER") {
		trailer := "x-amz-checksum-crc32:" + sum
		out.WriteString(trailer + "\r\n")
		if signed {
			out.WriteString("x-amz-trailer-signature:" + sign("TRAILER", digest(trailer+"\n")) + "\r\n")
		}
	}
	out.WriteString("\r\n")
	return out.Flush()
}

var largeUploads = []largeUpload{
	{"unsigned", "/bymode/key", "UNSIGNED-PAYLOAD", false, false},
	{"unsigned, over HTTP/2", "/bymode/key", "UNSIGNED-PAYLOAD", false, true},
	{"unsigned, presigned", "/bymode/key", "UNSIGNED-PAYLOAD", true, false},
	{"digest, streamed", "/streamed/key", "", false, false},
	{"digest, streamed, over HTTP/2", "/streamed/key", "", false, true},
	{"signed chunks", "/bymode/key", modeSigned, false, false},
	{"signed chunks and trailer", "/bymode/key", modeSignedTrailer, false, false},
	{"unsigned chunks and trailer", "/bymode/key", modeUnsignedTrailer, false, false},
	{"digest, spooled", "/spooled/key", "", false, false},
	{"digest, spooled, over HTTP/2", "/spooled/key", "", false, true},
	{"unsigned, spooled", "/spooled/key", "UNSIGNED-PAYLOAD", false, false},
	{"signed chunks, spooled", "/spooled/key", modeSigned, false, false},
	{"unsigned chunks and trailer, spooled", "/spooled/key", modeUnsignedTrailer, false, false},
}

// TestLargeBodyMemory: threats 220 and 221. In each shape that is no body in memory, a server that
// is sent a large body never has more than 64 MiB: 96 MiB of body here, 256 MiB in the long run,
// and with WILDGATE_UPLOAD=1024 a GiB.
func TestLargeBodyMemory(t *testing.T) {
	t.Parallel()
	const most = 64 << 20
	size := int64(96 << 20)
	switch {
	case raceDetector:
		size = 4 << 20 // of its memory, which is several times the program's, nothing is said
	case testneed.Long():
		size = 256 << 20
	}
	if s := os.Getenv("WILDGATE_UPLOAD"); s != "" {
		mib, err := strconv.ParseInt(s, 10, 64)
		if err != nil || mib <= 0 {
			t.Fatalf("WILDGATE_UPLOAD=%q is no number of MiB", s)
		}
		size = mib << 20
	}
	whole, sum := sha256.New(), crc32.NewIEEE()
	if _, err := io.Copy(io.MultiWriter(whole, sum), &pattern{size: size}); err != nil {
		t.Fatal(err)
	}
	digest := hex.EncodeToString(whole.Sum(nil))
	crc := base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
	for _, u := range largeUploads {
		dir := t.TempDir()
		process, address := largeBodyServer(t, dir)
		before := peakMemory(t, process)
		if status, answer := u.send(t, address, size, digest, crc); status != 200 || answer != digest {
			t.Errorf("%s: %d %s", u.name, status, answer)
		}
		peak := peakMemory(t, process)
		t.Logf("%s: %d MiB of body, %.1f MiB of memory, %.1f before", u.name, size>>20, float64(peak)/(1<<20), float64(before)/(1<<20))
		if peak > most && !raceDetector {
			t.Errorf("%s: the server had %d MiB of memory; want at most %d", u.name, peak>>20, most>>20)
		}
		nothingLeft(t, dir, u.name)
	}
}

// TestSpoolOfFullDisk: a disk on which no more can be written makes a refusal that says that the
// request may be right, leaves no file, and does no harm to the next request.
func TestSpoolOfFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process, address := largeBodyServer(t, dir, largeBodyFiles+"=4000000")
	for i, tt := range []struct {
		size   int64
		status int
	}{{8 << 20, 503}, {3 << 20, 200}, {8 << 20, 503}, {1000, 200}} {
		whole := sha256.New()
		_, _ = io.Copy(whole, &pattern{size: tt.size})
		digest := hex.EncodeToString(whole.Sum(nil))
		status, answer := largeUploads[8].send(t, address, tt.size, digest, "")
		if status != tt.status || status == 200 && answer != digest || strings.Contains(answer, filepath.Base(dir)) {
			t.Errorf("%d: %d bytes: %d %s", i, tt.size, status, answer)
		}
		nothingLeft(t, dir, strconv.Itoa(i))
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		if name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", process.Pid, fd.Name())); strings.Contains(name, dir) {
			t.Errorf("%s is still open", name)
		}
	}
}
