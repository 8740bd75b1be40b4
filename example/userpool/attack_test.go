package userpool_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
)

// atOnce makes n calls at one time, and counts what they say.
func atOnce(n int, do func(i int) answer) map[string]int {
	var mu sync.Mutex
	told := map[string]int{}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got := do(i)
			mu.Lock()
			defer mu.Unlock()
			told[fmt.Sprint(got.body["__type"], " ", got.body["message"])]++
		})
	}
	all.Wait()
	return told
}

// TestFreeGuessesAtOnce: of many guesses of one name that come at one time, no more are made than
// of those that come one after the other, whatever is guessed.
func TestFreeGuessesAtOnce(t *testing.T) {
	t.Parallel()
	const n = 64
	for _, tt := range []struct {
		name, wrong string
		prepare     func(s *site)
		guess       func(s *site, i int) answer
	}{
		{"a password", "NotAuthorizedException " + incorrect, func(s *site) { s.signUp("alice", password) }, func(s *site, i int) answer {
			return s.withPassword("alice", fmt.Sprintf("Wrong-%02d-Password", i))
		}},
		{"a code of a forgotten password", "CodeMismatchException Invalid verification code provided, please try again.", func(s *site) {
			s.signUp("alice", password)
			s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
		}, func(s *site, i int) answer {
			return s.call("ConfirmForgotPassword", input{
				"ClientId": clientID, "Username": "alice", "ConfirmationCode": fmt.Sprintf("wrong%d", i), "Password": password2,
			})
		}},
		{"a code of a sign-up", "CodeMismatchException Invalid verification code provided, please try again.", func(s *site) {
			s.call("SignUp", input{
				"ClientId": clientID, "Username": "alice", "Password": password,
				"UserAttributes": []input{{"Name": "email", "Value": "alice@example.com"}},
			}).ok()
		}, func(s *site, i int) answer {
			return s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "alice", "ConfirmationCode": fmt.Sprintf("wrong%d", i)})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t)
			tt.prepare(s)
			if told := atOnce(n, func(i int) answer { return tt.guess(s, i) }); told[tt.wrong] != 5 {
				t.Errorf("%d of %d guesses were made: %v", told[tt.wrong], n, told)
			}
		})
	}
}

// TestMessagesAtOnce: of many messages that are asked for at one time, five are sent.
func TestMessagesAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password) // one
	before := len(s.sent)
	atOnce(64, func(int) answer { return s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}) })
	if got := len(s.sent) - before; got != 4 {
		t.Errorf("%d messages were sent", got)
	}
}

// TestMessagesToOneAddress: an address that nobody has shown to have gets a few messages, whatever
// names they are asked for by.
func TestMessagesToOneAddress(t *testing.T) {
	t.Parallel()
	s := start(t)
	signUp := func(name, email string) answer {
		return s.call("SignUp", input{
			"ClientId": clientID, "Username": name, "Password": password, "UserAttributes": []input{{"Name": "email", "Value": email}},
		})
	}
	for i := range 10 {
		signUp(fmt.Sprint("user", i), fmt.Sprintf("victim+%d@example.com", i)).ok()
	}
	signUp("user10", "Victim@Example.com").says("LimitExceededException", "")
	s.call("ResendConfirmationCode", input{"ClientId": clientID, "Username": "user1"}).says("LimitExceededException", "")
	signUp("other", "other@example.com").ok()
	// Who has signed in does not get around it.
	s.call("ConfirmSignUp", input{"ClientId": clientID, "Username": "other", "ConfirmationCode": s.code()}).ok()
	access := s.withPassword("other", password).tokens().access
	s.call("UpdateUserAttributes", input{
		"AccessToken": access, "UserAttributes": []input{{"Name": "email", "Value": "victim@example.com"}},
	}).says("LimitExceededException", "")
	if got := s.call("GetUser", input{"AccessToken": access}).ok().raw; !strings.Contains(got, "other@example.com") {
		t.Errorf("%s", got)
	}
	if len(s.sent) != 11 {
		t.Errorf("%d messages", len(s.sent))
	}
}

// TestManySourcesKeepNobodyOut: who has as many networks of IPv6 as it likes uses up the count of
// few others.
func TestManySourcesKeepNobodyOut(t *testing.T) {
	t.Parallel()
	var client netip.Addr
	s := start(t, func(cfg *userpool.Config) {
		cfg.Limits = userpool.Limits{PerMinute: 2, Failures: 2}
		cfg.ClientIP = func(*http.Request) (netip.Addr, bool) { return client, true }
	})
	handler := s.handler()
	get := func(i int) int {
		client = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, byte(i >> 16), byte(i >> 8), byte(i)})
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "TooManyRequests") {
			return 1
		}
		return 0
	}
	for i := range 10_100 {
		get(i)
	}
	refused := 0
	for i := range 100 {
		refused += get(20_000 + i)
	}
	if refused > 50 {
		t.Errorf("%d of 100 others were refused", refused)
	}
}

// TestClockGoesBackwards: a clock that was wrong for a while keeps nobody out until it is that late
// again, whether it is the process's that counts requests, or another's that counted a failure.
func TestClockGoesBackwards(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits = userpool.Limits{PerMinute: 100, Failures: 50} })
	s.signUp("alice", password)
	s.pass(1000 * time.Hour)
	for range 7 {
		s.withPassword("alice", password2)
	}
	for range 100 {
		s.call("GetUser", input{"AccessToken": "x"})
	}
	s.call("GetUser", input{"AccessToken": "x"}).says("TooManyRequestsException", "")
	s.pass(-1000 * time.Hour)
	s.withPassword("alice", password2).says("NotAuthorizedException", incorrect)
	// What failed is not forgotten by that.
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.pass(time.Minute)
	s.withPassword("alice", password).tokens()
}

// TestPatienceOfAClientWithAWrongClock: as TestClockGoesBackwards, of a client's failures.
func TestPatienceOfAClientWithAWrongClock(t *testing.T) {
	t.Parallel()
	s := start(t, func(cfg *userpool.Config) { cfg.Limits.Failures = 2 })
	s.signUp("alice", password)
	s.pass(1000 * time.Hour)
	for i := range 3 {
		s.withPassword(fmt.Sprint("user", i), password2)
	}
	s.withPassword("alice", password).says("NotAuthorizedException", "Password attempts exceeded")
	s.pass(-1000 * time.Hour)
	s.withPassword("alice", password).tokens()
}

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

// TestUnsoundPaginationToken: a token that no page has is refused, and does not reach the database.
func TestUnsoundPaginationToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, after := range []string{"a\x00b", "\xff\xfe", "a b"} {
		s.as(s.admin, "ListUsers", input{"PaginationToken": base64.RawURLEncoding.EncodeToString([]byte(after))}).
			says("InvalidParameterException", "Invalid pagination token")
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

// TestGoneCallersAreCounted: who hangs up before the answer has tried all the same.
func TestGoneCallersAreCounted(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		if err := userpool.FailWhileGone(t.Context(), gone, s.pool, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	s.withPassword("alice", password2).says("NotAuthorizedException", "Password attempts exceeded")
}

// TestOperationIsSigned: what an administrator has signed is good for the operation that it was
// signed for, whether X-Amz-Target was changed, left out and added, doubled, or is in a presigned
// URL; and for the body that was signed.
func TestOperationIsSigned(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.signUp("alice", password)
	who := s.admin
	who.Now = s.now
	const prefix = "AWSCognitoIdentityProviderService."
	request := func(target, body string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+"/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		if target != "" {
			r.Header.Set("X-Amz-Target", prefix+target)
		}
		return r
	}
	const body = `{"UserPoolId":"` + poolID + `","Username":"alice"}`
	unsignedBody := func(r *http.Request) *http.Request {
		r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		return r
	}
	presigned := func() *http.Request {
		r := request("AdminDeleteUser", body)
		q := r.URL.Query()
		q.Set("X-Amz-Algorithm", "AWS4-HMAC-SHA256")
		q.Set("X-Amz-Credential", who.Credential.AccessKeyID+"/20261130/us-east-1/cognito-idp/aws4_request")
		q.Set("X-Amz-Date", s.now().Format("20060102T150405Z"))
		q.Set("X-Amz-Expires", "300")
		q.Set("X-Amz-SignedHeaders", "host")
		q.Set("X-Amz-Signature", strings.Repeat("0", 64))
		r.URL.RawQuery = q.Encode()
		return r
	}
	for name, send := range map[string]func() *http.Request{
		"changed": func() *http.Request {
			r := who.Sign(request("AdminGetUser", body))
			r.Header.Set("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"added": func() *http.Request {
			r := who.Sign(request("", body))
			r.Header.Set("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"doubled": func() *http.Request {
			r := who.Sign(request("AdminGetUser", body))
			r.Header.Add("X-Amz-Target", prefix+"AdminDeleteUser")
			return r
		},
		"another body": func() *http.Request {
			r := who.Sign(request("AdminDeleteUser", `{"UserPoolId":"`+poolID+`","Username":"other"}`))
			other := request("AdminDeleteUser", body)
			other.Header = r.Header
			return other
		},
		"no hash of the body": func() *http.Request { return who.Sign(unsignedBody(request("AdminDeleteUser", body))) },
		"presigned":           presigned,
	} {
		got, err := s.server.Client().Do(send())
		if err != nil {
			t.Fatal(err)
		}
		_ = got.Body.Close()
		if got.StatusCode < 400 || got.StatusCode > 499 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	s.as(s.admin, "AdminGetUser", input{"Username": "alice"}).ok()
}

// TestGuessesAtOnceInTwoProcesses: with two processes there is one guess more than with one, for
// the one that the other has under way.
func TestGuessesAtOnceInTwoProcesses(t *testing.T) {
	t.Parallel()
	s := start(t)
	testGuessesInTwoProcesses(t, s)
}

func testGuessesInTwoProcesses(t *testing.T, s *site) {
	t.Helper()
	issuer := s.server.URL + "/" + poolID
	other := &site{t: t, db: s.db, ring: s.ring, at: s.at}
	other.open(func(cfg *userpool.Config) { cfg.Issuer = issuer })
	s.signUp("mallory", password)
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "mallory"}).ok()
	for what, guess := range map[string]func(s *site, i int) answer{
		"passwords": func(s *site, i int) answer { return s.withPassword("mallory", fmt.Sprintf("Wrong-%02d-Password", i)) },
		"codes": func(s *site, i int) answer {
			return s.call("ConfirmForgotPassword", input{
				"ClientId": clientID, "Username": "mallory", "ConfirmationCode": fmt.Sprintf("wrong%d", i), "Password": password2,
			})
		},
	} {
		told := atOnce(64, func(i int) answer { return guess([]*site{s, other}[i%2], i) })
		made := 0
		for text, n := range told {
			if strings.Contains(text, incorrect) || strings.Contains(text, "Invalid verification code") {
				made += n
			}
		}
		if made < 5 || made > 6 {
			t.Errorf("%s: %d guesses were made: %v", what, made, told)
		}
	}
}

// TestAttributesHaveRoom: what users say of themselves is bounded as a whole, in one request and in
// many: it is in their ID tokens, which others have to take, and in the database.
func TestAttributesHaveRoom(t *testing.T) {
	t.Parallel()
	s := start(t)
	const most = 16 << 10
	long := strings.Repeat("ß", 2048) // 4 KiB
	attributes := func(names ...string) (all []input) {
		for _, name := range names {
			all = append(all, input{"Name": name, "Value": long})
		}
		return all
	}
	s.call("SignUp", input{
		"ClientId": clientID, "Username": "alice", "Password": password, "UserAttributes": attributes("name", "address", "profile", "picture"),
	}).says("InvalidParameterException", "longer than 16384 bytes")
	s.signUp("alice", password)
	access := s.withPassword("alice", password).tokens().access
	set := func(names ...string) answer {
		return s.call("UpdateUserAttributes", input{"AccessToken": access, "UserAttributes": attributes(names...)})
	}
	set("name", "address", "profile").ok()
	set("name").ok()
	set("picture").says("InvalidParameterException", "longer than 16384 bytes")
	s.as(s.admin, "AdminUpdateUserAttributes", input{"Username": "alice", "UserAttributes": attributes("picture")}).
		says("InvalidParameterException", "longer than 16384 bytes")
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob", "UserAttributes": attributes("name", "address", "profile", "picture")}).
		says("InvalidParameterException", "longer than 16384 bytes")
	s.call("UpdateUserAttributes", input{"AccessToken": access, "UserAttributes": []input{{"Name": "name", "Value": ""}}}).ok()
	set("picture").ok()
	if id := s.withPassword("alice", password).tokens().id; len(id) > 2*most {
		t.Errorf("the ID token has %d bytes", len(id))
	}
}
