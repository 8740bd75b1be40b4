package connlimit_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

// fakeConn is a connection of which only the address counts.
type fakeConn struct {
	net.Conn
	addr net.TCPAddr
}

func (c *fakeConn) RemoteAddr() net.Addr { return &c.addr }
func (c *fakeConn) Close() error         { return nil }

type fakeListener struct{ n int }

func (l *fakeListener) Accept() (net.Conn, error) {
	l.n++
	return &fakeConn{addr: net.TCPAddr{IP: net.IPv4(10, byte(l.n>>16), byte(l.n>>8), byte(l.n)), Port: 1}}, nil
}
func (l *fakeListener) Close() error   { return nil }
func (l *fakeListener) Addr() net.Addr { return &net.TCPAddr{} }

// BenchmarkAccept accepts where every place is taken, which looks at all connections.
func BenchmarkAccept(b *testing.B) {
	for _, most := range []int{512, 4096} {
		b.Run(fmt.Sprintf("type=accept/open=%d", most), func(b *testing.B) {
			limiter, err := connlimit.New(connlimit.Config{Max: most})
			if err != nil {
				b.Fatal(err)
			}
			clock := new(clock)
			limiter.SetNow(clock.now)
			listener := limiter.Protect(new(http.Server), &fakeListener{})
			for range most {
				_, _ = listener.Accept()
			}
			b.ReportAllocs()
			for b.Loop() {
				clock.advance(1e9)
				_, _ = listener.Accept()
			}
		})
	}
}

// BenchmarkRequest is a request through the limiter's handler and a bare one, over a connection
// that is kept.
func BenchmarkRequest(b *testing.B) {
	for _, limited := range []bool{false, true} {
		b.Run(fmt.Sprintf("type=request/limited=%t", limited), func(b *testing.B) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "ok")
			}))
			if limited {
				limiter, err := connlimit.New(connlimit.Config{})
				if err != nil {
					b.Fatal(err)
				}
				server.Listener = limiter.Protect(server.Config, server.Listener)
			}
			server.Start()
			defer server.Close()
			b.ReportAllocs()
			for b.Loop() {
				response, err := server.Client().Get(server.URL)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
}
