// Package srp is the server's side of the Secure Remote Password protocol (RFC 5054) with the
// differences that Cognito user pools have: the group of 3,072 bits with SHA-256, numbers padded
// as Java's BigInteger writes them, a user name with the pool's in front, and a signature in place
// of the proofs M1 and M2.
//
// The functions are pure: bytes in, bytes out. Powers whose exponent, or base, is secret take the
// same time for every value; filippo.io/bigmod, which is what crypto/rsa computes with, does them.
package srp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"filippo.io/bigmod"
)

const (
	// Size is the length in bytes of N, and so of every number modulo N.
	Size = 384
	// SaltSize is the length in bytes of the salts that users get.
	SaltSize = 16
	// ExponentSize is the length in bytes of the server's secret exponent b, as RFC 5054, section
	// 2.6, wants it at the least.
	ExponentSize = 32
	// keySize is the length in bytes of the key that both sides come to.
	keySize = 16

	// maxHex fits N with the byte 00 in front that some clients write.
	maxHex = 2 * (Size + 1)
)

// modulus is N of RFC 5054, appendix A, group 3072, which is RFC 3526's group 15.
const modulus = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
	"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
	"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
	"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
	"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
	"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
	"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"

// ErrPublicValue means that a client's public value A is no number from 1 to N-1 in hexadecimal
// digits. With A = 0 modulo N anybody would know the key (RFC 5054, section 2.5.4).
var ErrPublicValue = errors.New("srp: the public value is not a number from 1 to N-1")

// group is what is computed from N once. It is immutable.
type group struct {
	n    *bigmod.Modulus
	g, k *bigmod.Nat
}

// params returns the group.
var params = sync.OnceValue(func() group {
	bytes, err := hex.DecodeString(modulus)
	if err != nil {
		panic("srp: " + err.Error()) // unreachable
	}
	n, err := bigmod.NewModulus(bytes)
	if err != nil {
		panic("srp: " + err.Error()) // unreachable
	}
	two := []byte{2}
	k := sha256.Sum256(append(pad(bytes), two...))
	return group{n: n, g: number(two, n), k: number(k[:], n)}
})

// number returns the number that bytes are, which is less than N.
func number(bytes []byte, n *bigmod.Modulus) *bigmod.Nat {
	x, err := bigmod.NewNat().SetBytes(bytes, n)
	if err != nil {
		panic("srp: a number that is not less than N") // unreachable: callers have made or checked it
	}
	return x
}

// pad returns a number as Cognito's clients hash it, as Java's BigInteger.toByteArray does: no
// zeros in front but one, where the first bit is set. That this takes time by the number of zeros
// in front says nothing that helps: no secret is hashed a second time beside other values.
func pad(bytes []byte) []byte {
	for len(bytes) > 1 && bytes[0] == 0 {
		bytes = bytes[1:]
	}
	padded := make([]byte, 0, len(bytes)+1)
	if len(bytes) > 0 && bytes[0] >= 0x80 {
		padded = append(padded, 0)
	}
	return append(padded, bytes...)
}

// ParsePublic returns a client's public value A, in Size bytes. Clients leave out zeros in front,
// so that the number of digits may be odd.
func ParsePublic(digits string) ([]byte, error) {
	if digits == "" || len(digits) > maxHex {
		return nil, ErrPublicValue
	}
	digits = strings.TrimLeft(digits, "0")
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	bytes, err := hex.DecodeString(digits)
	if err != nil {
		return nil, ErrPublicValue
	}
	n := params().n
	x, err := bigmod.NewNat().SetBytes(bytes, n)
	if err != nil || x.IsZero() == 1 {
		return nil, ErrPublicValue
	}
	return x.Bytes(n), nil
}

// FormatPublic returns a number as clients read it: in hexadecimal digits, without zeros in front.
func FormatPublic(bytes []byte) string {
	return strings.TrimLeft(hex.EncodeToString(bytes), "0")
}

// Verifier returns v = g^x modulo N in Size bytes, which is kept in place of a password. pool is
// the pool's ID behind its underscore, and user is USER_ID_FOR_SRP.
func Verifier(pool, user, password string, salt []byte) []byte {
	inner := sha256.Sum256([]byte(pool + user + ":" + password))
	x := sha256.Sum256(append(pad(salt), inner[:]...))
	p := params()
	return bigmod.NewNat().Exp(p.g, x[:], p.n).Bytes(p.n)
}

// Decoy returns a verifier of Size bytes that no password is known for. It is a square modulo N,
// as all powers of g are. seed is Size bytes that look random.
func Decoy(seed []byte) []byte {
	n := params().n
	x, err := bigmod.NewNat().SetOverflowingBytes(seed, n)
	if err != nil {
		panic("srp: a seed that is longer than N") // unreachable: it is Size bytes
	}
	return x.Mul(bigmod.NewNat().Mod(x, n), n).Bytes(n)
}

// Public returns the server's public value B = k·v + g^b in Size bytes. b is ExponentSize bytes
// that are random and used once.
func Public(verifier, b []byte) []byte {
	p := params()
	kv := number(verifier, p.n).Mul(p.k, p.n)
	return bigmod.NewNat().Exp(p.g, b, p.n).Add(kv, p.n).Bytes(p.n)
}

// Key returns the key that the client comes to as well if it knows the password: HKDF of
// S = (A·v^u)^b. a is what ParsePublic returned, and public what Public did for verifier and b.
func Key(a, public, verifier, b []byte) ([]byte, error) {
	p := params()
	u := sha256.Sum256(append(pad(a), pad(public)...))
	if u == [sha256.Size]byte{} {
		return nil, errors.New("srp: u is zero") // unreachable, as far as anybody knows
	}
	base := bigmod.NewNat().Exp(number(verifier, p.n), u[:], p.n).Mul(number(a, p.n), p.n)
	s := bigmod.NewNat().Exp(base, b, p.n).Bytes(p.n)
	extract := hmac.New(sha256.New, pad(u[:]))
	_, _ = extract.Write(pad(s))
	expand := hmac.New(sha256.New, extract.Sum(nil))
	_, _ = expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:keySize], nil
}

// Signature returns what a client with the key signs: PASSWORD_CLAIM_SIGNATURE. block are the
// bytes of SECRET_BLOCK, and timestamp is TIMESTAMP as the client wrote it.
func Signature(key []byte, pool, user string, block []byte, timestamp string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(pool + user))
	_, _ = mac.Write(block)
	_, _ = mac.Write([]byte(timestamp))
	return mac.Sum(nil)
}
