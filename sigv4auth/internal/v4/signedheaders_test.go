package v4_test

import (
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestSignedHeadersIs: a list is the one that was set, to the letter, and none is before one was.
func TestSignedHeadersIs(t *testing.T) {
	t.Parallel()
	var h v4.SignedHeaders
	if h.Is("") || h.Is("host") {
		t.Error("what was never set is a list")
	}
	h.Set("host;x-amz-date")
	for list, want := range map[string]bool{
		"host;x-amz-date": true, "host": false, "": false, "host;x-amz-datf": false,
		"host;x-amz-date;": false,
	} {
		if h.Is(list) != want {
			t.Errorf("Is(%q) is %t", list, !want)
		}
	}
}
