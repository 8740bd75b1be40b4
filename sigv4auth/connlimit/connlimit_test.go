package connlimit_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/connlimit"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// Threats 221 and 248: whatever clients do to hold all connections, others get theirs at once,
// over every transport.
func TestOthersAreServed(t *testing.T) {
	t.Parallel()
	const most = 16
	for _, how := range []transport{plain, encrypted, http2} {
		for _, kind := range []struct {
			name string
			hold func(s *site, p peer)
		}{
			{"idle connections", func(s *site, p peer) { s.idler(p) }},
			{"connections that send nothing", func(s *site, p peer) { s.dial(p) }},
			{"half a header", func(s *site, p peer) { send(s.t, s.secure(s.dial(p)), unfinished()) }},
			{"half a header on a connection that was used", func(s *site, p peer) { send(s.t, s.idler(p), unfinished()) }},
			{"half a body", func(s *site, p peer) {
				c := s.secure(s.dial(p))
				send(s.t, c, headerOf("/body", 1000)+"half")
				s.await("the request has arrived", c, http.StateActive)
			}},
			{"half a body that the handler does not want", func(s *site, p peer) {
				c := s.secure(s.dial(p))
				send(s.t, c, headerOf("/", 1000)+"half")
				s.await("the request has arrived", c, http.StateActive)
			}},
			{"answers that are not taken", func(s *site, p peer) {
				c := s.secure(s.dial(p))
				send(s.t, c, "GET /long HTTP/1.1\r\nHost: here\r\n\r\n")
				s.await("the request has arrived", c, http.StateActive)
			}},
		} {
			t.Run(string(how)+": "+kind.name, func(t *testing.T) {
				t.Parallel()
				s := open(t, how, connlimit.Config{Max: most})
				for n := range most + 8 {
					kind.hold(s, peer(2+n))
				}
				fresh := s.client(1)
				fresh.Transport.(*http.Transport).DisableKeepAlives = true
				kept := s.client(1)
				for range 5 {
					s.get(fresh, "/")
					s.get(kept, "/")
				}
				if n := s.limiter.Open(); n > most {
					t.Errorf("%d connections are open", n)
				}
			})
		}
	}
}

// A request that the server works on is never cut off, however short places are: the newcomer
// waits.
func TestAWorkingConnectionIsNeverClosed(t *testing.T) {
	t.Parallel()
	for _, how := range []transport{plain, encrypted, http2} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			const most = 8
			s := open(t, how, connlimit.Config{Max: most})
			var workers sync.WaitGroup
			for n := range most {
				c := s.client(peer(2 + n))
				workers.Go(func() { s.get(c, "/work") })
			}
			for range most {
				<-s.working
			}
			s.clock.advance(time.Hour) // which no handler is closed for
			answered := make(chan error, 1)
			newcomer := s.client(1)
			go func() { answered <- s.try(newcomer, "/") }()
			select {
			case err := <-answered:
				t.Errorf("the newcomer was answered: %v", err)
			case <-time.After(100 * time.Millisecond):
			}
			s.finish <- struct{}{} // one becomes idle
			if err := <-answered; err != nil {
				t.Errorf("once one was idle: %v", err)
			}
			close(s.finish)
			workers.Wait()
		})
	}
}

// An HTTP/2 connection waits for its client only if each of its requests does.
func TestOneOfManyStreamsIsWorkedOn(t *testing.T) {
	t.Parallel()
	s := open(t, http2, connlimit.Config{Max: 4, PerPeer: 4})
	shared := s.client(2)
	never, hold := io.Pipe()
	defer hold.Close()
	var requests sync.WaitGroup
	requests.Go(func() { s.get(shared, "/work") })
	<-s.working
	requests.Go(func() {
		response, err := shared.Post(s.server.URL+"/body", "text/plain", never)
		if err == nil {
			_ = response.Body.Close()
		}
	})
	eventually(t, "both are on one connection", func() bool { return s.limiter.Open() == 1 })
	time.Sleep(50 * time.Millisecond)
	s.clock.advance(time.Hour)
	for n := range 20 {
		s.dial(peer(10 + n))
	}
	s.get(s.client(1), "/")
	s.finish <- struct{}{} // the request that was worked on ends well: /work fails the test if it was cut off
	// The other still waits, and now the connection may be had.
	eventually(t, "the connection that waits is closed", func() bool {
		s.dial(peer(100))
		s.get(s.client(1), "/")
		done := make(chan struct{})
		go func() { requests.Wait(); close(done) }()
		select {
		case <-done:
			return true
		case <-time.After(10 * time.Millisecond):
			return false
		}
	})
}

// What is closed first: an idle connection, then one without a whole header, then one whose
// request does not go on.
func TestTheOrderOfClosing(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 8, Patience: time.Hour})
	var all []net.Conn
	add := func(c net.Conn) { all = append(all, c); s.clock.advance(2 * time.Second) }
	slow := s.dial(2)
	send(t, slow, headerOf("/body", 1000))
	s.await("the request has arrived", slow, http.StateActive)
	time.Sleep(20 * time.Millisecond) // until the handler reads
	add(slow)
	for n := range 3 {
		silent := s.dial(peer(3 + n))
		eventually(t, "it is accepted", func() bool { return s.limiter.Open() == len(all)+1 })
		add(silent)
	}
	for n := range 4 {
		add(s.idler(peer(10 + n)))
	}
	names := []string{"the slow body", "silent 1", "silent 2", "silent 3", "idle 1", "idle 2", "idle 3", "idle 4"}
	for _, next := range []int{4, 5, 6, 7, 1, 2, 3, 0} {
		worker := s.client(1)
		if next >= 4 {
			worker = s.client(peer(20 + next))
		} else {
			worker = s.client(peer(30 + next))
		}
		go func() { _ = s.try(worker, "/work") }() // is worked on, and hence no candidate
		<-s.working
		wantClosed(t, names[next], all[next], true)
		all[next] = nil
		for i, c := range all {
			if c != nil {
				wantClosed(t, names[i], c, false)
			}
		}
	}
	close(s.finish)
}

// Between three quarters and all of the places patience shrinks, and below nothing is closed.
func TestPatienceShrinks(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 16, PerPeer: 16, Patience: 8 * time.Second})
	var all []net.Conn
	add := func(n int) {
		for range n {
			all = append(all, s.idler(peer(2+len(all))))
		}
	}
	open := func(want int, why string) {
		t.Helper()
		if n := s.limiter.Open(); n != want {
			t.Errorf("%d are open, want %d: %s", n, want, why)
		}
	}
	add(12)
	s.clock.advance(time.Hour)
	add(1)
	open(13, "it found a quarter free, where nobody is closed")
	add(1)
	open(13, "it found three free, and one that had waited for more than 6 s; then a quarter was free")
	wantClosed(t, "the one that has waited longest", all[0], true)
	for range 11 {
		all[1].Close()
		all = all[1:]
	}
	eventually(t, "their places are free", func() bool { return s.limiter.Open() == 2 })
	add(11)
	open(13, "there were places enough")
	s.clock.advance(5 * time.Second)
	add(1)
	open(14, "at three free all have 6 s")
	add(1)
	open(14, "at two free all have 4 s: one was closed")
}

// One peer has its bound, and takes its own places from then on; others do not notice.
func TestOnePeerIsBounded(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 16, PerPeer: 3})
	other := s.idler(2)
	s.clock.advance(time.Minute) // longer than all that follows: of all, it would be the first
	var mine []net.Conn
	for range 10 {
		mine = append(mine, s.idler(3))
		s.clock.advance(time.Second)
	}
	if n := s.limiter.Open(); n != 4 {
		t.Errorf("%d are open, want 3 of one peer and 1 of the other", n)
	}
	for i, c := range mine {
		wantClosed(t, "connection", c, i < 7)
	}
	wantClosed(t, "the other peer's", other, false)
}

// A peer all of whose connections are worked on gets no further one, and does not make others wait.
func TestAPeerThatWorksIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 16, PerPeer: 2})
	var workers sync.WaitGroup
	c := s.client(2)
	for range 2 {
		workers.Go(func() { s.get(c, "/work") })
	}
	<-s.working
	<-s.working
	if err := s.try(s.client(2), "/"); err == nil {
		t.Error("a third was served")
	}
	s.get(s.client(3), "/")
	close(s.finish)
	workers.Wait()
	s.clock.advance(time.Second)
	s.get(s.client(2), "/")
}

// A trusted proxy brings the connections of many.
func TestATrustedPeerIsNotBounded(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 16, PerPeer: 2, Trusted: everywhere()})
	for range 10 {
		s.idler(2)
	}
	if n := s.limiter.Open(); n != 10 {
		t.Errorf("%d are open, want 10", n)
	}
	// It is bounded by Max all the same.
	for range 20 {
		s.idler(2)
	}
	if n := s.limiter.Open(); n > 16 {
		t.Errorf("%d are open, want 16 at the most", n)
	}
}

func TestPeers(t *testing.T) {
	t.Parallel()
	limiter, err := connlimit.New(connlimit.Config{Trusted: []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("2001:db8:1::/48"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ addr, want string }{
		{"192.0.2.1:1234", "192.0.2.1/32"},
		{"[::ffff:192.0.2.1]:1234", "192.0.2.1/32"},
		{"[2001:db8::1]:1234", "2001:db8::/64"},
		{"[2001:db8::ffff:1:2:3]:1234", "2001:db8::/64"},
		{"[2001:db8:0:1::1]:1234", "2001:db8:0:1::/64"},
		{"[fe80::1%eth0]:1234", "fe80::/64"},
		{"10.1.2.3:1234", "invalid Prefix"},
		{"[::ffff:10.1.2.3]:1234", "invalid Prefix"},
		{"[2001:db8:1:2::3]:1234", "invalid Prefix"},
	} {
		if got := limiter.PeerOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(tt.addr))).String(); got != tt.want {
			t.Errorf("%s is %s, want %s", tt.addr, got, tt.want)
		}
	}
	if got := limiter.PeerOf(&net.UnixAddr{Name: "/run/socket"}); got.IsValid() {
		t.Errorf("a Unix socket is %v", got)
	}
}

// IPv6 is bounded too.
func TestAPeerOfIPv6IsBounded(t *testing.T) {
	t.Parallel()
	from, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		testneed.Missing(t, "IPv6")
	}
	limiter, err := connlimit.New(connlimit.Config{Max: 16, PerPeer: 2})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: patience}
	listener := limiter.Protect(server, from)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	for range 8 {
		c, err := net.Dial("tcp", from.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		time.Sleep(5 * time.Millisecond)
	}
	eventually(t, "two are left", func() bool { return limiter.Open() == 2 })
	_ = server.Close()
	<-done
}

// What trickles falls behind what goes on: the slowest goes.
func TestTheSlowestBodyGoes(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 4, PerPeer: 4})
	upload := func(p peer) net.Conn {
		c := s.dial(p)
		send(t, c, headerOf("/body", 1<<20))
		s.await("the request has arrived", c, http.StateActive)
		return c
	}
	good, trickle := upload(2), upload(3)
	var workers sync.WaitGroup
	for n := range 2 {
		c := s.client(peer(4 + n))
		workers.Go(func() { s.get(c, "/work") })
		<-s.working
	}
	for range 5 {
		time.Sleep(30 * time.Millisecond) // until the handler waits for what follows
		s.clock.advance(time.Second)
		send(t, good, strings.Repeat("x", 2*connlimit.CreditBytes))
		send(t, trickle, "x")
	}
	time.Sleep(30 * time.Millisecond)
	s.clock.freeze() // neither has been waited for since its last byte for long
	s.get(s.client(1), "/")
	wantClosed(t, "the one that trickles", trickle, true)
	wantClosed(t, "the one that goes on", good, false)
	close(s.finish)
	workers.Wait()
}

// A client who was slow with its body, but has sent it, is not cut off while the answer is written.
func TestASlowBodyIsForgivenOnceItIsThere(t *testing.T) {
	t.Parallel()
	for _, whole := range []bool{true, false} {
		s := open(t, plain, connlimit.Config{Max: 4, PerPeer: 4})
		var workers sync.WaitGroup
		for n := range 3 {
			c := s.client(peer(4 + n))
			workers.Go(func() { s.get(c, "/work") })
			<-s.working
		}
		s.clock.freeze()
		slow := s.dial(2)
		send(t, slow, headerOf("/long", 2)+"x")
		s.await("the request has arrived", slow, http.StateActive)
		time.Sleep(50 * time.Millisecond)     // until the handler waits for the rest
		s.clock.advance(10_000 * time.Second) // more than what the kernel takes of the answer makes good
		if whole {
			send(t, slow, "x")
			_ = slow.SetReadDeadline(time.Now().Add(patience))
			if _, err := slow.Read(make([]byte, 1)); err != nil { // the answer has begun, and is more than the kernel takes
				t.Fatal(err)
			}
		}
		newcomer := s.client(1)
		answered := make(chan error, 1)
		go func() { answered <- s.try(newcomer, "/") }()
		select {
		case err := <-answered:
			if whole {
				t.Errorf("the answer was cut off for a newcomer: %v", err)
			}
		case <-time.After(200 * time.Millisecond):
			if !whole {
				t.Error("a body that does not come keeps its place")
			}
			s.clock.advance(time.Second) // by now it is the answer that is not taken
			if err := <-answered; err != nil {
				t.Error(err)
			}
		}
		close(s.finish)
		workers.Wait()
	}
}

// A connection that a handler has taken counts until it is closed, and is not closed by others.
func TestHijackedConnectionsCount(t *testing.T) {
	t.Parallel()
	limiter, err := connlimit.New(connlimit.Config{Max: 4})
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan net.Conn, 10)
	from, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		taken <- c
	})}
	done, listener := make(chan error, 1), limiter.Protect(server, from)
	go func() { done <- server.Serve(listener) }()
	defer func() { _ = server.Close(); <-done }()
	upgrade := func(p peer) net.Conn {
		c, err := p.dialer().Dial("tcp", from.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		send(t, c, "GET / HTTP/1.1\r\nHost: here\r\n\r\n")
		return c
	}
	var clients, servers []net.Conn
	for n := range 4 {
		c := upgrade(peer(2 + n))
		defer c.Close()
		clients, servers = append(clients, c), append(servers, <-taken)
	}
	fifth := upgrade(9)
	defer fifth.Close()
	select {
	case <-taken:
		t.Error("a fifth was served")
	case <-time.After(50 * time.Millisecond):
	}
	for _, c := range clients {
		wantClosed(t, "one that was taken", c, false)
	}
	_ = servers[0].Close()
	_ = servers[0].Close() // once more frees nothing more
	servers = append(servers, <-taken)
	for _, c := range servers {
		_ = c.Close()
	}
	if n := limiter.Open(); n != 0 {
		t.Errorf("%d are counted after all were closed", n)
	}
}

// A listener that is closed lets go of whoever waits for a place.
func TestShutdownWhileOneWaits(t *testing.T) {
	t.Parallel()
	s := open(t, plain, connlimit.Config{Max: 4})
	var workers sync.WaitGroup
	for n := range 4 {
		c := s.client(peer(2 + n))
		workers.Go(func() { s.get(c, "/work") })
		<-s.working
	}
	s.dial(9)
	time.Sleep(20 * time.Millisecond)
	ended := make(chan error, 1)
	go func() { ended <- s.server.Config.Shutdown(context.Background()) }()
	time.Sleep(20 * time.Millisecond)
	close(s.finish)
	workers.Wait()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the server does not stop")
	}
}

func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cfg  connlimit.Config
		want []string
	}{
		{connlimit.Config{Max: -1}, []string{"Config.Max: -1"}},
		{connlimit.Config{Max: 3}, []string{"Config.Max: 3"}},
		{connlimit.Config{PerPeer: -1, Patience: -1}, []string{"Config.PerPeer: -1", "Config.Patience: -1ns"}},
		{connlimit.Config{Max: 10, PerPeer: 11}, []string{"Config.PerPeer: 11"}},
		{connlimit.Config{Trusted: []netip.Prefix{{}}}, []string{"Config.Trusted[0]"}},
		{connlimit.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104")}}, []string{"Config.Trusted[0]"}},
	} {
		limiter, err := connlimit.New(tt.cfg)
		if err == nil || limiter != nil {
			t.Errorf("%+v is taken", tt.cfg)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
	}
	if _, err := connlimit.New(connlimit.Config{}); err != nil {
		t.Error(err)
	}
}
