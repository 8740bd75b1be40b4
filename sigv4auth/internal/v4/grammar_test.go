package v4_test

import (
	"net/textproto"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestFieldNames: a byte may stand in a field name if net/textproto takes it for one of a header's
// key, and in lower case if it is no upper-case letter.
func TestFieldNames(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		b := string([]byte{byte(c)})
		want := strings.HasPrefix(textproto.CanonicalMIMEHeaderKey("a"+b), "A")
		if v4.IsToken(byte(c)) != want || v4.IsFieldName(b) != want || v4.IsFieldName("X-"+b+"a") != want {
			t.Errorf("%q: want %t", b, want)
		}
		if lower := want && (c < 'A' || c > 'Z'); v4.IsLowerToken(byte(c)) != lower {
			t.Errorf("%q in lower case: want %t", b, lower)
		}
	}
	if v4.IsFieldName("") {
		t.Error("the empty name is one")
	}
}

// TestIsAmz: threat 16. The prefix is found in any case and with underscores, and nothing else is
// taken for it, whatever byte stands at whatever place.
func TestIsAmz(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"": false, "x-amz": false, "x-amz-": true, "X-Amz-Date": true, "x_amz_date": true, "X-AMZ_x": true, "X_aMz-": true,
		"x-amzn-trace-id": false, " x-amz-date": false, "a-x-amz-": false, "xx-amz-": false,
	} {
		if v4.IsAmz(name) != want {
			t.Errorf("%q: want %t", name, want)
		}
	}
	const prefix = "x-amz-"
	for at := range prefix {
		for c := range 256 {
			name := []byte(prefix + "date")
			name[at] = byte(c)
			if want := amz.Match(name); v4.IsAmz(string(name)) != want {
				t.Errorf("%q: want %t", name, want)
			}
		}
	}
}

// What the functions of the grammar accept, as regular expressions.
var (
	amz       = regexp.MustCompile(`^[xX][-_][aA][mM][zZ][-_]`)
	fieldName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")
	// Unreserved characters, sub-delims but for the comma, which separates hosts in lists,
	// the colon before a port, the brackets of addresses, and escapes.
	host = regexp.MustCompile(`^[-._~0-9A-Za-z!$&'()*+;=:\[\]%]{1,255}$`)
)

// TestValidHost: what RFC 3986 knows as an authority, but for the user information, commas and what
// is longer than a name can be.
func TestValidHost(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"example.com": true, "example.com:8080": true, "[2001:db8::1]:80": true, "192.0.2.1": true, "_a.example": true,
		"": false, "user@example.com": false, "a/b": false, "a b": false, "a,b": false, "a\nb": false, "exämple.com": false,
		strings.Repeat("a", 255): true, strings.Repeat("a", 256): false,
	} {
		if v4.ValidHost(name) != want {
			t.Errorf("%q: want %t", name, want)
		}
	}
	for c := range 256 {
		for _, name := range []string{string([]byte{byte(c)}), "a" + string([]byte{byte(c)}), string([]byte{byte(c)}) + "a"} {
			if want := host.MatchString(name); v4.ValidHost(name) != want {
				t.Errorf("%q: want %t", name, want)
			}
		}
	}
}

// FuzzGrammar: any text is what its regular expression says, and is cut as by strings.Cut.
func FuzzGrammar(f *testing.F) {
	for _, seed := range []string{"", ",", "a,", ",a", "a,b,c", "X-Amz-Date", "x_amz_", "example.com:80", "a\nb", "x-amz-\xff"} {
		f.Add(seed, byte(','))
	}
	f.Add("\xc3\xa4", byte(0xa4)) // half of a character is a byte like any other
	f.Fuzz(func(t *testing.T, s string, sep byte) {
		if want := amz.MatchString(s); v4.IsAmz(s) != want {
			t.Errorf("x-amz-: %q: want %t", s, want)
		}
		if want := fieldName.MatchString(s); v4.IsFieldName(s) != want {
			t.Errorf("field name: %q: want %t", s, want)
		}
		if want := host.MatchString(s); v4.ValidHost(s) != want {
			t.Errorf("host: %q: want %t", s, want)
		}
		before, after, found := v4.Cut(s, sep)
		if b, a, ok := strings.Cut(s, string([]byte{sep})); before != b || after != a || found != ok {
			t.Errorf("%q at %q: %q, %q, %t; want %q, %q, %t", s, sep, before, after, found, b, a, ok)
		}
	})
}
