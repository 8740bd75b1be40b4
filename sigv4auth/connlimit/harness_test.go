package connlimit_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

const patience = 10 * time.Second

// site is a server behind a limiter.
type site struct {
	t       *testing.T
	limiter *connlimit.Limiter
	server  *httptest.Server
	addr    string
	tls     bool
	clock   *clock

	working chan struct{} // a value for each request that works
	finish  chan struct{} // a value ends one, closing it ends all
	states  sync.Map      // net.Conn → http.ConnState, as the server's own hook was told
	served  atomic.Int64
}

// clock is the time of a limiter: the real one until it is frozen, and what is added.
type clock struct {
	ahead  atomic.Int64
	frozen atomic.Pointer[time.Time]
}

func (c *clock) now() time.Time {
	now := time.Now()
	if at := c.frozen.Load(); at != nil {
		now = *at
	}
	return now.Add(time.Duration(c.ahead.Load()))
}

func (c *clock) freeze() { now := time.Now(); c.frozen.Store(&now) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// transport is how a site is served and called.
type transport string

const (
	plain     transport = "http"
	encrypted transport = "https"
	http2     transport = "HTTP/2"
)

// open serves GET /, which answers; /work, which works until it is told to finish; /body, which
// reads the body; and /long, which answers with 16 MiB.
func open(t *testing.T, how transport, cfg connlimit.Config) *site {
	t.Helper()
	limiter, err := connlimit.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		t: t, limiter: limiter, clock: new(clock), tls: how != plain, working: make(chan struct{}, 1000),
		finish: make(chan struct{}),
	}
	limiter.SetNow(s.clock.now)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.served.Add(1)
		_, _ = io.WriteString(w, "served")
	})
	mux.HandleFunc("/work", func(w http.ResponseWriter, r *http.Request) {
		s.working <- struct{}{}
		select {
		case <-s.finish:
		case <-r.Context().Done():
			t.Error("a request was cut off that was worked on")
		}
		_, _ = io.WriteString(w, "done")
	})
	mux.HandleFunc("/body", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			_, _ = fmt.Fprint(w, n)
		}
	})
	long := make([]byte, 1<<20)
	mux.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for range 16 {
			if _, err := w.Write(long); err != nil {
				return
			}
		}
	})
	s.server = httptest.NewUnstartedServer(mux)
	s.server.Config.ErrorLog = quiet()
	s.server.Config.ConnState = func(c net.Conn, state http.ConnState) { s.states.Store(c, state) }
	s.server.EnableHTTP2 = how == http2
	s.addr = s.server.Listener.Addr().String()
	s.server.Listener = limiter.Protect(s.server.Config, s.server.Listener)
	if s.tls {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
		eventually(t, "no connection is counted any more", func() bool { return limiter.Open() == 0 })
	})
	return s
}

// peer is a client with an address of its own, in 127.0.0.0/8.
type peer int

func (p peer) dialer() *net.Dialer {
	return &net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(p>>8), byte(p))}}
}

// dial opens a connection, with TLS if the site has it, and for HTTP/2 nothing but that.
func (s *site) dial(p peer) net.Conn {
	s.t.Helper()
	c, err := p.dialer().Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *site) secure(c net.Conn) net.Conn {
	s.t.Helper()
	if !s.tls {
		return c
	}
	secure := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err := secure.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	return secure
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// statusOf reads the status of an answer, and its body if there is one of known length.
func statusOf(t *testing.T, c net.Conn) int {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

// idler opens a connection, has one request answered, and leaves it open.
func (s *site) idler(p peer) net.Conn {
	s.t.Helper()
	c := s.secure(s.dial(p))
	send(s.t, c, "GET / HTTP/1.1\r\nHost: here\r\n\r\n")
	if status := statusOf(s.t, c); status != 200 {
		s.t.Fatalf("status %d", status)
	}
	s.await("a connection is idle", c, http.StateIdle)
	return c
}

// await waits until the server has told a state of the client's connection.
func (s *site) await(what string, client net.Conn, want http.ConnState) {
	s.t.Helper()
	local := client.LocalAddr().String()
	eventually(s.t, what, func() (found bool) {
		s.states.Range(func(c, state any) bool {
			found = c.(net.Conn).RemoteAddr().String() == local && state.(http.ConnState) == want
			return !found
		})
		return found
	})
}

// client makes requests as one peer.
func (s *site) client(p peer) *http.Client {
	tr := &http.Transport{DialContext: p.dialer().DialContext, MaxIdleConnsPerHost: 10}
	tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	tr.ForceAttemptHTTP2 = s.server.EnableHTTP2
	s.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience}
}

// get makes a request that has to be answered with 200.
func (s *site) get(c *http.Client, path string) {
	s.t.Helper()
	if err := s.try(c, path); err != nil {
		s.t.Error(err)
	}
}

func (s *site) try(c *http.Client, path string) error {
	response, err := c.Get(s.server.URL + path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if response.StatusCode != 200 {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	_ = response.Body.Close()
	return err
}

// closed reports whether the server has closed the connection, which sends nothing.
func closed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, err := io.Copy(io.Discard, c)
	timeout, ok := err.(net.Error)
	return !ok || !timeout.Timeout()
}

func wantClosed(t *testing.T, what string, c net.Conn, want bool) {
	t.Helper()
	if want {
		eventually(t, what+" is closed", func() bool { return closed(c) })
	} else if closed(c) {
		t.Errorf("%s was closed", what)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("never: %s", what)
		}
	}
}

func everywhere() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// lines of a request with a body that is not there yet.
func headerOf(path string, length int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n", path, length)
}

func unfinished() string { return "GET / HTTP/1.1\r\nHost: here\r\nX-Slow: " + strings.Repeat("a", 10) }
