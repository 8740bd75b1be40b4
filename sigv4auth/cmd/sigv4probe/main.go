package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "sigv4probe:", err)
		os.Exit(1)
	}
}

// errFound is what run returns, wrapped, where the endpoint wrongly admits or refuses something.
var errFound = errors.New("target: the endpoint does not verify as it should")

// run probes the endpoint that args name, writes the report to stdout, and returns nil where nothing wrong was found, an error that wraps errFound
// where something was, and another where it could not be told. It sends requests one after the other, within the count, the rate and the time that args allow,
// and ends early with ctx. Secrets, session tokens and signatures appear neither in the report nor in errors.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parseOptions(ctx, args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.duration)
	defer cancel()
	p := &prober{options: o, checks: catalogue(o), done: map[string]result{}, controls: map[string]int{}}
	report := newReport(o)
	if _, err := p.probe(ctx, p.checks[0]); err != nil { // where the plainest is refused, the others say little
		return fmt.Errorf("target: the plainest signed request: %w", err)
	}
	for _, c := range p.checks {
		if !o.only.MatchString(c.name) {
			continue
		}
		r, err := p.probe(ctx, c)
		if err != nil {
			return fmt.Errorf("target: in the check %q, after %d requests: %w", c.name, p.sent, err)
		}
		report.add(r)
	}
	if len(report.Results) == 0 {
		return errors.New("target: -run matches no check")
	}
	report.Requests = p.sent
	if err := report.write(stdout); err != nil {
		return err
	}
	switch {
	case report.Security+report.Compatibility > 0:
		return fmt.Errorf("%w: %d wrongly admitted, %d wrongly refused", errFound, report.Security, report.Compatibility)
	case p.done[plainGET].reaction != admitted:
		return fmt.Errorf("target: nothing was tested: the plainest signed request was answered with %s", p.done[plainGET].Answer)
	}
	return nil
}
