package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

const (
	keyID   = "AKIAIOSFODNN7EXAMPLE"
	secret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// send sends a request in the client's trace, signed by a caller with that secret unless it is "".
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
	r.Header.Set("Traceparent", "00-"+traceID+"-00f067aa0ba902b7-01")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != want {
		t.Errorf("%s %s: %d; want %d", method, url, res.StatusCode, want)
	}
}

// attributes are those of a span, or of a point of a metric, as the exporters print them.
type attributes []struct {
	Key   string
	Value struct{ Value any }
}

func (a attributes) get(key string) string {
	for _, kv := range a {
		if kv.Key == key {
			return fmt.Sprint(kv.Value.Value)
		}
	}
	return ""
}

type span struct {
	Name        string
	SpanContext struct{ TraceID, SpanID string }
	Parent      struct{ SpanID string }
	SpanKind    int
	Attributes  attributes
	Status      struct{ Code string }
}

type measurements struct {
	ScopeMetrics []struct {
		Metrics []struct {
			Name, Unit string
			Data       struct {
				DataPoints []struct {
					Attributes attributes
					Value      float64
					Count      float64
					Bounds     []float64
				}
			}
		}
	}
}

// TestProgram: the program prints the spans of requests, in the client's trace, and the metrics by
// outcome and route pattern: however many paths are asked for, there are no more (threat 215). The
// log names the trace.
func TestProgram(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", keyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var telemetry, logs bytes.Buffer // read once the program has ended
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, listener, &telemetry, &logs) }()
	const orders = 20
	url := "http://" + listener.Addr().String()
	for i := range orders {
		send(t, "GET", fmt.Sprintf("%s/orders/%d", url, i), secret, 200)
		send(t, "POST", fmt.Sprintf("%s/orders/%d/cancel", url, i), secret, 403)
		send(t, "GET", fmt.Sprintf("%s/nothing/%d", url, i), "", 403)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}

	want := map[string]float64{
		"admitted GET /orders/{id}": orders, "AccessDenied POST /orders/{id}/cancel": orders, "MissingAuthenticationToken ": orders,
	}
	verified, servers, counted := map[string]float64{}, map[string]string{}, map[string]float64{}
	var spans []span
	for d := json.NewDecoder(&telemetry); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		var s span
		var m measurements
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		if s.Name != "" {
			spans = append(spans, s)
			continue
		}
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		for _, scope := range m.ScopeMetrics {
			for _, metric := range scope.Metrics {
				for _, p := range metric.Data.DataPoints {
					key := p.Attributes.get("outcome") + " " + p.Attributes.get("route")
					switch metric.Name {
					case "sigv4auth.requests":
						counted[key] = p.Value
					case "sigv4auth.duration":
						if metric.Unit != "s" || p.Count != want[key] || p.Bounds[0] != 0.00001 {
							t.Errorf("duration of %s: %+v", key, p)
						}
					}
				}
			}
		}
	}
	for _, s := range spans {
		if s.SpanContext.TraceID != traceID {
			t.Errorf("a trace of its own: %+v", s)
		}
		if s.Name != "sigv4auth.Verify" {
			servers[s.SpanContext.SpanID] = s.Name
		}
	}
	for _, s := range spans {
		if s.Name != "sigv4auth.Verify" {
			continue
		}
		outcome, route := s.Attributes.get("outcome"), s.Attributes.get("route")
		verified[outcome+" "+route]++
		name, ok := servers[s.Parent.SpanID]
		if !ok || route != "" && name != route || (outcome == "admitted") != (s.Status.Code == "Ok") {
			t.Errorf("in the span %q: %+v", name, s)
		}
	}
	for _, got := range []map[string]float64{verified, counted} {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v; want %v", got, want)
		}
	}
	lines := 0
	for line := range bytes.Lines(logs.Bytes()) {
		var l struct {
			Msg     string
			TraceID string `json:"trace_id"`
		}
		if err := json.Unmarshal(line, &l); err != nil || l.TraceID != traceID {
			t.Errorf("%v: %s", err, line)
		}
		lines++
	}
	if lines != 3*orders {
		t.Errorf("%d lines of the log", lines)
	}
}
