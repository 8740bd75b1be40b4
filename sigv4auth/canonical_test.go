package sigv4auth_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestWhateverIsListed: threat 43. A header that signers usually leave out, since proxies and
// servers change it, is canonicalised like any other once a client has signed it: changed, doubled
// or taken away, it refuses.
func TestWhateverIsListed(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for name, value := range map[string]string{
		"Accept-Encoding": "gzip", "Cache-Control": "no-cache", "Connection": "keep-alive", "Expect": "100-continue", "Te": "trailers", "User-Agent": "x/1",
		"X-Amzn-Trace-Id": "Root=1",
	} {
		signed := func() *http.Request {
			r := request(http.MethodGet, "/prod/rides", "")
			r.Header.Set(name, value)
			r.Header.Set("X-Amz-Date", "20260102T030405Z")
			return signByHand(r, "host", "x-amz-date", name)
		}
		if _, err := a.Verify(signed()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for what, tt := range map[string]struct {
			change func(http.Header)
			code   sigv4auth.Reason
		}{
			"changed":    {func(h http.Header) { h.Set(name, value+"x") }, sigv4auth.ErrSignatureMismatch},
			"doubled":    {func(h http.Header) { h.Add(name, value) }, sigv4auth.ErrSignatureMismatch},
			"taken away": {func(h http.Header) { h.Del(name) }, sigv4auth.ErrHeaderNotSigned},
		} {
			r := signed()
			tt.change(r.Header)
			if _, err := a.Verify(r); !errors.Is(err, tt.code) {
				t.Errorf("%s %s: %v; want %v", name, what, err, tt.code)
			}
		}
	}
}
