package v4_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

const (
	one   = "020101"
	most  = "022100" + "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	large = "0220" + "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
)

func TestParseSignatureV4A(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sig string
		ok        bool
	}{
		{"the smallest", "3006" + one + one, true},
		{"the largest", "3046" + most + most, true},
		{"32 bytes without a leading zero", "3025" + large + one, true},
		{"a leading zero that is needed", "3007" + one + "02020080", true},
		{"threat 10: empty", "", false},
		{"threat 10: an HMAC's 64 digits", strings.Repeat("ab", 32), false},
		{"threat 10: upper case", "3006" + one + "02010A", false},
		{"threat 10: not hexadecimal", "3006" + one + "02010g", false},
		{"threat 10: an odd number of digits", "3006" + one + one + "0", false},
		{"no sequence", "3106" + one + one, false},
		{"one integer", "3003" + one, false},
		{"three integers", "3009" + one + one + one, false},
		{"a byte behind the sequence", "3006" + one + one + "00", false},
		{"a byte at the end of the sequence", "3007" + one + one + "00", false},
		{"a sequence that is too short", "3005" + one + one, false},
		{"a sequence that is too long", "3007" + one + one, false},
		{"a length in two bytes", "308106" + one + one, false},
		{"an indefinite length", "3080" + one + one + "0000", false},
		{"an integer's length in two bytes", "3007" + "02810101" + one, false},
		{"an integer longer than what is left", "3006" + one + "020201", false},
		{"an integer without bytes", "3005" + one + "0200", false},
		{"r is 0", "3006" + "020100" + one, false},
		{"s is 0", "3006" + one + "020100", false},
		{"r is negative", "3006" + "020180" + one, false},
		{"s is negative", "3006" + one + "0201ff", false},
		{"a leading zero too many", "3007" + one + "02020001", false},
		{"two leading zeros", "3008" + one + "0203000080", false},
		{"more than 256 bits", "3026" + one + "022101" + strings.Repeat("ff", 32), false},
		{"far more than 256 bits", "3027" + one + "022200" + strings.Repeat("ff", 33), false},
		{"another type", "3006" + one + "030101", false},
		{"nothing behind a long integer", "3022" + large, false},
		{"a byte behind a long integer", "3023" + large + "02", false},
		{"an integer without bytes behind a long one", "3024" + large + "0200", false},
		{"a signature, and then what is not hexadecimal", "3006" + one + one + "zz", false},
	}
	for _, tt := range tests {
		sig, ok := v4.ParseSignatureV4A(tt.sig)
		if ok != tt.ok || ok && hex.EncodeToString(sig) != tt.sig {
			t.Errorf("%s: %x, %t; want %t", tt.name, sig, ok, tt.ok)
		}
	}
}

// TestSignatureTwin pins what ECDSA allows and nobody may build upon: a signature has a twin that
// verifies too (threat 79). Both are accepted, as half of what AWS's signers make is in the upper
// half.
func TestSignatureTwin(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("data")
	sum := sha256.Sum256(data)
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &v); err != nil {
		t.Fatal(err)
	}
	v.S.Sub(elliptic.P256().Params().N, v.S)
	twin, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string][]byte{"signature": sig, "twin": twin} {
		if parsed, ok := v4.ParseSignatureV4A(hex.EncodeToString(s)); !ok || !v4.VerifyV4A(&key.PublicKey, data, parsed) {
			t.Errorf("the %s is refused", name)
		}
	}
}

// FuzzParseSignatureV4A: what is accepted is what encoding/asn1 makes of two positive integers of
// 256 bits, and nothing else.
func FuzzParseSignatureV4A(f *testing.F) {
	for _, s := range []string{
		"3006" + one + one, "3046" + most + most, "3025" + large + one, "3007" + one + "02020080", "308106" + one + one,
		"3006" + one + "020100", "3009" + one + one + one,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sig, ok := v4.ParseSignatureV4A(s)
		want := false
		if raw, err := hex.DecodeString(s); err == nil && strings.ToLower(s) == s {
			var v struct{ R, S *big.Int }
			if rest, err := asn1.Unmarshal(raw, &v); err == nil && len(rest) == 0 {
				again, err := asn1.Marshal(v)
				want = err == nil && string(again) == string(raw) && v.R.Sign() > 0 && v.S.Sign() > 0 && v.R.BitLen() <= 256 &&
					v.S.BitLen() <= 256
			}
		}
		if ok != want {
			t.Errorf("%q: %x, %t; want %t", s, sig, ok, want)
		}
	})
}
