package sts_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const (
	otherAccount = "444455556666"
	otherARN     = "arn:aws:iam::444455556666:user/eve"
	otherKey     = "AKIAEVE"
	hubARN       = "arn:aws:iam::111122223333:role/Hub"
	allow        = `"Effect": "Allow"`
	anyRole      = `"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]`
)

// askew is what goes wrong in a directory, or is different for all.
type askew struct {
	roleFails error                // what Role fails with
	gone      int                  // how many times the policies' state is gone
	onlyKnown bool                 // it fails for keys that it does not have
	edit      func(*iampolicy.Set) // adds to the policies of everybody
}

// desk is an Endpoint on a process's store.
type desk struct {
	*process
	h      http.Handler
	events []sigv4auth.Event
	failed []error
}

func newDesk(p *process, edit ...func(*sts.EndpointConfig)) *desk {
	p.t.Helper()
	d := &desk{process: p}
	cfg := sts.EndpointConfig{
		Store: p.Store,
		Auth: sigv4auth.Config{
			Region: "us-east-1", MaxPresignExpiry: time.Hour,
			Observe: sigv4auth.Observe{Audit: func(_ context.Context, e sigv4auth.Event) { d.events = append(d.events, e) }},
		},
		Failed: func(_ context.Context, err error) { d.failed = append(d.failed, err) },
	}
	for _, e := range edit {
		e(&cfg)
	}
	e, err := sts.NewEndpoint(cfg)
	if err != nil {
		p.t.Fatal(err)
	}
	d.h = e
	return d
}

// open returns a desk in whose account ada may assume the rider's role and the hub's, who trusts
// the account; eve of another account has policies for all.
func open(t testing.TB, edit ...func(*sts.EndpointConfig)) *desk {
	d := newDesk(single(t), edit...)
	eve := iampolicy.Principal{ARN: otherARN, AccountID: otherAccount, UserID: "AIDAEVE"}
	d.dir.keys[otherKey] = sigv4auth.Credential{
		AccessKeyID: otherKey, Secret: sigv4auth.NewSecret("a-long-term-secret-eve"),
		Principal: eve,
	}
	d.trust(riderARN, trusting(`"AWS": "`+adaARN+`"`))
	d.dir.roles[hubARN] = sigv4auth.Role{ARN: hubARN, ID: "AROAHUB"}
	d.trust(hubARN, trusting(`"AWS": "`+account+`"`))
	for _, arn := range []string{adaARN, riderARN, hubARN, otherARN} {
		d.dir.policies[arn] = []*iampolicy.Policy{parse(`["sts:*", "ride:*"]`, iampolicy.IdentityPolicy)}
	}
	return d
}

// trusting is the statement of a trust policy that lets a principal do everything with the role.
func trusting(principal string, more ...string) string {
	return statement(append([]string{allow, `"Principal": {` + principal + `}`, anyRole}, more...)...)
}

func statement(elements ...string) string { return "{" + strings.Join(elements, ", ") + "}" }

func policy(typ iampolicy.PolicyType, statements ...string) *iampolicy.Policy {
	p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [`+strings.Join(statements, ", ")+"]}"), typ)
	if err != nil {
		panic(err)
	}
	return p
}

// trust gives a role a trust policy.
func (d *desk) trust(role string, statements ...string) {
	r := d.dir.roles[role]
	r.TrustPolicy = policy(iampolicy.TrustPolicy, statements...)
	d.dir.roles[role] = r
}

// may gives a principal an identity policy.
func (d *desk) identityPolicy(arn string, statements ...string) {
	d.dir.policies[arn] = []*iampolicy.Policy{policy(iampolicy.IdentityPolicy, statements...)}
}

// reply is an answer of STS.
type reply struct {
	status        int
	code, message string
	body          string
	header        http.Header
}

var element = regexp.MustCompile(`<(\w+)(?: xmlns="[^"]*")?>([^<]*)</`)

// text returns the text of the first element with a name.
func (a reply) text(name string) string {
	for _, m := range element.FindAllStringSubmatch(a.body, -1) {
		if m[1] == name {
			return html.UnescapeString(m[2])
		}
	}
	return ""
}

func (a reply) has(name string) bool { return strings.Contains(a.body, "<"+name+">") }

// credential returns what was issued.
func (a reply) credential() sigv4auth.Credential {
	return sigv4auth.Credential{
		AccessKeyID: a.text("AccessKeyId"), Secret: sigv4auth.NewSecret(a.text("SecretAccessKey")),
		SessionToken: sigv4auth.NewSecret(a.text("SessionToken")),
	}
}

func (d *desk) signer(c sigv4auth.Credential) sigv4test.Signer {
	return sigv4test.Signer{Credential: c, Region: "us-east-1", Service: "sts", Now: d.clock.Now}
}

// form returns the form of an action: names and values in turn.
func form(action string, parameters ...string) string {
	v := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(parameters); i += 2 {
		v.Set(parameters[i], parameters[i+1])
	}
	return v.Encode()
}

func post(form string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func (d *desk) serve(r *http.Request) reply {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	a := reply{status: w.Code, body: w.Body.String(), header: w.Header()}
	a.code, a.message = a.text("Code"), a.text("Message")
	if a.status != 200 && (a.code == "" || a.header.Get("X-Amzn-Errortype") != a.code) {
		d.t.Errorf("%d %v: %s", a.status, a.header, a.body)
	}
	if !strings.Contains(a.body, `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`) || a.text("RequestId") == "" {
		d.t.Errorf("the answer has no namespace or no request ID: %s", a.body)
	}
	if a.status != 200 && a.has("SecretAccessKey") {
		d.t.Errorf("a refusal with credentials: %s", a.body)
	}
	return a
}

func (d *desk) key(id string) sigv4auth.Credential { return d.dir.keys[id] }

// call signs a request with c and sends it.
func (d *desk) call(c sigv4auth.Credential, action string, parameters ...string) reply {
	d.t.Helper()
	return d.serve(d.signer(c).Sign(post(form(action, parameters...))))
}

// assume asks for a session of a role.
func (d *desk) assume(c sigv4auth.Credential, role string, parameters ...string) reply {
	d.t.Helper()
	return d.call(c, "AssumeRole", append([]string{"RoleArn", role, "RoleSessionName", "alice"}, parameters...)...)
}

func (d *desk) last() sigv4auth.Event {
	d.t.Helper()
	if len(d.events) == 0 {
		d.t.Fatal("no event")
	}
	return d.events[len(d.events)-1]
}

// TestGetCallerIdentity: whoever signs learns who they are, whatever policies say, by POST, by GET,
// by presigned URL, with a digest that is declared, and on every path and in every
// region that the endpoint has.
func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *sts.EndpointConfig) {
		c.Regions = []string{"eu-west-1", "us-east-1"}
	})
	deny := statement(`"Effect": "Deny"`, `"Action": "*"`, `"Resource": "*"`)
	d.identityPolicy(adaARN, deny)
	ada := d.signer(d.key(adaKey))
	get := func(path string) *http.Request {
		return httptest.NewRequest(http.MethodGet, path+"?"+form("GetCallerIdentity"), nil)
	}
	to := func(path string) *http.Request {
		r := post(form("GetCallerIdentity"))
		r.URL.Path, r.RequestURI = path, path
		return r
	}
	slashes := func(r *http.Request) *http.Request { // as botocore signs
		r.URL.Path, r.RequestURI = "//", "//"
		return r
	}
	if a := d.serve(slashes(ada.Sign(post(form("AssumeRole", "RoleArn", riderARN, "RoleSessionName",
		"alice"))))); a.code != "AccessDenied" ||
		!strings.Contains(a.message, "sts:AssumeRole on resource") {
		t.Errorf("two slashes: %s", a.body)
	}
	europe, declared, presigned, presignedEurope := ada, ada, ada, ada
	europe.Region, declared.Payload, presigned.Presign = "eu-west-1", sigv4test.DeclaredDigest, time.Minute
	presignedEurope.Region, presignedEurope.Presign = "eu-west-1", time.Minute
	elsewhere, other := ada, ada
	elsewhere.Region, other.Service = "ap-south-1", "iam"
	for _, c := range []struct {
		name string
		r    *http.Request
		code string
	}{
		{"POST", ada.Sign(to("/")), ""},
		{"a slash appended", ada.Sign(to("/sts/")), ""},
		{"two slashes, signed as one", slashes(ada.Sign(to("/"))), ""},
		{"GET", ada.Sign(get("/")), ""},
		{"a presigned GET", presigned.Sign(get("/")), ""},
		{"a declared digest", declared.Sign(to("/")), ""},
		{"another region of the endpoint's", europe.Sign(to("/")), ""},
		{"another region, presigned", presignedEurope.Sign(get("/")), ""},
		{"a region that is not the endpoint's", elsewhere.Sign(to("/")), "SignatureDoesNotMatch"},
		{"another service", other.Sign(to("/")), "SignatureDoesNotMatch"},
		{"no signature", to("/"), "MissingAuthenticationToken"},
	} {
		a := d.serve(c.r)
		if a.code != c.code {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		if c.code == "" && (a.text("Arn") != adaARN || a.text("Account") != account || a.text("UserId") != "AIDAADA") {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	if got := d.serve(to("/")).message; got != "Request is missing Authentication Token" {
		t.Errorf("without a signature: %q", got)
	}
	d.identityPolicy(adaARN, statement(allow, `"Action": "*"`, `"Resource": "*"`))
	rider := d.assume(d.key(adaKey), riderARN).credential()
	d.dir.policies[riderARN] = []*iampolicy.Policy{policy(iampolicy.IdentityPolicy, deny)}
	federated := d.call(d.key(adaKey), "GetFederationToken", "Name", "bob").credential()
	for _, c := range []struct {
		who          sigv4auth.Credential
		arn, account string
		userID       string
	}{
		{d.key(rootKey), rootARN, account, account},
		{rider, "arn:aws:sts::111122223333:assumed-role/Rider/alice", account, "AROARIDER:alice"},
		{federated, "arn:aws:sts::111122223333:federated-user/bob", account, "111122223333:bob"},
		{d.call(d.key(adaKey), "GetSessionToken").credential(), adaARN, account, "AIDAADA"},
		{d.key(otherKey), otherARN, otherAccount, "AIDAEVE"},
	} {
		a := d.call(c.who, "GetCallerIdentity")
		if a.text("Arn") != c.arn || a.text("Account") != c.account || a.text("UserId") != c.userID {
			t.Errorf("%s: %s", c.arn, a.body)
		}
	}
}

// TestWhoMayAssume: threats 199, 203 and 206. The trust policy has to allow; where it names the
// account, or another account's caller, that caller's own policies have to allow too. A Deny of
// either, a boundary and an organization's policy stop it. What refuses is told in one way, for
// roles that are there and for others.
func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	every := statement(allow, `"Action": "sts:AssumeRole"`, `"Resource": "*"`)
	const none = `{"Effect": "Allow", "Action": "ride:Read", "Resource": "*"}`
	denying := statement(`"Effect": "Deny"`, `"Action": "sts:AssumeRole"`, `"Resource": "`+riderARN+`"`)
	aws := func(arn string) string { return trusting(`"AWS": "` + arn + `"`) }
	type set = iampolicy.Set
	for _, c := range []struct {
		name     string
		key      string
		identity string
		trust    string
		edit     func(*set)
		may      bool
	}{
		{"the user by ARN, without a policy", adaKey, none, aws(adaARN), nil, true},
		{"the account, with a policy", adaKey, every, aws(account), nil, true},
		{"the account's root, with a policy", adaKey, every, aws(rootARN), nil, true},
		{"the account, without a policy", adaKey, none, aws(account), nil, false},
		{"a policy, without trust", adaKey, every, aws(otherARN), nil, false},
		{"a trust policy that is empty", adaKey, every, "", nil, false},
		{"a Deny of the user's", adaKey, denying, aws(adaARN), nil, false},
		{"a Deny of the role's", adaKey, every, aws(adaARN) + ", " + statement(`"Effect": "Deny"`, `"Principal": {"AWS": "`+adaARN+`"}`,
			`"Action": "sts:AssumeRole"`), nil, false},
		{"everybody, with a policy", adaKey, every, aws("*"), nil, true},
		{"another account, with both", otherKey, every, aws(otherARN), nil, true},
		{"another account as a whole, with both", otherKey, every, aws(otherAccount), nil, true},
		{"another account, without a policy", otherKey, none, aws(otherARN), nil, false},
		{"another account, without trust", otherKey, every, aws(adaARN), nil, false},
		{"everybody, of another account, without a policy", otherKey, none, aws("*"), nil, false},
		{"a role's root trusts no other account", otherKey, every, aws(rootARN), nil, false},
		{"a boundary", adaKey, every, aws(account), func(s *set) {
			s.Boundaries = []*iampolicy.Policy{parse(`"ride:*"`,
				iampolicy.PermissionsBoundary)}
		}, false},
		{"a boundary that allows", adaKey, every, aws(account), func(s *set) {
			s.Boundaries = []*iampolicy.Policy{parse(`"sts:*"`, iampolicy.PermissionsBoundary)}
		}, true},
		{"an organization's policy", adaKey, every, aws(adaARN), func(s *set) { s.SCPs = [][]*iampolicy.Policy{{parse(`"ride:*"`, iampolicy.SCP)}} }, false},
		{"an organization's policy, root of another account", otherKey, every, aws(otherARN), func(s *set) {
			s.SCPs = [][]*iampolicy.Policy{{parse(`"*"`, iampolicy.SCP)}, {parse(`"ride:*"`, iampolicy.SCP)}}
		}, false},
		{"a service", adaKey, every, trusting(`"Service": "ec2.amazonaws.com"`), nil, false},
		{"an identity provider", adaKey, every, trusting(`"Federated": "accounts.google.com"`), nil, false},
	} {
		d := open(t)
		who := d.key(c.key)
		d.identityPolicy(who.Principal.ARN, c.identity)
		if c.trust == "" {
			d.trust(riderARN, trusting(`"AWS": "arn:aws:iam::111122223333:user/nobody"`))
		} else {
			d.trust(riderARN, c.trust)
		}
		d.dir.edit = c.edit
		a := d.assume(who, riderARN)
		if (a.status == 200) != c.may {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		e := d.last()
		if e.Action != "sts:AssumeRole" || e.Resource != riderARN || e.Decision.Allowed() != c.may ||
			(e.Outcome == sigv4auth.Admitted) != c.may || e.Principal != who.Principal.ARN {
			t.Errorf("%s: the event is %+v", c.name, e)
		}
		if c.may {
			continue
		}
		unknown := d.assume(who, riderARN+"2")
		want := "User: " + who.Principal.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + riderARN
		if a.status != 403 || a.code != "AccessDenied" || a.message != want || unknown.status != 403 || unknown.message != want+"2" {
			t.Errorf("%s: %s; of a role that is not there: %s", c.name, a.message, unknown.message)
		}
	}
}

// TestAssumedByNobody: a root user, a role that has no trust policy, one whose trust policy is of
// another type, and a store that fails or returns another role give no session.
func TestAssumedByNobody(t *testing.T) {
	t.Parallel()
	d := open(t)
	ada := d.key(adaKey)
	refuse := func(what string, a reply, status int, code, message string) {
		t.Helper()
		if a.status != status || a.code != code || message != "" && a.message != message {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	refuse("root", d.assume(d.key(rootKey), riderARN), 403, "AccessDenied", "Roles may not be assumed by root accounts.")
	good := d.dir.roles[riderARN]
	set := func(edit func(*sigv4auth.Role)) {
		r := good
		edit(&r)
		d.dir.roles[riderARN] = r
	}
	set(func(r *sigv4auth.Role) { r.TrustPolicy = nil })
	refuse("no trust policy", d.assume(ada, riderARN), 403, "AccessDenied", "")
	set(func(r *sigv4auth.Role) {
		r.TrustPolicy = policy(iampolicy.ResourcePolicy,
			statement(allow, `"Principal": "*"`, `"Action": "sts:*"`, `"Resource": "*"`))
	})
	refuse("a resource policy", d.assume(ada, riderARN), 503, "ServiceUnavailable", "")
	set(func(r *sigv4auth.Role) { r.ARN = hubARN })
	refuse("another role", d.assume(ada, riderARN), 503, "ServiceUnavailable", "")
	set(func(*sigv4auth.Role) {})
	d.dir.edit = func(s *iampolicy.Set) {
		s.Resource = policy(iampolicy.ResourcePolicy, statement(allow, `"Principal": "*"`, `"Action": "sts:*"`, `"Resource": "*"`))
	}
	refuse("a store with a resource policy", d.assume(ada, riderARN), 503, "ServiceUnavailable", "")
	d.dir.edit = nil
	d.dir.roleFails = errors.New("connection refused to secret-host")
	a := d.assume(ada, riderARN)
	if a.status != 503 || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "secret-host") {
		t.Errorf("a store that fails: %d %s", a.status, a.body)
	}
	d.dir.roleFails = nil
	d.dir.edit = func(*iampolicy.Set) { d.dir.roles = without(d.dir.roles, riderARN) }
	refuse("a role that is deleted meanwhile", d.assume(ada, riderARN), 403, "AccessDenied", "Access denied")
	d.dir.edit, d.dir.roles[riderARN] = nil, good
	large := d.signer(d.key(adaKey))
	large.Credential.Secret = sigv4auth.NewSecret("a-long-term-secret-eve")
	refuse("much, with a wrong signature", d.serve(large.Sign(post(form("AssumeRole", "Policy", strings.Repeat("a", 300<<10))))), 413,
		"RequestEntityTooLarge", "")
	refuse("as it was", d.assume(ada, riderARN), 200, "", "")
}

// TestAssumeRoleValidation: parameters that break a rule get STS's answers, before anything is said
// of the role.
func TestAssumeRoleValidation(t *testing.T) {
	t.Parallel()
	d := open(t)
	const one = "1 validation error detected: "
	sizes := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name          string
		parameters    []string
		code, message string // of the message, a part
	}{
		{
			"no name",
			[]string{"RoleSessionName", ""},
			"ValidationError",
			"at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
		},
		{"a name", []string{"RoleSessionName", "a b"}, "ValidationError", one + "Value 'a b' at 'roleSessionName' failed to satisfy constraint: " +
			`Member must satisfy regular expression pattern: [\w+=,.@-]*`},
		{
			"a short ARN",
			[]string{"RoleArn", "arn:aws"},
			"ValidationError",
			"at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
		},
		{"a user's ARN", []string{"RoleArn", adaARN}, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + adaARN},
		{"a duration", []string{"DurationSeconds", "899"}, "ValidationError", one + "Value '899' at 'durationSeconds' failed to satisfy constraint: " +
			"Member must have value greater than or equal to 900"},
		{"a long duration", []string{"DurationSeconds", "43201"}, "ValidationError", "less than or equal to 43200"},
		{"no number", []string{"DurationSeconds", "1h"}, "MalformedInput", ""},
		{"an external ID", []string{"ExternalId", "a b"}, "ValidationError", "at 'externalId'"},
		{"a source identity", []string{"SourceIdentity", "x"}, "ValidationError", "at 'sourceIdentity'"},
		{"a policy that is none", []string{"Policy", "{}"}, "MalformedPolicyDocument", "Syntax errors in policy: 1:1: "},
		{
			"a policy with a principal",
			[]string{"Policy", statement(allow, `"Principal": "*"`, `"Action": "*"`, `"Resource": "*"`)},
			"MalformedPolicyDocument", "",
		},
		{
			"a long policy",
			[]string{"Policy", sizes(2049)},
			"ValidationError",
			"at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048",
		},
		{"a policy ARN", []string{"PolicyArns.member.1.arn", "arn:aws:iam::aws"}, "ValidationError", ""},
		{
			"a policy that is not there",
			[]string{"PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/None"},
			"ValidationError",
			"does not exist or is not attachable",
		},
		{"a policy ARN with a tab", []string{"PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/a\tb"}, "ValidationError", "is invalid"},
		{"no partition", []string{"RoleArn", "arn::iam::111122223333:role/r"}, "ValidationError", "arn::iam::111122223333:role/r is invalid"},
		{"no service", []string{"RoleArn", "arn:aws:::111122223333:role/r"}, "ValidationError", " is invalid"},
		{"no resource", []string{"RoleArn", "arn:aws:iam::111122223333:"}, "ValidationError", " is invalid"},
		{"a policy list with a gap", []string{"PolicyArns.member.2.arn", "arn:aws:iam::aws:policy/Book"}, "MalformedInput", ""},
		{
			"a tag without a value",
			[]string{"Tags.member.1.Key", "a"},
			"ValidationError",
			"at 'tags.1.member.value' failed to satisfy constraint: Member must not be null",
		},
		{"a tag's key", []string{"Tags.member.1.Key", "a*", "Tags.member.1.Value", ""}, "ValidationError", `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`},
		{"a long key of wide characters", []string{"Tags.member.1.Key", strings.Repeat("é", 129), "Tags.member.1.Value", ""}, "ValidationError", ""},
		{
			"a transitive key that is no tag",
			[]string{"TransitiveTagKeys.member.1", "a"},
			"InvalidParameterValue",
			"The specified transitive tag key must be included in the requested tags.",
		},
		{"a token's size", []string{"MinimumSessionTokenSize", "4097"}, "ValidationError", "at 'minimumSessionTokenSize'"},
		{
			"a code without a device",
			[]string{"TokenCode", "123456"},
			"AccessDenied",
			"MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
		},
		{
			"a device where there are none",
			[]string{"TokenCode", "123456", "SerialNumber", "arn:aws:iam::111122223333:mfa/ada"},
			"AccessDenied",
			"MultiFactorAuthentication failed, unable to validate MFA code.",
		},
		{"contexts", []string{"ProvidedContexts.member.1.ProviderArn", "arn:aws:iam::aws:contextProvider/x"}, "InvalidParameterValue", "ProvidedContexts"},
		{
			"a longer duration than the role's",
			[]string{"DurationSeconds", "43200", "RoleArn", hubARN},
			"ValidationError",
			"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		},
	} {
		a := d.assume(d.key(adaKey), riderARN, c.parameters...)
		if a.code != c.code || !strings.Contains(a.message, c.message) || a.status == 200 {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	for _, c := range []struct{ body, code string }{
		{"Version=2011-06-15", "MissingAction"},
		{form("DeleteRole"), "InvalidAction"},
		{"Action=AssumeRole&Version=2010-05-08", "InvalidAction"},
		{form("AssumeRole") + "&RoleArn=a&RoleArn=b", "InvalidQueryParameter"},
		{form("AssumeRole") + "&RoleArn=%zz", "MalformedQueryString"},
		{form("AssumeRoleWithWebIdentity"), "InvalidAction"}, // signed
		{form("AssumeRole", "Policy", sizes(300<<10)), "RequestEntityTooLarge"},
	} {
		if a := d.serve(d.signer(d.key(adaKey)).Sign(post(c.body))); a.code != c.code {
			t.Errorf("%.60s: %d %s", c.body, a.status, a.body)
		}
	}
	beside := httptest.NewRequest(http.MethodPost, "/?"+form("AssumeRole", "RoleArn", riderARN, "RoleSessionName", "alice"),
		strings.NewReader(url.Values{"Policy": {document(`"ride:Read"`)}}.Encode()))
	beside.Header.Set("Content-Type", "text/plain")
	if a := d.serve(d.signer(d.key(adaKey)).Sign(beside)); a.code != "MalformedInput" {
		t.Errorf("a session policy in a body that is no form: %d %s", a.status, a.body)
	}
	admitted := 0 // the policy that is not there, which is looked for when a session is issued
	for _, e := range d.events {
		if e.Outcome == sigv4auth.Admitted && admitted == 0 {
			admitted++
			continue
		}
		if e.Outcome != sigv4auth.Refused || e.Reason == "" {
			t.Errorf("the event is %+v", e)
		}
	}
	// What is wrong is told in one way, whether or not the role is there.
	known, unknown := d.assume(d.key(adaKey), riderARN, "DurationSeconds", "1"), d.assume(d.key(adaKey), riderARN+"x",
		"DurationSeconds", "1")
	if known.body == "" || known.message != unknown.message {
		t.Errorf("%q and %q", known.message, unknown.message)
	}
	plain := newDesk(newProcess(t, d.dir, d.clock, new(keyring.New(start)), func(c *sts.StoreConfig) { c.ManagedPolicies = nil }))
	if a := plain.assume(d.key(adaKey), riderARN, "PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Book"); a.code != "ValidationError" {
		t.Errorf("without managed policies: %s", a.body)
	}
	if a := d.assume(d.key(otherKey), hubARN, "DurationSeconds", "43200"); a.code != "AccessDenied" {
		t.Errorf("who may not assume a role learns its longest session: %s", a.body)
	}
}

// TestAssumedSession: what AssumeRole issues is the session that was asked for, no longer than was
// asked, and the answer says so.
func TestAssumedSession(t *testing.T) {
	t.Parallel()
	d := open(t)
	a := d.assume(d.key(adaKey), riderARN, "DurationSeconds", "7200", "SourceIdentity", "ada", "Policy", document(`"ride:Read"`),
		"PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Book", "PolicyArns.member.2.arn", "arn:aws:iam::aws:policy/Book",
		"Tags.member.1.Key", "Team", "Tags.member.1.Value", "a b+c é", "Tags.member.2.Key", "plain", "Tags.member.2.Value", "",
		"TransitiveTagKeys.member.1", "team", "MinimumSessionTokenSize", "2000")
	if a.status != 200 {
		t.Fatal(a.body)
	}
	c := a.credential()
	s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	size := len(c.SessionToken.Reveal())
	if s.RoleARN != riderARN || s.RoleID != "AROARIDER" || s.Name != "alice" || s.Tags["Team"] != "a b+c é" || len(s.Tags) != 2 ||
		fmt.Sprint(s.TransitiveTags) != "[Team]" || s.SourceIdentity != "ada" || s.Expires.Sub(s.IssuedAt) != 2*time.Hour ||
		len(s.PolicyARNs) != 1 || !strings.Contains(s.Policy, "ride:Read") || s.Asker != (sts.Asker{}) || s.MFAPresent ||
		s.Federated != nil {
		t.Errorf("%+v", s)
	}
	for name, want := range map[string]string{
		"Arn": "arn:aws:sts::111122223333:assumed-role/Rider/alice", "AssumedRoleId": "AROARIDER:alice", "SourceIdentity": "ada",
		"Expiration": "2026-11-30T14:00:00Z", "SessionTokenSize": fmt.Sprint(size), "SessionTokenUtilization": fmt.Sprint((size*100 + 4095) / 4096),
	} {
		if got := a.text(name); got != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if size < 2000 || a.text("PackedPolicySize") == "" || !strings.HasPrefix(a.body, "<AssumeRoleResponse ") ||
		a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", a.header, a.body)
	}
	const widest = 256 // characters, whatever they are
	if a := d.assume(d.key(adaKey), riderARN, "Tags.member.1.Key", strings.Repeat("é", 128), "Tags.member.1.Value",
		strings.Repeat("界", widest)); a.status != 200 {
		t.Errorf("a tag of wide characters: %s", a.body)
	}
	plain := d.assume(d.key(adaKey), riderARN)
	if plain.has("SourceIdentity") || plain.has("PackedPolicySize") || plain.text("Expiration") != "2026-11-30T13:00:00Z" {
		t.Error(plain.body)
	}
	// The session limits what the role may.
	found, err := d.Credential(t.Context(), c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil || !d.may(found, "ride:Read") || !d.may(found, "ride:Book") || d.may(found, "ride:Cancel") {
		t.Errorf("%v: the session does not limit the role", err)
	}
	wide := []string{"Policy", document(`["a:b` + strings.Repeat(`", "a:`+strings.Repeat("b", 90), 18) + `"]`)}
	for i := range 50 {
		n := fmt.Sprint(i + 1)
		wide = append(wide, "Tags.member."+n+".Key", "k"+n, "Tags.member."+n+".Value", strings.Repeat("v", 250))
	}
	if a := d.assume(d.key(adaKey), riderARN, wide...); a.code != "PackedPolicyTooLarge" || a.status != 400 {
		t.Errorf("%d %s", a.status, a.body)
	}
}
