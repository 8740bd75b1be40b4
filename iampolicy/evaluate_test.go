package iampolicy_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	root      = "arn:aws:iam::111122223333:root"
	session   = "arn:aws:sts::111122223333:assumed-role/Pilot/Bob"
	role      = "arn:aws:iam::111122223333:role/crew/Pilot"
	federated = "arn:aws:sts::111122223333:federated-user/Bob"
	service   = "events.amazonaws.com"
	provider  = "arn:aws:iam::111122223333:oidc-provider/example.com"
)

const (
	allow     = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	allowElse = `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}` // not what is asked
	deny      = `{"Effect":"Deny","Action":"*","Resource":"*"}`
)

// grant is a resource policy's Allow for a principal.
func grant(principal string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"*","Resource":"*"}`
}

// A scenario is a Set in words: for each place the statements of its policies.
type scenario struct {
	identity, boundary, session, resource, trust string
	scps, rcps                                   []string // one policy a level
}

func (s scenario) set(tb testing.TB) *iampolicy.Set {
	tb.Helper()
	var set iampolicy.Set
	add := func(list *[]*iampolicy.Policy, kind iampolicy.PolicyType, statements string) {
		if statements != "" {
			*list = append(*list, policy(tb, kind, statements))
		}
	}
	add(&set.Identity, iampolicy.IdentityPolicy, s.identity)
	add(&set.Boundaries, iampolicy.PermissionsBoundary, s.boundary)
	add(&set.Sessions, iampolicy.SessionPolicy, s.session)
	if s.resource != "" {
		set.Resource = policy(tb, iampolicy.ResourcePolicy, s.resource)
	}
	if s.trust != "" {
		set.Resource = policy(tb, iampolicy.TrustPolicy, strings.ReplaceAll(s.trust, `,"Resource":"*"`, ""))
	}
	for _, statements := range s.scps {
		set.SCPs = append(set.SCPs, []*iampolicy.Policy{policy(tb, iampolicy.SCP, statements)})
	}
	for _, statements := range s.rcps {
		set.RCPs = append(set.RCPs, []*iampolicy.Policy{policy(tb, iampolicy.RCP, statements)})
	}
	return &set
}

func TestEvaluate(t *testing.T) {
	const (
		no  = iampolicy.ImplicitDeny
		not = iampolicy.ExplicitDeny
		yes = iampolicy.Allow
	)
	aws := func(arns ...string) string { return `{"AWS":["` + strings.Join(arns, `","`) + `"]}` }
	denyFor := func(principal string) string {
		return strings.Replace(grant(principal), "Allow", "Deny", 1)
	}
	denyElse := func(principal string) string {
		return strings.Replace(denyFor(principal), "Principal", "NotPrincipal", 1)
	}
	denyAll := denyFor(`"*"`)
	rcpDeny := strings.Replace(denyAll, `"Action":"*"`, `"Action":"s3:*"`, 1)
	fromArn := `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + role +
		`"}}}`
	tests := []struct {
		name      string
		principal string
		owner     string // of the resource; "" is the caller's account, "-" is none
		s         scenario
		want      iampolicy.Outcome
	}{
		{"threat 210: no policies", bob, "", scenario{}, no},
		{"threat 210: no policies for a session", session, "", scenario{}, no},
		{"identity allows", bob, "", scenario{identity: allow}, yes},
		{"threat 199: own account without Allow", bob, "", scenario{identity: allowElse}, no},
		{"identity denies and allows", bob, "", scenario{identity: allow + "," + deny}, not},
		{"identity allows, boundary too", bob, "", scenario{identity: allow, boundary: allow}, yes},
		{"threat 200: boundary is silent", bob, "", scenario{identity: allow, boundary: allowElse}, no},
		{"threat 200: boundary alone allows", bob, "", scenario{boundary: allow}, no},
		{"boundary denies", bob, "", scenario{identity: allow, boundary: allow + "," + deny}, not},
		{"session without session policy", session, "", scenario{identity: allow}, yes},
		{"threat 200: session policy is silent", session, "", scenario{identity: allow, session: allowElse}, no},
		{"threat 201: session policy alone allows", session, "", scenario{session: allow}, no},
		{"session policy allows", session, "", scenario{identity: allow, session: allow}, yes},
		{"threat 206: session policy denies", session, "", scenario{identity: allow, session: allow + "," + deny}, not},
		{"a user with a session policy that is silent", bob, "", scenario{identity: allow, session: allowElse}, no},
		{"federated user without session policy", federated, "", scenario{identity: allow}, no},
		{"federated user with a session policy", federated, "", scenario{identity: allow, session: allow}, yes},

		{"resource names the user", bob, "", scenario{resource: grant(aws(bob))}, yes},
		{"resource names the user, boundary is silent", bob, "", scenario{resource: grant(aws(bob)), boundary: allowElse}, yes},
		{"resource names the user, boundary denies", bob, "", scenario{resource: grant(aws(bob)), boundary: deny}, not},
		{"resource names another user", bob, "", scenario{resource: grant(aws("arn:aws:iam::111122223333:user/Bob"))}, no},
		{"resource names the user in another case", bob, "", scenario{resource: grant(aws("arn:aws:iam::111122223333:user/people/bob"))}, no},
		{"resource names everyone", bob, "", scenario{resource: grant(`"*"`), boundary: allowElse}, yes},
		{"resource names everyone otherwise", bob, "", scenario{resource: grant(`{"AWS":"*"}`)}, yes},
		{"resource names the account", bob, "", scenario{resource: grant(aws(account))}, no},
		{"resource names the account, identity allows", bob, "", scenario{resource: grant(aws(account)), identity: allow}, yes},
		{"resource names the account's root", bob, "", scenario{resource: grant(aws(root))}, no},
		{"resource is silent, identity allows", bob, "", scenario{resource: grant(aws(root)), identity: allow}, yes},
		{"resource denies the account", bob, "", scenario{resource: denyFor(aws(account)), identity: allow}, not},
		{"resource denies another account", bob, "", scenario{resource: denyFor(aws(other)), identity: allow}, yes},
		{"resource denies everyone", bob, "", scenario{resource: denyAll, identity: allow}, not},

		{"resource names the session", session, "", scenario{resource: grant(aws(session))}, yes},
		{"resource names the session, the rest is silent", session, "", scenario{resource: grant(aws(session)), boundary: allowElse, session: allowElse}, yes},
		{"resource names another session", session, "", scenario{resource: grant(aws(session + "by"))}, no},
		{"resource names the role", session, "", scenario{resource: grant(aws(role))}, yes},
		{"resource names the role by another path", session, "", scenario{resource: grant(aws("arn:aws:iam::111122223333:role/Pilot"))}, yes},
		{"resource names the role of another account", session, "", scenario{resource: grant(aws("arn:aws:iam::444455556666:role/Pilot"))}, no},
		{"resource names the role of another partition", session, "", scenario{resource: grant(aws("arn:aws-cn:iam::111122223333:role/Pilot"))}, no},
		{"resource names the role in another case", session, "", scenario{resource: grant(aws("arn:aws:iam::111122223333:role/pilot"))}, no},
		{"resource names the role, boundary is silent", session, "", scenario{resource: grant(aws(role)), boundary: allowElse}, no},
		{"resource names the role, session policy is silent", session, "", scenario{resource: grant(aws(role)), session: allowElse}, no},
		{"resource names the role, both allow", session, "", scenario{resource: grant(aws(role)), boundary: allow, session: allow}, yes},
		{"resource names the role and the session", session, "", scenario{resource: grant(aws(role)) + "," + grant(aws(session)), boundary: allowElse}, yes},
		{"everyone with the role's ARN as condition", session, "", scenario{resource: fromArn, boundary: allowElse, session: allowElse}, yes},
		{"resource denies the role", session, "", scenario{resource: denyFor(aws(role)), identity: allow}, not},
		{"resource names the user, not the session of that name", session, "", scenario{resource: grant(aws("arn:aws:iam::111122223333:user/Bob"))}, no},

		{"resource names the federated user", federated, "", scenario{resource: grant(aws(federated))}, yes},
		{"resource names the user behind the federated user", federated, "", scenario{resource: grant(aws(bob)), session: allow}, yes},
		{"resource names the user behind, session policy is silent", federated, "", scenario{resource: grant(aws(bob)), session: allowElse}, no},
		{"resource names the user behind, no session policy", federated, "", scenario{resource: grant(aws(bob))}, no},
		{
			"resource names another user than the one behind", federated, "",
			scenario{resource: grant(aws("arn:aws:iam::111122223333:user/Eve")), session: allow},
			no,
		},
		{"resource denies the user behind", federated, "", scenario{resource: denyFor(aws(bob)), identity: allow, session: allow}, not},

		{"root without policies", root, "", scenario{}, yes},
		{"root, denied", root, "", scenario{resource: denyAll}, not},
		{"root, its account denied", root, "", scenario{resource: denyFor(aws(account))}, not},
		{"root, SCP is silent", root, "", scenario{scps: []string{allowElse}}, no},
		{"root, SCP denies", root, "", scenario{scps: []string{allow + "," + deny}}, not},
		{"root in another account", root, other, scenario{}, no},
		{"root in another account, which allows", root, other, scenario{resource: grant(aws(account))}, yes},
		{"threat 209: root where no account owns the resource", root, "-", scenario{}, no},

		{"cross account: identity alone", bob, other, scenario{identity: allow}, no},
		{"cross account: resource alone", bob, other, scenario{resource: grant(aws(bob))}, no},
		{"cross account: resource for everyone alone", bob, other, scenario{resource: grant(`"*"`)}, no},
		{"cross account: both", bob, other, scenario{identity: allow, resource: grant(aws(bob))}, yes},
		{"cross account: both, by the account", bob, other, scenario{identity: allow, resource: grant(aws(account))}, yes},
		{"cross account: both, by everyone", bob, other, scenario{identity: allow, resource: grant(`"*"`)}, yes},
		{"cross account: the owner's account is named", bob, other, scenario{identity: allow, resource: grant(aws(other))}, no},
		{"cross account: boundary is silent", bob, other, scenario{identity: allow, boundary: allowElse, resource: grant(aws(bob))}, no},
		{
			"cross account: session policy is silent, the session is named", session, other,
			scenario{identity: allow, session: allowElse, resource: grant(aws(session))},
			no,
		},
		{"cross account: the role is named", session, other, scenario{identity: allow, resource: grant(aws(role))}, yes},
		{"cross account: resource denies", bob, other, scenario{identity: allow, resource: grant(aws(bob)) + "," + denyFor(aws(account))}, not},
		{"cross account: SCP is silent", bob, other, scenario{identity: allow, resource: grant(aws(bob)), scps: []string{allowElse}}, no},
		{"an owner that is no account", bob, "-", scenario{identity: allow}, no},
		{"an owner that is no account, resource allows", bob, "-", scenario{identity: allow, resource: grant(aws(bob))}, yes},
		{
			"threat 207: the same name in another account", "arn:aws:iam::444455556666:user/people/Bob", account,
			scenario{identity: allow, resource: grant(aws(bob))},
			no,
		},

		{"anonymous", "", account, scenario{}, no},
		{"anonymous, identity allows", "", account, scenario{identity: allow}, no},
		{"anonymous, everyone may", "", account, scenario{resource: grant(`"*"`)}, yes},
		{"anonymous, everyone may, no owner", "", "-", scenario{resource: grant(`{"AWS":"*"}`)}, yes},
		{"anonymous, the account may", "", account, scenario{resource: grant(aws(account))}, no},
		{"threat 205: anonymous, denied", "", account, scenario{resource: grant(`"*"`) + "," + denyAll}, not},
		{"threat 205: anonymous, an RCP denies", "", account, scenario{resource: grant(`"*"`), rcps: []string{rcpDeny}}, not},
		{"anonymous, SCPs do not bear on it", "", account, scenario{resource: grant(`"*"`), scps: []string{deny}}, yes},
		{"anonymous, not a principal", "", account, scenario{resource: grant(`"*"`) + "," + denyElse(aws(bob))}, not},
		{"service", service, account, scenario{identity: allow}, no},
		{"service is named", service, account, scenario{resource: grant(`{"Service":"events.amazonaws.com"}`)}, yes},
		{"another service is named", service, account, scenario{resource: grant(`{"Service":"events.amazonaws.com.cn"}`)}, no},
		{"service, everyone may", service, account, scenario{resource: grant(`"*"`)}, yes},
		{"service, denied by name", service, account, scenario{resource: grant(`"*"`) + "," + denyFor(`{"Service":"events.amazonaws.com"}`)}, not},
		{"service, SCPs do not bear on it", service, account, scenario{resource: grant(`"*"`), scps: []string{deny}}, yes},

		{"SCP allows at each level", bob, "", scenario{identity: allow, scps: []string{allow, allow, allow}}, yes},
		{"SCP is silent at one level", bob, "", scenario{identity: allow, scps: []string{allow, allowElse, allow}}, no},
		{"SCP denies at one level", bob, "", scenario{identity: allow, scps: []string{allow, allow + "," + deny}}, not},
		{"SCP is silent, resource names the user", bob, "", scenario{resource: grant(aws(bob)), scps: []string{allowElse}}, no},
		{"SCP alone allows", bob, "", scenario{scps: []string{allow}}, no},
		{"RCP denies", bob, "", scenario{identity: allow, rcps: []string{rcpDeny}}, not},
		{"RCP denies root", root, "", scenario{rcps: []string{rcpDeny}}, not},
		{"RCP of AWS", bob, "", scenario{identity: allow, rcps: []string{grant(`"*"`)}}, yes},
		{"RCP of AWS alone", bob, "", scenario{rcps: []string{grant(`"*"`)}}, no},

		{"not a principal: the user is listed", bob, "", scenario{identity: allow, resource: denyElse(aws(bob))}, yes},
		{"not a principal: another is listed", bob, "", scenario{identity: allow, resource: denyElse(aws(bob + "by"))}, not},
		{"not a principal: the account is listed", bob, "", scenario{identity: allow, resource: denyElse(aws(account))}, yes},
		{"not a principal: another user and the account are listed", bob, "", scenario{identity: allow, resource: denyElse(aws(bob+"by", account))}, not},
		{"not a principal: the user and the account are listed", bob, "", scenario{identity: allow, resource: denyElse(aws(bob, account))}, yes},
		{
			"not a principal: a user of another account and the account are listed", bob, "",
			scenario{identity: allow, resource: denyElse(aws("arn:aws:iam::444455556666:user/Eve", account))},
			yes,
		},
		{"not a principal: a user and the account are listed, root asks", root, "", scenario{resource: denyElse(aws(bob, account))}, yes},
		{"not a principal: the role is listed", session, "", scenario{identity: allow, resource: denyElse(aws(role))}, yes},
		{"not a principal: the user is listed, but has a boundary", bob, "", scenario{identity: allow, boundary: allow, resource: denyElse(aws(bob))}, not},

		{"trust: identity alone", bob, "", scenario{identity: allow, trust: grant(aws(other))}, no},
		{"trust: the user is named", bob, "", scenario{trust: grant(aws(bob))}, yes},
		{"trust: the account is named", bob, "", scenario{trust: grant(aws(account))}, no},
		{"trust: the account is named, identity allows", bob, "", scenario{identity: allow, trust: grant(aws(account))}, yes},
		{"trust: root, not named", root, "", scenario{trust: grant(aws(other))}, no},
		{"trust: root, named", root, "", scenario{trust: grant(aws(account))}, yes},
		{"trust: cross account", bob, other, scenario{identity: allow, trust: grant(aws(account))}, yes},
		{"trust: cross account, identity is silent", bob, other, scenario{trust: grant(aws(bob))}, no},
		{"trust: the provider is named", provider, account, scenario{trust: grant(`{"Federated":"` + provider + `"}`)}, yes},
		{"trust: another provider is named", provider, account, scenario{trust: grant(`{"Federated":"` + provider + `.evil"}`)}, no},
		{"trust: the provider's account is named", provider, account, scenario{trust: grant(aws(account))}, no},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request("s3:GetObject", object)
			req.Principal = iampolicy.Principal{ARN: tt.principal}
			switch tt.principal {
			case session:
				req.Principal.RoleARN = role
			case federated:
				req.Principal.UserARN = bob
			}
			req.Context.Set("aws:PrincipalArn", req.Principal.PrincipalARN())
			switch tt.owner {
			case "":
			case "-":
				req.ResourceAccount = ""
			default:
				req.ResourceAccount = tt.owner
			}
			if d := iampolicy.Evaluate(tt.s.set(t), req); d.Outcome != tt.want {
				t.Errorf("got %+v, want %v", d, tt.want)
			}
		})
	}
}

func TestEvaluateSeveralPolicies(t *testing.T) {
	list := func(kind iampolicy.PolicyType, docs ...string) (policies []*iampolicy.Policy) {
		for _, doc := range docs {
			policies = append(policies, policy(t, kind, doc))
		}
		return policies
	}
	id := list(iampolicy.IdentityPolicy, allow)
	tests := []struct {
		name string
		set  iampolicy.Set
		want bool
	}{
		{"one of two identity policies allows", iampolicy.Set{Identity: list(iampolicy.IdentityPolicy, allowElse, allow)}, true},
		{"one of two session policies allows", iampolicy.Set{Identity: id, Sessions: list(iampolicy.SessionPolicy, allowElse, allow)}, true},
		{"one of two boundaries is silent", iampolicy.Set{Identity: id, Boundaries: list(iampolicy.PermissionsBoundary, allow, allowElse)}, false},
		{"one of two SCPs of a level allows", iampolicy.Set{Identity: id, SCPs: [][]*iampolicy.Policy{list(iampolicy.SCP, allowElse, allow)}}, true},
		{"a level without SCPs", iampolicy.Set{Identity: id, SCPs: [][]*iampolicy.Policy{list(iampolicy.SCP, allow), nil}}, false},
		{"a level without RCPs", iampolicy.Set{Identity: id, RCPs: [][]*iampolicy.Policy{nil}}, true},
		{
			"empty lists are no lists",
			iampolicy.Set{Identity: id, Boundaries: []*iampolicy.Policy{}, Sessions: []*iampolicy.Policy{}, SCPs: [][]*iampolicy.Policy{}},
			true,
		},
	}
	for _, tt := range tests {
		if d := iampolicy.Evaluate(&tt.set, request("s3:GetObject", object)); d.Allowed() != tt.want {
			t.Errorf("%s: got %+v", tt.name, d)
		}
	}
}

// Evaluate adds no context keys, not even those that the Principal tells.
func TestEvaluateAddsNoContextKeys(t *testing.T) {
	for _, key := range []string{
		"aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalType", "aws:username", "aws:userid", "aws:PrincipalTag/team",
		"aws:CurrentTime", "aws:ResourceAccount",
	} {
		req := request("s3:GetObject", object)
		req.Principal.UserID, req.Principal.Tags = "AIDAEXAMPLE", map[string]string{"team": "blue"}
		missing := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"`+key+`":"true"}}}`)
		if !iampolicy.Evaluate(missing, req).Allowed() {
			t.Errorf("%s is there", key)
		}
		if keys := slices.Collect(req.Context.Keys()); len(keys) > 0 {
			t.Errorf("the request has got %q", keys)
		}
	}
}

// A Set that is not whole denies, wherever the fault is, and whatever else allows.
func TestEvaluateDeniesWhatIsNotWellFormed(t *testing.T) {
	kinds := map[iampolicy.PolicyType]*iampolicy.Policy{
		iampolicy.IdentityPolicy:      policy(t, iampolicy.IdentityPolicy, allow),
		iampolicy.PermissionsBoundary: policy(t, iampolicy.PermissionsBoundary, allow),
		iampolicy.SessionPolicy:       policy(t, iampolicy.SessionPolicy, allow),
		iampolicy.SCP:                 policy(t, iampolicy.SCP, allow),
		iampolicy.ResourcePolicy:      policy(t, iampolicy.ResourcePolicy, grant(`"*"`)),
		iampolicy.TrustPolicy:         policy(t, iampolicy.TrustPolicy, strings.ReplaceAll(grant(`"*"`), `,"Resource":"*"`, "")),
		iampolicy.RCP:                 policy(t, iampolicy.RCP, grant(`"*"`)),
	}
	places := map[string]struct {
		put  func(*iampolicy.Set, *iampolicy.Policy)
		take []iampolicy.PolicyType
	}{
		"Identity": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.Identity = append(s.Identity, p) },
			[]iampolicy.PolicyType{iampolicy.IdentityPolicy},
		},
		"Boundaries": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.Boundaries = append(s.Boundaries, p) },
			[]iampolicy.PolicyType{iampolicy.PermissionsBoundary},
		},
		"Sessions": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.Sessions = append(s.Sessions, p) },
			[]iampolicy.PolicyType{iampolicy.SessionPolicy},
		},
		"Resource": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.Resource = p },
			[]iampolicy.PolicyType{iampolicy.ResourcePolicy, iampolicy.TrustPolicy},
		},
		"SCPs": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.SCPs = [][]*iampolicy.Policy{{p}} }, []iampolicy.PolicyType{iampolicy.SCP},
		},
		"RCPs": {
			func(s *iampolicy.Set, p *iampolicy.Policy) { s.RCPs = [][]*iampolicy.Policy{{p}} }, []iampolicy.PolicyType{iampolicy.RCP},
		},
	}
	for name, place := range places {
		try := func(p *iampolicy.Policy) bool {
			set := iampolicy.Set{Identity: []*iampolicy.Policy{kinds[iampolicy.IdentityPolicy]}}
			place.put(&set, p)
			return iampolicy.Evaluate(&set, request("s3:GetObject", object)).Allowed()
		}
		for kind, p := range kinds {
			if got, want := try(p), slices.Contains(place.take, kind); got != want {
				t.Errorf("a %v in %s: allowed %v", kind, name, got)
			}
		}
		if try(&iampolicy.Policy{}) {
			t.Errorf("a zero Policy in %s is allowed", name)
		}
		if name != "Resource" && try(nil) {
			t.Errorf("a nil policy in %s is allowed", name)
		}
	}
	if iampolicy.Evaluate(nil, request("s3:GetObject", object)).Allowed() {
		t.Error("a nil Set allows")
	}
	if iampolicy.Evaluate(identity(t, allow), nil).Allowed() {
		t.Error("a nil Request is allowed")
	}
	if (iampolicy.Decision{}).Allowed() {
		t.Error("the zero Decision allows")
	}
}

func TestDecisionNamesTheDecidingStatement(t *testing.T) {
	named := func(kind iampolicy.PolicyType, name, doc string) *iampolicy.Policy {
		p, err := iampolicy.Parse([]byte(document(doc)), kind, iampolicy.WithName(name))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	const put = `{"Sid":"put","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}`
	const get = `{"Sid":"get","Effect":"Allow","Action":"s3:Get*","Resource":"*"}`
	first := named(iampolicy.IdentityPolicy, "first", allowElse)
	second := named(iampolicy.IdentityPolicy, "second", put+`,`+allowElse+`,`+get)
	scp := func(name, doc string) []*iampolicy.Policy {
		return []*iampolicy.Policy{named(iampolicy.SCP, name, doc)}
	}
	tests := []struct {
		name   string
		set    iampolicy.Set
		action string
		want   iampolicy.Decision
	}{
		{
			"an Allow",
			iampolicy.Set{Identity: []*iampolicy.Policy{first, second}},
			"s3:GetObject",
			iampolicy.Decision{
				Outcome: iampolicy.Allow, PolicyType: iampolicy.IdentityPolicy, Policy: 1, PolicyName: "second", Statement: 2, Sid: "get",
			},
		},
		{
			"a Deny",
			iampolicy.Set{Identity: []*iampolicy.Policy{first, second}},
			"s3:PutObject",
			iampolicy.Decision{
				Outcome: iampolicy.ExplicitDeny, PolicyType: iampolicy.IdentityPolicy, Policy: 1, PolicyName: "second", Sid: "put",
			},
		},
		{"nothing", iampolicy.Set{Identity: []*iampolicy.Policy{first, second}}, "s3:ListBucket", iampolicy.Decision{}},
		{
			"an SCP's Deny",
			iampolicy.Set{Identity: []*iampolicy.Policy{first}, SCPs: [][]*iampolicy.Policy{scp("a", allow), scp("b", allow+","+put)}},
			"s3:PutObject",
			iampolicy.Decision{
				Outcome: iampolicy.ExplicitDeny, PolicyType: iampolicy.SCP, Level: 1, PolicyName: "b", Statement: 1, Sid: "put",
			},
		},
		{
			"a resource policy's Allow",
			iampolicy.Set{
				Identity: []*iampolicy.Policy{second},
				Resource: named(iampolicy.ResourcePolicy, "r", grant(`{"AWS":"`+account+`"}`)+`,`+grant(`"*"`)),
			},
			"s3:GetObject",
			iampolicy.Decision{Outcome: iampolicy.Allow, PolicyType: iampolicy.ResourcePolicy, PolicyName: "r", Statement: 1},
		},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, iampolicy.Evaluate(&tt.set, request(tt.action, object))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	set := scenario{
		identity: `{"Effect":"Allow","Action":["s3:Put*","S3:GetObject"],"Resource":"arn:aws:s3:::photos/${aws:username}/*","Condition":{
			"StringLike":{"aws:UserAgent":"*cli*${aws:username}"},"NumericLessThan":{"x:n":"1e3"},
			"DateGreaterThan":{"aws:CurrentTime":"2020"},
			"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:db8::/32"]},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"},
			"Bool":{"aws:SecureTransport":"true"},"Null":{"x:none":"true"},
			"ForAllValues:StringEquals":{"x:many":["a","b"]},"BinaryEquals":{"x:bin":"QQ=="}}}`,
		boundary: allow, scps: []string{allow, allow},
		resource: grant(`{"AWS":["` + account + `","` + role + `"]}`),
	}.set(t)
	req := request("s3:GetObject", object)
	fill(&req.Context, "aws:username=bob", "aws:UserAgent=aws-cli/2 bob", "x:n=999.5", "aws:CurrentTime=2026-01-01T00:00:00Z",
		"aws:SourceIp=2001:db8::7", "aws:PrincipalArn="+bob, "aws:SecureTransport=true", "x:many=[a,b]", "x:bin=QQ==")
	if d := iampolicy.Evaluate(set, req); !d.Allowed() {
		t.Fatalf("got %+v", d)
	}
	if n := testing.AllocsPerRun(100, func() { iampolicy.Evaluate(set, req) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	// Nor does it make its caller allocate: a Set and a Request stay on the stack.
	if n := testing.AllocsPerRun(100, func() {
		ownSet, ownRequest := *set, *req
		if !iampolicy.Evaluate(&ownSet, &ownRequest).Allowed() {
			t.Fatal("not allowed")
		}
	}); n != 0 {
		t.Errorf("%v allocations of the caller's", n)
	}
}

// Threat 224: what one evaluation may cost is bounded; past the bound it denies, and says so.
func TestEvaluateDeniesPastItsBudget(t *testing.T) {
	values := strings.Repeat(`"nothing",`, 1999) + `"nothing"`
	set := identity(t, allow, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"x:v":[`+values+`]}}}`)
	req := request("s3:GetObject", object)
	req.Context.SetMany("x:v", slices.Repeat([]string{"something"}, 100)...)
	if d := iampolicy.Evaluate(set, req); !d.Allowed() {
		t.Errorf("got %+v within the budget", d)
	}
	req.Context.SetMany("x:v", slices.Repeat([]string{"something"}, 1000)...)
	if d := iampolicy.Evaluate(set, req); d != (iampolicy.Decision{OverBudget: true}) {
		t.Errorf("got %+v past the budget", d)
	}
}

// A Policy is shared by all requests. The race detector watches.
func TestEvaluateFromManyGoroutines(t *testing.T) {
	statements := make([]string, 50)
	for i := range statements {
		statements[i] = fmt.Sprintf(`{"Effect":"Allow","Action":"s3:Get%d","Resource":"arn:aws:s3:::${aws:username}/*"}`, i)
	}
	set := identity(t, statements...)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				req := request(fmt.Sprintf("s3:Get%d", j), "arn:aws:s3:::bob/x")
				req.Context.Set("aws:username", []string{"bob", "eve"}[(i+j)%2])
				if d := iampolicy.Evaluate(set, req); d.Allowed() != ((i+j)%2 == 0) || d.Allowed() && d.Statement != j {
					t.Errorf("%d, %d: %+v", i, j, d)
				}
			}
		})
	}
	wg.Wait()
}
