package measure

import "testing"

func TestStolen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, before, after string
		want                float64
	}{
		{"a quarter", "cpu  100 0 50 1000 5 0 10 40 0 0", "cpu  130 10 80 9000 9 2 13 65 0 0", 0.25},
		{"nothing to do", "cpu  100 0 50 1000 5 0 10 40 0 0", "cpu  100 0 50 2000 5 0 10 40 0 0", 0},
		{"a system that does not tell", "", "", 0},
		{"an old system", "cpu  100 0 50 1000", "cpu  200 0 50 1000", 0},
		{"counters that began again", "cpu  100 0 50 1000 5 0 10 40 0 0", "cpu  10 0 5 100 5 0 1 4 0 0", 0},
	} {
		if got := parseTimes(tt.before).stolenUntil(parseTimes(tt.after)); got != tt.want {
			t.Errorf("%s: %v; want %v", tt.name, got, tt.want)
		}
	}
	if got := Stolen()(); got < 0 || got > 1 {
		t.Errorf("of this machine: %v", got)
	}
}
