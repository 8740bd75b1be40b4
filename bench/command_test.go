package main

import (
	"bytes"
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
