package main_test

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"time"

	cli "github.com/wildgate/wildgate/iampolicy/cmd/iampolicy"
)

// A device is a writer that says what it is, as an *os.File does.
type device struct {
	bytes.Buffer
	mode fs.FileMode
}

func (d *device) Stat() (fs.FileInfo, error) { return fileInfo{d.mode}, nil }

type fileInfo struct{ mode fs.FileMode }

func (i fileInfo) Name() string       { return "stdout" }
func (i fileInfo) Size() int64        { return 0 }
func (i fileInfo) Mode() fs.FileMode  { return i.mode }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return false }
func (i fileInfo) Sys() any           { return nil }

func TestColorOnTerminalsOnly(t *testing.T) {
	const terminal = fs.ModeDevice | fs.ModeCharDevice
	tests := []struct {
		name    string
		mode    fs.FileMode
		noColor string
		term    string
		want    bool
	}{
		{"a terminal has colour", terminal, "", "xterm", true},
		{"a pipe has none", fs.ModeNamedPipe, "", "xterm", false},
		{"a file has none", 0, "", "xterm", false},
		{"NO_COLOR declines it", terminal, "1", "xterm", false},
		{"a terminal that knows no colour has none", terminal, "", "dumb", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("NO_COLOR", tt.noColor)
			t.Setenv("TERM", tt.term)
			for _, line := range []string{
				"validate testdata/broken.json", "diff testdata/scp.json testdata/wild-rydes.json",
				"diff testdata/wild-rydes.json testdata/scp.json", "simulate -identity testdata/wild-rydes.json" + postRide,
				"simulate -identity testdata/wild-rydes.json" + listAll,
			} {
				out := &device{mode: tt.mode}
				var stderr bytes.Buffer
				cli.Run(strings.Fields(line), strings.NewReader(""), out, &stderr)
				if got := strings.Contains(out.String(), "\x1b["); got != tt.want || strings.Contains(stderr.String(), "\x1b") {
					t.Errorf("%s: colour %v, want %v\n%q", line, got, tt.want, out.String())
				}
				_, plain, _ := call("", line)
				if stripped := stripColor(out.String()); stripped != plain {
					t.Errorf("without its colour the output is\n%s\nwant\n%s", stripped, plain)
				}
			}
		})
	}
}

// stripColor takes the SGR sequences away.
func stripColor(text string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(text, "\x1b[")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, text, _ = strings.Cut(after, "m")
	}
}
