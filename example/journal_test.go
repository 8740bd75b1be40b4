package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/wildgate/wildgate/sigv4auth"
)

func TestEachDecisionIsOneLine(t *testing.T) { // threat 218
	s := start(t, t.TempDir(), "-log-level", "DEBUG")
	s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	refused := s.call("rider", "GET", "/prod/rides?secret=1", "").wants(t, 403)
	s.send(s.request("GET", "/prod/rides", "")).wants(t, 403)

	const (
		who   = `principal=arn:aws:sts::\d+:assumed-role/Rider/alice `
		keyed = `signature.access_key_id=ASIA\w+ signature.payload_mode=digest `
	)
	for _, tt := range []struct{ message, pattern string }{
		{
			"admitted",
			`request_id=\S+ ` + who + `action=execute-api:Invoke resource=arn:aws:execute-api:us-east-1:\d+:\w+/prod/POST/ride ` +
				`request.method=POST request.path=/prod/ride request.source=127\.0\.0\.1 ` + keyed +
				`decision.outcome=allowed decision.policy_type="identity policy" decision.policy=WildRydesAPI-StandardUserPolicy ` +
				`decision.sid=RequestRides decision.statement=0 decision.revision=\w+-1\n$`,
		},
		{
			"refused",
			`request_id=` + refused.header.Get("X-Amzn-RequestId") + ` ` + who + `action=execute-api:Invoke resource=\S+/prod/GET/rides ` +
				`reason=AccessDenied request.method=GET request.path=/prod/rides request.source=127\.0\.0\.1 ` + keyed +
				`decision.outcome=implicitDeny decision.revision=\w+-1\n$`,
		},
		{
			"refused", `request_id=\S+ reason=MissingAuthenticationToken request.method=GET request.path=/prod/rides ` +
				`request.source=127\.0\.0\.1\n$`,
		},
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

// TestLinesOfRequestsAreShort: an ordinary request is a line of at most 200 columns, in which stand
// who, for what, why not, and the request's ID.
func TestLinesOfRequestsAreShort(t *testing.T) {
	s := start(t, t.TempDir(), "-presign", "1m")
	const wide = 200
	ride := s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	rider := signer(s.credentials("rider"))
	keyID := s.credentials("rider").AccessKeyID
	wrong := signer(s.credentials("rider"))
	wrong.Credential.Secret = sigv4auth.NewSecret("another-secret-of-the-rider")
	link := signer(s.credentials("rider"))
	link.Presign = time.Minute
	streaming := s.request("POST", "/prod/ride", seattle)
	streaming.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	streaming = rider.Sign(streaming)
	for _, tt := range []struct {
		name   string
		r      *http.Request
		status int
		facts  []string
	}{
		{
			"presigned", link.Sign(s.request("GET", "/prod/ride/"+ride, "")), 200,
			[]string{"level=INFO", "who=assumed-role/Rider/alice", "action=execute-api:Invoke", "resource=prod/GET/ride/" + ride},
		},
		{
			"admitted", rider.Sign(s.request("DELETE", "/prod/ride/"+ride, "")), 200,
			[]string{"level=INFO", "who=assumed-role/Rider/alice", "action=execute-api:Invoke", "resource=prod/DELETE/ride/" + ride},
		},
		{
			"denied", rider.Sign(s.request("GET", "/prod/rides", "")), 403,
			[]string{
				"level=WARN", "who=assumed-role/Rider/alice", "action=execute-api:Invoke", "resource=prod/GET/rides", "reason=AccessDenied",
			},
		},
		{
			"unsigned", s.request("GET", "/prod/rides", ""), 403,
			[]string{"level=WARN", `request="GET /prod/rides"`, "from=127.0.0.1", "reason=MissingAuthenticationToken"},
		},
		{
			"wrong", wrong.Sign(s.request("POST", "/prod/ride", seattle)), 403,
			[]string{"level=WARN", "key=" + keyID, `request="POST /prod/ride"`, "from=127.0.0.1", "reason=SignatureMismatch"},
		},
		{
			"streaming, which is off", streaming, 403,
			[]string{"level=WARN", "key=" + keyID, `request="POST /prod/ride"`, "reason="},
		},
	} {
		before := s.stderr.String()
		got := s.send(tt.r)
		if got.status/100 != tt.status/100 {
			t.Errorf("%s: status %d, want %d: %s", tt.name, got.status, tt.status, got.body)
		}
		lines := strings.TrimPrefix(s.stderr.String(), before)
		if strings.Count(lines, "\n") != 1 || len(lines) > wide+1 {
			t.Errorf("%s: %d columns:\n%s", tt.name, len(lines)-1, lines)
		}
		id := got.header.Get("X-Amzn-RequestId")
		for _, fact := range append(tt.facts, "id="+id) {
			if !strings.Contains(lines, " "+fact) {
				t.Errorf("%s: no %s in\n%s", tt.name, fact, lines)
			}
		}
	}
}

// TestAnExplicitDenyIsNamed: somebody wrote that statement, and has to find it.
func TestAnExplicitDenyIsNamed(t *testing.T) {
	s := startFiles(t, t.TempDir())
	s.edit("policies/WildRydesAPI-DispatcherPolicy.json", `"Statement": [`,
		`"Statement": [{"Sid": "Closed", "Effect": "Deny", "Action": "*", "Resource": "*"}, `)
	eventually(t, "the policy is in force", func() bool { return s.call("dispatcher", "GET", "/prod/rides", "").status == 403 })
	if line := s.logged("refused")[0]; !strings.HasSuffix(line, " reason=AccessDenied policy=WildRydesAPI-DispatcherPolicy sid=Closed\n") {
		t.Error(line)
	}
}

// TestRequestsOfOthersAreNamedInFull: who is of another account than the API's is told with it.
func TestRequestsOfOthersAreNamedInFull(t *testing.T) {
	s := startFiles(t, t.TempDir())
	s.edit("principals.json", `"Users": [`, `"Users": [{"Arn": "arn:aws:iam::444455556666:user/eve", "UserId": "AIDAEVE",
		"AccessKeys": [{"AccessKeyId": "AKIAEVE", "SecretAccessKey": "a-secret-of-eve-and-of-nobody", "Status": "Active"}]},`)
	eve := signer(aws.Credentials{AccessKeyID: "AKIAEVE", SecretAccessKey: "a-secret-of-eve-and-of-nobody"})
	named := func() bool {
		s.send(eve.Sign(s.request("GET", "/prod/rides", "")))
		return strings.Contains(s.stderr.String(), " who=arn:aws:iam::444455556666:user/eve ")
	}
	eventually(t, "it is named", named)
}

// A decision that would cost too much is told from one that policies make (threat 224).
func TestADecisionOverItsBudgetIsLoggedAsSuch(t *testing.T) {
	s := startFiles(t, t.TempDir())
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
		!strings.HasSuffix(line, " over_budget=true\n") {
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
	s := startFiles(t, t.TempDir())
	good := s.read("principals.json")
	s.edit("principals.json", noPolicy, `"AttachedPolices": [],`+"\n"+`      "AccessKeys"`)
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
	s, _ := spawnFiles(t, t.TempDir())
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
