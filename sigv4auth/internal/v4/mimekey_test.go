package v4_test

import (
	"net/textproto"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestMIMEKey: a signed name finds the header under the key that net/http gives it, usual or not.
func TestMIMEKey(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"content-length", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "x-amz-meta-a", "accept",
		"x_amz_date", "a1-2b", "x--y", "-",
	} {
		key := textproto.CanonicalMIMEHeaderKey(name)
		var signed v4.SignedHeaders
		signed.Set(name)
		req := v4.Request{
			Method: "GET", Path: "/", Query: &v4.Query{}, Host: "h", SignedHeaders: &signed,
			Header: map[string][]string{key: {"v"}},
		}
		req.Common = usual(req.Header)
		if got, err := req.AppendCanonical(nil); err != nil || string(got) != "GET\n/\n\n"+name+":v\n\n"+name+"\n" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func usual(h map[string][]string) *v4.CommonHeaders {
	return &v4.CommonHeaders{
		v4.ContentLength:     h["Content-Length"],
		v4.ContentType:       h["Content-Type"],
		v4.XAmzContentSHA256: h["X-Amz-Content-Sha256"],
		v4.XAmzDate:          h["X-Amz-Date"],
		v4.XAmzSecurityToken: h["X-Amz-Security-Token"],
	}
}
