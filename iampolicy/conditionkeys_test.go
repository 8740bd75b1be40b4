package iampolicy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestConditionKeys: the keys of conditions and of variables are told, with the statement that
// names them, whatever their effect.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	const doc = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::${aws:username}/*","arn:aws:s3:::${aws:PrincipalAccount}/${*}"]},
		{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{
			"StringLike":{"aws:PrincipalTag/team":["${aws:userid}","x"]},
			"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:${aws:PrincipalTag/topic, 'none'}"},
			"Null":{"aws:TokenIssueTime":"true"},
			"NumericLessThan":{"s3:max-keys":"10"}}},
		{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`
	p, err := iampolicy.Parse([]byte(doc), iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for statement, key := range p.ConditionKeys() {
		got = append(got, fmt.Sprint(statement, " ", key))
	}
	slices.Sort(got)
	want := []string{
		"0 aws:PrincipalAccount", "0 aws:username", "1 aws:PrincipalTag/team", "1 aws:PrincipalTag/topic", "1 aws:SourceArn",
		"1 aws:TokenIssueTime", "1 aws:userid", "1 s3:max-keys",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for stop := range len(want) {
		seen := 0
		for range p.ConditionKeys() {
			if seen++; seen > stop {
				break
			}
		}
		if seen != stop+1 {
			t.Errorf("%d keys until the %d. ended it", seen, stop+1)
		}
	}
}
