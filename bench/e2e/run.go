package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
)

// A plan says how long a run takes: rounds of both contenders for each scenario, and a warm-up of
// each.
type plan struct {
	rounds int
	each   time.Duration
}

var (
	fullPlan  = plan{rounds: 7, each: time.Second}            // about a minute
	quickPlan = plan{rounds: 5, each: 200 * time.Millisecond} // about ten seconds
)

// Run measures, and writes the report to stdout. Of args it takes -quick and -json. It ends by
// itself, early with ctx, and leaves no process behind.
//
// The program that calls it MUST pass it what follows the word e2e in its own arguments: Run starts
// that program anew, with e2e as its first argument, for the servers.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("bench e2e", flag.ContinueOnError)
	flags.SetOutput(stderr)
	quick := flags.Bool("quick", false, "ten seconds in place of a minute, and less exact")
	asJSON := flags.Bool("json", false, "report as JSON")
	server := flags.Bool(serveFlag[1:], false, "be one of the servers, as this command starts them itself")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("e2e: unexpected argument %q", flags.Arg(0))
	}
	if *server {
		return serve(ctx, os.Stdin, stdout)
	}
	r, err := Measure(ctx, *quick, stderr)
	if err != nil {
		return err
	}
	return r.write(stdout, *asJSON)
}

// Measure starts both services, and lets them take turns, for about a minute; quick, for ten
// seconds. What the servers have to complain about goes to stderr. It starts the calling program
// anew, as [Run] does.
func Measure(ctx context.Context, quick bool, stderr io.Writer) (_ *Report, err error) {
	p := fullPlan
	if quick {
		p = quickPlan
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	machine, stolen := measure.ThisMachine(), measure.Stolen() // before there is a load of our own
	o := newOrder()
	bare, err := start(ctx, o, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	o.Protected = true
	protected, err := start(ctx, o, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, protected.stop()) }()

	r := &Report{Machine: machine, Rounds: p.rounds, Round: p.each.String()}
	for _, s := range scenarios {
		var samples [2][]sample
		for i := range p.rounds + 1 { // the first is the warm-up: connections, caches, the store
			turn := []bool{false, true}
			if i%2 == 1 {
				slices.Reverse(turn)
			}
			for _, isProtected := range turn {
				server, which := bare, 0
				if isProtected {
					server, which = protected, 1
				}
				host := server.HTTP
				if s.TLS {
					host = server.HTTPS
				}
				shots, err := sign(ctx, o, s, host)
				if err != nil {
					return nil, err
				}
				got, err := round(ctx, s, server, shots, isProtected, p.each)
				if err != nil {
					return nil, err
				}
				if i > 0 {
					samples[which] = append(samples[which], got)
				}
			}
		}
		r.Scenarios = append(r.Scenarios, summarize(s, samples[0], samples[1]))
	}
	r.Machine.Stolen = stolen()
	return r, nil
}
