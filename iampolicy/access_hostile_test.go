package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// Policies that are made to overlap in as many ways as there can be must get an answer, be it that
// it is not known. Without the limits on work some of these would run for hours, and the test would
// end by its time-out.
func TestAccessChecksAreBounded(t *testing.T) {
	st := func(effect, action, resource string) string {
		return fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q}`, effect, action, resource)
	}
	var narrow, wide, stars, denies, holes []string
	for i := range 900 {
		wide = append(wide, st("Allow", fmt.Sprintf("s3:Get%d", i), fmt.Sprintf("arn:aws:s3:::b%d/*", i)))
		narrow = append(narrow, st("Allow", fmt.Sprintf("s3:Get%d", i), fmt.Sprintf("arn:aws:s3:::b%d/x*", i)))
	}
	for i := range 80 {
		stars = append(stars, st("Allow", "*", fmt.Sprintf("arn:aws:s3:::*%d*", i)))
		denies = append(denies, st("Deny", fmt.Sprintf("s3:*%d*", i), fmt.Sprintf("arn:aws:s3:::*%dx*", i)))
	}
	// Nine keys, of which each has one of eight values and no two the same.
	keys := make([]string, 9)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"x:k%d":["0","1","2","3","4","5","6","7"]`, i)
		for j := range i {
			for v := range 8 {
				holes = append(holes,
					fmt.Sprintf(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"x:k%d":"%d","x:k%d":"%d"}}}`, i,
						v, j, v))
			}
		}
	}
	holes = append(holes, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{`+strings.Join(keys, ",")+`}}}`)
	var anyOf []string
	for i := range 40 {
		anyOf = append(anyOf,
			fmt.Sprintf(`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"x:k":"*%d*"}}}`, i))
	}
	anyOf = append(anyOf, st("Allow", "*", "*"))
	late := "arn:aws:s3:::*a" + strings.Repeat("?", 30)

	for _, test := range []struct {
		name     string
		old, new []string
		want     iampolicy.AccessVerdict
	}{
		{"nine hundred statements, each narrower", wide, narrow, iampolicy.AccessPass},
		{"nine hundred statements, each wider", narrow, wide, iampolicy.AccessFail},
		{"nine hundred statements against one", wide, []string{st("Allow", "s3:Get*", "*")}, iampolicy.AccessFail},
		{"one against nine hundred statements", []string{st("Allow", "s3:Get*", "arn:aws:s3:::b*")}, wide, iampolicy.AccessPass},
		{"a letter thirty characters before the end", []string{st("Allow", "*", late)}, []string{st("Allow", "*", late+"?")}, iampolicy.AccessUnknown},
		{
			"more stars than anybody needs",
			[]string{st("Allow", "*", "arn:aws:s3:::"+strings.Repeat("*a", 900)+"*")},
			[]string{st("Allow", "*", "arn:aws:s3:::"+strings.Repeat("*a", 901))},
			iampolicy.AccessPass,
		},
		{"eighty patterns that overlap in every way", append(stars[:79:79], denies...), append(denies[:79:79], stars...), iampolicy.AccessUnknown},
		{"nine pigeons and eight holes", []string{st("Allow", "s3:*", "*")}, holes, iampolicy.AccessPass},
		{"forty sets of values, or none", []string{st("Allow", "s3:*", "*")}, anyOf, iampolicy.AccessFail},
		{
			"forty sets of values",
			[]string{st("Allow", "s3:*", "*")},
			append(anyOf, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAllValues:StringLike":{"x:k":"*"}}}`),
			iampolicy.AccessUnknown,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, new := identity(t, test.old...), identity(t, test.new...)
			got := iampolicy.CheckNoNewAccess(t.Context(), old.Identity, new.Identity)
			if got.Verdict != test.want {
				t.Errorf("%.200v; want %v", got, test.want)
			}
		})
	}
}

// Callers are bounded, too: there are as many kinds of federated users as there
// are users they may stand for.
func TestAccessChecksBoundCallers(t *testing.T) {
	var users []string
	for i := range 400 {
		users = append(users, fmt.Sprintf(`"arn:aws:sts::%012d:federated-user/u"`, i), fmt.Sprintf(`"arn:aws:iam::%012d:role/r%d"`, i, i))
	}
	statement := func(users []string, action string) []*iampolicy.Policy {
		return []*iampolicy.Policy{policy(t, iampolicy.ResourcePolicy,
			`{"Effect":"Allow","Principal":{"AWS":[`+strings.Join(users, ",")+`]},"Action":"`+action+`","Resource":"*"}`)}
	}
	for _, test := range []struct {
		old, new []*iampolicy.Policy
		want     iampolicy.AccessVerdict
	}{
		{statement(users, "s3:*"), statement(users, "s3:Get*"), iampolicy.AccessPass},
		{statement(users, "s3:Get*"), statement(users, "s3:*"), iampolicy.AccessFail},
		{statement(users[1:], "s3:*"), statement(users, "s3:*"), iampolicy.AccessFail},
		{statement(users, "s3:*"), statement(users[1:], "s3:*"), iampolicy.AccessUnknown},
	} {
		if got := iampolicy.CheckNoNewAccess(t.Context(), test.old, test.new); got.Verdict != test.want {
			t.Errorf("%v; want %v", got, test.want)
		}
	}
}
