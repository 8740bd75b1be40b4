package sigv4test

import (
	"net/http"
)

// Transport returns a RoundTripper that signs each request, as s at that time, and sends it with
// next; nil: [http.DefaultTransport]. The caller's request stays as it is. A redirect and a retry
// are signed anew.
func (s Signer) Transport(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return transport{s, next}
}

// Client returns a copy of c, for instance of [net/http/httptest.Server.Client], that signs each
// request; nil: of [http.DefaultClient].
func (s Signer) Client(c *http.Client) *http.Client {
	if c == nil {
		c = http.DefaultClient
	}
	signing := *c
	signing.Transport = s.Transport(c.Transport)
	return &signing
}

type transport struct {
	signer Signer
	next   http.RoundTripper
}

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if signed.Header == nil {
		signed.Header = http.Header{}
	}
	if err := t.signer.sign(signed); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // RoundTrip closes the body, also where it fails; what failed is told already
		}
		return nil, err
	}
	return t.next.RoundTrip(signed)
}
