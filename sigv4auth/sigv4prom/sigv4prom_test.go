package sigv4prom_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/aws/smithy-go/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4prom"
)

// newMeter returns a meter on a registry.
func newMeter(t *testing.T, reg prometheus.Registerer, labels ...string) metrics.Meter {
	t.Helper()
	p, err := sigv4prom.New(sigv4prom.Config{Registerer: reg, Labels: labels})
	if err != nil {
		t.Fatal(err)
	}
	return p.Meter("any")
}

func describe(unit, text string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, text }
}

func label(pairs ...any) metrics.RecordMetricOption {
	return func(o *metrics.RecordMetricOptions) {
		for i := 0; i < len(pairs); i += 2 {
			o.Properties.Set(pairs[i], pairs[i+1])
		}
	}
}

func gathers(t *testing.T, reg prometheus.Gatherer, want string) {
	t.Helper()
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// must fails the test if an instrument could not be made.
func must[T any](t *testing.T) func(T, error) T {
	return func(i T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
}

// TestInstruments: every kind that smithy-go has, with the name, type, unit and help that
// Prometheus's conventions ask for.
func TestInstruments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	reg := prometheus.NewRegistry()
	m := newMeter(t, reg, "outcome")
	ok := label("outcome", "ok")
	must[metrics.Int64Counter](t)(m.Int64Counter("a.count", describe("{request}", "A"))).Add(ctx, 2, ok)
	must[metrics.Float64Counter](t)(m.Float64Counter("b.size", describe("By", "B"))).Add(ctx, 2.5)
	must[metrics.Int64UpDownCounter](t)(m.Int64UpDownCounter("c.open", describe("", "C"))).Add(ctx, -1)
	must[metrics.Float64UpDownCounter](t)(m.Float64UpDownCounter("d.load", describe("", "D"))).Add(ctx, -0.5)
	must[metrics.Int64Gauge](t)(m.Int64Gauge("e.level", describe("", "E"))).Sample(ctx, 7)
	must[metrics.Float64Gauge](t)(m.Float64Gauge("f.level", describe("%", "F"))).Sample(ctx, 7.5)
	must[metrics.Int64Histogram](t)(m.Int64Histogram("g.wait", describe("s", "G"))).Record(ctx, 20)
	must[metrics.Float64Histogram](t)(m.Float64Histogram("h.other", describe("", "H"))).Record(ctx, 20)
	int64s := func(_ context.Context, o metrics.Int64Observer) {
		o.Observe(ctx, 1)
		o.Observe(ctx, 3)
		o.Observe(ctx, 4, ok)
	}
	float64s := func(_ context.Context, o metrics.Float64Observer) { o.Observe(ctx, 1.5) }
	for _, make := range []func() (metrics.AsyncInstrument, error){
		func() (metrics.AsyncInstrument, error) {
			return m.Int64AsyncCounter("i.async", int64s, describe("", "I"))
		},
		func() (metrics.AsyncInstrument, error) {
			return m.Int64AsyncUpDownCounter("j.async", int64s, describe("", "J"))
		},
		func() (metrics.AsyncInstrument, error) {
			return m.Int64AsyncGauge("k.async", int64s, describe("", "K"))
		},
		func() (metrics.AsyncInstrument, error) {
			return m.Float64AsyncCounter("l.async", float64s, describe("s", "L"))
		},
		func() (metrics.AsyncInstrument, error) {
			return m.Float64AsyncUpDownCounter("m.async", float64s, describe("", "M"))
		},
		func() (metrics.AsyncInstrument, error) {
			return m.Float64AsyncGauge("n.async", float64s, describe("", "N"))
		},
	} {
		must[metrics.AsyncInstrument](t)(make())
	}
	var want strings.Builder
	one := func(name, help, typ string, lines ...string) {
		fmt.Fprintf(&want, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, typ)
		for _, l := range lines {
			fmt.Fprintf(&want, "%s\n", l)
		}
	}
	one("a_count_total", "A", "counter", `a_count_total{outcome="ok"} 2`)
	one("b_size_bytes_total", "B", "counter", `b_size_bytes_total{outcome=""} 2.5`)
	one("c_open", "C", "gauge", `c_open{outcome=""} -1`)
	one("d_load", "D", "gauge", `d_load{outcome=""} -0.5`)
	one("e_level", "E", "gauge", `e_level{outcome=""} 7`)
	one("f_level_percent", "F", "gauge", `f_level_percent{outcome=""} 7.5`)
	bucketed := func(name string, bounds []float64) (lines []string) {
		for _, b := range bounds {
			n := 0
			if b >= 20 {
				n = 1
			}
			lines = append(lines, fmt.Sprintf(`%s_bucket{outcome="",le="%v"} %d`, name, b, n))
		}
		return append(lines, name+`_bucket{outcome="",le="+Inf"} 1`, name+`_sum{outcome=""} 20`, name+`_count{outcome=""} 1`)
	}
	one("g_wait_seconds", "G", "histogram", bucketed("g_wait_seconds", []float64{
		0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
	})...)
	one("h_other", "H", "histogram", bucketed("h_other", prometheus.DefBuckets)...)
	one("i_async_total", "I", "counter", `i_async_total{outcome=""} 3`, `i_async_total{outcome="ok"} 4`)
	one("j_async", "J", "gauge", `j_async{outcome=""} 3`, `j_async{outcome="ok"} 4`)
	one("k_async", "K", "gauge", `k_async{outcome=""} 3`, `k_async{outcome="ok"} 4`)
	one("l_async_seconds_total", "L", "counter", `l_async_seconds_total{outcome=""} 1.5`)
	one("m_async", "M", "gauge", `m_async{outcome=""} 1.5`)
	one("n_async", "N", "gauge", `n_async{outcome=""} 1.5`)
	gathers(t, reg, want.String())
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// TestSigv4authNames: what package sigv4auth measures passes Prometheus's own linter, and each
// histogram has bounds that tell its values apart.
func TestSigv4authNames(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	p, err := sigv4prom.New(sigv4prom.Config{Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	cfg := sigv4auth.Config{
		Region: "eu-1", Service: "orders", Credentials: sigv4auth.StaticCredentials(), Observe: sigv4auth.Observe{Meter: p},
	}
	if _, err := sigv4auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	m := p.Meter("")
	must[metrics.Int64Counter](t)(m.Int64Counter("sigv4auth.requests", describe("{request}", "Requests by outcome"))).Add(t.Context(), 1)
	skew := must[metrics.Float64Histogram](t)(m.Float64Histogram("sigv4auth.clock_skew",
		describe("s", "Server's clock less the request's date")))
	for _, v := range []float64{-400, -7, 0, 7, 400} {
		skew.Record(t.Context(), v)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "sigv4auth_clock_skew_seconds" {
			continue
		}
		before, filled := uint64(0), 0
		for _, b := range f.GetMetric()[0].GetHistogram().GetBucket() {
			if b.GetCumulativeCount() > before {
				filled++
			}
			before = b.GetCumulativeCount()
		}
		if filled != 5 {
			t.Errorf("5 values in %d buckets: %v", filled, f)
		}
	}
}

// TestTwice: several Authenticators count together, with one provider or with several. What cannot
// be one is an error, and nothing panics.
func TestTwice(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(prometheus.Registerer) prometheus.Registerer{
		"a registry": func(r prometheus.Registerer) prometheus.Registerer { return r },
		"a wrapped one": func(r prometheus.Registerer) prometheus.Registerer {
			return prometheus.WrapRegistererWith(prometheus.Labels{"zone": "a"}, r)
		},
	} {
		reg := prometheus.NewRegistry()
		for range 2 {
			m := newMeter(t, wrap(reg))
			for range 2 {
				c, err := m.Int64Counter("a", describe("", "A"))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				c.Add(t.Context(), 1)
				h, err := m.Float64Histogram("b", describe("s", "B"))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				h.Record(t.Context(), 1)
			}
		}
		families, err := reg.Gather()
		if err != nil || len(families) != 2 || families[0].GetMetric()[0].GetCounter().GetValue() != 4 ||
			families[1].GetMetric()[0].GetHistogram().GetSampleCount() != 4 {
			t.Errorf("%s: %v, %v", name, families, err)
		}
	}

	reg := prometheus.NewRegistry()
	m := newMeter(t, reg)
	must[metrics.Int64Gauge](t)(m.Int64Gauge("a_total", describe("", "A"))) // a_total of a counter is none of a gauge
	must[metrics.Int64Gauge](t)(m.Int64Gauge("b", describe("", "B")))
	ask := func(context.Context, metrics.Int64Observer) {}
	first := must[metrics.AsyncInstrument](t)(m.Int64AsyncGauge("c", ask, describe("", "C")))
	for what, err := range map[string]error{
		"another help text": second(m.Int64Gauge("b", describe("", "another"))),
		"another kind":      second(m.Int64Histogram("b", describe("", "B"))),
		"other labels":      second(newMeter(t, reg, "other").Int64Gauge("b", describe("", "B"))),
		"a second callback": second(m.Int64AsyncGauge("c", ask, describe("", "C"))),
		"no name":           second(m.Int64Gauge("", describe("", ""))),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), "sigv4prom: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	first.Stop()
	must[metrics.AsyncInstrument](t)(m.Int64AsyncGauge("c", func(ctx context.Context, o metrics.Int64Observer) { o.Observe(ctx, 1) },
		describe("", "C")))
	first.Stop() // again: the second one stays
	if n := testutil.CollectAndCount(reg, "c"); n != 1 {
		t.Errorf("%d metrics of the second callback", n)
	}
	cfg := sigv4auth.Config{
		Region: "eu-1", Service: "orders", Credentials: sigv4auth.StaticCredentials(),
		Observe: sigv4auth.Observe{Meter: failing{reg}},
	}
	reg.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "sigv4auth_duration_seconds", Help: "taken"}))
	_, err := sigv4auth.New(cfg)
	if mistake, ok := errors.AsType[*sigv4auth.ConfigError](err); !ok || !strings.Contains(mistake.Field, "Observe.Meter") {
		t.Errorf("a name that is taken: %v", err)
	}
}

// failing is a provider on a registry in which a name is taken.
type failing struct{ reg prometheus.Registerer }

func (f failing) Meter(scope string, opts ...metrics.MeterOption) metrics.Meter {
	p, err := sigv4prom.New(sigv4prom.Config{Registerer: f.reg})
	if err != nil {
		panic(err)
	}
	return p.Meter(scope, opts...)
}

func second[T any](_ T, err error) error { return err }

type named string

type silent struct{ secret string }

type worded struct{ p *int }

func (w worded) String() string { return fmt.Sprint(*w.p) }

// TestLabels: only the labels that were asked for, whatever a measurement holds (threat 215), and
// whatever type their values have.
func TestLabels(t *testing.T) {
	t.Parallel()
	n := 7
	for _, tt := range []struct {
		value any
		want  string
	}{
		{"text", "text"},
		{named("reason"), "reason"},
		{sigv4auth.ErrAccessDenied, "AccessDenied"},
		{7, "7"},
		{uint8(7), "7"},
		{2.5, "2.5"},
		{true, "true"},
		{nil, ""},
		{worded{&n}, "7"},
		{worded{}, "<sigv4prom_test.worded>"},
		{silent{"hunter2"}, "<sigv4prom_test.silent>"},
		{&silent{"hunter2"}, "<*sigv4prom_test.silent>"},
		{[]string{"a"}, "<[]string>"},
		{errors.New("x"), "<*errors.errorString>"},
		{"bad\xff", "bad\uFFFD"},
		{sigv4auth.NewSecret("hunter2"), "REDACTED"},
	} {
		reg := prometheus.NewRegistry()
		c := must[metrics.Int64Counter](t)(newMeter(t, reg, "outcome", "http.route").Int64Counter("a", describe("", "A")))
		c.Add(t.Context(), 1, label("outcome", tt.value, "path", "/orders/7", 5, "x", "http.route", "r"))
		gathers(t, reg, fmt.Sprintf("# HELP a_total A\n# TYPE a_total counter\na_total{http_route=\"r\",outcome=%q} 1\n", tt.want))
	}
}

// TestWhatNoMetricTakes: a counter does not go down, and none becomes NaN.
func TestWhatNoMetricTakes(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m := newMeter(t, reg, []string{}...)
	c := must[metrics.Float64Counter](t)(m.Float64Counter("a", describe("", "A")))
	g := must[metrics.Float64UpDownCounter](t)(m.Float64UpDownCounter("b", describe("", "B")))
	h := must[metrics.Float64Histogram](t)(m.Float64Histogram("c", describe("", "C")))
	for _, n := range []float64{1, -1, math.NaN()} {
		c.Add(t.Context(), n)
		h.Record(t.Context(), n)
	}
	g.Add(t.Context(), math.NaN())
	families, err := reg.Gather()
	if err != nil || len(families) != 3 || families[0].GetMetric()[0].GetCounter().GetValue() != 1 ||
		families[2].GetMetric()[0].GetHistogram().GetSampleCount() != 2 {
		t.Errorf("%v, %v", families, err)
	}
}

// TestACallbackThatPanics: threat 227. It is an error of the scrape.
func TestACallbackThatPanics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	panics := func(context.Context, metrics.Int64Observer) { panic("hunter2") }
	must[metrics.AsyncInstrument](t)(newMeter(t, reg).Int64AsyncGauge("a", panics))
	if _, err := reg.Gather(); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
}

// TestMistakes: New names every mistake, and nothing panics later.
func TestMistakes(t *testing.T) {
	t.Parallel()
	_, err := sigv4prom.New(sigv4prom.Config{
		Labels:  []string{"", "le", "__name", "a.b", "a_b", "0"},
		Buckets: map[string][]float64{"x": {1, 1}, "y": {}, "z": {math.NaN()}, "ok": {1, 2}},
	})
	for _, want := range []string{
		"Config.Registerer is required", `Config.Labels[0] cannot`, `Config.Labels[1] cannot`, `Config.Labels[2] cannot`,
		`Config.Labels[4] is named before: "a_b"`, `Config.Buckets["x"]`, `Config.Buckets["y"]`, `Config.Buckets["z"]`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	if n := strings.Count(fmt.Sprint(err), "\n") + 1; n != 8 {
		t.Errorf("%d mistakes: %v", n, err)
	}
	reg := prometheus.NewRegistry()
	p, err := sigv4prom.New(sigv4prom.Config{Registerer: reg, Buckets: map[string][]float64{"sigv4auth.duration": {1, 2}}})
	if err != nil {
		t.Fatal(err)
	}
	h := must[metrics.Float64Histogram](t)(p.Meter("").Float64Histogram("sigv4auth.duration", describe("s", "D")))
	h.Record(t.Context(), 1)
	families, _ := reg.Gather()
	if b := families[0].GetMetric()[0].GetHistogram().GetBucket(); len(b) != 2 {
		t.Errorf("%v", b)
	}
}
