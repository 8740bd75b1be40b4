package sigv4auth_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestTwinAmongMany: threats 91 and 219. Of many X-Amz-* parameters that nobody knows, two that are
// called alike but for case are found wherever they stand, and no two others are taken for such.
func TestTwinAmongMany(t *testing.T) {
	t.Parallel()
	const most = 50 // X-Amz-* parameters are accepted
	random := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		a := newAuthenticator(t, nil) // each has a hash of its own
		n := 2 + random.IntN(most-1)
		pairs := make([]string, n)
		for i := range pairs {
			pairs[i] = fmt.Sprintf("x-AMZ-%s%02d=", strings.Repeat("Ab", random.IntN(3)), i)
		}
		want, text := sigv4auth.ErrMissingAuthenticationToken, ""
		if i, j := random.IntN(n), random.IntN(n); i != j {
			name, _, _ := strings.Cut(pairs[i], "=")
			pairs[j] = strings.Map(func(c rune) rune {
				if random.IntN(2) == 0 {
					return []rune(strings.ToUpper(string(c)))[0]
				}
				return []rune(strings.ToLower(string(c)))[0]
			}, name) + "=twin"
			want, text = sigv4auth.ErrMalformedRequest, "twice"
		}
		r := request("GET", "/prod/rides?"+strings.Join(pairs, "&"), "")
		if _, err := a.Verify(r); !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
			t.Fatalf("%s: %v; want %v", r.RequestURI, err, want)
		}
	}
}

// TestUnsignedHeaderAmongMany: threats 17 and 219. Of many x-amz-* headers the one that is not
// signed is named, wherever it stands in the order of those that are.
func TestUnsignedHeaderAmongMany(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	names := []string{
		"X-Amz-A", "X-Amz-A-B", "X-Amz-A0", "X-Amz-Aa", "X-Amz-B", "X-Amz-Date1",
		"X-Amz-Meta-1", "X-Amz-Meta-A_b", "X-Amz-Meta-Ab", "X-Amz-Meta.x", "X-Amz-Z",
		"X-Amz-M", "X-Amz-N", "X-Amz-O", "X-Amz-P", "X-Amz-Q", "X-Amz-R",
	}
	for _, unsigned := range names {
		r := request("GET", "/prod/rides", "")
		for _, name := range names {
			if name != unsigned {
				r.Header.Set(name, "x")
			}
		}
		r = sign(t, r, signing{})
		if _, err := a.Verify(r.Clone(t.Context())); err != nil {
			t.Fatal(err)
		}
		r.Header.Set(unsigned, "slipped in")
		_, err := a.Verify(r)
		if !errors.Is(err, sigv4auth.ErrHeaderNotSigned) || !strings.HasSuffix(err.Error(), ": "+strings.ToLower(unsigned)) {
			t.Errorf("%s: %v", unsigned, err)
		}
	}
	// A second key that is the same header in lower case is not what is signed (threat 128).
	r := request("GET", "/prod/rides", "")
	for _, name := range names {
		r.Header.Set(name, "x")
	}
	r = sign(t, r, signing{})
	r.Header["x-amz-meta-1"] = []string{"y"}
	if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrMalformedRequest) || !strings.Contains(err.Error(), "canonical spelling") {
		t.Errorf("a key that is not net/http's: %v", err)
	}
}
