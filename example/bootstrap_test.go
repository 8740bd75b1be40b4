package main_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

// contents returns the files of a folder with their contents, but for the database.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "rides.db") {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = readFile(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestTheFirstStartWritesTheFolder(t *testing.T) {
	s := startFiles(t, filepath.Join(t.TempDir(), "new", "data"))
	want := []string{
		"api.json", "aws.config", "dispatcher.env", "newcomer.env",
		"policies/WildRydesAPI-DispatcherPolicy.json", "policies/WildRydesAPI-StandardUserPolicy.json",
		"pool.env", "principals.json", "rider.env", "wildgate.lock",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(contents(t, s.data)))); diff != "" {
		t.Error(diff)
	}
	if runtime.GOOS != "windows" {
		err := filepath.WalkDir(s.data, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err == nil && info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s may be read by others: %v", path, info.Mode())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, pattern := range []string{
		`"Arn": "arn:aws:iam::[1-9][0-9]{11}:role/wildrydes/Rider",\s+"RoleId": "AROA[A-Z2-7]{17}",\s+"AttachedPolicies": ` +
			`\["WildRydesAPI-StandardUserPolicy"\],\s+"MaxSessionDuration": 43200,\s+` +
			`"AssumeRolePolicyDocument": \{`,
		`"Arn": "arn:aws:iam::[1-9][0-9]{11}:user/wildrydes/dispatcher",\s+"UserId": "AIDA[A-Z2-7]{17}",\s+"AttachedPolicies": ` +
			`\["WildRydesAPI-StandardUserPolicy", "WildRydesAPI-DispatcherPolicy"\]`,
		`"Arn": "arn:aws:iam::[1-9][0-9]{11}:user/wildrydes/newcomer",\s+"UserId": "AIDA[A-Z2-7]{17}",\s+"AttachedPolicies": \[\],`,
		`"AccessKeyId": "AKIA[A-Z2-7]{16}", "SecretAccessKey": "[A-Za-z0-9+/]{40}", "Status": "Active"`,
	} {
		if !regexp.MustCompile(pattern).MatchString(s.read("principals.json")) {
			t.Errorf("principals.json does not match %s:\n%s", pattern, s.read("principals.json"))
		}
	}
	for _, name := range []string{"WildRydesAPI-StandardUserPolicy", "WildRydesAPI-DispatcherPolicy"} {
		findings, err := iampolicy.Validate(t.Context(), []byte(s.read("policies/"+name+".json")), iampolicy.IdentityPolicy)
		if err != nil || len(findings) > 0 {
			t.Errorf("%s: %v, %v", name, findings, err)
		}
	}
}

func TestWhoMayDoWhatAfterTheFirstStart(t *testing.T) {
	s := start(t, t.TempDir())
	mine := "/prod/ride/" + s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	theirs := "/prod/ride/" + s.call("dispatcher", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	for _, tt := range []struct {
		name, caller, method, path string
		status                     int
	}{
		{"the rider may use any method on ride, if the service does not", "rider", "PUT", "/prod/ride", 405},
		{"the rider's ride is the rider's to see", "rider", "GET", mine, 200},
		{"a ride of someone else is not found", "rider", "GET", theirs, 404},
		{"a ride of someone else cannot be cancelled", "rider", "DELETE", theirs, 404},
		{"the rider may not list", "rider", "GET", "/prod/rides", 403},
		{"the policy has GET and DELETE of a ride, and not PUT", "rider", "PUT", mine, 403},
		{"the policy has GET and DELETE of a ride, and not HEAD", "rider", "HEAD", mine, 403},
		{"the dispatcher may list", "dispatcher", "GET", "/prod/rides", 200},
		{"the dispatcher may not delete the list", "dispatcher", "DELETE", "/prod/rides", 403},
		{"the newcomer may not ask for a ride", "newcomer", "POST", "/prod/ride", 403},
		{"the newcomer may not see a ride", "newcomer", "GET", mine, 403},
		{"the rider's ride is the rider's to cancel", "rider", "DELETE", mine, 204},
	} {
		if got := s.call(tt.caller, tt.method, tt.path, ""); got.status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.name, got.status, tt.status, got.body)
		}
	}
}

func TestEveryFolderHasKeysOfItsOwn(t *testing.T) { // threat 117
	secret := regexp.MustCompile(`"(AccessKeyId|SecretAccessKey|SessionToken|UserId|RoleId|AccountId|ApiId)": "([^"]+)"`)
	seen := make(map[string]int)
	for range 2 {
		s := startFiles(t, t.TempDir())
		here := make(map[string]bool)
		for line := range strings.Lines(readFile(t, s.data+".ring")) {
			if f := strings.Fields(line); len(f) == 4 {
				here["ring "+f[3]] = true
			}
		}
		here["SessionToken "+s.credentials("rider").SessionToken] = true
		for _, text := range contents(t, s.data) {
			for _, match := range secret.FindAllStringSubmatch(text, -1) {
				here[match[1]+" "+match[2]] = true
			}
		}
		for value := range here {
			if seen[value]++; seen[value] > 1 {
				t.Errorf("two folders have %s", value)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d values were found", len(seen))
	}
}

func TestASecondStartKeepsTheFolderAndRenewsTheRider(t *testing.T) {
	data := t.TempDir()
	first := start(t, data)
	ride := "/prod/ride/" + first.call("rider", "POST", "/prod/ride", seattle).wants(t, 201).field(t, "RideId")
	before, alice := contents(t, data), first.credentials("rider")
	first.stop()

	second := start(t, data)
	after := contents(t, data)
	for name := range before {
		kept := before[name] == after[name]
		if program := strings.HasSuffix(name, ".env") || name == "aws.config"; !program && !kept {
			t.Errorf("%s was changed:\n%s", name, cmp.Diff(before[name], after[name]))
		}
	}
	renewed := second.credentials("rider")
	if renewed.AccessKeyID == alice.AccessKeyID || renewed.SecretAccessKey == alice.SecretAccessKey ||
		renewed.SessionToken == alice.SessionToken {
		t.Error("the rider's credentials were not renewed")
	}
	if !strings.HasPrefix(renewed.AccessKeyID, "ASIA") || renewed.SessionToken == "" {
		t.Errorf("the rider's credentials are not temporary: %s", renewed.AccessKeyID)
	}
	if second.credentials("dispatcher") != credentialsIn(t, before["dispatcher.env"]) {
		t.Error("the dispatcher's key is another one")
	}
	if got := second.call("rider", "GET", ride, "").wants(t, 200).field(t, "Rider"); got != "alice" {
		t.Errorf("the rider is %q", got)
	}
	_, until, _ := strings.Cut(second.stdout.String(), "a session of the role Rider until ")
	until, _, _ = strings.Cut(until, "\n")
	expires, err := time.Parse(time.RFC3339, until)
	if left := time.Until(expires); err != nil || left < 11*time.Hour || left > 12*time.Hour {
		t.Errorf("the rider's session expires at %q", until)
	}
	// The first one's token is sealed by the same ring, and lives on.
	second.send(signer(alice).Sign(second.request("GET", ride, ""))).wants(t, 200)
}

func TestWhatTheOperatorRemovedStaysRemoved(t *testing.T) {
	data := t.TempDir()
	first := startFiles(t, data)
	first.edit("principals.json", `"AttachedPolicies": ["WildRydesAPI-StandardUserPolicy", "WildRydesAPI-DispatcherPolicy"]`,
		`"AttachedPolicies": ["WildRydesAPI-StandardUserPolicy"]`)
	first.stop()
	if err := os.Remove(filepath.Join(data, "policies", "WildRydesAPI-DispatcherPolicy.json")); err != nil {
		t.Fatal(err)
	}
	second := startFiles(t, data)
	if _, ok := contents(t, data)["policies/WildRydesAPI-DispatcherPolicy.json"]; ok {
		t.Error("the policy is back")
	}
	second.call("dispatcher", "GET", "/prod/rides", "").wants(t, 403)
}

func TestAFirstStartThatWasCutShortIsContinued(t *testing.T) {
	whole := startFiles(t, t.TempDir())
	whole.stop()
	files := contents(t, whole.data)
	for _, tt := range []struct {
		name string
		left []string
	}{
		{"nothing but the folder", nil},
		{"the API", []string{"api.json"}},
		{"the API and one policy", []string{"api.json", "policies/WildRydesAPI-StandardUserPolicy.json"}},
		{"all but the principals", []string{"api.json", "policies/WildRydesAPI-StandardUserPolicy.json", "policies/WildRydesAPI-DispatcherPolicy.json"}},
		{"a file half written", []string{"api.json", ".new-123"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := t.TempDir()
			for _, name := range tt.left {
				path := filepath.Join(data, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(files[name]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := startFiles(t, data)
			s.call("rider", "POST", "/prod/ride", seattle).wants(t, 201)
			s.call("dispatcher", "GET", "/prod/rides", "").wants(t, 200)
			s.call("newcomer", "POST", "/prod/ride", seattle).wants(t, 403)
			for _, name := range tt.left {
				if s.read(name) != files[name] {
					t.Errorf("%s was replaced", name)
				}
			}
		})
	}
}

func TestAFolderThatDoesNotFit(t *testing.T) {
	fresh := func(t *testing.T) string {
		s := startFiles(t, t.TempDir())
		s.stop()
		return s.data
	}
	for _, tt := range []struct {
		name  string
		spoil func(t *testing.T, data string)
		args  []string
		want  string
	}{
		{"another region", nil, []string{"-region", "eu-west-1"}, "made for region us-east-1, not eu-west-1"},
		{"the API is gone", func(t *testing.T, data string) { remove(t, data, "api.json") }, nil, "api.json is missing"},
		{"the API is no JSON", func(t *testing.T, data string) { write(t, data, "api.json", "{") }, nil, "api.json: unexpected EOF"},
		{"the API has another element", func(t *testing.T, data string) { write(t, data, "api.json", `{"Regoin":"x"}`) }, nil, "api.json: json: unknown field"},
		{
			"the API has no account", func(t *testing.T, data string) { write(t, data, "api.json", `{"Region":"us-east-1","ApiId":"a"}`) },
			nil, "api.json: Region, AccountId",
		},
		{"an account that is a pattern", func(t *testing.T, data string) {
			write(t, data, "api.json", `{"Region":"us-east-1","AccountId":"*","ApiId":"a"}`)
		}, nil, "api.json: Region, AccountId"},
		{
			"principals that are broken", func(t *testing.T, data string) { write(t, data, "principals.json", "{\n\"Users\": 1}") }, nil,
			"principals.json:2:10: ",
		},
		{"principals that others may read", func(t *testing.T, data string) {
			if err := os.Chmod(filepath.Join(data, "principals.json"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, nil, "0644 is wider than 0600"},
		{"a database that is none", func(t *testing.T, data string) {
			remove(t, data, "rides.db")
			write(t, data, "rides.db", strings.Repeat("no database ", 100))
		}, nil, "rides.db cannot be opened: ridesvc: SQL store: schema: file is not a database"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := fresh(t)
			before := contents(t, data)
			if tt.spoil != nil {
				tt.spoil(t, data)
				before = contents(t, data)
			}
			stdout, stderr := fails(t, 1, append([]string{"-addr", "127.0.0.1:0", "-data", data, "-store", "files"}, tt.args...)...)
			if !strings.Contains(lastOf(stderr), tt.want) || stdout != "" {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
			if diff := cmp.Diff(before["principals.json"], contents(t, data)["principals.json"]); diff != "" {
				t.Errorf("principals.json was changed: %s", diff)
			}
		})
	}
}

// lastOf returns the last line.
func lastOf(text string) string {
	lines := slices.Collect(strings.Lines(text))
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}
