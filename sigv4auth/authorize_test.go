package sigv4auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const standardUserPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"Ride","Effect":"Allow","Action":"execute-api:Invoke",` +
	`"Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}]}`

func parsePolicy(tb testing.TB, kind iampolicy.PolicyType, doc string) *iampolicy.Policy {
	tb.Helper()
	p, err := iampolicy.Parse([]byte(doc), kind)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

type policyFunc func(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error)

func (f policyFunc) Policies(ctx context.Context, id sigv4auth.Identity) (iampolicy.Set, string, error) {
	return f(ctx, id)
}

// attached is a policy store that gives everybody the same policies.
func attached(policies ...*iampolicy.Policy) sigv4auth.PolicyStore {
	return policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
		return iampolicy.Set{Identity: policies}, "r1", nil
	})
}

var testAPI = sigv4auth.APIGateway{Region: testRegion, AccountID: testAccount, APIID: "rides", Stage: "prod"}

func newAuthorizer(tb testing.TB, cfg sigv4auth.AuthorizerConfig) *sigv4auth.Authorizer {
	tb.Helper()
	if cfg.Target == nil {
		cfg.Target = testAPI.Target
	}
	if cfg.ResourceAccount == "" {
		cfg.ResourceAccount = sigv4auth.AccountInARN
	}
	z, err := sigv4auth.NewAuthorizer(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// TestRequire: the whole way, from the signed request to the policies' decision, the answer and the
// one audit event, which has it all (threat 218).
func TestRequire(t *testing.T) {
	t.Parallel()
	allowRide := parsePolicy(t, iampolicy.IdentityPolicy, standardUserPolicy)
	denyRide := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Deny",`+
		`"Action":"*","Resource":"*"}]}`)
	const arn = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/"
	const masked = "arn:aws:execute-api:us-east-1:********3333:rides/prod/"
	const user = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: execute-api:Invoke on resource: "
	tests := []struct {
		name     string
		cfg      sigv4auth.AuthorizerConfig
		r        func() *http.Request
		status   int
		code     sigv4auth.Reason
		message  string // under "Message", capital M
		resource string
		decision iampolicy.Decision
		revision string
	}{
		{
			"allowed",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			ride, 204, "", "", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.Allow, PolicyType: iampolicy.IdentityPolicy, Sid: "Ride"},
			"r1",
		},
		{
			"no policy allows it",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			func() *http.Request { return request("GET", "/prod/rides", "") }, 403, sigv4auth.ErrAccessDenied,
			user + masked + "GET/rides", arn + "GET/rides",
			iampolicy.Decision{},
			"r1",
		},
		{
			"threat 210: no policies at all",
			sigv4auth.AuthorizerConfig{Policies: attached()},
			ride, 403, sigv4auth.ErrAccessDenied,
			user + masked + "POST/ride", arn + "POST/ride",
			iampolicy.Decision{},
			"r1",
		},
		{
			"a nil policy",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide, nil)},
			ride, 403, sigv4auth.ErrAccessDenied,
			user + masked + "POST/ride", arn + "POST/ride",
			iampolicy.Decision{},
			"r1",
		},
		{
			"explicit deny",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide, denyRide)},
			ride, 403, sigv4auth.ErrAccessDenied, user + masked + "POST/ride with an explicit deny", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.ExplicitDeny, PolicyType: iampolicy.IdentityPolicy, Policy: 1, Sid: "No"},
			"r1",
		},
		{
			"threat 138: a trailing slash is another resource",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			func() *http.Request { return request("POST", "/prod/ride/", rideBody) }, 403, sigv4auth.ErrAccessDenied,
			user + masked + "POST/ride/", arn + "POST/ride/",
			iampolicy.Decision{},
			"r1",
		},
		{
			"the root of the stage",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			func() *http.Request { return request("GET", "/prod/", "") }, 403, sigv4auth.ErrAccessDenied, user + masked + "GET/",
			arn + "GET/",
			iampolicy.Decision{},
			"r1",
		},
		{
			"outside the stage",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			func() *http.Request { return request("POST", "/production/ride", rideBody) }, 403, sigv4auth.ErrAccessDenied,
			"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource", "",
			iampolicy.Decision{},
			"",
		},
		{
			"threat 145: a star in the path is data",
			sigv4auth.AuthorizerConfig{
				Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
					`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:*/prod/GET/a"}}`)),
			},
			func() *http.Request { return request("GET", "/prod/*", "") }, 403, sigv4auth.ErrAccessDenied, user + masked + "GET/*", arn +
				"GET/*",
			iampolicy.Decision{},
			"r1",
		},
		{"threat 216: the policy store fails", sigv4auth.AuthorizerConfig{Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string,
			error,
		) {
			return iampolicy.Set{Identity: []*iampolicy.Policy{allowRide}}, "r1", errors.New("down")
		})}, ride, 503, sigv4auth.ErrServiceUnavailable, "", arn + "POST/ride", iampolicy.Decision{}, "r1"},
		{
			"threat 227: the policy store panics",
			sigv4auth.AuthorizerConfig{Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string,
				error,
			) {
				panic("x")
			})},
			ride, 500, sigv4auth.ErrInternalFailure, "", arn + "POST/ride",
			iampolicy.Decision{},
			"",
		},
		{
			"threat 194: the service's condition keys fail",
			sigv4auth.AuthorizerConfig{
				Policies: attached(allowRide),
				Context:  func(*http.Request, sigv4auth.Identity, *iampolicy.Context) error { return errors.New("down") },
			},
			ride, 503, sigv4auth.ErrServiceUnavailable, "", arn + "POST/ride",
			iampolicy.Decision{},
			"r1",
		},
		{
			"threat 142: a route without a resource",
			sigv4auth.AuthorizerConfig{
				Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
					`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)),
				Target: func(*http.Request) (string, string) { return "a:b", "" },
			},
			ride, 403, sigv4auth.ErrAccessDenied,
			"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource", "",
			iampolicy.Decision{},
			"",
		},
		{
			"threat 227: the target panics",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide), Target: func(*http.Request) (string, string) { panic("x") }},
			ride,
			500, sigv4auth.ErrInternalFailure, "", "",
			iampolicy.Decision{},
			"",
		},
		{
			"threat 142: an unmapped route",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide), Target: func(*http.Request) (string, string) { return "", "x" }},
			ride, 403, sigv4auth.ErrAccessDenied,
			"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource", "x",
			iampolicy.Decision{},
			"",
		},
		{
			"report only",
			sigv4auth.AuthorizerConfig{Policies: attached(), ReportOnly: true},
			ride, 204, sigv4auth.ErrAccessDenied, "",
			arn + "POST/ride",
			iampolicy.Decision{},
			"r1",
		},
		{
			"a resource policy alone",
			sigv4auth.AuthorizerConfig{
				ResourcePolicy: parsePolicy(t, iampolicy.ResourcePolicy,
					`{"Version":"2012-10-17","Statement":{"Sid":"Everyone","Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",`+
						`"Resource":"arn:aws:execute-api:us-east-1:111122223333:rides/*"}}`),
			},
			ride, 204, "", "", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.Allow, PolicyType: iampolicy.ResourcePolicy, Sid: "Everyone"},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e sigv4auth.Event
			events := 0
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Observe.Audit = auditInto(&e, &events) })
			var handler spy
			w := httptest.NewRecorder()
			a.Require(newAuthorizer(t, tt.cfg).Check)(&handler).ServeHTTP(w, sign(t, tt.r(), signing{}))
			if w.Code != tt.status || (handler.ran == 1) != (tt.status == 204) {
				t.Fatalf("%d %s; the handler ran %d times", w.Code, w.Body, handler.ran)
			}
			if tt.message != "" {
				var body map[string]string
				if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body) != 1 || body["Message"] != tt.message {
					t.Errorf("body %s; want %q", w.Body, tt.message)
				}
			}
			if events != 1 || e.Reason != tt.code || e.Resource != tt.resource || e.Decision != tt.decision ||
				e.PolicyRevision != tt.revision || e.ReportOnly != tt.cfg.ReportOnly ||
				e.Principal != userPrincipal.ARN || e.AccessKeyID != testKeyID || e.RequestID == "" || e.Source.String() != "192.0.2.1" ||
				(e.Outcome == sigv4auth.Admitted) != (tt.status == 204) || !e.Time.Equal(testNow) {
				t.Errorf("%d events, the last %+v", events, e)
			}
			if tt.status != 204 && strings.Contains(w.Body.String(), "Sid") {
				t.Error("threat 217: the answer tells of the policies")
			}
		})
	}
}

// TestCheckWantsAnIdentity: the zero Identity, and one that a test made up in part, are never
// authorised (threat 229).
func TestCheckWantsAnIdentity(t *testing.T) {
	t.Parallel()
	everything := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+
		`"Resource":"*"}}`)
	everyone := parsePolicy(t, iampolicy.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*",`+
		`"Action":"*","Resource":"*"}}`)
	for _, reportOnly := range []bool{false, true} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(everything), ResourcePolicy: everyone, ReportOnly: reportOnly})
		for _, id := range []sigv4auth.Identity{
			{},
			{Principal: userPrincipal},
			{AccessKeyID: testKeyID},
			{Principal: userPrincipal, VerifiedAt: testNow},
		} {
			if err := z.Check(request("GET", "/prod/rides", ""), id); !errors.Is(err, sigv4auth.ErrAccessDenied) {
				t.Errorf("report only %t: %+v: %v", reportOnly, id, err)
			}
		}
	}
}

// TestRoutedPath: a path on which the router and the policies could disagree is refused before
// anything is looked up: threats 135 to 137 and 145. The same work is done for what Verify admits
// under every path style.
func TestRoutedPath(t *testing.T) {
	t.Parallel()
	everything := attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+
		`"Action":"*","Resource":"*"}}`))
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded })
	for path, refused := range map[string]bool{
		"/prod/ride": false, "/prod/rides/a%20b": false, "/prod/rides/%C3%BC": false, "/prod/rides/a%2eb": false, "/prod/ride/": false, "/prod/..;/x": false,
		"/prod/%":                  true,
		"/prod/rides/%2e%2e/admin": true, "/prod/rides/..%2fadmin": true, "/prod/rides%2Fadmin": true, "/prod/rides%2f": true, "/prod/rides%5C": true,
		"/prod/rides%5cadmin": true, "/prod//rides": true, "/prod/./rides": true,
		"/prod/rides/../x": true, "/prod/rides/%2e": true, "/prod/rides/%C0%AF": true, "/prod/rides/%FF": true, "/prod/rides/..": true,
		"/prod/rides/%2e%2e": true,
	} {
		u, err := url.ParseRequestURI(path)
		if err != nil {
			continue // net/http refuses it
		}
		r := request("GET", "/", "")
		r.RequestURI, r.URL = path, u
		r = sign(t, r, signing{})
		var handler spy
		w := httptest.NewRecorder()
		a.Require(newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: everything}).Check)(&handler).ServeHTTP(w, r)
		if (handler.ran == 0) != refused || refused && (w.Code != 400 || w.Header().Get("X-Amzn-Errortype") != incomplete) {
			t.Errorf("%s: the handler ran %d times; %d %s", path, handler.ran, w.Code, w.Body)
		}
		var objects spy
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: everything, InsecureObjectPaths: true})
		r.Body = http.NoBody
		a.Require(z.Check)(&objects).ServeHTTP(httptest.NewRecorder(), r)
		if objects.ran != 1 {
			t.Errorf("%s: refused with InsecureObjectPaths", path)
		}
	}
}

// TestSessionPolicies: the policies of the caller's session limit what the identity's allow, and
// cannot be widened by the store's.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	everything := parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+
		`"Resource":"*"}}`)
	onlyRide := parsePolicy(t, iampolicy.SessionPolicy, standardUserPolicy)
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: rolePrincipal, Session: &sigv4auth.Session{
				Policies: []*iampolicy.Policy{onlyRide},
			},
		})
	})
	check := func(r *http.Request, cfg sigv4auth.AuthorizerConfig) error {
		r = sign(t, r, signing{})
		id, err := a.Verify(r)
		if err != nil {
			t.Fatal(err)
		}
		return newAuthorizer(t, cfg).Check(r, id)
	}
	rides := func() *http.Request { return request("GET", "/prod/rides", "") }
	cfg := sigv4auth.AuthorizerConfig{Policies: attached(everything)}
	if err := check(ride(), cfg); err != nil {
		t.Error(err)
	}
	if err := check(rides(), cfg); !errors.Is(err, sigv4auth.ErrAccessDenied) {
		t.Errorf("threat 200: beyond the session policy: %v", err)
	}
	cfg.Policies = policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
		return iampolicy.Set{Identity: []*iampolicy.Policy{everything}, Sessions: []*iampolicy.Policy{onlyRide}}, "", nil
	})
	if err := check(ride(), cfg); !errors.Is(err, sigv4auth.ErrServiceUnavailable) {
		t.Errorf("session policies from two sources: %v", err)
	}
}

// TestResourceAccount: it owns the resources whose ARN names no account.
func TestResourceAccount(t *testing.T) {
	t.Parallel()
	everything := attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow",`+
		`"Action":"s3:*","Resource":"*"}}`))
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/key", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]bool{testAccount: true, "999999999999": false, "": false} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: everything, ResourceAccount: account,
			Target: func(*http.Request) (string, string) { return "s3:GetObject", "arn:aws:s3:::bucket/key" },
		})
		if err := z.Check(r, id); (err == nil) != want {
			t.Errorf("resources of %q: %v", account, err)
		}
	}
	// A denial for that reason says so to the operator, and names both accounts; no other one does.
	for _, tt := range []struct{ account, resource, detail string }{
		{"", "order/7", "and the resource's is not known"},
		{"", "arn:acme:orders:::order/7", "AuthorizerConfig.ResourceAccount is AccountInARN"},
		{"999999999999", "order/7", `the caller is of account "` + testAccount + `", the resource of "999999999999"`},
		{testAccount, "arn:acme:orders::999999999999:order/7", `the resource of "999999999999"`},
		{testAccount, "order/7", ""},
	} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: everything, ResourceAccount: tt.account,
			Target: func(*http.Request) (string, string) { return "orders:Get", tt.resource },
		})
		e := sigv4auth.AsError(z.Check(r, id))
		if e == nil || !strings.Contains(e.Detail, tt.detail) || (tt.detail == "") != (e.Detail == "") ||
			strings.Contains(e.Message, "account") {
			t.Errorf("%+v: %+v", tt, e)
		}
	}
	// What is no ARN belongs to the configured account, and the answer holds it as it is.
	none := attached(parsePolicy(t, iampolicy.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*",`+
		`"Resource":"*"}}`))
	for _, resource := range []string{"orders", "arn:aws:s3:us-east-1:111122223333", "a:b:c:d:111122223333"} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: none, ResourceAccount: testAccount, Target: func(*http.Request) (string, string) { return "s3:GetObject", resource },
		})
		if e := sigv4auth.AsError(z.Check(r, id)); e == nil ||
			!strings.HasSuffix(e.Message, "on resource: "+resource+" with an explicit deny") {
			t.Errorf("%q: %v", resource, e)
		}
	}
}

// TestRareDenials is TestRareFaults for authorization.
func TestRareDenials(t *testing.T) {
	t.Parallel()
	policy := func(kind iampolicy.PolicyType, principal string) *iampolicy.Policy {
		p, err := iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", `+principal+
			` "Action": "*", "Resource": "*"}}`), kind)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	resource := policy(iampolicy.ResourcePolicy, `"Principal": "*",`)
	for name, tt := range map[string]struct {
		want   int
		cfg    sigv4auth.AuthorizerConfig
		change func(*http.Request)
	}{
		"a path that somebody rewrote to hold a control character": {
			http.StatusBadRequest, sigv4auth.AuthorizerConfig{}, func(r *http.Request) { r.URL.Path += "\x01" },
		},
		"two resource policies": {http.StatusServiceUnavailable, sigv4auth.AuthorizerConfig{
			ResourcePolicy: resource, Policies: setStore{iampolicy.Set{Resource: resource}},
		}, func(*http.Request) {}},
	} {
		if tt.cfg.Policies == nil {
			tt.cfg.Policies = setStore{iampolicy.Set{Identity: []*iampolicy.Policy{policy(iampolicy.IdentityPolicy, "")}}}
		}
		tt.cfg.ResourceAccount = sigv4auth.AccountInARN
		tt.cfg.Target = sigv4auth.APIGateway{Region: testRegion, AccountID: "111122223333", APIID: "rides", Stage: "prod"}.Target
		z, err := sigv4auth.NewAuthorizer(tt.cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := sign(t, ride(), signing{})
		tt.change(r)
		var handler spy
		w := httptest.NewRecorder()
		newAuthenticator(t, nil).Require(z.Check)(&handler).ServeHTTP(w, r)
		if w.Code != tt.want || handler.ran != 0 {
			t.Errorf("%s: status %d, the handler ran %d times; want %d and never", name, w.Code, handler.ran, tt.want)
		}
	}
}

// setStore returns the same policies for everybody.
type setStore struct{ set iampolicy.Set }

func (s setStore) Policies(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
	return s.set, "1", nil
}
