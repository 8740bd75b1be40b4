package main_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	example "github.com/wildgate/wildgate/example"
	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/internal/testneed"
	"github.com/wildgate/wildgate/sigv4auth"
)

// mailer writes a program that keeps what it is given in a file, and returns both.
func mailer(t *testing.T, end string) (program, mail string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		testneed.Missing(t, "a shell")
	}
	dir := t.TempDir()
	program, mail = filepath.Join(dir, "mailer"), filepath.Join(dir, "mail")
	script := "#!/bin/sh\ncat > '" + mail + ".new' && mv '" + mail + ".new' '" + mail + "'\n" + end + "\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, mail
}

// delivered is what a program gets.
type delivered struct{ Purpose, Username, Email, Code string }

// With -deliver the program has the code, and neither output has it.
func TestCodesAreDeliveredByAProgram(t *testing.T) {
	program, mail := mailer(t, "")
	s := start(t, t.TempDir(), "-deliver", program)
	i := s.ids()
	s.ask(userPool, "SignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": "alice", "Password": password,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": "alice@example.com"}},
	}).wants(t, 200)
	eventually(t, "the program has the code", func() bool { _, err := os.Stat(mail); return err == nil })
	var d delivered
	if err := json.Unmarshal([]byte(readFile(t, mail)), &d); err != nil {
		t.Fatal(err)
	}
	if d.Purpose != "confirm-sign-up" || d.Username != "alice" || d.Email != "alice@example.com" ||
		!regexp.MustCompile(`^\d{6}$`).MatchString(d.Code) {
		t.Errorf("it got %+v", d)
	}
	s.ask(userPool, "ConfirmSignUp", map[string]any{
		"ClientId": i.UserPoolClientID, "Username": "alice", "ConfirmationCode": d.Code,
	}).wants(t, 200)
	s.stop()
	if strings.Contains(s.stdout.String()+s.stderr.String(), d.Code) {
		t.Errorf("the code was told:\n%s\n%s", s.stdout, s.stderr)
	}
}

// A code that could not be delivered is in the log without the code, and can be asked for again.
func TestACodeThatIsNotDelivered(t *testing.T) {
	program, mail := mailer(t, "cat '$0' >&2; exit 3")
	s := start(t, t.TempDir(), "-deliver", program)
	s.ask(userPool, "SignUp", map[string]any{
		"ClientId": s.ids().UserPoolClientID, "Username": "alice", "Password": password,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": "alice@example.com"}},
	}).wants(t, 200)
	eventually(t, "it is logged", func() bool { return len(s.logged(`"a code was not delivered"`)) == 1 })
	var d delivered
	if err := json.Unmarshal([]byte(readFile(t, mail)), &d); err != nil || d.Code == "" {
		t.Fatal(err)
	}
	if line := s.logged(`"a code was not delivered"`)[0]; !strings.Contains(line, "exit status 3") ||
		strings.Contains(s.stderr.String(), d.Code) {
		t.Errorf("the log says %s", line)
	}
}

// Where others reach the address, a code on standard output is nobody's: without -deliver nobody
// can sign up, and the log and the answer say so.
func TestNobodySignsUpWithoutDelivery(t *testing.T) {
	s := start(t, t.TempDir(), "-addr", "0.0.0.0:0")
	got := s.ask(userPool, "SignUp", map[string]any{
		"ClientId": s.ids().UserPoolClientID, "Username": "alice", "Password": password,
		"UserAttributes": []any{map[string]any{"Name": "email", "Value": "alice@example.com"}},
	}).wants(t, 400)
	if code := got.header.Get("X-Amzn-Errortype"); code != "CodeDeliveryFailureException:" {
		t.Errorf("the answer is %s %s", code, got.body)
	}
	if lines := s.logged(`"the address is not a loopback address, and there is no -deliver: nobody`); len(lines) != 1 {
		t.Errorf("the log says\n%s", s.stderr)
	}
	if lines := s.logged(`"the request failed"`); len(lines) != 1 || strings.Contains(lines[0], `id=""`) ||
		!strings.Contains(lines[0], "see -deliver") {
		t.Errorf("the log says of the request\n%s", lines)
	}
	if strings.Contains(s.stdout.String(), "Code ") {
		t.Errorf("a code was printed:\n%s", s.stdout)
	}
	if got := s.ask(userPool, "InitiateAuth", map[string]any{
		"ClientId": s.ids().UserPoolClientID, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]any{"USERNAME": "alice", "PASSWORD": password},
	}); got.status == 200 {
		t.Errorf("alice is signed in: %s", got.body)
	}
}

// Threat 214: what somebody chose as a name does nothing to the terminal that a code is printed on.
func TestAPrintedCodeIsOneLine(t *testing.T) {
	var out output
	deliver, closeIt := example.NewCourier("", &out, slog.New(slog.DiscardHandler))
	if err := deliver(context.Background(), userpool.Delivery{
		Purpose: userpool.ResetPassword, Username: "eve\n\x1b[2JCode 000000 for alice@example.com", Email: "eve@example.com",
		Code: sigv4auth.NewSecret("123456"),
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the code is printed", func() bool { return strings.HasSuffix(out.String(), ")\n") })
	closeIt()
	got := out.String()
	if got != `Code 123456 for eve@example.com (forgot-password of "eve\n\x1b[2JCode 000000 for alice@example.com")`+"\n" {
		t.Errorf("printed %q", got)
	}
}

// An administrator need give no address for who is invited.
func TestAnInvitationWithoutAnAddressIsPrinted(t *testing.T) {
	var out output
	deliver, closeIt := example.NewCourier("", &out, slog.New(slog.DiscardHandler))
	if err := deliver(context.Background(), userpool.Delivery{
		Purpose: userpool.Invitation, Username: "carol", Code: sigv4auth.NewSecret("a-password"),
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the password is printed", func() bool { return strings.HasSuffix(out.String(), ")\n") })
	closeIt()
	if got := out.String(); got != "Temporary password a-password (invitation of carol)\n" {
		t.Errorf("it prints %q", got)
	}
}
