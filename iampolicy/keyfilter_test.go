package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestKeyFilter: a key that a policy looks at is never left out, wherever the policy stands and
// however it is written.
func TestKeyFilter(t *testing.T) {
	t.Parallel()
	const key = "aws:SourceIp"
	parse := func(kind iampolicy.PolicyType, principal, resource, condition string) *iampolicy.Policy {
		p, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",`+principal+
			`"Action":"s3:GetObject","Resource":"`+resource+`"`+condition+`}]}`),
			kind)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	const anyone = `"Principal":"*",`
	plain := parse(iampolicy.IdentityPolicy, "", "*", "")
	looks := func(kind iampolicy.PolicyType, principal string) *iampolicy.Policy {
		return parse(kind, principal, "*", `,"Condition":{"IpAddress":{"AWS:sourceIP":"192.0.2.0/24"}}`)
	}
	own := []*iampolicy.Policy{plain}
	denying, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*",`+
		`"Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}]}`),
		iampolicy.RCP)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		set  iampolicy.Set
		want bool
	}{
		{"no policy", iampolicy.Set{}, false},
		{"no condition", iampolicy.Set{Identity: own}, false},
		{"an identity policy", iampolicy.Set{Identity: []*iampolicy.Policy{plain, looks(iampolicy.IdentityPolicy, "")}}, true},
		{"a boundary", iampolicy.Set{Identity: own, Boundaries: []*iampolicy.Policy{looks(iampolicy.PermissionsBoundary, "")}}, true},
		{"a session policy", iampolicy.Set{Identity: own, Sessions: []*iampolicy.Policy{looks(iampolicy.SessionPolicy, "")}}, true},
		{"a resource policy", iampolicy.Set{Identity: own, Resource: looks(iampolicy.ResourcePolicy, anyone)}, true},
		{"an SCP", iampolicy.Set{Identity: own, SCPs: [][]*iampolicy.Policy{{plain}, {looks(iampolicy.SCP, "")}}}, true},
		{"an RCP", iampolicy.Set{Identity: own, RCPs: [][]*iampolicy.Policy{{denying}}}, true},
		{"a variable in a resource", iampolicy.Set{Identity: []*iampolicy.Policy{parse(iampolicy.IdentityPolicy, "", "arn:aws:s3:::b/${"+key+"}", "")}}, true},
		{
			"a variable with a default",
			iampolicy.Set{Identity: []*iampolicy.Policy{parse(iampolicy.IdentityPolicy, "", "arn:aws:s3:::b/${"+key+", 'x'}", "")}},
			true,
		},
		{
			"a variable behind an escape",
			iampolicy.Set{Identity: []*iampolicy.Policy{parse(iampolicy.IdentityPolicy, "", `arn:aws:s3:::b/\u0024{`+key+"}", "")}},
			true,
		},
		{
			"a variable behind another escape",
			iampolicy.Set{Identity: []*iampolicy.Policy{parse(iampolicy.IdentityPolicy, "", `arn:aws:s3:::b/$\u007b`+key+"}", "")}},
			true,
		},
		{
			"a variable in a condition",
			iampolicy.Set{
				Identity: []*iampolicy.Policy{
					parse(iampolicy.IdentityPolicy, "", "*", `,"Condition":{"StringEquals":{"s3:prefix":"${`+key+`}"}}`),
				},
			},
			true,
		},
		{
			"an escaped letter of the key",
			iampolicy.Set{
				Identity: []*iampolicy.Policy{
					parse(iampolicy.IdentityPolicy, "", "*", `,"Condition":{"IpAddress":{"aws:Source\u0049p":"192.0.2.0/24"}}`),
				},
			},
			true,
		},
		{"a nil policy", iampolicy.Set{Identity: []*iampolicy.Policy{nil}}, false},
	}
	for _, tt := range tests {
		filter := tt.set.KeyFilter()
		if got := filter.MayUse(key); got != tt.want {
			t.Errorf("%s: MayUse is %t", tt.name, got)
		}
		if filter.None() == tt.want {
			t.Errorf("%s: None is %t", tt.name, filter.None())
		}
	}
	if filter := (&iampolicy.Set{
		Identity: []*iampolicy.Policy{looks(iampolicy.IdentityPolicy, "")},
	}).KeyFilter(); filter.MayUse("aws:CurrentTime") {
		t.Error("another key may be used, too: the filter leaves nothing out")
	}
}
