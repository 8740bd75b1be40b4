package v4_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

func canonicalQuery(t *testing.T, raw, omit string) string {
	t.Helper()
	var q v4.Query
	if err := q.Parse(raw); err != nil {
		t.Fatal(err)
	}
	return string(q.AppendCanonical(nil, omit))
}

func TestQuery(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, raw, want string }{
		{"empty", "", ""},
		{"one pair", "a=b", "a=b"},
		{"threat 33: repeated keys are sorted by value", "a=2&a=1&a=10", "a=1&a=10&a=2"},
		{"keys are sorted by their encoding", "b=1&a-c=1&a%7E=1&a=1", "a=1&a-c=1&a~=1&b=1"},
		{
			"the parameters of presigned URLs are sorted like any other",
			"X-Amz-SignedHeaders=1&X-Amz-Signature=2&X-Amz-Security-Token=3&X-Amz-Region-Set=4&X-Amz-Expires=5&X-Amz-Date=6&X-Amz-Credential=7&" +
				"X-Amz-Content-Sha256=8&X-Amz-Algorithm=9&X-Amz-Acl=0&X-Amz-Z=0&A=0&X-Amz-Date=5",
			"A=0&X-Amz-Acl=0&X-Amz-Algorithm=9&X-Amz-Content-Sha256=8&X-Amz-Credential=7&X-Amz-Date=5&X-Amz-Date=6&X-Amz-Expires=5&X-Amz-Region-Set=4&" +
				"X-Amz-Security-Token=3&X-Amz-Signature=2&X-Amz-SignedHeaders=1&X-Amz-Z=0",
		},
		{"two parameters of a presigned URL", "X-Amz-Date=1&X-Amz-Algorithm=2", "X-Amz-Algorithm=2&X-Amz-Date=1"},
		{"a key that begins another comes first", "a-b=1&a=2", "a=2&a-b=1"},
		{"threat 34: no equals sign", "flag", "flag="},
		{"threat 34: empty value", "flag=", "flag="},
		{"empty key", "=v", "=v"},
		{"empty pairs are dropped", "&&a=1&&", "a=1"},
		{"an equals sign in a value", "a=b=c", "a=b%3Dc"},
		{"threat 32: plus is a space", "a=b+c", "a=b%20c"},
		{"threat 32: an escaped plus is a plus", "a=b%2Bc", "a=b%2Bc"},
		{"threat 31: a raw semicolon is data", "a=1;b=2", "a=1%3Bb%3D2"},
		{"threat 35: escapes become upper case", "a=%c3%bc", "a=%C3%BC"},
		{"needless escapes", "%61=%7e", "a=~"},
		{"raw UTF-8", "ሴ=bar", "%E1%88%B4=bar"},
		{"reserved characters", "a=/:@!$'()*,?", "a=%2F%3A%40%21%24%27%28%29%2A%2C%3F"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := canonicalQuery(t, tt.raw, ""); got != tt.want {
				t.Errorf("%q: %q; want %q", tt.raw, got, tt.want)
			}
		})
	}
}

func TestQueryOmit(t *testing.T) {
	t.Parallel()
	if got, want := canonicalQuery(t, "X-Amz-Signature=x&b=1&a=2", "X-Amz-Signature"), "a=2&b=1"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got, want := canonicalQuery(t, "a=1&X-Amz-Signature=x", "X-Amz-Signature"), "a=1"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestQueryFaults(t *testing.T) {
	t.Parallel()
	faults := []string{"a=%", "a=%2", "%zz=1", "a=1&b=%G0"}
	for c := range 256 {
		if c != '&' && c != '=' && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			faults = append(faults, "a=%2"+string([]byte{byte(c)}), "a=%"+string([]byte{byte(c)})+"2")
		}
	}
	for _, raw := range faults {
		var q v4.Query
		err := q.Parse(raw)
		if _, ok := errors.AsType[*v4.EscapeError](err); !ok {
			t.Errorf("threat 30: Parse(%q) = %v; want an EscapeError", raw, err)
		}
	}
	var q v4.Query
	if err := q.Parse(strings.Repeat("a&", v4.MaxQueryPairs)); err != nil {
		t.Errorf("%d pairs: %v", v4.MaxQueryPairs, err)
	}
	for _, raw := range []string{strings.Repeat("a&", v4.MaxQueryPairs+1), strings.Repeat("a=1&", v4.MaxQueryPairs) + "a=1"} {
		if err := q.Parse(raw); !errors.Is(err, v4.ErrQueryPairs) {
			t.Errorf("threat 219: %d pairs: %v; want ErrQueryPairs", v4.MaxQueryPairs+1, err)
		}
	}
}

// TestQueryEveryByte: each byte has its one encoding in each place of a value, whether it is looked
// at alone or together with others.
func TestQueryEveryByte(t *testing.T) {
	t.Parallel()
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	for length := 1; length < 70; length++ { // more than twice as many as are looked at together
		if length > 34 && length < 63 && !testneed.Long() {
			continue // like those that are shorter
		}
		for at := range length {
			for c := range 256 {
				if c == '&' || c == '%' {
					continue
				}
				before, after := strings.Repeat("Q", at), strings.Repeat("z", length-at-1)
				want := "a=" + before + string([]byte{byte(c)}) + after
				switch {
				case c == '+':
					want = "a=" + before + "%20" + after
				case !strings.ContainsRune(unreserved, rune(c)):
					want = "a=" + before + fmt.Sprintf("%%%02X", c) + after
				}
				if got := canonicalQuery(t, "a="+before+string([]byte{byte(c)})+after, ""); got != want {
					t.Fatalf("%q; want %q", got, want)
				}
			}
		}
	}
}

// FuzzQuery: the canonical query says exactly what a handler can see, and is its own canonical
// form.
func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "a=b", "b=1&a=2&a=1", "a=+%2B", "=v&&x", "a=1;b", "%61=%c3%bc", "a=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		var q v4.Query
		if q.Parse(raw) != nil {
			return
		}
		canonical := string(q.AppendCanonical(nil, ""))
		if again := canonicalQuery(t, canonical, ""); again != canonical {
			t.Fatalf("the canonical form of %q is %q", canonical, again)
		}
		// Leaving a parameter out is the same as its not being there.
		if omit, _, _ := strings.Cut(canonical, "="); omit != "" {
			var others []string
			for part := range strings.SplitSeq(canonical, "&") {
				if !strings.HasPrefix(part, omit+"=") {
					others = append(others, part)
				}
			}
			if got := canonicalQuery(t, raw, omit); got != strings.Join(others, "&") {
				t.Fatalf("%q without %q is %q", raw, omit, got)
			}
		}
		seen, err := url.ParseQuery(raw)
		if err != nil {
			return // a raw semicolon: net/url drops the pair, which we keep as data
		}
		signed, err := url.ParseQuery(canonical)
		if err != nil {
			t.Fatalf("net/url cannot parse the canonical query %q: %v", canonical, err)
		}
		if len(seen) != len(signed) {
			t.Fatalf("a handler sees %v; signed is %v", seen, signed)
		}
		for k, values := range seen {
			slices.Sort(values) // the order of a repeated key's values is the one thing that is not signed
			if !slices.Equal(values, slices.Sorted(slices.Values(signed[k]))) {
				t.Fatalf("a handler sees %v; signed is %v", seen, signed)
			}
		}
	})
}
