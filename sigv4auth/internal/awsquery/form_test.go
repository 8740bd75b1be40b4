package awsquery_test

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// TestFormOfClients: forms as the SDKs write them.
func TestFormOfClients(t *testing.T) {
	t.Parallel()
	f, err := awsquery.Parse("", "Action=AssumeRole&Version=2011-06-15&Tags.member.1.Value=a+b%2Bc&&"+
		"Policy=%7B%7d&Empty=&Bare&A=1;B=2&E=a=b&U=%E2%82%AC")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Action": "AssumeRole", "Version": "2011-06-15", "Tags.member.1.Value": "a b+c", "Policy": "{}", "Empty": "", "Bare": "",
		"A": "1;B=2", "E": "a=b", "U": "€",
	} {
		if got, ok := f.Get(name); !ok || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "action", "B", "Tags", "Tags.member.1", "Z"} {
		if got, ok := f.Get(name); ok {
			t.Errorf("%q is there: %q", name, got)
		}
	}
}

// TestFormRefused: what two readers could understand differently is refused, and what is too much.
func TestFormRefused(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString(strings.Repeat("&", 5) + "a=") // empty pairs are none
	for i := range 1000 {
		many.WriteString("&" + strconv.Itoa(i) + "=")
	}
	for _, tt := range []struct {
		name  string
		texts []string
		code  string
	}{
		{"a parameter twice", []string{"A=1&B=2&A=1"}, "InvalidQueryParameter"},
		{"a parameter twice, escaped", []string{"A=1&%41=2"}, "InvalidQueryParameter"},
		{"a parameter in the query and in the body", []string{"Action=A", "Action=B"}, "InvalidQueryParameter"},
		{"a bad escape in a value", []string{"A=%zz"}, "MalformedQueryString"},
		{"a cut escape in a value", []string{"A=%4"}, "MalformedQueryString"},
		{"a bad escape in a name", []string{"A%=1"}, "MalformedQueryString"},
		{"a value that is not UTF-8", []string{"A=%ff"}, "MalformedQueryString"},
		{"a raw value that is not UTF-8", []string{"A=\xff"}, "MalformedQueryString"},
		{"an overlong slash", []string{"A=%c0%af"}, "MalformedQueryString"},
		{"a surrogate", []string{"A=%ed%a0%80"}, "MalformedQueryString"},
		{"a name that is not UTF-8", []string{"%ff=A"}, "MalformedQueryString"},
		{"no name", []string{"=A"}, "MalformedQueryString"},
		{"a long name", []string{strings.Repeat("A", 513) + "=1"}, "InvalidQueryParameter"},
		{"many parameters", []string{many.String()}, "InvalidQueryParameter"},
	} {
		_, err := awsquery.Parse(tt.texts...)
		e, ok := errors.AsType[*awsquery.Error](err)
		if !ok || e.Code != tt.code || e.HTTPStatus() != map[string]int{"InvalidQueryParameter": 400, "MalformedQueryString": 404}[e.Code] {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.code)
		}
	}
	for name, text := range map[string]string{
		"a thousand parameters": strings.TrimSuffix(many.String(), "&999="), "a name of 512 bytes": strings.Repeat("A", 512) + "=1",
	} {
		if _, err := awsquery.Parse(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFormCostIsBounded: a form of many separators, or of many names that begin alike, costs in
// proportion to its length.
func TestFormCostIsBounded(t *testing.T) {
	cost := func(tries int, text string) time.Duration {
		best := time.Hour
		for range tries {
			begin := time.Now()
			for range 4 {
				if f, err := awsquery.Parse(text); err == nil {
					awsquery.NewParams(f).Strings("A", awsquery.Rule{}, awsquery.Rule{})
				}
			}
			best = min(best, time.Since(begin))
		}
		return best
	}
	list := func(n int) string {
		var b strings.Builder
		for i := n; i > 0; i-- {
			b.WriteString("A.member." + strconv.Itoa(i) + "=&")
		}
		return b.String()
	}
	for name, make := range map[string]func(n int) string{
		"separators": func(n int) string { return strings.Repeat("&", n*100) },
		"list":       list,
		"escapes":    func(n int) string { return "A=" + strings.Repeat("%26", n*100) },
	} {
		// On a busy machine few runs are left alone: it is measured again, and longer.
		for tries := 5; ; tries *= 2 {
			small, large := cost(tries, make(60)), cost(tries, make(960))
			if large <= small*16*6 { // sixteen times the size; the rest is slack, and a logarithm
				break
			}
			if tries > 100 {
				t.Errorf("%s: %v, and %v for 16 times as much", name, small, large)
				break
			}
		}
	}
}

// FuzzForm: a form that is accepted is what net/url reads, has one canonical text, and that text is
// read as the same.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "Action=AssumeRole&Version=2011-06-15", "a=b+c%20d&e", "A=1;B=2", "a=%zz", "a=1&a=2", "=x", "&&", "a=%ff", "a=%00", "%41=1&A=2",
		"Tags.member.1.Key=k&Tags.member.1.Value=v&Tags.member.10.Key=x",
	} {
		f.Add(seed, "")
		f.Add("X-Amz-Date=1", seed)
	}
	f.Fuzz(func(t *testing.T, query, body string) {
		form, err := awsquery.Parse(query, body)
		if err != nil {
			if e, ok := errors.AsType[*awsquery.Error](err); !ok || e.HTTPStatus()/100 != 4 {
				t.Fatalf("%v", err)
			}
			return
		}
		text := form.Encode()
		again, err := awsquery.Parse(text)
		if err != nil || again.Encode() != text {
			t.Fatalf("%q becomes %q: %v", text, again.Encode(), err)
		}
		canonical, err := url.ParseQuery(text)
		if err != nil || canonical.Encode() != text {
			t.Fatalf("net/url has %q for %q: %v", canonical.Encode(), text, err)
		}
		std, err := url.ParseQuery(query + "&" + body)
		if strings.Contains(query+body, ";") {
			return // net/url refuses it
		}
		if err != nil || len(std) != len(canonical) {
			t.Fatalf("net/url reads %v; %q is accepted: %v", std, text, err)
		}
		for name, values := range std {
			if value, ok := form.Get(name); !ok || len(values) != 1 || values[0] != value {
				t.Fatalf("%q: net/url reads %q, not %q", name, values, value)
			}
		}
	})
}
