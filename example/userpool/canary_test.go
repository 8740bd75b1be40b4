package userpool_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/example/userpool/internal/srptest"
)

// dump returns all that the database holds, as text.
func (s *site) dump() string {
	s.t.Helper()
	var b strings.Builder
	for _, table := range []string{
		"userpool_users", "userpool_families", "userpool_codes", "userpool_tries", "userpool_answered", "userpool_secrets", "userpool_schema",
	} {
		rows, err := s.db.QueryContext(s.t.Context(), `SELECT * FROM `+table)
		if err != nil {
			s.t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			s.t.Fatal(err)
		}
		for rows.Next() {
			values, places := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			if err := rows.Scan(places...); err != nil {
				s.t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprintf(&b, "%s ", v)
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			s.t.Fatal(err)
		}
		_ = rows.Close()
	}
	return b.String()
}

// TestCanaries: passwords, codes, tokens, salts and verifiers are in no error, in nothing that is
// printed, in no refusal, and in no dump of the database, in any of their spellings.
func TestCanaries(t *testing.T) {
	t.Parallel()
	s := start(t)
	var told, printed strings.Builder
	canaries := map[string]string{"the password": password, "the new password": password2, "the wrong password": "Wrong-Canary-9-Password"}
	say := func(a answer) answer { told.WriteString(a.raw); return a }

	s.signUp("alice", password)
	say(s.signIn("alice", "Wrong-Canary-9-Password"))
	say(s.withPassword("alice", "Wrong-Canary-9-Password"))
	say(s.withPassword("Wrong-Canary-9-Password", "alice")) // who types it into the wrong field
	f := s.startSRP("alice")
	in := f.sign(password, s.now()).send().tokens()
	salt := number(t, f.parameters["SALT"])
	v := new(big.Int).Exp(big.NewInt(2), f.client.X(shortID, "alice", password, salt), srptest.New(big.NewInt(1)).N)
	for name, b := range map[string][]byte{"the salt": salt.Bytes(), "the verifier": v.Bytes()} {
		canaries[name+" in hex"], canaries[name+" in base64"] = hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b)
		canaries[name+" in raw base64"], canaries[name] = base64.RawURLEncoding.EncodeToString(b), string(b)
	}
	next := s.rotate(in.refresh).tokens()
	canaries["the first refresh token"], canaries["the refresh token"] = in.refresh, next.refresh
	canaries["the access token"], canaries["the ID token"] = next.access, next.id
	say(s.call("GetUser", input{"AccessToken": next.access + "x"}))
	say(s.rotate(next.refresh + "x"))
	s.call("ForgotPassword", input{"ClientId": clientID, "Username": "alice"}).ok()
	// Six digits may be anywhere; what is looked for is what would hold them.
	canaries["the code"], canaries["the code in JSON"] = " "+s.code()+" ", `"`+s.code()+`"`
	say(s.call("ConfirmForgotPassword", input{
		"ClientId": clientID, "Username": "alice", "ConfirmationCode": s.code() + "0", "Password": password2,
	}))
	s.as(s.admin, "AdminCreateUser", input{"Username": "bob"}).ok()
	canaries["the temporary password"] = s.code()
	challenge := s.signIn("bob", s.code()).ok()
	canaries["the session"] = challenge.text("Session")
	say(s.call("RespondToAuthChallenge", input{
		"ClientId": clientID, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": challenge.text("Session") + "A",
		"ChallengeResponses": input{"USERNAME": "bob", "NEW_PASSWORD": password2},
	}))
	say(s.call("SignUp", input{"ClientId": clientID, "Username": "carol", "Password": password2 + "\u00a0"}))
	say(s.call("ChangePassword", input{
		"AccessToken": next.access, "PreviousPassword": "Wrong-Canary-9-Password", "ProposedPassword": password2,
	}))

	dump := s.dump()
	if !strings.Contains(dump, "alice@example.com") {
		t.Fatalf("the dump is none:\n%s", dump)
	}
	cfg := userpool.Config{Clients: []userpool.Client{{ID: "x"}}}
	for _, value := range []any{s.pool, s.sent[0], s.sent, cfg} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
		slog.New(slog.NewJSONHandler(&printed, nil)).Info("value", "value", value)
		slog.New(slog.NewTextHandler(&printed, nil)).Info("value", "value", value)
	}
	// A database that fails, at every operation.
	if err := s.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{
		s.withPassword("alice", password), s.rotate(next.refresh), s.call("GetUser", input{"AccessToken": next.access}),
		s.call("SignUp", input{"ClientId": clientID, "Username": "dave", "Password": password2}), f.send(),
	} {
		if a.status != 500 || a.body["__type"] != "InternalErrorException" {
			t.Errorf("%d %s", a.status, a.raw)
		}
		say(a)
	}
	if len(s.failures) < 5 {
		t.Errorf("Failed was told of %d failures", len(s.failures))
	}
	for _, err := range s.failures {
		fmt.Fprintf(&printed, "%v %+v %#v\n", err, err, err)
	}
	for name, canary := range canaries {
		for where, text := range map[string]string{
			"an answer that refuses": told.String(), "what is printed": printed.String(), "the database": dump,
		} {
			if strings.Contains(text, canary) {
				t.Errorf("%s is in %s", name, where)
			}
		}
	}
}
