package iampolicy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// What each policy type may and must contain (iam-semantics, grammar). The
// fields of a row name the types that accept the statement; all others must
// refuse it.
func TestGrammarOfEachKind(t *testing.T) {
	const (
		i = 1 << iampolicy.IdentityPolicy
		r = 1 << iampolicy.ResourcePolicy
		s = 1 << iampolicy.SessionPolicy
		b = 1 << iampolicy.PermissionsBoundary
		c = 1 << iampolicy.SCP
		o = 1 << iampolicy.RCP
		u = 1 << iampolicy.TrustPolicy
	)
	tests := []struct {
		name, statement string
		accepted        int
	}{
		{"no principal", `{"Effect":"Allow","Action":"a:b","Resource":"*"}`, i | s | b | c},
		{"deny without principal", `{"Effect":"Deny","Action":"a:b","Resource":"*"}`, i | s | b | c},
		{"everyone", `{"Effect":"Deny","Principal":"*","Action":"a:b","Resource":"*"}`, r | o},
		{"everyone may", `{"Effect":"Allow","Principal":"*","Action":"a:b","Resource":"*"}`, r},
		{"a user", `{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/Bob"},"Action":"a:b","Resource":"*"}`, r},
		{"everyone spelled out", `{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"a:b","Resource":"*"}`, r},
		{"not a principal", `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"a:b","Resource":"*"}`, r},
		{"threat 204: not a principal may", `{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"a:b","Resource":"*"}`, 0},
		{"not everyone", `{"Effect":"Deny","NotPrincipal":"*","Action":"a:b","Resource":"*"}`, 0},
		{"no resource", `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}`, u},
		{"no resource, not a principal", `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}`, 0},
		{"an identity provider", `{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"}`, u},
		{
			"an identity provider for a resource",
			`{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"a:b","Resource":"*"}`, 0,
		},
		{"a service", `{"Effect":"Allow","Principal":{"Service":["a.amazonaws.com","b.amazonaws.com"]},"Action":"a:b","Resource":"*"}`, r},
		{"a canonical user", `{"Effect":"Allow","Principal":{"CanonicalUser":"79a59df9"},"Action":"a:b","Resource":"*"}`, r},
		{"a Deny for a canonical user, which would never apply", `{"Effect":"Deny","Principal":{"CanonicalUser":"79a59df9"},"Action":"a:b","Resource":"*"}`, 0},
		{"one resource for an Allow", `{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::x"}`, i | s | b},
		{"one resource for a Deny", `{"Effect":"Deny","Action":"a:b","Resource":"arn:aws:s3:::x"}`, i | s | b | c},
		{"NotResource for an Allow", `{"Effect":"Allow","Action":"a:b","NotResource":"arn:aws:s3:::x"}`, i | s | b | c},
		{"NotAction for an Allow", `{"Effect":"Allow","NotAction":"a:b","Resource":"*"}`, i | s | b | c},
		{"a condition for an Allow", `{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Bool":{"a:b":"true"}}}`, i | s | b | c},
		{"NotAction for everyone", `{"Effect":"Deny","Principal":"*","NotAction":"a:b","Resource":"*"}`, r},
		{"every action for everyone", `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`, r},
		{"a service's wildcard for everyone", `{"Effect":"Deny","Principal":"*","Action":"s*:Get","Resource":"*"}`, r},
		{"RCPFullAWSAccess", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`, r | o},
		{"RCPFullAWSAccess with a condition", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"true"}}}`, r},
		{"short ARN", `{"Effect":"Deny","Action":"a:b","Resource":"arn:aws:s3"}`, i | b},
		{"Sid with a space", `{"Sid":"a b","Effect":"Deny","Action":"a:b","Resource":"*"}`, 0},
		{"Sid with a space for everyone", `{"Sid":"a b","Effect":"Deny","Principal":"*","Action":"a:b","Resource":"*"}`, r},
		{"the same Sid twice", `{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"a:b","Resource":"*"}`, 0},
	}
	for _, tt := range tests {
		for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
			_, err := iampolicy.Parse([]byte(document(tt.statement)), kind)
			if accepted := tt.accepted&(1<<kind) != 0; accepted != (err == nil) {
				t.Errorf("%s, %v: %v", tt.name, kind, err)
			}
		}
	}
}

func TestIdAndVersionOfEachKind(t *testing.T) {
	statement := map[iampolicy.PolicyType]string{
		iampolicy.ResourcePolicy: `{"Effect":"Deny","Principal":"*","Action":"a:b","Resource":"*"}`,
		iampolicy.RCP:            `{"Effect":"Deny","Principal":"*","Action":"a:b","Resource":"*"}`,
		iampolicy.TrustPolicy:    `{"Effect":"Deny","Principal":"*","Action":"a:b"}`,
	}
	for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
		st := statement[kind]
		if st == "" {
			st = `{"Effect":"Deny","Action":"a:b","Resource":"*"}`
		}
		forbidden := kind == iampolicy.IdentityPolicy || kind == iampolicy.PermissionsBoundary || kind == iampolicy.SessionPolicy
		if _, err := iampolicy.Parse([]byte(`{"Id":"x","Version":"2012-10-17","Statement":`+st+`}`), kind); forbidden != (err != nil) {
			t.Errorf("%v with Id: %v", kind, err)
		}
		for _, version := range []string{"", `"Version":"2008-10-17",`} {
			if _, err := iampolicy.Parse([]byte(`{`+version+`"Statement":`+st+`}`), kind); (kind == iampolicy.RCP) != (err != nil) {
				t.Errorf("%v with %q: %v", kind, version, err)
			}
		}
	}
}

func TestPrincipalGrammar(t *testing.T) {
	tests := []struct {
		name, principal string
		ok              bool
	}{
		{"an account", `{"AWS":"111122223333"}`, true},
		{"an account's root", `{"AWS":"arn:aws:iam::111122223333:root"}`, true},
		{"a user", `{"AWS":"arn:aws:iam::111122223333:user/a/b/Bob"}`, true},
		{"a role", `{"AWS":"arn:aws:iam::111122223333:role/a/b/Pilot"}`, true},
		{"a role session", `{"AWS":"arn:aws:sts::111122223333:assumed-role/Pilot/Bob"}`, true},
		{"a federated user", `{"AWS":"arn:aws:sts::111122223333:federated-user/Bob"}`, true},
		{"another partition", `{"AWS":"arn:aws-cn:iam::111122223333:user/Bob"}`, true},
		{"a list", `{"AWS":["111122223333","444455556666"]}`, true},
		{"a text that is not a star", `"111122223333"`, false},
		{"eleven digits", `{"AWS":"11112222333"}`, false},
		{"an account ID as a number", `{"AWS":111122223333}`, false},
		{"threat 203: a partial wildcard", `{"AWS":"arn:aws:iam::111122223333:user/*"}`, false},
		{"threat 203: a wildcard for the account", `{"AWS":"arn:aws:iam::*:root"}`, false},
		{"threat 203: a question mark", `{"AWS":"arn:aws:iam::111122223333:user/Bo?"}`, false},
		{"threat 203: a group", `{"AWS":"arn:aws:iam::111122223333:group/pilots"}`, false},
		{"threat 197: a variable", `{"AWS":"arn:aws:iam::111122223333:user/${aws:username}"}`, false},
		{"threat 197: a variable for a service", `{"Service":"${aws:username}.amazonaws.com"}`, false},
		{"a service with a star", `{"Service":"*"}`, false},
		{"an empty service", `{"Service":""}`, false},
		{"an empty user", `{"AWS":"arn:aws:iam::111122223333:user/"}`, false},
		{"a session without name", `{"AWS":"arn:aws:sts::111122223333:assumed-role/Pilot"}`, false},
		{"an ARN of another service", `{"AWS":"arn:aws:s3:::photos"}`, false},
		{"an ARN with a region", `{"AWS":"arn:aws:iam:us-east-1:111122223333:user/Bob"}`, false},
		{"a list of principals", `["*"]`, false},
		{"null", `null`, false},
	}
	for _, tt := range tests {
		doc := document(`{"Effect":"Allow","Principal":` + tt.principal + `,"Action":"a:b","Resource":"*"}`)
		if _, err := iampolicy.Parse([]byte(doc), iampolicy.ResourcePolicy); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWithSizeLimits(t *testing.T) {
	limits := map[iampolicy.PolicyType]int{
		iampolicy.IdentityPolicy: 6144, iampolicy.PermissionsBoundary: 6144, iampolicy.SessionPolicy: 2048, iampolicy.ResourcePolicy: 8192,
		iampolicy.TrustPolicy: 2048, iampolicy.SCP: 5120, iampolicy.RCP: 5120,
	}
	for kind, limit := range limits {
		// A policy of so many characters; in an SCP white space and every byte counts.
		doc := func(size int) string {
			elements := map[iampolicy.PolicyType]string{
				iampolicy.ResourcePolicy: `"Effect":"Allow","Principal":"*","Resource":"*",`,
				iampolicy.TrustPolicy:    `"Effect":"Allow","Principal":"*",`,
				iampolicy.RCP:            `"Effect":"Deny","Principal":"*","Resource":"*",`,
			}[kind]
			if elements == "" {
				elements = `"Effect":"Allow","Resource":"*",`
			}
			format := document(`{` + elements + `"Action":"a:b","Condition":{"StringEquals":{"a:b":"%s","a:c":["%s","%s"]}}}`)
			fill := size - len(format) + len("%s%s%s")
			third := strings.Repeat("x", fill/3)
			latin := strings.Repeat("ü", fill/5)
			if kind != iampolicy.SCP && kind != iampolicy.RCP {
				return " \n" + fmt.Sprintf(format, third, latin, strings.Repeat("x", fill-len(third)-fill/5)) + "\t"
			}
			return " \n" + fmt.Sprintf(format, third, latin, strings.Repeat("x", fill-len(" \n")-len(third)-len(latin)))
		}
		if _, err := iampolicy.Parse([]byte(doc(limit)), kind, iampolicy.WithSizeLimits()); err != nil {
			t.Errorf("%v of %d: %v", kind, limit, err)
		}
		if _, err := iampolicy.Parse([]byte(doc(limit+1)), kind); err != nil {
			t.Errorf("%v of %d without limits: %v", kind, limit+1, err)
		}
		if _, err := iampolicy.Parse([]byte(doc(limit+1)), kind, iampolicy.WithSizeLimits()); err == nil {
			t.Errorf("%v of %d is accepted", kind, limit+1)
		}
		quota := func(opts ...iampolicy.ParseOption) (list []iampolicy.Severity) {
			for _, f := range validate(t, []byte(doc(limit+1)), kind, opts...) {
				if f.Code == iampolicy.CodeQuotaExceeded {
					list = append(list, f.Severity)
				}
			}
			return list
		}
		if got := quota(); !slices.Equal(got, []iampolicy.Severity{iampolicy.SeverityWarning}) {
			t.Errorf("%v of %d without limits: %v", kind, limit+1, got)
		}
		if got := quota(iampolicy.WithSizeLimits()); !slices.Equal(got, []iampolicy.Severity{iampolicy.SeverityError}) {
			t.Errorf("%v of %d, which Parse refuses: %v", kind, limit+1, got)
		}
	}
}

func TestWithAPIGatewayExpandsTheShortForm(t *testing.T) {
	doc := document(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/*"}`)
	tests := []struct {
		name, region, resource string
		want                   bool
	}{
		{"its API", "us-east-1", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride", true},
		{"another API", "us-east-1", "arn:aws:execute-api:us-east-1:111122223333:other/prod/GET/ride", false},
		{"another account", "us-east-1", "arn:aws:execute-api:us-east-1:444455556666:rides/prod/GET/ride", false},
		{"another region", "us-east-1", "arn:aws:execute-api:us-west-2:111122223333:rides/prod/GET/ride", false},
		{"another method", "us-east-1", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/PUT/ride", false},
		{"China", "cn-north-1", "arn:aws-cn:execute-api:cn-north-1:111122223333:rides/prod/GET/ride", true},
		{"GovCloud", "us-gov-west-1", "arn:aws-us-gov:execute-api:us-gov-west-1:111122223333:rides/prod/GET/ride", true},
	}
	for _, tt := range tests {
		p, err := iampolicy.Parse([]byte(doc), iampolicy.ResourcePolicy, iampolicy.WithAPIGateway(tt.region, account, "rides"))
		if err != nil {
			t.Fatal(err)
		}
		d := iampolicy.Evaluate(&iampolicy.Set{Resource: p}, request("execute-api:Invoke", tt.resource))
		if d.Allowed() != tt.want {
			t.Errorf("%s: got %v", tt.name, d.Outcome)
		}
	}
	for _, bad := range [][3]string{
		{"", account, "x"}, {"us-east-1", "*", "x"}, {"us-east-1", account, "a:b"}, {"us-east-1", account, "${x}"},
	} {
		_, err := iampolicy.Parse([]byte(doc), iampolicy.ResourcePolicy, iampolicy.WithAPIGateway(bad[0], bad[1], bad[2]))
		if _, ok := errors.AsType[*iampolicy.ParseError](err); !ok {
			t.Errorf("%q is accepted: %v", bad, err)
		}
	}
}
