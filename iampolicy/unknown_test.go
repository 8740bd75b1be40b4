package iampolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

// Threat 252: every condition on a key whose value is not known holds in a Deny, and none in an
// Allow, whatever the operator is.
func TestUnknownKeyDenies(t *testing.T) {
	operands := map[string]string{
		"Numeric": "1", "Date": "2024", "Bool": "true", "Binary": "QQ==", "Ip": "10.0.0.0/8", "NotIp": "10.0.0.0/8",
		"Arn": "arn:aws:s3:::a", "Null": "true",
	}
	for _, base := range everyOperator {
		operand := "a"
		for prefix, text := range operands {
			if strings.HasPrefix(base, prefix) {
				operand = text
			}
		}
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, ifExists := range []string{"", "IfExists"} {
				if base == "Null" && ifExists != "" {
					continue
				}
				for _, value := range []string{
					`"` + operand + `"`, `["` + operand + `","` + strings.Replace(operand, "true", "false", 1) + `"]`,
				} {
					condition := fmt.Sprintf(`%q:{"X:v":%s}`, set+base+ifExists, value)
					req := request("s3:GetObject", object)
					req.Context.SetUnknown("x:V")
					if allowApplies, denyApplies := underCondition(t, condition, req); allowApplies || !denyApplies {
						t.Errorf("threat 252: %s: an Allow applies: %v, a Deny: %v", condition, allowApplies, denyApplies)
					}
				}
			}
		}
	}
	// Another condition still keeps the Deny from applying.
	req := request("s3:GetObject", object)
	req.Context.SetUnknown("x:v")
	if _, denies := underCondition(t, `"StringEquals":{"x:v":"a","x:w":"b"}`, req); denies {
		t.Error("a Deny applies, though its other condition does not hold")
	}
}

// Threat 252: a policy variable whose value is not known decides for the denial, and decides
// only where the rest leaves it open.
func TestUnknownVariableDenies(t *testing.T) {
	const (
		fits   = "arn:aws:s3:::home/*/a" // a star is data
		action = `"Action":"*",`
	)
	resource := func(element, pattern string) string { return action + `"` + element + `":` + pattern }
	condition := func(operator, operands string) string {
		return action + `"Resource":"*","Condition":{"` + operator + `":{"x:v":` + operands + `}}`
	}
	tests := []struct {
		name, statement           string
		allowApplies, denyApplies bool
	}{
		{"threat 252: Resource", resource("Resource", `"arn:aws:s3:::home/${x:u}/a"`), false, true},
		{"threat 252: Resource, the variable first", resource("Resource", `"arn:aws:s3:::${x:u}/a"`), false, true},
		{"threat 252: Resource, the variable last", resource("Resource", `"arn:aws:s3:::home/${x:u}"`), false, true},
		{"threat 252: Resource, the variable alone", resource("Resource", `"arn:aws:s3:::${x:u}"`), false, true},
		{"threat 252: Resource, the variable between wildcards", resource("Resource", `"arn:aws:s3:::h?me*${x:u}?*a"`), false, true},
		{"threat 252: Resource, twice", resource("Resource", `"arn:aws:s3:::${x:u}/${x:u}"`), false, true},
		{"threat 252: Resource, a default is not looked at", resource("Resource", `"arn:aws:s3:::home/${x:u, 'bob'}/a"`), false, true},
		{"threat 252: Resource, another variable has a value", resource("Resource", `"arn:aws:s3:::${x:home}/${x:u}/a"`), false, true},
		{"Resource, the rest begins otherwise", resource("Resource", `"arn:aws:s3:::other/${x:u}/a"`), false, false},
		{"Resource, the rest ends otherwise", resource("Resource", `"arn:aws:s3:::home/${x:u}/b"`), false, false},
		{"Resource, the rest has what is not there", resource("Resource", `"arn:aws:s3:::${x:u}z${x:u}"`), false, false},
		{"Resource, the rest has something else between", resource("Resource", `"arn:aws:s3:::${x:u}/?/?/${x:u}"`), false, false},
		{"Resource, the rest is too long", resource("Resource", `"arn:aws:s3:::home/${x:u}/*/a"`), false, false},
		{"Resource, another variable has no value", resource("Resource", `"arn:aws:s3:::home/${x:u}/${x:none}"`), false, false},
		{"Resource, another variable has another value", resource("Resource", `"arn:aws:s3:::home/${x:u}/${x:home}"`), false, false},
		{"Resource, another element matches", resource("Resource", `["arn:aws:s3:::home/${x:u}/a","arn:aws:s3:::home/*"]`), true, true},
		{"threat 252: NotResource", resource("NotResource", `"arn:aws:s3:::home/${x:u}/a"`), false, true},
		{"NotResource, the rest is other", resource("NotResource", `"arn:aws:s3:::other/${x:u}/a"`), true, true},
		{"NotResource, another element matches", resource("NotResource", `["arn:aws:s3:::home/${x:u}/a","arn:aws:s3:::home/*"]`), false, false},

		{"threat 252: equal", condition("StringEquals", `"a-${x:u}"`), false, true},
		{"threat 252: equal in any case", condition("StringEqualsIgnoreCase", `"A-${x:u}"`), false, true},
		{"threat 252: a pattern", condition("StringLike", `"?-${x:u}*"`), false, true},
		{"threat 252: not equal", condition("StringNotEquals", `"a-${x:u}"`), false, true},
		{"threat 252: not a pattern", condition("StringNotLike", `"?-${x:u}*"`), false, true},
		{"threat 252: equal, IfExists", condition("StringEqualsIfExists", `"a-${x:u}"`), false, true},
		{"equal, the rest is other", condition("StringEquals", `"b-${x:u}"`), false, false},
		{"not equal, the rest is other", condition("StringNotEquals", `"b-${x:u}"`), true, true},
		{"equal, another operand matches", condition("StringEquals", `["a-${x:u}","a-b"]`), true, true},
		{"not equal, another operand matches", condition("StringNotEquals", `["a-${x:u}","a-b"]`), false, false},
		{"threat 252: all", strings.Replace(condition("ForAllValues:StringEquals", `["${x:u}","c"]`), "x:v", "x:many", 1), false, true},
		{"all, one matches nothing", strings.Replace(condition("ForAllValues:StringEquals", `["a-${x:u}","c"]`), "x:v", "x:many", 1), false, false},
		{"threat 252: any", strings.Replace(condition("ForAnyValue:StringNotEquals", `["a-${x:u}","b"]`), "x:v", "x:many", 1), false, true},
		{"any, one matches", strings.Replace(condition("ForAnyValue:StringEquals", `["a-${x:u}","b"]`), "x:v", "x:many", 1), true, true},

		{"threat 252: an ARN's account", strings.Replace(condition("ArnLike", `"arn:aws:iam::${x:u}:role/*"`), "x:v", "x:arn", 1), false, true},
		{"threat 252: a whole ARN", strings.Replace(condition("ArnEquals", `"${x:u}"`), "x:v", "x:arn", 1), false, true},
		{"threat 252: not an ARN's account", strings.Replace(condition("ArnNotLike", `"arn:aws:iam::${x:u}:role/*"`), "x:v", "x:arn", 1), false, true},
		{"an ARN's account, the rest is other", strings.Replace(condition("ArnLike", `"arn:aws:iam::${x:u}:user/*"`), "x:v", "x:arn", 1), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request("s3:GetObject", fits)
			fill(&req.Context, "x:v=a-b", "x:many=[a-b,b]", "x:home=home", "x:arn=arn:aws:iam::111122223333:role/Pilot")
			req.Context.SetUnknown("X:U")
			if got := iampolicy.Evaluate(identity(t, `{"Effect":"Allow",`+tt.statement+`}`), req).Allowed(); got != tt.allowApplies {
				t.Errorf("an Allow applies: %v", got)
			}
			d := iampolicy.Evaluate(identity(t, allow, `{"Effect":"Deny",`+tt.statement+`}`), req)
			if got := d.Outcome == iampolicy.ExplicitDeny; got != tt.denyApplies {
				t.Errorf("a Deny applies: %v", got)
			}
		})
	}
}

// A key whose value is not known is there, has none, and can be given one.
func TestContextOfUnknownKeys(t *testing.T) {
	var c iampolicy.Context
	c.Set("x:a", "1")
	c.SetUnknown("X:A")
	c.SetUnknown("x:b")
	values, multivalued, ok := c.Get("x:a")
	if len(values) != 0 || multivalued || !ok || !c.Unknown("x:a") || !c.Unknown("X:B") || c.Unknown("x:c") {
		t.Errorf("%q, %v, %v", values, multivalued, ok)
	}
	if keys := slices.Collect(c.Keys()); !slices.Equal(keys, []string{"x:a", "x:b"}) {
		t.Errorf("keys: %q", keys)
	}
	c.Set("x:a", "2")
	c.SetMany("x:b", "3")
	if values, _, _ := c.Get("x:a"); !slices.Equal(values, []string{"2"}) || c.Unknown("x:a") || c.Unknown("x:b") {
		t.Errorf("after it was set: %q", values)
	}
	c.SetUnknown("x:b")
	if values, multivalued, _ := c.Get("x:b"); len(values) != 0 || multivalued {
		t.Errorf("after it was multivalued: %q, %v", values, multivalued)
	}
	if c.Delete("x:b"); c.Unknown("x:b") {
		t.Error("unknown after it was deleted")
	}
}

// Who fills a context by a KeyFilter does not miss a key whose value is not known.
func TestKeyFilterKnowsUnknownKeys(t *testing.T) {
	for _, statement := range []string{
		`"Resource":"*","Condition":{"StringEquals":{"x:v":"a"}}`,
		`"Resource":"arn:aws:s3:::${x:v}/*"`,
		`"NotResource":"arn:aws:s3:::\u0024{x:v}/*"`,
	} {
		set := identity(t, allow, `{"Effect":"Deny","Action":"*",`+statement+`}`)
		req := request("s3:GetObject", object)
		if set.KeyFilter().MayUse("X:V") {
			req.Context.SetUnknown("x:v")
		}
		if d := iampolicy.Evaluate(set, req); d.Outcome != iampolicy.ExplicitDeny {
			t.Errorf("%s: %v", statement, d.Outcome)
		}
	}
}

func TestEvaluateDoesNotAllocateForUnknownKeys(t *testing.T) {
	set := identity(t, allow,
		`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::*${x:u}?z${x:t}*"}`,
		`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"x:t":"${x:u}*${x:t}b"},"NumericLessThan":{"x:n":"1"}}}`)
	req := request("s3:GetObject", object)
	req.Context.SetUnknown("x:u")
	fill(&req.Context, "x:t=t", "x:n=ten")
	if n := testing.AllocsPerRun(100, func() { iampolicy.Evaluate(set, req) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Explain says of a Deny which applied that only what is not known lets it.
func TestExplainSaysWhatIsPresumed(t *testing.T) {
	condition := func(operator, key, values string) string {
		return `"Action":"*","Resource":"*","Condition":{"` + operator + `":{"` + key + `":` + values + `}}`
	}
	type F = iampolicy.Mismatch
	tests := []struct {
		name, statement string
		want            []F
		text            string
	}{
		{
			"no address", condition("NotIpAddress", "x:ip", `"10.0.0.0/8"`),
			[]F{
				{
					Element: "Condition", Operator: "NotIpAddress", Key: "x:ip", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"10.0.0.0/8"}, Request: []string{"10.0.0.1:443"},
				},
			},
			`Condition NotIpAddress "x:ip": the policy has "10.0.0.0/8", the value cannot be read: ` +
				`the request has "10.0.0.1:443"; what is not known denies`,
		},
		{
			"one of several is no number", condition("ForAllValues:NumericLessThan", "x:many", `"10"`),
			[]F{
				{
					Element: "Condition", Operator: "ForAllValues:NumericLessThan", Key: "x:many", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"10"}, Request: []string{"two"},
				},
			},
			`the value cannot be read: the request has "two"; what is not known denies`,
		},
		{
			"a key that is not known", condition("Null", "x:u", `"true"`),
			[]F{{Element: "Condition", Operator: "Null", Key: "x:u", Cause: iampolicy.MismatchUnknown, Policy: []string{"true"}}},
			`Condition Null "x:u": the policy has "true", the request's value is not known; what is not known denies`,
		},
		{
			"a variable that is not known", condition("StringNotEquals", "x:ip", `"10.${x:u}"`),
			[]F{
				{
					Element: "Condition", Operator: "StringNotEquals", Key: "x:ip", Cause: iampolicy.MismatchUnknown, Variable: "x:u",
					Policy: []string{"10.${x:u}"}, Request: []string{"10.0.0.1:443"},
				},
			},
			`whose variable "x:u" has a value that is not known; the request has "10.0.0.1:443"; what is not known denies`,
		},
		{
			"a variable in Resource", `"Action":"*","Resource":"arn:aws:s3:::${x:u}"`,
			[]F{
				{Element: "Resource", Cause: iampolicy.MismatchUnknown, Variable: "x:u", Policy: []string{"arn:aws:s3:::${x:u}"}, Request: []string{object}},
			},
			`Resource: the policy has "arn:aws:s3:::${x:u}", whose variable "x:u" has a value that is not known`,
		},
		{
			"a variable in NotResource", `"Action":"*","NotResource":"arn:aws:s3:::${x:u}"`,
			[]F{
				{Element: "NotResource", Cause: iampolicy.MismatchUnknown, Variable: "x:u", Policy: []string{"arn:aws:s3:::${x:u}"}, Request: []string{object}},
			},
			`NotResource: the policy has "arn:aws:s3:::${x:u}", whose variable "x:u" has a value that is not known`,
		},
		{
			"a Deny that applies in any case", condition("StringEquals", "x:ip", `["10.0.0.1:443","10.${x:u}"]`), nil,
			"by identity policy 0, statement 1 (Deny)\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request("s3:GetObject", object)
			fill(&req.Context, "x:ip=10.0.0.1:443", "x:many=[1,two]")
			req.Context.SetUnknown("x:u")
			x := iampolicy.Explain(t.Context(), identity(t, allow, `{"Effect":"Deny",`+tt.statement+`}`), req)
			if x.Decision.Outcome != iampolicy.ExplicitDeny || len(x.Statements) != 2 || !x.Statements[1].Applied() {
				t.Fatalf("%+v", x)
			}
			if diff := cmp.Diff(tt.want, x.Statements[1].Presumed); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(x.String(), tt.text) {
				t.Errorf("want %s in\n%v", tt.text, x)
			}
			// Of the same Allow it is what keeps it from applying.
			x = iampolicy.Explain(t.Context(), identity(t, `{"Effect":"Allow",`+tt.statement+`}`), req)
			if diff := cmp.Diff(tt.want, x.Statements[0].Mismatches); diff != "" {
				t.Error(diff)
			}
			if x.Statements[0].Presumed != nil {
				t.Errorf("an Allow presumes %v", x.Statements[0].Presumed)
			}
		})
	}
}
