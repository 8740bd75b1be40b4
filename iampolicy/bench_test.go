package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// The Wild Rydes policy, for any API.
const wildRydes = `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}`

func BenchmarkEvaluate(b *testing.B) {
	run := func(name string, set *iampolicy.Set, req *iampolicy.Request) {
		b.Run("policies="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !iampolicy.Evaluate(set, req).Allowed() {
					b.Fatal("not allowed")
				}
			}
		})
	}
	run("wildrydes", identity(b, wildRydes),
		request("execute-api:Invoke", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"))

	var ten iampolicy.Set
	for i := range 10 {
		statements := make([]string, 10)
		for j := range statements {
			statements[j] = fmt.Sprintf(`{"Effect":"Allow","Action":"svc%d:Op%d","Resource":"arn:aws:svc%d:::thing%d/*","Condition":{
				"StringEquals":{"aws:PrincipalTag/team":"blue"},"NumericLessThan":{"x:n":"10"},
				"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`, i, j, i, j)
		}
		ten.Identity = append(ten.Identity, policy(b, iampolicy.IdentityPolicy, statements...))
	}
	req := request("svc9:Op9", "arn:aws:svc9:::thing9/x")
	fill(&req.Context, "aws:PrincipalTag/team=blue", "x:n=9", "aws:SourceIp=203.0.113.7", "aws:SecureTransport=true",
		"aws:CurrentTime=2026-01-01T00:00:00Z", "aws:EpochTime=1767225600", "aws:username=bob", "aws:userid=AIDA1", "aws:PrincipalArn="+bob)
	run("10x10", &ten, req)

	for _, differ := range []struct{ name, statement, action, resource string }{
		{"1000-actions", `{"Effect":"Allow","Action":"svc:Op%d","Resource":"*"}`, "svc:Op999", object},
		{"1000-prefixes", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket%d/*"}`, "s3:GetObject", "arn:aws:s3:::bucket999/x"},
		{"1000-suffixes", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::*/thing%d"}`, "s3:GetObject", "arn:aws:s3:::a/b/thing999"},
	} {
		statements := make([]string, 1000)
		for i := range statements {
			statements[i] = fmt.Sprintf(differ.statement, i)
		}
		run(differ.name, identity(b, statements...), request(differ.action, differ.resource))
	}
}

// Hostile globs: many stars against a long text may cost no more than ten times one star.
func BenchmarkGlob(b *testing.B) {
	text := strings.Repeat("a", 1024)
	for _, g := range []struct{ name, pattern string }{
		{"stars=1", "*b"},
		{"stars=1-inner", "a*ab*"},
		{"stars=1-question", "a*?ab*"},
		{"stars=17", strings.Repeat("*a", 17) + "*b"},
		{"stars=17-inner", strings.Repeat("*aab", 17) + "*"},
		{"stars=17-long", strings.Repeat("*"+strings.Repeat("a", 40)+"b", 17) + "*"},
		{"stars=1-inner-question", "*a?b*"},
		{"stars=17-inner-questions", strings.Repeat("*a?a", 17) + "*a?b*"},
		{"stars=17-questions", strings.Repeat("*?a", 17) + "b*"},
	} {
		set := identity(b, `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::`+g.pattern+`"}`)
		req := request("s3:GetObject", "arn:aws:s3:::"+text)
		b.Run(g.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				iampolicy.Evaluate(set, req)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	statements := make([]string, 1000)
	for i := range statements {
		statements[i] = fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket%d/*",`+
			`"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}`,
			i)
	}
	doc := []byte(document(statements...))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy); err != nil {
			b.Fatal(err)
		}
	}
}
