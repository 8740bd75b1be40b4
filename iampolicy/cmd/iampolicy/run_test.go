package main_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cli "github.com/wildgate/wildgate/iampolicy/cmd/iampolicy"
)

const (
	suggestionOnly = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*","s3:GetObject"],"Resource":"*"}}`

	misspelt = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invok","Resource":"arn:aws:execute-api:*:*:*"}}`
	allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	alice    = " -principal arn:aws:iam::111122223333:user/alice -action s3:GetObject -resource arn:aws:s3:::rides/7" +
		" -resource-account 111122223333"
)

func TestExitStatus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, line, stdin string
		want              int
		stderr            string // a part of it
	}{
		{"no command is usage", "", "", 2, "Usage:"},
		{"help is no failure", "help", "", 0, ""},
		{"-h is help", "-h", "", 0, ""},
		{"-h of a command is help", "validate -h", "", 0, ""},
		{"--help behind a file is help", "simulate --help", "", 0, ""},
		{"an unknown command", "validat x.json", "", 2, `unknown command "validat"`},
		{"help on an unknown command", "help validat", "", 2, `no help on "validat"`},
		{"help on two commands", "help validate simulate", "", 2, "no help"},

		{"a document without findings", "validate testdata/wild-rydes.json", "", 0, "no findings"},
		{"a broken document", "validate testdata/broken.json", "", 1, "4 errors"},
		{"an unreadable file outweighs findings", "validate testdata/nosuch.json testdata/broken.json", "", 2, "no such file"},
		{"a folder is no file", "validate testdata", "", 2, "is a directory"},
		{"the standard input", "validate -", allowAll, 1, "1 security warning"},
		{"the standard input twice", "validate - -", allowAll, 2, "once only"},
		{"an empty standard input", "validate -", "", 1, "1 error"},
		{"no file", "validate", "", 2, "needs a file"},
		{"an unknown flag", "validate -strict x.json", "", 2, "unknown flag -strict"},
		{"a flag behind the file", "validate testdata/suspicious.json -fail-on none", "", 0, ""},
		{"-- ends the flags", "validate -- testdata/wild-rydes.json -json", "", 2, "open -json"},
		{"errors do not fail at level none", "validate -fail-on none testdata/broken.json", "", 0, "4 errors"},
		{"warnings do not fail at level error", "validate -fail-on error testdata/suspicious.json", "", 0, ""},
		{"security warnings fail at their level", "validate -fail-on security-warning testdata/suspicious.json", "", 1, ""},
		{
			"a warning does not fail at level security-warning", "validate -fail-on security-warning -",
			`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, 0, "1 warning",
		},
		{"a warning fails by default", "validate -", `{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`, 1, "1 warning"},
		{"a suggestion does not fail by default", "validate -", suggestionOnly, 0, "1 file: 1 suggestion"},
		{"a suggestion fails at its level", "validate -fail-on=suggestion -", suggestionOnly, 1, "1 file: 1 suggestion"},
		{"an unknown level", "validate -fail-on warnings x.json", "", 2, "the levels are"},
		{"an unknown type", "validate -type user x.json", "", 2, "the types are"},
		{"an action of no route", "validate -routes testdata/actions.txt -", misspelt, 1, "1 file: 1 warning"},
		{"actions of routes", "validate -routes testdata/actions.txt testdata/wild-rydes.json", "", 0, "no findings"},
		{"without -routes any action will do", "validate -", misspelt, 0, "no findings"},
		{"the routes on the standard input", "validate -routes - testdata/wild-rydes.json", "s3:GetObject # and no other\n", 1, "warnings"},
		{
			"a line of the routes that is no action", "validate -routes - testdata/wild-rydes.json", "\n# x\na:b\nGET /orders\n", 2,
			`<stdin>:4: "GET /orders" is no action`,
		},
		{"routes with a wildcard", "validate -routes - testdata/wild-rydes.json", "orders:*\n", 2, `"orders:*" is no action`},
		{"no routes", "validate -routes - testdata/wild-rydes.json", "# none\n", 2, "lists no action"},
		{"routes that are not there", "validate -routes testdata/nosuch.txt testdata/wild-rydes.json", "", 2, "no such file"},
		{"another type", "validate -type resource -api us-east-1/111122223333/rides testdata/api.json", "", 0, ""},
		{"the short form without an API", "validate -type resource testdata/api.json", "", 1, "1 error"},
		{"an API with a wildcard is usage", "validate -api us-east-1/*/rides testdata/api.json", "", 2, "is no region, account ID or API ID"},
		{"an API of two parts", "validate -api us-east-1/rides testdata/api.json", "", 2, "REGION/ACCOUNT/API-ID"},

		{"an allowed request", "simulate -identity -" + alice, allowAll, 0, ""},
		{"a denied request", "simulate -identity testdata/wild-rydes.json" + alice, "", 1, ""},
		{"no policy at all", "simulate" + alice, "", 2, "no policy is given"},
		{"no request", "simulate -identity testdata/wild-rydes.json", "", 2, "missing: -principal, -action, -resource"},
		{"a policy without a flag", "simulate testdata/wild-rydes.json" + alice, "", 2, "as -identity testdata/wild-rydes.json"},
		{"an unreadable policy", "simulate -identity testdata/nosuch.json" + alice, "", 2, "no such file"},
		{
			"every policy's mistakes are told",
			"simulate -identity testdata/broken.json -scp testdata/nosuch.json,testdata/api.json" + alice, "", 2,
			"testdata/api.json:7:7: error: ",
		},
		{"a policy of another type", "simulate -boundary testdata/api.json" + alice, "", 2, "PRINCIPAL_NOT_ALLOWED"},
		{"a misspelt action is no denial", "simulate -identity - -principal anonymous -action GetObject -resource x", allowAll, 2, ""},
		{
			"a role cannot call", "simulate -identity - -principal arn:aws-cn:iam::111122223333:role/x/Rider -action a:b -resource x",
			allowAll, 2, "arn:aws-cn:sts::111122223333:assumed-role/Rider/SESSION",
		},
		{"a name is no user", "simulate -identity - -principal alice -action a:b -resource arn:aws:s3:::x", allowAll, 1, ""},
		{"a service is one", "simulate -identity - -principal events.amazonaws.com -action a:b -resource arn:aws:s3:::x", allowAll, 1, ""},
		{
			"a resource that is no ARN", "simulate -identity - -principal arn:aws:iam::111122223333:user/a -action a:b -resource x",
			strings.Replace(allowAll, `"*"}`, `"arn:aws:s3:::x"}`, 1), 1, `the resource "x" is no ARN`,
		},
		{"a group cannot call", "simulate -identity - -principal arn:aws:iam::111122223333:group/g -action a:b -resource x", allowAll, 2, "names nobody"},
		{"two actions", "simulate -identity - -action s3:PutObject" + alice, allowAll, 2, "given twice"},
		{"an empty file name", "simulate -identity= " + alice, allowAll, 2, "it is empty"},
		{"two policies of a resource", "simulate -resource-policy - -trust-policy x.json" + alice, allowAll, 2, "a resource has one policy"},
		{"a context without value", "simulate -identity - -context aws:SourceIp" + alice, allowAll, 2, "key=value"},
		{
			"a context key twice, in another case",
			"simulate -identity - -context aws:SourceIp=10.0.0.1 -context AWS:sourceip=10.0.0.2" + alice, allowAll, 2, "is given twice",
		},
		{"an unknown key with a value", "simulate -identity - -unknown aws:SourceIp=10.0.0.1" + alice, allowAll, 2, "without a value"},
		{
			"a key that is known and unknown", "simulate -identity - -unknown AWS:sourceip -context aws:SourceIp=10.0.0.1" + alice,
			allowAll, 2, "has a value by -context",
		},
		{
			"an unknown key that an Allow needs", "simulate -identity - -unknown x:v" + alice,
			strings.Replace(allowAll, `"*"}`, `"*","Condition":{"StringNotEquals":{"x:v":"a"}}}`, 1), 1, "",
		},
		{"a list that is no JSON", `simulate -identity - -context k=["a",b]` + alice, allowAll, 2, "no JSON list"},
		{"a list with null", `simulate -identity - -context k=["a",null]` + alice, allowAll, 2, "no JSON list"},
		{"a list with half of a character", `simulate -identity - -context k=["a\ud800"]` + alice, allowAll, 2, "no JSON list"},
		{"an unreadable request file", "simulate -request testdata/nosuch.json", "", 2, "no such file"},
		{
			"a request on the standard input", "simulate -request - -identity testdata/wild-rydes.json",
			`{"principal":"anonymous","action":"a:b","resource":"x"}`, 1, "",
		},
		{"no new access", "diff testdata/wild-rydes-wider.json testdata/wild-rydes.json", "", 0, ""},
		{"new access", "diff testdata/wild-rydes.json testdata/wild-rydes-wider.json", "", 1, ""},
		{"a question that has no answer", "diff -type boundary testdata/wild-rydes.json,testdata/scp.json testdata/scp.json", "", 2, ""},
		{"one file only", "diff testdata/scp.json", "", 2, "there are 1"},
		{"three files", "diff testdata/scp.json testdata/scp.json testdata/scp.json", "", 2, "there are 3"},
		{"a broken policy among the new ones", "diff testdata/scp.json testdata/scp.json,testdata/broken.json", "", 2, "testdata/broken.json:5:17: error: "},
		{"an unreadable old policy", "diff testdata/nosuch.json testdata/scp.json", "", 2, "no such file"},
		{"the old policy on the standard input", "diff - testdata/scp.json", allowAll, 0, ""},
		{"both on the standard input", "diff - -", allowAll, 2, "once only"},
		{
			"a size limit", "simulate -size-limits -session -" + alice,
			strings.Replace(allowAll, `"*"}`, `"arn:aws:s3:::`+strings.Repeat("x", 2000)+`"}`, 1), 2, "QUOTA_EXCEEDED",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(tt.stdin, tt.line)
			if status != tt.want || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("status %d, want %d, with %q on the standard error\n%s\n%s", status, tt.want, tt.stderr, stdout, stderr)
			}
		})
	}
}

// TestHelpEverywhere: what -h prints is what help prints, on the standard output.
func TestHelpEverywhere(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"validate", "simulate", "diff", "fmt"} {
		_, want, _ := call("", "help "+name)
		_, got, stderr := call("", name+" -h")
		if got != want || stderr != "" || !strings.Contains(got, "Examples:") || !strings.Contains(got, "Exit status:") {
			t.Errorf("%s -h prints\n%s%s\nhelp prints\n%s", name, got, stderr, want)
		}
		_, overview, _ := call("", "help")
		if !strings.Contains(overview, "\n  "+name+" ") {
			t.Errorf("the overview has no %s", name)
		}
	}
}

// TestTypeHint: who named the type is not asked to.
func TestTypeHint(t *testing.T) {
	t.Parallel()
	_, _, stderr := call("", "validate testdata/api.json")
	_, _, given := call("", "validate -type identity testdata/api.json")
	if !strings.Contains(stderr, "-type resource") || strings.Contains(given, "-type resource") {
		t.Errorf("without -type:\n%swith it:\n%s", stderr, given)
	}
}

func TestSizeLimits(t *testing.T) {
	t.Parallel()
	long := strings.Replace(allowAll, `"Resource":"*"`, `"Resource":"arn:aws:s3:::`+strings.Repeat("x", 2000)+`"`, 1)
	tests := []struct {
		name, line string
		want       int
	}{
		{"more than the quota is a warning", "validate -type session -fail-on error -", 0},
		{"with -size-limits it is an error", "validate -type session -fail-on error -size-limits -", 1},
		{"another type has room for it", "validate -fail-on error -size-limits -", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if status, stdout, _ := call(long, tt.line); status != tt.want {
				t.Errorf("status %d, want %d\n%s", status, tt.want, stdout)
			}
		})
	}
}

// TestHostileNames (threat 214): neither a file's name nor what is in it begins
// a line of its own or reaches the terminal as a control sequence.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a\n\x1b[2Jb.json")
	if err := os.WriteFile(file, []byte(`{"Version":"2012-10-17","Statement":{"x\n::error::y\u001b[31m\u0085\u202e":1}}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	unseen := filepath.Join(dir, "a\n\x1b[2Jc.json")
	if err := os.WriteFile(unseen, []byte(strings.Replace(allowAll, `"Version"`, "\"Id\":\"a\u0085\u009b31mb\",\"Version\"", 1)),
		0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"validate", file},
		{"validate", filepath.Join(dir, "no\n\x1bsuch")},
		{"fmt", file},
		{"fmt", "-l", "-type", "scp", unseen},
		{"fmt", "-type", "scp", unseen},
		{"fmt", "-w", filepath.Join(dir, "no\n\x1bsuch")},
		append([]string{"simulate", "-identity", file}, strings.Fields(alice)...),
		append([]string{"simulate", "-identity", "testdata/wild-rydes.json", "-all", "-context", "k\n\x1b=v\n\x1b"},
			strings.Fields(alice)...),
		{"simulate", "-request", file},
		{"simulate\n\x1b"},
	} {
		_, stdout, stderr := callArgs("", args...)
		for line := range strings.Lines(stdout + stderr) {
			if strings.ContainsAny(line, "\x1b\u0085\u009b\u202e") || strings.HasPrefix(line, "::") {
				t.Errorf("%q prints %q", args, line)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestOutputThatDoesNotArrive: a report that could not be written is no "ok".
func TestOutputThatDoesNotArrive(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"validate -json testdata/wild-rydes.json", "validate testdata/suspicious.json -fail-on none", "help"} {
		var stderr bytes.Buffer
		if status := cli.Run(strings.Fields(line), strings.NewReader(""), brokenWriter{}, &stderr); status != 2 ||
			!strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%s: status %d, %q", line, status, stderr.String())
		}
	}
}
