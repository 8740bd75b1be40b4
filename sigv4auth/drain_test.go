package sigv4auth_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// drained is a real server whose handler tells when it is done, and whose connections count what is
// read from them.
type drained struct {
	address string
	done    chan struct{}
	read    atomic.Int64
}

func newDrained(t *testing.T, handler http.Handler) *drained {
	t.Helper()
	d := &drained{done: make(chan struct{}, 100)}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { d.done <- struct{}{} }()
		handler.ServeHTTP(w, r)
	}))
	server.Listener = countingListener{server.Listener, &d.read}
	server.Start()
	t.Cleanup(server.Close)
	d.address = server.Listener.Addr().String()
	return d
}

type countingListener struct {
	net.Listener
	read *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{conn.(*net.TCPConn), l.read}, nil
}

// countingConn can close one direction, as any connection through TCP.
type countingConn struct {
	*net.TCPConn
	read *atomic.Int64
}

func (c *countingConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *countingConn) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{c}) }

// dial connects to the server. Whatever happens on the connection, it ends.
func (d *drained) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn
}

// isDone waits until the handler is done.
func (d *drained) isDone(t *testing.T) {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(30 * time.Second):
		t.Error("the handler is held")
	}
}

// unknownKey is the head of a request of nobody known that declares a body of so many bytes, whose
// digest it knows.
func unknownKey(t *testing.T, size int64, more string) string {
	t.Helper()
	text := head(sign(t, ride(), signing{keyID: "AKIANOBODYKNOWSTHIS0", digestHeader: true}), "HTTP/1.1", "Content-Length")
	return text + fmt.Sprintf("Content-Length: %d\r\n", size) + more + "\r\n"
}

// chunkedUnknownKey is the head of one whose body comes in chunks.
func chunkedUnknownKey(t *testing.T) string {
	t.Helper()
	r := sign(t, unsignedLength(), signing{keyID: "AKIANOBODYKNOWSTHIS0", digestHeader: true})
	return head(r, "HTTP/1.1") + "Transfer-Encoding: chunked\r\n\r\n"
}

// TestRefusalReachesWhoSends: threats 220 and 221. A client that sends its whole body before it
// reads gets the answer, whatever it is refused for and whoever writes the answer, and no reset
// connection in its place.
func TestRefusalReachesWhoSends(t *testing.T) {
	t.Parallel()
	const size = 5 << 20
	long := strings.Repeat("no ", 10_000)
	hooks := map[string]func(http.ResponseWriter, *http.Request, error){
		"API Gateway": nil, "S3": sigv4auth.WriteS3Error, "query": sigv4auth.WriteQueryError,
		"one that writes much": func(w http.ResponseWriter, _ *http.Request, _ error) { http.Error(w, long, http.StatusForbidden) },
		"one that panics":      func(http.ResponseWriter, *http.Request, error) { panic("x") },
		"one that diagnoses":   nil,
	}
	without := func(lines ...string) string {
		return head(sign(t, ride(), signing{digestHeader: true}), "HTTP/1.1", lines...)
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", size)
	chunk := strings.Repeat("a", 64<<10)
	inChunks := strings.Repeat(fmt.Sprintf("%x\r\n%s\r\n", len(chunk), chunk), size/len(chunk)) + "0\r\n\r\n"
	plain := strings.Repeat("a", size)
	for _, tt := range []struct{ name, head, body string }{
		{"no such key", unknownKey(t, size, ""), plain},
		{"wrong signature", without("Content-Length") + length + "\r\n", plain},
		{"no credentials", without("Content-Length", "Authorization") + length + "\r\n", plain},
		{"too large", unknownKey(t, 100<<20, ""), plain},
		{"in chunks", without("Content-Length") + "Transfer-Encoding: chunked\r\n\r\n", inChunks},
		{"in chunks, too large", head(sign(t, unsignedLength(), signing{}), "HTTP/1.1") + "Transfer-Encoding: chunked\r\n\r\n", inChunks},
		{"does not wait for 100 Continue", unknownKey(t, size, "Expect: 100-continue\r\n"), plain},
	} {
		for by, hook := range hooks {
			if by != "API Gateway" && tt.name != "no such key" {
				continue
			}
			t.Run(tt.name+", answered by "+by, func(t *testing.T) {
				t.Parallel()
				var a *sigv4auth.Authenticator
				if by == "one that diagnoses" {
					hook = func(w http.ResponseWriter, r *http.Request, err error) {
						a.Diagnose(r)
						sigv4auth.WriteAPIGatewayError(w, r, err)
					}
				}
				a = newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxBodyBytes, c.Denied = size-1, hook })
				d := newDrained(t, a.Handler(&spy{}))
				for range 3 {
					conn := d.dial(t)
					if _, err := io.WriteString(conn, tt.head+tt.body); err != nil {
						t.Fatalf("while sending: %v", err)
					}
					res, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err != nil {
						t.Fatalf("in place of the answer: %v", err)
					}
					if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode < 400 || len(b) == 0 {
						t.Fatalf("%d, %d bytes, %v", res.StatusCode, len(b), err)
					}
				}
			})
		}
	}
}

// unsignedLength is a request that can be sent in chunks.
func unsignedLength() *http.Request {
	r := ride()
	r.ContentLength = -1
	return r
}

// TestAnswerBeforeTheBody: threat 221. The answer to a long request does not wait for its body, and
// is whole by then.
func TestAnswerBeforeTheBody(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(http.ResponseWriter, *http.Request, error){
		"API Gateway": nil, "S3": sigv4auth.WriteS3Error, "query": sigv4auth.WriteQueryError,
	} {
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Denied, c.MaxDrainTime = hook, time.Minute })
		d := newDrained(t, a.Handler(&spy{}))
		conn := d.dial(t)
		_, _ = io.WriteString(conn, unknownKey(t, 5<<20, "")+"a")
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || int64(len(b)) != res.ContentLength || len(b) == 0 || !res.Close {
			t.Errorf("%s: %d bytes of %d, %v; the connection closes: %t", name, len(b), res.ContentLength, err, res.Close)
		}
		select {
		case <-d.done:
			t.Errorf("%s: the rest of the body is not waited for", name)
		default:
		}
	}
}

// TestRefusalReachesWhoSendsMore: threats 220 and 221. A client that has sent Expect: 100-continue,
// does not wait and sends more than is drained has time to read the answer before the connection is
// reset. A client's write that fails sooner hides the answer.
func TestRefusalReachesWhoSendsMore(t *testing.T) {
	t.Parallel()
	const size = 20 << 20
	d := newDrained(t, newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxDrainBytes = 1 << 20 }).Handler(&spy{}))
	conn := d.dial(t)
	start := time.Now()
	go func() {
		_, _ = io.WriteString(conn, unknownKey(t, size, "Expect: 100-continue\r\n")+strings.Repeat("a", size))
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("in place of the answer: %v", err)
	}
	if b, err := io.ReadAll(res.Body); err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || len(b) == 0 {
		t.Errorf("%d, %d bytes, %v", res.StatusCode, len(b), err)
	}
	d.isDone(t)
	if took := time.Since(start); took < 500*time.Millisecond {
		t.Errorf("the connection is left after %v", took)
	}
}

// TestShortBodyKeepsTheConnection: where the rest of a body is short, it is read and the connection
// is used again.
func TestShortBodyKeepsTheConnection(t *testing.T) {
	t.Parallel()
	d := newDrained(t, newAuthenticator(t, nil).Handler(&spy{}))
	conn := d.dial(t)
	in := bufio.NewReader(conn)
	for range 3 {
		_, _ = io.WriteString(conn, unknownKey(t, 200<<10, "")+strings.Repeat("a", 200<<10))
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusForbidden || res.Close {
			t.Errorf("%d, %v; the connection closes: %t", res.StatusCode, err, res.Close)
		}
	}
	good := head(sign(t, ride(), signing{}), "HTTP/1.1") + "\r\n" + rideBody
	_, _ = io.WriteString(conn, good)
	if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusNoContent {
		t.Errorf("%v, %v", res, err)
	}
}

// TestDrainLeavesNoDeadline: once a body is drained, the connection is as any other: what goes on
// around the handler is not cut off, nor is the next request.
func TestDrainLeavesNoDeadline(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"long":           unknownKey(t, 5<<20, "") + strings.Repeat("a", 5<<20),
		"in chunks":      chunkedUnknownKey(t) + "5\r\nhello\r\n0\r\n\r\n",
		"short":          unknownKey(t, 100<<10, "") + strings.Repeat("a", 100<<10),
		"without a body": head(sign(t, rides(), signing{keyID: "AKIANOBODYKNOWSTHIS0"}), "HTTP/1.1") + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newAuthenticator(t, func(c *sigv4auth.Config) { c.MaxDrainTime = 2 * time.Second }).Handler(&spy{})
			cut := make(chan error, 2)
			d := newDrained(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r)
				select {
				case <-r.Context().Done():
				case <-time.After(1500 * time.Millisecond):
				}
				cut <- r.Context().Err()
			}))
			conn := d.dial(t)
			in := bufio.NewReader(conn)
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			res, err := http.ReadResponse(in, nil)
			if err != nil || res.StatusCode != http.StatusForbidden {
				t.Fatal(res, err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			if err := <-cut; err != nil {
				t.Errorf("the request's context: %v", err)
			}
			if res.Close {
				return
			}
			time.Sleep(3 * time.Second) // longer than draining takes
			_, _ = io.WriteString(conn, head(sign(t, ride(), signing{}), "HTTP/1.1")+"\r\n"+rideBody)
			if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusNoContent {
				t.Errorf("the next request: %v, %v", res, err)
			}
		})
	}
}

// TestDrainIsBoundedInBytes: threat 220. Of a body without end, no more is read than
// Config.MaxDrainBytes, and what buffers hold.
func TestDrainIsBoundedInBytes(t *testing.T) {
	t.Parallel()
	const most, buffered = 1 << 20, 1 << 20
	d := newDrained(t, newAuthenticator(t, func(c *sigv4auth.Config) {
		c.MaxBodyBytes, c.MaxDrainBytes, c.MaxDrainTime = 1<<50, most, time.Minute
	}).Handler(&spy{}))
	for name, text := range map[string]string{
		"of a length": unknownKey(t, 1<<40, ""),
		"in chunks":   chunkedUnknownKey(t) + "ffffffffff\r\n",
	} {
		d.read.Store(0)
		conn := d.dial(t)
		_, _ = io.WriteString(conn, text)
		go func() { _, _ = io.Copy(conn, endless{}) }() // until the connection is closed
		d.isDone(t)
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != http.StatusForbidden || !res.Close {
			t.Errorf("%s: %v, %v", name, res, err)
		}
		if read := d.read.Load(); read < most || read > most+buffered {
			t.Errorf("%s: %d bytes are read; want %d", name, read, most)
		}
		_ = conn.Close()
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestDrainIsBoundedInTime: threat 221. Nobody holds a goroutine by sending slowly, sending
// nothing, or by not sending what was to be asked for; and a client that is not asked for its body
// is not asked for it after the answer.
func TestDrainIsBoundedInTime(t *testing.T) {
	t.Parallel()
	silent := func(net.Conn) {}
	trickle := func(conn net.Conn) {
		for _, err := conn.Write([]byte("a")); err == nil; _, err = conn.Write([]byte("a")) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	stream := func(conn net.Conn) { // faster than a sender is cut off for being slow
		for _, err := conn.Write(make([]byte, 128<<10)); err == nil; _, err = conn.Write(make([]byte, 128<<10)) {
			time.Sleep(10 * time.Millisecond)
		}
	}
	header := func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusForbidden) }
	chunks := chunkedUnknownKey(t)
	for name, tt := range map[string]struct {
		text   string
		send   func(net.Conn)
		time   time.Duration // 0: the default
		denied func(http.ResponseWriter, *http.Request, error)
	}{
		"silent":                             {unknownKey(t, 5<<20, ""), silent, time.Minute, nil},
		"silent, a short body":               {unknownKey(t, 100, ""), silent, 500 * time.Millisecond, nil},
		"trickles":                           {unknownKey(t, 5<<20, ""), trickle, time.Minute, nil},
		"trickles, a short body":             {unknownKey(t, 200<<10, ""), trickle, 500 * time.Millisecond, nil},
		"streams":                            {unknownKey(t, 1<<40, ""), stream, 500 * time.Millisecond, nil},
		"silent in chunks":                   {chunks, silent, time.Minute, nil},
		"trickles in chunks":                 {chunks + "ffffff\r\n", trickle, time.Minute, nil},
		"waits for 100 Continue":             {unknownKey(t, 5<<20, "Expect: 100-continue\r\n"), silent, time.Minute, nil},
		"waits for it with a short body":     {unknownKey(t, 100, "Expect: 100-continue\r\n"), silent, time.Minute, nil},
		"waits for it, answered by a header": {unknownKey(t, 5<<20, "Expect: 100-continue\r\n"), silent, time.Minute, header},
		"trickles without waiting for it":    {unknownKey(t, 5<<20, "Expect: 100-continue\r\n"), trickle, time.Minute, nil},
		"by the defaults":                    {unknownKey(t, 1<<40, ""), stream, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.MaxBodyBytes, c.MaxDrainBytes, c.MaxDrainTime, c.Denied = 1<<50, 1<<40, tt.time, tt.denied
			})
			d := newDrained(t, a.Handler(&spy{}))
			conn := d.dial(t)
			_, _ = io.WriteString(conn, tt.text)
			go tt.send(conn)
			d.isDone(t)
			// What the server says, until it closes the connection: to whom does not send, without
			// a reset.
			said, err := io.ReadAll(conn)
			if n, ok := err.(net.Error); ok && n.Timeout() {
				t.Errorf("the connection is held: %v", err)
			}
			if !bytes.HasPrefix(said, []byte("HTTP/1.1 403 ")) || bytes.Count(said, []byte("HTTP/1.1 ")) != 1 {
				t.Errorf("%q, %v", said, err)
			}
		})
	}
}

// TestDrainNeedsADeadline: threat 221. Nothing is read of a refused request where nothing can bound
// the time, and over HTTP/2, whose connection lives on.
func TestDrainNeedsADeadline(t *testing.T) {
	t.Parallel()
	h := newAuthenticator(t, nil).Handler(&spy{})
	for name, major := range map[string]int{"a ResponseWriter without deadlines": 1, "HTTP/2": 2} {
		r := sign(t, ride(), signing{keyID: "AKIANOBODYKNOWSTHIS0", digestHeader: true})
		r.ContentLength, r.ProtoMajor = 5<<20, major
		r.Body = unreadable{t}
		w := httptest.NewRecorder()
		if major == 2 {
			h.ServeHTTP(struct {
				http.ResponseWriter
				deadlines
			}{w, deadlines{}}, r)
		} else {
			h.ServeHTTP(w, r)
		}
		if w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// deadlines sets any.
type deadlines struct{}

func (deadlines) SetReadDeadline(time.Time) error { return nil }

// TestBodyRefusedReachesWhoSends: threats 220 and 221. A handler that answers while a body turns
// out wrong, in a streaming mode, is heard too by a client that sends it to its end.
func TestBodyRefusedReachesWhoSends(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, streamingConfig)
	d := newDrained(t, a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			sigv4auth.WriteS3Error(w, r, err)
		}
	})))
	r := upload{mode: modeSigned, data: strings.Repeat("ride", 5<<18)}.request(t)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := head(r, "HTTP/1.1", "Content-Length") + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body))
	body[len(text)%1000+200] ^= 1 // in the first chunk
	for range 5 {
		conn := d.dial(t)
		if _, err := io.WriteString(conn, text+string(body)); err != nil {
			t.Fatalf("while sending: %v", err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("in place of the answer: %v", err)
		}
		if b, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(b), "<Code>SignatureDoesNotMatch</Code>") || !res.Close {
			t.Fatalf("%s, %v; the connection closes: %t", b, err, res.Close)
		}
	}
}
