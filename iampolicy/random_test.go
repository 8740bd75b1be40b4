package iampolicy_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// A world is a random Set and a random Request in the form that an outside sees:
// documents as JSON values, and the context as lists. Its vocabulary is small, so
// that what it asks for is often what it grants.
type world struct {
	Identity, Boundaries, Sessions []randomPolicy
	Resource                       *randomPolicy
	SCPs, RCPs                     [][]randomPolicy

	Principal       iampolicy.Principal
	Action          string
	ResourceARN     string
	ResourceAccount string
	Context         map[string][]string // by key in lower case
	Multivalued     map[string]bool
	Unknown         map[string]bool // keys of which Context has no values

	pool *pool // nil: of the small vocabulary alone
}

type randomPolicy struct {
	Kind       iampolicy.PolicyType
	Version    string
	Statements []map[string]any
}

// JSON returns the document.
func (p randomPolicy) JSON(tb testing.TB) []byte {
	tb.Helper()
	doc := map[string]any{"Statement": p.Statements}
	if p.Version != "" {
		doc["Version"] = p.Version
	}
	data, err := json.Marshal(doc)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// compile parses all documents of the world; each must parse.
func (w *world) compile(tb testing.TB) *iampolicy.Set {
	tb.Helper()
	list := func(policies []randomPolicy) (compiled []*iampolicy.Policy) {
		for _, p := range policies {
			c, err := iampolicy.Parse(p.JSON(tb), p.Kind)
			if err != nil {
				tb.Fatalf("%v\n%s", err, p.JSON(tb))
			}
			compiled = append(compiled, c)
		}
		return compiled
	}
	set := &iampolicy.Set{Identity: list(w.Identity), Boundaries: list(w.Boundaries), Sessions: list(w.Sessions)}
	if w.Resource != nil {
		set.Resource = list([]randomPolicy{*w.Resource})[0]
	}
	for _, level := range w.SCPs {
		set.SCPs = append(set.SCPs, list(level))
	}
	for _, level := range w.RCPs {
		set.RCPs = append(set.RCPs, list(level))
	}
	return set
}

func (w *world) request() *iampolicy.Request {
	req := &iampolicy.Request{
		Principal: w.Principal, Action: w.Action, Resource: w.ResourceARN, ResourceAccount: w.ResourceAccount,
	}
	for key, values := range w.Context {
		if w.Multivalued[key] {
			req.Context.SetMany(key, values...)
		} else {
			req.Context.Set(key, values[0])
		}
	}
	for key := range w.Unknown {
		req.Context.SetUnknown(key)
	}
	return req
}

// String shows the world for a failed test.
func (w *world) String() string {
	data, _ := json.MarshalIndent(w, "", " ")
	return string(data)
}

// A dice makes random choices.
type dice struct {
	*rand.Rand
	pool *pool // of the world that is made
}

func newDice(seed uint64) dice { return dice{Rand: rand.New(rand.NewPCG(seed, 7))} }

func (d dice) one(of ...string) string { return of[d.IntN(len(of))] }

// in reports true once in n.
func (d dice) in(n int) bool { return d.IntN(n) == 0 }

// some returns one to three choices, as a string or a list.
func (d dice) some(choose func() string) any {
	if d.pool != nil && d.pool.plain {
		whichever := choose
		choose = func() string {
			for {
				if text := whichever(); !strings.Contains(text, "${") {
					return text
				}
			}
		}
	}
	if d.in(2) {
		return choose()
	}
	list := make([]string, 1+d.IntN(3))
	for i := range list {
		list[i] = choose()
	}
	return list
}

func (d dice) world() *world {
	w := &world{}
	if d.in(6) {
		w.pool = d.newPool()
		d.pool = w.pool
	}
	d.ask(w)
	if d.pool != nil && d.pool.many && !d.in(3) {
		// What many statements decide shows where nothing else does.
		w.Identity = append(w.Identity, d.policy(iampolicy.IdentityPolicy))
		return w
	}
	for range 1 + d.IntN(2) {
		w.Identity = append(w.Identity, d.policy(iampolicy.IdentityPolicy))
	}
	if d.in(4) {
		w.Boundaries = append(w.Boundaries, d.policy(iampolicy.PermissionsBoundary))
	}
	for range max(0, d.IntN(5)-2) {
		w.Sessions = append(w.Sessions, d.policy(iampolicy.SessionPolicy))
	}
	switch d.IntN(6) {
	case 0, 1, 2:
		p := d.policy(iampolicy.ResourcePolicy)
		w.Resource = &p
	case 3:
		p := d.policy(iampolicy.TrustPolicy)
		w.Resource = &p
	}
	if d.in(4) {
		for range 1 + d.IntN(2) {
			w.SCPs = append(w.SCPs, []randomPolicy{d.policy(iampolicy.SCP), d.policy(iampolicy.SCP)}[:1+d.IntN(2)])
		}
	}
	if d.in(5) {
		w.RCPs = append(w.RCPs, []randomPolicy{d.policy(iampolicy.RCP)})
	}
	if d.in(6) {
		d.open(w)
	}
	return w
}

// open adds what allows everything to the caller's own policies, so that whom the
// resource policy names is what decides, which else is rare across accounts.
func (d dice) open(w *world) {
	if len(w.Sessions) == 0 {
		w.Sessions = append(w.Sessions, d.policy(iampolicy.SessionPolicy))
	}
	for _, list := range [][]randomPolicy{w.Identity, w.Boundaries, w.Sessions} {
		for i := range list {
			list[i].Statements = append(list[i].Statements, map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"})
		}
	}
	if w.Resource == nil {
		return
	}
	st := map[string]any{"Effect": "Allow", "Action": "*", "Principal": d.principals(w.Resource.Kind, false)}
	if w.Resource.Kind == iampolicy.ResourcePolicy {
		st["Resource"] = "*"
	}
	w.Resource.Statements = append(w.Resource.Statements, st)
}

// ask gives the world a new request.
func (d dice) ask(w *world) {
	w.Action = d.one("s3:GetObject", "s3:PutObject", "S3:getobject", "sqs:SendMessage")
	w.ResourceARN = d.resourceARN()
	w.ResourceAccount = d.one(account, account, account, other, "")
	w.Principal = d.principal()
	d.context(w)
	if w.pool != nil {
		d.askOfPool(w)
	}
}

func (d dice) resourceARN() string {
	return d.one("arn:aws:s3:::photos/bob/cat", "arn:aws:s3:::photos/*/cat", "arn:aws:s3:::photos", "arn:aws:s3:::photos/ä",
		"arn:aws:sqs:us-east-1:111122223333:q", "arn:aws:execute-api:us-east-1:444455556666:api/prod/GET/a:111122223333:b", "photos")
}

var randomPrincipals = []iampolicy.Principal{
	{ARN: bob},
	{ARN: bob, AccountID: account, Type: iampolicy.User},
	{ARN: "arn:aws:iam::444455556666:user/people/Bob"},
	{ARN: session},
	{ARN: session, RoleARN: role},
	{ARN: "arn:aws:sts::444455556666:assumed-role/Pilot/Bob"},
	{ARN: federated},
	{ARN: federated, UserARN: bob},
	{ARN: federated, UserARN: bob, Type: iampolicy.FederatedUser},
	{ARN: root},
	{ARN: "arn:aws:iam::444455556666:root"},
	{ARN: service},
	{ARN: provider},
	{ARN: provider, Type: iampolicy.IdentityProvider},
	{},
	{ARN: "anonymous"},
	{ARN: bob, UserID: bobID},
	{ARN: bob, UserID: "AIDAELSE"},
	{ARN: session, RoleARN: role, UserID: pilotID + ":Bob"},
	{ARN: session, UserID: "AROAELSE:Bob"},
	{ARN: federated, UserARN: bob, UserID: account + ":Bob", BaseUserID: bobID},
	{ARN: federated, UserARN: bob, BaseUserID: "AIDAELSE"},
	{ARN: bob, AccountID: other},
	{ARN: role},
}

func (d dice) principal() iampolicy.Principal {
	if d.in(2) {
		return randomPrincipals[d.IntN(2)] // often Bob
	}
	return randomPrincipals[d.IntN(len(randomPrincipals))]
}

// The values of each key: those that parse as its type, and some that don't.
var randomValues = map[string][]string{
	"x:s":          {"a", "A", "ab", "a*", "b", "", "bob", "ä", "a\u212a"},
	"x:t":          {"bob", "a", "*", "${x:s}", ""},
	"aws:username": {"bob", "eve", "*", "", "b?b"},
	"x:n":          {"1", "1.0", "10", "-3", "1e1", "9007199254740993", "9007199254740992", "ten", "", "007"},
	"x:d": {
		"2024-02-29T12:00:00Z", "2024-02-29T13:00:00+01:00", "1709208000", "2024", "2024-02-30", "soon", "2024-02-29T12:00:00.5Z",
	},
	"x:b":   {"true", "false", "TRUE", "1", ""},
	"x:ip":  {"10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "2001:0db8:0::1", "203.0.113.7", "010.1.2.3", "host", "fe80::1%eth0"},
	"x:bin": {"QQ==", "QUI=", "QR==", "?"},
	"x:arn": {"arn:aws:s3:::photos/bob", "arn:aws:iam::111122223333:role/Pilot", "arn:aws:s3:::a:b", "arn:aws:s3", "photos"},
}

var randomKeys = []string{"x:s", "x:t", "aws:username", "x:n", "x:d", "x:b", "x:ip", "x:bin", "x:arn"}

func (d dice) context(w *world) {
	context, multivalued := map[string][]string{}, map[string]bool{}
	w.Context, w.Multivalued, w.Unknown = context, multivalued, map[string]bool{}
	for _, key := range randomKeys {
		choose := func() string { return randomValues[key][d.IntN(len(randomValues[key]))] }
		switch d.IntN(12) {
		case 0, 1: // missing
		case 2:
			w.Unknown[key] = true
		case 3, 4:
			multivalued[key] = true
			context[key] = []string{}
			for range d.IntN(4) {
				context[key] = append(context[key], choose())
			}
		default:
			context[key] = []string{choose()}
		}
	}
}

func (d dice) policy(kind iampolicy.PolicyType) randomPolicy {
	p := randomPolicy{Kind: kind, Version: d.one("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17", "")}
	if kind == iampolicy.RCP {
		p.Version = "2012-10-17"
	}
	count := 1 + d.IntN(3)
	if d.in(25) {
		count += 3 + d.IntN(12) // enough to be indexed
	}
	if d.pool != nil && d.pool.many && d.in(2) {
		count = 65 + d.IntN(236)
		d.pool.effect = d.one("Allow", "Allow", "Deny")
	}
	for range count {
		p.Statements = append(p.Statements, d.statement(kind, p.Version == "2012-10-17"))
	}
	return p
}

// usual reports whether to take a text of the small vocabulary in a world that has a
// pool: seldom where there are many statements, of which else one matches everything.
func (d dice) usual() bool {
	if d.pool.many {
		return d.in(40)
	}
	return d.in(4)
}

func (d dice) statement(kind iampolicy.PolicyType, modern bool) map[string]any {
	st := map[string]any{"Effect": d.one("Allow", "Allow", "Allow", "Deny")}
	if d.pool != nil && d.pool.many && !d.in(40) {
		st["Effect"] = d.pool.effect
	}
	if kind == iampolicy.RCP {
		if d.in(3) {
			return map[string]any{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
		}
		st["Effect"] = "Deny"
	}
	deny := st["Effect"] == "Deny"
	action := "Action"
	if d.in(6) && kind != iampolicy.RCP {
		action = "NotAction"
	}
	st[action] = d.some(func() string {
		if d.pool != nil && !d.usual() {
			return d.blurAction(d.pool, kind != iampolicy.RCP)
		}
		if kind == iampolicy.RCP {
			return d.one("s3:*", "s3:Get*", "sqs:SendMessage", "S3:?etObject")
		}
		return d.one("*", "*", "s3:*", "s3:Get*", "*:?etObject", "S3:GETOBJECT", "sqs:*", "s3:PutObject", "s?:*t*ect", "s3:GetObject?")
	})
	switch {
	case kind == iampolicy.TrustPolicy:
	case kind == iampolicy.SCP && !deny && !d.in(4):
		st["Resource"] = "*"
	case kind == iampolicy.SCP && !deny || d.in(6):
		st["NotResource"] = d.some(func() string { return d.resourcePattern(kind) })
	default:
		st["Resource"] = d.some(func() string { return d.resourcePattern(kind) })
	}
	switch kind {
	case iampolicy.RCP:
		st["Principal"] = "*"
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		element := "Principal"
		if deny && kind == iampolicy.ResourcePolicy && d.in(2) {
			element = "NotPrincipal"
		}
		st[element] = d.principals(kind, element == "NotPrincipal")
	}
	switch {
	case d.pool != nil && d.pool.many && st["Resource"] != nil && d.in(3):
		// Of many statements for one action and all resources, values tell which to look at.
		delete(st, "NotAction")
		st["Action"], st["Resource"] = "s3:*", "*"
		st["Condition"] = map[string]any{
			d.one("StringEquals", "StringEquals", "StringEqualsIgnoreCase", "ForAnyValue:StringEquals"): map[string]any{
				d.one("x:s", "x:t", "aws:username"): d.some(func() string { return d.one(d.pool.texts...) }),
			},
		}
	case d.in(2):
		st["Condition"] = d.conditions(modern)
	}
	return st
}

// resourcePattern has the same texts for each version: in 2008-10-17 variables are literal.
func (d dice) resourcePattern(kind iampolicy.PolicyType) string {
	if d.pool != nil && !d.usual() {
		return d.blurARN(d.pool, d.one(d.pool.resources...))
	}
	patterns := []string{
		"*", "*", "arn:aws:s3:::*", "arn:aws:s3:::photos", "arn:aws:s3:::photos/*", "arn:aws:s3:::photos/???/c*t", "arn:aws:s3:::photos/?",
		"arn:aws:s3:::photos/${aws:username}/*", "arn:aws:s3:::photos/${x:t, 'bob'}/cat", "arn:aws:s3:::photos/${*}/cat",
		"arn:aws:s3:::photos/b${?}b/cat", "arn:*:s*:*:*:q", "arn:aws:execute-api:*:111122223333:*",
		"arn:aws:execute-api:us-*-1:444455556666:api/*:b", "arn:aws:s3:::${x:s}${x:t}",
		"arn:aws:s3:::${$}{x:t}", "arn:aws:s3:::**s", "arn:aws:s3:::p*${x:s, ''}*s",
	}
	if kind == iampolicy.IdentityPolicy || kind == iampolicy.PermissionsBoundary {
		patterns = append(patterns, "arn:aws:s3", "arn:aws:s*:", "arn:aws:sqs:us-east-1")
	}
	return patterns[d.IntN(len(patterns))]
}

func (d dice) principals(kind iampolicy.PolicyType, not bool) any {
	if !not && d.in(3) {
		return "*"
	}
	list := map[string]any{}
	list["AWS"] = d.some(func() string {
		if !not && d.in(6) {
			return "*"
		}
		return d.one(bob, account, account, root, role, "arn:aws:iam::111122223333:role/Pilot", session, federated, other,
			"arn:aws:iam::444455556666:root", "arn:aws:iam::444455556666:user/people/Bob", "arn:aws-cn:iam::111122223333:root",
			"arn:aws:iam::111122223333:user/Eve", bobID, pilotID)
	})
	if d.in(3) {
		list["Service"] = d.some(func() string { return d.one(service, "s3.amazonaws.com") })
	}
	if kind == iampolicy.TrustPolicy && d.in(2) {
		list["Federated"] = d.some(func() string { return d.one(provider, "accounts.google.com") })
	}
	if d.in(4) {
		delete(list, "AWS")
		if len(list) == 0 {
			list["Service"] = service
		}
	}
	return list
}

func (d dice) conditions(modern bool) map[string]any {
	list := map[string]any{}
	for range 1 + d.IntN(2) {
		name, key, choose := d.operator(modern)
		if name != "Null" && !strings.HasSuffix(name, ":Null") && d.in(4) {
			name += "IfExists"
		}
		keys, _ := list[name].(map[string]any)
		if keys == nil {
			keys = map[string]any{}
		}
		keys[key] = d.some(choose)
		list[name] = keys
	}
	return list
}

// operator returns an operator with its qualifier, a key (in lower case, so that
// no two differ by case) and a source of operands.
func (d dice) operator(modern bool) (name, key string, choose func() string) {
	qualifier := d.one("", "", "", "ForAllValues:", "ForAnyValue:")
	anyKey := func(usual string) string {
		if d.in(8) {
			return d.one(randomKeys...)
		}
		return usual
	}
	switch d.IntN(8) {
	case 0:
		return qualifier + d.one("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), anyKey("x:s"),
			func() string {
				if d.pool != nil && !d.in(4) {
					return d.one(d.pool.texts...)
				}
				return d.one("a", "A", "AB", "a*", "bob", "", "${aws:username}", "${x:t, 'a'}", "a${*}", "a${?}", "${$}{x:s}", "${x:s}",
					"Ä")
			}
	case 1:
		return qualifier + d.one("StringLike", "StringNotLike"), anyKey(d.one("x:s", "x:t", "aws:username")),
			func() string {
				if d.pool != nil && !d.in(4) {
					return d.blur(d.pool, d.one(d.pool.texts...))
				}
				return d.one("*", "a*", "?", "??", "b*b", "a${*}", "*${aws:username}*", "b${?}b", "${$}{x:s}", "${x:t}", "${x:t, 'b'}*", "",
					"${x:n}", "*a*")
			}
	case 2:
		return qualifier + "Numeric" +
				d.one("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), anyKey("x:n"),
			func() string { return d.one("1", "10", "-3.0", "1e1", "9007199254740993", "0.5") }
	case 3:
		return qualifier + "Date" +
				d.one("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), anyKey("x:d"),
			func() string {
				return d.one("2024-02-29T12:00:00Z", "1709208000", "2024", "2024-02", "2030-01-01", "2024-02-29T12:00:00.50Z")
			}
	case 4:
		return qualifier + d.one("Bool", "Null"), anyKey("x:b"), func() string { return d.one("true", "false", "True") }
	case 5:
		return qualifier + d.one("IpAddress", "NotIpAddress"), anyKey("x:ip"),
			func() string {
				return d.one("10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "2001:DB8::1", "0.0.0.0/0", "::/0", "203.0.113.9/24")
			}
	case 6:
		return qualifier + d.one("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"), anyKey("x:arn"),
			func() string {
				if d.pool != nil && !d.in(4) {
					return d.blurARN(d.pool, d.one(d.pool.texts...))
				}
				if modern && d.in(4) {
					return d.one("${x:arn}", "arn:aws:iam::${x:none, '111122223333'}:role/*")
				}
				return d.one("arn:aws:s3:::photos/*", "arn:aws:iam::*:role/*", "arn:*:*:*:*:*", "arn:aws:s3:::?:?",
					"arn:aws:s3:::photos/${x:t}")
			}
	}
	return qualifier + "BinaryEquals", anyKey("x:bin"), func() string { return d.one("QQ==", "QUI=") }
}
