package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/measure"
)

// TestMain makes this program one of the servers where Run starts it as such.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "e2e" {
		if err := e2e.Run(context.Background(), os.Args[2:], os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestQuickRun: the run ends, and its figures fit together. Every answer is checked by Run itself.
func TestQuickRun(t *testing.T) {
	var out bytes.Buffer
	if err := e2e.Run(t.Context(), []string{"-quick", "-json"}, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	type figures struct {
		Requests      int
		P50, P90, P99 float64
		CPUPerRequest float64
	}
	var report struct {
		Scenarios []struct {
			Name            string
			Bare, Protected figures
			RequestsRatio   measure.Quartiles
		}
		Machine measure.Machine
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Scenarios) != 5 {
		t.Fatalf("%d scenarios: %s", len(report.Scenarios), out.String())
	}
	if m := report.Machine; m.Processor == "" || m.Cores == 0 || m.Go == "" || m.When.IsZero() {
		t.Errorf("the machine is not recorded: %+v", m)
	}
	for _, s := range report.Scenarios {
		for _, f := range []figures{s.Bare, s.Protected} {
			if f.Requests == 0 || f.P50 <= 0 || f.P50 > f.P90 || f.P90 > f.P99 || f.CPUPerRequest <= 0 {
				t.Errorf("%s: %+v", s.Name, f)
			}
		}
		if r := s.RequestsRatio; r.Lower <= 0 || r.Lower > r.Median || r.Median > r.Upper {
			t.Errorf("%s: %+v", s.Name, r)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var out bytes.Buffer
	begin := time.Now()
	if err := e2e.Run(ctx, nil, &out, t.Output()); err == nil || time.Since(begin) > 30*time.Second {
		t.Errorf("after %v: %v", time.Since(begin), err)
	}
	if strings.Contains(out.String(), "ratio") {
		t.Error("a run that was broken off reports")
	}
}

func TestRunTakesNoOtherArguments(t *testing.T) {
	for _, args := range [][]string{{"more"}, {"-unknown"}} {
		if err := e2e.Run(t.Context(), args, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}
