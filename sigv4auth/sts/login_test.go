package sts_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

const stsHost = "sts.us-east-1.amazonaws.com"

// loginDesk has a Login whose server is called demo.
func loginDesk(t testing.TB, edit ...func(*sts.LoginConfig)) (*process, *sts.Login) {
	t.Helper()
	p := single(t)
	cfg := sts.LoginConfig{
		Credentials: p, Region: "us-east-1", Regions: []string{"eu-west-1"}, Hosts: []string{stsHost, "sts.eu-west-1.amazonaws.com"},
		ServerID: "demo", Now: p.clock.Now,
	}
	for _, e := range edit {
		e(&cfg)
	}
	l, err := sts.NewLogin(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p, l
}

// loginURL returns a presigned URL of a caller, after edit has changed the request that is signed.
func loginURL(s sigv4test.Signer, edit ...func(*http.Request)) string {
	r := httptest.NewRequest(http.MethodGet, "https://"+stsHost+"/?Action=GetCallerIdentity&Version=2011-06-15", nil)
	r.Header.Set("X-K8s-Aws-Id", "demo")
	for _, e := range edit {
		e(r)
	}
	s.Sign(r)
	return "https://" + r.Host + r.URL.RequestURI()
}

func wrapped(u string) string { return "k8s-aws-v1." + base64.RawURLEncoding.EncodeToString([]byte(u)) }

func loginSigner(p *process, c sigv4auth.Credential) sigv4test.Signer {
	return sigv4test.Signer{Credential: c, Region: "us-east-1", Service: "sts", Presign: time.Minute, Now: p.clock.Now}
}

// TestLogin: a presigned GetCallerIdentity for this server says who made it, for long-term and
// temporary keys, and in EKS's form; one that was changed, made for another server, host, action or
// method, or without the server's name, says nothing.
func TestLogin(t *testing.T) {
	t.Parallel()
	p, l := loginDesk(t)
	ada := loginSigner(p, p.dir.keys[adaKey])
	europe := ada
	europe.Region = "eu-west-1"
	rider := p.issue(riding()).Credential
	for _, c := range []struct{ name, token, arn string }{
		{"a user", loginURL(ada), adaARN},
		{"in EKS's form", wrapped(loginURL(ada)), adaARN},
		{"with padding", wrapped(loginURL(ada)) + "=", adaARN},
		{"without a slash", strings.Replace(loginURL(ada), "/?", "?", 1), adaARN},
		{"a role", wrapped(loginURL(loginSigner(p, rider))), rider.Principal.ARN},
		{"another region", loginURL(europe, func(r *http.Request) { r.Host = "sts.eu-west-1.amazonaws.com" }), adaARN},
	} {
		id, err := l.Verify(t.Context(), c.token)
		if err != nil || id.Principal.ARN != c.arn || !id.VerifiedAt.Equal(p.clock.Now()) {
			t.Errorf("%s: %v: %+v", c.name, err, id.Principal)
		}
	}
	set := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	query := func(more string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery += more; r.RequestURI = r.URL.RequestURI() }
	}
	replaced := func(old, by string) string { return strings.Replace(loginURL(ada), old, by, 1) }
	long, iam, asia := ada, ada, ada
	long.Presign, iam.Service, asia.Region = 16*time.Minute, "iam", "ap-south-1"
	stolen := ada
	stolen.Credential.Secret = sigv4auth.NewSecret("a-long-term-secret-eve")
	nobody := ada
	nobody.Credential.AccessKeyID = "AKIANOBODY"
	good := loginURL(ada)
	for _, c := range []struct{ name, token string }{
		{"nothing", ""},
		{"no base64", "k8s-aws-v1.*"},
		{"another scheme", "http" + strings.TrimPrefix(good, "https")},
		{"a user in it", strings.Replace(good, "https://", "https://a@", 1)},
		{"a path", strings.Replace(good, "/?", "/x?", 1)},
		{"another server", loginURL(ada, set("X-K8s-Aws-Id", "other"))},
		{"no server", loginURL(ada, func(r *http.Request) { r.Header.Del("X-K8s-Aws-Id") })},
		{"another host", loginURL(ada, func(r *http.Request) { r.Host = "sts.example" })},
		{"a host that was put there", strings.Replace(good, stsHost, "sts.eu-west-1.amazonaws.com", 1)},
		{"another action", replaced("GetCallerIdentity", "GetSessionToken")},
		{"another action, signed", loginURL(ada, func(r *http.Request) {
			r.URL.RawQuery = "Action=GetSessionToken&Version=2011-06-15"
			r.RequestURI = r.URL.RequestURI()
		})},
		{"two actions", loginURL(ada, query("&Action=GetCallerIdentity"))},
		{"a path, signed", loginURL(ada, func(r *http.Request) { r.URL.Path = "/x"; r.RequestURI = r.URL.RequestURI() })},
		{"another version, signed", loginURL(ada, func(r *http.Request) {
			r.URL.RawQuery = "Action=GetCallerIdentity&Version=2010-05-08"
			r.RequestURI = r.URL.RequestURI()
		})},
		{"no version", replaced("&Version=2011-06-15", "")},
		{"another parameter", loginURL(ada, query("&RoleArn=a"))},
		{"another method", loginURL(ada, func(r *http.Request) { r.Method = http.MethodPost })},
		{"too long a life", loginURL(long)},
		{"another service", loginURL(iam)},
		{"a region that is not known", loginURL(asia)},
		{"a wrong secret", loginURL(stolen)},
		{"a key that is not known", loginURL(nobody)},
		{"another signature", good[:len(good)-1] + string('0'+'1'-good[len(good)-1]%2)},
		{"a long text", "https://" + stsHost + "/?" + strings.Repeat("a", 9000)},
		{"a fragment", good + "#x"},
	} {
		if c.name == "another signature" && c.token == good {
			continue
		}
		id, err := l.Verify(t.Context(), c.token)
		refused, ok := errors.AsType[*sigv4auth.Error](err)
		if !ok || id.Principal.ARN != "" || refused.Reason == "" {
			t.Errorf("%s: %v, %q", c.name, err, id.Principal.ARN)
		}
		if c.name == "a long text" && !strings.Contains(refused.Detail, "8 KiB") {
			t.Errorf("%s: %s", c.name, refused.Detail)
		}
		if err != nil && (strings.Contains(err.Error(), "Signature=") || strings.Contains(refused.Detail, "Signature=")) {
			t.Errorf("%s: the error holds the URL: %v", c.name, err)
		}
	}
}

// TestLoginLife: a URL logs in as long as it says, or as long as Lifetime says, and no longer than
// its credentials live and its session's role and ring key are there.
func TestLoginLife(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		lifetime time.Duration
		after    time.Duration
		may      bool
	}{
		{"in its minute", 0, 59 * time.Second, true},
		{"after its minute", 0, 61 * time.Second, false},
		{"as EKS has it", 15 * time.Minute, 14*time.Minute + 59*time.Second, true},
		{"after 15 minutes", 15 * time.Minute, 15 * time.Minute, false},
		{"less than it says", 30 * time.Second, 31 * time.Second, false},
		{"from a clock that is ahead", 15 * time.Minute, -time.Minute, true},
		{"from a clock that is far ahead", 15 * time.Minute, -time.Hour, false},
	} {
		p, l := loginDesk(t, func(cfg *sts.LoginConfig) { cfg.Lifetime = c.lifetime })
		token := loginURL(loginSigner(p, p.dir.keys[adaKey]))
		p.clock.Advance(c.after)
		id, err := l.Verify(t.Context(), token)
		if (err == nil) != c.may || c.may && !id.VerifiedAt.Equal(p.clock.Now()) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p, l := loginDesk(t, func(cfg *sts.LoginConfig) { cfg.Lifetime = 15 * time.Minute })
	short, err := p.Issue(t.Context(), sts.Grant{Session: riding(), Duration: 15 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(10 * time.Minute)
	token := loginURL(loginSigner(p, short.Credential))
	if _, err := l.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(6 * time.Minute)
	if _, err := l.Verify(t.Context(), token); !errors.Is(err, sigv4auth.ErrExpiredToken) {
		t.Errorf("the login outlives its credentials: %v", err)
	}
	rider := loginURL(loginSigner(p, p.issue(riding()).Credential))
	p.dir.change(riderARN, func() { p.dir.roles = without(p.dir.roles, riderARN) })
	if _, err := l.Verify(t.Context(), rider); !errors.Is(err, sigv4auth.ErrUnrecognizedClient) {
		t.Errorf("the login outlives its role: %v", err)
	}
}

// TestLoginConfig: every mistake is told at once.
func TestLoginConfig(t *testing.T) {
	t.Parallel()
	_, err := sts.NewLogin(sts.LoginConfig{MaxExpiry: time.Hour, Lifetime: -1})
	for _, field := range []string{"Hosts", "ServerID", "MaxExpiry", "Lifetime", "Credentials"} {
		if err == nil || !strings.Contains(err.Error(), "LoginConfig."+field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	keys := keyring.New(start)
	p := newProcess(t, newDirectory(), sigv4test.NewClock(start), &keys)
	if _, err := sts.NewLogin(sts.LoginConfig{Credentials: p, Hosts: []string{stsHost}, ServerID: "demo"}); err == nil {
		t.Error("without a region")
	}
}

// FuzzLogin: a token logs nobody in but whom its signature is of, and no text makes Verify panic.
func FuzzLogin(f *testing.F) {
	p, l := loginDesk(f)
	good := loginURL(loginSigner(p, p.dir.keys[adaKey]))
	f.Add(good)
	f.Add(wrapped(good))
	f.Add("k8s-aws-v1.")
	f.Add("https://" + stsHost + "/?Action=GetCallerIdentity&Version=2011-06-15")
	want, err := url.Parse(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, err := l.Verify(t.Context(), token)
		if (err == nil) != (id.Principal.ARN != "") {
			t.Fatalf("%v: %+v", err, id.Principal)
		}
		if err != nil {
			return
		}
		if text, ok := strings.CutPrefix(token, "k8s-aws-v1."); ok {
			decoded, _ := base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
			token = string(decoded)
		}
		u, err := url.Parse(token)
		if err != nil || u.Query().Get("X-Amz-Signature") != want.Query().Get("X-Amz-Signature") || id.Principal.ARN != adaARN {
			t.Errorf("%q logs %s in", token, id.Principal.ARN)
		}
	})
}
