//go:build linux

package main_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	hostileConnections = 600         // more than the program has places
	reconnectAfter     = time.Second // who was cut off, on average; of one address, most of whose connections are, four times as long
	trickle            = time.Second // between two bytes of who is slow
	goodRate           = 100         // requests a second
	settle             = 2 * time.Second
)

// hostile is a way to hold connections: it does it on c until it is closed.
type hostile struct {
	name string
	hold func(s *site, by sigv4test.Signer, c net.Conn)
}

var hostiles = []hostile{
	{"idle between two requests", func(_ *site, _ sigv4test.Signer, c net.Conn) {
		_, _ = io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	}},
	{"sending nothing", func(_ *site, _ sigv4test.Signer, c net.Conn) { _, _ = io.Copy(io.Discard, c) }},
	{"slow headers", func(_ *site, _ sigv4test.Signer, c net.Conn) {
		drip(c, "GET /prod/rides HTTP/1.1\r\nHost: here\r\nX-Slow: ")
	}},
	{"slow bodies, not signed", func(_ *site, _ sigv4test.Signer, c net.Conn) {
		drip(c, "POST /prod/ride HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n")
	}},
	{"slow bodies, signed", func(s *site, by sigv4test.Signer, c net.Conn) {
		body := seattle + strings.Repeat(" ", 3000)
		r := by.Sign(s.request("POST", "/prod/ride", body))
		drip(c, headOf(r, len(body)))
	}},
	// The windows are small, so that an answer of 300 rides is more than the server's kernel takes.
	{"slow readers", func(s *site, by sigv4test.Signer, c net.Conn) {
		_, _ = io.WriteString(c, headOf(by.Sign(s.request("GET", "/prod/rides?limit=300", "")), 0))
		for buf := make([]byte, 1); ; time.Sleep(trickle) {
			if _, err := c.Read(buf); err != nil {
				return
			}
		}
	}},
}

func headOf(r *http.Request, length int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", r.Method, r.URL.RequestURI(), r.URL.Host)
	if length > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", length)
	}
	_ = r.Header.Write(&b)
	return b.String() + "\r\n"
}

// drip sends the beginning, and then a byte at a time.
func drip(c net.Conn, beginning string) {
	for _, err := io.WriteString(c, beginning); err == nil; _, err = c.Write([]byte{'x'}) {
		time.Sleep(trickle)
	}
}

// attack holds connections in one way until it is stopped: from as many addresses, or from one.
// Whoever is cut off comes back.
func attack(t *testing.T, s *site, h hostile, manyPeers bool) (stop func(), cut *atomic.Int64) {
	t.Helper()
	by := signer(s.credentials("dispatcher"))
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var connected atomic.Int64
	cut = new(atomic.Int64)
	pause := reconnectAfter
	if !manyPeers {
		pause *= 4
	}
	for n := range hostileConnections {
		host := 2
		if manyPeers {
			host += n
		}
		dialer := net.Dialer{
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+host>>8), byte(host))},
			Control: func(_, _ string, raw syscall.RawConn) error {
				return raw.Control(func(fd uintptr) {
					if h.name == "slow readers" {
						_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1024)
						_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536)
					}
				})
			},
		}
		all.Go(func() {
			for first := true; ctx.Err() == nil; first = false {
				c, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(s.endpoint, "http://"))
				if first {
					connected.Add(1)
				}
				if err == nil {
					end := context.AfterFunc(ctx, func() { _ = c.Close() })
					h.hold(s, by, c)
					end()
					_ = c.Close()
					cut.Add(1)
				}
				select {
				case <-ctx.Done():
				case <-time.After(pause/2 + rand.N(pause)):
				}
			}
		})
	}
	eventually(t, "the connections are open", func() bool { return connected.Load() == hostileConnections })
	return func() { cancel(); all.Wait() }, cut
}

// good sends requests at a fixed rate, half of them on connections of their own, and returns how
// long each answer took from when its request was due. Each has to be answered with 200.
func good(t *testing.T, s *site, ride string, during time.Duration) (took []time.Duration, failed int) {
	t.Helper()
	dispatcher := signer(s.credentials("dispatcher"))
	kept, fresh := new(http.Transport), &http.Transport{DisableKeepAlives: true}
	defer kept.CloseIdleConnections()
	var mu sync.Mutex
	var all sync.WaitGroup
	began := time.Now()
	for n := range int(during * goodRate / time.Second) {
		due := began.Add(time.Duration(n) * time.Second / goodRate)
		time.Sleep(time.Until(due))
		all.Go(func() {
			client := &http.Client{Transport: kept, Timeout: patience}
			if n%2 == 1 {
				client.Transport = fresh
			}
			r := dispatcher.Sign(s.request("GET", "/prod/ride/"+ride, ""))
			response, err := client.Do(r)
			if err == nil {
				_, err = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode != 200 {
					err = fmt.Errorf("status %d", response.StatusCode)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			if took = append(took, time.Since(due)); err != nil {
				failed++
				t.Logf("a good request: %v", err)
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took, failed
}

func percentile(took []time.Duration, p float64) time.Duration {
	return took[min(int(float64(len(took))*p), len(took)-1)]
}

// Threats 221 and 248: 600 connections that are held in whatever way keep nobody out. With
// WILDGATE_LOAD=1 it takes three minutes, and the 99th percentile of good requests has to stay
// below twice the undisturbed one.
func TestHostileConnections(t *testing.T) {
	long := os.Getenv("WILDGATE_LOAD") != ""
	quiet, under := time.Duration(0), 500*time.Millisecond
	if long {
		quiet, under = 4*time.Second, 8*time.Second
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < 2000 {
		testneed.Missing(t, "2,000 open files")
	}
	s, _ := spawn(t, t.TempDir(), "-log-level", "WARN")
	ride := s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	for range 300 {
		s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201)
	}
	for _, h := range hostiles {
		for _, manyPeers := range []bool{true, false} {
			from := "one address"
			if manyPeers {
				from = "600 addresses"
			}
			t.Run(h.name+" from "+from, func(t *testing.T) {
				worst := 0.0
				for attempt := range 5 { // of a machine that others use, the best counts
					var before, after []time.Duration
					failed := 0
					if long {
						before, failed = good(t, s, ride, quiet)
						if failed > 0 {
							t.Errorf("%d good requests failed undisturbed", failed)
						}
					}
					stop, cut := attack(t, s, h, manyPeers)
					if long {
						time.Sleep(settle) // 600 handshakes and requests at once are work, and another matter
					}
					took, failedUnder := good(t, s, ride, under)
					stop()
					if failedUnder > 0 {
						t.Errorf("%d of %d good requests failed", failedUnder, len(took))
					}
					if !long {
						return
					}
					if after, failed = good(t, s, ride, quiet); failed > 0 {
						t.Errorf("%d good requests failed undisturbed", failed)
					}
					undisturbed := append(before, after...)
					slices.Sort(undisturbed)
					ratio := float64(percentile(took, .99)) / float64(percentile(undisturbed, .99))
					t.Logf("p50 %v p99 %v, undisturbed p50 %v p99 %v: %.2f; %d cut off",
						percentile(took, .5).Round(10*time.Microsecond), percentile(took, .99).Round(10*time.Microsecond),
						percentile(undisturbed, .5).Round(10*time.Microsecond), percentile(undisturbed, .99).Round(10*time.Microsecond),
						ratio, cut.Load())
					if attempt == 0 || ratio < worst {
						worst = ratio
					}
					if worst < 2 {
						return
					}
				}
				t.Errorf("the 99th percentile is %.2f times the undisturbed one", worst)
			})
		}
	}
}

// Threat 248: there are never more connections than places, and a peer never has more than its
// share.
func TestConnectionsAreBounded(t *testing.T) { // threat 221
	for _, tt := range []struct {
		name  string
		args  []string
		many  bool
		least int
		most  int
	}{
		{"of 600 addresses", nil, true, 384, 512},
		{"of one address", nil, false, 100, 128},
		{"of a proxy", []string{"-proxies", "127.0.1.0/24, 10.0.0.0/8"}, false, 384, 512},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := spawn(t, t.TempDir(), tt.args...)
			var held int
			eventually(t, "a crowd is counted before the program gives up on any of it", func() bool {
				began := time.Now()
				held = heldOfCrowd(t, s, tt.many, tt.most)
				return time.Since(began) < 4*time.Second // of the five in which a header has to arrive
			})
			if held < tt.least {
				t.Errorf("only %d connections are held, of at least %d", held, tt.least)
			}
		})
	}
}

// heldOfCrowd opens 600 connections that send nothing, waits until the program holds at most so
// many as it may, and says how many those are.
func heldOfCrowd(t *testing.T, s *site, manyAddresses bool, most int) int {
	var held atomic.Int64
	var readers sync.WaitGroup
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
		readers.Wait()
	}()
	for n := range 600 {
		host := 2
		if manyAddresses {
			host += n
		}
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+host>>8), byte(host))}}
		c, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.endpoint, "http://"))
		if err != nil {
			testneed.Missing(t, "600 open files")
		}
		open = append(open, c)
		held.Add(1)
		readers.Go(func() {
			_, _ = c.Read(make([]byte, 1))
			held.Add(-1)
		})
	}
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
	eventually(t, "as many are held as may be", func() bool { return held.Load() <= int64(most) })
	return int(held.Load())
}

// Health has an address of its own, and nothing else there.
func TestHealthOnAnAddressOfItsOwn(t *testing.T) {
	s := start(t, t.TempDir(), "-health", "127.0.0.1:0")
	line := s.logged(`"health checks are answered on an address of their own`)
	if len(line) != 1 {
		t.Fatalf("logged %q", line)
	}
	_, address, _ := strings.Cut(strings.TrimSpace(line[0]), "address=")
	for _, tt := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/healthz", 200},
		{"HEAD", "/healthz", 200},
		{"POST", "/healthz", 404},
		{"GET", "/prod/rides", 404},
		{"GET", "/", 404},
		{"GET", "/%68ealthz", 404},
	} {
		r := s.request(tt.method, "", "")
		r.URL.Host, r.URL.Path = address, tt.path
		if tt.path == "/%68ealthz" {
			r.URL.Path, r.URL.RawPath = "/healthz", tt.path
		}
		s.send(r).wants(t, tt.status)
	}
	s.stop() // ends both
	if c, err := net.Dial("tcp", address); err == nil {
		_ = c.Close()
		t.Error("it is still open")
	}
}
