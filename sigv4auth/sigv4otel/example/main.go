// Command example protects two routes, and tells OpenTelemetry what it decides: it prints traces
// and metrics, where a service would send them to a collector.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdoutmetric"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4otel"
)

const orders = "arn:acme:orders:eu-1:111122223333:order/"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:8084")
	if err != nil {
		log.Fatal(err)
	}
	if err := run(ctx, listener, os.Stdout, os.Stderr); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, listener net.Listener, telemetry, logs io.Writer) (err error) {
	spans, err := stdouttrace.New(stdouttrace.WithWriter(telemetry)) // or otlptracehttp.New(ctx)
	if err != nil {
		return err
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
	measurements, err := stdoutmetric.New(stdoutmetric.WithWriter(telemetry)) // or otlpmetrichttp.New(ctx)
	if err != nil {
		return err
	}
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewPeriodicReader(measurements)))
	defer func() { // sends what is left
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, tracers.Shutdown(ctx), meters.Shutdown(ctx))
	}()

	protected, err := protect(sigv4auth.Observe{
		Audit:  sigv4auth.LogTo(slog.New(withTrace{slog.NewJSONHandler(logs, nil)})),
		Meter:  sigv4otel.Meter(meters),
		Tracer: sigv4otel.Tracer(tracers),
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           traced(tracers.Tracer("orders"), protected),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}

// traced puts each request into a span, which continues the client's trace. Package otelhttp has
// more of it.
func traced(tracer trace.Tracer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		next.ServeHTTP(w, r)
		if r.Pattern != "" { // of the route that matched
			span.SetName(r.Pattern)
		}
	})
}

// withTrace adds the trace to each line of the log.
type withTrace struct{ slog.Handler }

func (h withTrace) Handle(ctx context.Context, r slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// protect returns the service: alice may see orders, and nobody may cancel one.
func protect(observe sigv4auth.Observe) (http.Handler, error) {
	alice := iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"}
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "orders:Get", "Resource": "`+orders+`*"}]}`), iampolicy.IdentityPolicy)
	if err != nil {
		return nil, err
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: "eu-1", Service: "orders",
		Credentials: sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
			Secret:      sigv4auth.NewSecret(os.Getenv("AWS_SECRET_ACCESS_KEY")),
			Principal:   alice,
		}),
		Observe: observe,
	})
	if err != nil {
		return nil, err
	}
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("order " + r.PathValue("id") + "\n"))
	})
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{alice.ARN: {policy}}),
		Routes: sigv4auth.Routes{
			"GET /orders/{id}":         {Action: "orders:Get", Resource: orders + "{id}", Handler: answer},
			"POST /orders/{id}/cancel": {Action: "orders:Cancel", Resource: orders + "{id}", Handler: answer},
		},
	})
	if err != nil {
		return nil, err
	}
	return auth.Routes(authz), nil
}
