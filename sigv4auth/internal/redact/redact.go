// Package redact keeps secrets out of texts that people read, such as diagnoses and logs.
//
// A [Redactor] knows the secrets at hand and finds them wherever a text quotes them, also where
// they were cut off, quoted or percent-encoded on the way. [WithoutKeys] is for secrets that are
// not known: it takes out whatever is as long as one.
package redact

import (
	"encoding/hex"
	"strings"
)

// Redacted stands in the place of a secret, or of the text that holds one.
const Redacted = "REDACTED"

// Redactor hides texts that hold one of the secrets it knows. The zero Redactor knows none. It is
// not changed once made, and safe for concurrent use. It holds the beginnings of the secrets:
// nothing must print it.
type Redactor struct {
	beginnings []string // as unquoted leaves them
}

const (
	// secretBeginning is how many bytes of a secret are looked for: a text may have been cut behind
	// the beginning of one.
	secretBeginning = 12
	// shortestSecret is the length of the shortest secret. What is shorter is none, and stands in
	// any text.
	shortestSecret = 8
	// encodings is how many times a secret may be percent-encoded: by the client, and twice in a
	// path.
	encodings = 3
)

// New returns a Redactor that knows secrets. It takes no notice of those of less than eight bytes.
func New(secrets ...string) Redactor {
	var r Redactor
	for _, s := range secrets {
		if s = unquoted(s); len(s) >= shortestSecret {
			r.beginnings = append(r.beginnings, s[:min(len(s), secretBeginning)])
		}
	}
	return r
}

// Text returns s, or REDACTED if it holds the beginning of a secret: as it is, percent-encoded up
// to three times, and each of these with quotes and backslashes wherever quoting puts them.
func (r Redactor) Text(s string) string {
	for plain, i := s, 0; ; i++ {
		bare := unquoted(plain) // guard 97c
		for _, secret := range r.beginnings {
			if strings.Contains(bare, secret) {
				return Redacted
			}
		}
		next := unescaped(plain)
		if i == encodings || next == plain {
			return s
		}
		plain = next
	}
}

// LongestWord is less than the length of secret access keys, and more than that of any word in a
// message.
const LongestWord = 32

// WithoutKeys returns the message with REDACTED in place of what may be a key: every word of 32 or
// more letters, digits and +/=-_%. Some messages quote a request whose access key is not known yet,
// and with it what is secret.
func WithoutKeys(message string) string {
	var b strings.Builder
	for i := 0; i < len(message); {
		end := i
		for end < len(message) && inKey(message[end]) {
			end++
		}
		switch {
		case end == i:
			b.WriteByte(message[i])
			end++
		case end-i >= LongestWord:
			b.WriteString(Redacted)
		default:
			b.WriteString(message[i:end])
		}
		i = end
	}
	return b.String()
}

// inKey reports whether keys, tokens and signatures hold c, encoded or not.
func inKey(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/=-_%", c) >= 0
}

// unquoted takes out what quoting puts in.
func unquoted(s string) string {
	if !strings.ContainsAny(s, `\"`) {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, `\`, ""), `"`, "")
}

// unescaped decodes the escapes of s that are whole.
func unescaped(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := hex.DecodeString(s[i+1 : i+3]); err == nil {
				b = append(b, c[0])
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}
