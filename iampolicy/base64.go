package iampolicy

// isBase64 reports whether s is the base64 of some bytes as RFC 4648, section 4, has it:
// padded, without line breaks, and with zero bits where no byte reaches. It is then the only
// such encoding of its bytes, so that texts compare as what they encode.
func isBase64(s string) bool {
	if len(s)%4 != 0 {
		return false
	}
	padding := 0
	for padding < 2 && padding < len(s) && s[len(s)-1-padding] == '=' {
		padding++
	}
	last, all := byte(0), byte(0)
	for i := range len(s) - padding { // without a branch: texts decide what would be predicted
		last = sextets[s[i]]
		all |= last
	}
	if all&noSextet != 0 {
		return false
	}
	// One byte of padding leaves two bits over, two leave four.
	return last&(1<<(2*padding)-1) == 0
}

// sextets has the six bits that each character of base64 stands for, and noSextet for others.
var sextets = func() (t [256]byte) {
	for c := range t {
		t[c] = noSextet
	}
	for i := range len(base64Alphabet) {
		t[base64Alphabet[i]] = byte(i)
	}
	return t
}()

const (
	noSextet       = 0x80
	base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)
