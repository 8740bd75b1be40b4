package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	loose = `{"Statement":{"Resource":["*"],"Action":"s3:<>","Effect":"Allow"},"Version":"2012-10-17"}`
	plain = `{"Statement":{"Resource":["*"],"Action":"s3:Get*","Effect":"Allow"},"Version":"2012-10-17"}`
	neat  = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "s3:Get*",
      "Resource": "*"
    }
  ]
}
`
)

// folder writes files into a folder of the test's own.
func folder(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFormatPrints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, line, stdin string
		status            int
		stdout, stderr    string // the standard error: a part of it
	}{
		{"a loose document", "fmt -", plain, 0, neat, ""},
		{"a neat one", "fmt -", neat, 0, neat, ""},
		{"-l of a loose one", "fmt -l -", plain, 1, "<stdin>\n", ""},
		{"-l of a neat one", "fmt -l -", neat, 0, "", ""},
		{"a document with a mistake", "fmt -", loose, 2, "", `<stdin>:1:41: error: Statement.Action: `},
		{"a Principal without -type", "fmt -", strings.Replace(plain, `"Effect"`, `"Principal":"*","Effect"`, 1), 2, "", "-type resource"},
		{
			"a Principal with -type", "fmt -type resource -", strings.Replace(plain, `"Effect"`, `"Principal":"*","Effect"`, 1), 0,
			strings.Replace(neat, `"Allow",`, `"Allow",`+"\n"+`      "Principal": "*",`, 1), "",
		},
		{"-w of the standard input", "fmt -w -", plain, 2, "", "cannot be written"},
		{"no file", "fmt -w", "", 2, "", "needs a file"},
		{"a file that is not there", "fmt testdata/nosuch.json", "", 2, "", "no such file"},
		{"the short form without an API", "fmt -type resource testdata/api.json", "", 2, "", "-api"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, stdout, stderr := call(tt.stdin, tt.line)
			if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) || (status == 2) != (stderr != "") {
				t.Errorf("status %d, want %d\n%s\n%s", status, tt.status, stdout, stderr)
			}
		})
	}
}

// fmt -w replaces what differs, keeps the mode, follows links, leaves what has mistakes
// and what is neat already, and leaves no other file behind.
func TestFormatWrites(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"loose.json": plain, "neat.json": neat, "broken.json": loose, "linked.json": plain})
	if err := os.Symlink("linked.json", filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	neatBefore, err := os.Stat(path("neat.json"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"fmt", "-w", "-l", path("broken.json"), path("loose.json"), path("neat.json"), path("link.json")}
	status, stdout, stderr := callArgs("", args...)
	if want := path("loose.json") + "\n" + path("link.json") + "\n"; status != 2 || stdout != want ||
		!strings.Contains(stderr, "broken.json:1:41: error: ") {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
	for name, want := range map[string]string{"loose.json": neat, "neat.json": neat, "broken.json": loose, "linked.json": neat} {
		if got := content(t, path(name)); got != want {
			t.Errorf("%s is\n%s", name, got)
		}
	}
	if info, err := os.Stat(path("loose.json")); err != nil || info.Mode() != 0o640 {
		t.Errorf("%v, %v", info, err)
	}
	if info, err := os.Lstat(path("link.json")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info, err)
	}
	if info, err := os.Stat(path("neat.json")); err != nil || !os.SameFile(info, neatBefore) {
		t.Errorf("the neat file was replaced: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 5 {
		t.Errorf("the folder has %v, %v", files, err)
	}
	if status, stdout, stderr := callArgs("", append([]string{"fmt", "-w"}, args[4:]...)...); status != 0 || stdout != "" || stderr != "" {
		t.Errorf("again: status %d\n%s\n%s", status, stdout, stderr)
	}
}

// A document that would be too large with its indentation is left as it is.
func TestFormatOfALargeDocument(t *testing.T) {
	t.Parallel()
	st := `{"Effect":"Allow","Action":[` + strings.Repeat(`"a:bcd",`, 80) + `"a:bcd"],"Resource":"*"}`
	large := `{"Statement":[` + strings.Repeat(st+",", 999) + st + `]}`
	file := filepath.Join(folder(t, map[string]string{"large.json": large}), "large.json")
	status, stdout, stderr := callArgs("", "fmt", "-w", file)
	if status != 2 || stdout != "" || !strings.Contains(stderr, "larger than 1 MiB") || content(t, file) != large {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
	if status, _, stderr := callArgs("", append([]string{"simulate", "-identity", file}, strings.Fields(alice)...)...); status != 1 {
		t.Errorf("it is of no use: %s", stderr)
	}
}
