package sigv4auth_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
)

// TestSecretIsRedacted prints secrets in every way that a careless log line could: threat 116.
func TestSecretIsRedacted(t *testing.T) {
	t.Parallel()
	const value = "correct-horse"
	s := sigv4auth.NewSecret(value)
	cred := sigv4auth.Credential{AccessKeyID: testKeyID, Secret: s, SessionToken: s}
	key, err := sigv4auth.DeriveSigningKey(s, sigv4auth.Scope{Date: "20260102", Region: testRegion, Service: testService})
	if err != nil {
		t.Fatal(err)
	}
	raw := key.Reveal()
	cred.SigningKeys = []sigv4auth.SigningKey{key}
	hidden := struct {
		inner struct {
			secret sigv4auth.Secret
			key    sigv4auth.SigningKey
		}
	}{}
	hidden.inner.secret, hidden.inner.key = s, key
	store := sigv4auth.StaticCredentials(cred)
	var printed []string
	for _, v := range []any{
		s, &s, key, &key, cred, &cred, hidden, &hidden,
		[]sigv4auth.Secret{s},
		map[string]sigv4auth.Credential{"a": cred},
		store, &store,
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%08b", "%c", "%U", "%t", "%e", "%g", "%T"} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		printed = append(printed, string(b))
		var text strings.Builder
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
		printed = append(printed, text.String())
	}
	for _, p := range printed {
		for _, leak := range []string{
			value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprint([]byte(value)), string(raw[:4]),
			fmt.Sprintf("%x", raw[:4]), fmt.Sprintf("%X", raw[:4]), strings.Trim(fmt.Sprint(raw[:4]), "[]"),
		} {
			if strings.Contains(p, leak) {
				t.Errorf("leaked in %s", p)
			}
		}
	}
	if got := fmt.Sprintf("%v %s %+v %d %v %d", s, s, cred.Secret, s, key, cred.SigningKeys); got != "REDACTED REDACTED REDACTED "+
		"REDACTED REDACTED [REDACTED]" {
		t.Errorf("printed %s", got)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	var zero sigv4auth.Secret
	if !zero.IsZero() || !sigv4auth.NewSecret("").IsZero() || zero.Reveal() != "" || !zero.Equal("") || zero.Equal("x") {
		t.Error("the zero Secret is not the empty one")
	}
	s := sigv4auth.NewSecret("x")
	if s.IsZero() || s.Reveal() != "x" || !s.Equal("x") || s.Equal("y") || s.Equal("") {
		t.Error("a Secret is not what it was made from")
	}
}

// TestSecretEqual: a difference in any byte, at any length, is a difference.
func TestSecretEqual(t *testing.T) {
	t.Parallel()
	for n := range 80 {
		v := strings.Repeat("s", n)
		s := sigv4auth.NewSecret(v)
		if !s.Equal(v) || s.Equal(v+"s") {
			t.Errorf("length %d: not equal to itself, or equal to a longer one", n)
		}
		for i := range n {
			for _, flip := range []byte{1, 0x80} {
				other := []byte(v)
				other[i] ^= flip
				if s.Equal(string(other)) {
					t.Errorf("length %d: equal though byte %d differs", n, i)
				}
			}
		}
	}
}
