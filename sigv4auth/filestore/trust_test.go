package filestore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// trustAda lets Ada assume a role.
const trustAda = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
     "Principal": {"AWS": "` + adaARN + `"}, "Condition": {"StringEquals": {"sts:ExternalId": ["1", "2"]}}}]}`

// mayAssume reports whether the role's trust policy, as it is now, lets Ada assume it.
func mayAssume(t testing.TB, s *filestore.Store) func() bool {
	return func() bool {
		r, err := s.Role(t.Context(), riderARN)
		if err != nil {
			t.Fatal(err)
		}
		if r.TrustPolicy == nil {
			return false
		}
		request := iampolicy.Request{
			Principal: iampolicy.Principal{ARN: adaARN, UserID: "AIDAADA"}, Action: "sts:AssumeRole", Resource: riderARN,
			ResourceAccount: account,
		}
		request.Context.Set("sts:ExternalId", "2")
		d := iampolicy.Evaluate(&iampolicy.Set{Resource: r.TrustPolicy}, &request)
		return d.Allowed()
	}
}

// TestTrustPolicies: a mistake in a trust policy is told with file, line and column, and nobody can
// assume the role; everything else in the file is in force. So is the trust policy of another role.
func TestTrustPolicies(t *testing.T) {
	const effect = ", so that nobody can assume the role"
	f := newFolder(t)
	with := func(trust string) string {
		return strings.Replace(start, `["Read"]}`, "[\"Read\"],\n     \"AssumeRolePolicyDocument\": "+trust+"}", 1)
	}
	f.replace("principals.json", with(trustAda))
	s := f.open()
	if !mayAssume(t, s)() || !healthy(s)() {
		t.Fatal("Ada may not assume the role: ", s.Problems())
	}
	before, err := s.Role(t.Context(), riderARN)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, trust, want string }{
		{
			"on the first line", `{"Version": "2012-10-17", "Stotement": []}`,
			"principals.json:12:60: Roles[0].AssumeRolePolicyDocument",
		},
		{
			"on a later line", strings.Replace(trustAda, `"StringEquals"`, `"StringEqual"`, 1),
			"principals.json:13:84: Roles[0].AssumeRolePolicyDocument.Statement[0].Condition.StringEqual: ",
		},
		{
			"an identity policy", allowAll,
			"principals.json:12:71: Roles[0].AssumeRolePolicyDocument.Statement[0]: ",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.replace("principals.json", strings.Replace(with(tt.trust), "AIDABOB", "AIDABOB2", 1))
			eventually(t, tt.want, problem(s, tt.want))
			for _, p := range s.Problems() {
				if p.LastGood || p.Warning || !strings.HasSuffix(p.Error(), effect) {
					t.Errorf("%+v", p)
				}
			}
			for _, s := range []*filestore.Store{s, f.open()} {
				if mayAssume(t, s)() {
					t.Error("Ada may assume the role")
				}
				if c, err := s.Credential(t.Context(), "AKIABOB", ""); err != nil || c.Principal.UserID != "AIDABOB2" {
					t.Errorf("the rest of the file is not in force: %v", err)
				}
			}
			// A broken edit on top of it mends nothing.
			f.replace("principals.json", "{")
			eventually(t, "the last good version is told", problem(s, "(the last good version stays in force)"))
			if mayAssume(t, s)() || !problem(s, tt.want)() {
				t.Errorf("%v", s.Problems())
			}
			f.replace("principals.json", with(trustAda))
			eventually(t, "the mended policy is in force", mayAssume(t, s))
			if !healthy(s)() {
				t.Error(s.Problems())
			}
		})
	}
	// Who may assume the role is no matter to the sessions that it has.
	if now, err := s.Role(t.Context(), riderARN); err != nil || now.Revision != before.Revision {
		t.Errorf("the revision of the role was %q, and is %q, %v", before.Revision, now.Revision, err)
	}
	f.replace("principals.json", start)
	eventually(t, "without a trust policy nobody may assume it", not(mayAssume(t, s)))
	if !healthy(s)() {
		t.Error(s.Problems())
	}
}

// TestTheRevisionTellsTrustPolicies: what audits name is of the trust policies, too.
func TestTheRevisionTellsTrustPolicies(t *testing.T) {
	f := newFolder(t)
	s := f.openWith(byHand(f))
	first := revision(t, s)
	look := func(trust string) string {
		f.replace("principals.json", strings.Replace(start, `["Read"]}`, `["Read"]`+trust+`}`, 1))
		for range 3 {
			s.LookForTest()
		}
		return revision(t, s)
	}
	second := look(`, "AssumeRolePolicyDocument": ` + trustAda)
	third := look(`, "AssumeRolePolicyDocument": ` + strings.Replace(trustAda, "Allow", "Deny", 1))
	if first == second || second == third || first == third {
		t.Errorf("%s, %s, %s", first, second, third)
	}
}

// TestMistakesInRoles: these are of the form of principals.json.
func TestMistakesInRoles(t *testing.T) {
	const duration = "Roles[0].MaxSessionDuration: is a number of seconds from 3600 to 43200"
	for _, tt := range []struct{ name, old, text, want string }{
		{"short", `["Read"]}`, `["Read"], "MaxSessionDuration": 3599}`, duration},
		{"long", `["Read"]}`, `["Read"], "MaxSessionDuration": 43201}`, duration},
		{"a string", `["Read"]}`, `["Read"], "MaxSessionDuration": "3600"}`, duration},
		{"a fraction", `["Read"]}`, `["Read"], "MaxSessionDuration": 3600.5}`, duration},
		{"an exponent", `["Read"]}`, `["Read"], "MaxSessionDuration": 4e3}`, duration},
		{"none", `["Read"]}`, `["Read"], "MaxSessionDuration": null}`, duration},
		{
			"a document as a string", `["Read"]}`, `["Read"], "AssumeRolePolicyDocument": "{}"}`,
			"Roles[0].AssumeRolePolicyDocument: a trust policy is an object, not a string",
		},
		{
			"a slip", `["Read"]}`, `["Read"], "AssumeRolePolicyDocumnet": {}}`,
			`Roles[0]: unknown element "AssumeRolePolicyDocumnet"; did you mean "AssumeRolePolicyDocument"?`,
		},
		{
			"of a user", `"AttachedPolicies": [],`, `"AttachedPolicies": [], "MaxSessionDuration": 3600,`,
			"Users[1]: unknown element of 18 characters",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFolder(t)
			f.edit("principals.json", tt.old, tt.text)
			if s, err := filestore.Open(f.config()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, %v; want %s", s, err, tt.want)
			}
		})
	}
	for text, want := range map[string]time.Duration{"3600": time.Hour, "43200": 12 * time.Hour} {
		f := newFolder(t)
		f.edit("principals.json", `["Read"]}`, `["Read"], "MaxSessionDuration": `+text+`}`)
		if r, err := f.open().Role(t.Context(), riderARN); err != nil || r.MaxSession != want {
			t.Errorf("%s: %v, %v", text, r.MaxSession, err)
		}
	}
}

// TestAnEditOfATrustPolicyIsTold: as that of a policy.
func TestAnEditOfATrustPolicyIsTold(t *testing.T) {
	f := newFolder(t)
	_, told := openTold(f)
	const end = `"AttachedPolicies": ["Read"]`
	denied := strings.Replace(trustAda, "Allow", "Deny", 1)
	for _, tt := range []struct{ name, text, want string }{
		{"set", end + `, "AssumeRolePolicyDocument": ` + trustAda, "trust policy set"},
		{"changed", end + `, "AssumeRolePolicyDocument": ` + denied, "trust policy: 1 statement changed"},
		{"spaces", end + `, "AssumeRolePolicyDocument": ` + strings.Replace(denied, `": `, `":  `, 1), "trust policy: written otherwise, and means the same"},
		{"broken", end + `, "AssumeRolePolicyDocument": {}`, "trust policy has mistakes"},
		{"mended", end + `, "AssumeRolePolicyDocument": ` + trustAda, "trust policy set"},
		{"removed", end, "trust policy removed"},
		{"the longest session", end + `, "MaxSessionDuration": 3600`, "longest session changed"},
	} {
		f.replace("principals.json", strings.Replace(start, end, tt.text, 1))
		told.one(t, filestore.Edit{File: "principals.json", What: "role Rider: " + tt.want})
	}
}
