package iampolicy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// A globDice makes patterns and texts that nearly match each other: of few different
// characters, so that much of a pattern matches at many places.
type globDice struct {
	*rand.Rand
	chars []string
}

var globAlphabets = [][]string{
	{"a"},
	{"a", "b"},
	{"a", "b", "A", "/"},
	{"a", "é"},
	{"a", "é", "ã", "\u0083"},          // é and ã are c3 a9 and c3 a3
	{"a", "é", "\xc3", "\xa9"},         // whole, and in pieces
	{"a", "\xe2", "\x82", "€", "\xac"}, // breaks off after one byte, and after two
	{"a", "\U0001F984", "\xf0", "\x9f", "é"},
	{"*", "?", "$", "{", "}", "a"},
	{"\x80", "\x81", "\xbf", "\xc0", "\xff"},
}

func newGlobDice(seed uint64) globDice {
	r := rand.New(rand.NewPCG(seed, 2))
	return globDice{r, globAlphabets[r.IntN(len(globAlphabets))]}
}

func (d globDice) text(most int) string {
	var b strings.Builder
	n := d.IntN(most + 1)
	period := 1 + d.IntN(8)
	var seen []string
	for i := range n {
		char := d.chars[d.IntN(len(d.chars))]
		if i >= period && d.IntN(8) > 0 {
			char = seen[i-period] // texts that repeat themselves keep much of a pattern alive
		}
		seen = append(seen, char)
		b.WriteString(char)
	}
	return b.String()
}

// pattern returns a pattern made of a text, so that it often matches it: pieces are left out
// for stars, and characters for question marks. With vars, some become the variable.
func (d globDice) pattern(text, value string, vars bool) string {
	var b strings.Builder
	questions, stars := d.IntN(3) > 0, 1+d.IntN(60)
	chars, left := naiveCharacters(text), 16
	for i := 0; i < len(chars); i++ {
		char := chars[i]
		switch {
		case d.IntN(stars) == 0:
			b.WriteByte('*')
			i += d.IntN(1 + len(chars)/4)
		case questions && d.IntN(3) == 0 || !validInPolicy(char):
			b.WriteByte('?')
		case vars && left > 0 && value != "" && d.IntN(12) == 0:
			left--
			b.WriteString("${x:v}")
		case char == "$":
			b.WriteString("${$}")
		case d.IntN(40) == 0:
			b.WriteString("b")
		default:
			b.WriteString(char)
		}
	}
	return b.String()
}

// validInPolicy reports whether a document may have the character as it is.
func validInPolicy(char string) bool {
	r := []rune(char)[0]
	return len(char) == len(string(r)) && 0x20 <= r && r <= 0xff && (r < 0x7f || r > 0x9f)
}

// globOf returns whether a policy with the patterns matches the text, and whether the naive
// evaluator says so. The patterns are those of a String operator, of an ARN operator and of
// Resource, which must agree.
func globOf(t testing.TB, patterns []string, text, value string) (got, want bool) {
	t.Helper()
	arn, asked := "arn:aws:s3:::", "arn:aws:s3:::"
	if len(patterns) == 1 {
		arn, asked = "arn:a*:s3:*::", "arn:a\x80é:s3:\xbf::"
	}
	var arns []string
	for _, pattern := range patterns {
		want = want || naiveMatches(pattern, text, value)
		arns = append(arns, arn+pattern)
	}
	ask := func(statement map[string]any) bool {
		statement["Effect"], statement["Action"] = "Allow", "*"
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statement})
		if err != nil {
			t.Fatal(err)
		}
		p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
		if err != nil {
			t.Fatalf("%v\n%q", err, patterns)
		}
		req := request("s3:GetObject", asked+text)
		req.Context.Set("x:text", text)
		req.Context.Set("x:arn", asked+text)
		req.Context.Set("x:v", value)
		return evaluateAlone(p, req).Allowed()
	}
	got = ask(map[string]any{"Resource": "*", "Condition": map[string]any{"StringLike": map[string]any{"x:text": patterns}}})
	if as := ask(map[string]any{"Resource": "*", "Condition": map[string]any{"ArnLike": map[string]any{"x:arn": arns}}}); as != got {
		t.Errorf("%q match %q with %q: %v, as ARNs %v", patterns, text, value, got, as)
	}
	if as := ask(map[string]any{"Resource": arns}); as != got {
		t.Errorf("%q match %q with %q: %v, as resources %v", patterns, text, value, got, as)
	}
	return got, want
}

// naiveMatches is a pattern on a text, by the naive evaluator; the variable x:v has a value.
func naiveMatches(pattern, text, value string) bool {
	symbols, has := naiveSymbols(pattern, &world{Context: map[string][]string{"x:text": {text}, "x:v": {value}}})
	return has == naiveYes && naiveGlob(symbols, naiveCharacters(text))
}

// Threats 167 and 169: patterns match what the definition of * and ? says: with question marks and
// without, of one byte a character and of several, in texts and values that are no UTF-8, with
// variables whose values have special characters, with more than 64 characters between two stars,
// alone and in lists that are searched together.
func TestPatternsMatchAsTheNaiveEvaluatorSays(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(6_000) {
		d := newGlobDice(seed)
		text := d.text([]int{12, 80, 400}[d.IntN(3)])
		value := d.text(5)
		if d.IntN(20) == 0 {
			value = d.text(90)
		}
		patterns := make([]string, []int{1, 1, 12}[d.IntN(3)])
		for i := range patterns {
			of := text
			if d.IntN(2*len(patterns)) > 0 {
				of = d.text(len(text))
			}
			patterns[i] = d.pattern(of, value, d.IntN(3) == 0)
			if d.IntN(6) == 0 { // a long run in the middle
				patterns[i] = "*" + d.pattern(strings.Repeat(of, 2), value, false) + "*"
			}
		}
		got, want := globOf(t, patterns, text, value)
		if got != want {
			t.Fatalf("seed %d: %q match %q with %q: %v", seed, patterns, text, value, got)
		}
		seen[fmt.Sprintf("%d patterns, %t", min(len(patterns), 2), want)]++
	}
	for _, what := range []string{"1 patterns, true", "1 patterns, false", "2 patterns, true", "2 patterns, false"} {
		if seen[what] < 400 {
			t.Errorf("%s: only %d times", what, seen[what])
		}
	}
}

// The same of actions, whose letters match in any case (threat 166).
func TestActionPatternsMatchAsTheNaiveEvaluatorSays(t *testing.T) {
	seen := map[bool]int{}
	for seed := range uint64(4_000) {
		d := globDice{rand.New(rand.NewPCG(seed, 3)), [][]string{{"a", "A"}, {"a", "B", "b"}, {"k", "K", "S", "-"}}[seed%3]}
		name := d.text([]int{10, 200}[d.IntN(2)]) + "x"
		of := name
		if d.IntN(3) == 0 {
			of = d.text(len(name))
		}
		pattern := "s:" + d.pattern(of, "", false) + []string{"", "*", "*x"}[d.IntN(3)]
		if pattern == "s:" || len(pattern) > 256 {
			continue
		}
		if d.IntN(8) == 0 {
			name += "\u212a\xff" // the Kelvin sign is no k (threat 178)
		}
		set := identity(t, fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":"*"}`, pattern))
		want := naiveMatches(naiveLower(pattern), naiveLower("s:"+name), "")
		if got := iampolicy.Evaluate(set, request("s:"+name, object)).Allowed(); got != want {
			t.Fatalf("seed %d: %q matches %q: %v", seed, pattern, "s:"+name, got)
		}
		seen[want]++
	}
	if seen[true] < 300 || seen[false] < 300 {
		t.Errorf("%v", seen)
	}
}
