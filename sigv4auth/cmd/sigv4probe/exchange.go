package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
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

// An answer is what came back: its status, 0 if there was none, and AWS's error code if it has one.
type answer struct {
	reaction reaction
	status   int
	code     string
}

// String returns what the report shows.
func (a answer) String() string {
	text := string(a.reaction)
	if a.status != 0 {
		text = fmt.Sprintf("%s, %d", text, a.status)
	}
	if a.code != "" {
		text += " " + a.code
	}
	return text
}

// byPolicy reports whether the answer says that the signature was right and a policy was against
// it.
func (a answer) byPolicy() bool {
	return a.reaction == refused && (a.code == "AccessDenied" || a.code == "AccessDeniedException")
}

// AWS's error codes are in the header x-amzn-ErrorType or the field __type of JSON APIs, and in the
// element Code of S3 and of query APIs.
var (
	errorTypes = regexp.MustCompile(`^[A-Za-z]{1,80}`)
	errorCodes = regexp.MustCompile(`<Code>([A-Za-z]{1,80})</Code>|"__type" *: *"(?:[^"#]*#)?([A-Za-z]{1,80})"`)
)

// exchange writes raw bytes to a connection of their own, and returns the answer.
func exchange(ctx context.Context, o *options, method string, wire []byte, cut bool) (answer, error) {
	dialer := net.Dialer{Timeout: o.timeout}
	conn, err := dialer.DialContext(ctx, "tcp", o.address)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(o.timeout)); err != nil {
		return answer{}, err
	}
	if o.url.Scheme == "https" {
		secured := tls.Client(conn, &tls.Config{ServerName: o.url.Hostname(), RootCAs: o.roots})
		if err := secured.HandshakeContext(ctx); err != nil {
			return answer{}, err
		}
		conn = secured
	}
	// Where it fails the server has closed, perhaps behind an answer, which is read below.
	_, writeErr := conn.Write(wire)
	if half, ok := conn.(interface{ CloseWrite() error }); ok && cut && writeErr == nil {
		_ = half.CloseWrite() // fails where the server has closed, which is an answer as well
	}
	answers := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(answers, &http.Request{Method: strings.ToUpper(method)})
		switch {
		case ctx.Err() != nil:
			return answer{}, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return answer{reaction: silent}, nil
		case err != nil:
			return answer{reaction: closed}, nil
		case resp.StatusCode < 200: // 100 Continue and its like come before the answer
			continue
		}
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // what was cut off counts as well
		_ = resp.Body.Close()
		got := answer{reaction: o.classify(resp.StatusCode), status: resp.StatusCode}
		got.code = errorTypes.FindString(resp.Header.Get("X-Amzn-Errortype"))
		if m := errorCodes.FindSubmatch(body); m != nil && got.code == "" {
			got.code = string(m[1]) + string(m[2]) // one of them matched
		}
		return got, nil
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
