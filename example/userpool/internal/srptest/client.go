// Package srptest is the client's side of SRP as Cognito has it, for tests. It is written from RFC
// 5054 and with math/big, so that it shares nothing with what it tests.
package srptest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"math/big"
	"sync"
)

// Client is one sign-in of a client.
type Client struct {
	N, Public *big.Int // Public is A
	k, a      *big.Int
}

// modulus returns N as RFC 3526, section 4, defines it, which takes a while.
var modulus = sync.OnceValue(func() *big.Int {
	// 2^3072 - 2^3008 - 1 + 2^64 * ( [2^2942 pi] + 1690314 )
	one := big.NewInt(1)
	n := new(big.Int).Lsh(one, 3072)
	n.Sub(n, new(big.Int).Lsh(one, 3008))
	n.Sub(n, one)
	inner := new(big.Int).Add(piTimesPowerOfTwo(2942), big.NewInt(1690314))
	return n.Add(n, inner.Lsh(inner, 64))
})

// New returns a client with its secret exponent.
func New(a *big.Int) *Client {
	n := modulus()
	k := hash(padded(n), padded(big.NewInt(2)))
	return &Client{N: n, Public: new(big.Int).Exp(big.NewInt(2), a, n), k: k, a: a}
}

// piTimesPowerOfTwo returns [2^bits pi], by Machin's formula.
func piTimesPowerOfTwo(bits uint) *big.Int {
	const guard = 64
	unit := new(big.Int).Lsh(big.NewInt(1), bits+guard)
	arctan := func(x int64) *big.Int {
		sum, term := new(big.Int), new(big.Int).Div(unit, big.NewInt(x))
		for i := int64(1); term.Sign() != 0; i += 2 {
			part := new(big.Int).Div(term, big.NewInt(i))
			if i%4 == 1 {
				sum.Add(sum, part)
			} else {
				sum.Sub(sum, part)
			}
			term.Div(term, big.NewInt(x*x))
		}
		return sum
	}
	pi := new(big.Int).Mul(big.NewInt(16), arctan(5))
	pi.Sub(pi, new(big.Int).Mul(big.NewInt(4), arctan(239)))
	return pi.Rsh(pi, guard)
}

// padded is BigInteger.toByteArray of a number that is not negative.
func padded(x *big.Int) []byte {
	text := x.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	if text[0] >= '8' {
		text = "00" + text
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func hash(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// X is the exponent that a password comes to.
func (c *Client) X(pool, user, password string, salt *big.Int) *big.Int {
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	return hash(padded(salt), inner[:])
}

// Key is the client's way to the key: S = (B - k·g^x)^(a + u·x).
func (c *Client) Key(pool, user, password string, salt, public *big.Int) []byte {
	u := hash(padded(c.Public), padded(public))
	x := c.X(pool, user, password, salt)
	base := new(big.Int).Exp(big.NewInt(2), x, c.N)
	base.Sub(public, base.Mul(base, c.k)).Mod(base, c.N)
	s := new(big.Int).Exp(base, new(big.Int).Add(c.a, new(big.Int).Mul(u, x)), c.N)
	return mac(mac(padded(u), padded(s)), []byte("Caldera Derived Key"), []byte{1})[:16]
}

// Signature is PASSWORD_CLAIM_SIGNATURE, before base64.
func Signature(key []byte, pool, user string, block []byte, timestamp string) []byte {
	return mac(key, []byte(pool), []byte(user), block, []byte(timestamp))
}
