package xaes_test

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/xaes"
)

func filled(b byte) *[xaes.KeySize]byte {
	return (*[xaes.KeySize]byte)(bytes.Repeat([]byte{b}, xaes.KeySize))
}

var published = (*[xaes.NonceSize]byte)([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))

// TestPublishedVectors: the two messages that the specification shows, one for each way of the
// doubling.
func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		key                byte
		additional, sealed string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		k := xaes.New(filled(v.key))
		sealed := k.Seal(nil, published, []byte("XAES-256-GCM"), []byte(v.additional))
		if hex.EncodeToString(sealed) != v.sealed {
			t.Errorf("key %d: sealed %x; want %s", v.key, sealed, v.sealed)
		}
		if opened, err := k.Open(nil, published, sealed, []byte(v.additional)); err != nil || string(opened) != "XAES-256-GCM" {
			t.Errorf("key %d: opened %q, %v", v.key, opened, err)
		}
	}
}

// TestAccumulatedVectors: the digest that the specification publishes of 10,000 messages whose
// keys, nonces, texts and additional data are the output of SHAKE-128.
func TestAccumulatedVectors(t *testing.T) {
	t.Parallel()
	source, sum := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	draw := func(n int) []byte {
		b := make([]byte, n)
		_, _ = source.Read(b)
		return b
	}
	for range 10_000 {
		key, nonce := draw(xaes.KeySize), draw(xaes.NonceSize)
		plaintext := draw(int(draw(1)[0]))
		additional := draw(int(draw(1)[0]))
		k := xaes.New((*[xaes.KeySize]byte)(key))
		_, _ = sum.Write(k.Seal(nil, (*[xaes.NonceSize]byte)(nonce), plaintext, additional))
	}
	digest := make([]byte, 32)
	_, _ = sum.Read(digest)
	const want = "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
	if got := hex.EncodeToString(digest); got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

// TestMangled: with any one bit of the message, of the nonce or of the additional data changed, or
// under another key, nothing opens.
func TestMangled(t *testing.T) {
	t.Parallel()
	k, additional, nonce := xaes.New(filled(1)), []byte("for this"), *published
	sealed := k.Seal(nil, &nonce, []byte("a text of more than a block"), additional)
	opens := func(k *xaes.Key) bool {
		plaintext, err := k.Open(nil, &nonce, sealed, additional)
		if err != nil && len(plaintext) > 0 {
			t.Error("a text beside an error")
		}
		return err == nil
	}
	if !opens(k) || opens(xaes.New(filled(2))) {
		t.Error("what was sealed opens under another key, or not under its own")
	}
	for _, part := range [][]byte{sealed, nonce[:], additional} {
		for i := range 8 * len(part) {
			part[i/8] ^= 1 << (i % 8)
			if opens(k) {
				t.Errorf("bit %d of %d bytes does not matter", i, len(part))
			}
			part[i/8] ^= 1 << (i % 8)
		}
	}
	for n := range sealed {
		if _, err := k.Open(nil, &nonce, sealed[:n], additional); err == nil {
			t.Errorf("%d of %d bytes open", n, len(sealed))
		}
	}
}
