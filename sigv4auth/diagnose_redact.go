package sigv4auth

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// maxCanonicalShown bounds the canonical request in a diagnosis.
const maxCanonicalShown = 16 << 10

// harmlessHeaders are those whose values a diagnosis quotes. Of all others, known or not, it tells
// the length alone: a cookie, an API key or a customer's encryption key may be signed too (threat
// 213).
var harmlessHeaders = map[string]bool{
	"accept": true, "accept-encoding": true, "accept-language": true, "amz-sdk-invocation-id": true, "amz-sdk-request": true, "cache-control": true, "connection": true,
	"content-encoding": true, "content-length": true, "content-md5": true, "content-type": true, "date": true, "expect": true, "host": true, "pragma": true, "range": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true, "user-agent": true, "via": true, "x-amz-content-sha256": true, "x-amz-date": true,
	"x-amz-decoded-content-length": true, "x-amz-region-set": true, "x-amz-target": true, "x-amz-trailer": true, "x-amz-user-agent": true, "x-amzn-trace-id": true,
	"x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-port": true, "x-forwarded-proto": true,
}

// quoteIfSafe is a header's value as a finding quotes it.
func quoteIfSafe(name, value string) string {
	if harmlessHeaders[name] {
		return quoted(value)
	}
	return hidden(value)
}

func hidden(value string) string { return fmt.Sprintf("%s (%d bytes)", redacted, len(value)) }

// harmlessParams are the parameters of presigned URLs whose values are quoted.
var harmlessParams = map[string]bool{
	v4.ParamAlgorithm.String(): true, v4.ParamSignedHeaders.String(): true, v4.ParamDate.String(): true, v4.ParamExpires.String(): true, v4.ParamContentSHA256.String(): true, v4.ParamRegionSet.String(): true,
}

// secretWords are what the names of parameters that carry secrets contain.
var secretWords = []string{"token", "secret", "signature", "credential", "passw", "pwd", "key", "auth", "session", "code", "jwt", "sig", "assertion", "cookie", "otp", "pin"}

// showsParam reports whether the value of a query parameter may be quoted.
func showsParam(name string) bool {
	if v4.IsAmz(name) {
		return harmlessParams[name]
	}
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return false
		}
	}
	return true
}

// redact fills in the texts that the server built, and takes out of the whole diagnosis what must
// not be in it.
func (x *diagnoser) redact() {
	d := &x.d
	hides := x.hider()
	if s := &x.search; len(s.lines) > 0 {
		d.Signatures = s.trials
		d.CanonicalRequest = hides.lines(s.shown(x.missing)) // guard 97b
		d.StringToSign = hides.lines(strings.Split(s.stringToSign(), "\n"))
	}
	d.Message = printable(withoutKeys(hides.text(d.Message)))
	d.Hint = printable(hides.text(d.Hint))
	for i, text := range d.NotTried {
		d.NotTried[i] = printable(hides.text(text))
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Condition, f.Remedy = hides.text(f.Condition), hides.text(f.Remedy)
	}
}

// shown returns the lines of the canonical request for a person.
func (s *search) shown(missing []string) []string {
	lines := slices.Clone(s.lines)
	if lines[queryLine] != "" {
		pairs := strings.Split(lines[queryLine], "&")
		for i, pair := range pairs {
			if name, value, _ := strings.Cut(pair, "="); !showsParam(string(v4.AppendDecoded(nil, name))) {
				pairs[i] = name + "=" + hidden(value)
			}
		}
		lines[queryLine] = strings.Join(pairs, "&")
	}
	s.headers(func(i int, name, value string) {
		switch {
		case slices.Contains(missing, name):
			lines[i] = name + ":(did not arrive)"
		case !harmlessHeaders[name]:
			lines[i] = name + ":" + hidden(value)
		}
	})
	if lines[s.payloadLine()] == "" {
		lines[s.payloadLine()] = "(the body was not read)"
	}
	return lines
}

// hider knows the secrets at hand, and hides texts that hold one where none belongs: a token in the
// path, a signature in another header. What stands in the place that is meant for it is hidden
// already.
type hider []string

// A text may have been cut behind the beginning of a secret, so the beginning is what is looked
// for. What is shorter than the shortest is no secret, and stands in any text.
const (
	secretBeginning = 12
	shortestSecret  = 8
	encodings       = 3 // how many times a secret may be percent-encoded: by the client, and twice in a path
)

func (x *diagnoser) hider() hider {
	var h hider
	for _, s := range []string{x.p.token, x.credential.Secret.Reveal(), x.credential.SessionToken.Reveal(), x.signature()} {
		if s = unquoted(s); len(s) >= shortestSecret {
			h = append(h, s[:min(len(s), secretBeginning)])
		}
	}
	return h
}

// signature is the one that was presented, "" if none was.
func (x *diagnoser) signature() string {
	if x.p.credential == "" {
		return ""
	}
	if x.p.algorithm == ecdsaP256 {
		return hex.EncodeToString(x.p.der)
	}
	return x.p.signature
}

// text returns the text, or REDACTED if it holds a secret.
func (h hider) text(s string) string {
	for plain, i := s, 0; ; i++ {
		bare := unquoted(plain) // guard 97c
		for _, secret := range h {
			if strings.Contains(bare, secret) {
				return redacted
			}
		}
		next := unescaped(plain)
		if i == encodings || next == plain {
			return s
		}
		plain = next
	}
}

// lines joins the lines, each fit for a log.
func (h hider) lines(lines []string) string {
	for i, line := range lines {
		lines[i] = printable(h.text(line))
	}
	text := strings.Join(lines, "\n")
	if len(text) > maxCanonicalShown {
		text = text[:maxCanonicalShown] + "..."
	}
	return text
}

// longestWord is less than the length of secret access keys, and more than that of any word in a
// message.
const longestWord = 32

// withoutKeys takes out of a message what may be a key. Some quote a request whose access key is
// not known yet, and with it what is secret.
func withoutKeys(message string) string {
	inKey := func(c byte) bool {
		return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("+/=-_%", c) >= 0
	}
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
		case end-i >= longestWord:
			b.WriteString(redacted)
		default:
			b.WriteString(message[i:end])
		}
		i = end
	}
	return b.String()
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
