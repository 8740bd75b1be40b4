package oidc_test

import (
	"context"
	"math/big"
	"strings"
	"testing"
	"time"
)

// largeTokens are tokens that nobody has signed, of about n characters, made to be costly.
func largeTokens(n int) map[string]string {
	signature := "." + b64(make([]byte, 256))
	token := func(header, claims any) string { return encode(header) + "." + encode(claims) + signature }
	header := object{"alg": "RS256", "kid": "two"}
	part := n * 3 / 4
	var names strings.Builder
	names.WriteString("{")
	for i := 0; names.Len() < part; i++ {
		names.WriteString(`"` + big.NewInt(int64(i)).Text(36) + `":1,`)
	}
	long := func(x string) object {
		return with(claimsOf(someIssuer), object{"x": strings.Repeat(x, part/len(x)-200/len(x))})
	}
	return map[string]string{
		"no token":       strings.Repeat("x", n),
		"dots":           strings.Repeat(".", n),
		"deep":           token(header, `{"x":`+strings.Repeat("[", part)),
		"deep objects":   token(header, strings.Repeat(`{"x":`, part/5)),
		"many values":    token(header, `{"x":[`+strings.Repeat("1,", part/2)),
		"many names":     token(header, names.String()),
		"spaces":         token(header, "{"+strings.Repeat(" ", part)),
		"digits":         token(header, `{"x":`+strings.Repeat("1", part)),
		"escapes":        token(header, `{"x":"`+strings.Repeat(`\n`, part/2)),
		"unknown key":    token(header, long("x")),
		"unknown issuer": token(header, with(long("x"), object{"iss": "https://x.example"})),
		"accents":        token(header, long("é")),
	}
}

// TestUnsignedTokensAreCheap: what anybody can send costs time that grows with its length and not
// faster, and allocates little (threats 222 and 245).
func TestUnsignedTokensAreCheap(t *testing.T) {
	key := rs256("one", 0)
	v := verifierOf(t, newIssuer(someIssuer, key))
	admitted(t, v, key.token(claimsOf(someIssuer)))
	cost := func(token string) time.Duration {
		least := time.Hour
		for range 30 {
			began := time.Now()
			for range 5 {
				_, _ = v.VerifyToken(context.Background(), token)
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	small := largeTokens(4500)
	for name, token := range largeTokens(18000) {
		if len(token) > 20000 || len(token) < 17000 {
			t.Errorf("%s has %d characters", name, len(token))
		}
		var ratio float64
		for range 5 { // on a machine that does other things too
			if ratio = float64(cost(token)) / float64(cost(small[name])); ratio < 10 {
				break
			}
		}
		if ratio >= 10 {
			t.Errorf("%s: 4 times the characters cost %.1f times the time", name, ratio)
		}
		if n := testing.AllocsPerRun(20, func() { _, _ = v.VerifyToken(context.Background(), token) }); n > 500 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
