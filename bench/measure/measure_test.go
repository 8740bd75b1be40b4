package measure_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wildgate/wildgate/bench/measure"
)

func TestQuartilesOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		sample []float64
		want   measure.Quartiles
	}{
		{"an empty sample has none", nil, measure.Quartiles{}},
		{"one value is all of them", []float64{7}, measure.Quartiles{Lower: 7, Median: 7, Upper: 7}},
		{"they are values where they fall on values", []float64{5, 1, 4, 2, 3}, measure.Quartiles{Lower: 2, Median: 3, Upper: 4}},
		{"between values they are interpolated", []float64{4, 2, 3, 1}, measure.Quartiles{Lower: 1.75, Median: 2.5, Upper: 3.25}},
		{"one wild value moves none of them far", []float64{1, 1, 1, 1, 1e9}, measure.Quartiles{Lower: 1, Median: 1, Upper: 1}},
	} {
		if got := measure.QuartilesOf(tt.sample); got != tt.want {
			t.Errorf("%s: %v; want %v", tt.name, got, tt.want)
		}
	}
}

// spin is work of about n steps, which the compiler cannot leave out.
func spin(n int, sink *int) func() {
	return func() {
		for i := range n {
			*sink += i ^ *sink
		}
	}
}

// Not parallel: allocations are counted.
func TestInterleavedFindsTheRatio(t *testing.T) {
	var sink int
	var kept []byte
	samples, err := measure.Interleaved(context.Background(), []measure.Side{
		{Name: "one", Run: spin(1_000, &sink)},
		{Name: "eight", Run: spin(8_000, &sink)},
		{Name: "allocating", Run: func() { kept = make([]byte, 4096) }},
	}, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	_ = kept
	if one := samples[0]; one.Ratio.Median != 1 || one.Allocations != 0 || one.Rounds < 5 {
		t.Errorf("the base: %+v", one)
	}
	// The bounds leave room for any machine's noise: it is the median of many pairs.
	if eight := samples[1]; eight.Ratio.Median < 4 || eight.Ratio.Median > 16 || eight.Ratio.Lower > eight.Ratio.Median ||
		eight.Ratio.Median > eight.Ratio.Upper {
		t.Errorf("eight times the work: %+v", eight.Ratio)
	}
	if got := samples[2].Allocations; got < 1 {
		t.Errorf("%v allocations; want 1", got)
	}
}

func TestInterruptedMeasurementsEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := measure.Interleaved(ctx, []measure.Side{{Name: "nothing", Run: func() {}}}, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Interleaved: %v", err)
	}
	if _, err := measure.Scaling(ctx, func() func() { return func() {} }, []int{1}, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Scaling: %v", err)
	}
}

func TestThisMachine(t *testing.T) {
	t.Parallel()
	if m := measure.ThisMachine(); m.Processor == "" || m.Cores < 1 || m.Go == "" || m.OS == "" || m.When.IsZero() {
		t.Errorf("%+v", m)
	}
}

// Not parallel: allocations are counted.
func TestAllocationsAreTheRunsOwn(t *testing.T) {
	var kept []*[64]byte
	calls := 0
	allocating := func(usual int, once func(call int) bool) func() {
		calls = 0
		return func() {
			kept = kept[:0]
			for range usual {
				kept = append(kept, new([64]byte))
			}
			if calls++; once(calls) {
				kept = append(kept, new([64]byte))
			}
		}
	}
	kept = make([]*[64]byte, 0, 8)
	if got := measure.Allocations(allocating(2, func(call int) bool { return call == 2 }), 1); got != 2 {
		t.Errorf("with one more, once: %v; want 2", got)
	}
	if got := measure.Allocations(allocating(2, func(int) bool { return true }), 1); got != 3 {
		t.Errorf("with one more, always: %v; want 3", got)
	}
}
