package iampolicy_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

// Explain decides as Evaluate, and says of every statement what the naive
// evaluator says of it.
func TestExplainAgreesWithEvaluate(t *testing.T) {
	for seed := range uint64(propertyWorlds) {
		d := newDice(1<<41 + seed)
		w := d.world()
		set := w.compile(t)
		requests := 4
		if w.pool != nil {
			requests = 1 // of many statements, each of which is held against the naive evaluator
		}
		for range requests {
			req := w.request()
			x := iampolicy.Explain(t.Context(), set, req)
			if want := iampolicy.Evaluate(set, req); x.Decision != want {
				t.Fatalf("seed %d: %+v explained, %+v decided\n%v", seed, x.Decision, want, w)
			}
			if x.Undecided == "" {
				checkFates(t, w, x)
			}
			if (x.BlockedBy != 0) != (x.Undecided == "" && !x.Decision.Allowed()) {
				t.Fatalf("seed %d: blocked by %v, fault %q, %v", seed, x.BlockedBy, x.Undecided, x.Decision)
			}
			d.ask(w)
		}
	}
}

func checkFates(t *testing.T, w *world, x iampolicy.Explanation) {
	t.Helper()
	n := naive{w: w, note: func(string) {}, caller: naiveIdentify(w.Principal)}
	applies := func(p randomPolicy, i int) bool {
		alone := p
		alone.Statements = p.Statements[i : i+1]
		return len(n.grants(verdict{}, alone, p.Statements[i]["Effect"].(string))) > 0
	}
	place := map[iampolicy.PolicyType]func(f iampolicy.StatementResult) randomPolicy{
		iampolicy.IdentityPolicy:      func(f iampolicy.StatementResult) randomPolicy { return w.Identity[f.Policy] },
		iampolicy.PermissionsBoundary: func(f iampolicy.StatementResult) randomPolicy { return w.Boundaries[f.Policy] },
		iampolicy.SessionPolicy:       func(f iampolicy.StatementResult) randomPolicy { return w.Sessions[f.Policy] },
		iampolicy.ResourcePolicy:      func(iampolicy.StatementResult) randomPolicy { return *w.Resource },
		iampolicy.TrustPolicy:         func(iampolicy.StatementResult) randomPolicy { return *w.Resource },
		iampolicy.SCP:                 func(f iampolicy.StatementResult) randomPolicy { return w.SCPs[f.Level][f.Policy] },
		iampolicy.RCP:                 func(f iampolicy.StatementResult) randomPolicy { return w.RCPs[f.Level][f.Policy] },
	}
	denied, deciding, statements := false, false, 0
	for _, p := range w.policies() {
		if n.caller.account != "" || p.Kind != iampolicy.SCP {
			statements += len(p.Statements)
		}
	}
	if len(x.Statements) != statements {
		t.Fatalf("%d of %d statements explained\n%v", len(x.Statements), statements, w)
	}
	for _, f := range x.Statements {
		p := place[f.PolicyType](f)
		if want := applies(p, f.Statement); f.Applied() != want {
			t.Fatalf("applies %v: %v\n%v", want, f, w)
		}
		denied = denied || f.Deny && f.Applied()
		if d := x.Decision; d.PolicyType == f.PolicyType && d.Level == f.Level && d.Policy == f.Policy && d.Statement == f.Statement {
			deciding = f.Applied() && f.Deny == (d.Outcome == iampolicy.ExplicitDeny)
		}
	}
	if denied != (x.Decision.Outcome == iampolicy.ExplicitDeny) || x.Decision.PolicyType != 0 && !deciding {
		t.Fatalf("denied %v, deciding %v: %+v\n%v", denied, deciding, x.Decision, w)
	}
}

func TestExplainNamesWhatFailed(t *testing.T) {
	condition := func(operator, key, values string) string {
		return `"Action":"*","Resource":"*","Condition":{"` + operator + `":{"` + key + `":` + values + `}}`
	}
	type F = iampolicy.Mismatch
	tests := []struct {
		name, statement string
		context         []string
		want            []F
	}{
		{
			"the action", `"Action":["s3:Put*","sqs:*"],"Resource":"*"`, nil,
			[]F{{Element: "Action", Policy: []string{"s3:Put*", "sqs:*"}, Request: []string{"s3:GetObject"}}},
		},
		{
			"an excepted action", `"NotAction":"s3:*","Resource":"*"`, nil,
			[]F{{Element: "NotAction", Cause: iampolicy.MismatchExcluded, Policy: []string{"s3:*"}, Request: []string{"s3:GetObject"}}},
		},
		{
			"the resource", `"Action":"*","Resource":"arn:aws:s3:::x"`, nil,
			[]F{{Element: "Resource", Policy: []string{"arn:aws:s3:::x"}, Request: []string{object}}},
		},
		{
			"an excepted resource", `"Action":"*","NotResource":"arn:aws:s3:::*"`, nil,
			[]F{{Element: "NotResource", Cause: iampolicy.MismatchExcluded, Policy: []string{"arn:aws:s3:::*"}, Request: []string{object}}},
		},
		{
			"a variable in the resource", `"Action":"*","Resource":"arn:aws:s3:::${aws:username}"`, nil,
			[]F{
				{
					Element: "Resource", Cause: iampolicy.MismatchUnresolved, Variable: "aws:username",
					Policy: []string{"arn:aws:s3:::${aws:username}"}, Request: []string{object},
				},
			},
		},
		{"two elements", `"Action":"sqs:*","Resource":"arn:aws:s3:::x"`, nil, []F{
			{Element: "Action", Policy: []string{"sqs:*"}, Request: []string{"s3:GetObject"}},
			{Element: "Resource", Policy: []string{"arn:aws:s3:::x"}, Request: []string{object}},
		}},
		{
			"a value", condition("StringEquals", "x:v", `["a","b"]`),
			[]string{"x:v=c"},
			[]F{{Element: "Condition", Operator: "StringEquals", Key: "x:v", Policy: []string{"a", "b"}, Request: []string{"c"}}},
		},
		{
			"a negated value", condition("StringNotEquals", "x:v", `"a"`),
			[]string{"x:v=a"},
			[]F{{Element: "Condition", Operator: "StringNotEquals", Key: "x:v", Policy: []string{"a"}, Request: []string{"a"}}},
		},
		{
			"a missing key", condition("StringEquals", "x:v", `"a"`), nil,
			[]F{{Element: "Condition", Operator: "StringEquals", Key: "x:v", Cause: iampolicy.MismatchKeyAbsent, Policy: []string{"a"}}},
		},
		{
			"a missing key, asked for", condition("Null", "x:v", `"false"`), nil,
			[]F{{Element: "Condition", Operator: "Null", Key: "x:v", Cause: iampolicy.MismatchKeyAbsent, Policy: []string{"false"}}},
		},
		{
			"a key that should be missing", condition("Null", "x:v", `"true"`),
			[]string{"x:v=a"},
			[]F{
				{Element: "Condition", Operator: "Null", Key: "x:v", Cause: iampolicy.MismatchKeyPresent, Policy: []string{"true"}, Request: []string{"a"}},
			},
		},
		{
			"a multivalued key", condition("StringEquals", "x:v", `"a"`),
			[]string{"x:v=[a,b]"},
			[]F{
				{
					Element: "Condition", Operator: "StringEquals", Key: "x:v", Cause: iampolicy.MismatchMultivalued, Policy: []string{"a"},
					Request: []string{"a", "b"},
				},
			},
		},
		{
			"the values that fail of all", condition("ForAllValues:StringEquals", "x:v", `"a"`),
			[]string{"x:v=[a,b,c]"},
			[]F{
				{Element: "Condition", Operator: "ForAllValues:StringEquals", Key: "x:v", Policy: []string{"a"}, Request: []string{"b", "c"}},
			},
		},
		{
			"no number", condition("NumericNotEquals", "x:v", `7`),
			[]string{"x:v=seven"},
			[]F{
				{
					Element: "Condition", Operator: "NumericNotEquals", Key: "x:v", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"7"}, Request: []string{"seven"},
				},
			},
		},
		{
			"no date", condition("DateLessThan", "x:v", `"2024"`),
			[]string{"x:v=soon"},
			[]F{
				{
					Element: "Condition", Operator: "DateLessThan", Key: "x:v", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"2024"}, Request: []string{"soon"},
				},
			},
		},
		{
			"no address", condition("IpAddress", "x:v", `"10.0.0.0/8"`),
			[]string{"x:v=host"},
			[]F{
				{
					Element: "Condition", Operator: "IpAddress", Key: "x:v", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"10.0.0.0/8"}, Request: []string{"host"},
				},
			},
		},
		{
			"no ARN", condition("ArnLike", "x:v", `"arn:aws:s3:::*"`),
			[]string{"x:v=bucket"},
			[]F{
				{
					Element: "Condition", Operator: "ArnLike", Key: "x:v", Cause: iampolicy.MismatchUnreadable,
					Policy: []string{"arn:aws:s3:::*"}, Request: []string{"bucket"},
				},
			},
		},
		{
			"a variable in a condition", condition("StringEquals", "x:v", `"${aws:username}"`),
			[]string{"x:v=a"},
			[]F{
				{
					Element: "Condition", Operator: "StringEquals", Key: "x:v", Cause: iampolicy.MismatchUnresolved,
					Variable: "aws:username", Policy: []string{"${aws:username}"}, Request: []string{"a"},
				},
			},
		},
		{
			"a variable in an ARN's account", condition("ArnEquals", "x:v", `"arn:aws:s3::${x:none}:b"`),
			[]string{"x:v=" + object},
			[]F{
				{
					Element: "Condition", Operator: "ArnEquals", Key: "x:v", Cause: iampolicy.MismatchUnresolved, Variable: "x:none",
					Policy: []string{"arn:aws:s3::${x:none}:b"}, Request: []string{object},
				},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := request("s3:GetObject", object)
			fill(&req.Context, tt.context...)
			x := iampolicy.Explain(t.Context(), identity(t, `{"Effect":"Allow",`+tt.statement+`}`), req)
			if len(x.NearestMisses) != 1 {
				t.Fatalf("%d nearest misses", len(x.NearestMisses))
			}
			if diff := cmp.Diff(tt.want, x.NearestMisses[0].Mismatches); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExplainNamesWhoBlocked(t *testing.T) {
	some := scenario{identity: allow}
	with := func(change func(*scenario)) scenario {
		s := some
		change(&s)
		return s
	}
	tests := []struct {
		name, owner, principal string
		s                      scenario
		want                   iampolicy.PolicyType
	}{
		{"nobody", account, bob, some, 0},
		{"identity", account, bob, scenario{}, iampolicy.IdentityPolicy},
		{"boundary", account, bob, with(func(s *scenario) { s.boundary = allowElse }), iampolicy.PermissionsBoundary},
		{"session", account, bob, with(func(s *scenario) { s.session = allowElse }), iampolicy.SessionPolicy},
		{"session of a federated user", account, federated, some, iampolicy.SessionPolicy},
		{
			"boundary of a role that is named", account, session,
			scenario{boundary: allowElse, resource: grant(`{"AWS":"` + role + `"}`)},
			iampolicy.PermissionsBoundary,
		},
		{"SCP", account, bob, with(func(s *scenario) { s.scps = []string{allow, allowElse} }), iampolicy.SCP},
		{"resource across accounts", other, bob, some, iampolicy.ResourcePolicy},
		{"trust", account, bob, with(func(s *scenario) { s.trust = grant(`{"AWS":"` + other + `"}`) }), iampolicy.TrustPolicy},
		{"resource for anonymous callers", account, "", some, iampolicy.ResourcePolicy},
		{"a Deny of the boundary", account, bob, with(func(s *scenario) { s.boundary = deny }), iampolicy.PermissionsBoundary},
	}
	for _, tt := range tests {
		req := request("s3:GetObject", object)
		req.Principal.ARN, req.ResourceAccount = tt.principal, tt.owner
		if x := iampolicy.Explain(t.Context(), tt.s.set(t), req); x.BlockedBy != tt.want || x.Decision.Allowed() != (tt.want == 0) {
			t.Errorf("%s: %v, blocked by %v", tt.name, x.Decision, x.BlockedBy)
		}
	}
}

func TestExplainNamesFaults(t *testing.T) {
	change := func(do func(*iampolicy.Request)) *iampolicy.Request {
		req := request("s3:GetObject", object)
		do(req)
		return req
	}
	set := identity(t, allow)
	for want, x := range map[string]iampolicy.Explanation{
		"the set or the request is nil": iampolicy.Explain(t.Context(), nil, request("s3:GetObject", object)),
		"the set or the request":        iampolicy.Explain(t.Context(), set, nil),
		"a policy in the set is nil, as where a store could not read it": iampolicy.Explain(t.Context(), &iampolicy.Set{Identity: []*iampolicy.Policy{nil}},
			request("s3:GetObject", object)),
		"the principal": iampolicy.Explain(t.Context(), set, change(func(r *iampolicy.Request) { r.Principal.AccountID = other })),
		"the action":    iampolicy.Explain(t.Context(), set, change(func(r *iampolicy.Request) { r.Action = "GetObject" })),
		"the resource":  iampolicy.Explain(t.Context(), set, change(func(r *iampolicy.Request) { r.Resource = "" })),
	} {
		if !strings.Contains(x.Undecided, want) || x.Decision.Allowed() || !strings.Contains(x.String(), want) {
			t.Errorf("want %q: %+v", want, x)
		}
	}
}

func TestExplainSortsNearestMisses(t *testing.T) {
	set := identity(t,
		`{"Sid":"far","Effect":"Allow","Action":"sqs:*","Resource":"*"}`,
		`{"Sid":"nearer","Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::x"}`,
		`{"Sid":"near","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1","x:b":"2"}}}`,
		`{"Sid":"nearest","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1"}}}`,
		`{"Sid":"denies","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:a":"1"}}}`)
	var sids []string
	for _, f := range iampolicy.Explain(t.Context(), set, request("s3:GetObject", object)).NearestMisses {
		sids = append(sids, f.Sid)
	}
	if !slices.Equal(sids, []string{"nearest", "near", "nearer"}) {
		t.Error(sids)
	}
}

// A line of a log stays a line, whatever the request holds (threat 214).
func TestExplanationQuotesWhatItShows(t *testing.T) {
	set := identity(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"x:v":"a"}}}`)
	req := request("s3:GetObject", "arn:aws:s3:::a\nallowed: \x1b[31m")
	req.Context.Set("x:v", "a\nallowed")
	text := iampolicy.Explain(t.Context(), set, req).String()
	if strings.Contains(text, "\nallowed") || strings.Contains(text, "\x1b") {
		t.Error(text)
	}
}

func TestExplanationInWords(t *testing.T) {
	condition := func(operator, values string) string {
		return `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"` + operator + `":{"x:v":` + values + `}}}`
	}
	tests := []struct {
		name      string
		s         scenario
		principal string
		context   string
		want      string
	}{
		{"an Allow", scenario{identity: `{"Sid":"all",` + allow[1:]}, bob, "", `by identity policy 0, statement 0 "all" (Allow)`},
		{"a Deny", scenario{identity: allow + "," + deny}, bob, "", `by identity policy 0, statement 1 (Deny)`},
		{"a Deny of an SCP", scenario{identity: allow, scps: []string{allow, deny}}, bob, "", `by service control policy of level 1 0, statement 0 (Deny)`},
		{"root", scenario{}, root, "", `the root user of the account needs no Allow`},
		{"anonymous", scenario{}, "", "", `implicitDeny: "anonymous", "s3:GetObject"`},
		{
			"a value",
			scenario{identity: condition("StringEquals", `"a"`)},
			bob, "x:v=b",
			`Condition StringEquals "x:v": the policy has "a", the request has "b"`,
		},
		{
			"a missing key",
			scenario{identity: condition("StringEquals", `["a","b"]`)},
			bob, "",
			`Condition StringEquals "x:v": the policy has "a", "b", the key is missing`,
		},
		{
			"a key that should be missing",
			scenario{identity: condition("Null", `true`)},
			bob, "x:v=b",
			`Condition Null "x:v": the policy has "true", the request has the key: "b"`,
		},
		{
			"a multivalued key",
			scenario{identity: condition("StringEquals", `"a"`)},
			bob, "x:v=[a]",
			`the key is multivalued ("a"), which needs ForAllValues or ForAnyValue`,
		},
		{"no number", scenario{identity: condition("NumericEquals", `1`)}, bob, "x:v=b", `the policy has "1", the value cannot be read: the request has "b"`},
		{
			"a variable without value",
			scenario{identity: condition("StringEquals", `"${x:none}"`)},
			bob, "x:v=b",
			`whose variable "x:none" has no value; the request has "b"`,
		},
		{
			"an excepted action",
			scenario{identity: `{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}`},
			bob, "",
			`NotAction: the policy excepts "s3:*", the request has "s3:GetObject"`,
		},
	}
	for _, tt := range tests {
		req := request("s3:GetObject", object)
		req.Principal.ARN = tt.principal
		if tt.context != "" {
			fill(&req.Context, tt.context)
		}
		if text := iampolicy.Explain(t.Context(), tt.s.set(t), req).String(); !strings.Contains(text, tt.want) {
			t.Errorf("%s: want %s in\n%s", tt.name, tt.want, text)
		}
	}
}

// TestExplainNamesTheAccounts: an Allow that is not enough since the resource is another account's,
// or nobody's, is told from one that is missing.
func TestExplainNamesTheAccounts(t *testing.T) {
	t.Parallel()
	set := identity(t, allow)
	for _, tt := range []struct{ owner, want string }{
		{"", `of account "111122223333", and the resource's is not known`},
		{"999999999999", `of account "111122223333", the resource of "999999999999"`},
	} {
		req := request("orders:Get", "order/7")
		req.ResourceAccount = tt.owner
		x := iampolicy.Explain(t.Context(), set, req)
		if x.Decision.Outcome != iampolicy.ImplicitDeny || x.CallerAccount != "111122223333" || x.ResourceAccount != tt.owner ||
			!strings.Contains(x.String(), tt.want) {
			t.Errorf("%q: %+v\n%s", tt.owner, x, x)
		}
	}
	req := request("orders:Get", "order/7")
	req.ResourceAccount = "111122223333"
	if x := iampolicy.Explain(t.Context(), identity(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`),
		req); strings.Contains(x.String(), "account") {
		t.Errorf("%s", x)
	}
}

func ExampleExplain() {
	policy, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [
		{"Sid": "OwnRides", "Effect": "Allow", "Action": "execute-api:Invoke",
		 "Resource": "arn:aws:execute-api:*:*:*/*/*/ride/${aws:username}/*",
		 "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}},
		{"Sid": "Photos", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
	]}`), iampolicy.IdentityPolicy, iampolicy.WithName("riders"))
	if err != nil {
		fmt.Println(err)
		return
	}
	req := &iampolicy.Request{
		Principal:       iampolicy.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
		Action:          "execute-api:Invoke",
		Resource:        "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride/alice/7",
		ResourceAccount: "111122223333",
	}
	req.Context.Set("aws:username", "alice")
	req.Context.Set("aws:SourceIp", "198.51.100.7")
	fmt.Print(iampolicy.Explain(context.Background(), &iampolicy.Set{Identity: []*iampolicy.Policy{policy}}, req))
	// Output:
	// implicitDeny: "arn:aws:iam::111122223333:user/alice", "execute-api:Invoke" on "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/ride/alice/7"
	//   no identity policy allows it
	// nearest misses:
	//   identity policy "riders", statement 0 "OwnRides" (Allow) does not apply:
	//     Condition IpAddress "aws:SourceIp": the policy has "203.0.113.0/24", the request has "198.51.100.7"
	//   identity policy "riders", statement 1 "Photos" (Allow) does not apply:
	//     Action: the policy has "s3:GetObject", the request has "execute-api:Invoke"
}

// TestObstacle: what stands in the way beside the policies is told without an explanation, in its
// words.
func TestObstacle(t *testing.T) {
	t.Parallel()
	set := identity(t, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)
	for _, tt := range []struct {
		name   string
		set    *iampolicy.Set
		change func(*iampolicy.Request)
		want   string
	}{
		{"nothing", set, func(*iampolicy.Request) {}, ""},
		{"another account", set, func(r *iampolicy.Request) { r.ResourceAccount = "9\n9" }, `the resource of "9\n9": across accounts`},
		{"an unknown account", set, func(r *iampolicy.Request) { r.ResourceAccount = "" }, "the resource's is not known: then"},
		{"a caller of no account", set, func(r *iampolicy.Request) { r.Principal.ARN, r.ResourceAccount = "events.amazonaws.com", "" }, ""},
		{
			"a bare name", set, func(r *iampolicy.Request) { r.Principal.ARN, r.ResourceAccount = "alice", "" },
			`the principal "alice" is no ARN, and taken for a service`,
		},
		{"a service of that name", set, func(r *iampolicy.Request) { r.Principal = iampolicy.Principal{ARN: "alice", Type: iampolicy.Service} }, ""},
		{"an action that is none", set, func(r *iampolicy.Request) { r.Action = "Get" }, "the action does not have the form service:name"},
		{"no resource", set, func(r *iampolicy.Request) { r.Resource = "" }, "the resource is empty"},
		{"a policy that is not there", &iampolicy.Set{Identity: []*iampolicy.Policy{nil}}, func(*iampolicy.Request) {}, "a policy in the set is nil"},
	} {
		req := request("orders:Get", "order/7")
		req.ResourceAccount = "111122223333"
		tt.change(req)
		got := iampolicy.Obstacle(tt.set, req)
		x := iampolicy.Explain(t.Context(), tt.set, req)
		if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") || !strings.Contains(x.String(), got) || x.Decision.Allowed() {
			t.Errorf("%s: %q, want %q\n%s", tt.name, got, tt.want, x)
		}
	}
	if got := iampolicy.Obstacle(nil, nil); got == "" {
		t.Error("nothing is no obstacle")
	}
}

// TestSentences: a sentence a line, each with all that belongs to it, and nothing of the text lost.
func TestSentences(t *testing.T) {
	t.Parallel()
	set := identity(t, `{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:a:b:c:d:x\ny","Condition":{"Bool":{"aws:SecureTransport":"true"}}},
		{"Sid":"B","Effect":"Allow","Action":"s3:Put*","Resource":"*"}`)
	req := request("s3:GetObject", "order\n7")
	req.ResourceAccount = "111122223333"
	x := iampolicy.Explain(t.Context(), set, req)
	want := []string{
		`implicitDeny: ` + strconv.Quote(req.Principal.ARN) + `, "s3:GetObject" on "order\n7"`,
		"no identity policy allows it",
		`identity policy 0, statement 1 "B" (Allow) does not apply: Action: the policy has "s3:Put*", the request has "s3:GetObject"`,
		`identity policy 0, statement 0 "A" (Allow) does not apply: Resource: the policy has "arn:a:b:c:d:x\ny", the request has "order\n7"; ` +
			`Condition Bool "aws:SecureTransport": the policy has "true", the key is missing`,
	}
	got := x.Sentences()
	slices.Sort(got[2:])
	slices.Sort(want[2:])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := (iampolicy.Explanation{}).Sentences(); len(got) == 0 || strings.Contains(strings.Join(got, ""), "\n") {
		t.Errorf("of the zero value: %q", got)
	}
}
