package main

import (
	"bytes"
	"errors"
	"flag"
	"slices"
	"strings"
	"testing"
)

func TestCommandOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string // what the command refuses it with; "": there is no command
	}{
		{"nothing", nil, ""},
		{"measure quickly", []string{"-quick", "-json"}, ""},
		{"end to end", []string{"e2e", "-unknown"}, "bench e2e"},
		{"a target", []string{"-target", "ftp://127.0.0.1"}, "is no URL"},
		{"a target, with an equal sign and two dashes", []string{"-v", "--target=ftp://127.0.0.1"}, "is no URL"},
		{"a word that is no flag", []string{"target"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			do, rest := commandOf(tt.args)
			if (do != nil) != (tt.want != "") {
				t.Fatalf("a command: %v", do != nil)
			}
			if do == nil {
				return
			}
			var stderr bytes.Buffer
			err := do(t.Context(), slices.Clone(rest), &bytes.Buffer{}, &stderr)
			if err == nil || !strings.Contains(err.Error()+stderr.String(), tt.want) {
				t.Errorf("%v; want an error with %q", err, tt.want)
			}
		})
	}
}

// TestHelpNamesEveryCommand: whoever asks for help in any of the three places gets that of the place, and from the first hears of the others.
func TestHelpNamesEveryCommand(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{"-h"}, []string{"bench e2e", "bench -target URL", "-quick"}},
		{[]string{"e2e", "-h"}, []string{"-json"}},
		{[]string{"-target", "-h"}, []string{"-streaming", "-secret-file"}},
		{[]string{"-target=http://127.0.0.1/", "--help"}, []string{"-streaming"}},
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
