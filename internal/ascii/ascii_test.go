package ascii_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/ascii"
)

// slowly is what the package does, a byte at a time.
func slowly(s string) string {
	b := []byte(s)
	for i, c := range b {
		if strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ", c) >= 0 {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

func check(t *testing.T, a, b string) {
	t.Helper()
	if got := ascii.ToLower(a); got != slowly(a) {
		t.Errorf("ToLower(%q) is %q", a, got)
	}
	same := slowly(a) == slowly(b)
	if ascii.EqualFold(a, b) != same || ascii.EqualFold(b, a) != same {
		t.Errorf("EqualFold of %q and %q is not %t", a, b, same)
	}
	if same && ascii.HashFold(a) != ascii.HashFold(b) {
		t.Errorf("%q and %q have two hashes", a, b)
	}
	if got := ascii.HasPrefixFold(a, b); got != strings.HasPrefix(slowly(a), slowly(b)) {
		t.Errorf("HasPrefixFold(%q, %q) is %t", a, b, got)
	}
	if got := ascii.HasSuffixFold(a, b); got != strings.HasSuffix(slowly(a), slowly(b)) {
		t.Errorf("HasSuffixFold(%q, %q) is %t", a, b, got)
	}
	if got := ascii.Only(a); got != (strings.IndexFunc(a, func(r rune) bool { return r >= 0x80 }) < 0) {
		t.Errorf("Only(%q) is %t", a, got)
	}
}

// Threat 178: the Kelvin sign is no k, and the long s no s; nor are two characters one that differ
// in the bit that tells the cases of letters apart, at any place of a text of any length.
func TestOnlyLettersFold(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"K", "k"}, {"ſ", "s"}, {"É", "é"}} {
		check(t, pair[0], pair[1])
	}
	for length := range 20 {
		for at := range length {
			for c := range 256 {
				a := []byte(strings.Repeat("x", length))
				b := []byte(strings.Repeat("X", length))
				a[at], b[at] = byte(c), byte(c)^0x20
				check(t, string(a), string(b))
				check(t, string(a), string(b[at:]))
				check(t, string(a), string(b[:at]))
			}
		}
	}
}

func TestLower(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		if got := ascii.Lower(byte(c)); string(got) != slowly(string(rune(byte(c)))) && c < 0x80 || c >= 0x80 && got != byte(c) {
			t.Errorf("Lower(%q) is %q", byte(c), got)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("aws:SourceIp", "AWS:sourceip")
	f.Add("s3:GetObject", "s3:")
	f.Add("Kelvin", "kelvin")
	f.Fuzz(func(t *testing.T, a, b string) { check(t, a, b) })
}
