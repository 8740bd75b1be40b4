package v4_test

import (
	"net/textproto"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestMIMEKey: a signed name finds the header under the key that net/http gives it, usual or not.
func TestMIMEKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"content-length", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-meta-a", "accept", "x_amz_date", "a1-2b", "x--y", "-"} {
		key := textproto.CanonicalMIMEHeaderKey(name)
		if got := string(v4.AppendMIMEKey(nil, name)); got != key {
			t.Errorf("%s: key %s; want %s", name, got, key)
		}
		req := v4.Request{Method: "GET", Path: "/", Query: &v4.Query{}, Host: "h", SignedHeaders: name, Header: map[string][]string{key: {"v"}}}
		if got, err := req.AppendCanonical(nil); err != nil || string(got) != "GET\n/\n\n"+name+":v\n\n"+name+"\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
