package sts_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestTrustConditions: a trust policy's conditions on each key of AssumeRole hold of what was asked
// for, and of nothing else: threat 196 for sts:ExternalId.
func TestTrustConditions(t *testing.T) {
	t.Parallel()
	tags := func(pairs ...string) (all []string) {
		for i := 0; i < len(pairs); i += 2 {
			n := fmt.Sprint(i/2 + 1)
			all = append(all, "Tags.member."+n+".Key", pairs[i], "Tags.member."+n+".Value", pairs[i+1])
		}
		return all
	}
	for _, c := range []struct {
		name, condition string
		may, mayNot     []string
	}{
		{"an external ID", `"StringEquals": {"sts:ExternalId": "x-1"}`, []string{"ExternalId", "x-1"}, []string{"ExternalId", "x-2"}},
		{"an external ID that is missing", `"StringEquals": {"sts:ExternalId": "x-1"}`, []string{"ExternalId", "x-1"}, nil},
		{"a session name", `"StringEquals": {"sts:RoleSessionName": "bob"}`, []string{"RoleSessionName", "bob"}, nil},
		{"a session name that is the user's", `"StringEquals": {"sts:RoleSessionName": "${aws:username}"}`, []string{"RoleSessionName", "ada"}, nil},
		{"a source identity", `"StringEquals": {"sts:SourceIdentity": "ada"}`, []string{"SourceIdentity", "ada"}, []string{"SourceIdentity", "bob"}},
		{"a duration", `"NumericLessThanEquals": {"sts:DurationSeconds": "1800"}`, []string{"DurationSeconds", "1800"}, []string{"DurationSeconds", "1801"}},
		{"a tag", `"StringEquals": {"aws:RequestTag/team": "ops"}`, tags("team", "ops"), tags("team", "dev")},
		{"a tag that the user has", `"StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"}`, tags("team", "ops"), tags("team", "dev")},
		{"the keys of tags", `"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "site"]}`, tags("team", "a", "site", "b"), tags("team", "a", "x", "b")},
		{
			"transitive keys", `"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["team"]}`,
			append(tags("team", "a"), "TransitiveTagKeys.member.1", "team"), tags("team", "a"),
		},
		{"the role's tag", `"StringEquals": {"aws:ResourceTag/site": "home", "iam:ResourceTag/team": "riders"}`, nil, []string{"RoleArn", hubARN}},
		{
			"the caller's ARN",
			`"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/ops/*"}, "StringEquals": {"aws:userid": "AIDAADA"}`, nil,
			[]string{"RoleArn", hubARN},
		},
		{
			"the address", `"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "StringEquals": {"aws:RequestedRegion": "us-east-1"}`, nil,
			[]string{"RoleArn", hubARN},
		},
		{"the time", `"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}`, nil, []string{"RoleArn", hubARN}},
	} {
		d := open(t)
		d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`, `"Condition": {`+c.condition+`}`))
		d.trust(hubARN, trusting(`"AWS": "`+otherARN+`"`))
		if a := d.assume(d.key(adaKey), riderARN, c.may...); a.status != 200 {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if a := d.assume(d.key(adaKey), riderARN, c.mayNot...); a.code != "AccessDenied" {
			t.Errorf("%s, another: %d %s", c.name, a.status, a.body)
		}
	}
}

// TestTagPermissions: tags need sts:TagSession, and a source identity sts:SetSourceIdentity, of the
// role; the event names the action that is missing. Who may not assume the role learns that alone.
func TestTagPermissions(t *testing.T) {
	t.Parallel()
	team := []string{"Tags.member.1.Key", "team", "Tags.member.1.Value", "ops"}
	named := []string{"SourceIdentity", "ada"}
	for _, c := range []struct {
		name, actions string
		parameters    []string
		missing       string
	}{
		{"neither", `"sts:AssumeRole"`, nil, ""},
		{"tags", `["sts:AssumeRole", "sts:TagSession"]`, team, ""},
		{"tags, not permitted", `["sts:AssumeRole", "sts:SetSourceIdentity"]`, team, "sts:TagSession"},
		{"a source identity", `["sts:AssumeRole", "sts:SetSourceIdentity"]`, named, ""},
		{"a source identity, not permitted", `["sts:AssumeRole", "sts:TagSession"]`, named, "sts:SetSourceIdentity"},
		{"both, one permitted", `["sts:AssumeRole", "sts:TagSession"]`, append(team, named...), "sts:SetSourceIdentity"},
		{"both, without the role", `["sts:SetSourceIdentity", "sts:TagSession"]`, append(team, named...), "sts:AssumeRole"},
		{"tags alone, without the role", `["sts:SetSourceIdentity"]`, team, "sts:AssumeRole"},
	} {
		d := open(t)
		d.trust(riderARN, statement(allow, `"Principal": {"AWS": "`+adaARN+`"}`, `"Action": `+c.actions))
		a := d.assume(d.key(adaKey), riderARN, c.parameters...)
		e := d.last()
		if c.missing == "" {
			if a.status != 200 || e.Action != "sts:AssumeRole" || !e.Decision.Allowed() {
				t.Errorf("%s: %d %s: %+v", c.name, a.status, a.body, e)
			}
			continue
		}
		want := "User: " + adaARN + " is not authorized to perform: " + c.missing + " on resource: " + riderARN
		if a.status != 403 || a.message != want || e.Action != c.missing || e.Resource != riderARN || e.Decision.Allowed() ||
			len(d.events) != 1 {
			t.Errorf("%s: %d %s: %+v", c.name, a.status, a.message, e)
		}
	}
}

// chain is a desk with three roles, each of which trusts the one before.
func chain(t testing.TB, edit ...func(*sts.EndpointConfig)) (d *desk, roles []string) {
	d = open(t, edit...)
	before := adaARN
	for i := range 3 {
		arn := fmt.Sprintf("arn:aws:iam::%s:role/Chain%d", account, i)
		d.dir.roles[arn] = sigv4auth.Role{ARN: arn, ID: fmt.Sprintf("AROACHAIN%d", i), MaxSession: 12 * time.Hour}
		d.trust(arn, trusting(`"AWS": "`+before+`"`))
		d.dir.policies[arn] = []*iampolicy.Policy{parse(fmt.Sprintf(`"ride:Step%d"`, i), iampolicy.IdentityPolicy)}
		roles, before = append(roles, arn), arn
	}
	return d, roles
}

// TestChaining: a role's session that assumes a role gets an hour at most, keeps its transitive
// tags and its source identity, which it cannot change, and nothing else of what it may. Threat
// 206: a Deny of the session that asks, and its session policy, stop it.
func TestChaining(t *testing.T) {
	t.Parallel()
	d, roles := chain(t)
	first := d.assume(d.key(adaKey), roles[0], "SourceIdentity", "ada", "Tags.member.1.Key", "Team", "Tags.member.1.Value", "ops",
		"Tags.member.2.Key", "site", "Tags.member.2.Value", "home", "TransitiveTagKeys.member.1", "team", "DurationSeconds", "43200")
	if first.status != 200 {
		t.Fatal(first.body)
	}
	session := func(a reply) sts.Session {
		t.Helper()
		if a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		c := a.credential()
		s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	second := d.assume(first.credential(), roles[1], "Tags.member.1.Key", "site", "Tags.member.1.Value", "away")
	s := session(second)
	if !maps.Equal(s.Tags, map[string]string{"Team": "ops", "site": "away"}) || !slices.Equal(s.TransitiveTags, []string{"Team"}) ||
		s.SourceIdentity != "ada" || s.Expires.Sub(s.IssuedAt) != time.Hour {
		t.Errorf("%+v", s)
	}
	third := session(d.assume(second.credential(), roles[2], "SourceIdentity", "ada"))
	if !maps.Equal(third.Tags, map[string]string{"Team": "ops"}) || third.SourceIdentity != "ada" {
		t.Errorf("%+v", third)
	}
	const conflict = "One of the specified transitive tag keys can't be set because it conflicts with " +
		"a transitive tag key from the calling session."
	for _, c := range []struct {
		name, code, message string
		a                   reply
	}{
		{
			"too long", "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
			d.assume(first.credential(), roles[1], "DurationSeconds", "3601"),
		},
		{
			"another value of a transitive tag", "InvalidParameterValue", conflict,
			d.assume(first.credential(), roles[1], "Tags.member.1.Key", "team", "Tags.member.1.Value", "dev"),
		},
		{"another source identity", "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/Chain0/alice is not authorized to perform: " +
			"sts:SetSourceIdentity on resource: " + roles[1], d.assume(first.credential(), roles[1], "SourceIdentity", "bob")},
		{"a role that trusts another", "AccessDenied", "", d.assume(first.credential(), roles[2])},
	} {
		if c.a.code != c.code || c.message != "" && c.a.message != c.message {
			t.Errorf("%s: %d %s", c.name, c.a.status, c.a.body)
		}
	}

	// What is taken over needs permission, too.
	d.trust(roles[1], statement(allow, `"Principal": {"AWS": "`+roles[0]+`"}`, `"Action": "sts:AssumeRole"`))
	if a := d.assume(first.credential(), roles[1]); a.code != "AccessDenied" || d.last().Action == "sts:AssumeRole" {
		t.Errorf("%d %s", a.status, a.body)
	}

	d, roles = chain(t)
	tagged := d.assume(d.key(adaKey), roles[0], "Tags.member.1.Key", "team", "Tags.member.1.Value", "ops",
		"TransitiveTagKeys.member.1", "team")
	d.trust(roles[1], statement(allow, `"Principal": {"AWS": "`+roles[0]+`"}`, `"Action": "sts:AssumeRole"`))
	if a := d.assume(tagged.credential(), roles[1]); a.code != "AccessDenied" || d.last().Action != "sts:TagSession" {
		t.Errorf("a tag that is taken over: %d %s", a.status, a.body)
	}

	// By a presigned URL, too.
	d, roles = chain(t)
	tagged = d.assume(d.key(adaKey), roles[0], "Tags.member.1.Key", "team", "Tags.member.1.Value", "ops",
		"TransitiveTagKeys.member.1", "team")
	presigned := d.signer(tagged.credential())
	presigned.Presign = time.Minute
	a := d.serve(presigned.Sign(httptest.NewRequest(http.MethodGet,
		"/?"+form("AssumeRole", "RoleArn", roles[1], "RoleSessionName", "alice"), nil)))
	if s := session(a); s.Tags["team"] != "ops" {
		t.Errorf("by a presigned URL: %+v", s)
	}

	// A session has 50 tags, with those that it takes over.
	var fifty []string
	for i := range 50 {
		n := fmt.Sprint(i + 1)
		fifty = append(fifty, "Tags.member."+n+".Key", "k"+n, "Tags.member."+n+".Value", "", "TransitiveTagKeys.member."+n, "k"+n)
	}
	full := d.assume(d.key(adaKey), roles[0], fifty...)
	if s := session(d.assume(full.credential(), roles[1])); len(s.Tags) != 50 {
		t.Errorf("%d tags", len(s.Tags))
	}
	if a := d.assume(full.credential(), roles[1], "Tags.member.1.Key", "more", "Tags.member.1.Value",
		""); a.code != "InvalidParameterValue" {
		t.Errorf("51 tags: %d %s", a.status, a.body)
	}

	// What the session that asks may not, it cannot do by asking.
	d, roles = chain(t)
	limited := d.assume(d.key(adaKey), roles[0], "Policy", document(`"ride:Read"`))
	if a := d.assume(limited.credential(), roles[1]); a.code != "AccessDenied" {
		t.Errorf("a session policy does not stop it: %d %s", a.status, a.body)
	}
	free := d.assume(d.key(adaKey), roles[0])
	if a := d.assume(free.credential(), roles[1]); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	d.dir.change(roles[0], func() {
		d.identityPolicy(roles[0], statement(`"Effect": "Deny"`, `"Action": "sts:AssumeRole"`, `"Resource": "*"`))
	})
	if a := d.assume(free.credential(), roles[1]); a.code != "AccessDenied" {
		t.Errorf("a Deny does not stop it: %d %s", a.status, a.body)
	}
}

// TestEndWithKey: threat 201. With EndWithKey all sessions of a chain end with the key that asked
// first, also where a session of GetSessionToken stands between; a session that names no key cannot
// go on.
func TestEndWithKey(t *testing.T) {
	t.Parallel()
	d, roles := chain(t, func(c *sts.EndpointConfig) { c.EndWithKey = true })
	token := d.call(d.key(adaKey), "GetSessionToken").credential()
	first := d.assume(token, roles[0]).credential()
	second := d.assume(first, roles[1]).credential()
	for i, c := range []sigv4auth.Credential{token, first, second} {
		if a := d.call(c, "GetCallerIdentity"); a.status != 200 {
			t.Errorf("session %d: %d %s", i, a.status, a.body)
		}
	}
	unbound := d.issue(sts.Session{Kind: sts.RoleSession, RoleARN: roles[0], Name: "web"}).Credential
	if a := d.assume(unbound, roles[1]); a.code != "AccessDenied" {
		t.Errorf("a session without a key: %d %s", a.status, a.body)
	}
	d.dir.keys["AKIAROLE"] = sigv4auth.Credential{ // as FromAWS has it
		AccessKeyID: "AKIAROLE", Secret: sigv4auth.NewSecret("a-long-term-secret-role"),
		Principal: iampolicy.Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Chain0/x", RoleARN: roles[0], UserID: "AROACHAIN0:x"},
	}
	if a := d.assume(d.key("AKIAROLE"), roles[1]); a.code != "AccessDenied" {
		t.Errorf("a role without a session: %d %s", a.status, a.body)
	}
	d.dir.change(adaARN, func() { d.dir.keys = without(d.dir.keys, adaKey) })
	for i, c := range []sigv4auth.Credential{token, first, second} {
		if a := d.call(c, "GetCallerIdentity"); a.code != "InvalidClientTokenId" {
			t.Errorf("session %d outlives the key: %d %s", i, a.status, a.body)
		}
	}
}

// devices is an MFAVerifier with one device, whose codes are good once.
type devices struct {
	used  map[string]bool
	fails error
	asked int
}

func (m *devices) VerifyMFA(_ context.Context, user iampolicy.Principal, serial, code string) error {
	m.asked++
	switch {
	case m.fails != nil:
		return m.fails
	case user.ARN != adaARN && user.ARN != rootARN || serial != "arn:aws:iam::111122223333:mfa/ada":
		return fmt.Errorf("devices: %w", sts.ErrNoMFADevice)
	case code[:3] != "123" || m.used[code]:
		return fmt.Errorf("devices: %w", sts.ErrMFAFailed)
	}
	m.used[code] = true
	return nil
}

// TestMFA: a second factor that is proved with the request counts for the trust policy, and for the
// session of GetSessionToken; one that is wrong, incomplete or another's is told in STS's words,
// and an AssumeRole session carries none.
func TestMFA(t *testing.T) {
	t.Parallel()
	mfa := &devices{used: map[string]bool{}}
	d := open(t, func(c *sts.EndpointConfig) { c.MFA = mfa })
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`,
		`"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}`))
	with := func(code string) []string {
		return []string{"SerialNumber", "arn:aws:iam::111122223333:mfa/ada", "TokenCode", code}
	}
	const (
		wrong    = "MultiFactorAuthentication failed with invalid MFA one time pass code."
		noDevice = "MultiFactorAuthentication failed, unable to validate MFA code. " +
			"Please verify your MFA serial number is valid and associated with this user."
	)
	ada := d.key(adaKey)
	for _, c := range []struct {
		name    string
		a       reply
		message string // "" => it is admitted
	}{
		{"without", d.assume(ada, riderARN), "User: " + adaARN + " is not authorized to perform: sts:AssumeRole on resource: " + riderARN},
		{"proved", d.assume(ada, riderARN, with("123000")...), ""},
		{"the same again", d.assume(ada, riderARN, with("123000")...), wrong},
		{"wrong", d.assume(ada, riderARN, with("999999")...), wrong},
		{"another's", d.assume(d.key(otherKey), riderARN, with("123001")...), noDevice},
		{"of GetSessionToken", d.call(ada, "GetSessionToken", with("999999")...), wrong},
	} {
		if (c.message == "") != (c.a.status == 200) || c.a.message != c.message || c.message != "" && c.a.code != "AccessDenied" {
			t.Errorf("%s: %d %s", c.name, c.a.status, c.a.body)
		}
	}
	if a := d.assume(ada, riderARN, "SerialNumber", "arn:aws:iam::111122223333:mfa/ada"); !strings.Contains(a.message,
		"must provide both") {
		t.Error(a.body)
	}
	a := d.call(ada, "GetSessionToken", with("123002")...)
	token := a.credential()
	if a.status != 200 {
		t.Fatal(a.body)
	}
	rider := d.assume(token, riderARN)
	if rider.status != 200 {
		t.Errorf("with the token: %d %s", rider.status, rider.body)
	}
	c := rider.credential()
	if s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal()); err != nil || s.MFAPresent {
		t.Errorf("%v: the role's session says that a factor was proved", err)
	}
	d.clock.Advance(2 * time.Minute)
	if a := d.assume(token, riderARN); a.code != "AccessDenied" {
		t.Errorf("with an old factor: %d %s", a.status, a.body)
	}
	if a := d.assume(token, riderARN, with("123003")...); a.status != 200 {
		t.Errorf("with a new one: %d %s", a.status, a.body)
	}
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`, `"Condition": {"Null": {"aws:TokenIssueTime": "false"},
		"Bool": {"aws:MultiFactorAuthPresent": "true"}}`))
	if a := d.assume(token, riderARN, with("123006")...); a.status != 200 {
		t.Errorf("the session that proves a factor is forgotten: %d %s", a.status, a.body)
	}
	if a := d.assume(rider.credential(), hubARN, with("123007")...); a.message != noDevice {
		t.Errorf("of a role: %s", a.body)
	}
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`))
	mfa.fails = errors.New("connection refused to secret-host")
	if a := d.assume(ada, riderARN, with("123004")...); a.status != 503 || strings.Contains(a.body, "secret-host") {
		t.Errorf("a verifier that fails: %d %s", a.status, a.body)
	}

	// A decision that is made twice verifies a code once.
	mfa.fails, mfa.asked, d.dir.gone = nil, 0, 1
	if a := d.assume(ada, riderARN, with("123005")...); a.status != 200 || mfa.asked != 1 {
		t.Errorf("decided twice: %d %s: asked %d times", a.status, a.body, mfa.asked)
	}
}

// TestRevocation: a condition on aws:TokenIssueTime, a role that is deleted, disabled by a Deny or
// made again, and a ring key that is retired end what AssumeRole has issued (threats 201 and 207).
func TestRevocation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(d *desk)
		want string // the error type of a service's answer
	}{
		{"a condition on the time of issue", func(d *desk) {
			d.dir.policies[riderARN] = append(d.dir.policies[riderARN], revokeOlder("2026-11-30T12:00:30Z"))
		}, "AccessDeniedException"},
		{"a Deny", func(d *desk) {
			d.identityPolicy(riderARN, statement(`"Effect": "Deny"`, `"Action": "*"`, `"Resource": "*"`))
		}, "AccessDeniedException"},
		{"the role is deleted", func(d *desk) { d.dir.roles = without(d.dir.roles, riderARN) }, "UnrecognizedClientException"},
		{"the role is made again", func(d *desk) {
			r := d.dir.roles[riderARN]
			r.ID = "AROAAGAIN"
			d.dir.roles[riderARN] = r
		}, "UnrecognizedClientException"},
	} {
		d := open(t)
		service := serve(d.process)
		rider := d.assume(d.key(adaKey), riderARN).credential()
		if got := service.call(rider); got != "" {
			t.Fatalf("%s: before: %s", c.name, got)
		}
		d.clock.Advance(time.Minute)
		d.dir.change(riderARN, func() { c.end(d) })
		if got := service.call(rider); got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
}

// TestRevocationByRing: a ring key that is retired ends what AssumeRole has issued with it, in the
// endpoint and in every service; what is issued from then on works.
func TestRevocationByRing(t *testing.T) {
	t.Parallel()
	keys, clock := keyring.New(start), sigv4test.NewClock(start)
	d := newDesk(newProcess(t, newDirectory(), clock, &keys))
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`))
	service := serve(newProcess(t, d.dir, clock, &keys))
	before := d.assume(d.key(adaKey), riderARN).credential()
	if got := service.call(before); got != "" {
		t.Fatal(got)
	}
	old := keys.List()[0].ID
	keys, _ = keys.Rotate(clock.Now(), keyring.Rotation{Delay: time.Minute})
	clock.Advance(2 * time.Minute)
	keys, _ = keys.Retire(old)
	clock.Advance(time.Second)
	if got := service.call(before); got != "UnrecognizedClientException" {
		t.Errorf("in a service: %q", got)
	}
	if a := d.call(before, "GetCallerIdentity"); a.code != "InvalidClientTokenId" {
		t.Errorf("in the endpoint: %s", a.body)
	}
	if got := service.call(d.assume(d.key(adaKey), riderARN).credential()); got != "" {
		t.Errorf("a session of the next key: %q", got)
	}
}
