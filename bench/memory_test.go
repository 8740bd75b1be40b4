package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
)

// BenchmarkMemory reports what a compiled policy of 1,000 statements keeps, its index and the text
// of its document included.
func BenchmarkMemory(b *testing.B) {
	const statements, copies = 1000, 4
	docs := map[string][]byte{"differ in prefix, one condition": oneCondition(statements)}
	for _, q := range workload.Thousands() {
		all, err := q.IAM()
		if err != nil {
			b.Fatal(err)
		}
		docs[strings.TrimPrefix(q.Name, "1,000 that ")] = all[0]
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
					p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
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
		list[i] = fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket%d/*",`+
			`"Condition":{"StringEquals":{"aws:PrincipalTag/team":"blue"}}}`,
			i)
	}
	return []byte(`{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`)
}
