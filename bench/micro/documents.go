package micro

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/iampolicy"
)

// largest hold parsing and validating documents of 1 MiB, the most that is taken, against decoding
// the same JSON into maps: documents that are long of what could be compared each with each, or of
// what an index is built of.
func largest() []Part {
	var all []Part
	for _, l := range []struct {
		name       string
		kind       iampolicy.PolicyType
		head, tail string
		unit       func(i int) string
	}{
		{
			"accounts and users of NotPrincipal", iampolicy.ResourcePolicy,
			`{"Effect":"Deny","Action":"s3:GetObject","Resource":"*","NotPrincipal":{"AWS":[`, `]}}`, func(i int) string {
				return fmt.Sprintf(`"%012d","arn:aws:iam::%012d:user/u"`, i, 1_000_000+i)
			},
		},
		{
			"actions", iampolicy.IdentityPolicy, `{"Effect":"Deny","Resource":"*","Action":[`, `]}`,
			func(i int) string { return fmt.Sprintf(`"s3:A%d"`, i) },
		},
		{
			"actions with two stars", iampolicy.IdentityPolicy, `{"Effect":"Deny","Resource":"*","Action":[`, `]}`,
			func(i int) string { return fmt.Sprintf(`"s3:*a*%d"`, i) },
		},
		{
			"resources of 1,000 stars", iampolicy.IdentityPolicy, `{"Effect":"Deny","Action":"s3:GetObject","Resource":[`, `]}`,
			func(i int) string {
				return `"arn:aws:s3:::` + strings.Repeat("*a", 1000) + fmt.Sprint(i) + `"`
			},
		},
		{
			"bounds of a key from both sides", iampolicy.IdentityPolicy, `{"Effect":"Deny","Action":"s3:GetObject","Resource":"*",` +
				`"Condition":{"NumericGreaterThan":{"x:k":["9"` +
				strings.Repeat(`,"9"`, 40_000) + `]},"NumericLessThan":{"x:k":[`, `]}}}`,
			func(i int) string { return fmt.Sprintf(`"1.%d"`, i%9) },
		},
		{"statements of 250 actions and 240 conditions", iampolicy.IdentityPolicy, "", "", func(i int) string {
			var actions, keys []string
			for j := range 250 {
				actions = append(actions, fmt.Sprintf(`"rides:%d"`, (j*7+i*13)%400))
			}
			for j := range 240 {
				keys = append(keys, fmt.Sprintf(`"rides:k%d":"%d"`, j, i))
			}
			return `{"Effect":"Allow","Action":[` + strings.Join(actions, ",") + `],"Resource":"*","Condition":{"StringEquals":{` +
				strings.Join(keys, ",") + `}}}`
		}},
	} {
		document := func() []byte {
			var b strings.Builder
			b.WriteString(`{"Version":"2012-10-17","Statement":[` + l.head)
			for i := range 50_000 { // no document may have more values than twice that
				unit := l.unit(i)
				if b.Len()+len(unit)+len(l.tail)+8 > 1<<20 {
					break
				}
				if i > 0 {
					b.WriteByte(',')
				}
				b.WriteString(unit)
			}
			return []byte(b.String() + l.tail + `]}`)
		}
		side := func(do func(document []byte)) func() ([]measure.Side, error) {
			return func() ([]measure.Side, error) {
				doc := document()
				decode := sure(func() error {
					var v any
					return json.Unmarshal(doc, &v)
				})
				_, err := iampolicy.Parse(doc, l.kind)
				return sides("encoding/json", decode, "iampolicy", func() { do(doc) }), err
			}
		}
		all = append(all,
			Part{Group: Largest, Name: "Parse, " + l.name, New: side(func(doc []byte) {
				sure(func() error {
					_, err := iampolicy.Parse(doc, l.kind)
					return err
				})()
			})},
			Part{Group: Largest, Name: "Validate, " + l.name, New: side(func(doc []byte) {
				sure(func() error {
					_, err := iampolicy.Validate(context.Background(), doc, l.kind)
					return err
				})()
			})},
		)
	}
	return all
}
