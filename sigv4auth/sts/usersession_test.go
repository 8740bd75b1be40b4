package sts_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestGetSessionToken: a user or a root user gets a session of itself, without a permission, as
// long as was asked, and an hour at most for a root user. Nobody gets one with temporary
// credentials.
func TestGetSessionToken(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.identityPolicy(adaARN, statement(`"Effect": "Deny"`, `"Action": "sts:*"`, `"Resource": "*"`))
	for _, c := range []struct {
		key, seconds, expires string
	}{
		{adaKey, "", "2026-12-01T00:00:00Z"},
		{adaKey, "129600", "2026-12-02T00:00:00Z"},
		{adaKey, "900", "2026-11-30T12:15:00Z"},
		{rootKey, "", "2026-11-30T13:00:00Z"},
		{rootKey, "129600", "2026-11-30T13:00:00Z"},
		{rootKey, "900", "2026-11-30T12:15:00Z"},
	} {
		var parameters []string
		if c.seconds != "" {
			parameters = []string{"DurationSeconds", c.seconds}
		}
		a := d.call(d.key(c.key), "GetSessionToken", parameters...)
		if a.text("Expiration") != c.expires || !a.has("SessionTokenSize") || a.has("PackedPolicySize") {
			t.Errorf("%s, %q: %s", c.key, c.seconds, a.body)
		}
		if e := d.last(); e.Action != "sts:GetSessionToken" || e.Outcome != sigv4auth.Admitted {
			t.Errorf("%+v", e)
		}
	}
	if a := d.call(d.key(adaKey), "GetSessionToken", "DurationSeconds", "129601"); a.code != "ValidationError" {
		t.Error(a.body)
	}
	if a := d.call(d.key(adaKey), "GetSessionToken", "MinimumSessionTokenSize", "3000"); len(a.text("SessionToken")) < 3000 {
		t.Error(a.body)
	}
}

// TestWhatSessionsCall: what each kind of caller may call, as the IAM User Guide's table of AWS STS
// API operations has it.
func TestWhatSessionsCall(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *sts.EndpointConfig) { c.IdentityTokens = signer{} })
	d.trust(riderARN, trusting(`"AWS": ["`+account+`", "`+adaARN+`"]`))
	d.trust(hubARN, trusting(`"AWS": ["`+account+`", "`+riderARN+`"]`))
	callers := map[string]sigv4auth.Credential{
		"a user": d.key(adaKey), "a root user": d.key(rootKey), "a role": d.assume(d.key(adaKey), riderARN).credential(),
		"a user's session":      d.call(d.key(adaKey), "GetSessionToken").credential(),
		"a root user's session": d.call(d.key(rootKey), "GetSessionToken").credential(),
		"a federated user":      d.call(d.key(adaKey), "GetFederationToken", "Name", "bob", "Policy", document(`"sts:*"`)).credential(),
	}
	const sessionCredentials = " with session credentials"
	for _, c := range []struct {
		action     string
		parameters []string
		may        string
	}{
		{"GetCallerIdentity", nil, "a user, a root user, a role, a user's session, a root user's session, a federated user"},
		{"AssumeRole", []string{"RoleArn", hubARN, "RoleSessionName", "alice"}, "a user, a role, a user's session"},
		{"GetSessionToken", nil, "a user, a root user"},
		{"GetFederationToken", []string{"Name", "bob"}, "a user, a root user"},
		{"GetAccessKeyInfo", []string{"AccessKeyId", "AKIAADA000000000"}, "a user, a root user, a role"},
		{"GetWebIdentityToken", []string{"Audience.member.1", "a", "SigningAlgorithm", "RS256"}, "a user, a root user, a role"},
	} {
		for name, who := range callers {
			may := false
			for one := range strings.SplitSeq(c.may, ", ") {
				may = may || one == name
			}
			a := d.call(who, c.action, c.parameters...)
			if denied := a.code == "AccessDenied"; denied == may || may && a.status != 200 && c.action != "GetAccessKeyInfo" {
				t.Errorf("%s calls %s: %d %s", name, c.action, a.status, a.body)
			}
			byText := strings.HasPrefix(c.action, "GetSession") || strings.HasPrefix(c.action, "GetFederation")
			if want := "Cannot call " + c.action + sessionCredentials; !may && byText && a.message != want {
				t.Errorf("%s calls %s: %q", name, c.action, a.message)
			}
		}
	}
}

// TestGetFederationToken: it needs permission for the federated user by name, and for tags
// sts:TagSession; what is issued is what the user and the session policies both allow.
func TestGetFederationToken(t *testing.T) {
	t.Parallel()
	d := open(t)
	const bob = "arn:aws:sts::111122223333:federated-user/bob"
	d.identityPolicy(adaARN, `{"Effect": "Allow", "Action": ["sts:GetFederationToken", "sts:TagSession"], "Resource": "`+bob+`",
		"Condition": {"StringEqualsIfExists": {"aws:RequestTag/team": "ops"}}}`,
		`{"Effect": "Allow", "Action": "ride:*", "Resource": "*"}`)
	tags := []string{"Tags.member.1.Key", "team", "Tags.member.1.Value", "ops"}
	ask := func(parameters ...string) reply { return d.call(d.key(adaKey), "GetFederationToken", parameters...) }
	a := ask(append(tags, "Name", "bob", "Policy", document(`["ride:Read", "other:*"]`))...)
	if a.status != 200 || a.text("Arn") != bob || a.text("FederatedUserId") != "111122223333:bob" || !a.has("PackedPolicySize") ||
		a.text("Expiration") != "2026-12-01T00:00:00Z" {
		t.Fatal(a.body)
	}
	if e := d.last(); e.Action != "sts:GetFederationToken" || e.Resource != bob || !e.Decision.Allowed() {
		t.Errorf("%+v", e)
	}
	issued := a.credential()
	c, err := d.Credential(t.Context(), issued.AccessKeyID, issued.SessionToken.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if c.Principal.UserARN != adaARN || c.Session.Tags["team"] != "ops" || !d.may(c, "ride:Read") || d.may(c, "ride:Book") ||
		d.may(c, "other:Read") {
		t.Errorf("%+v", c.Principal)
	}
	if a := ask("Name", "bob"); a.status != 200 || a.text("PackedPolicySize") != "0" {
		t.Errorf("without a policy: %s", a.body)
	}
	for _, c := range []struct {
		name       string
		parameters []string
		code, part string
	}{
		{"another name", []string{"Name", "eve"}, "AccessDenied", "sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/eve"},
		{"another tag", []string{"Name", "bob", "Tags.member.1.Key", "team", "Tags.member.1.Value", "dev"}, "AccessDenied", ""},
		{"a long name", []string{"Name", strings.Repeat("a", 33)}, "ValidationError", "at 'name'"},
		{"no name", nil, "ValidationError", "Value null at 'name'"},
		{
			"a tag twice",
			[]string{
				"Name", "bob", "Tags.member.1.Key", "a", "Tags.member.1.Value", "", "Tags.member.2.Key", "A",
				"Tags.member.2.Value", "",
			},
			"InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
		},
		{"a policy that is none", []string{"Name", "bob", "Policy", "{"}, "MalformedPolicyDocument", ""},
	} {
		if a := ask(c.parameters...); a.code != c.code || !strings.Contains(a.message, c.part) {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	d.identityPolicy(adaARN, statement(allow, `"Action": "sts:GetFederationToken"`, `"Resource": "*"`))
	if a := ask(append(tags, "Name", "bob")...); a.code != "AccessDenied" || !strings.Contains(a.message, "sts:TagSession") ||
		d.last().Action != "sts:TagSession" {
		t.Errorf("tags without permission: %s", a.body)
	}
	root := d.call(d.key(rootKey), "GetFederationToken", "Name", "bob", "DurationSeconds", "7200")
	if root.text("Expiration") != "2026-11-30T13:00:00Z" {
		t.Errorf("a root user's: %s", root.body)
	}
}

// TestGetAccessKeyInfo: who may ask learns whose account a key is of, also of their own temporary
// one.
func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	d := open(t)
	const key = "AKIAEVE000000000"
	c := d.key(otherKey)
	c.AccessKeyID = key
	d.dir.keys[key] = c
	ask := func(who sigv4auth.Credential, id string) reply {
		return d.call(who, "GetAccessKeyInfo", "AccessKeyId", id)
	}
	if a := ask(d.key(adaKey), key); a.text("Account") != otherAccount || d.last().Action != "sts:GetAccessKeyInfo" {
		t.Error(a.body)
	}
	rider := d.assume(d.key(adaKey), riderARN).credential()
	if a := ask(rider, rider.AccessKeyID); a.text("Account") != account {
		t.Error(a.body)
	}
	for id, code := range map[string]string{
		"AKIANOBODY000000": "ValidationError", "short": "ValidationError",
		"AKIA 00000000000": "ValidationError",
	} {
		if a := ask(d.key(adaKey), id); a.code != code {
			t.Errorf("%s: %s", id, a.body)
		}
	}
	d.identityPolicy(adaARN, statement(allow, `"Action": "ride:*"`, `"Resource": "*"`))
	if a := ask(d.key(adaKey), key); a.code != "AccessDenied" {
		t.Error(a.body)
	}
	d.dir.policies[adaARN] = []*iampolicy.Policy{parse(`"sts:*"`, iampolicy.IdentityPolicy)}
	before := len(d.failed)
	d.dir.onlyKnown = true
	if a := ask(d.key(adaKey), "AKIAEVE000000001"); a.code != "ServiceUnavailable" || len(d.failed) != before+1 {
		t.Error(a.body)
	}
}

// TestEventsOfWhatNeedsNoPermission: the event of a call that no policy decides about names it all
// the same: nobody could tell otherwise that credentials were issued (threat 218).
func TestEventsOfWhatNeedsNoPermission(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.identityPolicy(adaARN, statement(`"Effect": "Deny"`, `"Action": "sts:GetSessionToken"`, `"Resource": "*"`),
		statement(allow, `"Action": "sts:*"`, `"Resource": "*"`))
	federated := d.call(d.key(adaKey), "GetFederationToken", "Name", "bob").credential()
	rider := d.assume(d.key(adaKey), riderARN, "Policy", document(`"ride:Read"`)).credential()
	d.dir.gone = 1 // the policies of the caller are not asked for
	for _, c := range []struct {
		action, arn string
		who         sigv4auth.Credential
	}{
		{"GetSessionToken", adaARN, d.key(adaKey)},
		{"GetSessionToken", rootARN, d.key(rootKey)},
		{"GetCallerIdentity", adaARN, d.key(adaKey)},
		{"GetCallerIdentity", "arn:aws:sts::111122223333:federated-user/bob", federated},
		{"GetCallerIdentity", "arn:aws:sts::111122223333:assumed-role/Rider/alice", rider},
	} {
		a := d.call(c.who, c.action)
		e := d.last()
		if a.status != 200 || e.Outcome != sigv4auth.Admitted || e.Action != "sts:"+c.action || e.Resource != c.arn ||
			e.Principal != c.arn || !e.Decision.Allowed() || e.Decision.PolicyName != "needs no permission" || d.dir.gone != 1 {
			t.Errorf("%s by %s: %d: %+v", c.action, c.arn, a.status, e)
		}
	}
}
