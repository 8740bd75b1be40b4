package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/report"
	"github.com/wildgate/wildgate/bench/runner"
)

// writeAll replaces what the repository says of the results: in the folder of this command the
// tables of RESULTS.md, the report with the picture that stands beside it, and what the gate has
// recorded, and in the folder above the README's summary.
func writeAll(folder string, results *runner.Results) error {
	if results.Quick {
		return errors.New("-write records a full run, not a quick one")
	}
	for name, write := range map[string]func([]byte, *runner.Results) ([]byte, error){
		filepath.Join(folder, "RESULTS.md"): report.Markdown, filepath.Join(folder, "..", "README.md"): report.Summary,
	} {
		document, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if document, err = write(document, results); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(name, document, 0o644); err != nil {
			return err
		}
	}
	for name, write := range map[string]func(io.Writer, *runner.Results) error{
		"report.html": report.HTML, "verification.svg": report.Verification,
	} {
		if err := writeFile(filepath.Join(folder, "report", name), func(w io.Writer) error { return write(w, results) }); err != nil {
			return err
		}
	}
	return writeFile(filepath.Join(folder, "gate", gate.File), func(w io.Writer) error { return writeJSON(w, results) })
}

func writeJSON(w io.Writer, results *runner.Results) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	return enc.Encode(results)
}

// writeFile writes a file, whole or with an error.
func writeFile(name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// retries is how often cases whose ratio is too high are measured again, longer: noise goes away, a
// regression does not.
const retries = 2

// check fails if the results exceed a bound.
func check(ctx context.Context, results *runner.Results, progress func(done, all int, what string)) error {
	recorded, err := gate.Recorded()
	if err != nil {
		return err
	}
	failures := gate.Check(results, recorded)
	for range retries {
		var again []runner.Name
		for _, f := range failures {
			if f.Hard {
				return failed(failures)
			}
			again = append(again, f.Name)
		}
		if len(again) == 0 {
			return nil
		}
		if results, err = runner.Run(ctx, runner.Options{Quick: results.Quick, Only: again, Progress: progress}); err != nil {
			return err
		}
		failures = gate.Check(results, recorded)
	}
	if len(failures) > 0 {
		return failed(failures)
	}
	return nil
}

func failed(failures []gate.Failure) error {
	errs := make([]error, len(failures))
	for i, f := range failures {
		errs[i] = errors.New(f.String())
	}
	return fmt.Errorf("past the bounds:\n%w", errors.Join(errs...))
}
