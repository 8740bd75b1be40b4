package main

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/iampolicy"
)

// globbed returns the decision on a resource of 1 KiB that does not match the pattern, which is found out at the resource's end.
func globbed(tb testing.TB, pattern string) func() bool {
	tb.Helper()
	p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+pattern+`"}]}`), iampolicy.Identity)
	if err != nil {
		tb.Fatal(err)
	}
	set := iampolicy.Set{Identity: []*iampolicy.Policy{p}}
	req := iampolicy.Request{
		Principal: iampolicy.Principal{ARN: work.Session}, Action: "s3:GetObject", ResourceAccount: work.Account, Resource: "arn:aws:s3:::" + strings.Repeat("a", 1023) + "c",
	}
	return func() bool { return iampolicy.Evaluate(&set, &req).Allowed() }
}

// hostilePatterns are made to send a matcher back and forth: seventeen stars each.
var hostilePatterns = map[string]string{
	"letters":   strings.Repeat("*a", 15) + "*b*c",
	"runs":      strings.Repeat("*aaaaaaab", 16) + "*c",
	"questions": strings.Repeat("*a?", 15) + "*b*c",
}

// BenchmarkGlob compares seventeen stars with one, on a resource of 1 KiB. Here the floor of compare is the one star.
func BenchmarkGlob(b *testing.B) {
	for name, pattern := range hostilePatterns {
		b.Run("stars=17,between="+name, func(b *testing.B) {
			one, many := globbed(b, "*b*c"), globbed(b, pattern)
			compare(b, func() { _ = one() }, func() { _ = many() })
		})
	}
}

// TestSelfGlob: none of the patterns matches, and each would if the resource were made for it.
func TestSelfGlob(t *testing.T) {
	for name, pattern := range hostilePatterns {
		if globbed(t, pattern)() {
			t.Errorf("%s: %s matches", name, pattern)
		}
	}
	if !globbed(t, "*a*c")() {
		t.Error("the resource matches nothing")
	}
}
