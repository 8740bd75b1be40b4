package iampolicy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
)

var ridesAPI = iampolicy.WithAPIGateway("us-east-1", account, "rides")

// Every row is a document and how it is printed.
func TestPrint(t *testing.T) {
	const all = `"Effect":"Allow","Action":"*","Resource":"*"`
	st := func(members string) string { return `{"Statement":[{` + members + `}]}` }
	when := func(condition string) string { return st(all + `,"Condition":{` + condition + `}`) }
	tests := []struct {
		name string
		kind iampolicy.PolicyType
		doc  string
		want string
	}{
		{"as it is", iampolicy.IdentityPolicy, document(`{"Sid":"One",` + all + `}`), document(`{"Sid":"One",` + all + `}`)},
		{
			"elements in AWS's order", iampolicy.ResourcePolicy,
			`{"Statement":[{"Resource":"*","Condition":{"Bool":{"a:b":"true"}},"Action":"*","Principal":"*","Effect":"Deny",` +
				`"Sid":"a b"}],"Id":"i","Version":"2008-10-17"}`,
			`{"Version":"2008-10-17","Id":"i","Statement":[{"Sid":"a b","Effect":"Deny","Principal":"*","Action":"*","Resource":"*",` +
				`"Condition":{"Bool":{"a:b":"true"}}}]}`,
		},
		{
			"statements in the document's order, whatever their effect", iampolicy.IdentityPolicy,
			document(`{"Sid":"z",`+all+`}`, `{"Effect":"Deny","Action":"a:b","Resource":"*"}`, `{"Sid":"a",`+all+`}`),
			document(`{"Sid":"z",`+all+`}`, `{"Effect":"Deny","Action":"a:b","Resource":"*"}`, `{"Sid":"a",`+all+`}`),
		},
		{"no white space", iampolicy.IdentityPolicy, " {\n\t\"Statement\" : [ {\r\n" + strings.ReplaceAll(all, ":", " : ") + "} ] } ", st(all)},
		{"a Version that is missing stays so", iampolicy.IdentityPolicy, st(all), st(all)},
		{"one statement is a list", iampolicy.IdentityPolicy, `{"Statement":{` + all + `}}`, st(all)},
		{
			"an empty Sid and Id are left out", iampolicy.ResourcePolicy, `{"Id":"","Statement":[{"Sid":"","Principal":"*",` + all + `}]}`,
			st(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`),
		},
		{
			"one value is a string", iampolicy.IdentityPolicy, st(`"Effect":"Allow","NotAction":["s3:*"],"NotResource":["arn:aws:s3:::a"]`),
			st(`"Effect":"Allow","NotAction":"s3:*","NotResource":"arn:aws:s3:::a"`),
		},
		{
			"several are a list, in their order, repeated or not", iampolicy.IdentityPolicy,
			st(`"Effect":"Allow","Action":["s3:b","S3:A","s3:b"],"Resource":["*","arn:aws:s3:::*"]`),
			st(`"Effect":"Allow","Action":["s3:b","S3:A","s3:b"],"Resource":["*","arn:aws:s3:::*"]`),
		},
		{
			"a short ARN stays short", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"`),
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3"`),
		},
		{
			"variables and wildcards as written", iampolicy.IdentityPolicy,
			document(`{"Effect":"Allow","Action":"s?:*","Resource":"arn:aws:s3:::**/${AWS:username}/${x:t, 'a'}${*}"}`), "",
		},
		{
			"variables with defaults", iampolicy.IdentityPolicy,
			document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${x:t,  'it'}/${x:t, ''  }${$}${?}${*}"}`), "",
		},
		{
			"variables of 2008", iampolicy.IdentityPolicy, st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${"`),
			st(`"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${"`),
		},
		{
			"kinds of principals, in their order", iampolicy.TrustPolicy,
			st(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["b.amazonaws.com","a.amazonaws.com"],"AWS":["` +
				account + `"],"Federated":"accounts.google.com"}`),
			st(`"Effect":"Allow","Principal":{"Service":["b.amazonaws.com","a.amazonaws.com"],"AWS":"` + account +
				`","Federated":"accounts.google.com"},"Action":"sts:AssumeRole"`),
		},
		{
			"everyone of AWS", iampolicy.ResourcePolicy, st(`"Principal":{"AWS":["*"]},` + all),
			st(`"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"`),
		},
		{
			"NotPrincipal", iampolicy.ResourcePolicy,
			st(`"NotPrincipal":{"AWS":"` + bob + `","CanonicalUser":["7","8"]},"Effect":"Deny","Action":"*","Resource":"*"`),
			st(`"Effect":"Deny","NotPrincipal":{"AWS":"` + bob + `","CanonicalUser":["7","8"]},"Action":"*","Resource":"*"`),
		},
		{
			"RCPFullAWSAccess", iampolicy.RCP,
			document(`{"Sid":"RCPFullAWSAccess","Effect":"Allow","Principal":"*","Action":["*"],"Resource":"*"}`),
			document(`{"Sid":"RCPFullAWSAccess","Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`),
		},
		{
			"an SCP", iampolicy.SCP, document(`{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::a"}`),
			document(`{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::a"}`),
		},
		{
			"operators and keys in their order and case", iampolicy.IdentityPolicy,
			when(`"StringLike":{"x:b":"1","X:A":["2","3"]},"ForAllValues:StringEqualsIfExists":{"x:a":"4"},"Bool":{"x:c":"TRUE"}`),
			when(`"StringLike":{"x:b":"1","X:A":["2","3"]},"ForAllValues:StringEqualsIfExists":{"x:a":"4"},"Bool":{"x:c":"TRUE"}`),
		},
		{
			"numbers and booleans are strings, as written", iampolicy.IdentityPolicy,
			when(`"NumericEquals":{"x:n":[1.50,-2E+3]},"Bool":{"x:b":true},"StringEquals":{"x:s":[1e1,false]}`),
			when(`"NumericEquals":{"x:n":["1.50","-2E+3"]},"Bool":{"x:b":"true"},"StringEquals":{"x:s":["1e1","false"]}`),
		},
		{"an empty value", iampolicy.IdentityPolicy, when(`"StringEquals":{"x:s":["",""]}`), when(`"StringEquals":{"x:s":["",""]}`)},
		{
			"no escape that is not needed", iampolicy.IdentityPolicy, when(`"StringEquals":{"x:s":"\u0061\/<>&\u00e4\""}`),
			when(`"StringEquals":{"x:s":"a/<>&ä\""}`),
		},
		{
			"characters that cannot be seen are escaped", iampolicy.IdentityPolicy,
			when(`"StringEquals":{"x:s":"\\\t\n\r\u007f\u0085` + "\u009b\u00a0\u00ad" + `"}`),
			when(`"StringEquals":{"x:s":"\\\t\n\r\u007f\u0085\u009b\u00a0\u00ad"}`),
		},
		{
			"keys that look like structure", iampolicy.IdentityPolicy, when(`"StringEquals":{"x:{":"{","x:[":["[",":"],"x\":":","}`),
			when(`"StringEquals":{"x:{":"{","x:[":["[",":"],"x\":":","}`),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.want == "" {
				tt.want = tt.doc
			}
			p, err := iampolicy.Parse([]byte(tt.doc), tt.kind)
			if err != nil {
				t.Fatal(err)
			}
			got := requirePrints(t, p)
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			requireSameJSON(t, []byte(tt.doc), got)
		})
	}
}

// What WithAPIGateway expanded is printed so, and means the same without the option.
func TestPrintExpandsTheShortForm(t *testing.T) {
	p, err := iampolicy.Parse([]byte(document(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",`+
		`"Resource":["execute-api:/prod/GET/*","*"]}`)),
		iampolicy.ResourcePolicy, ridesAPI)
	if err != nil {
		t.Fatal(err)
	}
	want := document(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",` +
		`"Resource":["arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/*","*"]}`)
	if got := requirePrints(t, p); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := iampolicy.Parse([]byte(want), iampolicy.ResourcePolicy); err != nil {
		t.Error(err)
	}
	long := document(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/` +
		strings.Repeat("x", 2000) + `"}`)
	if _, err := iampolicy.Parse([]byte(long), iampolicy.ResourcePolicy, ridesAPI); err == nil {
		t.Error("a short form is accepted whose ARN, when printed, would be refused")
	}
	for _, odd := range []string{"r\x01", "r s", "ü", "\xff", "\x7f"} {
		if _, err := iampolicy.Parse([]byte(want), iampolicy.ResourcePolicy,
			iampolicy.WithAPIGateway("us-east-1", account, odd)); err == nil {
			t.Errorf("an API ID %q is accepted", odd)
		}
	}
}

func TestPrintOfNoPolicy(t *testing.T) {
	for _, p := range []*iampolicy.Policy{nil, {}} {
		if doc, err := p.MarshalJSON(); err == nil || doc != nil || !strings.HasPrefix(err.Error(), "iampolicy: ") {
			t.Errorf("%q, %v", doc, err)
		}
		if s := p.String(); s != "" {
			t.Errorf("%q", s)
		}
	}
	if doc, err := json.Marshal(&iampolicy.Set{Resource: &iampolicy.Policy{}}); err == nil {
		t.Errorf("a Set with a zero Policy is %s", doc)
	}
}

// The printed policies of a world decide and explain as the world's do.
func TestPrintedWorldsDecideTheSame(t *testing.T) {
	for seed := range uint64(propertyWorlds / 3) {
		d := newDice(seed)
		w := d.world()
		before := w.compile(t)
		after := printedSet(t, before)
		for range 10 {
			req := w.request()
			one, two := iampolicy.Explain(t.Context(), before, req), iampolicy.Explain(t.Context(), after, req)
			if one.Decision != two.Decision || !reflect.DeepEqual(one, two) {
				t.Fatalf("seed %d: before\n%v\nprinted\n%v\n%v", seed, one, two, w)
			}
			d.ask(w)
		}
		for _, p := range w.policies() {
			doc := p.JSON(t)
			parsed, err := iampolicy.Parse(doc, p.Kind)
			if err != nil {
				t.Fatal(err)
			}
			requireSameJSON(t, doc, requirePrints(t, parsed))
		}
	}
}

// printedSet prints all policies of a Set and parses them again.
func printedSet(tb testing.TB, set *iampolicy.Set) *iampolicy.Set {
	tb.Helper()
	again := func(list []*iampolicy.Policy) (printed []*iampolicy.Policy) {
		for _, p := range list {
			printed = append(printed, parsePrinted(tb, p))
		}
		return printed
	}
	after := &iampolicy.Set{Identity: again(set.Identity), Boundaries: again(set.Boundaries), Sessions: again(set.Sessions)}
	if set.Resource != nil {
		after.Resource = parsePrinted(tb, set.Resource)
	}
	for _, level := range set.SCPs {
		after.SCPs = append(after.SCPs, again(level))
	}
	for _, level := range set.RCPs {
		after.RCPs = append(after.RCPs, again(level))
	}
	return after
}

// parsePrinted parses what p prints, as a policy of its type.
func parsePrinted(tb testing.TB, p *iampolicy.Policy) *iampolicy.Policy {
	tb.Helper()
	doc, err := p.MarshalJSON()
	if err != nil {
		tb.Fatal(err)
	}
	again, err := iampolicy.Parse(doc, p.Type(), iampolicy.WithName(p.Name()))
	if err != nil {
		tb.Fatalf("what was printed does not parse: %v\n%s", err, doc)
	}
	return again
}

// requirePrints checks that p and what it prints are printed alike, in each of the
// ways there are, and returns the document.
func requirePrints(tb testing.TB, p *iampolicy.Policy) []byte {
	tb.Helper()
	doc, err := p.MarshalJSON()
	if err != nil {
		tb.Fatal(err)
	}
	again, err := parsePrinted(tb, p).MarshalJSON()
	if err != nil || !bytes.Equal(doc, again) {
		tb.Errorf("%v\n%s\nprinted again is\n%s", err, doc, again)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(p.String())); err != nil || !bytes.Equal(compact.Bytes(), doc) {
		tb.Errorf("%v: String and MarshalJSON differ:\n%s\n%s", err, p, doc)
	}
	marshalled, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	requireSameJSON(tb, marshalled, doc)
	return doc
}

// requireSameJSON checks, with encoding/json, that a document and what was printed of
// it are the same but for what is printed in one way.
func requireSameJSON(tb testing.TB, doc, printed []byte) {
	tb.Helper()
	if one, two := plainJSON(tb, doc), plainJSON(tb, printed); !reflect.DeepEqual(one, two) {
		tb.Errorf("-document +printed\n%s", cmp.Diff(one, two))
	}
}

// plainJSON decodes a document, with a list of one as its value and numbers and
// booleans as strings, without an empty Sid and Id.
func plainJSON(tb testing.TB, doc []byte) any {
	tb.Helper()
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value map[string]any
	if err := decoder.Decode(&value); err != nil {
		tb.Fatalf("no JSON: %v\n%s", err, doc)
	}
	var plain func(any) any
	plain = func(v any) any {
		switch v := v.(type) {
		case []any:
			if len(v) == 1 {
				return plain(v[0])
			}
			for i := range v {
				v[i] = plain(v[i])
			}
			return v
		case map[string]any:
			for key := range v {
				v[key] = plain(v[key])
			}
			return v
		}
		return fmt.Sprint(v)
	}
	plain(value)
	if value["Id"] == "" {
		delete(value, "Id")
	}
	statements, isList := value["Statement"].([]any)
	if !isList {
		statements = []any{value["Statement"]}
	}
	for _, st := range statements {
		if st := st.(map[string]any); st["Sid"] == "" {
			delete(st, "Sid")
		}
	}
	return value
}

// The documents of the corpus are printed as they are, and decide the same.
func TestPrintedCorpus(t *testing.T) {
	data, err := os.ReadFile(testneed.Shared(t, "corpus", "aspen-conditions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []corpusCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	printed := 0
	for _, c := range cases {
		var set iampolicy.Set
		for _, doc := range c.IdentityPolicies {
			p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
			if err != nil {
				if _, excluded := corpusExclusions[c.Name]; !excluded {
					t.Errorf("%s: %v", c.Name, err)
				}
				continue
			}
			printed++
			requireSameJSON(t, doc, requirePrints(t, p))
			set.Identity = append(set.Identity, p)
		}
		req := c.request()
		if one, two := iampolicy.Evaluate(&set, req), iampolicy.Evaluate(printedSet(t, &set), req); one != two {
			t.Errorf("%s: %+v, printed %+v", c.Name, one, two)
		}
	}
	if printed < 300 {
		t.Errorf("%d documents of the corpus were printed", printed)
	}
}

// FuzzPrint: whatever parses is printed as a policy that parses, decides the same,
// and is printed the same; and encoding/json reads the same in both.
func FuzzPrint(f *testing.F) {
	for seed := range uint64(40) {
		for _, p := range newDice(seed).world().policies() {
			f.Add(p.JSON(f), uint8(p.Kind), seed, false)
		}
	}
	f.Add([]byte(`{"Id":"\u00ad","Statement":{"Sid":"\"\\\t","Effect":"Allow","Principal":"*","Action":["*"],`+
		`"Resource":"execute-api:/*"}}`),
		uint8(iampolicy.ResourcePolicy), uint64(1), true)
	f.Add([]byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":[true]},"NumericEquals":{"{":1E1,`+
		`"\u007f":[1,2]}}}}`),
		uint8(iampolicy.IdentityPolicy), uint64(2), false)
	f.Fuzz(func(t *testing.T, doc []byte, kind uint8, seed uint64, expand bool) {
		if len(doc) > 64<<10 {
			return // what is printed may be longer, and so longer than Parse takes
		}
		var opts []iampolicy.ParseOption
		if expand {
			opts = append(opts, ridesAPI)
		}
		p, err := iampolicy.Parse(doc, iampolicy.PolicyType(kind), opts...)
		if err != nil {
			return
		}
		printed := requirePrints(t, p)
		if !expand {
			requireSameJSON(t, doc, printed)
		}
		again := parsePrinted(t, p)
		d := newDice(seed)
		w := d.world()
		for range 8 {
			req := w.request()
			if one, two := evaluateAlone(p, req), evaluateAlone(again, req); one != two {
				t.Fatalf("%v, printed %v\n%s", one, two, printed)
			}
			d.ask(w)
		}
	})
}
