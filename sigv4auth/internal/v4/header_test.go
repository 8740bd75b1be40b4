package v4_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

func TestAppendValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   string
	}{
		{"plain", []string{"value"}, "value"},
		{"empty", []string{""}, ""},
		{"only white space", []string{" \t "}, ""},
		{"threat 40: trimmed", []string{"  a \t"}, "a"},
		{"threat 40: inner white space is folded", []string{"a   b \t c"}, "a b c"},
		{"threat 40: in quotes too", []string{`"a   b"`}, `"a b"`},
		{"a tab becomes a space", []string{"a\tb"}, "a b"},
		{"single spaces stay", []string{"a b c"}, "a b c"},
		{"threat 25: repeats are joined in the order of arrival", []string{"b", "a", " a "}, "b,a,a"},
		{"bytes beyond ASCII stay", []string{"ü\xff"}, "ü\xff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := v4.AppendValues([]byte("x"), tt.values)
			if want := "x" + tt.want; err != nil || string(got) != want {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		})
	}
	for _, c := range []string{"\n", "\r", "\x00", "\x7f", "\v", "\x1b"} {
		if _, err := v4.AppendValues(nil, []string{"a" + c + "b"}); !errors.Is(err, v4.ErrHeaderControl) {
			t.Errorf("threat 41: %q in a value: %v; want ErrHeaderControl", c, err)
		}
	}
}

// TestAppendValuesEveryByte: each byte is found at each place of a value, whether it is looked at
// alone or together with others.
func TestAppendValuesEveryByte(t *testing.T) {
	t.Parallel()
	for length := 1; length < 75; length++ {
		if length > 34 && length < 63 && !testneed.Long() {
			continue // like those that are shorter
		}
		for at := range length {
			for c := range 256 {
				value := []byte(strings.Repeat("~", length))
				value[at] = byte(c)
				got, err := v4.AppendValues(nil, []string{string(value)})
				want := strings.Trim(strings.ReplaceAll(string(value), "\t", " "), " ")
				if control := c < ' ' && c != '\t' || c == 0x7f; control != errors.Is(err, v4.ErrHeaderControl) || !control &&
					string(got) != want {
					t.Fatalf("%q: %q, %v; want %q", value, got, err, want)
				}
			}
		}
	}
}

// FuzzHeader: folding equals the obvious, slow way of doing it.
func FuzzHeader(f *testing.F) {
	f.Add(" a  b\t", "c")
	f.Add("", "\t")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := v4.AppendValues(nil, []string{a, b})
		if err != nil {
			return
		}
		fold := func(s string) string {
			return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' }), " ")
		}
		if want := fold(a) + "," + fold(b); string(got) != want {
			t.Fatalf("%q, %q: %q; want %q", a, b, got, want)
		}
	})
}

// TestSeveralValues: what bounds one value bounds several, taken together.
func TestSeveralValues(t *testing.T) {
	t.Parallel()
	var signed v4.SignedHeaders
	signed.Set("host;x-a;x-b")
	half := strings.Repeat("a", v4.MaxHeaderBytes/2-1)
	for _, tt := range []struct {
		a, b []string
		want error
	}{
		{[]string{"1", "2"}, []string{"3"}, nil},
		{[]string{half, half}, []string{"3"}, v4.ErrHeaderBytes},
		{[]string{half}, []string{half, "3"}, v4.ErrHeaderBytes},
		{[]string{"1", "\n"}, []string{"3"}, v4.ErrHeaderControl},
	} {
		req := v4.Request{
			Method: "GET", Path: "/", Query: &v4.Query{}, Host: "h", SignedHeaders: &signed, Common: &v4.CommonHeaders{},
			Header: map[string][]string{"X-A": tt.a, "X-B": tt.b},
		}
		if _, err := req.AppendCanonical(nil); err != tt.want {
			t.Errorf("%.9q, %.9q: %v; want %v", tt.a, tt.b, err, tt.want)
		}
	}
}

func TestMissingHeader(t *testing.T) {
	t.Parallel()
	var signed v4.SignedHeaders
	signed.Set("host;x-a")
	req := v4.Request{Method: "GET", Path: "/", Query: &v4.Query{}, Host: "h", SignedHeaders: &signed, Header: map[string][]string{}}
	_, err := req.AppendCanonical(nil)
	if !errors.Is(err, v4.ErrHeaderMissing) || string(req.Missing) != "x-a" {
		t.Errorf("threat 22: %v of %s; want ErrHeaderMissing of x-a", err, req.Missing)
	}
}
