package oidc_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	coreos "github.com/coreos/go-oidc/v3/oidc"

	"github.com/wildgate/wildgate/sigv4auth/sts"
	"github.com/wildgate/wildgate/sigv4auth/sts/oidc"
)

const someIssuer = "https://issuer.example"

// TestVerifyToken: what a token of a configured issuer says.
func TestVerifyToken(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer(someIssuer, key))
	id := admitted(t, v, key.token(claimsOf(someIssuer)))
	want := sts.WebIdentity{
		Issuer: someIssuer, Provider: "issuer.example", Subject: "somebody", Audience: audience,
		Claims: map[string][]string{
			"issuer.example:aud": {audience}, "issuer.example:sub": {"somebody"}, "issuer.example:oaud": {audience},
		},
		Issued: start, Expires: start.Add(10 * time.Minute), SigningAlgorithm: "RS256",
	}
	id.Claim = nil // TestClaims
	if fmt.Sprintf("%+v", id) != fmt.Sprintf("%+v", want) {
		t.Errorf("the token says\n%+v; want\n%+v", id, want)
	}
}

// TestAlgorithms: each algorithm that can be configured verifies a token of its own key, is
// refused by a provider that does not have it, and is refused with a key of another kind.
func TestAlgorithms(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]*testKey{
		"RS256": rs256("k", 0), "RS384": {"k", "RS384", rsaKeys()[0]}, "PS256": {"k", "PS256", rsaKeys()[0]},
		"ES256": {"k", "ES256", ecKey(elliptic.P256())}, "ES384": {"k", "ES384", ecKey(elliptic.P384())},
		"ES512": {"k", "ES512", ecKey(elliptic.P521())}, "EdDSA": {"k", "EdDSA", ed},
	}
	for alg, key := range keys {
		i := newIssuer(someIssuer, key)
		p := i.provider()
		p.Algorithms = []string{alg}
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{p}})
		if id := admitted(t, v, key.token(claimsOf(someIssuer))); id.SigningAlgorithm != alg {
			t.Errorf("%s: the algorithm is said to be %s", alg, id.SigningAlgorithm)
		}
		for other, otherKey := range keys {
			if other != alg {
				refused(t, v, otherKey.token(claimsOf(someIssuer)), sts.ErrInvalidIdentityToken)
			}
		}
	}
}

// TestProvidersApart: several issuers, told apart by iss before anything is fetched. A key of one
// signs nothing for another, and an unknown issuer is never asked.
func TestProvidersApart(t *testing.T) {
	t.Parallel()
	a, b := rs256("one", 0), rs256("one", 1) // one name for two keys
	first, second := newIssuer("https://a.example", a), newIssuer("https://b.example/path", b)
	v := verifierOf(t, first, second)
	refused(t, v, a.token(claimsOf("https://c.example")), sts.ErrInvalidIdentityToken)
	refused(t, v, a.token(claimsOf("https://a.example/")), sts.ErrInvalidIdentityToken)
	refused(t, v, a.token(claimsOf("http://a.example")), sts.ErrInvalidIdentityToken)
	if first.asked.Load()+second.asked.Load() != 0 {
		t.Fatal("a token of an unknown issuer made a fetch")
	}
	if id := admitted(t, v, b.token(claimsOf("https://b.example/path"))); id.Provider != "b.example/path" {
		t.Errorf("the provider is %q", id.Provider)
	}
	if first.asked.Load() != 0 {
		t.Error("a token of one issuer made a fetch of another's keys")
	}
	refused(t, v, b.token(claimsOf("https://a.example")), sts.ErrInvalidIdentityToken)
	refused(t, v, a.token(claimsOf("https://b.example/path")), sts.ErrInvalidIdentityToken)
}

// TestRefusedTokens: AWS's code for each token that is not admitted, and none of them makes the
// server fetch keys unless it is whole, timely and for a registered audience (threats 149 and 222).
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	key, other := rs256("one", 0), rs256("one", 1)
	good := claimsOf(someIssuer)
	valid := key.token(good)
	parts := strings.Split(valid, ".")
	header := object{"alg": "RS256", "kid": "one"}
	withHeader := func(changes object) string { return key.tokenWith(with(header, changes), good) }
	claims := func(changes object) string { return key.token(with(good, changes)) }
	at := func(d time.Duration) int64 { return start.Add(d).Unix() }
	text := func(json string) string { return key.token(json) }
	object1 := `{"iss":"` + someIssuer + `","sub":"s","aud":"` + audience + fmt.Sprintf(`","iat":%d,"exp":%d`, at(0), at(time.Minute))
	expiry := func(exp string) string {
		return text(strings.Replace(object1, fmt.Sprint(at(time.Minute)), exp, 1) + `}`)
	}
	many := `,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1`
	const invalid = sts.ErrInvalidIdentityToken
	for name, c := range map[string]struct {
		token   string
		code    sts.TokenErrorCode
		fetches bool
	}{
		"empty":                              {"", invalid, false},
		"three characters":                   {"a.b", invalid, false},
		"too long":                           {parts[0] + "." + strings.Repeat("a", 20000) + "." + parts[2], invalid, false},
		"too long, and else right":           {key.token(with(good, object{"x": strings.Repeat("x", 15000)})), invalid, false},
		"a long header":                      {withHeader(object{"x": strings.Repeat("x", 4000)}), invalid, false},
		"a long signature":                   {parts[0] + "." + parts[1] + "." + strings.Repeat("A", 1368), invalid, false},
		"no token":                           {"no token at all", invalid, false},
		"a JSON serialization":               {`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, invalid, false},
		"two parts":                          {parts[0] + "." + parts[1], invalid, false},
		"four parts":                         {valid + ".x", invalid, false},
		"encrypted":                          {"a.b.c.d.e", invalid, false},
		"unsigned, with its dot":             {parts[0] + "." + parts[1] + ".", invalid, false},
		"alg none":                           {encode(object{"alg": "none"}) + "." + parts[1] + ".", invalid, false},
		"alg none with a signature":          {key.tokenWith(object{"alg": "none", "kid": "one"}, good), invalid, false},
		"alg None":                           {key.tokenWith(object{"alg": "None", "kid": "one"}, good), invalid, false},
		"no alg":                             {key.tokenWith(object{"kid": "one"}, good), invalid, false},
		"alg a number":                       {withHeader(object{"alg": 256}), invalid, false},
		"alg not the provider's":             {(&testKey{"one", "PS256", rsaKeys()[0]}).token(good), invalid, false},
		"a header that is no JSON":           {key.tokenWith("{", good), invalid, false},
		"a header cut short in an escape":    {key.tokenWith(`{"\`, good), invalid, false},
		"a header with alg twice":            {key.tokenWith(`{"alg":"none","alg":"RS256","kid":"one"}`, good), invalid, false},
		"a header with jwk":                  {withHeader(object{"jwk": other.jwk()}), invalid, false},
		"a header with crit":                 {withHeader(object{"crit": []string{"exp"}}), invalid, false},
		"a header with b64":                  {withHeader(object{"b64": false}), invalid, false},
		"a header with zip":                  {withHeader(object{"zip": "DEF"}), invalid, false},
		"a header with enc":                  {withHeader(object{"enc": "A256GCM"}), invalid, false},
		"a nested token":                     {withHeader(object{"cty": "JWT"}), invalid, false},
		"an access token":                    {withHeader(object{"typ": "at+jwt"}), invalid, false},
		"a logout token":                     {withHeader(object{"typ": "logout+jwt"}), invalid, false},
		"typ a number":                       {withHeader(object{"typ": 1}), invalid, false},
		"kid empty":                          {withHeader(object{"kid": ""}), invalid, false},
		"kid a number":                       {withHeader(object{"kid": 1}), invalid, false},
		"kid too long":                       {withHeader(object{"kid": strings.Repeat("k", 1025)}), invalid, false},
		"a line break at its end":            {valid + "\n", invalid, false},
		"padding":                            {parts[0] + "." + parts[1] + "=." + parts[2], invalid, false},
		"bits behind the end of a part":      {parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + "_", invalid, false},
		"claims that are no object":          {text(`["iss"]`), invalid, false},
		"claims cut off":                     {text(object1), invalid, false},
		"claims and more":                    {text(object1 + `}{}`), invalid, false},
		"a claim twice":                      {text(object1 + `,"sub":"root"}`), invalid, false},
		"a claim twice, once escaped":        {text(object1 + `,"s\u0075b":"root"}`), invalid, false},
		"a claim twice, deep inside":         {text(object1 + `,"x":{"y":[{"z":1,"z":2}]}}`), invalid, false},
		"a claim twice among many":           {text(object1 + many + `,"x":1,"x":1}`), invalid, false},
		"a number with a zero in front":      {text(object1 + `,"x":01}`), invalid, false},
		"a number without an end":            {text(object1 + `,"x":1.}`), invalid, false},
		"a number in hexadecimal":            {text(object1 + `,"x":0x1}`), invalid, false},
		"half a surrogate pair":              {text(object1 + `,"x":"\ud800"}`), invalid, false},
		"no UTF-8":                           {text(object1 + ",\"x\":\"\xff\"}"), invalid, false},
		"U+FFFD":                             {text(object1 + `,"x":"�"}`), invalid, false},
		"a control character":                {text(object1 + ",\"x\":\"\n\"}"), invalid, false},
		"too deep":                           {text(object1 + `,"x":` + strings.Repeat("[", 7) + strings.Repeat("]", 7) + `}`), invalid, false},
		"too many values":                    {text(object1 + `,"x":[` + strings.Repeat("1,", 1100) + `1]}`), invalid, false},
		"a number with a plus":               {text(object1 + `,"x":+1}`), invalid, false},
		"NaN":                                {text(object1 + `,"x":NaN}`), invalid, false},
		"a comma too many":                   {text(object1 + `,}`), invalid, false},
		"no iss":                             {claims(object{"iss": nil}), invalid, false},
		"iss in upper case":                  {claims(object{"iss": nil, "ISS": someIssuer}), invalid, false},
		"iss a list":                         {claims(object{"iss": []string{someIssuer}}), invalid, false},
		"no sub":                             {claims(object{"sub": nil}), invalid, false},
		"sub empty":                          {claims(object{"sub": ""}), invalid, false},
		"sub a number":                       {claims(object{"sub": 1}), invalid, false},
		"sub too long":                       {claims(object{"sub": strings.Repeat("s", 1025)}), invalid, false},
		"sub with a line break":              {claims(object{"sub": "a\nb"}), invalid, false},
		"no aud":                             {claims(object{"aud": nil}), invalid, false},
		"aud empty":                          {claims(object{"aud": ""}), invalid, false},
		"aud an empty list":                  {claims(object{"aud": []string{}}), invalid, false},
		"aud a list with a number":           {claims(object{"aud": []any{audience, 1}}), invalid, false},
		"aud of 51":                          {claims(object{"aud": strings.Split(audience+strings.Repeat(",a", 50), ",")}), invalid, false},
		"another audience":                   {claims(object{"aud": "another"}), invalid, false},
		"an audience in another case":        {claims(object{"aud": "STS.amazonaws.com"}), invalid, false},
		"azp of another client":              {claims(object{"azp": "another"}), invalid, false},
		"azp a list":                         {claims(object{"azp": []string{audience}}), invalid, false},
		"no exp":                             {claims(object{"exp": nil}), invalid, false},
		"exp null":                           {expiry("null"), invalid, false},
		"exp a text":                         {claims(object{"exp": "1790000600"}), invalid, false},
		"exp beyond the year 9999":           {expiry("1e300"), invalid, false},
		"exp negative":                       {claims(object{"exp": -1}), invalid, false},
		"expired now":                        {claims(object{"iat": at(-time.Hour), "exp": at(0)}), sts.ErrExpiredIdentityToken, false},
		"expired long ago":                   {claims(object{"iat": at(-2 * time.Hour), "exp": at(-time.Hour)}), sts.ErrExpiredIdentityToken, false},
		"expired half a second ago":          {expiry("1790000000.5"), sts.ErrExpiredIdentityToken, false},
		"no iat":                             {claims(object{"iat": nil}), invalid, false},
		"iat in the future":                  {claims(object{"iat": at(61 * time.Second)}), invalid, false},
		"nbf in the future":                  {claims(object{"nbf": at(61 * time.Second)}), invalid, false},
		"nbf a text":                         {claims(object{"nbf": "0"}), invalid, false},
		"exp before iat":                     {claims(object{"iat": at(50 * time.Second), "exp": at(40 * time.Second)}), invalid, false},
		"expired and for another audience":   {claims(object{"exp": at(-time.Hour), "aud": "another"}), sts.ErrExpiredIdentityToken, false},
		"signed by another key of that name": {other.token(good), invalid, true},
		"claims changed":                     {parts[0] + "." + encode(with(good, object{"sub": "root"})) + "." + parts[2], invalid, true},
		"an unknown key":                     {(&testKey{"two", "RS256", rsaKeys()[0]}).token(good), invalid, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newIssuer(someIssuer, key)
			v := verifierOf(t, i)
			e := refused(t, v, c.token, c.code)
			if fetched := i.asked.Load() > 0; fetched != c.fetches {
				t.Errorf("it made the server fetch keys: %v; want %v (%v)", fetched, c.fetches, e)
			}
		})
	}
}

// TestAdmittedForms: what differs between issuers and is right. go-oidc's own verifier agrees.
func TestAdmittedForms(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	good := claimsOf(someIssuer)
	plain := object{"alg": "RS256", "kid": "one"}
	theirs := coreos.NewVerifier(someIssuer, &coreos.StaticKeySet{PublicKeys: []crypto.PublicKey{key.private.Public()}},
		&coreos.Config{ClientID: audience, Now: (&clock{}).Now})
	for name, token := range map[string]string{
		"no typ":                  key.tokenWith(plain, good),
		"20,000 characters":       key.token(with(good, object{"x": strings.Repeat("x", 14586)})),
		"typ in lower case":       key.tokenWith(with(plain, object{"typ": "jwt"}), good),
		"no kid, one key":         key.tokenWith(object{"alg": "RS256"}, good),
		"aud a list":              key.token(with(good, object{"aud": []string{"another", audience}})),
		"azp":                     key.token(with(good, object{"azp": audience})),
		"times with fractions":    key.token(with(good, object{"iat": 1790000000.25, "exp": 1.7900006e9})),
		"iat ahead by the leeway": key.token(with(good, object{"iat": start.Unix() + 60, "nbf": start.Unix() + 60})),
		"claims of other kinds":   key.token(with(good, object{"x": object{"y": []any{1, nil, true, "z"}}})),
		"where keys could be had": key.tokenWith(with(plain, object{
			"jku": "https://evil.example/keys", "x5u": "https://evil.example/x5u", "x5t": "AAAA",
		}), good),
	} {
		if strings.HasPrefix(name, "20,000") && (len(token) > 20000 || len(token) < 19990) {
			t.Errorf("%s: there are %d", name, len(token))
		}
		i := newIssuer(someIssuer, key)
		v := verifierOf(t, i)
		if id, err := v.VerifyToken(context.Background(), token); err != nil || id.Subject != "somebody" {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
		if _, err := theirs.Verify(context.Background(), token); err != nil {
			t.Errorf("%s: go-oidc refuses it: %v", name, err)
		}
		if i.asked.Load() != 2 {
			t.Errorf("%s: %d requests were made", name, i.asked.Load())
		}
	}
}

// TestAlgorithmConfusion: a token is signed with what everybody knows, the public key, as if it
// were a secret; or names an algorithm that its key is not for (threat 103).
func TestAlgorithmConfusion(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	pub := key.jwk()
	good := claimsOf(someIssuer)
	v := verifierOf(t, newIssuer(someIssuer, key))
	admitted(t, v, key.token(good))
	for name, secret := range map[string][]byte{"n": []byte(pub["n"].(string)), "the key set": []byte(encode(pub)), "nothing": nil} {
		for _, alg := range []string{"HS256", "hs256", "RS256", "ES256"} {
			e := refused(t, v, hs256(secret, object{"alg": alg, "kid": "one"}, good), sts.ErrInvalidIdentityToken)
			if e == nil {
				t.Errorf("%s, %s", name, alg)
			}
		}
	}
	// A key of RSA without "alg" is for every algorithm of RSA, and for no other.
	open := key.jwk()
	delete(open, "alg")
	i := newIssuer(someIssuer)
	i.keys = []any{open}
	p := i.provider()
	p.Algorithms = []string{"RS256", "PS256", "ES256"}
	v = newVerifier(t, oidc.Config{Providers: []oidc.Provider{p}})
	admitted(t, v, key.token(good))
	admitted(t, v, (&testKey{"one", "PS256", rsaKeys()[0]}).token(good))
	refused(t, v, (&testKey{"one", "ES256", ecKey(elliptic.P256())}).token(good), sts.ErrInvalidIdentityToken)
	// One with "alg" is for that one.
	i = newIssuer(someIssuer, key)
	p.Transport = i
	v = newVerifier(t, oidc.Config{Providers: []oidc.Provider{p}})
	refused(t, v, (&testKey{"one", "PS256", rsaKeys()[0]}).token(good), sts.ErrInvalidIdentityToken)
}

// TestEveryByte: a token with any one byte changed is refused.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	key := &testKey{"one", "ES256", ecKey(elliptic.P256())}
	v := verifierOf(t, newIssuer(someIssuer, key))
	token := key.token(claimsOf(someIssuer))
	admitted(t, v, token)
	for i := range token {
		for _, c := range []byte("A-.") {
			if token[i] == c {
				continue
			}
			changed := token[:i] + string(c) + token[i+1:]
			if _, err := v.VerifyToken(context.Background(), changed); err == nil {
				t.Fatalf("byte %d changed from %c to %c, and the token was admitted", i, token[i], c)
			}
		}
	}
}

// TestLeeway: a negative one is none, and none lengthens a token's life.
func TestLeeway(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	i := newIssuer(someIssuer, key)
	for _, leeway := range []time.Duration{-1, 5 * time.Minute} {
		v := newVerifier(t, oidc.Config{Providers: []oidc.Provider{i.provider()}, Leeway: leeway})
		_, err := v.VerifyToken(context.Background(), key.token(with(claimsOf(someIssuer), object{"iat": start.Unix() + 300})))
		if (err == nil) != (leeway > 0) {
			t.Errorf("leeway %v: 5 minutes ahead: %v", leeway, err)
		}
		over := key.token(with(claimsOf(someIssuer), object{"iat": start.Unix() - 9, "exp": start.Unix()}))
		refused(t, v, over, sts.ErrExpiredIdentityToken)
	}
}

// TestAWSTexts: the messages that clients know.
func TestAWSTexts(t *testing.T) {
	t.Parallel()
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer(someIssuer, key))
	good := claimsOf(someIssuer)
	for want, token := range map[string]string{ // what the operator is told
		"it is encrypted": "a.b.c.d.e", "it is not signed": "a.b.", "it has white space": "a.b.c\n", "it has not the three parts": "aa.bb",
		"its alg is none that": key.tokenWith(object{"alg": "none"}, good),
	} {
		if e := refused(t, v, token, sts.ErrInvalidIdentityToken); !strings.HasPrefix(e.Detail, want) {
			t.Errorf("the detail is %q; want %q", e.Detail, want)
		}
	}
	for want, token := range map[string]string{
		"Incorrect token audience": key.token(with(good, object{"aud": "x"})),
		"Token expired: current date/time 1790000000 must be before the expiration date/time 1789999999": key.token(
			with(good, object{"iat": start.Unix() - 9, "exp": start.Unix() - 1})),
		"No OpenIDConnect provider found in your account for ":                    key.token(with(good, object{"iss": "https://x.example"})),
		"The ID Token provided is not a valid JWT. ":                              "what is this?",
		"Couldn't retrieve verification key from your identity provider,  please": (&testKey{"two", "RS256", rsaKeys()[0]}).token(good),
	} {
		_, err := v.VerifyToken(context.Background(), token)
		if e, ok := errors.AsType[*sts.TokenError](err); !ok || !strings.HasPrefix(e.Message, want) {
			t.Errorf("the message is %v; want %q", err, want)
		}
	}
}
