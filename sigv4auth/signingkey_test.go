package sigv4auth_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

// fleetKey is a signing key as a fleet gets it: its bytes, derived elsewhere.
func fleetKey(t *testing.T, secret, date, region, service string) sigv4auth.SigningKey {
	t.Helper()
	s := sigv4auth.Scope{Date: date, Region: region, Service: service}
	derived, err := sigv4auth.DeriveSigningKey(sigv4auth.NewSecret(secret), s)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sigv4auth.NewSigningKey(derived.Reveal(), s)
	if err != nil {
		t.Fatal(err)
	}
	if key.Scope() != s || key.IsZero() || !bytes.Equal(key.Reveal(), derived.Reveal()) {
		t.Fatalf("%+v came back as %+v", s, key.Scope())
	}
	return key
}

// fleetPublicKey is a public key as a fleet gets it: its standard form, derived elsewhere.
func fleetPublicKey(t *testing.T, id, secret string) sigv4auth.PublicKey {
	t.Helper()
	derived, err := sigv4auth.DerivePublicKey(id, sigv4auth.NewSecret(secret))
	if err != nil {
		t.Fatal(err)
	}
	der, err := derived.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	key, err := sigv4auth.ParsePublicKey(der)
	if err != nil || key.IsZero() {
		t.Fatalf("%v, %v", key, err)
	}
	if again, err := key.MarshalBinary(); err != nil || !bytes.Equal(again, der) {
		t.Fatalf("the key came back as another: %v", err)
	}
	return key
}

// storeOf returns what it is given for any key.
func storeOf(c sigv4auth.Credential) sigv4auth.CredentialStore {
	return sigv4test.StoreFunc(func(_ context.Context, id, _ string) (sigv4auth.Credential, error) {
		c.AccessKeyID = id
		return c, nil
	})
}

// TestDerivedKeys: what a credential without a secret verifies, and how the rest is refused.
func TestDerivedKeys(t *testing.T) {
	t.Parallel()
	key := func(date string) sigv4auth.SigningKey { return fleetKey(t, testSecret, date, testRegion, testService) }
	threeDays := []sigv4auth.SigningKey{key("20260101"), key("20260102"), key("20260103")}
	public := fleetPublicKey(t, testKeyID, testSecret)
	today, v4a := signing{}, signing{regions: "*"}
	midnight := time.Date(2026, 1, 3, 0, 1, 0, 0, time.UTC)
	before, after := signing{at: midnight.Add(-2 * time.Minute)}, signing{at: midnight}
	tests := []struct {
		name string
		c    sigv4auth.Credential
		s    signing
		now  time.Time
		code sigv4auth.Reason // "": admitted
	}{
		{"signing keys, today", sigv4auth.Credential{SigningKeys: threeDays}, today, testNow, ""},
		{"a public key, SigV4A", sigv4auth.Credential{PublicKey: public}, v4a, testNow, ""},
		{"both, today", sigv4auth.Credential{SigningKeys: threeDays, PublicKey: public}, today, testNow, ""},
		{"both, SigV4A", sigv4auth.Credential{SigningKeys: threeDays, PublicKey: public}, v4a, testNow, ""},
		{"yesterday's date after midnight", sigv4auth.Credential{SigningKeys: threeDays}, before, midnight, ""},
		{"today's date after midnight", sigv4auth.Credential{SigningKeys: threeDays}, after, midnight, ""},
		{"tomorrow's date before midnight, by a clock that is ahead", sigv4auth.Credential{SigningKeys: threeDays}, after, midnight.Add(-2 * time.Minute), ""},
		{"presigned yesterday", sigv4auth.Credential{SigningKeys: threeDays}, signing{at: testNow.Add(-24 * time.Hour), presign: 48 * time.Hour}, testNow, ""},
		{"a session token", sigv4auth.Credential{SigningKeys: threeDays, SessionToken: sigv4auth.NewSecret(testToken)}, signing{token: testToken}, testNow, ""},
		{
			"a key among those of other services",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{
				fleetKey(t, testSecret, "20260102", testRegion, "s3"),
				{},
				key("20260102"),
			}},
			today, testNow, "",
		},

		{
			"threat 109: no key for today is the store's fault",
			sigv4auth.Credential{SigningKeys: threeDays[:1]},
			today, testNow,
			sigv4auth.ErrServiceUnavailable,
		},
		{
			"threat 109: no key for tomorrow",
			sigv4auth.Credential{SigningKeys: threeDays[:2]},
			after, midnight.Add(-2 * time.Minute),
			sigv4auth.ErrServiceUnavailable,
		},
		{"no key for yesterday any more", sigv4auth.Credential{SigningKeys: threeDays[2:]}, before, midnight, sigv4auth.ErrUnrecognizedClient},
		{
			"no key for the day of a presigned URL any more",
			sigv4auth.Credential{SigningKeys: threeDays[1:]},
			signing{at: testNow.Add(-24 * time.Hour), presign: 48 * time.Hour},
			testNow, sigv4auth.ErrUnrecognizedClient,
		},
		{
			"threat 80: a key for another service",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{fleetKey(t, testSecret, "20260102", testRegion, "s3")}},
			today,
			testNow, sigv4auth.ErrServiceUnavailable,
		},
		{
			"threat 80: a key for another region",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{fleetKey(t, testSecret, "20260102", "eu-west-1", testService)}},
			today,
			testNow, sigv4auth.ErrServiceUnavailable,
		},
		{
			"the key of another secret",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{fleetKey(t, "another", "20260102", testRegion, testService)}},
			today,
			testNow, sigv4auth.ErrSignatureMismatch,
		},
		{
			"the bytes of another date's key",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{misdated(t, threeDays[0], "20260102")}},
			today, testNow,
			sigv4auth.ErrSignatureMismatch,
		},
		{"SigV4A, and only signing keys", sigv4auth.Credential{SigningKeys: threeDays}, v4a, testNow, sigv4auth.ErrUnrecognizedClient},
		{"AWS4-HMAC-SHA256, and only a public key", sigv4auth.Credential{PublicKey: public}, today, testNow, sigv4auth.ErrUnrecognizedClient},
		{
			"the public key of another access key",
			sigv4auth.Credential{PublicKey: fleetPublicKey(t, tempKeyID, testSecret)},
			v4a, testNow,
			sigv4auth.ErrSignatureMismatch,
		},
		{
			"threat 9: the public key as the HMAC's secret",
			sigv4auth.Credential{PublicKey: public},
			signing{secret: string(standardForm(t, public))},
			testNow, sigv4auth.ErrUnrecognizedClient,
		},
		{
			"threat 102: no session token",
			sigv4auth.Credential{SigningKeys: threeDays, SessionToken: sigv4auth.NewSecret(testToken)},
			today, testNow, sigv4auth.ErrUnrecognizedClient,
		},
		{"threat 101: expired", sigv4auth.Credential{SigningKeys: threeDays, Expires: testNow}, today, testNow, sigv4auth.ErrExpiredToken},
		{"threat 15: zero keys only", sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{{}}}, today, testNow, sigv4auth.ErrServiceUnavailable},
		{"threat 15: nothing, SigV4A", sigv4auth.Credential{}, v4a, testNow, sigv4auth.ErrUnrecognizedClient},
		{
			"a secret beside signing keys",
			sigv4auth.Credential{Secret: sigv4auth.NewSecret(testSecret), SigningKeys: threeDays},
			today,
			testNow, sigv4auth.ErrServiceUnavailable,
		},
		{
			"a secret beside a public key",
			sigv4auth.Credential{Secret: sigv4auth.NewSecret(testSecret), PublicKey: public},
			v4a, testNow,
			sigv4auth.ErrServiceUnavailable,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.c.Principal = userPrincipal
			a := newAuthenticator(t, func(c *sigv4auth.Config) {
				withV4A(c)
				c.Credentials, c.Now = storeOf(tt.c), func() time.Time { return tt.now }
			})
			for range 2 { // the second from whatever the first left behind
				id, err := a.Verify(sign(t, ride(), tt.s))
				if tt.code == "" && (err != nil || id.Principal.ARN != userPrincipal.ARN) {
					t.Errorf("%v, %v", id, err)
				}
				if tt.code != "" && !errors.Is(err, tt.code) {
					t.Errorf("%v; want %v", err, tt.code)
				}
			}
		})
	}
}

// misdated passes a key off as another date's.
func misdated(t *testing.T, k sigv4auth.SigningKey, date string) sigv4auth.SigningKey {
	t.Helper()
	s := k.Scope()
	s.Date = date
	k, err := sigv4auth.NewSigningKey(k.Reveal(), s)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestDerivedKeyRotation: a derived key that the store replaces verifies nothing any more, at once:
// threat 104.
func TestDerivedKeyRotation(t *testing.T) {
	t.Parallel()
	var c sigv4auth.Credential
	use := func(secret string) {
		c = sigv4auth.Credential{
			AccessKeyID: testKeyID, Principal: userPrincipal, PublicKey: fleetPublicKey(t, testKeyID, secret),
			SigningKeys: []sigv4auth.SigningKey{fleetKey(t, secret, "20260102", testRegion, testService)},
		}
	}
	a := newAuthenticator(t, func(cfg *sigv4auth.Config) {
		withV4A(cfg)
		cfg.Credentials = sigv4test.StoreFunc(func(context.Context, string, string) (sigv4auth.Credential, error) { return c, nil })
	})
	for _, regions := range []string{"", "*"} {
		use("first")
		if _, err := a.Verify(sign(t, ride(), signing{secret: "first", regions: regions})); err != nil {
			t.Fatal(err)
		}
		use("second")
		if _, err := a.Verify(sign(t, ride(), signing{secret: "first", regions: regions})); !errors.Is(err,
			sigv4auth.ErrSignatureMismatch) {
			t.Errorf("threat 104: the replaced key: %v", err)
		}
		if _, err := a.Verify(sign(t, ride(), signing{secret: "second", regions: regions})); err != nil {
			t.Errorf("the new key: %v", err)
		}
	}
}

// TestLackingKeyCostsTheSame: what refuses a credential that holds nothing for the algorithm costs
// what a wrong signature does: threat 211.
func TestLackingKeyCostsTheSame(t *testing.T) {
	public, signingKeys := fleetPublicKey(t, testKeyID, testSecret),
		[]sigv4auth.SigningKey{fleetKey(t, testSecret, "20260102", testRegion, testService)}
	for name, tt := range map[string]struct {
		lacking, wrong sigv4auth.Credential
		s              signing
	}{
		"AWS4-HMAC-SHA256": {sigv4auth.Credential{PublicKey: public}, sigv4auth.Credential{SigningKeys: signingKeys}, signing{secret: "x"}},
		"SigV4A":           {sigv4auth.Credential{SigningKeys: signingKeys}, sigv4auth.Credential{PublicKey: public}, signing{secret: "x", regions: "*"}},
	} {
		var allocations [2]int
		for i, c := range []sigv4auth.Credential{tt.lacking, tt.wrong} {
			a := newAuthenticator(t, func(cfg *sigv4auth.Config) { withV4A(cfg); cfg.Credentials = storeOf(c) })
			r := sign(t, request("GET", "/prod/rides", ""), tt.s)
			verify := func() {
				if _, err := a.Verify(r); err == nil {
					t.Fatal("admitted")
				}
			}
			verify()
			allocations[i] = int(testing.AllocsPerRun(100, verify))
		}
		if allocations[0] != allocations[1] && !raceDetector {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

// TestSigningKeyAllocatesNothing: a signing key from the store verifies a request without a body at
// no allocation, as one from the cache does.
func TestSigningKeyAllocatesNothing(t *testing.T) {
	keys := []sigv4auth.SigningKey{
		fleetKey(t, testSecret, "20260101", testRegion, testService),
		fleetKey(t, testSecret, "20260102", testRegion, testService),
	}
	var allocations [2]float64
	for i, c := range []sigv4auth.Credential{{Secret: sigv4auth.NewSecret(testSecret)}, {SigningKeys: keys}} {
		c.AccessKeyID, c.Principal = testKeyID, userPrincipal
		a := newAuthenticator(t, func(cfg *sigv4auth.Config) { cfg.Credentials = sigv4auth.StaticCredentials(c) })
		r := sign(t, request("GET", "/prod/rides", ""), signing{})
		allocations[i] = testing.AllocsPerRun(100, func() {
			if _, err := a.Verify(r); err != nil {
				t.Fatal(err)
			}
		})
	}
	if allocations[0] != allocations[1] && !raceDetector { // which allocates
		t.Errorf("%v allocations with a secret, %v with signing keys", allocations[0], allocations[1])
	}
}

func TestSigningKeyRefuses(t *testing.T) {
	t.Parallel()
	good := sigv4auth.Scope{Date: "20260102", Region: testRegion, Service: testService}
	raw := bytes.Repeat([]byte{1}, 32)
	scope := func(change func(*sigv4auth.Scope)) sigv4auth.Scope {
		s := good
		change(&s)
		return s
	}
	tests := []struct {
		name  string
		key   []byte
		scope sigv4auth.Scope
	}{
		{"no key", nil, good},
		{"a key that is too short", raw[:31], good},
		{"a key that is too long", append(raw, 1), good},
		{"a buffer that nobody filled", make([]byte, 32), good},
		{"no scope", raw, sigv4auth.Scope{}},
		{"no region", raw, scope(func(s *sigv4auth.Scope) { s.Region = "" })},
		{"no service", raw, scope(func(s *sigv4auth.Scope) { s.Service = "" })},
		{"a region with a slash", raw, scope(func(s *sigv4auth.Scope) { s.Region = "us/east" })},
		{"a date with hyphens", raw, scope(func(s *sigv4auth.Scope) { s.Date = "2026-01-02" })},
		{"a date with a time", raw, scope(func(s *sigv4auth.Scope) { s.Date = "20260102T030405Z" })},
		{"a date that no calendar has", raw, scope(func(s *sigv4auth.Scope) { s.Date = "20260230" })},
	}
	for _, tt := range tests {
		if k, err := sigv4auth.NewSigningKey(tt.key, tt.scope); err == nil || !k.IsZero() ||
			!strings.HasPrefix(err.Error(), "sigv4auth: ") {
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.scope == good {
			continue
		}
		if k, err := sigv4auth.DeriveSigningKey(sigv4auth.NewSecret(testSecret), tt.scope); err == nil || !k.IsZero() {
			t.Errorf("%s, derived: %v", tt.name, err)
		}
	}
	if _, err := sigv4auth.DeriveSigningKey(sigv4auth.Secret{}, good); err == nil {
		t.Error("threat 15: a key of the empty secret")
	}
	var zero sigv4auth.SigningKey
	if zero.Reveal() != nil || zero.Scope() != (sigv4auth.Scope{}) {
		t.Error("the zero key reveals something")
	}
}

func standardForm(t *testing.T, k sigv4auth.PublicKey) []byte {
	t.Helper()
	der, err := k.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestRevealedKey: what Reveal returns is the caller's, and changing it changes no key.
func TestRevealedKey(t *testing.T) {
	t.Parallel()
	key, err := sigv4auth.DeriveSigningKey(sigv4auth.NewSecret(testSecret),
		sigv4auth.Scope{Date: "20260102", Region: testRegion, Service: testService})
	if err != nil {
		t.Fatal(err)
	}
	first := key.Reveal()
	was := bytes.Clone(first)
	clear(first)
	if !bytes.Equal(key.Reveal(), was) {
		t.Error("a key was changed through what it revealed")
	}
}

func TestPublicKeyRefuses(t *testing.T) {
	t.Parallel()
	good := standardForm(t, fleetPublicKey(t, testKeyID, testSecret))
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherCurve, err := x509.MarshalPKIXPublicKey(&other.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKind, err := x509.MarshalPKIXPublicKey(edwards)
	if err != nil {
		t.Fatal(err)
	}
	offCurve := bytes.Clone(good)
	offCurve[len(offCurve)-1] ^= 1
	for name, der := range map[string][]byte{
		"nothing": nil, "half a key": good[:40], "another curve": otherCurve, "another kind of key": otherKind,
		"a point that is not on the curve": offCurve, "a byte behind the key": append(bytes.Clone(good), 0),
	} {
		if k, err := sigv4auth.ParsePublicKey(der); err == nil || !k.IsZero() || !strings.HasPrefix(err.Error(), "sigv4auth: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := sigv4auth.DerivePublicKey("", sigv4auth.NewSecret(testSecret)); err == nil {
		t.Error("no access key ID: a key")
	}
	if _, err := sigv4auth.DerivePublicKey(testKeyID, sigv4auth.Secret{}); err == nil {
		t.Error("threat 15: a key of the empty secret")
	}
	if _, err := (sigv4auth.PublicKey{}).MarshalBinary(); err == nil {
		t.Error("the zero key is some key")
	}
}

// TestStaticDerivedKeys: StaticCredentials takes derived keys, and New reports what leaves open
// which key counts.
func TestStaticDerivedKeys(t *testing.T) {
	t.Parallel()
	key, public, secret := fleetKey(t, testSecret, "20260102", testRegion, testService), fleetPublicKey(t, testKeyID, testSecret),
		sigv4auth.NewSecret(testSecret)
	tests := []struct {
		name string
		c    sigv4auth.Credential
		want string // "": no mistake
	}{
		{"signing keys", sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{key}}, ""},
		{"a public key", sigv4auth.Credential{PublicKey: public}, ""},
		{"signing keys and a public key", sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{key}, PublicKey: public}, ""},
		{"nothing", sigv4auth.Credential{}, "the secret is empty, and there are no derived keys"},
		{"a secret and signing keys", sigv4auth.Credential{Secret: secret, SigningKeys: []sigv4auth.SigningKey{key}}, "both a secret and derived keys"},
		{"a secret and a public key", sigv4auth.Credential{Secret: secret, PublicKey: public}, "both a secret and derived keys"},
		{"a zero signing key", sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{key, {}}}, "SigningKeys[1] is no key"},
		{
			"two for one date",
			sigv4auth.Credential{SigningKeys: []sigv4auth.SigningKey{key, key}},
			"SigningKeys[1] is the second one for 20260102/us-east-1/execute-api",
		},
	}
	for _, tt := range tests {
		tt.c.AccessKeyID, tt.c.Principal = testKeyID, userPrincipal
		cfg := testConfig()
		withV4A(&cfg)
		cfg.Credentials = sigv4auth.StaticCredentials(tt.c)
		_, err := sigv4auth.New(cfg)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}

	// The store keeps its own list.
	keys := []sigv4auth.SigningKey{key}
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = sigv4auth.StaticCredentials(sigv4auth.Credential{
			AccessKeyID: testKeyID, SigningKeys: keys,
			Principal: userPrincipal,
		})
	})
	keys[0] = sigv4auth.SigningKey{}
	if _, err := a.Verify(sign(t, ride(), signing{})); err != nil {
		t.Errorf("the caller's list was kept: %v", err)
	}
}

// TestLackingKeyAnswers: the caller of a key that holds nothing for the algorithm is told what that
// of an unknown key is, and the operator why.
func TestLackingKeyAnswers(t *testing.T) {
	t.Parallel()
	a := newAuthenticator(t, func(c *sigv4auth.Config) {
		c.Credentials = storeOf(sigv4auth.Credential{PublicKey: fleetPublicKey(t, testKeyID, testSecret), Principal: userPrincipal})
	})
	_, err := a.Verify(sign(t, ride(), signing{}))
	e, ok := errors.AsType[*sigv4auth.Error](err)
	if !ok || e.Message != "The security token included in the request is invalid." || !strings.Contains(e.Detail, "public key only") {
		t.Errorf("%+v", e)
	}
}

func TestPublicKeyEqual(t *testing.T) {
	t.Parallel()
	k := fleetPublicKey(t, testKeyID, testSecret)
	again, err := sigv4auth.ParsePublicKey(standardForm(t, k))
	if err != nil {
		t.Fatal(err)
	}
	var none sigv4auth.PublicKey
	for _, tt := range []struct {
		a, b sigv4auth.PublicKey
		want bool
	}{{k, again, true}, {k, fleetPublicKey(t, tempKeyID, testSecret), false}, {k, none, false}, {none, k, false}, {none, none, true}} {
		if tt.a.Equal(tt.b) != tt.want {
			t.Errorf("%v and %v: %t", tt.a, tt.b, !tt.want)
		}
	}
}
