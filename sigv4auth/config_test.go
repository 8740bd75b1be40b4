package sigv4auth_test

import (
	"errors"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// staticCaller is a store of one key, of the caller p.
func staticCaller(p iampolicy.Principal) sigv4auth.CredentialStore {
	return sigv4auth.StaticCredentials(sigv4auth.Credential{AccessKeyID: "a", Secret: sigv4auth.NewSecret("s"), Principal: p})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field  string
		change func(*sigv4auth.Config)
	}{
		{"Config.Region", func(c *sigv4auth.Config) { c.Region = "" }},
		{"Config.Region", func(c *sigv4auth.Config) { c.Region = "us/east" }},
		{"Config.Region", func(c *sigv4auth.Config) { c.Region = strings.Repeat("a", 65) }},
		{"Config.Service", func(c *sigv4auth.Config) { c.Service = "" }},
		{"Config.Service", func(c *sigv4auth.Config) { c.Service = "a b" }},
		{"Config.Credentials", func(c *sigv4auth.Config) { c.Credentials = nil }},
		{"Config.Credentials", func(c *sigv4auth.Config) { c.Credentials = sigv4auth.FromAWS(nil, userPrincipal) }},
		{"Config.Credentials", func(c *sigv4auth.Config) { c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{}) }},
		{"Config.Credentials", func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{AccessKeyID: "a"})
		}},
		{"Config.Credentials", func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{AccessKeyID: "a/b", Secret: sigv4auth.NewSecret("s")})
		}},
		{"Config.Credentials", func(c *sigv4auth.Config) {
			k := sigv4auth.Credential{AccessKeyID: "a", Secret: sigv4auth.NewSecret("s")}
			c.Credentials = sigv4auth.StaticCredentials(k, k)
		}},
		{"Config.Credentials", func(c *sigv4auth.Config) { c.Credentials = staticCaller(iampolicy.Principal{ARN: "alice"}) }},
		{"Config.Credentials", func(c *sigv4auth.Config) {
			c.Credentials = sigv4auth.FromAWS(aws.AnonymousCredentials{}, iampolicy.Principal{ARN: "user/alice"})
		}},
		{"Config.ClockSkew", func(c *sigv4auth.Config) { c.ClockSkew = -time.Second }},
		{"Config.ClockSkew", func(c *sigv4auth.Config) { c.ClockSkew = 15*time.Minute + time.Second }},
		{"Config.ClockSkew", func(c *sigv4auth.Config) { c.ClockSkew = time.Millisecond }},
		{"Config.MaxPresignExpiry", func(c *sigv4auth.Config) { c.MaxPresignExpiry = -1 }},
		{"Config.MaxPresignExpiry", func(c *sigv4auth.Config) { c.MaxPresignExpiry = -time.Hour }},
		{"Config.MaxPresignExpiry", func(c *sigv4auth.Config) { c.MaxPresignExpiry = 7*24*time.Hour + time.Second }},
		{"Config.MaxPresignExpiry", func(c *sigv4auth.Config) { c.MaxPresignExpiry = time.Hour + time.Millisecond }},
		{"Config.PresignExpiresOptional", func(c *sigv4auth.Config) { c.PresignExpiresOptional, c.MaxPresignExpiry = true, 0 }},
		{"Config.PresignExpiresOptional", func(c *sigv4auth.Config) { c.PresignExpiresOptional, c.Service, c.Path = true, "s3", sigv4auth.PathS3 }},
		{"Config.MaxBodyBytes", func(c *sigv4auth.Config) { c.MaxBodyBytes = -1 }},
		{"Config.MaxUndeclaredBytes", func(c *sigv4auth.Config) { c.MaxUndeclaredBytes = -1 }},
		{"Config.Path", func(c *sigv4auth.Config) { c.Path = 9 }},
		{"Config.Payloads", func(c *sigv4auth.Config) { c.Payloads = 1 << 7 }},
		{"Config.Algorithms", func(c *sigv4auth.Config) { c.Algorithms = 1 << 7 }},
		{"Config.RequiredHeaders[0]", func(c *sigv4auth.Config) { c.RequiredHeaders = []string{"a b"} }},
		{"Config.MaxDrainBytes", func(c *sigv4auth.Config) { c.MaxDrainBytes = -1 }},
		{"Config.MaxDrainTime", func(c *sigv4auth.Config) { c.MaxDrainTime = -time.Second }},
		{"Config.MaxDrainTime", func(c *sigv4auth.Config) { c.MaxDrainTime = time.Minute + time.Millisecond }},
		{"Config.MaxDrainTime", func(c *sigv4auth.Config) { c.MaxDrainTime = time.Microsecond }},
		{"Config.StripHeaders[1]", func(c *sigv4auth.Config) { c.StripHeaders = []string{"A", ""} }},
		{"Config.Hosts", func(c *sigv4auth.Config) { c.Hosts = []string{} }},
		{"Config.Hosts[0]", func(c *sigv4auth.Config) { c.Hosts = []string{"http://a"} }},
		{"Config.KeyCacheSize", func(c *sigv4auth.Config) { c.KeyCacheSize = -1 }},
	}
	for _, tt := range tests {
		cfg := testConfig()
		tt.change(&cfg)
		_, err := sigv4auth.New(cfg)
		if e, ok := errors.AsType[*sigv4auth.ConfigError](err); !ok || e.Field != tt.field ||
			!strings.HasPrefix(err.Error(), "sigv4auth: "+tt.field+" ") {
			t.Errorf("%s: %v", tt.field, err)
		}
	}
	for _, caller := range []iampolicy.Principal{
		{}, userPrincipal, {ARN: "lambda.amazonaws.com"}, {ARN: "scheduler", Type: iampolicy.Service},
	} {
		cfg := testConfig()
		cfg.Credentials = staticCaller(caller)
		if _, err := sigv4auth.New(cfg); err != nil {
			t.Errorf("%+v: %v", caller, err)
		}
	}
	for c := range 256 {
		cfg := testConfig()
		cfg.Region = "us" + string([]byte{byte(c)})
		valid := strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", rune(c))
		if _, err := sigv4auth.New(cfg); (err == nil) != valid {
			t.Errorf("the region %q: %v", cfg.Region, err)
		}
	}
	cfg := testConfig()
	cfg.KeyCacheSize = -1
	if _, err := sigv4auth.New(cfg); err == nil || !strings.Contains(err.Error(), "must not be negative: -1") {
		t.Errorf("a negative size of the cache: %v", err)
	}
	_, err := sigv4auth.New(sigv4auth.Config{ClockSkew: -1})
	for _, field := range []string{"Config.Region", "Config.Service", "Config.Credentials", "Config.ClockSkew"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("not every mistake is reported at once: %v lacks %s", err, field)
		}
	}
}

// TestNewCopies: what becomes of a Config after New has no effect.
func TestNewCopies(t *testing.T) {
	t.Parallel()
	hosts, required, strip, networks := []string{"example.com"}, []string{"X-Trace"}, []string{"X-Remote-User"},
		[]netip.Prefix{peerNetwork[0]}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Hosts, c.RequiredHeaders, c.StripHeaders = hosts, required, strip
		c.Proxies = sigv4auth.TrustedProxies{Networks: networks, HostHeader: "X-Forwarded-Host"}
	})
	hosts[0], required[0], strip[0], networks[0] = "evil.example", "X-Other", "X-Other", netip.MustParsePrefix("203.0.113.0/24")
	r := sign(t, rides(), signing{})
	r.Host = "backend"
	r.Header.Set("X-Forwarded-Host", "example.com")
	r.Header.Set("X-Remote-User", "root")
	var handler spy
	a.Handler(&handler).ServeHTTP(httptest.NewRecorder(), r)
	if handler.ran != 1 || handler.r.Header.Get("X-Remote-User") != "" {
		t.Errorf("the handler ran %d times, with %v", handler.ran, handler.r)
	}
	r = sign(t, rides(), signing{})
	r.Header.Set("X-Trace", "1")
	if _, err := a.Verify(r); !errors.Is(err, sigv4auth.ErrHeaderNotSigned) {
		t.Errorf("a required header that is not signed: %v", err)
	}
}

func TestNewAuthorizerRefuses(t *testing.T) {
	t.Parallel()
	identity, err := iampolicy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}}`),
		iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{})
	for _, field := range []string{"AuthorizerConfig.Policies", "AuthorizerConfig.Target"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v lacks %s", err, field)
		}
	}
	_, err = sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		ResourcePolicy: identity, Target: sigv4auth.APIGateway{}.Target, ResourceAccount: sigv4auth.AccountInARN,
	})
	if err == nil || !strings.Contains(err.Error(), "AuthorizerConfig.ResourcePolicy") {
		t.Errorf("an identity policy as resource policy: %v", err)
	}
}

func TestRequirePanics(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, nil)
	for name, f := range map[string]func(){
		"threat 148: a nil Check":   func() { a.Require(nil) },
		"threat 148: a nil handler": func() { a.Handler(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			f()
		}()
	}
}
