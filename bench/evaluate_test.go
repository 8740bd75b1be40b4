package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	rideARN = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"
	listARN = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/rides"
	account = "111122223333"
	session = "arn:aws:sts::111122223333:assumed-role/Rider/alice"
	iamRide = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}]}`
)

// evaluateCase is the same policies in both languages, and the request that the last of their statements allows.
type evaluateCase struct {
	name             string
	iam              []string // policy documents
	cedar            string   // one policy a statement
	action, resource string
	context          map[string]string
	denied           string // a resource that nothing allows
}

func evaluateCases() []evaluateCase {
	statements := func(n int, one func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = one(i)
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
	}
	join := func(n int, one func(i int) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(one(i) + "\n")
		}
		return b.String()
	}
	// Ten policies of ten statements with three conditions each: once each statement is about a resource of its own, and once all are about the
	// same and only their conditions differ, so that nothing can be left out.
	tenByTen := func(name, resource string) evaluateCase {
		number := func(format string, n int) string { return strings.ReplaceAll(format, "%d", fmt.Sprint(n)) }
		const condition = `"Condition":{"StringEquals":{"aws:PrincipalTag/team":"team%d"},"StringLike":{"aws:UserAgent":"client-%d/*"},"Bool":{"aws:SecureTransport":"true"}}`
		c := evaluateCase{
			name: name, action: "execute-api:Invoke", resource: number(strings.TrimSuffix(resource, "*"), 99) + "prod/POST/ride", denied: "arn:aws:execute-api:us-east-1:111122223333:other/prod/POST/ride",
			context: map[string]string{"aws:PrincipalTag/team": "team99", "aws:UserAgent": "client-99/1.0", "aws:SecureTransport": "true"},
			cedar: join(100, func(i int) string {
				return number(`permit (principal, action == Action::"execute-api:Invoke", resource) when { context.arn like "`+resource+`" && context.team == "team%d" && context.agent like "client-%d/*" && context.tls };`, i)
			}),
		}
		for p := range 10 {
			c.iam = append(c.iam, statements(10, func(i int) string {
				return number(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"`+resource+`",`+condition+`}`, p*10+i)
			}))
		}
		return c
	}
	return []evaluateCase{
		{
			name: "policy=wild-rydes", iam: []string{iamRide}, action: "execute-api:Invoke", resource: rideARN, denied: listARN,
			cedar: `permit (principal, action == Action::"execute-api:Invoke", resource) when { context.arn like "arn:aws:execute-api:*:*:*/*/*/ride" };`,
		},
		tenByTen("policies=10x10,conditions=3,differ=prefix", "arn:aws:execute-api:us-east-1:111122223333:rides%d/*"),
		tenByTen("policies=10x10,conditions=3,differ=condition", "arn:aws:execute-api:us-east-1:111122223333:rides/*"),
		{
			name: "statements=1000,differ=action", action: "execute-api:Invoke999", resource: rideARN, denied: listARN,
			iam: []string{statements(1000, func(i int) string {
				return fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke%d","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}`, i)
			})},
			cedar: join(1000, func(i int) string {
				return fmt.Sprintf(`permit (principal, action == Action::"execute-api:Invoke%d", resource) when { context.arn like "arn:aws:execute-api:*:*:*/*/*/ride" };`, i)
			}),
		},
		{
			name: "statements=1000,differ=prefix", action: "execute-api:Invoke", resource: "arn:aws:execute-api:us-east-1:111122223333:rides999/prod/POST/ride", denied: listARN,
			iam: []string{statements(1000, func(i int) string {
				return fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:111122223333:rides%d/*"}`, i)
			})},
			cedar: join(1000, func(i int) string {
				return fmt.Sprintf(`permit (principal, action == Action::"execute-api:Invoke", resource) when { context.arn like "arn:aws:execute-api:us-east-1:111122223333:rides%d/*" };`, i)
			}),
		},
		{
			name: "statements=1000,differ=behind-wildcard", action: "execute-api:Invoke", resource: "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride999", denied: listARN,
			iam: []string{statements(1000, func(i int) string {
				return fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/ride%d"}`, i)
			})},
			cedar: join(1000, func(i int) string {
				return fmt.Sprintf(`permit (principal, action == Action::"execute-api:Invoke", resource) when { context.arn like "arn:aws:execute-api:*:*:*/ride%d" };`, i)
			}),
		},
	}
}

// ours returns iampolicy's decision on the resource.
func (c evaluateCase) ours(tb testing.TB, resource string) func() bool {
	tb.Helper()
	var set iampolicy.Set
	for _, doc := range c.iam {
		p, err := iampolicy.Parse([]byte(doc), iampolicy.Identity)
		if err != nil {
			tb.Fatal(err)
		}
		set.Identity = append(set.Identity, p)
	}
	req := iampolicy.Request{Principal: iampolicy.Principal{ARN: session}, Action: c.action, Resource: resource, ResourceAccount: account}
	for k, v := range c.context {
		req.Context.Set(k, v)
	}
	return func() bool { return iampolicy.Evaluate(&set, &req).Allowed() }
}

// theirs returns cedar-go's decision on the resource, by the equivalent policies.
func (c evaluateCase) theirs(tb testing.TB, resource string) func() bool {
	tb.Helper()
	policies, err := cedar.NewPolicySetFromBytes("bench.cedar", []byte(c.cedar))
	if err != nil {
		tb.Fatal(err)
	}
	context := cedar.RecordMap{"arn": cedar.String(resource)}
	if len(c.context) > 0 {
		context["team"], context["agent"] = cedar.String(c.context["aws:PrincipalTag/team"]), cedar.String(c.context["aws:UserAgent"])
		context["tls"] = cedar.Boolean(c.context["aws:SecureTransport"] == "true")
	}
	req := cedar.Request{
		Principal: cedar.NewEntityUID("Role", "Rider"), Action: cedar.NewEntityUID("Action", cedar.String(c.action)), Resource: cedar.NewEntityUID("Api", "rides"),
		Context: cedar.NewRecord(context),
	}
	entities := cedar.EntityMap{}
	return func() bool {
		decision, _ := cedar.Authorize(policies, entities, req)
		return decision == cedar.Allow
	}
}

// BenchmarkEvaluate decides by the last of the statements. Here the floor of compare is cedar-go.
func BenchmarkEvaluate(b *testing.B) {
	for _, c := range evaluateCases() {
		b.Run(c.name, func(b *testing.B) {
			theirs, decide := c.theirs(b, c.resource), c.ours(b, c.resource)
			compare(b, func() { _ = theirs() }, func() { _ = decide() })
		})
	}
}

// BenchmarkParse compiles 1,000 statements, beside cedar-go's compiling their equivalent.
func BenchmarkParse(b *testing.B) {
	for _, c := range evaluateCases()[3:] {
		doc := []byte(c.iam[0])
		b.Run(c.name, func(b *testing.B) {
			compareRounds(b, 1, func() {
				if _, err := cedar.NewPolicySetFromBytes("bench.cedar", []byte(c.cedar)); err != nil {
					b.Fatal(err)
				}
			}, func() {
				if _, err := iampolicy.Parse(doc, iampolicy.Identity); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// TestSelfEvaluate: both engines say the same of what is measured and of what is not allowed, and ours allocates nothing.
func TestSelfEvaluate(t *testing.T) {
	for _, c := range evaluateCases() {
		for resource, want := range map[string]bool{c.resource: true, c.denied: false} {
			if got := c.ours(t, resource)(); got != want {
				t.Errorf("%s: iampolicy, %s: %t; want %t", c.name, resource, got, want)
			}
			if got := c.theirs(t, resource)(); got != want {
				t.Errorf("%s: cedar-go, %s: %t; want %t", c.name, resource, got, want)
			}
		}
		decide := c.ours(t, c.resource)
		if got := testing.AllocsPerRun(20, func() { decide() }); got > 0 {
			t.Errorf("%s: %v allocations; want 0", c.name, got)
		}
	}
}
