package v4_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

func TestAppendPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, raw               string
		normalized, encoded, s3 string
	}{
		{"root", "/", "/", "/", "/"},
		{"plain", "/prod/ride", "/prod/ride", "/prod/ride", "/prod/ride"},
		{"trailing slash stays", "/a/", "/a/", "/a/", "/a/"},
		{"double slash", "/a//b", "/a/b", "/a//b", "/a//b"},
		{"slashes at the ends", "//a//", "/a/", "//a//", "//a//"},
		{"dot", "/a/./b", "/a/b", "/a/./b", "/a/./b"},
		{"dot at the end loses its slash", "/a/.", "/a", "/a/.", "/a/."},
		{"dot dot", "/a/b/../c", "/a/c", "/a/b/../c", "/a/b/../c"},
		{"dot dot at the end", "/a/b/..", "/a", "/a/b/..", "/a/b/.."},
		{"dot dot with a slash at the end", "/a/b/../", "/a/", "/a/b/../", "/a/b/../"},
		{"dot dot to the root", "/a/..", "/", "/a/..", "/a/.."},
		{"dot dot above the root", "/../../a", "/a", "/../../a", "/../../a"},
		{"three dots are a name", "/.../a", "/.../a", "/.../a", "/.../a"},
		{"an escaped dot is not a dot", "/a/%2e%2E/b", "/a/%252e%252E/b", "/a/%252e%252E/b", "/a/../b"},
		{"an escaped slash stays apart from a slash", "/a%2fb", "/a%252fb", "/a%252fb", "/a%2Fb"},
		{"escapes are encoded once more", "/mypath%2Fnext", "/mypath%252Fnext", "/mypath%252Fnext", "/mypath%2Fnext"},
		{"needless escapes", "/%72ide", "/%2572ide", "/%2572ide", "/ride"},
		{"reserved characters", "/a=b;c@d!", "/a%3Db%3Bc%40d%21", "/a%3Db%3Bc%40d%21", "/a%3Db%3Bc%40d%21"},
		{"plus is a plus", "/a+b", "/a%2Bb", "/a%2Bb", "/a%2Bb"},
		{"raw UTF-8", "/ü", "/%C3%BC", "/%C3%BC", "/%C3%BC"},
		{"bytes that are not UTF-8", "/\xff", "/%FF", "/%FF", "/%FF"},
		{"backslash", `/a\..\b`, "/a%5C..%5Cb", "/a%5C..%5Cb", "/a%5C..%5Cb"},
		{"semicolon after dots", "/..;/a", "/..%3B/a", "/..%3B/a", "/..%3B/a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := v4.CheckPath(tt.raw); err != nil {
				t.Fatal(err)
			}
			for style, want := range map[v4.PathStyle]string{
				v4.PathNormalized: tt.normalized, v4.PathEncoded: tt.encoded,
				v4.PathS3: tt.s3,
			} {
				if got := string(v4.AppendPath([]byte("x"), tt.raw, style)); got != "x"+want {
					t.Errorf("style %d: %q; want %q", style, got[1:], want)
				}
			}
			if got, want := v4.NormalPath(tt.raw), tt.normalized == tt.encoded; got != want {
				t.Errorf("NormalPath is %t; want %t", got, want)
			}
		})
	}
}

func TestCheckPath(t *testing.T) {
	t.Parallel()
	escape := func(err error) bool { _, ok := errors.AsType[*v4.EscapeError](err); return ok }
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	tests := []struct {
		name, raw string
		want      func(error) bool
	}{
		{"empty", "", is(v4.ErrPathRelative)},
		{"relative", "a/b", is(v4.ErrPathRelative)},
		{"asterisk", "*", is(v4.ErrPathRelative)},
		{"escape without digits", "/a%", escape},
		{"escape with one digit", "/a%2", escape},
		{"escape with a letter beyond F", "/a%2g", escape},
		{"escape with a fullwidth digit", "/a%２F", escape},
		{"threat 38: escaped NUL", "/a%00", is(v4.ErrPathControl)},
		{"threat 38: raw NUL", "/a\x00", is(v4.ErrPathControl)},
		{"threat 38: escaped line feed", "/a%0A", is(v4.ErrPathControl)},
		{"threat 38: raw carriage return", "/a\r", is(v4.ErrPathControl)},
		{"threat 38: escaped delete", "/a%7f", is(v4.ErrPathControl)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := v4.CheckPath(tt.raw); err == nil || !tt.want(err) {
				t.Errorf("CheckPath(%q) = %v", tt.raw, err)
			}
		})
	}
}

// TestPlainPath: nearly all paths are plain, and none that would be changed is.
func TestPlainPath(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"/": true, "/prod/ride": true, "/prod/ride/": true, "/a-b_c~d/e.f/0": true, "/a..": true,
		"": false, "a": false, "//": false, "/a//b": false, "/.": false, "/..": false, "/a/./b": false, "/a/../b": false, "/a%20b": false, "/a b": false,
		"/é": false, "/a*": false, "/a\n": false,
		"/.well-known": false, // it is taken the long way
	} {
		if got := v4.PlainPath(raw); got != want {
			t.Errorf("PlainPath(%q) is %t", raw, got)
		}
	}
}

// FuzzPath: canonical paths are made of unreserved bytes, slashes and escapes alone; encoding is
// injective; normalisation changes nothing twice; and NormalPath says exactly whether normalisation
// changes something.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"/", "//", "/a/../b/", "/%2e%2e/", "/a%2Fb", "/ü", "/..;/", `/\`, "/a/b/../..", "/.", "/..", "/a/./"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if v4.CheckPath(raw) != nil {
			if v4.PlainPath(raw) {
				t.Fatalf("%q is plain, and no path", raw)
			}
			return
		}
		for _, style := range []v4.PathStyle{v4.PathNormalized, v4.PathEncoded, v4.PathS3} {
			got := string(v4.AppendPath(nil, raw, style))
			if v4.PlainPath(raw) && (got != raw || !v4.NormalPath(raw)) {
				t.Fatalf("style %d: the plain path %q becomes %q", style, raw, got)
			}
			if v4.CheckPath(got) != nil {
				t.Fatalf("style %d: the canonical path %q of %q is not a path", style, got, raw)
			}
			if strings.Trim(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%") != "" {
				t.Fatalf("style %d: the canonical path %q holds reserved bytes", style, got)
			}
		}
		// Decoding the encoded path once gives the wire path back: no two wire paths share a
		// canonical form.
		encoded := v4.AppendPath(nil, raw, v4.PathEncoded)
		if got := string(v4.AppendDecoded(nil, string(encoded))); got != raw {
			t.Fatalf("decoding %q gives %q; want %q", encoded, got, raw)
		}
		normalized := v4.AppendDecoded(nil, string(v4.AppendPath(nil, raw, v4.PathNormalized)))
		if !v4.NormalPath(string(normalized)) {
			t.Fatalf("the normalised path %q is not normal", normalized)
		}
		if got, want := v4.NormalPath(raw), string(normalized) == raw; got != want {
			t.Fatalf("NormalPath(%q) is %t; normalisation gives %q", raw, got, normalized)
		}
		// S3's form is a fixed point: it is single-encoded already.
		s3 := string(v4.AppendPath(nil, raw, v4.PathS3))
		if again := string(v4.AppendPath(nil, s3, v4.PathS3)); again != s3 {
			t.Fatalf("PathS3 of %q is %q", s3, again)
		}
	})
}
