package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	authRole   = "Cognito_wildrydes_identity_poolAuth_Role"
	unauthRole = "Cognito_wildrydes_identity_poolUnauth_Role"
)

// ids are the contents of api.json.
type ids struct{ Region, AccountID, APIID, UserPoolID, UserPoolClientID, IdentityPoolID string }

func (s *site) ids() (i ids) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.read("api.json")), &i); err != nil {
		s.t.Fatal(err)
	}
	return i
}

// The first start makes the pools, and the two roles with the trust policies that Cognito writes:
// Amazon Cognito Developer Guide, "Role trust and permissions". A second start keeps them.
func TestTheFirstStartMakesThePools(t *testing.T) {
	s := startFiles(t, t.TempDir(), "-region", "eu-west-1")
	i := s.ids()
	for id, form := range map[string]string{
		i.UserPoolID:       `^eu-west-1_[A-Z2-7]{9}$`,
		i.UserPoolClientID: `^[a-z2-7]{26}$`,
		i.IdentityPoolID:   `^eu-west-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
	} {
		if !regexp.MustCompile(form).MatchString(id) {
			t.Errorf("%q is not of the form %s", id, form)
		}
	}
	var principals struct {
		Roles []struct {
			Arn, RoleID              string
			AttachedPolicies         []string
			AssumeRolePolicyDocument json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(s.read("principals.json")), &principals); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, role := range principals.Roles {
		amr := map[string]string{
			"arn:aws:iam::" + i.AccountID + ":role/" + authRole:   "authenticated",
			"arn:aws:iam::" + i.AccountID + ":role/" + unauthRole: "unauthenticated",
		}[role.Arn]
		if amr == "" {
			continue
		}
		found++
		var got, want any
		if err := json.Unmarshal(role.AssumeRolePolicyDocument, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow",
			"Principal": {"Federated": "cognito-identity.amazonaws.com"},
			"Action": "sts:AssumeRoleWithWebIdentity",
			"Condition": {
				"StringEquals": {"cognito-identity.amazonaws.com:aud": "`+i.IdentityPoolID+`"},
				"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "`+amr+`"}
			}
		}]}`), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(role.AttachedPolicies) > 0 || !strings.HasPrefix(role.RoleID, "AROA") {
			t.Errorf("%s (%s) has the policies %v, and its trust policy differs:\n%s", role.Arn, role.RoleID, role.AttachedPolicies, diff)
		}
	}
	if found != 2 {
		t.Errorf("%d roles of the pool", found)
	}
	env := s.sourced("sh", "rider", "pool")
	if env["AWS_ACCESS_KEY_ID"]+env["AWS_SESSION_TOKEN"] != "" || env["AWS_ENDPOINT_URL"] != s.endpoint {
		t.Errorf("pool.env leaves keys, or names another address: %v", env)
	}
	text := s.read("api.json")
	s.stop()
	if again := startFiles(t, s.data); again.read("api.json") != text {
		t.Errorf("a second start made others: %s", again.read("api.json"))
	}
}

// older makes the folder one of before there were pools.
func older(t *testing.T, s *site) {
	t.Helper()
	i := s.ids()
	write(t, s.data, "api.json", `{"Region": "us-east-1", "AccountId": "`+i.AccountID+`", "ApiId": "`+i.APIID+`"}`)
	text := s.read("principals.json")
	pools := strings.Index(text, "    },\n    {\n      \"Arn\": \"arn:aws:iam::"+i.AccountID+":role/"+authRole)
	write(t, s.data, "principals.json", text[:pools]+"    }\n  ]\n}\n")
	if err := os.Remove(filepath.Join(s.data, "pool.env")); err != nil {
		t.Fatal(err)
	}
}

// A folder of an older version gets its pools at the next start. principals.json is the operator's:
// what it lacks is said.
func TestAFolderOfAnOlderVersionGetsPools(t *testing.T) {
	first := startFiles(t, t.TempDir())
	first.stop()
	older(t, first)
	before := first.read("principals.json")
	s := startFiles(t, first.data)
	if i := s.ids(); i.UserPoolID == "" || i.UserPoolClientID == "" || i.IdentityPoolID == "" ||
		!strings.Contains(s.stdout.String(), i.UserPoolID) {
		t.Errorf("the pools are %+v:\n%s", i, s.stdout)
	}
	if s.read("principals.json") != before {
		t.Error("principals.json was changed")
	}
	if want := "principals.json has no " + authRole; !strings.Contains(s.stdout.String(), want) {
		t.Errorf("nobody says %q:\n%s", want, s.stdout)
	}
	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
}

// IDs that were edited to something else are refused: what has been signed would be of other pools.
func TestPoolsThatAreNone(t *testing.T) {
	first := start(t, t.TempDir())
	first.stop()
	text, i := first.read("api.json"), first.ids()
	for old, replacement := range map[string]string{
		i.UserPoolID: "us-east-1_", i.UserPoolClientID: "", i.IdentityPoolID: "eu-west-1" + i.IdentityPoolID[len("us-east-1"):],
		i.IdentityPoolID[len("us-east-1:"):]: "*",
	} {
		write(t, first.data, "api.json", strings.Replace(text, old, replacement, 1))
		_, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", first.data)
		if !strings.Contains(stderr, "api.json: UserPoolId (us-east-1_ and") {
			t.Errorf("%q for %q: %s", replacement, old, stderr)
		}
	}
}

// The banner fits on one screen of 30 lines and 100 columns, and ends with the address.
func TestTheBannerFitsOnAScreen(t *testing.T) {
	data := t.TempDir()
	for _, args := range [][]string{{"-store", "files"}, nil, {"-cors", "https://rides.example,http://localhost:5173"}} {
		s := start(t, data, args...)
		lines := strings.Split(strings.TrimSuffix(s.stdout.String(), "\n"), "\n")
		if len(lines) > 30 || !strings.HasSuffix(lines[len(lines)-1], " http://127.0.0.1"+s.endpoint[strings.LastIndex(s.endpoint, ":"):]) {
			t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
		}
		for _, line := range lines {
			if len(line) > 100 && !strings.Contains(line, data) {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
		t.Logf("\n%s", s.stdout)
		s.stop()
	}
}
