package sigv4auth

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/redact"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// maxCanonicalShown bounds the canonical request in a diagnosis.
const maxCanonicalShown = 16 << 10

// harmlessHeaders are those whose values a diagnosis quotes. Of all others, known or not, it tells
// the length alone: a cookie, an API key or a customer's encryption key may be signed too (threat
// 213).
var harmlessHeaders = map[string]bool{
	"accept": true, "accept-encoding": true, "accept-language": true, "amz-sdk-invocation-id": true, "amz-sdk-request": true,
	"cache-control": true, "connection": true, "content-encoding": true, "content-length": true, "content-md5": true,
	"content-type": true, "date": true, "expect": true, "host": true, "pragma": true, "range": true, "te": true, "trailer": true,
	"transfer-encoding": true, "upgrade": true, "user-agent": true, "via": true, "x-amz-content-sha256": true, "x-amz-date": true,
	"x-amz-decoded-content-length": true, "x-amz-region-set": true, "x-amz-target": true, "x-amz-trailer": true,
	"x-amz-user-agent": true, "x-amzn-trace-id": true, "x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-port": true,
	"x-forwarded-proto": true,
}

// quoteIfSafe is a header's value as a finding quotes it.
func quoteIfSafe(name, value string) string {
	if harmlessHeaders[name] {
		return quoted(value)
	}
	return hidden(value)
}

func hidden(value string) string { return fmt.Sprintf("%s (%d bytes)", redact.Redacted, len(value)) }

// harmlessParams are the parameters of presigned URLs whose values are quoted.
var harmlessParams = map[string]bool{
	v4.ParamAlgorithm.String(): true, v4.ParamSignedHeaders.String(): true, v4.ParamDate.String(): true, v4.ParamExpires.String(): true,
	v4.ParamContentSHA256.String(): true, v4.ParamRegionSet.String(): true,
}

// secretWords are what the names of parameters that carry secrets contain.
var secretWords = []string{
	"token", "secret", "signature", "credential", "passw", "pwd", "key", "auth", "session", "code", "jwt", "sig", "assertion", "cookie",
	"otp", "pin",
}

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
	hides := x.redactor()
	if s := &x.search; len(s.lines) > 0 {
		d.Signatures = s.trials
		d.CanonicalRequest = printableLines(s.shown(x.missing), hides) // guard 97b
		d.StringToSign = printableLines(strings.Split(s.stringToSign(), "\n"), hides)
	}
	d.Message = printable(redact.WithoutKeys(hides.Text(d.Message)))
	d.Hint = printable(hides.Text(d.Hint))
	for i, text := range d.NotTried {
		d.NotTried[i] = printable(hides.Text(text))
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		f.Condition, f.Remedy = hides.Text(f.Condition), hides.Text(f.Remedy)
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

// redactor returns what hides the secrets at hand in texts where none belongs: a token in the path,
// a signature in another header. What stands in the place that is meant for it is hidden already.
func (x *diagnoser) redactor() redact.Redactor {
	return redact.New(x.p.token, x.credential.Secret.Reveal(), x.credential.SessionToken.Reveal(), x.signature())
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

// printableLines joins lines of what the server built, each fit for a log and without the secrets
// that hides knows.
func printableLines(lines []string, hides redact.Redactor) string {
	for i, line := range lines {
		lines[i] = printable(hides.Text(line))
	}
	text := strings.Join(lines, "\n")
	if len(text) > maxCanonicalShown {
		text = text[:maxCanonicalShown] + "..."
	}
	return text
}
