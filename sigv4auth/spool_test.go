package sigv4auth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// spoolable are all modes in which a body can be spooled.
func spoolable() []verifiedMode {
	modes := verifiedModes()
	for _, m := range plainModes {
		modes = append(modes, verifiedMode{m.name + ", as it is", m.config, func(_ *testing.T, data string) (*http.Request, string) {
			return m.upload(data), data
		}})
	}
	undeclared := func(t *testing.T, data string) (*http.Request, string) {
		r := request("PUT", "/prod/upload", data)
		r.ContentLength = -1
		r = sign(t, r, signing{})
		r.ContentLength = int64(len(data))
		return r, data
	}
	return append(modes, verifiedMode{"undeclared digest", func(*sigv4auth.Config) {}, undeclared})
}

// spooling accepts what m signs, and spools it into the folder that it returns.
func (m verifiedMode) spooling(t *testing.T, change func(*sigv4auth.Config)) (a *sigv4auth.Authenticator, dir string) {
	t.Helper()
	dir = t.TempDir()
	return newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(session(), streamed())
		m.config(c)
		c.Body, c.Spool = delivers(sigv4auth.BodySpooled), sigv4auth.Spool{MemoryBytes: 1000, Dir: dir}
		if change != nil {
			change(c)
		}
	}), dir
}

// nothingLeft reports files that are left in dir.
func nothingLeft(t *testing.T, dir, when string) {
	t.Helper()
	if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
		t.Errorf("%s: left: %v, %v", when, left, err)
	}
}

// TestSpooledBody: in every mode, the handler of a spooled body has it whole: it can seek in it,
// knows its length, and finds no trace of chunks.
func TestSpooledBody(t *testing.T) {
	t.Parallel()
	for _, m := range spoolable() {
		for _, size := range []int{0, 1, 999, 1000, 1001, 300_000} {
			for _, declared := range []bool{true, false} {
				data := strings.Repeat("rides", size/5+1)[:size]
				a, dir := m.spooling(t, func(c *sigv4auth.Config) { c.StripHeaders = []string{"Authorization"} })
				r, sent := m.upload(t, data)
				if r = arrives(r, sent, declared); sent == "" {
					r.Body, r.ContentLength = http.NoBody, 0
				}
				var kept io.Reader
				w := httptest.NewRecorder()
				a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					kept = r.Body
					body, ok := r.Body.(interface {
						io.ReadSeekCloser
						io.ReaderAt
					})
					if !ok {
						t.Fatalf("%s: the body is a %T", m.name, r.Body)
					}
					if r.ContentLength != int64(size) || r.Header.Get("Content-Encoding") != "" {
						t.Errorf("%s: %d bytes, of which the length is %d; %v", m.name, size, r.ContentLength, r.Header)
					}
					for range 2 {
						if got, err := io.ReadAll(body); err != nil || string(got) != data {
							t.Errorf("%s: %d of %d bytes, %v", m.name, len(got), size, err)
						}
						if at, err := body.Seek(0, io.SeekStart); at != 0 || err != nil {
							t.Errorf("%s: %d, %v", m.name, at, err)
						}
					}
					if end, err := body.Seek(0, io.SeekEnd); end != int64(size) || err != nil {
						t.Errorf("%s: the end is at %d of %d, %v", m.name, end, size, err)
					}
					if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
						t.Errorf("%s: behind the end: %d, %v", m.name, n, err)
					}
					if size > 1 {
						part := make([]byte, 1)
						if _, err := body.ReadAt(part, int64(size)-1); err != nil && err != io.EOF || part[0] != data[size-1] {
							t.Errorf("%s: %q, %v", m.name, part, err)
						}
						if _, err := body.Seek(-1, io.SeekEnd); err != nil {
							t.Error(err)
						}
						var b bytes.Buffer
						if _, err := io.Copy(&b, body); err != nil || b.String() != data[size-1:] {
							t.Errorf("%s: %q, %v", m.name, &b, err)
						}
					}
					if _, err := body.Seek(-1, io.SeekStart); err == nil {
						t.Errorf("%s: before the begin", m.name)
					}
					if strings.HasSuffix(m.name, "-TRAILER") {
						if sum, err := sigv4auth.VerifiedTrailer(r, "x-amz-checksum-crc32"); err != nil || sum != crc32Of(data) {
							t.Errorf("%s: %q, %v", m.name, sum, err)
						}
					}
				})).ServeHTTP(w, r)
				if kept == nil {
					t.Fatalf("%s, %d bytes, declared %t: %d %s", m.name, size, declared, w.Code, w.Body)
				}
				nothingLeft(t, dir, m.name)
			}
		}
	}
}

// TestSpoolIsRemoved: whatever the handler does, and if it never begins, nothing is left of a
// spooled body: no file, and none that is open.
func TestSpoolIsRemoved(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 50_000)
	for _, m := range spoolable() {
		for name, end := range map[string]func(r *http.Request){
			"returns": func(*http.Request) {},
			"reads":   func(r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) },
			"half":    func(r *http.Request) { _, _ = io.CopyN(io.Discard, r.Body, 1000) },
			"closes":  func(r *http.Request) { _, _ = r.Body.Close(), r.Body.Close() },
			"panics":  func(*http.Request) { panic("x") },
			"aborts":  func(*http.Request) { panic(http.ErrAbortHandler) },
			"removes": func(r *http.Request) { r.Body = http.NoBody },
		} {
			if m.name == "undeclared digest" {
				continue // it is in memory
			}
			a, dir := m.spooling(t, nil)
			var kept io.ReadCloser
			func() {
				defer func() {
					if v := recover(); (v != nil) != (name == "panics" || name == "aborts") {
						t.Errorf("%s, %s: %v", m.name, name, v)
					}
				}()
				r, _ := m.upload(t, data)
				a.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					kept = r.Body
					end(r)
				})).ServeHTTP(httptest.NewRecorder(), r)
			}()
			nothingLeft(t, dir, m.name+", "+name)
			if kept == nil {
				t.Fatalf("%s, %s: the handler did not run", m.name, name)
			}
			if n, err := kept.(io.ReaderAt).ReadAt(make([]byte, 1), 0); n != 0 || !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s, %s: the file is still open: %d, %v", m.name, name, n, err)
			}
		}
		for name, source := range map[string]func(string) io.Reader{
			"the client goes": func(sent string) io.Reader {
				return io.MultiReader(strings.NewReader(sent[:len(sent)/2]), iotest.ErrReader(errors.New("reset by peer")))
			},
			"the body panics": func(sent string) io.Reader {
				return io.MultiReader(strings.NewReader(sent[:len(sent)/2]), &paused{at: 1, pause: nil, text: ""}, panicking{})
			},
		} {
			a, dir := m.spooling(t, nil)
			r, sent := m.upload(t, data)
			r.Body = io.NopCloser(source(sent))
			var handler spy
			a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
			if handler.ran != 0 {
				t.Errorf("%s, %s: the handler ran", m.name, name)
			}
			nothingLeft(t, dir, m.name+", "+name)
		}
		t.Run("the audit panics", func(t *testing.T) {
			a, dir := m.spooling(t, func(c *sigv4auth.Config) { c.Observe.Audit = func(context.Context, sigv4auth.Event) { panic("x") } })
			var handler spy
			r, _ := m.upload(t, data)
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, r)
			again, _ := m.upload(t, data)
			if _, err := a.Verify(again); handler.ran != 0 || w.Code != 500 || !errors.Is(err, sigv4auth.ErrInternalFailure) {
				t.Errorf("%s: the handler ran %d times; %d; %v", m.name, handler.ran, w.Code, err)
			}
			nothingLeft(t, dir, m.name)
		})
	}
}

// panicking is a body that panics.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("a body") }

// TestSpoolOfVerify: who calls Verify has the spooled body too, and closes it.
func TestSpoolOfVerify(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 50_000)
	for _, m := range spoolable() {
		a, dir := m.spooling(t, nil)
		r, _ := m.upload(t, data)
		if _, err := a.Verify(r); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || string(got) != data {
			t.Errorf("%s: %d bytes, %v", m.name, len(got), err)
		}
		if err := r.Body.Close(); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		nothingLeft(t, dir, m.name)
	}
}

// TestSpoolOfNoDisk: where no file can be made, the request is refused as one that may be right, in
// one event, and the handler does not run. What fits into memory needs none.
func TestSpoolOfNoDisk(t *testing.T) {
	t.Parallel()
	for _, m := range spoolable() {
		for _, size := range []int{500, 50_000} {
			var last sigv4auth.Event
			n := 0
			a, dir := m.spooling(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&last, &n) })
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			r, _ := m.upload(t, strings.Repeat("r", size))
			var handler spy
			w := httptest.NewRecorder()
			a.Handler(&handler).ServeHTTP(w, r)
			if size == 500 || m.name == "undeclared digest" {
				if handler.ran != 1 || n != 1 {
					t.Errorf("%s, %d bytes: %d %s", m.name, size, w.Code, w.Body)
				}
				continue
			}
			if handler.ran != 0 || w.Code != 503 || n != 1 || last.Reason != sigv4auth.ErrServiceUnavailable ||
				last.Outcome != sigv4auth.Refused || strings.Contains(w.Body.String(), filepath.Base(dir)) {
				t.Errorf("%s: %d %s; the handler ran %d times; %d events, %+v", m.name, w.Code, w.Body, handler.ran, n, last)
			}
		}
	}
}

// TestRevokedWhileSpooling: threat 233. A request that would be refused by the time its body is
// whole is refused, before the handler runs and in one event.
func TestRevokedWhileSpooling(t *testing.T) {
	t.Parallel()
	data := strings.Repeat("ride", 10_000)
	for _, m := range plainModes {
		for _, tt := range meanwhile {
			for where, offset := range map[string]int{"at once": 0, "in the middle": len(data) / 2, "before the last byte": len(data) - 1} {
				clock, store := sigv4test.NewClock(testNow), &changingStore{credential: session()}
				var last sigv4auth.Event
				n := 0
				dir := t.TempDir()
				a := m.authenticator(t, func(c *sigv4auth.Config) {
					c.Credentials, c.Now = store, clock.Now
					c.Observe.Audit = auditInto(&last, &n)
					c.Body, c.Spool = delivers(sigv4auth.BodySpooled), sigv4auth.Spool{MemoryBytes: 1000, Dir: dir}
				})
				r := m.upload(data)
				r.Body = &paused{text: data, at: offset, pause: func() {
					clock.Advance(2 * time.Second)
					tt.change(store)
				}}
				var handler spy
				a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
				if handler.ran == 1 != (tt.code == "") || n != 1 || last.Reason != tt.code || store.lookups != 2 {
					t.Errorf("%s, %s, %s: ran %d times; %d lookups; %+v", m.name, tt.name, where, handler.ran, store.lookups, last)
				}
				nothingLeft(t, dir, m.name)
			}
		}
	}
}

// TestSpoolConfig: what cannot work is a mistake at New.
func TestSpoolConfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for field, spool := range map[string]sigv4auth.Spool{
		"Config.Spool.MemoryBytes": {MemoryBytes: -1},
		"Config.Spool.Dir":         {Dir: file},
		"Config.Spool.Dir ":        {Dir: file + "2"},
	} {
		cfg := testConfig()
		cfg.Spool = spool
		_, err := sigv4auth.New(cfg)
		if mistake, ok := errors.AsType[*sigv4auth.ConfigError](err); !ok || mistake.Field != strings.TrimSpace(field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}
