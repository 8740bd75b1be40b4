package sts_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestIssueRoleSession: what is issued is what another request's lookup finds, with everything that
// was asked for.
func TestIssueRoleSession(t *testing.T) {
	t.Parallel()
	p := single(t)
	p.clock.Set(start.Add(999 * time.Millisecond))
	mfa := start.Add(-time.Minute)
	s := riding()
	s.Tags, s.TransitiveTags = map[string]string{"team": "night", "cost": "7"}, []string{"cost"}
	s.SourceIdentity, s.MFAPresent, s.MFA = "ada", true, mfa
	s.Federated = &sigv4auth.FederatedIdentity{
		Provider: "accounts.example.com", Subject: "248289761001", Audience: "wildrydes", Methods: []string{"pwd", "otp"},
	}
	s.Policy, s.PolicyARNs = document(`"ride:Read"`), []string{"arn:aws:iam::aws:policy/Book"}
	s.Asker = asking()
	i := p.issue(s)
	c := i.Credential
	if len(c.AccessKeyID) != 20 || !strings.HasPrefix(c.AccessKeyID, "ASIA") || len(c.Secret.Reveal()) != 40 {
		t.Errorf("the access key ID %q, a secret of %d characters", c.AccessKeyID, len(c.Secret.Reveal()))
	}
	wantPrincipal := iampolicy.Principal{
		ARN: "arn:aws:sts::111122223333:assumed-role/Rider/alice", AccountID: account, UserID: "AROARIDER:alice",
		RoleARN: riderARN, Type: iampolicy.AssumedRole, Tags: map[string]string{"team": "riders", "site": "home"},
	}
	if diff := cmp.Diff(wantPrincipal, c.Principal); diff != "" {
		t.Error(diff)
	}
	wantSession := sigv4auth.Session{
		IssuedAt: start, Tags: s.Tags, MFA: mfa, MFAPresent: true, SourceIdentity: "ada", Federated: s.Federated,
	}
	if diff := cmp.Diff(wantSession, *c.Session, cmpopts.IgnoreFields(sigv4auth.Session{}, "Policies")); diff != "" {
		t.Error(diff)
	}
	if !c.Expires.Equal(start.Add(time.Hour)) || c.Revision != "state 0" || p.allowed(c) != "Read Book" {
		t.Errorf("expires %v, revision %q, allows %q", c.Expires, c.Revision, p.allowed(c))
	}
	found, err := p.find(i)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(found.Principal, c.Principal); diff != "" || !found.Secret.Equal(c.Secret.Reveal()) ||
		!found.SessionToken.Equal(c.SessionToken.Reveal()) || !found.Expires.Equal(c.Expires) || p.allowed(found) != "Read Book" {
		t.Errorf("what is found is not what was issued: %s", diff)
	}
	said, err := p.Session(c.AccessKeyID, c.SessionToken.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	want := s
	want.RoleID, want.IssuedAt, want.Expires = "AROARIDER", start, start.Add(time.Hour)
	want.Policy = strings.ReplaceAll(s.Policy, " ", "")
	for _, got := range []sts.Session{said, i.Session} {
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(sts.Session{})); diff != "" {
			t.Error(diff)
		}
	}
	// Nothing that was handed out is the store's.
	said.Tags["team"], i.Session.Tags["team"], c.Principal.Tags["team"] = "x", "x", "x"
	said.Federated.Methods[0], s.Tags["team"] = "x", "x"
	if again, _ := p.find(i); again.Session.Tags["team"] != "night" || again.Principal.Tags["team"] != "riders" ||
		again.Session.Federated.Methods[0] != "pwd" {
		t.Error("what the caller changes is the store's")
	}
}

// TestIssueForUsers: the principals of a user's own session and of a federated user, and that a
// root user may have both.
func TestIssueForUsers(t *testing.T) {
	t.Parallel()
	p := single(t)
	root := sts.Asker{AccessKeyID: rootKey, ARN: rootARN, UserID: account}
	for _, c := range []struct {
		name  string
		s     sts.Session
		want  iampolicy.Principal
		allow string
	}{
		{"user", selfSession(), iampolicy.Principal{
			ARN: adaARN, AccountID: account, UserID: "AIDAADA", Type: iampolicy.User, Tags: map[string]string{"team": "ops"},
		}, "Read Book Close"},
		{"federated", federated(), iampolicy.Principal{
			ARN: "arn:aws:sts::111122223333:federated-user/bob", AccountID: account, UserID: "111122223333:bob", UserARN: adaARN,
			BaseUserID: "AIDAADA",
			Type:       iampolicy.FederatedUser, Tags: map[string]string{"team": "ops"},
		}, "Read Book"},
		{"federated without policies", sts.Session{Kind: sts.FederatedUser, Name: "bob", Asker: asking()}, iampolicy.Principal{
			ARN: "arn:aws:sts::111122223333:federated-user/bob", AccountID: account, UserID: "111122223333:bob", UserARN: adaARN,
			BaseUserID: "AIDAADA",
			Type:       iampolicy.FederatedUser, Tags: map[string]string{"team": "ops"},
		}, ""},
		{"root", sts.Session{Kind: sts.UserSession, Asker: root}, iampolicy.Principal{
			ARN: rootARN, AccountID: account, UserID: account, Type: iampolicy.Account,
		}, "Read Book Close"},
		{"federated by root", sts.Session{Kind: sts.FederatedUser, Name: "bob", Asker: root}, iampolicy.Principal{
			ARN: "arn:aws:sts::111122223333:federated-user/bob", AccountID: account, UserID: "111122223333:bob",
			BaseUserID: account, Type: iampolicy.FederatedUser,
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := p.issue(c.s)
			got, err := p.find(i)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Principal); diff != "" {
				t.Error(diff)
			}
			if typ := got.Principal.EffectiveType(); typ != c.want.Type {
				t.Errorf("the principal contradicts itself: it is %q", typ)
			}
			if p.allowed(got) != c.allow {
				t.Errorf("allows %q; want %q", p.allowed(got), c.allow)
			}
		})
	}
}

// TestIssueRefused: each mistake is named, and no token comes with it.
func TestIssueRefused(t *testing.T) {
	t.Parallel()
	p := single(t)
	many := func(n int) map[string]string {
		tags := map[string]string{}
		for i := range n {
			tags[fmt.Sprintf("k%d", i)] = ""
		}
		return tags
	}
	for _, c := range []struct {
		field string
		edit  func(g *sts.Grant)
	}{
		{"Kind", func(g *sts.Grant) { g.Session.Kind = 0 }},
		{"Kind", func(g *sts.Grant) { g.Session.Kind = 4 }},
		{"RoleARN", func(g *sts.Grant) { g.Session.RoleARN = "" }},
		{"RoleARN", func(g *sts.Grant) { g.Session.RoleARN = adaARN }},
		{"RoleARN", func(g *sts.Grant) { g.Session = selfSession(); g.Session.RoleARN = riderARN }},
		{"RoleARN", func(g *sts.Grant) { g.Session = federated(); g.Session.RoleID = "AROARIDER" }},
		{"Name", func(g *sts.Grant) { g.Session.Name = "a" }},
		{"Name", func(g *sts.Grant) { g.Session.Name = "a/b" }},
		{"Name", func(g *sts.Grant) { g.Session = federated(); g.Session.Name = strings.Repeat("b", 33) }},
		{"Kind", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Name = "alice" }},
		{"Kind", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Tags = many(1) }},
		{"Kind", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Policy = document(`"*"`) }},
		{"Kind", func(g *sts.Grant) {
			g.Session = selfSession()
			g.Session.PolicyARNs = []string{"arn:aws:iam::aws:policy/Book"}
		}},
		{"Asker", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Asker = sts.Asker{} }},
		{"Asker", func(g *sts.Grant) { g.Session = federated(); g.Session.Asker.AccessKeyID = "" }},
		{"Asker", func(g *sts.Grant) { g.Session.Asker.ARN = adaARN }},
		{"Asker", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Asker.ARN = riderARN }},
		{"Asker", func(g *sts.Grant) { g.Session = selfSession(); g.Session.Asker.UserID = "" }},
		{"Tags", func(g *sts.Grant) { g.Session.Tags = many(51) }},
		{"Tags", func(g *sts.Grant) { g.Session.Tags = map[string]string{"a": "", "A": ""} }},
		{"Tags", func(g *sts.Grant) { g.Session.Tags = map[string]string{"a": "\n"} }},
		{"TransitiveTags", func(g *sts.Grant) { g.Session.TransitiveTags = []string{"a"} }},
		{"TransitiveTags", func(g *sts.Grant) { g.Session.Tags, g.Session.TransitiveTags = many(1), []string{"k0", "k0"} }},
		{"SourceIdentity", func(g *sts.Grant) { g.Session.SourceIdentity = "a b" }},
		{"MFA", func(g *sts.Grant) { g.Session.MFA = start }},
		{"Federated", func(g *sts.Grant) { g.Session.Federated = &sigv4auth.FederatedIdentity{} }},
		{"Federated", func(g *sts.Grant) {
			g.Session.Federated = &sigv4auth.FederatedIdentity{Provider: "a", Methods: slices.Repeat([]string{"x"}, 25)}
		}},
		{"Federated", func(g *sts.Grant) {
			g.Session.Federated = &sigv4auth.FederatedIdentity{Provider: "a", Subject: "x\x00"}
		}},
		{"Policy", func(g *sts.Grant) { g.Session.Policy = "{}" }},
		{"Policy", func(g *sts.Grant) { g.Session.Policy = document(`"` + strings.Repeat("x", 2048) + `:y"`) }},
		{"PolicyARNs", func(g *sts.Grant) { g.Session.PolicyARNs = []string{"ReadOnly"} }},
		{"PolicyARNs", func(g *sts.Grant) { g.Session.PolicyARNs = []string{"arn:aws:iam::aws:policy/None"} }},
		{"PolicyARNs", func(g *sts.Grant) { g.Session.PolicyARNs = slices.Repeat([]string{"arn:aws:iam::aws:policy/Book"}, 2) }},
		{"PolicyARNs", func(g *sts.Grant) {
			for i := range 11 {
				g.Session.PolicyARNs = append(g.Session.PolicyARNs, fmt.Sprintf("arn:aws:iam::aws:policy/P%d", i))
			}
		}},
		{"MinTokenSize", func(g *sts.Grant) { g.MinTokenSize = -1 }},
		{"MinTokenSize", func(g *sts.Grant) { g.MinTokenSize = 4097 }},
		{"Duration", func(g *sts.Grant) { g.Duration = 15*time.Minute - time.Second }},
		{"Duration", func(g *sts.Grant) { g.Duration = 12*time.Hour + time.Second }},
		{"Duration", func(g *sts.Grant) { g.Session, g.Duration = selfSession(), 36*time.Hour+time.Second }},
		{"Duration", func(g *sts.Grant) {
			g.Session = selfSession()
			g.Session.Asker, g.Duration = sts.Asker{AccessKeyID: rootKey, ARN: rootARN, UserID: account}, time.Hour+time.Second
		}},
	} {
		g := sts.Grant{Session: riding(), Duration: time.Hour}
		c.edit(&g)
		i, err := p.Issue(t.Context(), g)
		if err == nil || !strings.Contains(err.Error(), "."+c.field+":") || i.Credential.AccessKeyID != "" {
			t.Errorf("%s: %v", c.field, err)
		}
	}
	for _, d := range []time.Duration{15 * time.Minute, 12 * time.Hour} {
		if _, err := p.Issue(t.Context(), sts.Grant{Session: riding(), Duration: d}); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Issue(t.Context(), sts.Grant{Session: selfSession(), Duration: 36 * time.Hour}); err != nil {
		t.Error(err)
	}
	p.dir.change(riderARN, func() {
		r := p.dir.roles[riderARN]
		r.MaxSession = 0
		p.dir.roles[riderARN] = r
	})
	if _, err := p.Issue(t.Context(), sts.Grant{Session: riding(), Duration: time.Hour + time.Second}); err == nil {
		t.Error("a role that says nothing has sessions of more than an hour")
	}
}

// TestIssueForNobody: a role that is gone, or is another one, and an asker that is gone have no
// sessions; a store that fails is no answer (threats 201 and 207).
func TestIssueForNobody(t *testing.T) {
	t.Parallel()
	p := single(t)
	other := riding()
	other.RoleID = "AROAOTHER"
	gone := riding()
	gone.RoleARN += "x"
	stranger := selfSession()
	stranger.Asker.AccessKeyID = "AKIANOBODY"
	another := federated()
	another.Asker.UserID = "AIDAOTHER"
	for _, c := range []struct {
		name string
		s    sts.Session
		want error
	}{
		{"a role made again", other, sigv4auth.ErrNoSuchRole},
		{"no role", gone, sigv4auth.ErrNoSuchRole},
		{"no key", stranger, sigv4auth.ErrUnrecognizedClient},
		{"another user's key", another, sigv4auth.ErrUnrecognizedClient},
	} {
		if _, err := p.Issue(t.Context(), sts.Grant{Session: c.s, Duration: time.Hour}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	p.dir.change(riderARN, func() { p.dir.roles[riderARN] = sigv4auth.Role{ARN: riderARN} })
	if _, err := p.Issue(t.Context(), sts.Grant{Session: riding(), Duration: time.Hour}); err == nil {
		t.Error("a role without a unique ID has a session")
	}
	p.dir.fails = errors.New("connection refused")
	for _, s := range []sts.Session{riding(), selfSession()} {
		if _, err := p.Issue(t.Context(), sts.Grant{Session: s, Duration: time.Hour}); !errors.Is(err, p.dir.fails) {
			t.Errorf("a store that fails: %v", err)
		}
	}
}

// TestTokenSizes: an ordinary session has a token of at most 900 bytes, without session policies;
// the least size is honoured, and what has more than 4,096 is refused, with the size.
func TestTokenSizes(t *testing.T) {
	t.Parallel()
	p := single(t)
	ordinary := riding()
	ordinary.Name, ordinary.SourceIdentity = "botocore-session-1764504000", "ada.lovelace@example.com"
	ordinary.Tags = map[string]string{"Project": "wild-rydes", "CostCenter": "4711", "Department": "Operations"}
	ordinary.TransitiveTags = []string{"CostCenter"}
	ordinary.Asker, ordinary.MFAPresent, ordinary.MFA = asking(), true, start
	ordinary.Federated = &sigv4auth.FederatedIdentity{
		Provider: "cognito-identity.amazonaws.com", Subject: "us-east-1:12345678-1234-1234-1234-123456790ab",
		Audience: "us-east-1:12345678-ffff-ffff-ffff-123456", Methods: []string{"authenticated"},
	}
	for name, s := range map[string]sts.Session{"plain": riding(), "ordinary": ordinary, "user": selfSession()} {
		i := p.issue(s)
		t.Logf("%s: %d bytes", name, i.TokenSize)
		if i.TokenSize > 900 || i.TokenSize != len(i.Credential.SessionToken.Reveal()) {
			t.Errorf("%s: %d bytes", name, i.TokenSize)
		}
		if (i.PackedPolicySize > 0) != (len(s.Tags) > 0) || i.TokenUtilization != (100*i.TokenSize+4095)/4096 {
			t.Errorf("%s: of %d bytes %d %%, policies and tags %d %%", name, i.TokenSize, i.TokenUtilization, i.PackedPolicySize)
		}
	}
	for _, least := range []int{0, 1, 256, 1000, 1001, 1002, 1003, 4093, 4096} {
		i, err := p.Issue(t.Context(), sts.Grant{Session: riding(), Duration: time.Hour, MinTokenSize: least})
		if err != nil {
			t.Fatal(err)
		}
		if i.TokenSize < least || least > 500 && i.TokenSize > least+3 || i.PackedPolicySize != 0 {
			t.Errorf("at least %d: %d, and %d %% packed", least, i.TokenSize, i.PackedPolicySize)
		}
		if _, err := p.find(i); err != nil {
			t.Errorf("at least %d: %v", least, err)
		}
	}
	large := riding()
	large.Policy = document(`"ride:Read"`)
	large.Tags = map[string]string{}
	before := 0
	for n := range 50 {
		large.Tags[fmt.Sprintf("key-%02d", n)] = strings.Repeat("v", 80)
		i, err := p.Issue(t.Context(), sts.Grant{Session: large, Duration: time.Hour})
		if err != nil {
			tooLarge, ok := errors.AsType[*sts.TokenTooLargeError](err)
			if !ok || tooLarge.Size <= sts.MaxTokenSize || before < sts.MaxTokenSize-200 ||
				!strings.Contains(err.Error(), fmt.Sprint(tooLarge.Size)) {
				t.Errorf("with %d tags, after %d bytes: %v", n+1, before, err)
			}
			return
		}
		before = i.TokenSize
		if i.TokenSize > sts.MaxTokenSize || i.PackedPolicySize < 1 || i.PackedPolicySize > 100 {
			t.Errorf("%d bytes, %d %% packed", i.TokenSize, i.PackedPolicySize)
		}
	}
	t.Error("every session fits into a token")
}
