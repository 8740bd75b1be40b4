// Package sigv4otel hands the metrics and the traces of package sigv4auth to OpenTelemetry:
//
//	cfg.Observe.Meter = sigv4otel.Meter(otel.GetMeterProvider())
//	cfg.Observe.Tracer = sigv4otel.Tracer(otel.GetTracerProvider())
//
// It adapts the interfaces of smithy-go, so that clients of aws-sdk-go-v2 take what it makes as
// well. The program in the folder example is a whole service with metrics, traces, and logs that
// name the trace; docs/telemetry.md lists what package sigv4auth measures.
//
// # Attributes
//
// A property becomes an attribute of the kind that it has: texts, booleans, integers,
// floating-point numbers, lists of these, and whatever is one of them by its underlying type, such
// as a sigv4auth.Reason. A value with a method String is what that returns. Of any other value the
// attribute tells the type alone, as "<main.Account>", since nobody knows what its fields hold; nil
// is left out.
//
// # Histograms
//
// A duration in seconds gets bounds from 10 µs to 10 s, and sigv4auth.clock_skew bounds on both
// sides of 0: those that OpenTelemetry begins with are made for milliseconds, and would put every
// request into one bucket. A view of the SDK overrides them.
//
// # Requirements
//
// The package imports the API of OpenTelemetry (go.opentelemetry.io/otel/attribute, codes, metric
// and trace) and smithy-go, all under the Apache License 2.0; the API imports cespare/xxhash (MIT).
// A program that calls otel.GetMeterProvider gets go-logr/logr and stdr (Apache License 2.0) as
// well. The SDK and the exporters are the program's to choose: here only the example and the tests
// have some. It is a module of its own, so that who does not use OpenTelemetry gets none of it.
package sigv4otel
