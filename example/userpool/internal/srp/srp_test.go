package srp_test

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/example/userpool/internal/srp"
	"github.com/wildgate/wildgate/example/userpool/internal/srptest"
)

const (
	pool     = "Pool12345"
	user     = "alice"
	password = "correct horse battery staple"
)

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// TestBothSidesComeToOneKey runs the protocol against a client that is written apart, with random
// values and with those whose leading bytes are zero or have the first bit set, which is where
// paddings differ.
func TestBothSidesComeToOneKey(t *testing.T) {
	t.Parallel()
	salts := [][]byte{
		random(srp.SaltSize), append([]byte{0}, random(15)...), append([]byte{0, 0x80}, random(14)...),
		append([]byte{0xff}, random(15)...), append([]byte{0x01}, random(15)...),
	}
	for i, salt := range salts {
		a := new(big.Int).SetBytes(random(128))
		c := srptest.New(a)
		b := random(srp.ExponentSize)
		v := srp.Verifier(pool, user, password, salt)
		wantV := new(big.Int).Exp(big.NewInt(2), c.X(pool, user, password, new(big.Int).SetBytes(salt)), c.N)
		if new(big.Int).SetBytes(v).Cmp(wantV) != 0 {
			t.Fatalf("salt %d: the verifiers differ", i)
		}
		public := srp.Public(v, b)
		parsed, err := srp.ParsePublic(c.Public.Text(16))
		if err != nil {
			t.Fatal(err)
		}
		key, err := srp.Key(parsed, public, v, b)
		if err != nil {
			t.Fatal(err)
		}
		sent, ok := new(big.Int).SetString(srp.FormatPublic(public), 16)
		if !ok {
			t.Fatal("B is no number")
		}
		if want := c.Key(pool, user, password, new(big.Int).SetBytes(salt), sent); !bytes.Equal(key, want) {
			t.Errorf("salt %d: the keys differ", i)
		}
		if wrong := c.Key(pool, user, "another", new(big.Int).SetBytes(salt), sent); bytes.Equal(key, wrong) {
			t.Errorf("salt %d: another password comes to the same key", i)
		}
		block, stamp := random(200), "Mon Nov 30 20:05:04 UTC 2026"
		if !bytes.Equal(srp.Signature(key, pool, user, block, stamp), srptest.Signature(key, pool, user, block, stamp)) {
			t.Error("the signatures differ")
		}
	}
}

// TestPaddingOfSmallNumbers finds values of A and B that are short, of which about one in 256 is.
func TestPaddingOfSmallNumbers(t *testing.T) {
	t.Parallel()
	salt := random(srp.SaltSize)
	v := srp.Verifier(pool, user, password, salt)
	// A small exponent makes A = 2^a short, and of any first digit.
	for _, a := range []int64{1, 3, 4, 7, 8, 12, 2000, 2999} {
		c := srptest.New(big.NewInt(a))
		parsed, err := srp.ParsePublic(c.Public.Text(16))
		if err != nil {
			t.Fatalf("a = %d: %v", a, err)
		}
		b := random(srp.ExponentSize)
		public := srp.Public(v, b)
		key, err := srp.Key(parsed, public, v, b)
		if err != nil {
			t.Fatal(err)
		}
		if want := c.Key(pool, user, password, new(big.Int).SetBytes(salt), new(big.Int).SetBytes(public)); !bytes.Equal(key, want) {
			t.Errorf("a = %d: the keys differ", a)
		}
	}
}

func TestParsePublic(t *testing.T) {
	t.Parallel()
	n := srptest.New(big.NewInt(1)).N
	text := func(x *big.Int) string { return x.Text(16) }
	less := new(big.Int).Sub(n, big.NewInt(1))
	for _, tt := range []struct {
		name, digits string
		ok           bool
	}{
		{"one", "1", true},
		{"an odd number of digits", "abc", true},
		{"upper case", "ABC", true},
		{"N-1", text(less), true},
		{"N-1 with a zero byte in front, as some clients pad", "00" + text(less), true},
		{"empty", "", false},
		{"zero", "0", false},
		{"zero at full length", strings.Repeat("0", 768), false},
		{"N, which is 0 modulo N", text(n), false},
		{"2N, which is 0 modulo N", text(new(big.Int).Add(n, n)), false},
		{"N+1", text(new(big.Int).Add(n, big.NewInt(1))), false},
		{"a sign", "-1", false},
		{"a sign in front of N", "-" + text(n), false},
		{"a prefix", "0x12", false},
		{"white space", " 12", false},
		{"too long", strings.Repeat("0", 800) + "1", false},
		{"no digits", "xyz", false},
	} {
		got, err := srp.ParsePublic(tt.digits)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil && len(got) != srp.Size {
			t.Errorf("%s: %d bytes", tt.name, len(got))
		}
	}
}

// TestDecoyLooksLikeAVerifier: a decoy is in the group that g makes, as every verifier is, and
// depends on its seed.
func TestDecoyLooksLikeAVerifier(t *testing.T) {
	t.Parallel()
	n := srptest.New(big.NewInt(1)).N
	for _, seed := range [][]byte{random(srp.Size), bytes.Repeat([]byte{0xff}, srp.Size)} {
		d := new(big.Int).SetBytes(srp.Decoy(seed))
		if d.Cmp(n) >= 0 || big.Jacobi(d, n) != 1 {
			t.Error("the decoy is none")
		}
	}
	if bytes.Equal(srp.Decoy(random(srp.Size)), srp.Decoy(random(srp.Size))) {
		t.Error("two seeds have one decoy")
	}
}

func BenchmarkServer(b *testing.B) {
	salt, exponent := random(srp.SaltSize), random(srp.ExponentSize)
	v := srp.Verifier(pool, user, password, salt)
	a, err := srp.ParsePublic(strings.Repeat("7", 700))
	if err != nil {
		b.Fatal(err)
	}
	public := srp.Public(v, exponent)
	b.Run("step=verifier", func(b *testing.B) {
		for b.Loop() {
			srp.Verifier(pool, user, password, salt)
		}
	})
	b.Run("step=challenge", func(b *testing.B) {
		for b.Loop() {
			srp.Public(v, exponent)
		}
	})
	b.Run("step=answer", func(b *testing.B) {
		for b.Loop() {
			if _, err := srp.Key(a, public, v, exponent); err != nil {
				b.Fatal(err)
			}
		}
	})
}
