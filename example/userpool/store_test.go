package userpool_test

import (
	"strings"
	"testing"

	"github.com/wildgate/wildgate/example/userpool"
)

// TestChangesAtOnce: of two who have read one state, one rotates a refresh token; and of two
// changes of a user neither is lost.
func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	in := s.withPassword("alice", password).tokens()
	first, second, err := userpool.RotateTwice(t.Context(), s.pool, in.refresh)
	if err != nil || !first || second {
		t.Errorf("%t, %t, %v", first, second, err)
	}
	if err := userpool.SetTwice(t.Context(), s.pool, "alice", "nickname", "website"); err != nil {
		t.Fatal(err)
	}
	got := s.as(s.admin, "AdminGetUser", input{"Username": "alice"}).ok()
	if !strings.Contains(got.raw, "nickname") || !strings.Contains(got.raw, "website") {
		t.Errorf("%s", got.raw)
	}
}
