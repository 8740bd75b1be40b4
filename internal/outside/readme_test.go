//go:build unix

package outside_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/outside"
	"github.com/wildgate/wildgate/internal/testneed"
)

// TestReadmeAsPasted: who pastes the README's blocks into one shell, one after the other, in a new
// module, is greeted; and nothing goes on running.
func TestReadmeAsPasted(t *testing.T) {
	outside.Curl(t)
	testneed.Program(t, "openssl")
	const address = "127.0.0.1:8081"
	outside.Free(t, address)
	r := outside.NewRelease(t)
	for _, name := range []string{"bash", "sh"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r.Go(t, dir, "mod", "init", "example.org/hello") // "in a module" is all that the README takes for granted
			shell := outside.NewShell(t, name, dir, r.Env)
			program, last := 0, ""
			for _, block := range outside.Fenced(t, "README.md", "sh", "go") {
				if block.Language == "sh" {
					if strings.Contains(block.Text, " &\n") && !strings.Contains(block.Text, "--retry-connrefused") {
						t.Errorf("the first request can come before the server listens:\n%s", block.Text)
					}
					last = shell.Paste(block.Text)
					continue
				}
				program++
				if !strings.Contains(block.Before, "Save it as `main.go`") {
					t.Fatalf("before the program stands %q, which does not say where to save it", block.Before)
				}
				write(t, filepath.Join(dir, "main.go"), block.Text)
			}
			if program != 1 || !strings.Contains(last, "Hello, world, from alice\n") {
				t.Errorf("the README shows %d programs, and its last commands print %q", program, last)
			}
			outside.Stopped(t, address)

			// What the README says of every other request.
			answers := shell.Paste(`./hello &
ask() {
  curl -sS --retry 5 --retry-connrefused -o answer -w '%{http_code} ' --aws-sigv4 aws:amz:us-east-1:greetings "$@"
  cat answer
  echo
}
ask --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" http://` + address + `/hello/world
ask --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" http://` + address + `/hello/other
ask --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -X POST http://` + address + `/hello/world
ask --user "AKIANOBODY:$AWS_SECRET_ACCESS_KEY" http://` + address + `/hello/world
ask --user "$AWS_ACCESS_KEY_ID:another" http://` + address + `/hello/world
kill $!
`)
			var statuses, texts []string
			for line := range strings.Lines(answers) {
				if status, text, ok := strings.Cut(line, " "); ok && len(status) == 3 {
					statuses, texts = append(statuses, status), append(texts, text)
				}
			}
			if got := strings.Join(statuses, " "); got != "200 403 403 403 403" {
				t.Fatalf("the statuses are %s:\n%s", got, answers)
			}
			// A route that exists and one that does not are refused in the same words.
			if texts[1] != texts[2] {
				t.Errorf("the refusals tell routes apart:\n%s%s", texts[1], texts[2])
			}
			outside.Stopped(t, address)
		})
	}
}
