package sigv4auth_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// eventTexts returns the event of a verified request that asks for an action on a resource, and of
// one whose request line is method and target.
func eventTexts(tb testing.TB) (asked, line func(one, other string) sigv4auth.Event) {
	tb.Helper()
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(tb, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	var action, resource string
	z := newAuthorizer(tb, sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(tb, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+
			`"Action":"*","Resource":"*"}]}`)),
		Target: func(*http.Request) (string, string) { return action, resource },
	})
	handler := a.Require(z.Check)(http.NotFoundHandler())
	signed := sign(tb, rides(), signing{})
	asked = func(act, res string) sigv4auth.Event {
		action, resource = act, res
		handler.ServeHTTP(httptest.NewRecorder(), signed.Clone(signed.Context()))
		return e
	}
	line = func(method, target string) sigv4auth.Event {
		r := rides()
		r.Method, r.RequestURI = method, target
		handler.ServeHTTP(httptest.NewRecorder(), r)
		return e
	}
	return asked, line
}

// maxEventText is how much of a text an event quotes.
const maxEventText = 2048

// readEventText reads a text of an event back: what it begins with, and of one that was too long
// its length and its digest. It shows that no two texts are the same in an event, but for two that
// have one SHA-256.
func readEventText(tb testing.TB, s string) (beginning, rest string) {
	tb.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] < ' ' || s[i] > '~':
			tb.Fatalf("%.100q holds the byte %#x", s, s[i])
		case s[i] != '\\':
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], `\\`):
			b.WriteByte('\\')
			i++
		case strings.HasPrefix(s[i:], `\x`) && i+3 < len(s):
			c, err := hex.DecodeString(s[i+2 : i+4])
			if err != nil || c[0] >= ' ' && c[0] <= '~' {
				tb.Fatalf("%.100q: %q at %d", s, s[i:i+4], i)
			}
			b.WriteByte(c[0])
			i += 3
		case strings.HasPrefix(s[i:], `\(`):
			return b.String(), s[i:]
		default:
			tb.Fatalf("%.100q: %.100q is no escape", s, s[i:])
		}
	}
	return b.String(), ""
}

// isEventText fails unless got is what an event holds of want.
func isEventText(tb testing.TB, field, got, want string) {
	tb.Helper()
	beginning, rest := readEventText(tb, got)
	wantRest := ""
	if len(want) > maxEventText {
		wantRest = fmt.Sprintf(`\(%d bytes, sha256 %x)`, len(want), sha256.Sum256([]byte(want)))
		want = want[:maxEventText]
	}
	if beginning != want || rest != wantRest {
		tb.Errorf("%s: %.100q reads as %.100q and %q; want %.100q and %q", field, got, beginning, rest, want, wantRest)
	}
}

// TestEventTexts: threat 214. Two texts that differ are two in an event, whatever they hold, and
// those that are usual stay as they are: a text that held the escape of another was taken for it.
func TestEventTexts(t *testing.T) {
	t.Parallel()
	asked, line := eventTexts(t)
	const bucket = "arn:aws:s3:::bucket/"
	for _, usual := range []string{bucket + "a%20b", bucket + "a b", bucket + "x*?$+,;:@&=~!'()[]{}|^`\"<>#.jpg"} {
		if got := asked("s3:GetObject", usual); got.Resource != usual || got.Action != "s3:GetObject" {
			t.Errorf("%q is %q, %q in an event", usual, got.Resource, got.Action)
		}
	}
	for _, usual := range []string{"/prod/rides/a%20b", "/prod/rides/%C3%BC", "/prod/ride"} {
		if got := line("PURGE", usual+"?limit=1"); got.Path != usual || got.Method != "PURGE" {
			t.Errorf("%q is %q, %q in an event", usual, got.Path, got.Method)
		}
	}
	long := strings.Repeat("a", maxEventText)
	odd := []string{
		"", "a\n", "a%0A", "a%0a", `a\n`, `a\x0a`, `a\\x0a`, `a\`, `a\\`, "\u00fc", "%C3%BC", `\xc3\xbc`,
		"\x1b[31m", "%1B[31m", "\xff", "%FF", `\(1 bytes, sha256 00)`, "\x7f", "%7F",
		long, long + "a", long + "b", long + "...", long[1:] + "\n",
		strings.Repeat("\n", maxEventText), strings.Repeat("\n", maxEventText+1),
		asked("x", long+"a").Resource,
	}
	resources, methods, paths := map[string]string{}, map[string]string{}, map[string]string{}
	distinct := func(field string, of map[string]string, got, text string) {
		t.Helper()
		isEventText(t, field, got, text)
		if other, ok := of[got]; ok {
			t.Errorf("%s: %q and %q are both %q", field, text, other, got)
		}
		of[got] = text
	}
	for _, text := range odd {
		e := asked(text, text)
		distinct("Resource", resources, e.Resource, text)
		isEventText(t, "Action", e.Action, text)
		e = line(text, text)
		distinct("Method", methods, e.Method, text)
		distinct("Path", paths, e.Path, text)
	}
}

// FuzzEventTexts: threat 214, as TestEventTexts has it, for any text.
func FuzzEventTexts(f *testing.F) {
	asked, line := eventTexts(f)
	for _, seed := range []string{"", "a%0A", "a\n", `a\x0a`, `\\`, "\u00fc", `a\(1 bytes`} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		e := asked(one, other)
		isEventText(t, "Action", e.Action, one)
		isEventText(t, "Resource", e.Resource, other)
		e = line(one, other)
		isEventText(t, "Method", e.Method, one)
		path, _, _ := strings.Cut(other, "?")
		isEventText(t, "Path", e.Path, path)
	})
}

// TestEventsTellTextsApart: bytes beyond ASCII are escaped, not lost.
func TestEventsTellTextsApart(t *testing.T) {
	t.Parallel()
	resources := map[string]bool{}
	for _, path := range []string{"/prod/%C3%BC", "/prod/%C3%B6"} {
		var e sigv4auth.Event
		n := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
		r := request("GET", "/", "")
		r.RequestURI = path
		r.URL, _ = url.ParseRequestURI(path)
		a.Require(newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()}).Check)(&spy{}).ServeHTTP(httptest.NewRecorder(),
			sign(t, r, signing{}))
		resources[e.Resource] = true
	}
	if len(resources) != 2 || !resources[`arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/\xc3\xbc`] {
		t.Errorf("resources %v", resources)
	}
}

// TestEventPolicyTexts: threat 214. What policies and their store call themselves is no text of the
// request, but is in the same line of a log: a resource policy may have any Sid.
func TestEventPolicyTexts(t *testing.T) {
	t.Parallel()
	const odd = "one\n\u009b31m\\two"
	doc := `{"Version":"2012-10-17","Statement":[{"Sid":"one\n\u009b31m\\two","Effect":"Deny",` +
		`"Principal":"*","Action":"*","Resource":"*"}]}`
	policy, err := iampolicy.Parse([]byte(doc), iampolicy.ResourcePolicy, iampolicy.WithName(odd))
	if err != nil {
		t.Fatal(err)
	}
	var e sigv4auth.Event
	n := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &n) })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		ResourcePolicy: policy,
		Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
			return iampolicy.Set{}, odd, nil
		}),
	})
	a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if e.Decision.Outcome != iampolicy.ExplicitDeny {
		t.Fatalf("%+v", e)
	}
	isEventText(t, "Decision.Sid", e.Decision.Sid, odd)
	isEventText(t, "Decision.PolicyName", e.Decision.PolicyName, odd)
	isEventText(t, "PolicyRevision", e.PolicyRevision, odd)
}
