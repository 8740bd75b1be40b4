package v4_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// publicKey makes the key of two coordinates in hexadecimal.
func publicKey(t *testing.T, x, y string) *ecdsa.PublicKey {
	t.Helper()
	point, err := hex.DecodeString("04" + x + y)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestDerivePublicKey: the pairs that AWS's own implementation tests with.
func TestDerivePublicKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testneed.Shared(t, "vectors", "v4a-extra.json"))
	if err != nil {
		t.Fatal(err)
	}
	var extra struct {
		KeyDerivation []struct {
			AccessKeyID     string `json:"access_key_id"`
			SecretAccessKey string `json:"secret_access_key"`
			PrivateKey      string `json:"private_key_hex"`
			X               string `json:"public_x_hex"`
			Y               string `json:"public_y_hex"`
		} `json:"key_derivation"`
	}
	if err := json.Unmarshal(text, &extra); err != nil {
		t.Fatal(err)
	}
	if len(extra.KeyDerivation) != 2 {
		t.Fatalf("%d pairs; want 2", len(extra.KeyDerivation))
	}
	for _, v := range extra.KeyDerivation {
		if got := v4.DerivePublicKey(v.AccessKeyID, v.SecretAccessKey); !got.Equal(publicKey(t, v.X, v.Y)) {
			t.Errorf("%s: another public key", v.AccessKeyID)
		}
		if v.PrivateKey == "" {
			continue
		}
		key, ok := v4.PrivateKeyForTest(v4.CandidateForTest(v.AccessKeyID, v.SecretAccessKey, 1))
		if !ok {
			t.Fatalf("%s: the first candidate is refused", v.AccessKeyID)
		}
		if raw, err := key.Bytes(); err != nil || hex.EncodeToString(raw) != v.PrivateKey {
			t.Errorf("%s: private key %x, %v; want %s", v.AccessKeyID, raw, err, v.PrivateKey)
		}
	}
}

// TestPrivateKeyBounds: a candidate of at most n-2 makes the private key that is one greater, and
// none other does.
func TestPrivateKeyBounds(t *testing.T) {
	t.Parallel()
	n := elliptic.P256().Params().N
	tests := []struct {
		name string
		c    *big.Int
		ok   bool
	}{
		{"0", big.NewInt(0), true},
		{"a carry", big.NewInt(0xffff), true},
		{"n-3", new(big.Int).Sub(n, big.NewInt(3)), true},
		{"n-2, the greatest", new(big.Int).Sub(n, big.NewInt(2)), true},
		{"n-1", new(big.Int).Sub(n, big.NewInt(1)), false},
		{"n", n, false},
		{"2^256-1, which runs over to 0", new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)), false},
	}
	for _, tt := range tests {
		key, ok := v4.PrivateKeyForTest([32]byte(tt.c.FillBytes(make([]byte, 32))))
		if ok != tt.ok {
			t.Errorf("%s: %t; want %t", tt.name, ok, tt.ok)
			continue
		}
		if !ok {
			continue
		}
		raw, err := key.Bytes()
		if want := new(big.Int).Add(tt.c, big.NewInt(1)); err != nil || new(big.Int).SetBytes(raw).Cmp(want) != 0 {
			t.Errorf("%s: the private key is %x, %v", tt.name, raw, err)
		}
	}
}

// TestFirstKey: a candidate that is no private key is passed over, and the counter goes up by one.
func TestFirstKey(t *testing.T) {
	t.Parallel()
	var counters []byte
	got := v4.FirstKeyForTest(func(counter byte) (c [32]byte) {
		counters = append(counters, counter)
		if counter < 3 {
			for i := range c {
				c[i] = 0xff
			}
		}
		return c // 0, of which the private key is 1
	})
	if diff := cmp.Diff([]byte{1, 2, 3}, counters); diff != "" {
		t.Errorf("counters (-want +got):\n%s", diff)
	}
	one, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), append(make([]byte, 31), 1))
	if err != nil || !got.Equal(&one.PublicKey) {
		t.Errorf("not the key of the third candidate: %v", err)
	}
	if v4.CandidateForTest("AKID", "secret", 1) == v4.CandidateForTest("AKID", "secret", 2) {
		t.Error("the counter does not count")
	}
}

// TestVectorsV4A is TestVectors for SigV4A, whose signatures are randomised: AWS's verify, and ours
// of what the client sent does too.
func TestVectorsV4A(t *testing.T) {
	t.Parallel()
	unsigned := 0
	for _, v := range readVectors(t, "v4a.jsonl", 40) {
		if v.Header.StringToSign == "" && v.Query.StringToSign == "" {
			unsigned++ // two cases of the suite lack a signed form
			continue
		}
		for form, want := range map[string]stages{"header": v.Header, "query": v.Query} {
			t.Run(v.Name+"/"+form, func(t *testing.T) {
				t.Parallel()
				canonical, ok := v.checkCanonical(t, form, want)
				if !ok {
					return
				}
				date := strings.Split(want.StringToSign, "\n")[1]
				sts := v4.AppendStringToSign(nil, v4.AlgorithmV4A, date, date[:8], "/"+v.Context.Service+"/aws4_request", canonical)
				if diff := cmp.Diff(want.StringToSign, string(sts)); diff != "" {
					t.Fatalf("string to sign (-want +got):\n%s", diff)
				}
				key := v4.DerivePublicKey(v.Context.Credentials.AccessKeyID, v.Context.Credentials.SecretAccessKey)
				if !key.Equal(publicKey(t, v.PublicKey.X, v.PublicKey.Y)) {
					t.Fatal("another public key")
				}
				sig, ok := v4.ParseSignatureV4A(want.Signature)
				if !ok || !v4.VerifyV4A(key, sts, sig) {
					t.Fatalf("the signature %s does not verify", want.Signature)
				}
				if v4.VerifyV4A(key, append(sts, ' '), sig) {
					t.Fatal("the signature verifies for another text")
				}
			})
		}
	}
	if unsigned != 2 {
		t.Errorf("%d cases without a signed form; want 2", unsigned)
	}
}

func BenchmarkV4A(b *testing.B) {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	b.Run("type=derive", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v4.DerivePublicKey("AKIAIOSFODNN7EXAMPLE", secret)
		}
	})
	b.Run("type=verify", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		data := []byte("data")
		sum := sha256.Sum256(data)
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if !v4.VerifyV4A(&key.PublicKey, data, sig) {
				b.Fatal("refused")
			}
		}
	})
}
