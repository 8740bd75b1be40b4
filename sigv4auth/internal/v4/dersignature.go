package v4

import "encoding/hex"

// What a signature of P-256 can measure in DER: two integers of 1 to 33 bytes, each with a header
// of two, in a sequence with one more.
const (
	minDERSignature = 2 + 2*(2+1)
	maxDERSignature = 2 + 2*(2+33)
)

// ParseSignatureV4A decodes a SigV4A signature: an ECDSA-Sig-Value (RFC 3279, section 2.2.3) in
// DER, in lower-case hexadecimal. It accepts one spelling of each pair of integers, and neither
// zero nor negative ones.
//
// A valid signature still has a twin, the one with n-s for s, as AWS's signers do not keep to the
// lower half. Whatever tells requests apart has to use what was signed, not the signature (threat
// 79).
func ParseSignatureV4A(s string) (sig []byte, ok bool) {
	if len(s)%2 != 0 || len(s) < 2*minDERSignature || len(s) > 2*maxDERSignature {
		return nil, false
	}
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'F' {
			return nil, false
		}
	}
	sig, err := hex.DecodeString(s)
	return sig, err == nil && isDERSignature(sig)
}

// isDERSignature reports whether b is a sequence of two positive integers and nothing else: X.690,
// sections 8.3, 8.9 and 10.1.
func isDERSignature(b []byte) bool {
	const sequence = 0x30
	if len(b) < 2 || b[0] != sequence || int(b[1]) != len(b)-2 { // as long as it can be, the length takes one byte
		return false
	}
	rest, ok := cutPositive(b[2:])
	if !ok {
		return false
	}
	rest, ok = cutPositive(rest)
	return ok && len(rest) == 0
}

// cutPositive cuts a positive integer of at most 256 bits, in its shortest form, off b.
func cutPositive(b []byte) (rest []byte, ok bool) {
	const integer = 0x02
	if len(b) < 2 || b[0] != integer {
		return nil, false
	}
	n := int(b[1])
	if b = b[2:]; n == 0 || n > len(b) || n > 33 {
		return nil, false
	}
	switch first := b[0]; {
	case first >= 0x80: // negative
		return nil, false
	case first == 0 && (n == 1 || b[1] < 0x80): // zero, or a byte too many
		return nil, false
	case first != 0 && n == 33: // more than 256 bits
		return nil, false
	}
	return b[n:], true
}
