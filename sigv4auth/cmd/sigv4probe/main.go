// Command sigv4probe checks an HTTP endpoint that verifies AWS Signature Version 4. It sends
// requests that are signed correctly, signed requests with one thing changed, and hostile ones,
// and reports which of them the endpoint wrongly admits (a fault of security) or wrongly refuses
// (a fault of compatibility).
//
//	export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...
//	go run github.com/wildgate/wildgate/sigv4auth/cmd/sigv4probe -url http://127.0.0.1:8080/path
//
// It shares no code with package sigv4auth: it signs from AWS's public description of the protocol,
// and writes each request to the connection byte by byte, since no HTTP client would send most of
// them. Package sigv4auth is one of the verifiers that its tests check.
//
// # What it needs
//
// The access key comes from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, its session token, if it
// has one, from AWS_SESSION_TOKEN. Secrets come from nowhere else, and neither they nor signatures
// are printed. The flags -region (or AWS_REGION), -service and -path-style say how requests to the
// endpoint are signed; -h lists the others.
//
// The endpoint's policies must allow the key GET, POST, PUT and DELETE on the URL and on everything
// below it. These requests are real ones: use an endpoint whose data may be changed and deleted. It
// must accept the text of -body. Unless -remote is given, it must be on this machine.
//
// # How answers are judged
//
// Statuses 400, 401, 403, 411, 413, 414, 417, 431, 501, 503 and 505, and a connection that is
// closed without an answer, are refusals; -refusals changes the list. Any other status below 500
// admits the request: a 404 or 405 comes from behind the verifier. Since a router can also answer
// before the verifier is asked, such an answer counts only if the same request without credentials
// gets another one.
//
// A changed request is checked only if the correct request that it is made of is admitted. A
// correct request is not held against the verifier where a policy denies it (AWS's error codes say
// so), nor where the same request with a wrong signature is refused with another status: then
// something behind the verifier refuses it, such as a service that does not take the body. All of
// these are reported as not tested. Where AWS's services differ, or where it is an option of the
// verifier, the answer is reported for information.
//
// # Exit status
//
//	0  no fault was found
//	1  the endpoint wrongly admits or wrongly refuses something
//	2  no fault was found, but the checks could not be made or were not finished
//
// # An endpoint to try it on
//
// Wildgate's example can be told to let its newcomer do everything. In a clone of the repository:
//
//	go run ./example -store files -presign 168h
//
// Then, in another shell, write a policy that allows everything and attach it:
//
//	echo '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
//		"Action": "execute-api:Invoke", "Resource": "*"}]}' > wildgate-data/policies/Everything.json
//	sed -i.bak 's/"AttachedPolicies": \[\]/"AttachedPolicies": ["Everything"]/' \
//		wildgate-data/principals.json
//	sleep 1
//	. wildgate-data/newcomer.env
//	go run ./sigv4auth/cmd/sigv4probe -url "$WILDGATE_ENDPOINT/prod/ride" \
//		-body '{"PickupLocation":{"Latitude":47.6,"Longitude":-122.3}}'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// The exit statuses.
const (
	statusOK     = 0
	statusFaults = 1
	statusFailed = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run checks the endpoint that args name, writes the report to stdout, and returns the exit status.
// What was found until ctx ended, or until the checks could not go on, is reported as well.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(ctx, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		if _, err := io.WriteString(stdout, help); err != nil {
			return statusFailed
		}
		return statusOK
	case err != nil:
		complain(stderr, err)
		fmt.Fprintln(stderr, "Run 'sigv4probe -h' for the flags.")
		return statusFailed
	}
	r, stopped := probeAll(ctx, o)
	status := statusOK
	if stopped != nil {
		complain(stderr, stopped)
		status = statusFailed
	}
	if r.Security+r.Compatibility > 0 {
		status = statusFaults
	}
	if len(r.Results) == 0 {
		return status
	}
	if err := r.write(stdout); err != nil {
		complain(stderr, err)
		return statusFailed
	}
	return status
}

// complain writes an error. Lines that are indented belong to the one before, the others are errors
// of their own.
func complain(stderr io.Writer, err error) {
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !strings.HasPrefix(line, " ") {
			line = "sigv4probe: " + line
		}
		fmt.Fprintln(stderr, line)
	}
}
