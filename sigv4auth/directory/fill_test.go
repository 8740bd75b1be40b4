package directory_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/directory"
)

// keysNamed returns n keys.
func keysNamed(name string, n int) []directory.NewKey {
	keys := make([]directory.NewKey, n)
	for i := range keys {
		id := fmt.Sprintf("AKIA%sXXXXXXXX%02d", name, i)
		keys[i] = directory.NewKey{ID: id, Secret: secretOf(id)}
	}
	return keys
}

// trusting returns a trust policy of a principal.
func trusting(principal string) string {
	return strings.Replace(forEC2, `{"Service": "ec2.amazonaws.com"}`, principal, 1)
}

// TestFill: what is filled in is there, and the endpoint's quota stops new keys alone.
func TestFill(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	managed, crew := rootOfARN+"policy/crew/Managed", rootOfARN+"group/crew/Fleet"
	keys := keysNamed("ADA", 10)
	keys[1].Inactive = true
	trust := trusting(`{"AWS": "` + rootOfARN + `user/crew/Ada"}`)
	err := s.dir.Fill(t.Context(), directory.Contents{
		Accounts: []string{accountID}, // which is there
		Policies: []directory.NewPolicy{{
			ARN: managed, Document: everything, Description: "All", Tags: []directory.Tag{{Key: "a", Value: "1"}},
		}},
		Groups: []directory.NewGroup{{ARN: crew, Holder: directory.Holder{Attached: []string{managed}}}},
		Users: []directory.NewUser{{
			ARN: rootOfARN + "user/crew/Ada", ID: "AIDAADA", Boundary: managed, Groups: []string{crew}, Keys: keys,
			Holder: directory.Holder{Inline: map[string]string{"Own": everything}, Attached: []string{managed, managed}},
		}},
		Roles: []directory.NewRole{{
			ARN: rootOfARN + "role/crew/Rider", ID: "AROARIDER", Trust: trust, MaxSession: 2 * time.Hour, Boundary: managed,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := directory.Inconsistent(s.dir); wrong != "" {
		t.Error(wrong)
	}
	ada, err := s.dir.Credential(t.Context(), keys[0].ID, "")
	if err != nil || ada.Principal.UserID != "AIDAADA" || !ada.Secret.Equal(secretOf(keys[0].ID).Reveal()) || !ada.Expires.IsZero() {
		t.Errorf("%+v, %v", ada, err)
	}
	if _, err := s.dir.Credential(t.Context(), keys[1].ID, ""); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("an inactive key: %v", err)
	}
	id := sigv4auth.Identity{Principal: ada.Principal, AccessKeyID: keys[0].ID, Revision: ada.Revision}
	set, _, err := s.dir.Policies(t.Context(), id)
	if err != nil || len(set.Identity) != 3 || len(set.Boundaries) != 1 {
		t.Errorf("%d policies and %d boundaries, %v", len(set.Identity), len(set.Boundaries), err)
	}
	role, err := s.dir.Role(t.Context(), rootOfARN+"role/crew/Rider")
	if err != nil || role.ID != "AROARIDER" || role.MaxSession != 2*time.Hour || role.TrustPolicy == nil {
		t.Errorf("%+v, %v", role, err)
	}
	if got := s.must("GetPolicy", "PolicyArn", managed); got.get("Policy/AttachmentCount") != "2" ||
		got.get("Policy/PermissionsBoundaryUsageCount") != "2" || got.get("Policy/Description") != "All" {
		t.Errorf("GetPolicy: %s", got.body)
	}
	if a := s.admin("CreateAccessKey", "UserName", "Ada"); a.status != http.StatusConflict || a.code != "LimitExceeded" {
		t.Errorf("an eleventh key: %d %s", a.status, a.code)
	}
	for _, k := range keys[1:] {
		s.must("DeleteAccessKey", "UserName", "Ada", "AccessKeyId", k.ID)
	}
	s.must("CreateAccessKey", "UserName", "Ada")
	again := directory.Contents{Users: []directory.NewUser{{ARN: rootOfARN + "user/Eve", Keys: keys[1:2]}}}
	if err := s.dir.Fill(t.Context(), again); err == nil || !strings.Contains(err.Error(), "exists already, or did") {
		t.Errorf("the ID of a deleted key: %v", err)
	}
}

// TestFillExpiringKey: a key that another store lets expire does so here, to the second, and not
// later.
func TestFillExpiringKey(t *testing.T) {
	t.Parallel()
	until := start.Add(time.Hour)
	keys := keysNamed("ADA", 1)
	keys[0].Expires = until.Add(999 * time.Millisecond)
	s := newIAM(t, directory.Contents{Users: []directory.NewUser{{ARN: rootOfARN + "user/Ada", Keys: keys, Holder: directory.Holder{
		Inline: map[string]string{"All": everything},
	}}}})
	if c, err := s.dir.Credential(t.Context(), keys[0].ID, ""); err != nil || !c.Expires.Equal(until) {
		t.Errorf("it expires %v, %v; want %v", c.Expires, err, until)
	}
	if a := s.call(keys[0].ID, "GetUser"); a.status != http.StatusOK {
		t.Errorf("before: %d %s", a.status, a.code)
	}
	// Another status, and back, leave it as it is.
	s.must("UpdateAccessKey", "UserName", "Ada", "AccessKeyId", keys[0].ID, "Status", "Inactive")
	s.must("UpdateAccessKey", "UserName", "Ada", "AccessKeyId", keys[0].ID, "Status", "Active")
	s.clock.Set(until)
	if a := s.call(keys[0].ID, "GetUser"); a.status != http.StatusForbidden {
		t.Errorf("after: %d %s", a.status, a.code)
	}
	for _, expires := range []time.Time{time.Unix(0, 0), time.Unix(0, 5e8), time.Time{}.Add(time.Millisecond)} {
		keys := keysNamed("EVE", 1)
		keys[0].Expires = expires
		err := s.dir.Fill(t.Context(), directory.Contents{Users: []directory.NewUser{{ARN: rootOfARN + "user/Eve", Keys: keys}}})
		if err == nil || !strings.Contains(err.Error(), "Expires is before 1970") {
			t.Errorf("%v: %v", expires, err)
		}
	}
}

// mistaken is contents in which everything is wrong, with what is said of each.
func mistaken() (c directory.Contents, says []string) {
	user := func(name string, change func(*directory.NewUser)) directory.NewUser {
		u := directory.NewUser{ARN: rootOfARN + "user/" + name}
		change(&u)
		return u
	}
	many := func(n int, what string) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("%s%s%d", rootOfARN, what, i))
		}
		return all
	}
	c = directory.Contents{Accounts: []string{"1234", accountID}}
	for i := range 21 {
		c.Policies = append(c.Policies, directory.NewPolicy{ARN: fmt.Sprintf("%spolicy/p%d", rootOfARN, i), Document: everything})
	}
	for i := range 11 {
		c.Groups = append(c.Groups, directory.NewGroup{ARN: fmt.Sprintf("%sgroup/g%d", rootOfARN, i)})
	}
	c.Policies = append(c.Policies,
		directory.NewPolicy{ARN: rootOfARN + "policy/Bad", Document: "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": 7}"},
		directory.NewPolicy{ARN: rootOfARN + "policy/P1", Document: everything},
		directory.NewPolicy{ARN: rootOfARN + "policy/Long", Document: everything, Description: strings.Repeat("ä", 1001)})
	c.Groups = append(c.Groups,
		directory.NewGroup{ARN: rootOfARN + "group/G1"},
		directory.NewGroup{ARN: rootOfARN + "group/Lost", Holder: directory.Holder{Attached: []string{rootOfARN + "policy/None"}}})
	c.Users = []directory.NewUser{
		{ARN: "arn:aws:iam::999999999999:user/Stranger"},
		{ARN: "arn:aws-cn:iam::" + accountID + ":user/Chinese"},
		{ARN: rootOfARN + "role/NoUser"},
		user("ADMIN", func(*directory.NewUser) {}),
		user("ids", func(u *directory.NewUser) { u.ID = "an ID" }),
		user("tags", func(u *directory.NewUser) { u.Tags = []directory.Tag{{Key: "Team"}, {Key: "team"}} }),
		user("manyTags", func(u *directory.NewUser) {
			for i := range 51 {
				u.Tags = append(u.Tags, directory.Tag{Key: itoa(i)})
			}
		}),
		user("inline", func(u *directory.NewUser) {
			u.Inline = map[string]string{"a/b": everything, "Own": "{\n \"Statement\": [}"}
			u.Boundary = rootOfARN + "policy/Limit"
			u.Groups = []string{rootOfARN + "group/Nobody"}
		}),
		user("attached", func(u *directory.NewUser) { u.Attached = many(21, "policy/p") }),
		user("groups", func(u *directory.NewUser) { u.Groups = many(11, "group/g") }),
		user("keys", func(u *directory.NewUser) { u.Keys = keysNamed("KEYS", 11) }),
		user("badKeys", func(u *directory.NewUser) {
			u.Keys = []directory.NewKey{
				{ID: "an ID", Secret: secretOf("x")},
				{ID: canary, Secret: sigv4auth.NewSecret("short")},
				{ID: "AKIANOSECRETXXXXXXXX"},
				{ID: adminKey, Secret: sigv4auth.NewSecret(canary)},
			}
		}),
	}
	c.Roles = []directory.NewRole{
		{ARN: rootOfARN + "role/NoTrust"},
		{ARN: rootOfARN + "role/Long", Trust: forEC2, MaxSession: 13 * time.Hour},
		{ARN: rootOfARN + "role/Nobody", Trust: trusting(`{"AWS": "` + rootOfARN + `user/Gone"}`)},
	}
	return c, []string{
		`"1234": the ID of an account`,
		`policy/Bad: iampolicy: "Bad": invalid policy: 3:16: `, "policy/P1: it exists already", "policy/Long: a description is at most 1000",
		"group/G1: it exists already", `group/Lost: there is no managed policy "` + rootOfARN + `policy/None"`,
		"user/Stranger: its account is not", `user/Chinese": it is no ARN of a user`, `role/NoUser": it is no ARN of a user`,
		"user/ADMIN: it exists already", "user/ids: its unique ID", "user/tags: tags: the tag is given twice", "user/manyTags: it has 51 tags",
		`user/inline: "a/b" is no name of an inline policy`,
		`user/inline: iampolicy: "Own": invalid policy: 2:16: `, `user/inline: there is no managed policy "` + rootOfARN,
		`user/inline: there is no group "` + rootOfARN, "user/attached: it has 21 managed policies", "user/groups: it is in 11 groups",
		"user/keys: it has 11 access keys", "user/badKeys: Keys[0]: the access key ID", "user/badKeys: Keys[1]: a secret is",
		"user/badKeys: Keys[2]: a secret is", "user/badKeys: Keys[3]: access key " + adminKey + " exists already",
		"role/NoTrust: ", "role/Long: MaxSession is from 1 to 12 hours", "role/Nobody: ",
	}
}

// canary is a secret access key that somebody may have put in the place of an ID.
const canary = "CANARYwJalrXUtnFEMIK7MDENGbPxRfiCYCANARY"

// TestFillMistakes: every mistake is told at once, with the line and the column of those in
// documents, and nothing of the contents is in the directory then, nor any secret in the error
// (threat 116).
func TestFillMistakes(t *testing.T) {
	t.Parallel()
	s := newIAM(t)
	before := s.dir.Revision()
	contents, says := mistaken()
	err := s.dir.Fill(t.Context(), contents)
	if err == nil {
		t.Fatal("everything is wrong, and taken")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, say := range says {
		found := 0
		for _, line := range lines {
			if strings.Contains(line, say) {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%q is said %d times", say, found)
		}
	}
	if len(lines) != len(says) {
		t.Errorf("%d mistakes are told; want %d:\n%v", len(lines), len(says), err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(verb, err); strings.Contains(text, canary) || strings.Contains(text, "secret-of-") {
			t.Errorf("the error holds a secret: %s", text)
		}
	}
	if now := s.dir.Revision(); now != before {
		t.Errorf("the revision is %d; want %d", now, before)
	}
	if got := s.must("ListUsers"); got.get("Users/member.1/UserName") != "admin" || got.get("Users/member.2/UserName") != "" {
		t.Errorf("ListUsers: %s", got.body)
	}
	if _, err := s.dir.Credential(t.Context(), contents.Users[10].Keys[0].ID, ""); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("a key of contents that were refused: %v", err)
	}
}

// TestContentsHideSecrets: contents that are printed show no secret (threat 116).
func TestContentsHideSecrets(t *testing.T) {
	t.Parallel()
	c := directory.Contents{Users: []directory.NewUser{{
		ARN: rootOfARN + "user/Ada", Keys: []directory.NewKey{{ID: adaKey, Secret: sigv4auth.NewSecret(canary)}},
	}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

// TestFillUniqueIDs: no two entities have one unique ID, of whatever kinds they are: what each
// holds would be the other's.
func TestFillUniqueIDs(t *testing.T) {
	t.Parallel()
	const id = "AIDAAAAAAAAAAAAAAAAA1"
	user := directory.Contents{Users: []directory.NewUser{{ARN: rootOfARN + "user/u", ID: id}}}
	for what, other := range map[string]directory.Contents{
		"user":  {Users: []directory.NewUser{{ARN: rootOfARN + "user/other", ID: id}}},
		"group": {Groups: []directory.NewGroup{{ARN: rootOfARN + "group/g", ID: id}}},
		"role":  {Roles: []directory.NewRole{{ARN: rootOfARN + "role/r", ID: id, Trust: forEC2}}},
	} {
		s := newIAM(t, user)
		if err := s.dir.Fill(t.Context(), other); err == nil {
			t.Errorf("there is a %s with the ID of a user", what)
		}
	}
}
