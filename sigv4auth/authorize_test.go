package sigv4auth_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const standardUserPolicy = `{"Version":"2012-10-17","Statement":[{"Sid":"Ride","Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/*/*/ride"}]}`

func parsePolicy(tb testing.TB, kind iampolicy.Kind, doc string) *iampolicy.Policy {
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
	z, err := sigv4auth.NewAuthorizer(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// TestRequire: the whole way, from the signed request to the policies' decision, the answer and the audit event.
func TestRequire(t *testing.T) {
	t.Parallel()
	allowRide := parsePolicy(t, iampolicy.Identity, standardUserPolicy)
	denyRide := parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"No","Effect":"Deny","Action":"*","Resource":"*"}]}`)
	const arn = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/"
	const masked = "arn:aws:execute-api:us-east-1:********3333:rides/prod/"
	const user = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: execute-api:Invoke on resource: "
	tests := []struct {
		name     string
		cfg      sigv4auth.AuthorizerConfig
		r        func() *http.Request
		status   int
		code     sigv4auth.ErrorCode
		message  string // under "Message", capital M
		resource string
		decision iampolicy.Decision
		revision string
	}{
		{
			"allowed",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide)},
			ride, 204, "", "", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.Allow, PolicyType: iampolicy.Identity, Sid: "Ride"},
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
		{"threat 210: no policies at all", sigv4auth.AuthorizerConfig{Policies: attached()}, ride, 403, sigv4auth.ErrAccessDenied, user + masked + "POST/ride", arn + "POST/ride", iampolicy.Decision{}, "r1"},
		{"a nil policy", sigv4auth.AuthorizerConfig{Policies: attached(allowRide, nil)}, ride, 403, sigv4auth.ErrAccessDenied, user + masked + "POST/ride", arn + "POST/ride", iampolicy.Decision{}, "r1"},
		{
			"explicit deny",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide, denyRide)},
			ride, 403, sigv4auth.ErrAccessDenied, user + masked + "POST/ride with an explicit deny", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.ExplicitDeny, PolicyType: iampolicy.Identity, Policy: 1, Sid: "No"},
			"r1",
		},
		{"threat 138: a trailing slash is another resource", sigv4auth.AuthorizerConfig{Policies: attached(allowRide)}, func() *http.Request { return request("POST", "/prod/ride/", rideBody) }, 403, sigv4auth.ErrAccessDenied, user + masked + "POST/ride/", arn + "POST/ride/", iampolicy.Decision{}, "r1"},
		{"the root of the stage", sigv4auth.AuthorizerConfig{Policies: attached(allowRide)}, func() *http.Request { return request("GET", "/prod/", "") }, 403, sigv4auth.ErrAccessDenied, user + masked + "GET/", arn + "GET/", iampolicy.Decision{}, "r1"},
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
			sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:execute-api:*:*:*/prod/GET/a"}}`))},
			func() *http.Request { return request("GET", "/prod/*", "") }, 403, sigv4auth.ErrAccessDenied, user + masked + "GET/*", arn + "GET/*",
			iampolicy.Decision{},
			"r1",
		},
		{"threat 216: the policy store fails", sigv4auth.AuthorizerConfig{Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) {
			return iampolicy.Set{Identity: []*iampolicy.Policy{allowRide}}, "r1", errors.New("down")
		})}, ride, 503, sigv4auth.ErrServiceUnavailable, "", arn + "POST/ride", iampolicy.Decision{}, "r1"},
		{
			"threat 227: the policy store panics",
			sigv4auth.AuthorizerConfig{Policies: policyFunc(func(context.Context, sigv4auth.Identity) (iampolicy.Set, string, error) { panic("x") })},
			ride, 500, sigv4auth.ErrInternalFailure, "", arn + "POST/ride",
			iampolicy.Decision{},
			"",
		},
		{
			"threat 194: the service's condition keys fail",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide), Context: func(*http.Request, sigv4auth.Identity, *iampolicy.Context) error { return errors.New("down") }},
			ride, 503, sigv4auth.ErrServiceUnavailable, "", arn + "POST/ride",
			iampolicy.Decision{},
			"",
		},
		{"threat 227: the target panics", sigv4auth.AuthorizerConfig{Policies: attached(allowRide), Target: func(*http.Request) (string, string) { panic("x") }}, ride, 500, sigv4auth.ErrInternalFailure, "", "", iampolicy.Decision{}, ""},
		{
			"threat 142: an unmapped route",
			sigv4auth.AuthorizerConfig{Policies: attached(allowRide), Target: func(*http.Request) (string, string) { return "", "x" }},
			ride, 403, sigv4auth.ErrAccessDenied,
			"User: arn:aws:iam::111122223333:user/alice is not authorized to access this resource", "x",
			iampolicy.Decision{},
			"",
		},
		{"report only", sigv4auth.AuthorizerConfig{Policies: attached(), ReportOnly: true}, ride, 204, sigv4auth.ErrAccessDenied, "", arn + "POST/ride", iampolicy.Decision{}, "r1"},
		{
			"a resource policy alone",
			sigv4auth.AuthorizerConfig{ResourcePolicy: parsePolicy(t, iampolicy.Resource, `{"Version":"2012-10-17","Statement":{"Sid":"Everyone","Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:us-east-1:111122223333:rides/*"}}`)},
			ride, 204, "", "", arn + "POST/ride",
			iampolicy.Decision{Outcome: iampolicy.Allow, PolicyType: iampolicy.Resource, Sid: "Everyone"},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var e sigv4auth.Event
			events := 0
			a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Audit = auditInto(&e, &events) })
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
			if events != 1 || e.ErrorCode != tt.code || e.Resource != tt.resource || e.Decision != tt.decision || e.PolicyRevision != tt.revision || e.ReportOnly != tt.cfg.ReportOnly ||
				e.Principal != userPrincipal.ARN || e.AccessKeyID != testKeyID || e.RequestID == "" || e.Source.String() != "192.0.2.1" || (e.Outcome == sigv4auth.Admitted) != (tt.status == 204) || !e.Time.Equal(testNow) {
				t.Errorf("%d events, the last %+v", events, e)
			}
			if tt.status != 204 && strings.Contains(w.Body.String(), "Sid") {
				t.Error("threat 217: the answer tells of the policies")
			}
		})
	}
}

// TestConditionKeys pins which keys the server fills for whom, and with what: iam-semantics 8, threats 179 and 180.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	user := userPrincipal
	user.Tags = map[string]string{"team": "unicorns"}
	role := rolePrincipal
	role.RoleARN = "arn:aws:iam::111122223333:role/wildrydes/Rider"
	role.Tags = map[string]string{"team": "unicorns", "Cost": "1"}
	session := &sigv4auth.Session{
		IssuedAt: testNow.Add(-time.Minute), Tags: map[string]string{"cost": "2"}, MFAPresent: true, MFA: testNow.Add(-30 * time.Second), SourceIdentity: "bob",
		Federated: &sigv4auth.FederatedIdentity{Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:1", Audience: "pool", Methods: []string{"authenticated", "x"}},
	}
	tests := []struct {
		name    string
		cred    sigv4auth.Credential
		service string
		r       func() *http.Request
		s       signing
		want    map[string]string
	}{
		{"a user", sigv4auth.Credential{Principal: user}, testService, func() *http.Request {
			r := request("GET", "/prod/rides", "")
			r.Header.Set("User-Agent", "curl/7.88.1")
			r.Header.Set("Referer", "https://example.com/")
			r.TLS = &tls.ConnectionState{}
			return r
		}, signing{}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "true", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:UserAgent": "curl/7.88.1", "aws:Referer": "https://example.com/", "aws:PrincipalArn": "arn:aws:iam::111122223333:user/alice", "aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType": "User", "aws:username": "alice", "aws:userid": "AIDAEXAMPLE", "aws:PrincipalTag/team": "unicorns",
		}},
		{"a role session", sigv4auth.Credential{Principal: role, Session: session}, testService, func() *http.Request { return request("GET", "/prod/rides", "") }, signing{}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:role/wildrydes/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole", "aws:userid": "AROAEXAMPLE:bob",
			"aws:PrincipalTag/team": "unicorns", "aws:PrincipalTag/cost": "2", "aws:TokenIssueTime": "2026-01-02T03:03:05Z", "aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "30",
			"aws:SourceIdentity": "bob", "aws:FederatedProvider": "cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com:sub": "us-east-1:1",
			"cognito-identity.amazonaws.com:aud": "pool", "cognito-identity.amazonaws.com:amr": "[authenticated x]",
		}},
		{"a session whose second factor does not count", sigv4auth.Credential{Principal: rolePrincipal, Session: &sigv4auth.Session{MFA: testNow.Add(-time.Minute)}}, testService, func() *http.Request { return request("GET", "/prod/rides", "") }, signing{}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole", "aws:userid": "AROAEXAMPLE:bob", "aws:MultiFactorAuthPresent": "false",
		}},
		{"a session whose second factor has no time", sigv4auth.Credential{Principal: rolePrincipal, Session: &sigv4auth.Session{MFAPresent: true}}, testService, func() *http.Request { return request("GET", "/prod/rides", "") }, signing{}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole", "aws:userid": "AROAEXAMPLE:bob", "aws:MultiFactorAuthPresent": "true",
		}},
		{"the root user", sigv4auth.Credential{Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:root"}}, testService, func() *http.Request { return request("GET", "/prod/rides", "") }, signing{}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:root", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "Account", "aws:userid": "111122223333",
		}},
		{"threat 82: S3, presigned", sigv4auth.Credential{Principal: userPrincipal}, "s3", func() *http.Request {
			r := request("GET", "/prod/rides", "")
			r.Header.Set("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
			return r
		}, signing{service: "s3", presign: time.Minute, at: testNow.Add(-10 * time.Second)}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:user/alice", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "User", "aws:username": "alice", "aws:userid": "AIDAEXAMPLE",
			"s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authType": "REST-QUERY-STRING", "s3:signatureAge": "10000",
			"s3:x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.cred.AccessKeyID, tt.cred.Secret = testKeyID, sigv4auth.NewSecret(testSecret)
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				c.Service, c.Credentials, c.Path = tt.service, sigv4auth.StaticCredentials(tt.cred), sigv4auth.PathStrict
			})
			// Each expected key in one policy, under an operator that takes it, and a null test for every other key: the policy allows exactly the expected context.
			all := []string{
				"aws:UserAgent", "aws:Referer", "aws:username", "aws:userid", "aws:PrincipalTag/team", "aws:PrincipalTag/cost", "aws:TokenIssueTime", "aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge",
				"aws:SourceIdentity", "aws:FederatedProvider", "cognito-identity.amazonaws.com:sub", "cognito-identity.amazonaws.com:aud", "cognito-identity.amazonaws.com:amr",
				"s3:signatureversion", "s3:authType", "s3:signatureAge", "s3:x-amz-content-sha256", "aws:PrincipalOrgID",
			}
			equals, null, every := map[string]string{}, map[string]string{}, map[string][]string{}
			for k, v := range tt.want {
				if list, ok := strings.CutPrefix(v, "["); ok {
					every[k] = strings.Fields(strings.TrimSuffix(list, "]"))
				} else {
					equals[k] = v
				}
				null[k] = "false"
			}
			for _, k := range all {
				if _, ok := tt.want[k]; !ok {
					null[k] = "true"
				}
			}
			condition := map[string]any{"StringEquals": equals, "Null": null}
			if len(every) > 0 {
				condition["ForAllValues:StringEquals"] = every
			}
			// Everything that nothing denies is allowed to the root user of the account, so there the policy denies exactly the expected context.
			effect, matches, differs := "Allow", error(nil), error(sigv4auth.ErrAccessDenied)
			if strings.HasSuffix(tt.cred.Principal.ARN, ":root") {
				effect, matches, differs = "Deny", differs, matches
			}
			r := sign(t, tt.r(), tt.s)
			id, err := a.Verify(r)
			if err != nil {
				t.Fatal(err)
			}
			check := func(doc string) error {
				return newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.Identity, doc))}).Check(r, id)
			}
			document := func() string {
				doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition}})
				if err != nil {
					t.Fatal(err)
				}
				return string(doc)
			}
			if err := check(document()); !errors.Is(err, matches) {
				t.Errorf("%v\n%s", err, document())
			}
			// And the test can fail: each value, changed, does not match.
			for k, v := range equals {
				equals[k] = v + "x"
				if err := check(document()); !errors.Is(err, differs) {
					t.Errorf("%s: another value matches too: %v", k, err)
				}
				equals[k] = v
			}
		})
	}
}

// TestServersKeysWin: the service's callback gets a fresh Context, and cannot set what the server knows or could know: threat 179.
func TestServersKeysWin(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
			"StringEquals":{"aws:username":"alice","aws:ResourceTag/owner":"bob"},"ForAnyValue:StringEquals":{"rides:kinds":["b"]},
			"Null":{"aws:MultiFactorAuthPresent":"true","aws:PrincipalTag/admin":"true"}}}}`)),
		Context: func(_ *http.Request, _ sigv4auth.Identity, c *iampolicy.Context) error {
			for range c.Keys() {
				t.Error("the callback's Context is not empty")
			}
			c.Set("AWS:UserName", "mallory")
			c.Set("aws:multifactorauthpresent", "true")
			c.Set("aws:PrincipalTag/admin", "yes")
			c.Set("aws:ResourceTag/owner", "bob")
			c.SetMany("rides:kinds", "a", "b")
			return nil
		},
	})
	if err := z.Check(r, id); err != nil {
		t.Error(err)
	}
}

// TestCheckWantsAnIdentity: the zero Identity, and one that a test made up in part, are never authorised (threat 229).
func TestCheckWantsAnIdentity(t *testing.T) {
	t.Parallel()
	everything := parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	everyone := parsePolicy(t, iampolicy.Resource, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
	for _, reportOnly := range []bool{false, true} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(everything), ResourcePolicy: everyone, ReportOnly: reportOnly})
		for _, id := range []sigv4auth.Identity{{}, {Principal: userPrincipal}, {AccessKeyID: testKeyID}} {
			if err := z.Check(request("GET", "/prod/rides", ""), id); !errors.Is(err, sigv4auth.ErrAccessDenied) {
				t.Errorf("report only %t: %+v: %v", reportOnly, id, err)
			}
		}
	}
}

// TestRoutedPath: a path on which the router and the policies could disagree is refused before anything is looked up: threats 135 to 137. The
// same work is done for what Verify admits under every path style.
func TestRoutedPath(t *testing.T) {
	t.Parallel()
	everything := attached(parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
	a := newAuthenticator(t, func(c *sigv4auth.Config) { c.Path = sigv4auth.PathEncoded })
	for path, refused := range map[string]bool{
		"/prod/ride": false, "/prod/rides/a%20b": false, "/prod/rides/%C3%BC": false, "/prod/rides/a%2eb": false, "/prod/ride/": false, "/prod/..;/x": false, "/prod/%": true,
		"/prod/rides/%2e%2e/admin": true, "/prod/rides/..%2fadmin": true, "/prod/rides%2Fadmin": true, "/prod/rides%2f": true, "/prod/rides%5C": true, "/prod/rides%5cadmin": true, "/prod//rides": true, "/prod/./rides": true,
		"/prod/rides/../x": true, "/prod/rides/%2e": true, "/prod/rides/%C0%AF": true, "/prod/rides/%FF": true, "/prod/rides/..": true, "/prod/rides/%2e%2e": true,
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

// TestSessionPolicies: the policies of the caller's session limit what the identity's allow, and cannot be widened by the store's.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	everything := parsePolicy(t, iampolicy.Identity, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	onlyRide := parsePolicy(t, iampolicy.Session, standardUserPolicy)
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: rolePrincipal, Session: &sigv4auth.Session{Policies: []*iampolicy.Policy{onlyRide}},
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

func TestAPIGatewayTarget(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		g            sigv4auth.APIGateway
		method, path string
		resource     string
	}{
		{"a path in the stage", testAPI, "POST", "/prod/ride", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"},
		{"decoded", testAPI, "GET", "/prod/a b", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/a b"},
		{"colons are the path's", testAPI, "GET", "/prod/a:b", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/a:b"},
		{"the root of the stage", testAPI, "GET", "/prod/", "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/"},
		{"threat 138: the stage without a slash", testAPI, "GET", "/prod", ""},
		{"a slash in a field", sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "a/prod/GET", Stage: "s"}, "GET", "/s/x", ""},
		{"a colon in a field", sigv4auth.APIGateway{Region: "r:1", AccountID: "1", APIID: "a", Stage: "s"}, "GET", "/s/x", ""},
		{"a star in a field", sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "*", Stage: "s"}, "GET", "/s/x", ""},
		{"another stage", testAPI, "GET", "/dev/ride", ""},
		{"a stage that begins like it", testAPI, "GET", "/prodx/ride", ""},
		{"another case", testAPI, "GET", "/Prod/ride", ""},
		{"no slash", testAPI, "GET", "prod/ride", ""},
		{"the default stage", sigv4auth.APIGateway{Region: "r", AccountID: "1", APIID: "a", Stage: "$default"}, "GET", "/ride", "arn:aws:execute-api:r:1:a/$default/GET/ride"},
		{"another partition", sigv4auth.APIGateway{Partition: "aws-cn", Region: "r", AccountID: "1", APIID: "a", Stage: "s"}, "GET", "/s/x", "arn:aws-cn:execute-api:r:1:a/s/GET/x"},
		{"no account", sigv4auth.APIGateway{Region: "r", APIID: "a", Stage: "s"}, "GET", "/s/x", ""},
		{"the zero value", sigv4auth.APIGateway{}, "GET", "/s/x", ""},
	}
	for _, tt := range tests {
		action, resource := tt.g.Target(&http.Request{Method: tt.method, URL: &url.URL{Path: tt.path}})
		want := "execute-api:Invoke"
		if tt.resource == "" {
			want = ""
		}
		if action != want || resource != tt.resource {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, action, resource, want, tt.resource)
		}
	}
}

// TestClientIP: who is believed to be the client: threats 119 to 121.
func TestClientIP(t *testing.T) {
	t.Parallel()
	trusted := sigv4auth.FromTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::ffff:192.168.0.0/112"), netip.MustParsePrefix("fd00::1/64"))
	tests := []struct {
		name, peer string
		forwarded  []string
		peerIP     string
		client     string
	}{
		{"no proxy", "203.0.113.9:1", nil, "203.0.113.9", "203.0.113.9"},
		{"threat 119: an untrusted peer's header", "203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9", "203.0.113.9"},
		{"one proxy", "10.0.0.1:1", []string{"198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"a spoofed element before the client's", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"two proxies", "10.0.0.1:1", []string{"1.2.3.4, 198.51.100.1, 10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"two lines", "10.0.0.1:1", []string{"1.2.3.4", "198.51.100.1, 10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"a line of proxies alone", "10.0.0.1:1", []string{"198.51.100.1", "10.9.9.9"}, "10.0.0.1", "198.51.100.1"},
		{"all trusted", "10.0.0.1:1", []string{"10.1.1.1, 10.2.2.2"}, "10.0.0.1", "10.1.1.1"},
		{"no header", "10.0.0.1:1", nil, "10.0.0.1", "10.0.0.1"},
		{"threat 119: a malformed element stops the walk", "10.0.0.1:1", []string{"198.51.100.1, junk, 10.2.2.2"}, "10.0.0.1", ""},
		{"an empty element", "10.0.0.1:1", []string{""}, "10.0.0.1", ""},
		{"threat 121: an IPv4-mapped peer", "[::ffff:10.0.0.1]:1", []string{"198.51.100.1"}, "10.0.0.1", "198.51.100.1"},
		{"threat 121: a mapped prefix", "192.168.3.4:1", []string{"198.51.100.1"}, "192.168.3.4", "198.51.100.1"},
		{"threat 121: a zone", "[fe80::1%eth0]:1", nil, "fe80::1", "fe80::1"},
		{"threat 121: ports in the header", "10.0.0.1:1", []string{"198.51.100.1:4711"}, "10.0.0.1", "198.51.100.1"},
		{"IPv6 in the header", "[fd00::5]:1", []string{"2001:db8::1, [fd00::7]:80"}, "fd00::5", "2001:db8::1"},
		{"threat 121: a Unix socket", "@", nil, "", ""},
	}
	for _, tt := range tests {
		r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.forwarded, "X-Real-Ip": {"6.6.6.6"}, "Forwarded": {"for=6.6.6.6"}}}
		text := func(a netip.Addr, ok bool) string {
			if !ok {
				return ""
			}
			return a.String()
		}
		if got := text(sigv4auth.PeerIP(r)); got != tt.peerIP {
			t.Errorf("%s: peer %q; want %q", tt.name, got, tt.peerIP)
		}
		if got := text(trusted(r)); got != tt.client {
			t.Errorf("%s: client %q; want %q", tt.name, got, tt.client)
		}
	}
}

func TestStaticPolicies(t *testing.T) {
	t.Parallel()
	p := parsePolicy(t, iampolicy.Identity, standardUserPolicy)
	given := map[string][]*iampolicy.Policy{userPrincipal.ARN: {p}, "arn:aws:iam::111122223333:role/Rider": {p}}
	store := sigv4auth.StaticPolicies(given)
	given[userPrincipal.ARN][0] = nil // what the caller changes later has no effect
	for arn, want := range map[string]int{
		userPrincipal.ARN: 1, rolePrincipal.ARN: 1, "arn:aws:iam::111122223333:user/mallory": 0, "": 0,
		"arn:aws:sts::111122223333:assumed-role/Other/Rider": 0, "arn:aws:iam::111122223333:role/Rider": 0,
	} {
		set, revision, err := store.Policies(t.Context(), sigv4auth.Identity{Principal: iampolicy.Principal{ARN: arn}})
		if err != nil || len(set.Identity) != want || revision == "" || want == 1 && set.Identity[0] != p {
			t.Errorf("%q: %v, %q, %v", arn, set, revision, err)
		}
	}
}
