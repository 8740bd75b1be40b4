package sts_test

import (
	"testing"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestAllocations bounds what no noise moves: memory is most of what a token costs beside its
// decryption. A token that is in the cache costs none. One that has to be opened costs three pieces
// of the cipher's, four of its two secrets, the text that is kept, the session and its ARN; a map
// of tags costs two more, and a federated identity one.
func TestAllocations(t *testing.T) {
	full := fullSession()
	tagged := riding()
	tagged.Tags = full.Tags
	large := riding()
	large.SourceIdentity = "ada.lovelace@example.com"
	large.MFAPresent, large.MFA = true, time.Now()
	for _, tt := range []struct {
		name    string
		session sts.Session
		opened  float64
	}{
		{"a role's session", riding(), 10},
		{"with a source identity and a second factor", large, 10},
		{"with tags", tagged, 12},
		{"with tags and a federated identity", full, 13},
	} {
		ask := func(s *sts.Store, of []sigv4auth.Credential) float64 {
			tokens := make([]string, len(of))
			for i := range of {
				tokens[i] = of[i].SessionToken.Reveal()
			}
			i := 0
			return testing.AllocsPerRun(200, func() {
				i = (i + 1) % len(of)
				if _, err := s.Credential(t.Context(), of[i].AccessKeyID, tokens[i]); err != nil {
					t.Fatal(err)
				}
			})
		}
		s := benchStore(t, 1) // of two that take turns, it never has the next
		if n := ask(s, []sigv4auth.Credential{benchSession(t, s, tt.session), benchSession(t, s, tt.session)}); n > tt.opened {
			t.Errorf("%s, opened: %v allocations; at most %v", tt.name, n, tt.opened)
		}
		s = benchStore(t, 0)
		if n := ask(s, []sigv4auth.Credential{benchSession(t, s, tt.session)}); n != 0 {
			t.Errorf("%s, cached: %v allocations", tt.name, n)
		}
	}
}
