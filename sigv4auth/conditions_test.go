package sigv4auth_test

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// TestConditionKeys pins which keys the server fills for whom, and with what: iam-semantics 8,
// threats 179 and 180.
func TestConditionKeys(t *testing.T) {
	t.Parallel()
	user := userPrincipal
	user.Tags = map[string]string{"team": "unicorns"}
	role := rolePrincipal
	role.RoleARN = "arn:aws:iam::111122223333:role/wildrydes/Rider"
	role.Tags = map[string]string{"team": "unicorns", "Cost": "1"}
	session := &sigv4auth.Session{
		IssuedAt: testNow.Add(-time.Minute), Tags: map[string]string{"cost": "2"}, MFAPresent: true, MFA: testNow.Add(-30 * time.Second),
		SourceIdentity: "bob",
		Federated: &sigv4auth.FederatedIdentity{
			Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:1", Audience: "pool", Methods: []string{"authenticated", "x"},
		},
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
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "true", "aws:RequestedRegion": "us-east-1",
			"aws:SourceIp":  "192.0.2.1",
			"aws:UserAgent": "curl/7.88.1", "aws:Referer": "https://example.com/", "aws:PrincipalArn": "arn:aws:iam::111122223333:user/alice",
			"aws:PrincipalAccount": "111122223333",
			"aws:PrincipalType":    "User", "aws:username": "alice", "aws:userid": "AIDAEXAMPLE", "aws:PrincipalTag/team": "unicorns",
		}},
		{
			"a role session",
			sigv4auth.Credential{Principal: role, Session: session},
			testService,
			func() *http.Request { return request("GET", "/prod/rides", "") },
			signing{},
			map[string]string{
				"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1",
				"aws:SourceIp":     "192.0.2.1",
				"aws:PrincipalArn": "arn:aws:iam::111122223333:role/wildrydes/Rider", "aws:PrincipalAccount": "111122223333",
				"aws:PrincipalType": "AssumedRole", "aws:userid": "AROAEXAMPLE:bob",
				"aws:PrincipalTag/team": "unicorns", "aws:PrincipalTag/cost": "2", "aws:TokenIssueTime": "2026-01-02T03:03:05Z",
				"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "30",
				"aws:SourceIdentity": "bob", "aws:FederatedProvider": "cognito-identity.amazonaws.com", "cognito-identity.amazonaws.com:sub": "us-east-1:1",
				"cognito-identity.amazonaws.com:aud": "pool", "cognito-identity.amazonaws.com:amr": "[authenticated x]",
			},
		},
		{
			"a session whose second factor does not count",
			sigv4auth.Credential{Principal: rolePrincipal, Session: &sigv4auth.Session{MFA: testNow.Add(-time.Minute)}},
			testService,
			func() *http.Request { return request("GET", "/prod/rides", "") },
			signing{},
			map[string]string{
				"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1",
				"aws:SourceIp":     "192.0.2.1",
				"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole",
				"aws:userid": "AROAEXAMPLE:bob", "aws:MultiFactorAuthPresent": "false",
			},
		},
		{
			"a session whose second factor has no time",
			sigv4auth.Credential{Principal: rolePrincipal, Session: &sigv4auth.Session{MFAPresent: true}},
			testService,
			func() *http.Request { return request("GET", "/prod/rides", "") },
			signing{},
			map[string]string{
				"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1",
				"aws:SourceIp":     "192.0.2.1",
				"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Rider", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "AssumedRole",
				"aws:userid": "AROAEXAMPLE:bob", "aws:MultiFactorAuthPresent": "true",
			},
		},
		{
			"the root user",
			sigv4auth.Credential{Principal: iampolicy.Principal{ARN: "arn:aws:iam::111122223333:root"}},
			testService,
			func() *http.Request { return request("GET", "/prod/rides", "") },
			signing{},
			map[string]string{
				"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1",
				"aws:SourceIp":     "192.0.2.1",
				"aws:PrincipalArn": "arn:aws:iam::111122223333:root", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "Account",
				"aws:userid": "111122223333",
			},
		},
		{"threat 82: S3, presigned", sigv4auth.Credential{Principal: userPrincipal}, "s3", func() *http.Request {
			r := request("GET", "/prod/rides", "")
			r.Header.Set("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
			return r
		}, signing{service: "s3", presign: time.Minute, at: testNow.Add(-10 * time.Second)}, map[string]string{
			"aws:CurrentTime": "2026-01-02T03:04:05Z", "aws:EpochTime": "1767323045", "aws:SecureTransport": "false", "aws:RequestedRegion": "us-east-1",
			"aws:SourceIp":     "192.0.2.1",
			"aws:PrincipalArn": "arn:aws:iam::111122223333:user/alice", "aws:PrincipalAccount": "111122223333", "aws:PrincipalType": "User",
			"aws:username": "alice", "aws:userid": "AIDAEXAMPLE",
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
			// Each expected key in one policy, under an operator that takes it, and a null test for
			// every other key: the policy allows exactly the expected context.
			all := []string{
				"aws:UserAgent", "aws:Referer", "aws:username", "aws:userid", "aws:PrincipalTag/team", "aws:PrincipalTag/cost", "aws:TokenIssueTime",
				"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge",
				"aws:SourceIdentity", "aws:FederatedProvider", "cognito-identity.amazonaws.com:sub", "cognito-identity.amazonaws.com:aud",
				"cognito-identity.amazonaws.com:amr",
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
			// Everything that nothing denies is allowed to the root user of the account, so there
			// the policy denies exactly the expected context.
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
				return newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
					doc))}).Check(r, id)
			}
			document := func() string {
				doc, err := json.Marshal(map[string]any{
					"Version":   "2012-10-17",
					"Statement": map[string]any{"Effect": effect, "Action": "*", "Resource": "*", "Condition": condition},
				})
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

// TestOneInstantForPolicies: aws:CurrentTime and aws:EpochTime are one instant, that at which the
// signature was checked (threat 190), by the server's clock and not by the client's, which is slow
// here (threat 198).
func TestOneInstantForPolicies(t *testing.T) {
	t.Parallel()
	now := testNow
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Now = func() time.Time { now = now.Add(time.Second); return now }
	})
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
			"StringEquals":{"aws:CurrentTime":"2026-01-02T03:04:06Z","aws:EpochTime":"1767323046"},
			"DateEquals":{"aws:CurrentTime":"2026-01-02T03:04:06Z"}}}}`))})
	var handler spy
	w := httptest.NewRecorder()
	a.Require(z.Check)(&handler).ServeHTTP(w, sign(t, ride(), signing{at: testNow.Add(-2 * time.Minute)}))
	if handler.ran != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestTagsOfTheCaller: aws:PrincipalTag comes from the credential alone (threat 191), and the tags
// of a resource and of a request from the service's callback alone, whatever the caller sends and
// whatever tags the caller has (threat 192).
func TestTagsOfTheCaller(t *testing.T) {
	t.Parallel()
	user := userPrincipal
	user.Tags = map[string]string{"team": "unicorns"}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret),
			Principal: user,
		})
	})
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
			"StringEquals":{"aws:PrincipalTag/team":"unicorns"},
			"Null":{"aws:PrincipalTag/admin":"true","aws:ResourceTag/team":"true","aws:RequestTag/team":"true","aws:TagKeys":"true"}}}}`))})
	r := request("GET", "/prod/rides?aws:PrincipalTag/team=ops&aws:PrincipalTag/admin=yes&aws:ResourceTag/team=ops&"+
		"Tags.member.1.Key=team", "")
	r.Header.Set("X-Amz-Tagging", "team=ops")
	r.Header.Set("X-Amz-Principal-Tag-Admin", "yes")
	var handler spy
	w := httptest.NewRecorder()
	a.Require(z.Check)(&handler).ServeHTTP(w, sign(t, r, signing{}))
	if handler.ran != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestServersKeysWin: the service's callback gets a fresh Context, and cannot set what the server
// knows or could know: threats 179, 191 and 192.
func TestServersKeysWin(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
		Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{
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

// TestProvidersKeysWin: nor can the callback set what the session's identity provider has said,
// under whatever name: threat 179.
func TestProvidersKeysWin(t *testing.T) {
	t.Parallel()
	const provider = "accounts.example.com"
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, Secret: sigv4auth.NewSecret(testSecret), Principal: userPrincipal,
			Session: &sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: provider, Subject: "alice"}},
		})
	})
	r := sign(t, request("GET", "/prod/rides", ""), signing{})
	id, err := a.Verify(r)
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]bool{"alice": true, "mallory": false} {
		z := newAuthorizer(t, sigv4auth.AuthorizerConfig{
			Policies: attached(parsePolicy(t, iampolicy.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"`+
					provider+`:sub":"`+subject+`"}}}}`)),
			Context: func(_ *http.Request, _ sigv4auth.Identity, c *iampolicy.Context) error {
				c.Set("Accounts.Example.com:sub", "mallory")
				return nil
			},
		})
		if err := z.Check(r, id); (err == nil) != want {
			t.Errorf("a policy for %s: %v", subject, err)
		}
	}
}
