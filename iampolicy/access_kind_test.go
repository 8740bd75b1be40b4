package iampolicy_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// TestCheckNoNewAccessByKind compares one statement each of policies of a type.
func TestCheckNoNewAccessByKind(t *testing.T) {
	st := func(effect, principal string) string {
		return `{"Effect":"` + effect + `",` + principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::rides/*"}`
	}
	allow := func(principal string) string { return st("Allow", `"Principal":`+principal) }
	trust := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`
	}
	const (
		everyone = `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
		full     = `{"Effect":"Allow","Action":"*","Resource":"*"}`
		denyS3   = `{"Effect":"Deny","Action":"s3:*","Resource":"*"}`
	)
	for _, test := range []struct {
		name     string
		kind     iampolicy.PolicyType
		old, new []string
		want     string
	}{
		{"a user of the account", iampolicy.ResourcePolicy, []string{allow(`{"AWS":"111122223333"}`)}, []string{allow(`{"AWS":"` + bob + `"}`)}, "PASS"},
		{
			"the account of the user", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"` + bob + `"}`)},
			[]string{allow(`{"AWS":"111122223333"}`)},
			`by "arn:aws:iam::111122223333:user/witness"`,
		},
		{
			"everyone", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":["111122223333","444455556666"]}`)},
			[]string{allow(`"*"`)},
			`by "arn:aws:iam::999999999999:user/witness"`,
		},
		{"everyone is also AWS", iampolicy.ResourcePolicy, []string{allow(`"*"`)}, []string{allow(`{"AWS":"*"}`)}, "PASS"},
		{
			"an account as an ARN is of its partition", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"` + root + `"}`)},
			[]string{allow(`{"AWS":"111122223333"}`)},
			"PASS",
		},
		{
			"an account in another partition", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":["` + root + `","arn:aws-cn:iam::444455556666:root"]}`)},
			[]string{allow(`{"AWS":"111122223333"}`)},
			`by "arn:aws-cn:iam::111122223333:user/witness"`,
		},
		{
			"an account of a name that no other has", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":["arn:aws:iam::999999999999:root","111122223333"]}`)},
			[]string{allow(`"*"`)},
			`by "arn:aws:iam::999999999998:user/witness"`,
		},
		{
			"a user of a name that no other has", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":["arn:aws:iam::111122223333:user/witness"]}`)},
			[]string{allow(`{"AWS":"111122223333"}`)},
			`by "arn:aws:iam::111122223333:user/witnessx"`,
		},
		{
			"an account of another partition alone", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"arn:aws-cn:iam::111122223333:root"}`)},
			[]string{allow(`{"AWS":"111122223333"}`)},
			"PASS",
		},
		{"a role and its sessions", iampolicy.ResourcePolicy, []string{allow(`{"AWS":"` + role + `"}`)}, []string{allow(`{"AWS":"` + session + `"}`)}, "PASS"},
		{
			"a session and its role", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"` + session + `"}`)},
			[]string{allow(`{"AWS":"` + role + `"}`)},
			`by "arn:aws:sts::111122223333:assumed-role/Pilot/witness"`,
		},
		{"a service more", iampolicy.ResourcePolicy, []string{allow(`{"AWS":"*"}`)}, []string{allow(`{"Service":"events.amazonaws.com"}`)}, "PASS"},
		{
			"a service besides", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"111122223333"}`)},
			[]string{allow(`{"Service":"events.amazonaws.com"}`)},
			`by "events.amazonaws.com"`,
		},
		{
			"all but Bob are denied", iampolicy.ResourcePolicy,
			[]string{everyone, st("Deny", `"NotPrincipal":{"AWS":"`+bob+`"}`)},
			[]string{allow(`{"AWS":"` + bob + `"}`)},
			"PASS",
		},
		{
			"all but Bob are no longer denied", iampolicy.ResourcePolicy,
			[]string{everyone, st("Deny", `"NotPrincipal":{"AWS":"`+bob+`"}`)},
			[]string{everyone},
			`s3:GetObject on "arn:aws:s3:::rides/x" by "arn:aws:iam::`,
		},
		{
			"a condition on who calls is of its own", iampolicy.ResourcePolicy,
			[]string{allow(`{"AWS":"` + bob + `"}`)},
			[]string{st("Allow", `"Principal":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"`+bob+`"}}`)},
			"aws:PrincipalArn",
		},
		{"who may assume a role", iampolicy.TrustPolicy, []string{trust(`{"AWS":"111122223333"}`)}, []string{trust(`{"AWS":"` + bob + `"}`)}, "PASS"},
		{
			"another provider", iampolicy.TrustPolicy,
			[]string{trust(`{"Federated":"accounts.google.com"}`)},
			[]string{trust(`{"Federated":["accounts.google.com","` + provider + `"]}`)},
			`by "` + provider + `"`,
		},

		{"a session policy", iampolicy.SessionPolicy, []string{full, denyS3}, []string{full}, "s3:x on"},
		{"a boundary", iampolicy.PermissionsBoundary, []string{full}, []string{full, denyS3}, "PASS"},
		{"an SCP", iampolicy.SCP, []string{full, denyS3}, []string{full, `{"Effect":"Deny","Action":"s3:Get*","Resource":"*"}`}, "s3:x on"},
		{
			"an RCP allows what it does not deny", iampolicy.RCP,
			[]string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`},
			[]string{`{"Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":"*"}`},
			"s3:x on",
		},
		{
			"an RCP that denies more", iampolicy.RCP,
			[]string{`{"Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":"*"}`},
			[]string{`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`},
			"PASS",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, new := []*iampolicy.Policy{policy(t, test.kind, test.old...)}, []*iampolicy.Policy{policy(t, test.kind, test.new...)}
			got := iampolicy.CheckNoNewAccess(t.Context(), old, new)
			if !strings.Contains(got.String(), test.want) {
				t.Errorf("%v; want %s", got, test.want)
			}
			if got.Verdict == iampolicy.AccessFail {
				if !iampolicy.Evaluate(accessSet(t, test.kind, new), got.Witness).Allowed() ||
					iampolicy.Evaluate(accessSet(t, test.kind, old), got.Witness).Allowed() {
					t.Errorf("%v is no witness", got)
				}
			}
		})
	}
}

// What cannot be compared is unknown, never a pass; and no policies allow nothing.
func TestCheckNoNewAccessOfOddLists(t *testing.T) {
	const full = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	one := policy(t, iampolicy.IdentityPolicy, full)
	scp := policy(t, iampolicy.SCP, full)
	boundary := policy(t, iampolicy.PermissionsBoundary, full)
	rcp := policy(t, iampolicy.RCP, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}`)
	type list = []*iampolicy.Policy
	for _, test := range []struct {
		name     string
		old, new list
		want     string
	}{
		{"nothing at all", nil, nil, "PASS"},
		{"from nothing to nothing new", list{one}, nil, "PASS"},
		{"from nothing to something", nil, list{one}, "FAIL: x:x on"},
		{"from no session policy to one", nil, list{policy(t, iampolicy.SessionPolicy, full)}, "FAIL: x:x on"},
		{"from no RCP to one", nil, list{rcp}, "PASS"},
		{"from an RCP to none", list{rcp}, nil, "FAIL: s3:x on"},
		{"a nil policy", list{one}, list{nil}, "UNKNOWN: a policy is nil"},
		{"a zero policy", list{{}}, list{one}, "UNKNOWN: a policy is nil"},
		{"kinds that differ", list{one}, list{scp}, "UNKNOWN: the policies are of different kinds"},
		{"two boundaries", list{boundary}, list{boundary, boundary}, "UNKNOWN: more than one permissions boundary"},
		{"two halves of a policy", list{one}, list{one, one}, "PASS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := iampolicy.CheckNoNewAccess(t.Context(), test.old, test.new); !strings.HasPrefix(got.String(), test.want) {
				t.Errorf("%v; want %s", got, test.want)
			}
		})
	}
}

func TestCheckAccessNotGranted(t *testing.T) {
	set := identity(t,
		`{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::rides/*"}`,
		`{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::rides/secret/*"}`)
	for _, test := range []struct {
		name               string
		actions, resources []string
		want               string
	}{
		{"what it grants", []string{"s3:GetObject"}, []string{"arn:aws:s3:::rides/7"}, `FAIL: s3:GetObject on "arn:aws:s3:::rides/7"`},
		{"another action", []string{"s3:PutObject"}, nil, "PASS"},
		{"one of the actions", []string{"s3:PutObject", "s3:*Acl"}, nil, "FAIL: s3:GetAcl on"},
		{"another resource", nil, []string{"arn:aws:s3:::riders/*"}, "PASS"},
		{"what a Deny takes back", nil, []string{"arn:aws:s3:::rides/secret/7", "arn:aws:s3:::rides/secret/*/*"}, "PASS"},
		{"anything at all", nil, nil, `FAIL: s3:Get on "arn:aws:s3:::rides/x"`},
		{"every resource", []string{"s3:GetObject"}, []string{"*"}, "FAIL: s3:GetObject on"},
		{"no action", []string{"GetObject"}, nil, `UNKNOWN: "GetObject" is no action`},
		{"no resource", nil, []string{"rides"}, `UNKNOWN: "rides" is neither an ARN`},
		{"text that looks like a variable", nil, []string{"arn:aws:s3:::rides/${aws:username}"}, `FAIL: s3:Get on "arn:aws:s3:::rides/${aws:username}"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := iampolicy.CheckAccessNotGranted(t.Context(), set.Identity, test.actions, test.resources)
			if !strings.HasPrefix(got.String(), test.want) {
				t.Errorf("%v; want %s", got, test.want)
			}
			if got.Verdict == iampolicy.AccessFail && !iampolicy.Evaluate(set, got.Witness).Allowed() {
				t.Errorf("%v is no witness", got)
			}
		})
	}
	if got := iampolicy.CheckAccessNotGranted(t.Context(), nil, nil, nil); got.Verdict != iampolicy.AccessPass {
		t.Errorf("no policies: %v", got)
	}
}

func TestAccessVerdictString(t *testing.T) {
	for v, want := range map[iampolicy.AccessVerdict]string{
		0: "UNKNOWN", iampolicy.AccessPass: "PASS", iampolicy.AccessFail: "FAIL", 9: "invalid",
	} {
		if v.String() != want {
			t.Errorf("%d: %s; want %s", v, v, want)
		}
	}
	if got := (iampolicy.AccessResult{}).String(); got != "UNKNOWN" {
		t.Errorf("zero: %s", got)
	}
}
