package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	keyID  = "AKIAIOSFODNN7EXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// start runs the program, and returns where it serves and is scraped.
func start(t *testing.T) (service, scraped string) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", keyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	listeners := make([]net.Listener, 2)
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listeners[i] = l
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, listeners[0], listeners[1]) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "http://" + listeners[0].Addr().String(), "http://" + listeners[1].Addr().String()
}

// send sends a request, signed by a caller with that secret unless it is "".
func send(t *testing.T, method, url, secret string, want int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if secret != "" {
		sigv4test.Signer{
			Credential: sigv4auth.Credential{AccessKeyID: keyID, Secret: sigv4auth.NewSecret(secret)},
			Region:     "eu-1", Service: "orders",
		}.Sign(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != want {
		t.Errorf("%s %s: %d; want %d", method, url, res.StatusCode, want)
	}
}

// scrape reads what Prometheus reads.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func labelsOf(m *dto.Metric) string {
	text := map[string]string{}
	for _, l := range m.GetLabel() {
		text[l.GetName()] = l.GetValue()
	}
	return text["outcome"] + " " + text["route"]
}

// TestProgram: signed requests are counted by outcome and route pattern, under the names that
// Prometheus's conventions ask for; and however many paths are asked for, there are no more series
// (threat 215).
func TestProgram(t *testing.T) {
	service, scraped := start(t)
	const orders = 20
	for i := range orders {
		send(t, "GET", fmt.Sprintf("%s/orders/%d", service, i), secret, 200)
		send(t, "POST", fmt.Sprintf("%s/orders/%d/cancel", service, i), secret, 403)
		send(t, "GET", fmt.Sprintf("%s/nothing/%d", service, i), "", 403)
	}
	send(t, "GET", service+"/orders/1", "another-secret-of-nobody", 403)

	families := scrape(t, scraped)
	want := map[string]float64{
		"admitted GET /orders/{id}": orders, "AccessDenied POST /orders/{id}/cancel": orders, "MissingAuthenticationToken ": orders,
		"SignatureMismatch GET /orders/{id}": 1,
	}
	requests := families["sigv4auth_requests_total"]
	if requests.GetType() != dto.MetricType_COUNTER || requests.GetHelp() != "Requests by outcome" ||
		len(requests.GetMetric()) != len(want) {
		t.Errorf("%v", requests)
	}
	for _, m := range requests.GetMetric() {
		if got := m.GetCounter().GetValue(); got != want[labelsOf(m)] {
			t.Errorf("%s: %v; want %v", labelsOf(m), got, want[labelsOf(m)])
		}
	}
	duration := families["sigv4auth_duration_seconds"]
	if duration.GetType() != dto.MetricType_HISTOGRAM || len(duration.GetMetric()) != len(want) {
		t.Errorf("%v", duration)
	}
	for _, m := range duration.GetMetric() {
		h := m.GetHistogram()
		if float64(h.GetSampleCount()) != want[labelsOf(m)] || h.GetSampleSum() <= 0 || h.GetBucket()[0].GetUpperBound() != 0.00001 {
			t.Errorf("%s: %v", labelsOf(m), h)
		}
	}
	skew := families["sigv4auth_clock_skew_seconds"].GetMetric()
	if len(skew) != 1 || skew[0].GetHistogram().GetSampleCount() != 2*orders+1 ||
		skew[0].GetHistogram().GetBucket()[0].GetUpperBound() >= 0 {
		t.Errorf("%v", skew)
	}
	page, err := os.ReadFile(filepath.Join(testneed.Root(t), "docs", "telemetry.md"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range families {
		if strings.HasPrefix(name, "sigv4auth_") && !strings.Contains(string(page), "| `"+name+"` |\n") {
			t.Errorf("docs/telemetry.md does not list %s", name)
		}
	}
	if _, ok := families["sigv4auth_streamed_bodies_total"]; ok {
		t.Error("there are bodies in streaming modes, which are off")
	}
}
