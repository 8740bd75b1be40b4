package iampolicy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// text returns a few letters of a small alphabet, so that texts often share
// beginnings, endings and insides.
func (d dice) text(most int) string {
	b := make([]byte, d.IntN(most+1))
	for i := range b {
		b[i] = "ab/1"[d.IntN(4)]
	}
	return string(b)
}

// manyStatements returns statements of which an index has much to tell apart.
func (d dice) manyStatements(n int) []map[string]any {
	list := make([]map[string]any, n)
	for i := range list {
		st := map[string]any{"Effect": d.one("Allow", "Allow", "Deny"), "Sid": fmt.Sprintf("s%d", i)}
		st[d.one("Action", "Action", "Action", "Action", "Action", "Action", "NotAction")] = d.some(func() string {
			return d.one("s3:Get", "s3:get", "s3:GetObject", "s3:G*", "s3:*", "S3:GET*", "*", "*:Get", "s?:Get", "sqs:*", "s3:Put", "s*:*",
				"s3:GetO?ject")
		})
		st[d.one("Resource", "Resource", "Resource", "Resource", "Resource", "NotResource")] = d.some(func() string {
			var tail strings.Builder
			tail.WriteString(d.text(6))
			for range d.IntN(3) {
				tail.WriteString(d.one("*", "*", "?", "${x:v}", "${*}") + d.text(6))
			}
			return d.one("arn:aws:s3:::", "arn:aws:s3:::", "arn:aws:s3:::", "arn:*:s3:*::", "arn:aws:s*:::", "arn:aws:s3:?::") +
				tail.String()
		})
		if d.IntN(2) == 0 {
			// Many resources alike leave it to the conditions to tell statements apart.
			delete(st, "NotResource")
			st["Resource"] = d.one("*", "arn:aws:s3:::*")
			st["Condition"] = d.manyConditions()
		}
		list[i] = st
	}
	return list
}

// manyConditions returns conditions on a few keys, of which two have the same hash.
func (d dice) manyConditions() map[string]any {
	conditions := map[string]any{}
	for range 1 + d.IntN(3) {
		operator := d.one("StringEquals", "StringEquals", "StringEqualsIgnoreCase", "ForAnyValue:StringEquals", "StringLike",
			"StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals", "ArnEquals", "ForAnyValue:ArnLike", "ArnNotEquals")
		conditions[operator] = map[string]any{d.one("x:v", "X:V", "x:many", "x:none", "x:[", "x:{"): d.some(func() string {
			if strings.Contains(operator, "Arn") {
				return d.one("arn:aws:s3:::", "arn:aws:s3:::a", "arn:aws:s3:::*", "arn:*:s3:::a")
			}
			return d.one(d.text(1), d.text(2), "A", "B/", "${x:v}", "a*", "${*}")
		})}
	}
	return conditions
}

// A policy of many statements, which is indexed, decides as its statements do each
// in a policy of its own, which are walked (threat 239).
func TestIndexLeavesNothingOut(t *testing.T) {
	matched := map[iampolicy.Outcome]int{}
	for seed := range uint64(150) {
		d := newDice(1<<42 + seed)
		statements := d.manyStatements(5 + d.IntN(120))
		whole := randomPolicy{Kind: iampolicy.IdentityPolicy, Version: "2012-10-17", Statements: statements}
		one := (&world{Identity: []randomPolicy{whole}}).compile(t)
		var apart world
		for i := range statements {
			p := whole
			p.Statements = statements[i : i+1]
			apart.Identity = append(apart.Identity, p)
		}
		each := apart.compile(t)
		for range 60 {
			req := request(d.one("s3:Get", "s3:GET", "s3:GetObject", "sqs:Get", "s3:Put", "s3:"+d.text(3)+"x"),
				"arn:aws:s3:"+d.one("", "a", "ab")+"::"+d.text(12))
			req.Context.Set("x:v", d.one(d.text(1), d.text(2), "A", "arn:aws:s3:::a"))
			req.Context.SetMany("x:many", d.text(1), d.text(2), d.one("b", "arn:aws:s3:::"))
			req.Context.Set("x:"+d.one("[", "{"), d.text(1))
			got, want := iampolicy.Evaluate(one, req), iampolicy.Evaluate(each, req)
			matched[want.Outcome]++
			if got.Outcome != want.Outcome || got.Sid != want.Sid {
				doc, _ := json.Marshal(statements)
				t.Fatalf("seed %d: %+v, apart %+v\n%s\n%+v", seed, got, want, doc, req)
			}
		}
	}
	for _, o := range []iampolicy.Outcome{iampolicy.Allow, iampolicy.ExplicitDeny, iampolicy.ImplicitDeny} {
		if matched[o] < 100 {
			t.Errorf("%v: only %d times", o, matched[o])
		}
	}
}

// The cost of a decision grows with the statements that can match. Comparisons are
// counted by the budget: a thousand statements for other buckets leave most of it.
func TestIndexSparesStatementsThatCannotMatch(t *testing.T) {
	for name, statement := range map[string]string{
		"actions":  `{"Effect":"Allow","Action":"svc:Op%d","Resource":"*"`,
		"prefixes": `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket%d/*"`,
		"suffixes": `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*/thing%d"`,
		"insides":  `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*/dept%04d/*"`,
		"wild":     `{"Effect":"Allow","Action":"svc%d:*","Resource":"*"`,
		"values":   `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`,
		"ARNs":     `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"`,
	} {
		// Each statement costs a tenth of the budget, if its condition is tested.
		values := strings.Repeat(`"n",`, 49) + `"n"`
		statements := make([]string, 1000)
		for i := range statements {
			st, more := statement, ""
			switch name {
			case "values":
				more = fmt.Sprintf(`,"StringEquals":{"x:w":["v%d","w%d"]}`, i, i)
			case "ARNs":
				more = fmt.Sprintf(`,"ArnLike":{"x:arn":"arn:aws:s3:::b%d"}`, i)
			default:
				st = fmt.Sprintf(statement, i)
			}
			statements[i] = st + `,"Condition":{"ForAnyValue:StringEquals":{"x:v":[` + values + `]}` + more + `}}`
		}
		set := identity(t, statements...)
		req := request("s3:GetObject", "arn:aws:s3:::bucket777/dept0777/thing777")
		switch name {
		case "actions":
			req.Action = "svc:Op777"
		case "wild":
			req.Action = "svc777:Op"
		}
		many := make([]string, 2000)
		many[len(many)-1] = "n"
		req.Context.SetMany("x:v", many...)
		fill(&req.Context, "x:w=w777", "x:arn=arn:aws:s3:::b777")
		if d := iampolicy.Evaluate(set, req); !d.Allowed() || d.Statement != 777 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A resource that leads to the same statements many times costs no more than one
// that does so once: else its caller could exhaust the budget, and be denied.
func TestIndexTriesAStatementOnce(t *testing.T) {
	var nested []string
	for i := range 200 {
		nested = append(nested, `"arn:aws:s3:::`+strings.Repeat("abcd", i+1)+`*"`)
	}
	const never = `"Condition":{"ForAnyValue:StringEquals":{"x:v":["n","n","n","n","n","n","n","n"]}}}`
	prefixes := `{"Effect":"Allow","Action":"s3:GetObject","Resource":[` + strings.Join(nested, ",") + `],` + never
	statements := []string{prefixes, allow}
	for i := range 20 {
		statements = append(statements,
			fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*abcd*%d*",`, i)+never)
	}
	set := identity(t, append(statements, wildRydes, wildRydes)...)
	req := request("s3:GetObject", "arn:aws:s3:::"+strings.Repeat("abcd", 450)+"0123456789")
	req.Context.SetMany("x:v", make([]string, 2000)...)
	if d := iampolicy.Evaluate(set, req); !d.Allowed() || d.Statement != 1 {
		t.Errorf("got %+v", d)
	}
}
