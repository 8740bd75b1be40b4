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
	hidden := struct {
		inner struct{ secret sigv4auth.Secret }
	}{}
	hidden.inner.secret = s
	store := sigv4auth.StaticCredentials(cred)
	var printed []string
	for _, v := range []any{s, &s, cred, &cred, hidden, &hidden, []sigv4auth.Secret{s}, map[string]sigv4auth.Credential{"a": cred}, store, &store} {
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
		for _, leak := range []string{value, fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprint([]byte(value))} {
			if strings.Contains(p, leak) {
				t.Errorf("leaked in %s", p)
			}
		}
	}
	if got := fmt.Sprintf("%v %s %+v %d", s, s, cred.Secret, s); got != "REDACTED REDACTED REDACTED REDACTED" {
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
