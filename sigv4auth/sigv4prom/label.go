package sigv4prom

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/aws/smithy-go/metrics"
)

// values returns the labels' values of a measurement.
func (m *meter) values(opts []metrics.RecordMetricOption) []string {
	var o metrics.RecordMetricOptions
	for _, f := range opts {
		f(&o)
	}
	values := make([]string, len(m.keys))
	for i, key := range m.keys {
		if v := o.Properties.Get(key); v != nil {
			values[i] = strings.ToValidUTF8(textOf(v), "\uFFFD") // other values are refused
		}
	}
	return values
}

// textOf returns a value as text. Nobody knows what the fields of a structure hold: of it, the type
// is told.
func textOf(v any) (text string) {
	switch v := v.(type) {
	case string:
		return v
	case fmt.Stringer:
		defer func() {
			if recover() != nil { // as that of a nil pointer can
				text = fmt.Sprintf("<%T>", v)
			}
		}()
		return v.String()
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		return r.String()
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("<%T>", v)
}
