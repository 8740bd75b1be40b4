package sigv4otel

import (
	"context"

	"github.com/aws/smithy-go/metrics"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// labels returns the attributes of a measurement.
func labels(opts []metrics.RecordMetricOption) metric.MeasurementOption {
	var o metrics.RecordMetricOptions
	for _, f := range opts {
		f(&o)
	}
	return metric.WithAttributeSet(attribute.NewSet(attributes(&o.Properties)...))
}

// adder is a counter, or an up-down counter.
type adder[N int64 | float64] interface {
	Add(ctx context.Context, n N, opts ...metric.AddOption)
}

type adding[N int64 | float64] struct{ i adder[N] }

func (a adding[N]) Add(ctx context.Context, n N, opts ...metrics.RecordMetricOption) {
	a.i.Add(ctx, n, labels(opts))
}

// recorder is a histogram, or a gauge.
type recorder[N int64 | float64] interface {
	Record(ctx context.Context, n N, opts ...metric.RecordOption)
}

type recording[N int64 | float64] struct{ i recorder[N] }

func (r recording[N]) Record(ctx context.Context, n N, opts ...metrics.RecordMetricOption) {
	r.i.Record(ctx, n, labels(opts))
}

// Sample is what a gauge of smithy-go calls Record.
func (r recording[N]) Sample(ctx context.Context, n N, opts ...metrics.RecordMetricOption) {
	r.i.Record(ctx, n, labels(opts))
}
