package main

import (
	"context"
	"io"
	"strings"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/target"
)

// A command is what this program does with args beside measuring verifiers and evaluators in its own process.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) error

// commandOf returns the command that args ask for, and its own arguments; nil if they ask for none.
func commandOf(args []string) (command, []string) {
	if len(args) > 0 && args[0] == "e2e" {
		return e2e.Run, args[1:]
	}
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		if name == "-target" || name == "target" && strings.HasPrefix(arg, "-") {
			return target.Run, args
		}
	}
	return nil, nil
}
