package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestREADMEShowsARealRun: the denied request in the README, and its explanation,
// are what the command prints.
func TestREADMEShowsARealRun(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const prompt = "```console\n$ cd iampolicy/cmd/iampolicy/testdata\n$ go run .. "
	_, rest, ok := strings.Cut(string(readme), prompt)
	if !ok {
		t.Fatalf("the README does not have %q", prompt)
	}
	shown, _, _ := strings.Cut(rest, "```\n")
	shown = strings.ReplaceAll(shown, "\\\n", "")
	line, want, _ := strings.Cut(shown, "\n")
	t.Chdir("testdata")
	status, stdout, stderr := call("", line)
	if status != 1 || stdout != want || stderr != "" {
		t.Errorf("status %d\n%s\n%s\nthe README has\n%s", status, stdout, stderr, want)
	}
}
