package sts_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

var ignored = cmp.Options{cmpopts.IgnoreUnexported(sts.Session{}), cmpopts.EquateEmpty()}

// randomSession is a session of random parts, each of which may be missing.
func randomSession(r *rand.Rand) sts.Session {
	text := func() string {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.IntN(256))
		}
		return string(b)
	}
	list := func(most int) (all []string) {
		for range r.IntN(most) {
			all = append(all, text())
		}
		return all
	}
	s := sts.Session{
		Kind: sts.Kind(1 + r.IntN(3)), RoleARN: text(), RoleID: "A" + text(), Name: text(), SourceIdentity: text(), Policy: text(),
		IssuedAt: time.Unix(r.Int64N(1<<33), 0).UTC(), PolicyARNs: list(10), MFAPresent: r.IntN(2) > 0,
	}
	if s.RoleID = strings.ReplaceAll(s.RoleID, ":", ""); s.Kind != sts.RoleSession {
		s.RoleID = ""
	}
	s.Expires = s.IssuedAt.Add(time.Duration(r.IntN(129_600)) * time.Second)
	if r.IntN(2) > 0 {
		s.Asker = sts.Asker{AccessKeyID: "K" + text(), ARN: text(), UserID: text()}
	}
	if r.IntN(2) > 0 {
		s.MFA = time.Unix(r.Int64N(1<<33), 0).UTC()
	}
	if r.IntN(2) > 0 {
		s.Federated = &sigv4auth.FederatedIdentity{Provider: text(), Subject: text(), Audience: text(), Methods: list(20)}
	}
	for i := range r.IntN(20) {
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		k := fmt.Sprintf("%02d%s", i, text())
		s.Tags[k] = text()
		if r.IntN(2) > 0 {
			s.TransitiveTags = append(s.TransitiveTags, k)
		}
	}
	return s
}

// TestRandomSessions: of random sessions, what is decoded is what was encoded, whatever zeros
// follow, and no beginning of it is a session.
func TestRandomSessions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 103))
	for range 500 {
		s := randomSession(r)
		plain := string(sts.EncodeForTest(&s, "secret"))
		got, secret, ok := sts.DecodeForTest(plain + strings.Repeat("\x00", r.IntN(10)))
		if diff := cmp.Diff(s, got, ignored); diff != "" || secret != "secret" || !ok {
			t.Fatalf("%q, %t: %s", secret, ok, diff)
		}
		for n := range plain {
			if _, _, ok := sts.DecodeForTest(plain[:n]); ok {
				t.Fatalf("%d of %d bytes are a session", n, len(plain))
			}
		}
		if _, _, ok := sts.DecodeForTest(plain + "\x00x"); ok {
			t.Fatal("what follows a session is not looked at")
		}
	}
}

// FuzzDecode: what is decoded is what is encoded, byte for byte but for the zeros at the end.
func FuzzDecode(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		s := randomSession(r)
		f.Add(string(sts.EncodeForTest(&s, "secret")))
	}
	// A number in more bytes than it needs, tags out of order and twice, and no secret.
	f.Add("\x01\x03\x00\x80\x00\x00\x01x\x00\x00\x00\x00\x00\x00")
	f.Add("\x01\x03\x00\x00\x00\x01x\x00\x00\x02\x02b\x00\x02a\x00\x00\x00\x00")
	f.Add("\x01\x03\x00\x00\x00\x01x\x00\x00\x02\x02a\x00\x02a\x00\x00\x00\x00")
	f.Add("\x01\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, plain string) {
		s, secret, ok := sts.DecodeForTest(plain)
		if !ok {
			return
		}
		again := string(sts.EncodeForTest(&s, secret))
		if rest, begins := strings.CutPrefix(plain, again); !begins || strings.Trim(rest, "\x00") != "" {
			t.Errorf("%q is encoded as %q", plain, again)
		}
	})
}

// TestMangledTokens: a token with any one byte changed to any other, cut short, extended or written
// in another way is unknown, and so is it under another access key ID, by another ring, and what
// was sealed with the ring for something else (threats 92, 102 and 103).
func TestMangledTokens(t *testing.T) {
	t.Parallel()
	keys := keyring.New(start)
	d, clock := newDirectory(), sigv4test.NewClock(start)
	p := newProcess(t, d, clock, &keys)
	i, other := p.issue(riding()), p.issue(riding())
	id, token := i.Credential.AccessKeyID, i.Credential.SessionToken.Reveal()
	unknown := func(what string, q *process, id, token string) {
		t.Helper()
		for range 2 { // no cache has it the second time either
			c, err := q.Credential(t.Context(), id, token)
			isUnknown(t, what, c, err)
		}
	}
	// In a store that has opened the right token, and in one that has not.
	if _, err := p.find(i); err != nil {
		t.Fatal(err)
	}
	for _, q := range []*process{p, newProcess(t, d, clock, &keys)} {
		for at := range token {
			for _, b := range []byte(allBytes()) {
				if b != token[at] {
					changed := token[:at] + string([]byte{b}) + token[at+1:]
					c, err := q.Credential(t.Context(), id, changed)
					if !errors.Is(err, sigv4auth.ErrUnrecognizedClient) || c.AccessKeyID != "" {
						t.Fatalf("byte %d as %q: %v", at, b, err)
					}
				}
			}
			unknown("a beginning", q, id, token[:at])
			unknown("an end", q, id, token[at+1:])
		}
		for what, changed := range map[string]string{
			"a line end":      token[:40] + "\n" + token[40:],
			"a line end last": token + "\r\n",
			"a byte more":     token + "A",
			"four more":       token + "AAAA",
			"padding more":    token + "=",
			"without padding": strings.TrimRight(token, "=") + "-",
			"URL encoding":    strings.NewReplacer("+", "-", "/", "_").Replace(token) + " ",
			"twice":           token + token,
			"too large":       strings.Repeat("A", 5000),
			"another's":       other.Credential.SessionToken.Reveal(),
		} {
			unknown(what, q, id, changed)
		}
		for _, otherID := range []string{other.Credential.AccessKeyID, id + "A", id[:19], strings.ToLower(id), "AKIA" + id[4:], ""} {
			unknown("under "+otherID, q, otherID, token)
		}
		if _, err := q.find(i); err != nil {
			t.Errorf("the token itself: %v", err)
		}
	}
	strangers := keyring.New(start)
	unknown("by another ring", newProcess(t, d, clock, &strangers), id, token)
	box := ringOf(t, clock, &keys).For("something else 1")
	s := i.Session
	sealed, err := box.Seal(nil, sts.EncodeForTest(&s, i.Credential.Secret.Reveal()), []byte(id))
	if err != nil {
		t.Fatal(err)
	}
	unknown("sealed for something else", p, id, base64.StdEncoding.EncodeToString(sealed))
}

// allBytes are those to which a byte is changed: all of the alphabet of tokens, and a few others.
func allBytes() string {
	return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n\r\x00\xff"
}

// FuzzOpenToken: no token opens but those that were issued, and none makes the store fail.
func FuzzOpenToken(f *testing.F) {
	p := single(f)
	i := p.issue(riding())
	id, token := i.Credential.AccessKeyID, i.Credential.SessionToken.Reveal()
	f.Add(id, token)
	f.Add(id, token[:100])
	f.Add("ASIAOTHER", token)
	f.Add(adaKey, "")
	f.Fuzz(func(t *testing.T, otherID, other string) {
		c, err := p.Credential(t.Context(), otherID, other)
		switch _, longTerm := p.dir.keys[otherID]; {
		case otherID == id && other == token, longTerm:
			if err != nil || c.AccessKeyID != otherID {
				t.Errorf("%q: %v", otherID, err)
			}
		default:
			isUnknown(t, otherID, c, err)
		}
	})
}
