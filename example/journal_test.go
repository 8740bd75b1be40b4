package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestEachDecisionIsOneLine(t *testing.T) { // threat 218
	s := start(t, t.TempDir())
	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	refused := s.call("rider", "GET", "/prod/rides?secret=1", "").wants(t, 403)
	s.send(s.request("GET", "/prod/rides", "")).wants(t, 403)

	for _, tt := range []struct{ message, pattern string }{
		{
			"admitted",
			`request_id=\S+ method=POST path=/prod/ride source=127\.0\.0\.1 access_key_id=ASIA\w+ principal=arn:aws:sts::\d+:assumed-role/Rider/alice ` +
				`payload_mode=digest ` +
				`action=execute-api:Invoke resource=arn:aws:execute-api:us-east-1:\d+:\w+/prod/POST/ride decision=allowed policies=1-\w+ ` +
				`policy_type="identity policy" policy=WildRydesAPI-StandardUserPolicy statement=0 sid=RequestRides\n$`,
		},
		{
			"refused",
			`request_id=` + refused.header.Get("X-Amzn-RequestId") +
				` method=GET path=/prod/rides source=127\.0\.0\.1 access_key_id=ASIA\w+ principal=\S+/alice payload_mode=digest reason=AccessDenied ` +
				`action=execute-api:Invoke resource=\S+/prod/GET/rides decision=implicitDeny policies=1-\w+\n$`,
		},
		{"refused", `request_id=\S+ method=GET path=/prod/rides source=127\.0\.0\.1 reason=MissingAuthenticationToken\n$`},
	} {
		matches := 0
		for _, line := range s.logged(tt.message) {
			if regexp.MustCompile(tt.pattern).MatchString(line) {
				matches++
			}
		}
		if matches != 1 {
			t.Errorf("%d lines, not one, match %s in\n%s", matches, tt.pattern, s.stderr)
		}
	}
	if n := len(s.logged("admitted")) + len(s.logged("refused")); n != 3 {
		t.Errorf("%d lines for 3 requests:\n%s", n, s.stderr)
	}
}

// A decision that would cost too much is told from one that policies make (threat 224).
func TestADecisionOverItsBudgetIsLoggedAsSuch(t *testing.T) {
	s := start(t, t.TempDir())
	pattern := `"*` + strings.Repeat("a", 70) + `?b*"`
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"Statement": [`, `"Statement": [{"Effect": "Deny", "Action": "*", `+
		`"Resource": "*", "Condition": {"StringLike": {"aws:UserAgent": [`+
		strings.Repeat(pattern+",", 4095)+pattern+`]}}}, `)
	eventually(t, "the policy is in force", func() bool {
		r := s.request("GET", "/prod/rides", "")
		r.Header.Set("User-Agent", "b"+strings.Repeat("a", 3999))
		return s.send(signer(s.credentials("dispatcher")).Sign(r)).status == 403
	})
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	if line := s.logged("refused")[0]; !strings.Contains(line, " reason=AccessDenied ") ||
		!strings.Contains(line, " decision=implicitDeny policies=") || !strings.HasSuffix(line, " over_budget=true\n") {
		t.Error(line)
	}
}

func TestWhyARequestWasRefusedIsForTheOperator(t *testing.T) {
	s := start(t, t.TempDir(), "-log-level", "DEBUG")
	refused := s.call("dispatcher", "GET", "/other", "").wants(t, 403)
	why := s.logged(`"why it was refused"`)
	if len(why) != 1 || !strings.Contains(why[0], "request_id="+refused.header.Get("X-Amzn-RequestId")) ||
		!strings.Contains(why[0], `detail="the request maps to no action`) {
		t.Errorf("logged: %q", why)
	}
	if strings.Contains(refused.body, "maps to") {
		t.Errorf("the client is told: %s", refused.body)
	}
}

func TestASignatureIsDiagnosedWhereTheOperatorAsksForIt(t *testing.T) {
	refused := func(args ...string) (s *site, answer string) {
		s = start(t, t.TempDir(), args...)
		r := signer(s.credentials("rider")).Sign(s.request("GET", "/prod/rides", ""))
		r.Header.Set("X-Forwarded-Host", r.Host)
		r.Host = "rides.internal:8080" // as a proxy does
		got := s.send(r).wants(t, 403)
		return s, got.body
	}
	off, want := refused()
	if lines := off.logged("diagnosis"); len(lines) != 0 {
		t.Errorf("diagnosed without being asked: %q", lines)
	}
	on, got := refused("-diagnose")
	lines := on.logged("diagnosis")
	if len(lines) != 1 || !strings.Contains(lines[0], `verifies=true cause=host if="Host is \"127.0.0.1:`) ||
		!strings.Contains(lines[0], `canonical_request="GET\n/prod/rides\n`) ||
		strings.Contains(lines[0], on.credentials("rider").SessionToken) {
		t.Errorf("%q", lines)
	}
	if got != want {
		t.Errorf("the client is told %s; want %s", got, want)
	}
}

func TestNothingSecretIsPrintedOrLogged(t *testing.T) {
	s := start(t, t.TempDir(), "-log-level", "DEBUG", "-presign", "1m", "-diagnose")
	secrets := make(map[string]bool)
	for _, name := range []string{"rider", "dispatcher", "newcomer"} {
		s.call(name, "POST", "/prod/ride", seattle)
		keys := s.credentials(name)
		r := signer(keys).Sign(s.request("GET", "/prod/rides", ""))
		_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
		secrets[signature] = true
		r.Header.Set("X-Amz-Date", "20200101T000000Z")
		s.send(r).wants(t, 403)
		s.send(s.request("GET", "/prod/rides?X-Amz-Signature="+signature+"&X-Amz-Security-Token=T0PSECRET", "")).wants(t, 403)
		secrets[keys.SecretAccessKey], secrets[keys.SessionToken] = true, true
	}
	secrets["T0PSECRET"] = true
	delete(secrets, "")
	if len(secrets) != 8 {
		t.Fatalf("%d secrets", len(secrets))
	}
	for secret := range secrets {
		if strings.Contains(s.stdout.String()+s.stderr.String(), secret) {
			t.Errorf("a secret was told:\n%s\n%s", s.stdout, s.stderr)
		}
	}
}

func TestAFloodOfStrangersIsSampledAndCounted(t *testing.T) { // threat 228
	s := start(t, t.TempDir())
	for range 150 {
		s.send(s.request("GET", "/prod/rides", "")).wants(t, 403)
	}
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	s.call("newcomer", "GET", "/prod/rides", "").wants(t, 403)
	if n := len(s.logged("refused")); n != 101 {
		t.Errorf("%d refusals are logged, want 100 of strangers and the newcomer's", n)
	}
	if n := len(s.logged("admitted")); n != 1 {
		t.Errorf("%d requests are logged as admitted", n)
	}
	s.stop()
	lost := s.logged(`"more requests without a right signature were refused than are logged"`)
	if len(lost) != 1 || !strings.HasSuffix(lost[0], " lost=50\n") {
		t.Errorf("the loss is not counted: %q", lost)
	}
}

func TestMistakesInTheFolderAreLoggedWithTheirPlace(t *testing.T) {
	s := start(t, t.TempDir())
	good := s.read("principals.json")
	s.edit("principals.json", noPolicy, `"AttachedPolices": []`)
	eventually(t, "the mistake is logged", func() bool { return len(s.logged(`"mistake in the data folder"`)) > 0 })
	want := fmt.Sprintf(`file=principals.json line=%d column=7 problem=`, 1+strings.Count(good[:strings.Index(good, noPolicy)], "\n"))
	if line := s.logged(`"mistake in the data folder"`)[0]; !strings.Contains(line, want) ||
		!strings.HasSuffix(line, " last_good_version_in_force=true\n") {
		t.Errorf("no %s in %s", want, line)
	}
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	write(t, s.data, "principals.json", good)
	eventually(t, "the recovery is logged", func() bool { return len(s.logged(`"mistake mended in the data folder"`)) > 0 })
	if line := s.logged(`"mistake mended in the data folder"`)[0]; !strings.Contains(line, "file=principals.json line=") ||
		strings.Contains(line, "problem=") {
		t.Errorf("what is mended says the old text: %s", line)
	}

	if err := os.WriteFile(filepath.Join(s.data, "policies", "WildRydesAPI-DispatcherPolicy.json"),
		[]byte("{\n  \"Version\": \"2012-10-17\",\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mistake in the policy is logged", func() bool {
		return strings.Contains(strings.Join(s.logged(`"mistake in the data folder"`), ""), "file=policies/WildRydesAPI-"+
			"DispatcherPolicy.json line=")
	})
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
}

// TestAnActionThatNoRouteMapsIsLogged: a slip in a policy is a warning with its file, its statement
// and the action that is likely meant; the policy is in force.
func TestAnActionThatNoRouteMapsIsLogged(t *testing.T) {
	s, _ := spawn(t, t.TempDir())
	if lines := s.logged(`"warning in the data folder"`); len(lines) != 0 {
		t.Errorf("of the first policies: %q", lines)
	}
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"execute-api:Invoke"`, `"execute-api:Invok"`)
	eventually(t, "the slip is logged", func() bool { return len(s.logged(`"warning in the data folder"`)) == 1 })
	const want = `level=WARN msg="warning in the data folder" file=policies/WildRydesAPI-DispatcherPolicy.json line=7 column=17 ` +
		`problem="Statement[0].Action: no request asks for \"execute-api:Invok\"; the nearest action is \"execute-api:Invoke\""` + "\n"
	if line := s.logged(`"warning in the data folder"`)[0]; !strings.HasSuffix(line, want) {
		t.Errorf("%s\nwant %s", line, want)
	}
	eventually(t, "the policy is in force", func() bool { return s.call("dispatcher", "GET", "/prod/rides", "").status == 403 })
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"execute-api:Invok"`, `"execute-api:Invoke"`)
	eventually(t, "the end of it is logged", func() bool { return len(s.logged(`"warning settled in the data folder"`)) == 1 })
	s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
}

func TestTheLogCanBeQuieter(t *testing.T) {
	s := start(t, t.TempDir(), "-log-level", "WARN")
	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	if s.stderr.String() != "" {
		t.Errorf("the log has\n%s", s.stderr)
	}
}
