package redact_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/internal/redact"
)

const (
	key   = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's documented example
	token = `IQoJb3Jp/Z2lu+X2VjE=="quoted\"and%2Fescaped`
)

// percent encodes s once: all of it, or what is not unreserved.
func percent(s string, all, lower bool) string {
	digits := "0123456789ABCDEF"
	if lower {
		digits = strings.ToLower(digits)
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		if unreserved := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("-._~", c) >= 0; unreserved && !all {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

// TestText: threats 97 and 213. A secret is found in every form in which texts quote one, and what
// holds none is left as it is.
func TestText(t *testing.T) {
	t.Parallel()
	r := redact.New(key, "", token, "short")
	hidden := map[string]string{
		"as it is":                 key,
		"in the midst":             "a path /" + key + "/x",
		"cut off":                  key[:12],
		"cut off inside an escape": url.QueryEscape(key)[:len("wJalrXUtnFEMI%2")],
		"in a path":                url.PathEscape(key),
		"in a query":               url.QueryEscape(token),
		"in a query, in a path":    url.PathEscape(url.QueryEscape(token)),
		"three times":              url.PathEscape(url.PathEscape(url.QueryEscape(token))),
		"in lower case":            percent(token, false, true),
		"quoted":                   strconv.Quote(token),
		"quoted twice":             strconv.Quote(strconv.Quote(token)),
		"quoted, then in a query":  url.QueryEscape(strconv.Quote(token)),
		"in a query, then quoted":  strconv.Quote(url.QueryEscape(token)),
		"all encoded":              percent(key, true, true),
		"all encoded, three times": percent(percent(percent(key, true, true), true, false), true, false),

		"behind an escape that is not whole": "%zz%" + url.QueryEscape("/"+token),
	}
	for name, s := range hidden {
		if got := r.Text(s); got != redact.Redacted {
			t.Errorf("%s: %q stays %q", name, s, got)
		}
	}
	for _, s := range []string{
		"", "%", "%2", "a%zzb", "short", "/prod/rides?limit=10", key[:11], key[1:], strings.ToLower(key), `"` + `\`, "100%25",
		url.PathEscape(url.PathEscape(url.PathEscape(url.PathEscape("/")))), strings.Repeat("%25", 100),
	} {
		if got := r.Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
	if got := (redact.Redactor{}).Text(key); got != key {
		t.Errorf("without a secret: %q", got)
	}
}

// TestShortSecrets: what has less than eight bytes stands in any text; what has eight is a secret.
func TestShortSecrets(t *testing.T) {
	t.Parallel()
	r := redact.New("1234567", "abcdefgh", `"\1234567"`, `"zyxwvuts"`)
	for text, want := range map[string]string{
		"1234567": "1234567", "12345678": "12345678", "abcdefg": "abcdefg",
		"xabcdefghx": redact.Redacted, "a\\bcdefgh": redact.Redacted, "zyxwvuts": redact.Redacted,
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q: %q; want %q", text, got, want)
		}
	}
}

// TestWithoutKeys: threat 213. What may be a key is taken out of a message, and the rest stays.
func TestWithoutKeys(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]string{
		"":                                "",
		key:                               redact.Redacted,
		"'" + key + "' is none, " + key:   "'" + redact.Redacted + "' is none, " + redact.Redacted,
		strings.Repeat("a", 31):           strings.Repeat("a", 31),
		strings.Repeat("a", 32):           redact.Redacted,
		strings.Repeat("a", 31) + " b":    strings.Repeat("a", 31) + " b",
		url.QueryEscape(key + "=="):       redact.Redacted,
		"SignedHeaders must hold a.b.c":   "SignedHeaders must hold a.b.c",
		"\x00" + strings.Repeat("é", 40):  "\x00" + strings.Repeat("é", 40),
		strings.Repeat("0123456789. ", 9): strings.Repeat("0123456789. ", 9),
	} {
		if got := redact.WithoutKeys(message); got != want {
			t.Errorf("%q: %q; want %q", message, got, want)
		}
	}
}

// FuzzRedact writes a secret into a text in any of the encodings, and it is not in what comes out:
// threats 97 and 213. What is written before it must not end in half of an escape, which a secret
// that begins with a digit would complete.
func FuzzRedact(f *testing.F) {
	for how := range 64 {
		f.Add(key, "/a%20b/", "?x=1", uint8(how*4))
		f.Add(token, `"`, `"`, uint8(how*4+1))
	}
	f.Add("%25%25%25", "%", "%", uint8(3))
	f.Add(`"""""""""`, "", "", uint8(9))
	f.Add("\x00\n\xff41%41%41", "%zz", "%4", uint8(6))
	f.Fuzz(func(t *testing.T, secret, before, after string, how uint8) {
		// Two bits say how often it is encoded, three how, and three when it is quoted.
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		written := secret
		if how&4 != 0 {
			written = `"` + quote.Replace(written) + `"`
		}
		for i := range how & 3 {
			written = percent(written, how&8 != 0 || how&16 != 0 && i == 0, how&32 != 0)
			if how&64 != 0 && i == 0 {
				written = `"` + quote.Replace(written) + `"`
			}
		}
		if how&128 != 0 {
			written = quote.Replace(written)
		}
		bare := strings.NewReplacer(`\`, "", `"`, "").Replace(secret)
		text := before + written + after
		got := redact.New("another secret", secret).Text(text)
		switch {
		case len(bare) < 8:
			if got != text && got != redact.Redacted {
				t.Errorf("%q became %q", text, got)
			}
		case endsInHalf(before):
		case got != redact.Redacted:
			t.Errorf("%q is in %q", secret, got)
		}
		if got, want := redact.WithoutKeys(text), word.ReplaceAllString(text, redact.Redacted); got != want {
			t.Errorf("without keys, %q is %q; want %q", text, got, want)
		}
	})
}

// endsInHalf reports whether s ends in half of an escape, encoded or not.
func endsInHalf(s string) bool {
	for range 4 {
		if halfEscape.MatchString(s) {
			return true
		}
		s = escape.ReplaceAllStringFunc(s, func(e string) string {
			c, _ := strconv.ParseUint(e[1:], 16, 8)
			return string([]byte{byte(c)})
		})
	}
	return false
}

var (
	escape     = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	halfEscape = regexp.MustCompile(`%[0-9A-Fa-f]?["\\]*$`)
	word       = regexp.MustCompile(`[-A-Za-z0-9+/=_%]{32,}`)
)
