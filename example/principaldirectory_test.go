package main_test

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// The first start needs no files of users and policies: they are in the database, where the
// operator finds them.
func TestTheFirstStartFillsTheDirectory(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "new", "data"))
	want := []string{
		"api.json", "aws.config", "directory.revision", "dispatcher.env", "newcomer.env", "operator.env", "pool.env", "rider.env",
		"wildgate.lock",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(contents(t, s.data)))); diff != "" {
		t.Error(diff)
	}
	account := s.ids().AccountID
	for action, wants := range map[string][]string{
		"ListUsers":    {s.userARN("dispatcher"), s.userARN("newcomer"), s.userARN("operator"), s.userARN("rider")},
		"ListRoles":    {"arn:aws:iam::" + account + ":role/wildrydes/Rider", ":role/" + authRole, ":role/" + unauthRole, "<MaxSessionDuration>43200<"},
		"ListPolicies": {s.policyARN(standard), s.policyARN("WildRydesAPI-DispatcherPolicy")},
	} {
		got := s.iam(action).wants(t, 200)
		for _, text := range wants {
			if !strings.Contains(got.body, text) {
				t.Errorf("%s has no %s: %s", action, text, got.body)
			}
		}
	}
	for _, name := range []string{standard, "WildRydesAPI-DispatcherPolicy"} {
		got := s.iam("GetPolicyVersion", "PolicyArn", s.policyARN(name), "VersionId", "v1").wants(t, 200)
		document, err := url.PathUnescape(got.element(t, "Document"))
		if err != nil {
			t.Fatal(err)
		}
		findings, err := iampolicy.Validate(t.Context(), []byte(document), iampolicy.IdentityPolicy)
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", name, findings, err)
		}
	}
	// Nobody else is let in there.
	for _, name := range []string{"dispatcher", "newcomer", "rider"} {
		if got := s.iamAs(s.credentials(name), "ListUsers").wants(t, 403); !strings.Contains(got.body, "<Code>AccessDenied</Code>") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

// What the operator does counts for the next request: 403 before, 201 after, and 403 again.
func TestTheOperatorsChangesCountAtOnce(t *testing.T) {
	s := start(t, t.TempDir())
	newcomer := s.credentials("newcomer")
	for range 20 {
		if got := s.asks(newcomer); got != 403 {
			t.Fatalf("before: %d", got)
		}
		s.attach("newcomer", standard)
		if got := s.asks(newcomer); got != 201 {
			t.Fatalf("attached: %d", got)
		}
		s.detach("newcomer", standard)
	}
	// A key that is made inactive is refused at once, and so is one that is deleted.
	carol := s.newKey("carol")
	s.attach("carol", standard)
	for _, change := range []struct {
		action, status string
		want           int
	}{{"", "", 201}, {"UpdateAccessKey", "Inactive", 403}, {"UpdateAccessKey", "Active", 201}, {"DeleteAccessKey", "", 403}} {
		if change.action != "" {
			parameters := []string{"UserName", "carol", "AccessKeyId", carol.AccessKeyID}
			if change.status != "" {
				parameters = append(parameters, "Status", change.status)
			}
			s.iam(change.action, parameters...).wants(t, 200)
		}
		if got := s.asks(carol); got != change.want {
			t.Errorf("%s %s: %d, want %d", change.action, change.status, got, change.want)
		}
	}
	// Sessions have what their role has: also to call IAM.
	rider := s.credentials("rider")
	s.iamAs(rider, "ListUsers").wants(t, 403)
	s.iam("PutRolePolicy", "RoleName", "Rider", "PolicyName", "Look", "PolicyDocument",
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}`).wants(t, 200)
	s.iamAs(rider, "ListUsers").wants(t, 200)
	s.iam("DetachRolePolicy", "RoleName", "Rider", "PolicyArn", s.policyARN(standard)).wants(t, 200)
	if got := s.asks(rider); got != 403 {
		t.Errorf("a session whose role has lost its policy: %d", got)
	}
}

// The console steps of the workshop, by the CLI with the endpoint alone.
func TestTheConsoleStepsByTheCLI(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), "-region", "eu-central-1")
	m := s.member("alice")
	asks := func() int {
		t.Helper()
		with := signer(m.credentials)
		with.Region = "eu-central-1"
		return s.send(with.Sign(s.request("POST", "/prod/ride", seattle))).status
	}
	run := func(line string, wants ...string) {
		t.Helper()
		printed, ok := s.cli("operator", "aws iam "+line)
		if !ok {
			t.Fatalf("%s: %s", line, printed)
		}
		for _, want := range wants {
			if !strings.Contains(printed, want) {
				t.Errorf("%s printed no %q:\n%s", line, want, printed)
			}
		}
	}
	attach := "role-policy --role-name " + authRole + " --policy-arn " + s.policyARN(standard)
	run("list-policies --scope Local", standard, "DispatcherPolicy")
	run("list-roles", authRole, unauthRole, "Rider", "cognito-identity.amazonaws.com")
	if got := asks(); got != 403 {
		t.Fatalf("before: %d", got)
	}
	run("attach-" + attach)
	if got := asks(); got != 201 {
		t.Fatalf("attached: %d", got)
	}
	run("detach-" + attach)
	if got := asks(); got != 403 {
		t.Fatalf("detached: %d", got)
	}
	run("create-user --user-name carol", ":user/carol")
	run("create-access-key --user-name carol", "SecretAccessKey")
	run("attach-user-policy --user-name carol --policy-arn "+s.policyARN(standard), "")
	i := s.ids()
	carol := "arn:aws:iam::" + i.AccountID + ":user/carol"
	for call, want := range map[string]string{"POST/ride": "allowed", "GET/rides": "implicitDeny"} {
		run("simulate-principal-policy --policy-source-arn "+carol+" --action-names execute-api:Invoke --resource-arns "+
			"arn:aws:execute-api:eu-central-1:"+i.AccountID+":"+i.APIID+"/prod/"+call, `"`+want+`"`)
	}
	if printed, ok := s.cli("newcomer", "aws iam list-users"); ok || !strings.Contains(printed, "(AccessDenied)") {
		t.Errorf("the newcomer: %s", printed)
	}
}

// A restart keeps all, also after a kill right behind an answer: what was answered is on disk.
func TestWhatIAMAnsweredIsKept(t *testing.T) {
	data := t.TempDir()
	first, _ := spawn(t, data)
	carol := first.newKey("carol")
	first.attach("carol", standard)
	first.kill()
	second, _ := spawn(t, data)
	if got := second.asks(carol); got != 201 {
		t.Errorf("after a kill: %d", got)
	}
	if first.credentials("dispatcher") != second.credentials("dispatcher") {
		t.Error("the dispatcher has another key")
	}
	second.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
	second.iam("DeleteAccessKey", "UserName", "carol", "AccessKeyId", carol.AccessKeyID).wants(t, 200)
	second.kill()
	third, _ := spawn(t, data)
	if got := third.asks(carol); got != 403 { // threat 111
		t.Errorf("a key that was deleted, after a kill: %d", got)
	}
	third.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
	if lines := append(first.logged(`"users, `), third.logged(`"users, `)...); len(lines) > 0 {
		t.Errorf("logged: %q", lines)
	}
}

// A first start that ended before it had filled the directory, or before it had said so, is
// continued.
func TestAFirstStartOfTheDirectoryThatWasCutShort(t *testing.T) {
	whole := start(t, t.TempDir())
	whole.stop()
	for name, left := range map[string][]string{
		"the API":                   {"api.json"},
		"an empty database":         {"api.json", "rides.db"},
		"env files of lost keys":    {"api.json", "rides.db", "aws.config", "dispatcher.env", "operator.env"},
		"all but the revision":      {"api.json", "rides.db", "aws.config", "dispatcher.env", "newcomer.env", "operator.env"},
		"a revision half written":   {"api.json", "rides.db", "aws.config", "dispatcher.env", "newcomer.env", "operator.env", ".new-1"},
		"nothing but a locked file": {"wildgate.lock"},
	} {
		t.Run(name, func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(data, 0o700); err != nil {
				t.Fatal(err)
			}
			filled := slices.Contains(left, "newcomer.env")
			for _, file := range left {
				text := ""
				if file != ".new-1" && (file != "rides.db" || filled) {
					text = whole.read(file)
				}
				write(t, data, file, text)
			}
			if filled {
				write(t, filepath.Dir(data), "data.ring", readFile(t, whole.data+".ring"))
			}
			s := start(t, data)
			s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
			s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
			s.iam("ListUsers").wants(t, 200)
			if filled && s.credentials("operator") != whole.credentials("operator") {
				t.Error("the operator has another key")
			}
			if s.read("directory.revision") == "" {
				t.Error("no revision")
			}
		})
	}
}

// Threat 116: neither the database and its log nor what the program tells has a secret.
func TestNoSecretIsInTheDatabaseOrTheLog(t *testing.T) {
	s := start(t, t.TempDir(), "-log-level", "DEBUG", "-diagnose", "-explain")
	carol := s.newKey("carol")
	secrets := []string{carol.SecretAccessKey}
	for _, name := range []string{"operator", "dispatcher", "newcomer"} {
		secrets = append(secrets, s.credentials(name).SecretAccessKey)
	}
	_, after, _ := strings.Cut(s.read("aws.config"), "aws_secret_access_key = ")
	secret, _, _ := strings.Cut(after, "\n")
	secrets = append(secrets, secret)
	s.asks(carol)
	wrong := carol
	wrong.SecretAccessKey = "another-secret-of-carol"
	s.iamAs(wrong, "ListUsers").wants(t, 403)
	look := func() {
		t.Helper()
		told := map[string]string{"stdout": s.stdout.String(), "the log": s.stderr.String()}
		for _, name := range []string{"rides.db", "rides.db-wal", "directory.revision"} {
			if text, err := os.ReadFile(filepath.Join(s.data, name)); err == nil {
				told[name] = string(text)
			}
		}
		for where, text := range told {
			for _, secret := range secrets {
				if len(secret) != 40 || strings.Contains(text, secret) {
					t.Errorf("a secret of %d characters is in %s", len(secret), where)
				}
			}
		}
	}
	look()
	s.stop()
	look()
}

// The env file of a caller is written anew for the key that it names, as long as that key is good.
func TestEnvFilesOfTheDirectory(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	made := first.iam("CreateAccessKey", "UserName", "newcomer").wants(t, 200)
	second := aws.Credentials{AccessKeyID: made.element(t, "AccessKeyId"), SecretAccessKey: made.element(t, "SecretAccessKey")}
	old := first.credentials("newcomer")
	dispatcher := first.credentials("dispatcher")
	first.iam("UpdateAccessKey", "UserName", "dispatcher", "AccessKeyId", dispatcher.AccessKeyID, "Status", "Inactive").wants(t, 200)
	first.stop()
	// The operator's way to another key: its ID is enough.
	write(t, data, "newcomer.env", strings.ReplaceAll(first.read("newcomer.env"), old.AccessKeyID, second.AccessKeyID))
	s := start(t, data)
	if got := s.credentials("newcomer"); got != second {
		t.Errorf("the newcomer's key is %s, not %s", got.AccessKeyID, second.AccessKeyID)
	}
	s.call("newcomer", "GET", "/prod/rides", "").wants(t, 403)
	note := regexp.MustCompile(`(?m)^  dispatcher +- +no active key: aws iam create-access-key --user-name dispatcher$`)
	if !note.MatchString(s.stdout.String()) {
		t.Errorf("nobody says what to do:\n%s", s.stdout)
	}
	if s.credentials("dispatcher") != dispatcher {
		t.Error("the file of a key that may become active again was changed")
	}
	// A key of another user in it is none.
	s.stop()
	write(t, data, "newcomer.env", "export AWS_ACCESS_KEY_ID="+s.credentials("operator").AccessKeyID+"\n")
	again := start(t, data)
	if strings.Contains(again.read("newcomer.env"), again.credentials("operator").SecretAccessKey) {
		t.Error("the newcomer's file has the operator's secret")
	}
}

// Another ring opens no secret: nobody gets in, and it is said.
func TestTheDirectoryOfAnotherRing(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	operator := first.credentials("operator")
	first.stop()
	if err := os.Rename(data+".ring", data+".kept"); err != nil {
		t.Fatal(err)
	}
	other := start(t, data)
	if got := other.iamAs(operator, "ListUsers"); got.status == 200 {
		t.Error("the operator is let in")
	}
	if other.credentials("operator") != operator {
		t.Error("the operator's file was changed")
	}
	if !strings.Contains(other.stderr.String(), "level=WARN") {
		t.Errorf("the log has\n%s", other.stderr)
	}
	other.stop()
	if err := os.Rename(data+".kept", data+".ring"); err != nil {
		t.Fatal(err)
	}
	start(t, data).iamAs(operator, "ListUsers").wants(t, 200)
}

// Where the files of the database are not in their places nothing is changed (threat 249), and
// after -max-stale nobody is let in by what is known (threat 110), nor told to be unknown (threat
// 109).
func TestTheDirectoryOfADatabaseThatIsNotInItsPlace(t *testing.T) {
	s := start(t, t.TempDir(), "-max-stale", "2s")
	operator, path := s.credentials("operator"), filepath.Join(s.data, "rides.db")
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	s.iamAs(operator, "CreateUser", "UserName", "carol").wants(t, 503)
	s.send(s.request("GET", "/healthz", "")).wants(t, 503)
	eventually(t, "what is known is too old", func() bool { return s.iamAs(operator, "ListUsers").status == 503 })
	// A key that is not known is not said to be none.
	id, secret := filestore.NewAccessKey()
	s.iamAs(aws.Credentials{AccessKeyID: id, SecretAccessKey: secret.Reveal()}, "ListUsers").wants(t, 503)
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the directory is there again", func() bool { return s.iamAs(operator, "ListUsers").status == 200 })
	s.iamAs(operator, "CreateUser", "UserName", "carol").wants(t, 200)
	s.send(s.request("GET", "/healthz", "")).wants(t, 200)
}

// Whose a request to / is, its credential scope says. Without one it stays STS's; and none of the
// two takes a signature for the other (threat 238).
func TestIAMIsTheServiceOfTheScope(t *testing.T) {
	s := start(t, t.TempDir(), "-presign", "1m")
	unsigned := s.request("POST", "/", "Action=ListUsers&Version=2010-05-08")
	unsigned.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := s.send(unsigned).wants(t, 403); !strings.Contains(got.body, "sts.amazonaws.com") {
		t.Errorf("unsigned: %s", got.body)
	}
	with := signer(s.credentials("operator"))
	with.Service = "iam"
	query := "/?Action=ListUsers&Version=2010-05-08"
	s.send(with.Sign(s.request("GET", query, ""))).wants(t, 200)
	with.Presign = 30e9
	s.send(with.Sign(s.request("GET", query, ""))).wants(t, 200)
	with.Presign, with.Service = 0, "sts"
	s.send(with.Sign(s.request("GET", query, ""))).wants(t, 400)
	with.Service = "execute-api"
	s.send(with.Sign(s.request("GET", query, ""))).wants(t, 403)
	// Elsewhere the scope is nothing.
	with.Service = "iam"
	s.send(with.Sign(s.request("GET", "/prod/rides", ""))).wants(t, 403)
	s.iam("GetCallerIdentity").wants(t, 400)
}

// TestAnotherOperator: whoever can start the program makes another operator, also where the ring
// was lost, and so the keys of all; a user who exists is left alone.
func TestAnotherOperator(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	start(t, data).stop()
	if err := os.Remove(data + ".ring"); err != nil {
		t.Fatal(err)
	}
	s := start(t, data, "-operator", "rescue")
	if got := s.iam("ListUsers").status; got != 503 {
		t.Errorf("with the old operator's key: %d", got)
	}
	rescue := s.credentials("rescue")
	s.iamAs(rescue, "CreateAccessKey", "UserName", "newcomer").wants(t, 200)
	if log := s.stderr.String(); !strings.Contains(log, "another operator was made") || strings.Contains(log, rescue.SecretAccessKey) {
		t.Errorf("the log says\n%s", log)
	}
	s.stop()
	for _, name := range []string{"rescue", "newcomer", "pool", "a/b", "*"} {
		before := contents(t, data)
		if _, stderr := fails(t, 1, "-addr", "127.0.0.1:0", "-data", data, "-operator", name); !strings.Contains(stderr, "no operator") {
			t.Errorf("%q: %s", name, stderr)
		}
		for file, text := range contents(t, data) {
			if strings.HasSuffix(file, ".env") && before[file] != text {
				t.Errorf("%q: %s was written", name, file)
			}
		}
	}
}
