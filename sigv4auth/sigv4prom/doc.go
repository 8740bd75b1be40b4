// Package sigv4prom hands the metrics of package sigv4auth to Prometheus:
//
//	cfg.Observe.Meter, err = sigv4prom.New(sigv4prom.Config{Registerer: prometheus.DefaultRegisterer})
//
// It adapts the interfaces of smithy-go, so that clients of aws-sdk-go-v2 take what it makes as
// well. The program in the folder example is a whole service with its /metrics; docs/telemetry.md
// lists what package sigv4auth measures.
//
// # Names
//
// A metric has the instrument's name with underscores in place of dots, its unit in full, and
// _total where it counts: sigv4auth.requests is sigv4auth_requests_total, and sigv4auth.duration in
// "s" is sigv4auth_duration_seconds. The instrument's description is the help text. Up-down
// counters and gauges are gauges. A meter's scope is no part of the names.
//
// # Labels
//
// Each metric has the labels of [Config].Labels, and no other: what else is measured by is added
// up. So there are no more series than these have values, whatever a later version, or another
// library, puts into a measurement. One that a measurement does not have is empty, which to
// Prometheus is the same as none. A property is named with underscores in place of dots, and a
// value that is no text is written as package fmt writes it, if it has a method String or is a
// number or a boolean; of any other the label tells the type alone.
//
// # Several meters
//
// Metrics of one name are one: as many Authenticators as a service has, each with a Meter of its
// own or all with the same, count together. If the registry has that name with other labels or
// another help text, or of another kind, making the instrument fails, and with it sigv4auth.New.
// Nothing panics. An asynchronous instrument has one callback, and a second one of its name fails
// until the first was stopped.
//
// # Requirements
//
// The package imports prometheus/client_golang and smithy-go, both under the Apache License 2.0.
// The former imports prometheus/client_model, common and procfs (Apache License 2.0), beorn7/perks,
// cespare/xxhash and pandatix/go-abnf (MIT), munnerz/goautoneg, google.golang.org/protobuf and
// golang.org/x/sys (BSD). It is a module of its own, so that who does not use Prometheus gets none
// of it.
package sigv4prom
