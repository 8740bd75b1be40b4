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
	last := byte(0)
	for i := range len(s) - padding {
		var ok bool
		if last, ok = sextet(s[i]); !ok {
			return false
		}
	}
	// One byte of padding leaves two bits over, two leave four.
	return last&(1<<(2*padding)-1) == 0
}

// sextet returns the six bits that a character of base64 stands for.
func sextet(c byte) (bits byte, ok bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return c - 'A', true
	case 'a' <= c && c <= 'z':
		return c - 'a' + 26, true
	case '0' <= c && c <= '9':
		return c - '0' + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}
