package directory_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// sample are parameters that every operation takes what it needs from.
var sample = []string{
	"UserName", "admin", "GroupName", "fleet", "RoleName", "Rider", "PolicyName", "Rides", "PolicyArn", rootOfARN + "policy/Rides",
	"PolicyDocument", everything, "AssumeRolePolicyDocument", forEC2, "AccessKeyId", adminKey, "Status", "Inactive", "VersionId", "v1",
	"PermissionsBoundary", rootOfARN + "policy/Rides", "Description", "x", "AccountAlias", "rides", "Tags.member.1.Key", "k", "Tags.member.1.Value", "v",
	"TagKeys.member.1", "k", "PolicySourceArn", adminARN, "ActionNames.member.1", "iam:ListUsers", "PolicyInputList.member.1", everything,
	"OpenIDConnectProviderArn", rootOfARN + "oidc-provider/id.example.com", "Url", "https://id.example.com", "ClientID", "c",
	"ThumbprintList.member.1", strings.Repeat("a", 40),
}

// TestNobodyWithoutRights: each operation is refused to who has no policy that allows it, with the
// words that name the action and the resource, and changes nothing; whatever the name of the user
// is (threat 209).
func TestNobodyWithoutRights(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateGroup", "GroupName", "fleet")
	s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
	s.must("CreatePolicy", "PolicyName", "Rides", "PolicyDocument", everything)
	for _, name := range []string{"root", "owner"} {
		s.must("CreateUser", "UserName", name)
		key := s.must("CreateAccessKey", "UserName", name)
		revision := s.dir.Revision()
		for _, action := range directory.Actions() {
			got := s.with(key, action, sample...)
			if got.status != http.StatusForbidden || got.code != "AccessDenied" ||
				!strings.HasPrefix(got.message,
					"User: "+rootOfARN+"user/"+name+" is not authorized to perform: iam:"+action+" on resource: ") {
				t.Errorf("%s: %d %s: %s", action, got.status, got.code, got.message)
			}
		}
		if s.dir.Revision() != revision {
			t.Error("something changed")
		}
	}
	if n := len(directory.Actions()); n < 90 {
		t.Errorf("there are %d operations", n)
	}
}

// TestEachOperationRuns: each operation gets as far as an answer of its own for who may do all.
func TestEachOperationRuns(t *testing.T) {
	t.Parallel()
	for _, action := range directory.Actions() {
		s := newIAM(t)
		s.must("CreateGroup", "GroupName", "fleet")
		s.must("CreateRole", "RoleName", "Rider", "AssumeRolePolicyDocument", forEC2)
		s.must("CreatePolicy", "PolicyName", "Rides", "PolicyDocument", everything)
		params := sample
		if action == "UpdateAssumeRolePolicy" {
			params = append(slices.Clone(sample), "PolicyDocument", forEC2)
		}
		got := s.admin(action, params...)
		switch got.code {
		case "", "NoSuchEntity", "EntityAlreadyExists", "DeleteConflict":
		default:
			t.Errorf("%s: %d %s: %s", action, got.status, got.code, got.message)
		}
	}
}

// TestRightsOnAPath: who has rights on a path acts there only, and learns nothing of the rest.
func TestRightsOnAPath(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada", "Path", "/ops/")
	s.must("CreateUser", "UserName", "boss", "Path", "/ops/")
	s.must("PutUserPolicy", "UserName", "boss", "PolicyName", "Ops", "PolicyDocument", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"iam:*","Resource":["`+rootOfARN+`user/ops/*","`+rootOfARN+`user/ops/"]}]}`)
	key := s.must("CreateAccessKey", "UserName", "boss")
	for _, c := range []struct {
		status int
		action string
		params []string
	}{
		{200, "GetUser", []string{"UserName", "ada"}},
		{403, "GetUser", []string{"UserName", "admin"}},
		{403, "GetUser", []string{"UserName", "nobody"}}, // whether it exists is not told
		{200, "CreateUser", []string{"UserName", "new", "Path", "/ops/"}},
		{403, "CreateUser", []string{"UserName", "new2", "Path", "/"}},
		{403, "UpdateUser", []string{"UserName", "new", "NewPath", "/"}},
		{403, "UpdateUser", []string{"UserName", "admin", "NewPath", "/ops/"}},
		{200, "UpdateUser", []string{"UserName", "new", "NewPath", "/ops/crew/"}},
		{200, "ListUsers", []string{"PathPrefix", "/ops/"}},
		{403, "ListUsers", nil},
		{200, "CreateAccessKey", []string{"UserName", "ada"}},
		{403, "CreateAccessKey", []string{"UserName", "admin"}},
		{403, "ListRoles", nil},
		{403, "CreateGroup", []string{"GroupName", "x", "Path", "/ops/"}},
	} {
		if got := s.with(key, c.action, c.params...); got.status != c.status {
			t.Errorf("%s %q: %d %s; want %d", c.action, c.params, got.status, got.message, c.status)
		}
	}

	// The words of a refusal do not tell whether it exists, nor where.
	s.must("CreateUser", "UserName", "hidden", "Path", "/secret/")
	s.must("CreateRole", "RoleName", "hidden", "Path", "/secret/", "AssumeRolePolicyDocument", forEC2)
	s.must("CreateGroup", "GroupName", "hidden", "Path", "/secret/")
	id := s.must("CreateAccessKey", "UserName", "hidden").get("AccessKey/AccessKeyId")
	for _, c := range [][]string{
		{"GetUser", "UserName"},
		{"UpdateUser", "NewUserName", "new", "NewPath", "/ops/", "UserName"},
		{"AttachUserPolicy", "PolicyArn", rootOfARN + "policy/x", "UserName"},
		{"GetRole", "RoleName"},
		{"DeleteRole", "RoleName"},
		{"GetGroup", "GroupName"},
		{"UpdateGroup", "NewGroupName", "new", "GroupName"},
		{"GetAccessKeyLastUsed", "AccessKeyId"},
	} {
		exists, none := "hidden", "nobody"
		if c[0] == "GetAccessKeyLastUsed" {
			exists, none = id, "AKIANOBODYNOBODYNOBO"
		}
		got, want := s.with(key, c[0], append(c[1:len(c):len(c)], exists)...), s.with(key, c[0], append(c[1:len(c):len(c)], none)...)
		if got.status != 403 || got.message != strings.ReplaceAll(want.message, none, exists) || strings.Contains(got.body, "secret") {
			t.Errorf("%s: %q, and of what there is not %q", c[0], got.message, want.message)
		}
	}
}

// TestRefusedAlike: whether what a request names exists, under which path, how its name is written,
// and whose a key is, a refusal does not tell (threat 209).
func TestRefusedAlike(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "mallory")
	mallory := s.must("CreateAccessKey", "UserName", "mallory")
	sent := append(slices.Clone(sample), // of two with a name the last one counts
		"UserName", "ada", "GroupName", "fleet", "RoleName", "rider", "NewUserName", "eve", "NewGroupName", "new", "NewPath", "/new/",
		"AccessKeyId", "AKIAADAADAADAADAADA1", "PolicyArn", rootOfARN+"policy/x/Rides", "PolicySourceArn", rootOfARN+"user/ops/Ada")
	ask := func() (all []string) {
		for _, action := range directory.Actions() {
			got := s.with(mallory, action, sent...)
			all = append(all, itoa(got.status)+" "+got.message)
		}
		return all
	}
	before := ask()
	if err := s.dir.Fill(t.Context(), directory.Contents{
		Policies: []directory.NewPolicy{{ARN: rootOfARN + "policy/x/Rides", Document: everything}},
		Groups:   []directory.NewGroup{{ARN: rootOfARN + "group/ops/Fleet"}},
		Roles:    []directory.NewRole{{ARN: rootOfARN + "role/ops/Rider", Trust: forEC2}},
		Users: []directory.NewUser{{
			ARN: rootOfARN + "user/ops/Ada", Keys: []directory.NewKey{{
				ID:     "AKIAADAADAADAADAADA1",
				Secret: secretOf("AKIAADAADAADAADAADA1"),
			}},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	for i, after := range ask() {
		if before[i] != after {
			t.Errorf("%s:\nbefore: %s\nafter:  %s", directory.Actions()[i], before[i], after)
		}
	}
}

// TestConditionsOnTags: the tags of a request and of what it acts on are condition keys.
func TestConditionsOnTags(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "blue", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	s.must("CreateUser", "UserName", "red", "Tags.member.1.Key", "team", "Tags.member.1.Value", "red")
	s.must("CreateUser", "UserName", "boss", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")
	s.must("PutUserPolicy", "UserName", "boss", "PolicyName", "Team", "PolicyDocument", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["iam:DeleteUser","iam:GetUser"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}},
		{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"blue","iam:ResourceTag/team":"blue"},
			"ForAllValues:StringEquals":{"aws:TagKeys":["team","site"]}}}]}`)
	key := s.must("CreateAccessKey", "UserName", "boss")
	tag := func(user string, keysAndValues ...string) []string {
		params := []string{"UserName", user}
		for i := 0; i < len(keysAndValues); i += 2 {
			member := "Tags.member." + itoa(i/2+1)
			params = append(params, member+".Key", keysAndValues[i], member+".Value", keysAndValues[i+1])
		}
		return params
	}
	for _, c := range []struct {
		status int
		action string
		params []string
	}{
		{200, "GetUser", []string{"UserName", "blue"}},
		{403, "GetUser", []string{"UserName", "red"}},
		{403, "DeleteUser", []string{"UserName", "red"}},
		{200, "TagUser", tag("blue", "team", "blue")},
		{200, "TagUser", tag("blue", "team", "blue", "site", "x")},
		{403, "TagUser", tag("blue", "team", "red")},
		{403, "TagUser", tag("blue", "team", "blue", "other", "x")},
		{403, "TagUser", tag("red", "team", "blue")},
		{200, "DeleteUser", []string{"UserName", "blue"}},
	} {
		if got := s.with(key, c.action, c.params...); got.status != c.status {
			t.Errorf("%s %q: %d %s; want %d", c.action, c.params, got.status, got.message, c.status)
		}
	}
	// What looks like a letter is another one: it does not replace the tag that a policy looks at.
	s.must("TagUser", tag("red", "\u017fite", "x")...)
	s.must("TagUser", tag("red", "site", "y")...)
	s.must("UntagUser", "UserName", "red", "TagKeys.member.1", "\u017fite")
	if got := s.must("ListUserTags", "UserName", "red"); got.get("Tags/member.1/Key") != "site" || got.get("Tags/member.2/Key") != "team" {
		t.Errorf("the tags are %s", got.body)
	}
	s.refused(400, "InvalidInput", "", "TagUser", tag("red", "aws:x", "y")...)
	s.refused(400, "InvalidInput", "", "TagUser", tag("red", "a", "1", "A", "2")...)
	many := []string{}
	for i := range 50 {
		many = append(many, "key"+itoa(i+1), "")
	}
	s.refused(409, "LimitExceeded", "", "TagUser", tag("red", many...)...)
}

// TestSessions: a session of a role acts in its account; one of GetFederationToken may call
// nothing, and one of GetSessionToken only with a second factor.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateRole", "RoleName", "Boss", "AssumeRolePolicyDocument", forEC2)
	s.must("PutRolePolicy", "RoleName", "Boss", "PolicyName", "All", "PolicyDocument", everything)
	role, err := s.dir.Role(t.Context(), rootOfARN+"role/Boss")
	if err != nil {
		t.Fatal(err)
	}
	all, err := iampolicy.Parse([]byte(everything), iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	federated := "arn:aws:sts::" + accountID + ":federated-user/x"
	credential := func(id string, p iampolicy.Principal, session sigv4auth.Session) sigv4auth.Credential {
		return sigv4auth.Credential{
			AccessKeyID: id, Secret: secretOf(id), SessionToken: sigv4auth.NewSecret("token"), Expires: start.Add(time.Hour),
			Principal: p, Session: &session,
		}
	}
	user := iampolicy.Principal{ARN: adminARN, UserID: "AIDAADMIN"}
	for name, c := range map[string]struct {
		credential sigv4auth.Credential
		status     int
	}{
		"a role": {credential("ASIAROLE", iampolicy.Principal{
			ARN: "arn:aws:sts::" + accountID + ":assumed-role/Boss/x", RoleARN: role.ARN, UserID: role.ID + ":x",
		}, sigv4auth.Session{}), 200},
		"a federated user": {credential("ASIAFED", iampolicy.Principal{ARN: federated, UserID: accountID + ":x"}, sigv4auth.Session{}), 403},
		"a user":           {credential("ASIAUSER", user, sigv4auth.Session{}), 403},
		"a user with MFA":  {credential("ASIAMFA", user, sigv4auth.Session{MFAPresent: true, MFA: start}), 200},
		"a user of nowhere": {credential("ASIAELSE", iampolicy.Principal{ARN: "arn:aws:iam::999988887777:user/x"},
			sigv4auth.Session{MFAPresent: true}), 403},
		"a role without session": {credential("ASIANONE", iampolicy.Principal{ARN: "arn:aws:sts::" + accountID + ":assumed-role/None/x"},
			sigv4auth.Session{}), 403},
	} {
		policies := sigv4auth.PolicyStore(s.dir)
		if c.credential.Principal.EffectiveType() != iampolicy.AssumedRole {
			policies = sigv4auth.StaticPolicies(map[string][]*iampolicy.Policy{
				adminARN: {all}, federated: {all}, "arn:aws:iam::999988887777:user/x": {all},
			})
		}
		endpoint, err := directory.NewEndpoint(directory.EndpointConfig{
			Directory: s.dir, Auth: sigv4auth.Config{Region: "us-east-1"}, Policies: policies,
			Credentials: sigv4auth.StaticCredentials(c.credential),
		})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://iam.amazonaws.com/",
			strings.NewReader(url.Values{"Action": {"ListUsers"}, "Version": {"2010-05-08"}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		endpoint.ServeHTTP(w, sigv4test.Signer{Credential: c.credential, Region: "us-east-1", Service: "iam", Now: s.clock.Now}.Sign(r))
		if w.Code != c.status {
			t.Errorf("%s: %d: %s", name, w.Code, w.Body)
		}
	}
}

// TestWritersAtOnce: what many write at once is all there, or was refused.
func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	s.must("CreateUser", "UserName", "ada")
	var mu sync.Mutex
	tagged := map[string]bool{}
	var writers sync.WaitGroup
	for i := range 40 {
		writers.Go(func() {
			key := "key" + itoa(i+1)
			for {
				got := s.admin("TagUser", "UserName", "ada", "Tags.member.1.Key", key, "Tags.member.1.Value", "v")
				if got.code == "ConcurrentModification" {
					continue // which is told
				}
				if got.status != http.StatusOK {
					t.Errorf("%s: %d %s", key, got.status, got.code)
				}
				mu.Lock()
				tagged[key] = got.status == http.StatusOK
				mu.Unlock()
				return
			}
		})
	}
	writers.Wait()
	tags := s.must("ListUserTags", "UserName", "ada")
	for key, is := range tagged {
		if is && !strings.Contains(tags.body, "<Key>"+key+"</Key>") {
			t.Errorf("%s was lost", key)
		}
	}
}

// TestPagination: of a list that changes meanwhile, no part repeats or leaves out what stays.
func TestPagination(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	var contents directory.Contents
	for i := range 250 {
		contents.Users = append(contents.Users, directory.NewUser{ARN: rootOfARN + "user/crew/u" + itoa(i+1000)})
	}
	if err := s.dir.Fill(t.Context(), contents); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	marker, parts := "", 0
	for {
		params := []string{"PathPrefix", "/crew/", "MaxItems", "30"}
		if marker != "" {
			params = append(params, "Marker", marker)
		}
		a := s.must("ListUsers", params...)
		for i := 1; a.get("Users/member."+itoa(i)+"/UserName") != ""; i++ {
			seen[a.get("Users/member."+itoa(i)+"/UserName")]++
		}
		// The one that was told last goes, and another one comes before.
		s.must("DeleteUser", "UserName", a.get("Users/member.30/UserName"))
		s.must("CreateUser", "UserName", "a"+itoa(parts+1), "Path", "/crew/")
		parts++
		if marker = a.get("Marker"); marker == "" || parts > 20 {
			break
		}
		if parts == 8 {
			break
		}
	}
	for i := range 240 {
		if name := "u" + itoa(i+1000); seen[name] != 1 {
			t.Errorf("%s was told %d times", name, seen[name])
		}
	}
	for _, c := range [][]string{
		{"MaxItems", "0"}, {"MaxItems", "1001"}, {"MaxItems", "x"}, {"Marker", "?"}, {"Marker", "AAAA"}, {"Marker", ""},
	} {
		if got := s.admin("ListUsers", c...); got.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", c, got.status, got.code)
		}
	}
	// A marker of another operation.
	if got := s.admin("ListRoles", "Marker", s.must("ListUsers", "MaxItems", "1").get("Marker")); got.code != "ValidationError" {
		t.Errorf("a marker of another operation: %d %s", got.status, got.code)
	}
}

// FuzzMarker: no marker shows another account's entities, or does worse, whichever list it is for.
func FuzzMarker(f *testing.F) {
	f.Add("ListUsers\x00admin")
	f.Add("ListUsers\x00../444455556666/x")
	f.Add("ListUsers\x00\xff")
	f.Add("999999999999/x")
	f.Add("\x00")
	base := newIAM(f, directory.Contents{Accounts: []string{"000000000000", "999999999999"}}, directory.Contents{
		Groups: []directory.NewGroup{
			{ARN: rootOfARN + "group/fleet"}, {ARN: "arn:aws:iam::000000000000:group/x"}, {ARN: "arn:aws:iam::999999999999:group/x"},
		},
		Users: []directory.NewUser{
			{ARN: rootOfARN + "user/ada", Groups: []string{rootOfARN + "group/fleet"}, Tags: []directory.Tag{{Key: "team", Value: "ops"}}},
			{ARN: "arn:aws:iam::000000000000:user/x", Groups: []string{"arn:aws:iam::000000000000:group/x"}},
			{ARN: "arn:aws:iam::999999999999:user/x", Groups: []string{"arn:aws:iam::999999999999:group/x"}},
		},
		Roles: []directory.NewRole{{ARN: "arn:aws:iam::999999999999:role/x", Trust: forEC2}},
	})
	lists := []string{"ListUsers", "ListGroups", "ListRoles", "GetGroup", "ListGroupsForUser", "ListAccessKeys", "ListUserTags"}
	f.Fuzz(func(t *testing.T, text string) {
		s := &iam{t: t, dir: base.dir, clock: base.clock, Handler: base.Handler}
		for _, action := range lists {
			for _, marker := range []string{text, directory.Marker(text), directory.Marker(action + "\x00" + text)} {
				got := s.admin(action, "UserName", "ada", "GroupName", "fleet", "Marker", marker)
				if got.status >= http.StatusInternalServerError || strings.Contains(got.body, "/x<") || strings.Contains(got.body, ">x<") {
					t.Errorf("%s: %d: %s", action, got.status, got.body)
				}
			}
		}
	})
}

// FuzzForm: whatever the form is, an administrator gets an answer, and it is no failure.
func FuzzForm(f *testing.F) {
	for _, action := range directory.Actions() {
		form := url.Values{"Action": {action}, "Version": {"2010-05-08"}}
		for i := 0; i < len(sample); i += 2 {
			form.Set(sample[i], sample[i+1])
		}
		f.Add(form.Encode())
	}
	s := newIAM(f)
	rewind := directory.Rewind(s.dir)
	f.Fuzz(func(t *testing.T, form string) {
		rewind()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://iam.amazonaws.com/", bytes.NewReader([]byte(form)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, sigv4test.Signer{
			Credential: sigv4auth.Credential{AccessKeyID: adminKey, Secret: secretOf(adminKey)}, Region: "us-east-1", Service: "iam",
			Now: s.clock.Now,
		}.Sign(r))
		if w.Code >= http.StatusInternalServerError {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	})
}
