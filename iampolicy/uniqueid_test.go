package iampolicy_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	bobID   = "AIDAEXAMPLEBOB"
	pilotID = "AROAEXAMPLEPILOT"
)

// TestUniqueIDs: in a resource policy and in a trust policy the unique ID of a user or a role names
// who has it as the ARN would, and nobody else. Whose ID is not known is named by no Allow, by
// every Deny, and excepted by no NotPrincipal.
func TestUniqueIDs(t *testing.T) {
	t.Parallel()
	type P = iampolicy.Principal
	var (
		user     = P{ARN: bob, UserID: bobID}
		again    = P{ARN: bob, UserID: "AIDAEXAMPLEBOB2"} // made again under the name
		pilot    = P{ARN: session, RoleARN: role, UserID: pilotID + ":Bob"}
		copilot  = P{ARN: session, RoleARN: role, UserID: pilotID + "2:Bob"}
		guest    = P{ARN: federated, UserARN: bob, UserID: account + ":Bob", BaseUserID: bobID}
		stranger = P{ARN: federated, UserARN: bob, UserID: account + ":Bob", BaseUserID: "AIDAELSE"}
	)
	const (
		yes = iampolicy.Allow
		no  = iampolicy.ImplicitDeny
		not = iampolicy.ExplicitDeny
	)
	byID := func(ids ...string) string { return `{"AWS":["` + strings.Join(ids, `","`) + `"]}` }
	grants := func(principal string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"*"`
	}
	denies := func(element, principal string) string {
		return grants(`"*"`) + `},{"Effect":"Deny","` + element + `":` + principal + `,"Action":"*"`
	}
	everybody := grants(byID(bobID, pilotID))
	tests := []struct {
		name       string
		principal  P
		statements string
		want       iampolicy.Outcome
	}{
		{"a user", user, everybody, yes},
		{"a user of that name and another ID", again, everybody, no},
		{"a user whose ID is not known", P{ARN: bob}, everybody, no},
		{"a session of the role", pilot, everybody, yes},
		{"a session, with the role's ID alone", P{ARN: session, RoleARN: role, UserID: pilotID}, everybody, yes},
		{"a session of another role of that name", copilot, everybody, no},
		{"a session whose role's ID is not known", P{ARN: session, RoleARN: role}, everybody, no},
		{"the ID in another case", user, grants(byID("AIDAEXAMPLEBOb")), no},
		{"a federated user of the user", guest, everybody, yes},
		{"a federated user of another user", stranger, everybody, no},
		{"a user who is said to be federated", P{ARN: bob, UserID: "AIDAELSE", BaseUserID: bobID}, everybody, no},
		{"a user with the ID of a role", P{ARN: bob, UserID: pilotID}, everybody, no},
		{"a role with the ID of a user", P{ARN: session, RoleARN: role, UserID: bobID + ":Bob"}, everybody, no},
		{"denied: root", P{ARN: root, UserID: bobID}, denies("Principal", byID(bobID)), yes},
		{"a service", P{ARN: service, UserID: bobID}, everybody, no},
		{"nobody", P{UserID: bobID}, everybody, no},

		{"denied: a user", user, denies("Principal", byID(bobID)), not},
		{"denied: another ID", again, denies("Principal", byID(bobID)), yes},
		{"denied: a user whose ID is not known", P{ARN: bob}, denies("Principal", byID(bobID)), not},
		{"denied: a user whose ID is not known, and a role's", P{ARN: bob}, denies("Principal", byID(pilotID)), yes},
		{"denied: a session", pilot, denies("Principal", byID(pilotID)), not},
		{"denied: a session whose role's ID is not known", P{ARN: session}, denies("Principal", byID(pilotID)), not},
		{"denied: a federated user", guest, denies("Principal", byID(bobID)), not},
		{"denied: a federated user of another user", stranger, denies("Principal", byID(bobID)), yes},
		{"denied: a federated user of one who is not known", P{ARN: federated}, denies("Principal", byID(bobID)), not},
		{"denied: nobody", P{}, denies("Principal", byID(bobID)), yes},

		{"excepted: a user", user, denies("NotPrincipal", byID(bobID)), yes},
		{"excepted: another ID", again, denies("NotPrincipal", byID(bobID)), not},
		{"excepted: a user whose ID is not known", P{ARN: bob}, denies("NotPrincipal", byID(bobID)), not},
		{"excepted: a session", pilot, denies("NotPrincipal", byID(pilotID)), yes},
		{"excepted: another, beside the account", again, denies("NotPrincipal", byID(bobID, account)), not},
		{"excepted: root, beside the account", P{ARN: root}, denies("NotPrincipal", byID(bobID, account)), yes},
	}
	for _, tt := range tests {
		for _, kind := range []iampolicy.PolicyType{iampolicy.ResourcePolicy, iampolicy.TrustPolicy} {
			statements := tt.statements + "}"
			if kind == iampolicy.ResourcePolicy {
				statements = strings.ReplaceAll(statements, `"Action":"*"`, `"Action":"*","Resource":"*"`)
			} else if strings.Contains(statements, "NotPrincipal") {
				continue // has no place there
			}
			set := &iampolicy.Set{Resource: policy(t, kind, statements)}
			if tt.principal.ARN == federated {
				set.Sessions = []*iampolicy.Policy{policy(t, iampolicy.SessionPolicy, `{"Effect":"Allow","Action":"*","Resource":"*"}`)}
			}
			req := request("s3:GetObject", object)
			req.Principal = tt.principal
			if got := iampolicy.Evaluate(set, req); got.Outcome != tt.want {
				t.Errorf("%s, by a %v: %+v; want %v", tt.name, kind, got, tt.want)
			}
		}
	}
	// What limits a role's ARN limits its ID: a boundary that is silent.
	set := identity(t, `{"Effect":"Deny","Action":"none:*","Resource":"*"}`)
	set.Resource = policy(t, iampolicy.ResourcePolicy, everybody+`,"Resource":"*"}`)
	set.Boundaries = []*iampolicy.Policy{policy(t, iampolicy.PermissionsBoundary, `{"Effect":"Allow","Action":"none:*","Resource":"*"}`)}
	for _, c := range []struct {
		p    P
		want iampolicy.Outcome
	}{{user, yes}, {pilot, no}, {guest, no}} {
		req := request("s3:GetObject", object)
		req.Principal = c.p
		if got := iampolicy.Evaluate(set, req); got.Outcome != c.want {
			t.Errorf("%s with a boundary: %+v; want %v", c.p.ARN, got, c.want)
		}
	}
}

// TestUniqueIDsParse: what is no unique ID of a user or a role is no principal.
func TestUniqueIDsParse(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		bobID: true, pilotID: true, "AROA1": true, "AIDA" + strings.Repeat("A", 124): true, "AIDA" + strings.Repeat("A", 125): false,
		"AIDA": false, "AROA": false, "AID": false, "": false, "AGPAEXAMPLEGROUP": false, "ANPAEXAMPLEPOLICY": false, "AKIAIOSFODNN7EXAMPLE": false,
		"aidaEXAMPLE": false, pilotID + ":Bob": false, "AIDA*": false, "AIDA${x:y}": false, "AIDA EXAMPLE": false, "AIDA-1": false, "AIDAé": false,
		"AIDA@": false, "AIDA[": false,
	} {
		for _, kind := range []iampolicy.PolicyType{iampolicy.ResourcePolicy, iampolicy.TrustPolicy} {
			doc := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + text + `"},"Action":"sts:AssumeRole"`
			if kind == iampolicy.ResourcePolicy {
				doc += `,"Resource":"*"`
			}
			if _, err := iampolicy.Parse([]byte(doc+"}]}"), kind); (err == nil) != good {
				t.Errorf("%q in a %v: %v", text, kind, err)
			}
		}
	}
}

// TestUniqueIDsExplained: a near miss tells the ID that the request has.
func TestUniqueIDsExplained(t *testing.T) {
	t.Parallel()
	set := &iampolicy.Set{Resource: policy(t, iampolicy.TrustPolicy, `{"Effect":"Allow","Principal":{"AWS":"`+bobID+`"},"Action":"*"}`)}
	for _, p := range []iampolicy.Principal{
		{ARN: bob, UserID: "AIDAELSE"}, {ARN: federated, UserARN: bob, BaseUserID: "AIDAELSE"},
	} {
		req := request("s3:GetObject", object)
		req.Principal = p
		text := iampolicy.Explain(t.Context(), set, req).String()
		if !strings.Contains(text, bobID) || !strings.Contains(text, `"AIDAELSE"`) {
			t.Error(text)
		}
	}
	// Whose ID is not known is told so, too.
	req := request("s3:GetObject", object)
	req.Principal = iampolicy.Principal{ARN: bob}
	if text := iampolicy.Explain(t.Context(), set, req).String(); !strings.Contains(text, bobID) || !strings.Contains(text, "Principal") {
		t.Error(text)
	}
}

// TestUniqueIDsNewAccess: a unique ID is access that another does not have, and an ARN is not it.
func TestUniqueIDsNewAccess(t *testing.T) {
	t.Parallel()
	allows := func(principal string) string {
		return `{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":"sts:AssumeRole"}`
	}
	denies := func(id string) string {
		return `,{"Effect":"Deny","Principal":{"AWS":"` + id + `"},"Action":"sts:AssumeRole"}`
	}
	for _, c := range []struct {
		name, old, new string
		want           iampolicy.AccessVerdict
		who            string // of the witness
	}{
		{"the same", allows(`"` + bobID + `"`), allows(`"` + bobID + `"`), iampolicy.AccessPass, ""},
		{"one of two", allows(`["` + bobID + `","` + pilotID + `"]`), allows(`"` + pilotID + `"`), iampolicy.AccessPass, ""},
		{"another user", allows(`"` + bobID + `"`), allows(`"AIDAELSE"`), iampolicy.AccessFail, "(AIDAELSE)"},
		{"another role", allows(`"` + pilotID + `"`), allows(`"AROAELSE"`), iampolicy.AccessFail, "(AROAELSE:"},
		{"instead of the ARN", allows(`"` + bob + `"`), allows(`"` + bobID + `"`), iampolicy.AccessFail, "(" + bobID + ")"},
		{"the ARN instead", allows(`"` + bobID + `"`), allows(`"` + bob + `"`), iampolicy.AccessFail, bob},
		{"everyone includes it", allows(`"*"`), allows(`"` + bobID + `"`), iampolicy.AccessPass, ""},
		{"a deny goes", allows(`"*"`) + denies(bobID), allows(`"*"`), iampolicy.AccessFail, "(" + bobID + ")"},
		{"a deny comes", allows(`"*"`), allows(`"*"`) + denies(bobID), iampolicy.AccessPass, ""},
		{"all but one", allows(`"*"`) + denies(pilotID), allows(`"`+role+`"`) + denies(pilotID), iampolicy.AccessPass, ""},
	} {
		r := iampolicy.CheckNoNewAccess(t.Context(), []*iampolicy.Policy{policy(t, iampolicy.TrustPolicy, c.old)},
			[]*iampolicy.Policy{policy(t, iampolicy.TrustPolicy, c.new)})
		if r.Verdict != c.want || !strings.Contains(r.String(), c.who) {
			t.Errorf("%s: %v; want %v %s", c.name, r, c.want, c.who)
		}
	}
}
