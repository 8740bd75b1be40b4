package sigv4otel

import (
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/aws/smithy-go"
	"go.opentelemetry.io/otel/attribute"
)

// attributes returns what the properties hold.
func attributes(p *smithy.Properties) []attribute.KeyValue {
	values := p.Values()
	if len(values) == 0 {
		return nil
	}
	list := make([]attribute.KeyValue, 0, len(values))
	for k, v := range values {
		list = appendAttribute(list, k, v)
	}
	return list
}

// appendAttribute appends an attribute, unless it has no name or no value.
func appendAttribute(list []attribute.KeyValue, k, v any) []attribute.KeyValue {
	key, ok := k.(string)
	if !ok && k != nil {
		key = valueOf(k).String()
	}
	value := valueOf(v)
	if key == "" || value.Type() == attribute.EMPTY {
		return list
	}
	return append(list, attribute.KeyValue{Key: attribute.Key(key), Value: value})
}

// valueOf returns a property's value as that of an attribute, EMPTY for nil.
func valueOf(v any) attribute.Value {
	switch v := v.(type) {
	case nil:
		return attribute.Value{}
	case string: // nearly always
		return attribute.StringValue(v)
	case fmt.Stringer:
		return attribute.StringValue(textOf(v))
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return attribute.StringValue(r.String())
	case reflect.Bool:
		return attribute.BoolValue(r.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return attribute.Int64Value(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if r.Uint() > math.MaxInt64 {
			return attribute.StringValue(strconv.FormatUint(r.Uint(), 10))
		}
		return attribute.Int64Value(int64(r.Uint()))
	case reflect.Float32, reflect.Float64:
		return attribute.Float64Value(r.Float())
	case reflect.Slice:
		return listOf(r)
	}
	return unknown(v)
}

// listOf returns a list of values of one kind.
func listOf(r reflect.Value) attribute.Value {
	switch r.Type().Elem().Kind() {
	case reflect.String:
		return attribute.StringSliceValue(elements(r, reflect.Value.String))
	case reflect.Bool:
		return attribute.BoolSliceValue(elements(r, reflect.Value.Bool))
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		return attribute.Int64SliceValue(elements(r, reflect.Value.Int))
	case reflect.Float32, reflect.Float64:
		return attribute.Float64SliceValue(elements(r, reflect.Value.Float))
	}
	return unknown(r.Interface())
}

func elements[T any](r reflect.Value, of func(reflect.Value) T) []T {
	list := make([]T, r.Len())
	for i := range list {
		list[i] = of(r.Index(i))
	}
	return list
}

// textOf returns what String does, or the type of a value whose String panics, as that of a nil
// pointer can.
func textOf(v fmt.Stringer) (text string) {
	defer func() {
		if recover() != nil {
			text = unknown(v).AsString()
		}
	}()
	return v.String()
}

// unknown tells the type of a value alone.
func unknown(v any) attribute.Value { return attribute.StringValue(fmt.Sprintf("<%T>", v)) }
