package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/runner"
)

// recordedFile is what the gate has recorded, as -from reads it.
var recordedFile = filepath.Join("gate", gate.File)

func TestRunReportsRecordedResults(t *testing.T) {
	t.Parallel()
	page := filepath.Join(t.TempDir(), "report.html")
	var out, errs bytes.Buffer
	if err := run(context.Background(), []string{"-from", recordedFile, "-html", page, "-json", "-check"}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	var results runner.Results
	if err := json.Unmarshal(out.Bytes(), &results); err != nil || len(results.Rows) < 40 {
		t.Errorf("%d rows, %v", len(results.Rows), err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(html), "<svg"); got != 9 {
		t.Errorf("%d pictures; want 9", got)
	}
	if errs.Len() > 0 {
		t.Errorf("on what is no terminal: %q", errs.String())
	}
}

// TestDocumentsAreOfOneRun: the tables and the pictures in the repository are those of the recorded
// results.
func TestDocumentsAreOfOneRun(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "bench")
	for _, name := range []string{"report", "gate"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	documents := []string{"RESULTS.md", filepath.Join("..", "README.md")}
	for _, name := range documents {
		document, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), document, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(context.Background(), []string{"-from", recordedFile, "-write", folder}, new(bytes.Buffer),
		new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(documents, filepath.Join("report", "report.html"), filepath.Join("report", "verification.svg"),
		recordedFile) {
		want, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what go run ./bench -from %s -write bench writes (%v)", name, recordedFile, err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		want string
	}{
		{"an argument that nobody knows", []string{"e3e"}, `unknown argument "e3e"`},
		{"results that are not there", []string{"-from", "nothing.json"}, "nothing.json"},
		{"to record a quick run", []string{"-quick", "-write", "nowhere"}, "a full run"},
		{"a flag of the end to end measurement that nobody knows", []string{"e2e", "-unknown"}, "-unknown"},
	} {
		err := run(context.Background(), tt.args, new(bytes.Buffer), new(bytes.Buffer))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
}

// TestHelpNamesEveryCommand: whoever asks for help in either place gets that of the place, and from
// the first hears of the other.
func TestHelpNamesEveryCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"-h"}, []string{"bench e2e", "-quick"}},
		{[]string{"e2e", "-h"}, []string{"-json"}},
	} {
		var stderr bytes.Buffer
		if err := run(t.Context(), tt.args, &bytes.Buffer{}, &stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%q: %v", tt.args, err)
		}
		for _, want := range tt.want {
			if !strings.Contains(stderr.String(), want) {
				t.Errorf("%q: %q is missing in\n%s", tt.args, want, stderr.String())
			}
		}
	}
}
