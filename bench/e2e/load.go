package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A scenario is one kind of load.
type scenario struct {
	Name        string
	Connections int
	Bad         int           // percent of the signatures that are wrong
	Pause       time.Duration // in the middle of each body
	TLS         bool
	Assume      bool // a role is assumed, and no ride asked for
}

// The names of the plain scenario, and of that of STS.
const (
	Rides  = "POST of a ride"
	Assume = "AssumeRole"
)

var scenarios = []scenario{
	{Name: Rides, Connections: 8},
	{Name: "half of the signatures wrong", Connections: 8, Bad: 50},
	{Name: "slow bodies", Connections: 64, Pause: 20 * time.Millisecond},
	{Name: "TLS", Connections: 8, TLS: true},
	{Name: Assume, Connections: 8, Assume: true},
}

// A sample is what one round of one contender gave.
type sample struct {
	requests  int
	elapsed   time.Duration
	cpu       time.Duration
	latencies []time.Duration
}

// exchangeTimeout bounds one request; a server that hangs ends the run.
const exchangeTimeout = 10 * time.Second

// round sends requests over all connections of the scenario for as long as the duration says.
func round(ctx context.Context, s scenario, p *process, shots []shot, protected bool, duration time.Duration) (sample, error) {
	conns := make([]net.Conn, s.Connections)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	for i := range conns {
		c, err := connect(ctx, s, p)
		if err != nil {
			return sample{}, err
		}
		conns[i] = c
	}
	before, known, err := p.cpu()
	if err != nil {
		return sample{}, err
	}
	results, errs := make([][]time.Duration, len(conns)), make([]error, len(conns))
	var all sync.WaitGroup
	begin := time.Now()
	for i, conn := range conns {
		all.Go(func() {
			results[i], errs[i] = drive(ctx, s, conn, shots, i*poolSize/len(conns), protected, begin.Add(duration))
		})
	}
	all.Wait()
	out := sample{elapsed: time.Since(begin)}
	after, _, err := p.cpu()
	if err := errors.Join(append(errs, err)...); err != nil {
		return sample{}, err
	}
	if known {
		out.cpu = after - before
	}
	for _, r := range results {
		out.requests += len(r)
		out.latencies = append(out.latencies, r...)
	}
	return out, nil
}

func connect(ctx context.Context, s scenario, p *process) (net.Conn, error) {
	dialer := net.Dialer{Timeout: exchangeTimeout}
	if !s.TLS {
		return dialer.DialContext(ctx, "tcp", p.HTTP)
	}
	certificate, err := x509.ParseCertificate(p.Certificate)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	secured := tls.Dialer{NetDialer: &dialer, Config: &tls.Config{RootCAs: roots}}
	return secured.DialContext(ctx, "tcp", p.HTTPS)
}

// drive sends one request after the other over one connection, and checks each answer: what is
// refused in error would be fast.
func drive(
	ctx context.Context, s scenario, conn net.Conn, shots []shot, first int, protected bool, until time.Time,
) ([]time.Duration, error) {
	reader := bufio.NewReader(conn)
	var latencies []time.Duration
	for i := first; time.Now().Before(until) && ctx.Err() == nil; i++ {
		shot := &shots[i%len(shots)]
		begin := time.Now()
		if err := conn.SetDeadline(begin.Add(exchangeTimeout)); err != nil {
			return nil, err
		}
		if err := fire(conn, shot, s.Pause); err != nil {
			return nil, err
		}
		status, text, err := answer(reader)
		if err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(begin)-s.Pause)
		want := http.StatusCreated
		if s.Assume {
			want = http.StatusOK
		}
		if shot.bad && protected {
			want = http.StatusForbidden
		}
		if status != want {
			return nil, fmt.Errorf("e2e: %s: answered with %d %s; want %d", s.Name, status, text, want)
		}
	}
	return latencies, ctx.Err()
}

func fire(conn net.Conn, shot *shot, pause time.Duration) error {
	if pause == 0 {
		buffers := make([]byte, 0, 4096)
		_, err := conn.Write(append(append(buffers, shot.head...), shot.tail...))
		return err
	}
	if _, err := conn.Write(shot.head); err != nil {
		return err
	}
	time.Sleep(pause)
	_, err := conn.Write(shot.tail)
	return err
}

// answer reads an answer, of whose body it returns what fits into an error.
func answer(reader *bufio.Reader) (int, []byte, error) {
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		return 0, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, 512))
	if err != nil {
		return 0, nil, err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, text, resp.Body.Close()
}
