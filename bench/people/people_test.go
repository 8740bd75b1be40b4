package people_test

import (
	"io"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/people"
)

// TestRun: a small run tells everything that a large one does.
func TestRun(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := people.Run(t.Context(), []string{"-users", "200", "-keys", "400"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"200 users", "400 access keys", "bytes a user", "a lookup", "a change"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("nothing is told of %q:\n%s", want, out.String())
		}
	}
	for _, args := range [][]string{{"-users", "99"}, {"-users", "200", "-keys", "300"}, {"-users", "100", "-keys", "1100"}, {"more"}} {
		if err := people.Run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q: it ran", args)
		}
	}
}
