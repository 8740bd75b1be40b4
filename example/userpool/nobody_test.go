package userpool_test

import (
	"fmt"
	"testing"
	"time"
)

// TestForgottenPasswordsOfNobodyCostAsOthers: whether a name has a user is not told by how much the
// database has to do, for a code that is asked for and for one that is tried.
func TestForgottenPasswordsOfNobodyCostAsOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	rows := func(table string) (n int) {
		if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
		for _, name := range []string{"nobody", "somebody"} {
			before := rows("userpool_codes")
			s.call(operation, input{"ClientId": clientID, "Username": name + operation}).ok()
			if after := rows("userpool_codes"); after != before+1 {
				t.Errorf("%s: %d codes, and then %d", operation, before, after)
			}
		}
	}
	// Such a code is nobody's, and is removed as others are.
	for i := range 5 {
		s.call("ConfirmForgotPassword", input{
			"ClientId": clientID, "Username": "nobodyForgotPassword", "ConfirmationCode": fmt.Sprintf("%06d", i), "Password": password2,
		}).says("CodeMismatchException", "")
	}
	s.pass(25 * time.Hour)
	if err := s.pool.Maintain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := rows("userpool_codes"); n != 0 {
		t.Errorf("%d codes are left", n)
	}
}

// TestWhoHasNoAddressCostsAsOthers: as above, of users who get no code.
func TestWhoHasNoAddressCostsAsOthers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.call("SignUp", input{"ClientId": clientID, "Username": "alice", "Password": password}).ok()
	for _, operation := range []string{"ForgotPassword", "ResendConfirmationCode"} {
		s.call(operation, input{"ClientId": clientID, "Username": "alice"}).ok()
	}
	var n int
	if err := s.db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM userpool_codes`).Scan(&n); err != nil || n != 2 {
		t.Errorf("%d codes, %v", n, err)
	}
	if len(s.sent) != 0 {
		t.Errorf("%d messages", len(s.sent))
	}
}

// TestStateIsNotTold: who does not know the password learns of a user's state that it is confirmed,
// or not, and no more.
func TestStateIsNotTold(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob", "MessageAction": "SUPPRESS"}).ok()
	for _, name := range []string{"alice", "bob"} {
		s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": name, "ConfirmationCode": "123456"}).
			says("NotAuthorizedException", "Current status is CONFIRMED")
	}
	s.as(s.admin, "AdminConfirmSignUp", input{"Username": "bob"}).says("NotAuthorizedException", "FORCE_CHANGE_PASSWORD")
}
