package sigv4auth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// asked is what a policy store was asked: in whose name, and in which context.
type asked struct {
	ctx context.Context
	id  sigv4auth.Identity
}

// keeping returns a store that answers as s does, and keeps the last question.
func keeping(s sigv4auth.PolicyStore, last *asked) sigv4auth.PolicyStore {
	return policyFunc(func(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
		*last = asked{ctx, id}
		return s.Policies(ctx, id)
	})
}

// randomStatements returns statements of a small vocabulary, so that requests are allowed, denied
// and neither, by action, resource, path value, tag and address.
func randomStatements(d *rand.Rand) string {
	one := func(of ...string) string { return of[d.IntN(len(of))] }
	list := make([]string, 1+d.IntN(4))
	for i := range list {
		list[i] = fmt.Sprintf(`{"Effect":%q,%q:%q,%q:%q%s}`,
			one("Allow", "Allow", "Deny"),
			one("Action", "Action", "Action", "NotAction"), one("*", "orders:*", "orders:Get", "orders:Cancel", "execute-api:*"),
			one("Resource", "Resource", "NotResource"),
			one("*", "arn:acme:orders:*:*:order/*", orderARN+"order/7", orderARN+"order/${aws:username}"),
			one("", "", `,"Condition":{"StringEquals":{"orders:OrderId":"7"}}`,
				`,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`,
				`,"Condition":{"StringLike":{"aws:UserAgent":"*"}}`, `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`))
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// TestExplainDecidesAsCheck: over random policies and requests, with routes and with a Target, with
// session policies and a resource policy, an explanation has the decision that Check made, and the
// event carries the same.
func TestExplainDecidesAsCheck(t *testing.T) {
	t.Parallel()
	d := rand.New(rand.NewPCG(12, 4))
	outcomes := map[string]int{}
	for i := range 1500 {
		var last asked
		var e sigv4auth.Event
		events := 0
		document := randomStatements(d)
		set := iampolicy.Set{Identity: []*iampolicy.Policy{parsePolicy(t, iampolicy.IdentityPolicy, document)}}
		cfg := sigv4auth.AuthorizerConfig{ExplainRefusals: true, ReportOnly: d.IntN(4) == 0}
		if d.IntN(3) == 0 {
			set.Sessions = []*iampolicy.Policy{parsePolicy(t, iampolicy.SessionPolicy, randomStatements(d))}
		}
		if d.IntN(3) == 0 {
			cfg.ResourcePolicy = parsePolicy(t, iampolicy.ResourcePolicy,
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"orders:Get","Resource":"*"}}`)
		}
		cfg.Policies = keeping(setStore{set}, &last)
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
		var h http.Handler
		var handler spy
		if d.IntN(2) == 0 {
			cfg.Routes = ordersTable(&handler)
		} else {
			cfg.ResourceAccount = []string{testAccount, "999999999999", sigv4auth.AccountInARN}[d.IntN(3)]
			arn := []string{orderARN, "arn:acme:orders:::"}[d.IntN(2)]
			cfg.Target = func(r *http.Request) (string, string) { return "orders:Get", arn + strings.Trim(r.URL.Path, "/") }
		}
		z, err := sigv4auth.NewAuthorizer(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if h = a.Require(z.Check)(&handler); cfg.Routes != nil {
			h = a.Routes(z)
		}
		line := [...][2]string{
			{"GET", "/orders/7"}, {"GET", "/orders/alice"}, {"POST", "/orders/7/cancel"}, {"PUT", "/orders/8"}, {"GET", "/nothing"},
		}[d.IntN(5)]
		r := sign(t, request(line[0], line[1], ""), signing{})
		h.ServeHTTP(httptest.NewRecorder(), r)
		if events != 1 || last.ctx == nil {
			t.Fatalf("%d: %d events", i, events)
		}
		x, err := z.Explain(r.WithContext(last.ctx), last.id)
		if err != nil {
			refused := sigv4auth.AsError(err)
			if e.Explanation != nil || e.Decision != (iampolicy.Decision{}) || e.Action != "" || refused.Reason != e.Reason {
				t.Fatalf("%d: %v; event %+v\n%s", i, err, e, document)
			}
			outcomes["not asked"]++
			continue
		}
		if x.Decision != e.Decision {
			t.Fatalf("%d: Explain %+v, Check %+v\n%s", i, x.Decision, e.Decision, document)
		}
		if explained := e.Explanation != nil; explained == x.Decision.Allowed() || explained && !reflect.DeepEqual(*e.Explanation, x) {
			t.Fatalf("%d: %+v, the event's %+v\n%s", i, x, e.Explanation, document)
		}
		outcomes[x.Decision.Outcome.String()]++
	}
	for _, outcome := range []string{"allowed", "implicitDeny", "explicitDeny", "not asked"} {
		if outcomes[outcome] < 50 {
			t.Errorf("%q came up %d times: %v", outcome, outcomes[outcome], outcomes)
		}
	}
}

// TestExplainWhereverCheckIs: the same explanation in a Check of one's own, in a handler about the
// request and about a second one, in the Denied hook and after the request; and it leaves the event
// as it is.
func TestExplainWhereverCheckIs(t *testing.T) {
	t.Parallel()
	var last asked
	var e sigv4auth.Event
	events := 0
	policy := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Action":"orders:Get","Resource":"*"},
		{"Sid":"OwnOnly","Effect":"Allow","Action":"orders:Cancel","Resource":"*","Condition":{"StringEquals":{"orders:OrderId":"7"}}}]}`)
	var z *sigv4auth.Authorizer
	explain := func(where string, r *http.Request, id sigv4auth.Identity, want string) {
		t.Helper()
		x, err := z.Explain(r, id)
		if err != nil || !strings.Contains(x.String(), want) {
			t.Errorf("%s: %v\n%s\nwant %s", where, err, x, want)
		}
	}
	const allowed, missed = `statement 0 "Read" (Allow)`, `Condition StringEquals "orders:OrderId": the policy has "7", the request has "8"`
	table := ordersTable(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := sigv4auth.IdentityFrom(r.Context())
		explain("a handler", r, id, allowed)
		second := request("POST", "/orders/8/cancel", "").WithContext(r.Context())
		explain("a handler, of a second request", second, id, missed)
	}))
	cancel := table["POST /orders/{id}/cancel"]
	cancel.Context = map[string]string{"orders:OrderId": "{id}"}
	table["POST /orders/{id}/cancel"] = cancel
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Observe.Audit = auditInto(&e, &events)
		c.Denied = func(w http.ResponseWriter, r *http.Request, err error) {
			explain("the Denied hook", r, last.id, missed)
			sigv4auth.WriteAPIGatewayError(w, r, err)
		}
	})
	z, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: keeping(attached(policy), &last), Routes: table, ExplainRefusals: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	h := a.Routes(z)
	h.ServeHTTP(httptest.NewRecorder(), sign(t, request("GET", "/orders/8", ""), signing{}))
	if events != 1 || e.Outcome != sigv4auth.Admitted || e.Explanation != nil {
		t.Errorf("admitted: %d events, %+v", events, e)
	}
	denied := sign(t, request("POST", "/orders/8/cancel", ""), signing{})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, denied)
	explain("after the request", denied.WithContext(last.ctx), last.id, missed)
	if events != 2 || e.Explanation == nil || !strings.Contains(e.Explanation.String(), missed) ||
		w.Code != 403 || strings.Contains(w.Body.String(), "OrderId") {
		t.Errorf("denied: %d events, %+v; answer %s", events, e, w.Body)
	}

	// In a Check of one's own, before Check and after it: what Check writes to the event stands.
	require := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: attached(policy), Target: func(*http.Request) (string, string) { return "orders:Cancel", orderARN + "order/8" },
		Context: func(_ *http.Request, _ sigv4auth.Identity, c *iampolicy.Context) error {
			c.Set("orders:OrderId", "8")
			return nil
		},
	})
	z = require
	a.Require(func(r *http.Request, id sigv4auth.Identity) error {
		last.id = id
		explain("a Check", r, id, missed)
		err := require.Check(r, id)
		explain("a Check, behind Check", r, id, missed)
		return err
	})(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, request("POST", "/orders/8/cancel", ""), signing{}))
	if e.Decision.Outcome != iampolicy.ImplicitDeny || e.Action != "orders:Cancel" || e.Explanation != nil {
		t.Errorf("in a Check: %+v", e)
	}
}

// TestExplainErrors: where no policy is asked, the error is what Check refuses with, and nothing is
// explained; a panic is one.
func TestExplainErrors(t *testing.T) {
	t.Parallel()
	id, err := newAuthenticator(t, nil).Verify(sign(t, ride(), signing{}))
	if err != nil {
		t.Fatal(err)
	}
	failing := policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
		return iampolicy.Set{}, "", errors.New("no connection")
	})
	for name, tt := range map[string]struct {
		cfg  sigv4auth.AuthorizerConfig
		id   sigv4auth.Identity
		path string
	}{
		"an identity that nobody verified": {
			sigv4auth.AuthorizerConfig{Policies: attached()}, sigv4auth.Identity{Principal: id.Principal}, "/prod/ride",
		},
		"a store that fails":             {sigv4auth.AuthorizerConfig{Policies: failing}, id, "/prod/ride"},
		"a path that routers differ on":  {sigv4auth.AuthorizerConfig{Policies: attached()}, id, "/prod//ride"},
		"a request that maps to nothing": {sigv4auth.AuthorizerConfig{Policies: attached()}, id, "/elsewhere"},
		"a request beside the routes": {
			sigv4auth.AuthorizerConfig{Policies: attached(), Routes: sigv4auth.Routes{"/": {Handler: &spy{}}}}, id, "/prod/ride",
		},
		"a Target that panics": {
			sigv4auth.AuthorizerConfig{Policies: attached(), Target: func(*http.Request) (string, string) { panic("x") }}, id, "/prod/ride",
		},
	} {
		z := newAuthorizer(t, tt.cfg)
		r := request("POST", tt.path, "")
		x, err := z.Explain(r, tt.id)
		explained, checked := sigv4auth.AsError(err), sigv4auth.AsError(z.Check(r, tt.id))
		if explained == nil || checked == nil || explained.Reason != checked.Reason || explained.Message != checked.Message ||
			explained.Detail != checked.Detail || !reflect.DeepEqual(x, iampolicy.Explanation{}) {
			t.Errorf("%s: %+v, Check %+v; %+v", name, explained, checked, x)
		}
	}
}

// TestExplainRefusals: an event has an explanation where that is switched on and the policies
// denied, its log group has it as one line, and otherwise none.
func TestExplainRefusals(t *testing.T) {
	t.Parallel()
	named := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[
		{"Sid":"Other","Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:other/*"}]}`)
	inLog := func(e sigv4auth.Event) string {
		for _, attr := range e.LogValue().Group() {
			if attr.Key == "explanation" {
				return attr.Value.String()
			}
		}
		return ""
	}
	for name, tt := range map[string]struct {
		cfg  sigv4auth.AuthorizerConfig
		want string // a part of the explanation
	}{
		"off": {sigv4auth.AuthorizerConfig{Policies: attached(named)}, ""},
		"denied": {
			sigv4auth.AuthorizerConfig{Policies: attached(named), ExplainRefusals: true},
			`no identity policy allows it; identity policy 0, statement 0 "Other"`,
		},
		"report only": {
			sigv4auth.AuthorizerConfig{Policies: attached(named), ExplainRefusals: true, ReportOnly: true}, "no identity policy allows it",
		},
		"undecided": {sigv4auth.AuthorizerConfig{Policies: attached(nil), ExplainRefusals: true}, "a policy in the set is nil"},
		"another account": {
			sigv4auth.AuthorizerConfig{
				Policies: attached(named), ExplainRefusals: true, ResourceAccount: "999999999999",
				Target: func(*http.Request) (string, string) { return "execute-api:Invoke", "arn:aws:execute-api:::other/x" },
			},
			`the resource of "999999999999"`,
		},
		"allowed": {
			sigv4auth.AuthorizerConfig{
				Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)), ExplainRefusals: true,
			}, "",
		},
		"not asked": {
			sigv4auth.AuthorizerConfig{
				Policies: attached(named), ExplainRefusals: true, Target: func(*http.Request) (string, string) { return "", "" },
			}, "",
		},
	} {
		var e sigv4auth.Event
		events := 0
		a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
		z := newAuthorizer(t, tt.cfg)
		a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
		text := inLog(e)
		if (e.Explanation != nil) != (tt.want != "") || !strings.Contains(text, tt.want) || (text == "") != (tt.want == "") ||
			strings.Contains(text, "\n") {
			t.Errorf("%s: %+v\n%s", name, e.Explanation, text)
		}
	}
	// A Check that asks twice, and is allowed the second time, leaves none behind.
	var e sigv4auth.Event
	events := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
	first := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(named), ExplainRefusals: true})
	second := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy))})
	a.Require(func(r *http.Request, id sigv4auth.Identity) error {
		if err := first.Check(r, id); err == nil {
			return err
		}
		return second.Check(r, id)
	})(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	if e.Outcome != sigv4auth.Admitted || e.Explanation != nil {
		t.Errorf("allowed the second time: %+v", e)
	}
}

// TestExplainCostsNothingWhereOff: no request allocates more for that explanations can be had, but
// one that is explained. What the policies are asked does not leave the stack.
// It does not run in parallel: it counts allocations.
func TestExplainCostsNothingWhereOff(t *testing.T) {
	allowed := attached(parsePolicy(t, iampolicy.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:*","Resource":"*"}}`))
	allocations := func(policies sigv4auth.PolicyStore, explain, audited bool) float64 {
		a := newAuthenticator(t, func(c *sigv4auth.Config) {
			if audited {
				c.Observe.Audit = func(context.Context, sigv4auth.Event) {}
			}
			c.Denied = func(http.ResponseWriter, *http.Request, error) {}
		})
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: policies, ExplainRefusals: explain})
		h := a.Require(z.Check)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r, w := sign(t, rides(), signing{}), httptest.NewRecorder()
		return testing.AllocsPerRun(200, func() { h.ServeHTTP(w, r) })
	}
	for name, policies := range map[string]sigv4auth.PolicyStore{"allowed": allowed, "denied": attached()} {
		off := allocations(policies, false, false)
		if on := allocations(policies, true, false); on > off && !raceDetector {
			t.Errorf("%s: %v allocations with ExplainRefusals and nobody to tell, %v without", name, on, off)
		}
		audited, explained := allocations(policies, false, true), allocations(policies, true, true)
		if name == "allowed" && (explained > audited || off > maxAllowedAllocations) && !raceDetector {
			t.Errorf("allowed: %v allocations with ExplainRefusals, %v without; without audit %v, at most %v", explained, audited, off,
				maxAllowedAllocations)
		}
		if name == "denied" && explained <= audited {
			t.Errorf("denied: %v allocations explained, %v not: is it explained?", explained, audited)
		}
	}
}

// maxAllowedAllocations is what a request through Require had before it could be explained.
const maxAllowedAllocations = 4.0

// TestExplanationIsOneLine: what a request holds stays quoted in the event's log group
// (threat 214).
func TestExplanationIsOneLine(t *testing.T) {
	t.Parallel()
	var e sigv4auth.Event
	events := 0
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:a:b:c:d:e"}}`)),
		ExplainRefusals: true, ResourceAccount: testAccount,
		Target: func(*http.Request) (string, string) { return "a:b", "x\nlevel=ERROR\x1b[2J" },
	})
	a.Require(z.Check)(&spy{}).ServeHTTP(httptest.NewRecorder(), sign(t, ride(), signing{}))
	attrs := e.LogValue().Group()
	i := slices.IndexFunc(attrs, func(a slog.Attr) bool { return a.Key == "explanation" })
	if i < 0 || strings.ContainsAny(attrs[i].Value.String(), "\n\x1b") ||
		!strings.Contains(attrs[i].Value.String(), `x\nlevel=ERROR\x1b[2J`) {
		t.Errorf("%v", attrs)
	}
}

// bareNames is a store that calls everybody alice, and no ARN.
type bareNames struct{}

func (bareNames) Credential(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
	return sigv4auth.Credential{
		AccessKeyID: id, Secret: sigv4auth.NewSecret(testSecret), Principal: iampolicy.Principal{ARN: "alice"},
	}, nil
}

// TestDetailOfABareName: a store of one's own that names its callers by no ARN has them denied, and
// the operator told why.
func TestDetailOfABareName(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = bareNames{}
	})
	id, err := a.Verify(sign(t, ride(), signing{}))
	if err != nil {
		t.Fatal(err)
	}
	e := sigv4auth.AsError(newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached()}).Check(ride(), id))
	if e == nil || !strings.HasPrefix(e.Detail, `the principal "alice" is no ARN, and taken for a service`) {
		t.Errorf("%+v", e)
	}
}

// TestDetailOfAnUndecidedRequest: why nothing could be decided is in Error.Detail, in the words of
// the explanation.
func TestDetailOfAnUndecidedRequest(t *testing.T) {
	t.Parallel()
	id, err := newAuthenticator(t, nil).Verify(sign(t, ride(), signing{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ action, resource, want string }{
		{"Get", "order/7", "the action does not have the form service:name, or is too long"},
		{"orders:Get", strings.Repeat("x", 2049), "the resource is empty or longer than 2,048 bytes"},
	} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: attached(), ResourceAccount: testAccount,
			Target: func(*http.Request) (string, string) { return tt.action, tt.resource },
		})
		e := sigv4auth.AsError(z.Check(ride(), id))
		x, err := z.Explain(ride(), id)
		if e == nil || e.Detail != tt.want || err != nil || x.Undecided != tt.want {
			t.Errorf("%+v, %v, %+v; want %s", e, err, x, tt.want)
		}
	}
}
