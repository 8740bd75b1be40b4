package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/work"
	"github.com/wildgate/wildgate/iampolicy"
)

// documents is how many policy documents the statements are spread over.
const documents = 10

// growth is a set of statements of which some can match the request: they are for its action and its resource, and only a condition that no
// index can read, a pattern, tells them apart. The others are for resources of their own.
type growth struct{ statements, matching int }

var growths = []growth{{100, 10}, {1_000, 10}, {10_000, 10}, {10_000, 100}, {10_000, 1_000}, {10_000, 10_000}}

func (g growth) String() string {
	return fmt.Sprintf("statements=%d,can-match=%d", g.statements, g.matching)
}

// decision returns iampolicy's decision by the last of the statements that can match, which allows, or by none.
func (g growth) decision(tb testing.TB, allowed bool) func() bool {
	tb.Helper()
	var set iampolicy.Set
	for d := range documents {
		var list []string
		for i := d; i < g.statements; i += documents {
			resource := "rides" // in each document those that can match come last
			if i < g.statements-g.matching {
				resource = fmt.Sprintf("other%d", i)
			}
			list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:111122223333:%s/*",
				"Condition":{"StringLike":{"aws:UserAgent":"client-%d/*"}}}`, resource, g.statements-i))
		}
		p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(list, ",")+`]}`), iampolicy.Identity)
		if err != nil {
			tb.Fatal(err)
		}
		set.Identity = append(set.Identity, p)
	}
	req := iampolicy.Request{
		Principal: iampolicy.Principal{ARN: work.Session}, Action: "execute-api:Invoke", ResourceAccount: work.Account,
		Resource: "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride",
	}
	req.Context.Set("aws:UserAgent", "client-1/7")
	if !allowed {
		req.Context.Set("aws:UserAgent", "client-0/7")
	}
	return func() bool { return iampolicy.Evaluate(&set, &req).Allowed() }
}

// BenchmarkEvaluateGrowth: the floor of compare are the statements that can match, alone. That the ratio stays where it is says that the others
// cost little; work-ns grows with those that can match.
func BenchmarkEvaluateGrowth(b *testing.B) {
	for _, g := range growths {
		b.Run(g.String(), func(b *testing.B) {
			alone, all := growth{g.matching, g.matching}.decision(b, true), g.decision(b, true)
			compareRounds(b, max(1, 2*perRound/g.matching), func() { _ = alone() }, func() { _ = all() })
		})
	}
}

// TestSelfEvaluateGrowth: the last statement decides, without allocating.
func TestSelfEvaluateGrowth(t *testing.T) {
	for _, g := range growths {
		if decide := g.decision(t, true); !decide() || g.decision(t, false)() {
			t.Errorf("%v: the last statement does not decide", g)
		} else if n := testing.AllocsPerRun(5, func() { decide() }); n > 0 {
			t.Errorf("%v: %v allocations; want 0", g, n)
		}
	}
}

// BenchmarkMemory reports what a compiled policy of 1,000 statements keeps, its index and the text of its document included.
func BenchmarkMemory(b *testing.B) {
	const statements, copies = 1000, 4
	docs := map[string][]byte{"differ in prefix, one condition": oneCondition(statements)}
	for _, q := range aThousand() {
		docs[strings.TrimPrefix(q.Name, "1,000 that ")] = document(b, q)
	}
	for name, doc := range docs {
		b.Run(name, func(b *testing.B) {
			kept := make([]*iampolicy.Policy, copies)
			var before, after runtime.MemStats
			for b.Loop() {
				clear(kept)
				runtime.GC()
				runtime.ReadMemStats(&before)
				for i := range kept {
					p, err := iampolicy.Parse(doc, iampolicy.Identity)
					if err != nil {
						b.Fatal(err)
					}
					kept[i] = p
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(copies*statements), "bytes/statement")
			b.ReportMetric(float64(len(doc))/statements, "document-bytes/statement")
			runtime.KeepAlive(kept)
		})
	}
}

func oneCondition(n int) []byte {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket%d/*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}`, i)
	}
	return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`)
}
