package v4_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"testing/quick"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// TestDigest: a digest is written as encoding/hex writes it, and read back.
func TestDigest(t *testing.T) {
	t.Parallel()
	agree := func(sum [sha256.Size]byte) bool {
		text := hex.EncodeToString(sum[:])
		var parsed, parsedBytes [sha256.Size]byte
		ok, okBytes := v4.ParseDigest(&parsed, text), v4.ParseDigest(&parsedBytes, []byte(text))
		return string(v4.AppendDigest([]byte("x"), &sum)) == "x"+text && ok && parsed == sum && okBytes && parsedBytes == sum &&
			v4.SameDigest(&sum, &parsed)
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
			var got [sha256.Size]byte
			ok := v4.ParseDigest(&got, text)
			if ok != digit {
				t.Fatalf("ParseDigest(%q) is %t", text, ok)
			}
			if want, _ := hex.DecodeString(string(text)); ok && string(got[:]) != string(want) {
				t.Fatalf("ParseDigest(%q) returns %x", text, got)
			}
		}
	}
	for i := range sum {
		for bit := range 8 {
			other := sum
			other[i] ^= 1 << bit
			if v4.SameDigest(&other, &sum) || v4.SameDigest(&sum, &other) {
				t.Fatalf("bit %d of byte %d does not count", bit, i)
			}
		}
	}
	for _, text := range []string{"", right[1:], right + "0", right[:32], right + right} {
		if v4.ParseDigest(new([sha256.Size]byte), text) {
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
