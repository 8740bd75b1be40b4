package sigv4prom

import "strings"

// units are the base units that Prometheus writes out ("Metric and label naming"), by UCUM's
// symbols, which OpenTelemetry uses. One in braces is a mere note.
var units = map[string]string{
	"d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
	"By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "kBy": "kilobytes", "MBy": "megabytes",
	"m": "meters", "V": "volts", "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius", "Hz": "hertz", "%": "percent",
}

// metricName returns the name of an instrument's metric.
func metricName(name, unit string, counts bool) string {
	const total = "_total"
	name = strings.TrimSuffix(wordOf(name), total)
	if word := units[unit]; word != "" && !strings.HasSuffix(name, "_"+word) {
		name += "_" + word
	}
	if counts {
		name += total
	}
	return name
}

// wordOf returns s with underscores for what no name of a metric or a label may hold.
func wordOf(s string) string {
	b := make([]byte, 0, len(s)+1)
	for i := range len(s) {
		c := s[i]
		digit := '0' <= c && c <= '9'
		if i == 0 && digit {
			b = append(b, '_')
		}
		if !digit && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			c = '_'
		}
		b = append(b, c)
	}
	return string(b)
}
