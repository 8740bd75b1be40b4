//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/internal/outside"
	"github.com/wildgate/wildgate/internal/testneed"
)

// TestReadmeAsPasted: who pastes the blocks of this folder's README, the first into one shell and
// the others into another one, in a clone, gets the statuses that it tells; and Ctrl-C ends it.
func TestReadmeAsPasted(t *testing.T) {
	outside.Curl(t)
	const address = "127.0.0.1:8080"
	outside.Free(t, address)
	hasBotocore := exec.Command("python3", "-c", "import botocore").Run() == nil
	hasCLI := exec.Command("aws", "--version").Run() == nil
	blocks := outside.Blocks(t, filepath.Join("example", "README.md"))
	for _, name := range []string{"bash", "sh"} {
		t.Run(name, func(t *testing.T) {
			clone := filepath.Join(t.TempDir(), "wildgate")
			outside.Copy(t, clone)
			// Without -trimpath the packages would be compiled anew for each clone.
			env := append(os.Environ(), "GOFLAGS=-trimpath -buildvcs=false", "AWS_SESSION_TOKEN=old", "AWS_PROFILE=no-such-profile")
			server := outside.NewShell(t, name, clone, env)
			server.PasteUntil(blocks[0].Text, "Wild Rydes is served at http://"+address+"\n")
			shell := outside.NewShell(t, name, clone, env)
			told := 0
			for _, block := range workshop(t, blocks[1:], hasCLI) {
				if strings.HasSuffix(block.Text, "read -r CODE\n") {
					told := server.PasteUntil("", "(confirm-sign-up of alice)\n")
					code := regexp.MustCompile(`Code (\d{6}) for alice@example\.com `).FindStringSubmatch(told)
					if code == nil {
						t.Fatal("no code is printed")
					}
					shell.PasteUntil(block.Text, "The code: ") // what is pasted after it is read by the command
					shell.Paste(code[1] + "\n")
					continue
				}
				if strings.Contains(block.Text, "ask_for_ride") && !hasBotocore {
					continue
				}
				if !hasCLI && asksCLI(block.Text) {
					continue
				}
				printed := shell.Paste(block.Text)
				if strings.Contains(block.Text, "aws --profile") && !strings.Contains(printed, ":assumed-role/Rider/alice\"") {
					t.Errorf("%s\nprinted\n%s", block.Text, printed)
				}
				if want := regexp.MustCompile(`: (\d{3})\.$`).FindStringSubmatch(block.Before); want != nil {
					told++
					if got := statusLine.FindStringSubmatch(printed); got == nil || got[1] != want[1] {
						t.Errorf("%s\n%s\nprinted\n%s", block.Before, block.Text, printed)
					}
				}
				if strings.Contains(block.Text, "cmd/keyring rotate") && strings.Count(printed, " seals from ") != 2 {
					t.Errorf("%s\nprinted\n%s", block.Text, printed)
				}
				if strings.Contains(block.Text, "get-caller-identity") && !strings.Contains(block.Text, "--profile") &&
					!strings.Contains(printed, "Auth_Role/CognitoIdentityCredentials\"") {
					t.Errorf("%s\nprinted\n%s", block.Text, printed)
				}
				for part, want := range map[string]string{
					"policy validate": "1 file: no findings\n", "simulate-principal-policy": "allowed\nimplicitDeny\n",
					"list-roles": "poolAuth_Role\tarn:aws:iam::", "delete-user": "",
				} {
					if strings.Contains(block.Text, part) && (!strings.Contains(printed, want) || strings.Contains(printed, "error")) {
						t.Errorf("%s\nprinted\n%s", block.Text, printed)
					}
				}
			}
			if want := 5; told < want || hasCLI && told < want+7 {
				t.Errorf("the README tells the statuses of %d blocks", told)
			}
			server.Interrupt()
			outside.Stopped(t, address)
			if !hasCLI {
				testneed.Missing(t, "the AWS CLI")
			}
			if !hasBotocore {
				testneed.Missing(t, "botocore for python3")
			}
		})
	}
}

// asksCLI reports whether a block needs the AWS CLI, or what one before has asked it for.
func asksCLI(block string) bool {
	return strings.Contains(block, "aws iam") || strings.Contains(block, "aws --profile") || strings.Contains(block, "as_carol")
}

// workshop returns the blocks that can be pasted: without the AWS CLI, those after the workshop.
func workshop(t *testing.T, blocks []outside.Block, hasCLI bool) []outside.Block {
	t.Helper()
	if hasCLI {
		return blocks
	}
	var without []outside.Block
	for i, block := range blocks {
		switch {
		case strings.HasPrefix(block.Text, "ask_for_ride()"):
			without = append(without, block)
		case strings.HasPrefix(block.Text, "signed_curl()") && len(without) > 0:
			return append(without, blocks[i:]...)
		}
	}
	t.Fatal("the README has no calls with keys")
	return nil
}
