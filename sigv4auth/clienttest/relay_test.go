package clienttest_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
)

// relay stands between a client and a service. It is a forward proxy, whatever host a client asks
// for, so that names need no DNS; and it can change what passes.
type relay struct {
	addr string

	to       string
	old, new []byte // what clients send is searched for old; as long as new
	server   *tls.Config
	client   *tls.Config
}

// newRelay starts a relay to s. If old is not empty it puts new, of the same length, in its place
// wherever a client sends it. To look into TLS it has the service's own certificate, which makes it
// the worst that can be on the way.
func newRelay(t *testing.T, s *s3Service, secure bool, old, new string) *relay {
	t.Helper()
	if len(old) != len(new) {
		t.Fatalf("%q is not as long as %q", old, new)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &relay{addr: listener.Addr().String(), to: s.addr, old: []byte(old), new: []byte(new)}
	if secure {
		p.server = &tls.Config{Certificates: []tls.Certificate{s.ca.leaf}}
		p.client = &tls.Config{RootCAs: s.ca.pool(), ServerName: s3Domain}
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Wait()
	})
	return p
}

// serve passes one connection on. It ends when either side ends.
func (p *relay) serve(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	if first, err := in.Peek(1); err == nil && first[0] == 'C' { // CONNECT; S3 has no other method with a C
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
	}
	var client net.Conn = &peeked{conn, in}
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	if p.server != nil {
		client, out = tls.Server(client, p.server), tls.Client(out, p.client)
	}
	done := make(chan struct{}, 2)
	go func() { p.pass(out, client); done <- struct{}{} }()
	go func() { _, _ = io.Copy(client, out); done <- struct{}{} }()
	<-done
	_ = out.Close()
	_ = client.Close()
	_ = conn.Close()
	<-done
}

type peeked struct {
	net.Conn
	r io.Reader
}

func (c *peeked) Read(b []byte) (int, error) { return c.r.Read(b) }

// pass copies and replaces. What could be the beginning of old is held back until more has come.
func (p *relay) pass(dst io.Writer, src io.Reader) {
	buf := make([]byte, 0, 64<<10)
	chunk := make([]byte, 32<<10)
	for {
		n, err := src.Read(chunk)
		buf = append(buf, chunk[:n]...)
		held := 0
		if len(p.old) > 0 {
			buf = bytes.ReplaceAll(buf, p.old, p.new)
			for k := min(len(p.old)-1, len(buf)); k > 0; k-- {
				if bytes.HasSuffix(buf, p.old[:k]) {
					held = k
					break
				}
			}
		}
		if err != nil {
			held = 0
		}
		if _, werr := dst.Write(buf[:len(buf)-held]); werr != nil || err != nil {
			return
		}
		buf = append(buf[:0], buf[len(buf)-held:]...)
	}
}
