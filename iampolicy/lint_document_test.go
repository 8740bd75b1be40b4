package iampolicy_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

var lastIndex = regexp.MustCompile(`\[(\d+)\]$`)

// A value that Validate calls redundant can be removed: no request is then decided
// otherwise.
func TestWhatIsRedundantCanBeRemoved(t *testing.T) {
	removed := 0
	for seed := range uint64(400) {
		d := newDice(1<<43 + seed)
		list := func(choose func() string) []string {
			values := make([]string, 2+d.IntN(5))
			for i := range values {
				values[i] = choose()
			}
			return values
		}
		st := map[string]any{"Effect": "Allow"}
		st["Action"] = list(func() string {
			return d.one("s3:", "s3:", "S3:", "s*:", "?3:") + strings.ReplaceAll(d.text(2), "/", "b") + d.one("", "*", "?", "*?", "?*") +
				d.one("", "", "a", "*b")
		})
		st["Resource"] = list(func() string {
			return d.one("arn:aws:s3:::", "arn:aws:s3:::", "arn:aws:s3:::", "arn:*:s3:::", "arn:aws:s3:*::") +
				d.text(2) + d.one("", "*", "?", "${x:v}", "*?") + d.text(1) + d.one("", "", "*", "?")
		})
		for i, a := range st["Action"].([]string) {
			if a[len(a)-1] == ':' {
				st["Action"].([]string)[i] = a + "*"
			}
		}
		actions, resources := slices.Clone(st["Action"].([]string)), slices.Clone(st["Resource"].([]string))
		before := parseOne(t, st)
		for _, f := range slices.Backward(validate(t, documentOf(t, st), iampolicy.IdentityPolicy)) {
			m := lastIndex.FindStringSubmatch(f.Path)
			if m == nil {
				continue
			}
			i, _ := strconv.Atoi(m[1])
			switch f.Code {
			case iampolicy.CodeRedundantAction:
				actions = slices.Delete(actions, i, i+1)
				removed++
			case iampolicy.CodeRedundantResource:
				resources = slices.Delete(resources, i, i+1)
				removed++
			}
		}
		st["Action"], st["Resource"] = actions, resources
		after := parseOne(t, st)
		for range 300 {
			req := request("s3:"+d.text(4)+"x", "arn:aws:s3:"+d.one("", "", "a")+"::"+d.text(5))
			if d.in(2) {
				req.Action = "s3:" + d.one("a", "b", "ab", "aa", "ba", "abb", "1")
			}
			req.Context.Set("x:v", d.text(1))
			if b, a := evaluateAlone(before, req), evaluateAlone(after, req); b.Outcome != a.Outcome {
				t.Fatalf("seed %d: %v before, %v after %v\n%s\n%+v", seed, b.Outcome, a.Outcome, st, before.Name(), req)
			}
		}
	}
	if removed < 200 {
		t.Errorf("only %d values were redundant", removed)
	}
}

func documentOf(t *testing.T, st map[string]any) []byte {
	t.Helper()
	doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": st})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func parseOne(t *testing.T, st map[string]any) *iampolicy.Policy {
	t.Helper()
	doc := documentOf(t, st)
	p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy, iampolicy.WithName(string(doc)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A statement of which Validate says that it never applies never does.
func TestWhatNeverAppliesNeverDoes(t *testing.T) {
	said, applied := 0, 0
	for seed := range uint64(600) {
		d := newDice(1<<44 + seed)
		maybe := func() string { return d.one("", "", "IfExists") }
		conditions := map[string]any{}
		for range 2 + d.IntN(2) {
			switch d.IntN(4) {
			case 0:
				conditions["Null"] = map[string]any{"x:n": d.one("true", "false")}
			case 1:
				conditions[d.one("", "ForAnyValue:", "ForAllValues:")+"NumericEquals"+maybe()] = map[string]any{"x:n": "3"}
			default:
				bound := func() string { return d.one("1", "2", "3", "4") }
				conditions["NumericLessThan"+d.one("", "Equals")+maybe()] = map[string]any{"x:n": d.some(bound)}
				conditions["NumericGreaterThan"+d.one("", "Equals")+maybe()] = map[string]any{"x:n": d.some(bound)}
			}
		}
		st := map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": conditions}
		never := slices.ContainsFunc(validate(t, documentOf(t, st), iampolicy.IdentityPolicy), func(f iampolicy.Finding) bool {
			return f.Code == iampolicy.CodeNullContradicted || f.Code == iampolicy.CodeEmptyRange
		})
		if never {
			said++
		}
		p := parseOne(t, st)
		for value := range 12 {
			req := request("s3:GetObject", object)
			switch value {
			case 0:
			case 1:
				req.Context.SetMany("x:n")
			case 2:
				req.Context.SetMany("x:n", "3", "2")
			default:
				req.Context.Set("x:n", fmt.Sprint(float64(value-3)/2))
			}
			if evaluateAlone(p, req).Allowed() {
				applied++
				if never {
					t.Fatalf("seed %d: applies\n%s", seed, p.Name())
				}
			}
		}
	}
	if said < 50 || applied < 200 {
		t.Errorf("said of %d statements; others applied %d times", said, applied)
	}
}
