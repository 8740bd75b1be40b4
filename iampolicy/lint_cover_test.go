package iampolicy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// findings returns what Validate says, with all the time that it takes.
func findings(doc []byte, kind iampolicy.PolicyType, options ...iampolicy.ParseOption) []iampolicy.Finding {
	list, err := iampolicy.Validate(context.Background(), doc, kind, options...)
	if err != nil {
		panic(err) // unreachable: the context does not end
	}
	return list
}

// redundant returns what Validate says of redundant elements, as index and message.
func redundant(doc []byte, kind iampolicy.PolicyType, options ...iampolicy.ParseOption) (list []string) {
	for _, f := range findings(doc, kind, options...) {
		if f.Code == iampolicy.CodeRedundantAction || f.Code == iampolicy.CodeRedundantResource {
			list = append(list, f.Path+": "+f.Message)
		}
	}
	return list
}

// pairCovers is the rule by the texts: wide matches the text of narrow, whose wildcards
// only a star may take, and a pattern with question marks covers plain texts only.
func pairCovers(wide, narrow string) bool {
	plain := !strings.ContainsAny(narrow, "*?")
	switch {
	case wide == "*":
		return true
	case narrow == "*" || !plain && (strings.Contains(wide, "?") || !strings.Contains(wide, "*")):
		return false
	}
	symbols := func(s string) []symbol { list, _ := naiveSymbols(s, nil); return list }
	if !strings.HasPrefix(wide, "arn:") {
		return naiveGlob(symbols(naiveLower(wide)), naiveCharacters(naiveLower(narrow)))
	}
	head, tail := wide[:strings.LastIndexByte(wide, ':')+1], wide[strings.LastIndexByte(wide, ':')+1:]
	rest, ok := strings.CutPrefix(narrow, head)
	return ok && !strings.ContainsAny(head, "*?") && naiveGlob(symbols(tail), naiveCharacters(rest))
}

// TestRedundancyIsThatOfPairs: elements that are looked up are found redundant where
// holding each against each other would find them so, and by the same one (threat 245).
func TestRedundancyIsThatOfPairs(t *testing.T) {
	t.Parallel()
	found := 0
	for seed := range uint64(3000) {
		d := newDice(1<<43 + seed)
		element, make := "Action", func() string {
			return d.one("*", "s3:*", "s3:", "S3:", "s3:", "s?:", "s*:", "*:", "sqs:") + d.one("a", "A", "b", "aa", "*", "?") +
				d.one("", "a", "*", "b?", "a*b", "*a*")
		}
		if d.in(2) {
			element, make = "Resource", func() string {
				if d.in(20) {
					return "*"
				}
				return d.one("arn:aws:s3:::", "arn:aws:s3:::", "arn:aws:s3:::", "arn:aws:s3:us-east-1::", "arn:*:s3:::") +
					d.one("a", "ab", "/", "*", "?", "") + d.one("", "a", "*", "b?", "a*b", "*a*", "/*")
			}
		}
		list := []string{}
		for range 2 + d.IntN(14) {
			text := make()
			if strings.Contains(text, "**") || strings.HasPrefix(text, "*a") || text == "*b" || strings.HasPrefix(text, "*?") ||
				element == "Action" && !strings.Contains(text, ":") && text != "*" {
				continue
			}
			list = append(list, text)
		}
		if len(list) == 0 {
			continue
		}
		st := map[string]any{"Effect": "Deny", "Action": "s3:a", "Resource": "arn:aws:s3:::a"}
		st[element] = list
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{st}})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, narrow := range list {
			for j, wide := range list {
				if i != j && pairCovers(wide, narrow) && (j < i || !pairCovers(narrow, wide)) {
					want = append(want, fmt.Sprintf("Statement[0].%s[%d]: %q is covered by %q", element, i, narrow, wide))
					break
				}
			}
		}
		found += len(want)
		if got := redundant(doc, iampolicy.IdentityPolicy); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s\ngot  %q\nwant %q", seed, doc, got, want)
		}
	}
	if found < 3000 {
		t.Errorf("only %d elements were redundant", found)
	}
}

// TestRedundancyBeyondTwoHundred: an element is found wherever in a list it stands.
func TestRedundancyBeyondTwoHundred(t *testing.T) {
	t.Parallel()
	var actions []string
	for i := range 1000 {
		actions = append(actions, fmt.Sprintf(`"s3:A%d"`, i))
	}
	doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":[` + strings.Join(actions, ",") +
		`,"s3:B*","s3:*C*D","s3:b7","s3:aCcD","S3:a999"],"Resource":"*"}}`
	got := redundant([]byte(doc), iampolicy.IdentityPolicy)
	want := []string{
		`Statement.Action[1002]: "s3:b7" is covered by "s3:B*"`,
		`Statement.Action[1003]: "s3:aCcD" is covered by "s3:*C*D"`,
		`Statement.Action[1004]: "S3:a999" is covered by "s3:A999"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRedundancyOfCompletedResources: a resource that is completed or expanded is compared
// as the ARN that it stands for. Validate panicked on the text, which is shorter.
func TestRedundancyOfCompletedResources(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, resources string
		kind            iampolicy.PolicyType
		want            []string
	}{
		{
			"five parts", `"arn:aws:s3::","arn:aws:s3:::b"`, iampolicy.IdentityPolicy,
			[]string{`Statement.Resource[1]: "arn:aws:s3:::b" is covered by "arn:aws:s3::"`},
		},
		{"three parts", `"arn:aws:s3","arn:aws:s3:::b"`, iampolicy.IdentityPolicy, nil},
		{
			"the short form",
			`"execute-api:/prod/*","execute-api:/prod/GET/a","arn:aws:execute-api:us-east-1:111122223333:abc/prod/POST/a"`,
			iampolicy.ResourcePolicy,
			[]string{
				`Statement.Resource[1]: "execute-api:/prod/GET/a" is covered by "execute-api:/prod/*"`,
				`Statement.Resource[2]: "arn:aws:execute-api:us-east-1:111122223333:abc/prod/POST/a" is covered by "execute-api:/prod/*"`,
			},
		},
		{
			"escapes", `"arn:aws:s3:::b${*}*","arn:aws:s3:::b*c","arn:aws:s3:::b$*","arn:aws:s3:::b${*}c"`, iampolicy.IdentityPolicy,
			[]string{`Statement.Resource[3]: "arn:aws:s3:::b${*}c" is covered by "arn:aws:s3:::b*c"`},
		},
		{
			"an escape that says the same", `"arn:aws:s3:::b${$}","arn:aws:s3:::b$"`, iampolicy.IdentityPolicy,
			[]string{`Statement.Resource[1]: "arn:aws:s3:::b$" is covered by "arn:aws:s3:::b${$}"`},
		},
	}
	for _, tt := range tests {
		principal := ""
		if tt.kind == iampolicy.ResourcePolicy {
			principal = `"Principal":{"AWS":"111122223333"},`
		}
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:Get","Resource":[` + tt.resources + `],` + principal +
			`"Sid":"a"}}`
		got := redundant([]byte(doc), tt.kind, iampolicy.WithAPIGateway("us-east-1", "111122223333", "abc"))
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestValidateOfMoreMistakesThanAreTold: a statement with a mistake is not looked at
// further, also where the mistake is no longer written down. Validate panicked.
func TestValidateOfMoreMistakesThanAreTold(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		`"Action":["s3:Get","bad"],"Resource":"*"`, `"Action":"s3:Get","Resource":["*","bad"]`, `"Action":"s3:Get"`,
		`"Action":"s3:Get","Resource":"*","Condition":{"Bad":{"x:k":"v"}}`,
		`"Action":"s3:Get","Resource":"*","Condition":{"NumericEquals":{"x:k":["1","bad"]}}`,
		`"Action":"s3:Get","Resource":"*","Condition":7`, `"Action":"s3:Get","Resource":"*","Principal":7`,
	} {
		doc := []byte(`{"Version":"2012-10-17","Statement":[` + strings.Repeat(`{"Effect":"Allow",`+bad+`},`, 150) + `{"Effect":"Allow",` +
			bad + `}]}`)
		for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
			list := findings(doc, kind)
			mistakes := 0
			for _, f := range list {
				if f.Severity == iampolicy.SeverityError {
					mistakes++
				}
			}
			if mistakes != 100 && (kind == iampolicy.IdentityPolicy || mistakes != 0) {
				t.Errorf("%v, %s: %d mistakes", kind, bad, mistakes)
			}
		}
	}
}

// TestLongNamesAreCutInPaths: a name of a document may be as long as the document, and all
// findings lie below it (threat 245).
func TestLongNamesAreCutInPaths(t *testing.T) {
	t.Parallel()
	key := "x:" + strings.Repeat("ä", 200_000)
	doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get","Resource":"*","Condition":{"StringLike":{"` + key +
		`":["a"` + strings.Repeat(`,"b"`, 2000) + `]}}}}`
	list := findings([]byte(doc), iampolicy.IdentityPolicy)
	if len(list) < 1000 {
		t.Fatalf("%d findings", len(list))
	}
	for _, f := range list {
		if len(f.Path) > 400 || f.Path != strings.ToValidUTF8(f.Path, "") {
			t.Fatalf("a path of %d bytes: %.300q", len(f.Path), f.Path)
		}
	}
	if want := "Statement.Condition.StringLike.x:" + strings.Repeat("ä", 127) + "…[7]"; !slices.ContainsFunc(list,
		func(f iampolicy.Finding) bool { return f.Path == want }) {
		t.Errorf("no path is %q", want)
	}
}

// TestEmptyRangesOfManyBounds: of several bounds the loosest counts.
func TestEmptyRangesOfManyBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		above, below string
		empty        bool
	}{
		{`"5"`, `"5"`, true},
		{`"5","4"`, `"5"`, false},
		{`"5","7"`, `"3","5"`, true},
		{`"5","7"`, `"3","6"`, false},
		{`"5","7","5.0"`, `"3","5.00"`, true},
		{`"-1e3"`, `"-1001","-1002"`, true},
		{`"-1e3"`, `"-1001","-2"`, false},
	} {
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:Get","Resource":"*",` +
			`"Condition":{"NumericGreaterThan":{"x:k":[` +
			tt.above + `]},"NumericLessThanEquals":{"X:K":[` + tt.below + `]}}}}`
		empty := slices.ContainsFunc(findings([]byte(doc), iampolicy.IdentityPolicy),
			func(f iampolicy.Finding) bool { return f.Code == iampolicy.CodeEmptyRange })
		if empty != tt.empty {
			t.Errorf("above %s, not above %s: empty %v", tt.above, tt.below, empty)
		}
	}
}
