package v4_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"testing/quick"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestDigest: a digest is written as encoding/hex writes it, and is the same as no text but that one.
func TestDigest(t *testing.T) {
	t.Parallel()
	agree := func(sum [sha256.Size]byte) bool {
		text := hex.EncodeToString(sum[:])
		return string(v4.AppendDigest([]byte("x"), &sum)) == "x"+text && v4.IsDigest(text) && v4.SameDigest(&sum, text) && v4.SameDigest(&sum, []byte(text))
	}
	if err := quick.Check(agree, &quick.Config{MaxCount: 10_000}); err != nil {
		t.Error(err)
	}
}

// TestDigestEveryByte: threat 10. Each byte at each place is found, and counts for itself alone.
func TestDigestEveryByte(t *testing.T) {
	t.Parallel()
	sum := sha256.Sum256([]byte("ride"))
	right := hex.EncodeToString(sum[:])
	for at := range right {
		for c := range 256 {
			text := []byte(right)
			text[at] = byte(c)
			digit := '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
			if got := v4.IsDigest(string(text)); got != digit {
				t.Fatalf("IsDigest(%q) is %t", text, got)
			}
			if same := byte(c) == right[at]; v4.SameDigest(&sum, text) != same || v4.SameDigest(&sum, string(text)) != same {
				t.Fatalf("SameDigest says that %q is %t", text, !same)
			}
		}
	}
	for i := range sum {
		for bit := range 8 {
			other := sum
			other[i] ^= 1 << bit
			if v4.SameDigest(&other, right) {
				t.Fatalf("bit %d of byte %d does not count", bit, i)
			}
		}
	}
	for _, text := range []string{"", right[1:], right + "0", right[:32], right + right} {
		if v4.IsDigest(text) || v4.SameDigest(&sum, text) {
			t.Errorf("%q is a digest", text)
		}
	}
}

// TestSameText: each bit of each byte counts, whatever the length.
func TestSameText(t *testing.T) {
	t.Parallel()
	for length := range 131 {
		text := make([]byte, length)
		for i := range text {
			text[i] = byte(i*7 + 1)
		}
		same := string(text)
		if !v4.SameText(same, string(text)) || v4.SameText(same, same+"x") || length > 0 && v4.SameText(same, same[1:]) {
			t.Fatalf("of %d bytes, lengths do not count", length)
		}
		for i := range text {
			for bit := range 8 {
				text[i] ^= 1 << bit
				if v4.SameText(same, string(text)) {
					t.Fatalf("of %d bytes, bit %d of byte %d does not count", length, bit, i)
				}
				text[i] ^= 1 << bit
			}
		}
	}
}
