package iampolicy_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	account = "111122223333"
	other   = "444455556666"
	bob     = "arn:aws:iam::111122223333:user/people/Bob"
	object  = "arn:aws:s3:::photos/bob/cat.jpg"
)

// document makes a policy of statements alone, in Version 2012-10-17.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// policy parses statements as a policy of the type.
func policy(tb testing.TB, kind iampolicy.PolicyType, statements ...string) *iampolicy.Policy {
	tb.Helper()
	p, err := iampolicy.Parse([]byte(document(statements...)), kind)
	if err != nil {
		tb.Fatalf("%v\n%s", err, document(statements...))
	}
	return p
}

// identity makes a Set of one identity policy.
func identity(tb testing.TB, statements ...string) *iampolicy.Set {
	tb.Helper()
	return &iampolicy.Set{Identity: []*iampolicy.Policy{policy(tb, iampolicy.IdentityPolicy, statements...)}}
}

// request is Bob's for an object of his account.
func request(action, resource string) *iampolicy.Request {
	return &iampolicy.Request{
		Principal: iampolicy.Principal{ARN: bob}, Action: action, Resource: resource, ResourceAccount: account,
	}
}

// fill sets keys from texts of the form key=value; key=[a,b] is multivalued.
func fill(c *iampolicy.Context, pairs ...string) {
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		list, isList := strings.CutPrefix(value, "[")
		switch {
		case list == "]":
			c.SetMany(key)
		case isList:
			c.SetMany(key, strings.Split(strings.TrimSuffix(list, "]"), ",")...)
		default:
			c.Set(key, value)
		}
	}
}
