package sts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestEndpointConfig: every mistake is told at once, those of the Authenticator too.
func TestEndpointConfig(t *testing.T) {
	t.Parallel()
	_, err := sts.NewEndpoint(sts.EndpointConfig{
		Auth: sigv4auth.Config{
			Service: "iam", Credentials: sigv4auth.StaticCredentials(), Denied: sigv4auth.WriteS3Error,
			Payloads: sigv4auth.InsecureUnsigned,
		},
		WebIdentitiesAtOnce: -1, WebIdentitiesPerMinute: -1,
	})
	for _, field := range []string{
		"Store", "Auth.Service", "Auth.Credentials", "Auth.Denied", "Auth.Payloads", "WebIdentitiesAtOnce", "WebIdentitiesPerMinute",
	} {
		if err == nil || !strings.Contains(err.Error(), "EndpointConfig."+field) {
			t.Errorf("%s is not named: %v", field, err)
		}
	}
	p := single(t)
	if _, err := sts.NewEndpoint(sts.EndpointConfig{Store: p.Store}); err == nil || !strings.Contains(err.Error(), "Config.Region") {
		t.Errorf("without a region: %v", err)
	}
	if _, err := sts.NewEndpoint(sts.EndpointConfig{
		Store: p.Store, Auth: sigv4auth.Config{Region: "us-east-1"},
		Regions: []string{"a b"},
	}); err == nil {
		t.Error("a region that is none")
	}
}

// recorded are AWS's own answers, by test and step.
type recorded map[string]struct {
	Content map[string]struct {
		Error            struct{ Code, Message, Type string }
		ResponseMetadata struct{ HTTPStatusCode int }
	} `json:"recorded-content"`
}

var placeholder = regexp.MustCompile("<[^>]*>")

// TestRecordedAnswers: what AWS answered to mistakes, the endpoint answers: code, message, fault
// and status. The answers that succeeded have the same members, of the same form.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(testneed.Shared(t, "answers", "sts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers recorded
	if err := json.Unmarshal(text, &answers); err != nil {
		t.Fatal(err)
	}
	tag := func(n int, key string) []string {
		member := fmt.Sprintf("Tags.member.%d.", n)
		return []string{member + "Key", key, member + "Value", "v"}
	}
	d, roles := chain(t)
	first := d.assume(d.key(adaKey), roles[0], append(tag(1, "SessionTag1"), "TransitiveTagKeys.member.1", "SessionTag1")...).credential()
	ada := d.key(adaKey)
	seen := 0
	for _, c := range []struct {
		test, step string
		a          reply
	}{
		{"test_assume_role_tag_validation", "invalid-transitive-tag-keys", d.assume(ada, riderARN, append(tag(1, "a"), "TransitiveTagKeys.member.1", "b")...)},
		{"test_assume_role_tag_validation", "duplicate-tag-keys-different-casing", d.assume(ada, riderARN, append(tag(1, "Aa"), tag(2, "aA")...)...)},
		{"test_iam_role_chaining_override_transitive_tags", "override-transitive-tag-error", d.assume(first, roles[1], tag(1, "SessionTag1")...)},
		{"test_iam_role_chaining_override_transitive_tags", "override-transitive-tag-case-ignore-error", d.assume(first, roles[1], tag(1, "sessiontag1")...)},
		{"test_sts_invalid_parameters", "malformed-arn", d.assume(ada, "nothing-valid-in-here")},
		{"test_sts_invalid_parameters", "no-partition", d.assume(ada, "arn::b:::something/test-role")},
		{"test_sts_invalid_parameters", "no-service", d.assume(ada, "arn:a::::something/test-role")},
		{"test_sts_invalid_parameters", "not-enough-colons", d.assume(ada, "arn:a:::something/test-role")},
		{"test_sts_invalid_parameters", "no-resource", d.assume(ada, "arn:a:a::aaaaaaaaaa:")},
		{"test_sts_invalid_parameters", "invalid-session-name", d.assume(ada, riderARN, "RoleSessionName", "Session1:2")},
	} {
		want, ok := answers[c.test].Content[c.step]
		if !ok {
			t.Errorf("%s, %s is not recorded", c.test, c.step)
		}
		seen++
		if c.a.code != want.Error.Code || c.a.message != want.Error.Message || c.a.text("Type") != want.Error.Type ||
			c.a.status != want.ResponseMetadata.HTTPStatusCode {
			t.Errorf("%s: %d %s; want %+v", c.step, c.a.status, c.a.body, want)
		}
	}
	for _, a := range answers {
		for _, want := range a.Content {
			if want.Error.Code != "" {
				seen--
			}
		}
	}
	if seen != 0 {
		t.Errorf("%d recorded errors are not tried", -seen)
	}
	var members map[string]struct {
		Content map[string]map[string]json.RawMessage `json:"recorded-content"`
	}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		test, step string
		a          reply
	}{
		{"test_assume_role", "assume-role", d.assume(ada, riderARN)},
		{"test_get_federation_token", "get-federation-token", d.call(ada, "GetFederationToken", "Name", "bob")},
	} {
		for name, value := range members[c.test].Content[c.step] {
			if name == "ResponseMetadata" {
				continue
			}
			var inner map[string]string
			if json.Unmarshal(value, &inner) != nil {
				inner = map[string]string{name: string(value)}
			}
			if !c.a.has(name) || len(inner) == 0 {
				t.Errorf("%s has no %s: %s", c.step, name, c.a.body)
			}
			for member, text := range inner {
				// What differs from run to run has a placeholder.
				text = strings.ReplaceAll(placeholder.ReplaceAllString(regexp.QuoteMeta(text), ".+"), "111111111111", account)
				if got := c.a.text(member); !regexp.MustCompile("^"+text+"$").MatchString(got) || got == "" {
					t.Errorf("%s has %q in %s.%s; want %s", c.step, got, name, member, text)
				}
			}
		}
	}
}

// TestEndpointCanaries: nothing secret, of what was sent or issued, is in an event, an error, a log
// or in what prints an Endpoint.
func TestEndpointCanaries(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	d, v := webDesk(t, func(c *sts.EndpointConfig) {
		c.Auth.Observe.DiagnosesPerMinute = 600
		audit := c.Auth.Observe.Audit
		c.Auth.Observe.Audit = func(ctx context.Context, e sigv4auth.Event) {
			log.InfoContext(ctx, "request", "event", e)
			audit(ctx, e)
		}
		c.Failed = func(ctx context.Context, err error) {
			log.ErrorContext(ctx, "failed", "err", fmt.Sprintf("%v %+v", err, err))
		}
		c.MFA = &devices{used: map[string]bool{}}
		c.IdentityTokens = signer{fails: fmt.Errorf("no")}
	})
	d.trust(hubARN, trusting(`"AWS": "`+adaARN+`"`))
	const jwt = "eyJhbGciOiJub25lIn0.canary.canary"
	v.known[jwt] = github()
	secrets := []string{jwt, "998877", "a-long-term-secret"}
	note := func(a reply) sigv4auth.Credential {
		c := a.credential()
		if a.status == 200 && c.AccessKeyID != "" {
			secrets = append(secrets, c.Secret.Reveal(), c.SessionToken.Reveal())
		}
		return c
	}
	ada := d.key(adaKey)
	hub := note(d.assume(ada, hubARN))
	note(d.web(jwt))
	note(d.web(jwt + "x"))
	note(d.call(ada, "GetSessionToken", "SerialNumber", "arn:aws:iam::111122223333:mfa/ada", "TokenCode", "998877"))
	note(d.call(ada, "GetFederationToken", "Name", "bob"))
	note(d.call(ada, "GetWebIdentityToken", "Audience.member.1", "a", "SigningAlgorithm", "RS256"))
	note(d.assume(hub, riderARN))
	note(d.assume(hub, "arn:aws:iam::x"))
	wrong := hub
	wrong.Secret = sigv4auth.NewSecret("a-long-term-secret-x")
	note(d.assume(wrong, riderARN))
	wrong = hub
	wrong.SessionToken = sigv4auth.NewSecret(hub.SessionToken.Reveal()[1:])
	note(d.assume(wrong, riderARN))
	text := said.String() + fmt.Sprintf("%+v %+v", d.events, d.failed)
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is told: %.12s…", secret)
		}
	}
	if !strings.Contains(text, "sts:AssumeRoleWithWebIdentity") || len(secrets) < 8 {
		t.Errorf("only %d secrets; %s", len(secrets), text)
	}
}

// TestChildNeverExceedsParent: threat 201. Whatever the user's policies, the session policies and
// the policies of the role allow, a session of the user never does what the user may not, nor a
// session what its session policies do not.
func TestChildNeverExceedsParent(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	actions := []string{"ride:Read", "ride:Book", "ride:Cancel", "ride:*", "*", "sts:*"}
	some := func() string {
		var picked []string
		for range 1 + random.IntN(3) {
			picked = append(picked, `"`+actions[random.IntN(len(actions))]+`"`)
		}
		return "[" + strings.Join(picked, ", ") + "]"
	}
	statements := func() []string {
		all := []string{statement(allow, `"Action": `+some(), `"Resource": "*"`), statement(allow, `"Action": "sts:Get*"`,
			`"Resource": "*"`)}
		if random.IntN(3) == 0 {
			all = append(all, statement(`"Effect": "Deny"`, `"Action": "`+actions[random.IntN(3)]+`"`, `"Resource": "*"`))
		}
		return all
	}
	children := 0
	for range 60 {
		d := open(t)
		d.identityPolicy(adaARN, statements()...)
		d.identityPolicy(riderARN, statements()...)
		limit := document(some())
		ada, err := d.Credential(t.Context(), adaKey, "")
		if err != nil {
			t.Fatal(err)
		}
		ada.Session = &sigv4auth.Session{}
		for _, c := range []struct {
			name    string
			a       reply
			ofUser  bool // the user is the parent
			limited bool
		}{
			{"GetSessionToken", d.call(d.key(adaKey), "GetSessionToken"), true, false},
			{"GetFederationToken", d.call(d.key(adaKey), "GetFederationToken", "Name", "bob", "Policy", limit), true, true},
			{"AssumeRole", d.assume(d.key(adaKey), riderARN, "Policy", limit), false, true},
		} {
			if c.a.status != 200 {
				continue
			}
			children++
			issued := c.a.credential()
			child, err := d.Credential(t.Context(), issued.AccessKeyID, issued.SessionToken.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			for _, action := range []string{"ride:Read", "ride:Book", "ride:Cancel", "other:Do"} {
				if !d.may(child, action) {
					continue
				}
				set := iampolicy.Set{Identity: []*iampolicy.Policy{identityOf(limit)}}
				within := iampolicy.Evaluate(&set, &iampolicy.Request{
					Principal: iampolicy.Principal{ARN: adaARN}, Action: action, Resource: "arn:aws:ride:::r", ResourceAccount: account,
				}).Allowed()
				if c.ofUser && !d.may(ada, action) || c.limited && !within {
					t.Errorf("%s may %s, and its parent or its session policy does not", c.name, action)
				}
			}
		}
	}
	if children < 60 {
		t.Errorf("only %d sessions", children)
	}
}

// identityOf parses a session policy as one of an identity.
func identityOf(doc string) *iampolicy.Policy {
	p, err := iampolicy.Parse([]byte(doc), iampolicy.IdentityPolicy)
	if err != nil {
		panic(err)
	}
	return p
}

// TestEndpointPanics: a store that panics refuses, and the next request is served.
func TestEndpointPanics(t *testing.T) {
	t.Parallel()
	d, v := webDesk(t, func(c *sts.EndpointConfig) { c.WebIdentitiesAtOnce = 1 })
	v.known = nil
	d.trustGitHub(`"Null": {"aws:SourceIp": "false"}`)
	d.dir.edit = func(*iampolicy.Set) { panic("secret-value") }
	if a := d.assume(d.key(adaKey), riderARN); a.status != 500 || strings.Contains(a.body, "secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	d.dir.edit = nil
	v.known = map[string]sts.WebIdentity{"github": github()}
	v.panics = true
	for range 3 { // which leaves the place free
		if a := d.web("github"); a.status != 500 || strings.Contains(a.body, "secret") {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	v.panics = false
	if a := d.web("github"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestEndpointAtOnce: many callers at once each get their own session.
func TestEndpointAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	e, err := sts.NewEndpoint(sts.EndpointConfig{Store: d.Store, Auth: sigv4auth.Config{Region: "us-east-1"}})
	if err != nil {
		t.Fatal(err)
	}
	names := make(chan string)
	for i := range 16 {
		go func() {
			name := fmt.Sprintf("caller%d", i)
			w := httptest.NewRecorder()
			e.ServeHTTP(w, d.signer(d.key(adaKey)).Sign(post(form("AssumeRole", "RoleArn", riderARN, "RoleSessionName", name))))
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "assumed-role/Rider/"+name+"<") {
				name = w.Body.String()
			}
			names <- name
		}()
	}
	for range 16 {
		if name := <-names; !strings.HasPrefix(name, "caller") {
			t.Error(name)
		}
	}
}

// FuzzAssumeRole: whatever a form says, who may not assume a role gets no session, and who may gets
// only one of the role that was asked for; no form makes the endpoint fail.
func FuzzAssumeRole(f *testing.F) {
	d, _ := chain(f)
	d.trust(riderARN, trusting(`"AWS": "`+otherARN+`"`))
	d.trust(hubARN, trusting(`"AWS": "`+adaARN+`"`,
		`"Condition": {"StringEquals": {"sts:ExternalId": "x-1", "aws:RequestTag/team": "ops"}}`))
	f.Add("RoleArn=" + riderARN + "&RoleSessionName=alice")
	f.Add("RoleArn=" + hubARN +
		"&RoleSessionName=alice&ExternalId=x-1&Tags.member.1.Key=team&Tags.member.1.Value=ops&TransitiveTagKeys.member.1=team")
	f.Add("RoleArn=" + hubARN +
		"&RoleSessionName=alice&ExternalId=x-1&Tags.member.1.Key=Team&Tags.member.1.Value=ops&Policy={}&DurationSeconds=900")
	f.Add("RoleArn=" + hubARN + "&RoleSessionName=alice&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/Book&SourceIdentity=ada")
	f.Fuzz(func(t *testing.T, parameters string) {
		d.t = t
		d.events = nil
		w := httptest.NewRecorder()
		d.h.ServeHTTP(w, d.signer(d.key(adaKey)).Sign(post("Action=AssumeRole&Version=2011-06-15&"+parameters)))
		a := reply{status: w.Code, body: w.Body.String()}
		if a.status >= 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a.status != 200 {
			return
		}
		e := d.last()
		if e.Resource == riderARN || !e.Decision.Allowed() || e.Action != "sts:AssumeRole" {
			t.Fatalf("%+v", e)
		}
		c := a.credential()
		s, err := d.Session(c.AccessKeyID, c.SessionToken.Reveal())
		if err != nil || s.RoleARN != e.Resource || s.RoleARN == hubARN && tagFold(s, "team") != "ops" {
			t.Fatalf("%v %+v", err, s)
		}
	})
}

func tagFold(s sts.Session, key string) string {
	for k, v := range s.Tags {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// FuzzWebIdentity: whatever claims and tags a token has, a session is of the subject that the trust
// policy names, or there is none.
func FuzzWebIdentity(f *testing.F) {
	d, v := webDesk(f, func(c *sts.EndpointConfig) { c.WebIdentitiesPerMinute = 1 << 30 })
	d.trustGitHub(`"StringEquals": {"token.actions.githubusercontent.com:sub": "alice"}`)
	f.Add("sub", "alice", "team", "ops", "id")
	f.Add("sub", "bob", "", "", "")
	f.Add("SUB", "alice", "a*", "b", "i d")
	f.Fuzz(func(t *testing.T, claim, value, tag, tagValue, identity string) {
		d.t = t
		w := github()
		w.Claims = map[string][]string{w.Provider + ":" + claim: {value}}
		if tag != "" {
			w.Tags = map[string]string{tag: tagValue}
		}
		w.SourceIdentity = identity
		v.known["fuzz"], d.events = w, nil
		a := d.web("fuzz")
		if a.status >= 500 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a.status == 200 && (!strings.EqualFold(claim, "sub") || value != "alice") {
			t.Fatalf("%s=%q: %s", claim, value, a.body)
		}
	})
}

// TestLimiterSources: as many clients as one likes take bounded memory, and do not use up what
// those that come later may (threat 223).
func TestLimiterSources(t *testing.T) {
	t.Parallel()
	l := sts.NewLimiterForTest(2)
	network := func(n int) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, byte(n >> 16), byte(n >> 8), byte(n)})
	}
	for i := range 11_000 {
		l.Ask(network(i), start)
	}
	if got := l.Sources(); got != 10_000 {
		t.Errorf("%d clients are kept", got)
	}
	served := 0
	for i := range 200 {
		if l.Ask(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), start) {
			served++
		}
	}
	if served < 100 {
		t.Errorf("of 200 clients that come late %d are served", served)
	}
	// What all share is bounded too.
	for i := range 30_000 {
		l.Ask(network(i), start)
	}
	if l.Ask(netip.AddrFrom4([4]byte{10, 1, 0, 1}), start) {
		t.Error("the shared counts have no end")
	}
	if !l.Ask(netip.AddrFrom4([4]byte{10, 1, 0, 1}), start.Add(time.Minute)) {
		t.Error("the shared counts do not begin anew")
	}
}

// TestLimiterClock: a clock that was far ahead for a moment does not end the counting (threat 74).
func TestLimiterClock(t *testing.T) {
	t.Parallel()
	client := netip.MustParseAddr("192.0.2.1")
	l := sts.NewLimiterForTest(1)
	for _, c := range []struct {
		after time.Duration
		may   bool
	}{
		{0, true},
		{0, false},
		{24 * time.Hour, true},
		{24*time.Hour - 2*time.Minute, false}, // set back a little
		{time.Minute, true},
		{time.Minute, false},
		{2 * time.Minute, true},
	} {
		if got := l.Ask(client, start.Add(c.after)); got != c.may {
			t.Errorf("%v later: %t", c.after, got)
		}
	}
}

// TestLongCredentialIsCheap: to find the region of a request that nobody has verified takes memory
// for the parts of a credential scope, and not for each slash (threat 222).
//
// It does not run beside others, whose memory it would count.
func TestLongCredentialIsCheap(t *testing.T) {
	d := open(t, func(c *sts.EndpointConfig) { c.Regions = []string{"eu-west-1"} })
	r := post(form("GetCallerIdentity"))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+strings.Repeat("/", 1<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a := d.serve(r)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; a.status == 200 || took > 8<<20 {
		t.Errorf("%d: %d KiB were allocated", a.status, took>>10)
	}
}
