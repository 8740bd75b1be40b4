package iampolicy_test

import (
	"fmt"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

func BenchmarkCheckNoNewAccess(b *testing.B) {
	const (
		rides = `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride/${aws:username}/*",` +
			`"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`
		wider = `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride/*"}`
	)
	var buckets, prefixes, apis, paths []string
	for i := range 100 {
		buckets = append(buckets, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::b%d/*"}`, i))
		prefixes = append(prefixes, fmt.Sprintf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b%d/public/*"}`, i))
		apis = append(apis,
			fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:api%d/*/*/ride/*"}`, i))
		paths = append(paths,
			fmt.Sprintf(`{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:api%d/*/*/ride/7/*",`+
				`"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.%d"}}}`,
				i, i))
	}
	for _, test := range []struct {
		name     string
		old, new []string
		want     iampolicy.AccessVerdict
	}{
		{"statements=1/verdict=pass", []string{wider}, []string{rides}, iampolicy.AccessPass},
		{"statements=1/verdict=fail", []string{rides}, []string{wider}, iampolicy.AccessFail},
		{"statements=100/verdict=pass", buckets, prefixes, iampolicy.AccessPass},
		{"statements=100/verdict=fail", prefixes, buckets, iampolicy.AccessFail},
		{"statements=100/stars=6/verdict=pass", apis, paths, iampolicy.AccessPass},
		{"statements=100/stars=6/verdict=fail", paths, apis, iampolicy.AccessFail},
	} {
		b.Run(test.name, func(b *testing.B) {
			old, new := identity(b, test.old...).Identity, identity(b, test.new...).Identity
			b.ReportAllocs()
			for b.Loop() {
				if got := iampolicy.CheckNoNewAccess(b.Context(), old, new); got.Verdict != test.want {
					b.Fatal(got)
				}
			}
		})
	}
}
