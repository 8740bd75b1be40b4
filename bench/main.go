package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/people"
	"github.com/wildgate/wildgate/bench/report"
	"github.com/wildgate/wildgate/bench/runner"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const usage = `go run ./bench [flags]
	measures verification and decisions by policy beside their floors and peers
go run ./bench e2e [flags]
	measures the ride service bare and behind the middleware, over connections
go run ./bench directory [flags]
	measures a directory of a million access keys: memory, time to read it, changes and lookups
The last two have flags of their own, which -h lists. The flags of the first:
`

// options are the command's.
type options struct {
	quick, json, check bool
	html, from, write  string
}

// run does what args ask for.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "e2e" {
		return e2e.Run(ctx, args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "directory" {
		return people.Run(ctx, args[1:], stdout, stderr)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.quick, "quick", false,
		"measure for 20 seconds instead of three minutes: less precise, and without the cases that take long to set up or are like others")
	flags.BoolVar(&o.json, "json", false, "print the results as JSON")
	flags.BoolVar(&o.check, "check", false, "fail if an allocation bound is exceeded, or a ratio is far above the recorded one")
	flags.StringVar(&o.html, "html", "", "write the report with its pictures to this `file` as well")
	flags.StringVar(&o.from, "from", "", "measure nothing, and report the results that -json wrote to this `file`")
	flags.StringVar(&o.write, "write", "",
		"measure the whole service as well, and write RESULTS.md's tables, the report with its picture and the recorded results into "+
			"this `folder`, that of the command's source, and the summary into the README.md above it")
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if o.quick && o.write != "" {
		return errors.New("-write records a full run, not a quick one")
	}
	line := progress{w: stderr}
	results, err := o.results(ctx, line)
	if err != nil {
		return err
	}
	if o.html != "" {
		if err := writeFile(o.html, func(w io.Writer) error { return report.HTML(w, results) }); err != nil {
			return err
		}
	}
	if o.write != "" {
		if err := writeAll(o.write, results); err != nil {
			return err
		}
	}
	if o.json {
		err = writeJSON(stdout, results)
	} else {
		err = report.Text(stdout, results)
	}
	if err != nil || !o.check {
		return err
	}
	defer line.clear()
	return check(ctx, results, line.show)
}

// results reads results from a file, or measures where none is named.
func (o options) results(ctx context.Context, line progress) (*runner.Results, error) {
	if o.from == "" {
		defer line.clear()
		results, err := runner.Run(ctx, runner.Options{Quick: o.quick, Progress: line.show})
		if err == nil && o.write != "" {
			line.show(1, 1, "the ride service, for a minute")
			results.Service, err = e2e.Measure(ctx, o.quick, line.w)
		}
		return results, err
	}
	b, err := os.ReadFile(o.from)
	if err != nil {
		return nil, err
	}
	results := new(runner.Results)
	return results, json.Unmarshal(b, results)
}
