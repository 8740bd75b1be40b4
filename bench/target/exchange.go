package target

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// maxAnswer bounds how much of an answer is read.
const maxAnswer = 64 << 10

// A reaction is what the endpoint did with a request.
type reaction string

const (
	admitted   reaction = "admitted"
	refused    reaction = "refused"
	failed     reaction = "failed"     // answered with a status of 500 or more that is no refusal
	closed     reaction = "closed"     // the connection, without an answer
	silent     reaction = "silent"     // no answer in time
	unverified reaction = "unverified" // answered in the same way without credentials
)

// exchange writes raw bytes to a connection of their own, and returns the status of the answer, or how there was none.
func exchange(ctx context.Context, o *options, method string, wire []byte, cut bool) (int, reaction, error) {
	dialer := net.Dialer{Timeout: o.timeout}
	conn, err := dialer.DialContext(ctx, "tcp", o.address)
	if err != nil {
		return 0, "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(o.timeout)); err != nil {
		return 0, "", err
	}
	if o.url.Scheme == "https" {
		secured := tls.Client(conn, &tls.Config{ServerName: o.url.Hostname(), RootCAs: o.roots})
		if err := secured.HandshakeContext(ctx); err != nil {
			return 0, "", err
		}
		conn = secured
	}
	_, writeErr := conn.Write(wire) // where it fails the server has closed, perhaps after its answer
	if half, ok := conn.(interface{ CloseWrite() error }); ok && cut && writeErr == nil {
		writeErr = half.CloseWrite()
	}
	answers := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(answers, &http.Request{Method: strings.ToUpper(method)})
		switch {
		case ctx.Err() != nil:
			return 0, "", ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, silent, nil
		case err != nil || writeErr != nil && resp == nil:
			return 0, closed, nil
		case resp.StatusCode < 200: // 100 Continue and its like come before the answer
			continue
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // lets the server finish; what it says does not count
		_ = resp.Body.Close()
		return resp.StatusCode, o.classify(resp.StatusCode), nil
	}
}

func (o *options) classify(status int) reaction {
	switch {
	case slices.Contains(o.refusals, status):
		return refused
	case status >= 500:
		return failed
	default:
		return admitted
	}
}
