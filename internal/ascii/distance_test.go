package ascii_test

import (
	"testing"

	"github.com/wildgate/wildgate/internal/ascii"
)

// TestDistance: it is the least number of edits, whichever text comes first.
func TestDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"abc", "", 3},
		{"abc", "ABC", 0},
		{"execute-api:Invok", "execute-api:Invoke", 1},
		{"orders:Cancle", "orders:Cancel", 2},
		{"kitten", "sitting", 3},
		{"PermissionBoundary", "PermissionsBoundary", 1},
		{"abcdef", "fedcba", 6},
		{"xabc", "abcx", 2},
	} {
		if got, back := ascii.Distance(tt.a, tt.b), ascii.Distance(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("%q, %q: %d and %d, want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}
