package frameworks_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/docs/frameworks/internal/conformance"
)

// TestBackendSeesNoCredentials: threats 97 and 237. What reaches the backend of the reverse proxy
// holds neither a signature nor a token, in the header or in the query, and names the caller, whom
// nobody else can name; and its path is what the client sent.
func TestBackendSeesNoCredentials(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got *http.Request
	p := conformance.Start(t, "reverseproxy", conformance.Shape{Environment: func(t *testing.T, p *conformance.Program) []string {
		return []string{"NOTES_BACKEND=" + conformance.Backend(t, p, func(r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			got = r.Clone(context.Background())
		})}
	}})
	send := func(t *testing.T, caller *conformance.Caller, presign bool, target string) *http.Request {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL()+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		transport := http.RoundTripper(impostor{})
		if caller != nil {
			signer := caller.Signer()
			if presign {
				signer.Presign = time.Minute
			}
			transport = signer.Transport(transport)
		}
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
		mu.Lock()
		defer mu.Unlock()
		return got
	}
	for _, tt := range []struct {
		name, target, caller string
		as                   *conformance.Caller
		presign              bool
	}{
		{"in the header", "/notes/a%20b%21?q=%C3%BC&X-Amz-Own=1", p.Alice.ARN, p.Alice, false},
		{"presigned", "/notes/a%20b%21?X-Amz-Own=1&q=%C3%BC", p.Alice.ARN, p.Alice, true},
		{"open", "/healthz?X-Amz-Own=1&q=%C3%BC", "", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := send(t, tt.as, tt.presign, tt.target)
			if seen.RequestURI != tt.target {
				t.Errorf("the backend sees %s; want %s", seen.RequestURI, tt.target)
			}
			for name, values := range seen.Header {
				spelling := strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
				if spelling == "authorization" || spelling == "x-amz-security-token" {
					t.Errorf("the backend sees %s", name)
				}
				if spelling == "x-caller" && !slices.Equal(values, []string{tt.caller}) {
					t.Errorf("the backend sees %s: %q; want %q", name, values, tt.caller)
				}
			}
			if seen.Header.Get("X-Caller") != tt.caller {
				t.Errorf("the caller is %q; want %q", seen.Header.Get("X-Caller"), tt.caller)
			}
		})
	}
}

// impostor adds to a request what the signature does not cover: who it would like to be.
type impostor struct{}

func (impostor) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for _, name := range []string{"X-Caller", "X_caller", "x.Caller"} {
		r.Header[name] = []string{"arn:aws:iam::111122223333:user/root"}
	}
	r.Header.Set("Connection", "X-Caller") // RFC 9110, section 7.6.1: a proxy takes away what it names
	return http.DefaultTransport.RoundTrip(r)
}
