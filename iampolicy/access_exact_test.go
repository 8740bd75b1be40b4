package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// A typedKey is a condition key of one type: operators, operands that differ in
// every way that matters, and values from each place between them.
type typedKey struct {
	key                         string
	operators, operands, values []string
}

var typedKeys = []typedKey{
	{
		"x:ip",
		[]string{"IpAddress", "NotIpAddress"},
		[]string{
			"10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1", "10.0.0.3", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1",
			"8000::/1", "2001:db8::/126", "2001:db8::2/127", "2001:db8::1", "::ffff:10.0.0.2",
		},
		[]string{
			"10.0.0.0", "10.0.0.1", "::ffff:10.0.0.2", "10.0.0.3", "10.0.0.4", "200.0.0.1", "::", "2001:db8::", "2001:db8::1",
			"2001:db8::3", "2001:db8::4", "ffff::", "a host",
		},
	},
	{
		"x:arn",
		[]string{"ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals", "StringLike", "StringNotEquals"},
		[]string{
			"arn:a:a:::a", "arn:*:a:::a", "arn:?:*:::*", "arn:a:a:::*", "arn:*:*:*:*:*", "arn:a?:*:::a", "arn:*::::?", "arn:a:b:::a:b",
			"arn:a:b:::*:*",
		},
		[]string{
			"arn:a:a:::a", "arn:b:a:::a", "arn:a:b:::a", "arn:ab:b:::a", "arn:::::a", "arn:a:a:::", "arn:a:a:::ab", "arn:a:b:::a:b",
			"arn:b:b:::a:b:a", "arn:a:a:x::a", "arn:a:a", "", "a",
		},
	},
	{
		"x:bool",
		[]string{"Bool", "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase"},
		[]string{"true", "false"},
		[]string{"true", "TRUE", "false", "False", "x", ""},
	},
	{
		"x:number",
		[]string{
			"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan",
			"NumericGreaterThanEquals",
		},
		[]string{"1", "2", "2.0", "3e0", "-1"},
		[]string{"-2", "-1", "0", "1", "1.5", "2", "2.5", "3", "4", "x"},
	},
	{
		"x:date",
		[]string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
		[]string{"2001", "2002-01-01T00:00:00Z", "2002-01-01T00:00:01Z", "2002-01-01T00:00:00.5Z"},
		[]string{
			"2000", "2001-01-01", "2001-06", "2002-01-01", "2002-01-01T00:00:00.2Z", "2002-01-01T00:00:00.5Z", "2002-01-01T00:00:00.7Z",
			"1009843201", "2003", "x",
		},
	},
}

// condition is one on the key, and sometimes another one, Null.
func (k *typedKey) condition(d dice) string {
	list := make([]string, 1+d.IntN(2))
	for i := range list {
		list[i] = d.one(k.operands...)
	}
	on := fmt.Sprintf(`%q:{%q:["%s"]}`, d.one("", "", "ForAllValues:", "ForAnyValue:")+d.one(k.operators...)+d.one("", "", "IfExists"),
		k.key, strings.Join(list, `","`))
	if d.in(5) {
		on += fmt.Sprintf(`,"Null":{%q:%q}`, k.key, d.one("true", "false"))
	}
	return on
}

// entries are what a request may have of the key: nothing, or up to two values.
func (k *typedKey) entries() (list [][]string) {
	list = append(list, nil, []string{})
	for i, v := range k.values {
		list = append(list, []string{v})
		for _, w := range k.values[:i] {
			list = append(list, []string{v, w})
		}
	}
	return list
}

// Where operators compare a key as one type and no policy variable stands, the
// answer is exact: never unknown, a witness that Evaluate confirms, and no pass
// where one of many requests is new.
func TestCheckNoNewAccessIsExactForEveryType(t *testing.T) {
	const pairs = 150 // of each type
	for _, k := range typedKeys {
		t.Run(k.key, func(t *testing.T) {
			t.Parallel()
			var requests []*iampolicy.Request
			for _, values := range k.entries() {
				many := request("s3:GetObject", "arn:aws:s3:::a")
				if values != nil {
					many.Context.SetMany(k.key, values...)
				}
				requests = append(requests, many)
				if len(values) == 1 {
					one := request("s3:GetObject", "arn:aws:s3:::a")
					one.Context.Set(k.key, values[0])
					requests = append(requests, one)
				}
			}
			verdicts, shown := map[iampolicy.AccessVerdict]int{}, 0
			for seed := range uint64(pairs) {
				d := newDice(seed)
				statements := func(effects ...string) (list []string) {
					for range 1 + d.IntN(3) {
						list = append(list,
							`{"Effect":"`+d.one(effects...)+`","Action":"s3:*","Resource":"*","Condition":{`+k.condition(d)+`}}`)
					}
					return list
				}
				old, new := statements("Allow", "Allow", "Deny"), statements("Allow", "Allow", "Deny")
				if d.in(2) {
					new = append(new, strings.Replace(old[0], "Allow", "Deny", 1))
				}
				if d.in(2) {
					old = append(old, strings.Replace(new[0], "Deny", "Allow", 1))
				}
				oldSet, newSet := identity(t, old...), identity(t, new...)
				isNew := func(req *iampolicy.Request) bool {
					return iampolicy.Evaluate(newSet, req).Allowed() && !iampolicy.Evaluate(oldSet, req).Allowed()
				}
				got := iampolicy.CheckNoNewAccess(t.Context(), oldSet.Identity, newSet.Identity)
				verdicts[got.Verdict]++
				if got.Verdict == iampolicy.AccessUnknown || got.Verdict == iampolicy.AccessFail && !isNew(got.Witness) {
					t.Fatalf("seed %d: %v\n%s\n%s", seed, got, old, new)
				}
				for _, req := range requests {
					if isNew(req) {
						if shown++; got.Verdict == iampolicy.AccessPass {
							t.Fatalf("seed %d: passes, but %+v is new\n%s\n%s", seed, req, old, new)
						}
						break
					}
				}
			}
			t.Logf("%v; %d requests show %d", verdicts, len(requests), shown)
			// What fails is nearly always shown by a request, so that a pass that is
			// none would be, too.
			if verdicts[iampolicy.AccessPass] < pairs/8 || shown < verdicts[iampolicy.AccessFail]*9/10 {
				t.Errorf("the test has lost its power: %v; %d requests show %d", verdicts, len(requests), shown)
			}
		})
	}
}
