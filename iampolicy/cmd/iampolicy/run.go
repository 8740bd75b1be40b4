package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// The exit statuses, the same for all commands, so that a script can tell an
// answer from the lack of one.
const (
	statusOK     = 0 // no findings, allowed, no new access, done
	statusNo     = 1 // findings, denied, new access, written differently
	statusFailed = 2 // no answer: usage, or input that cannot be read
)

// A command is one subcommand. Its run returns an error for what makes it fail
// as a whole; then the status is statusFailed.
type command struct {
	name, summary, help string
	run                 func(c *console, args []string) (status int, err error)
}

// commands returns the subcommands, in the order of the overview.
func commands() []command {
	return []command{
		{"validate", "what is wrong with policy documents, or suspicious in them", validateHelp, validate},
		{"simulate", "what policies decide about a request, and why", simulateHelp, simulate},
		{"diff", "whether a new policy can do anything that an old one cannot", diffHelp, diff},
		{"fmt", "write policy documents in one way", formatHelp, format},
	}
}

func commandNamed(name string) (command, bool) {
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, true
		}
	}
	return command{}, false
}

// run is the program but for the process: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newConsole(stdin, stdout, stderr)
	status := dispatch(c, args)
	// An answer that did not arrive is none: a full disk must not pass for "ok".
	if err := c.out.Flush(); err != nil {
		fmt.Fprintf(stderr, "iampolicy: %v\n", err)
		return statusFailed
	}
	return status
}

func dispatch(c *console, args []string) int {
	if len(args) == 0 {
		c.notef("%s", overview())
		return statusFailed
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(c, args[1:])
	}
	cmd, ok := commandNamed(args[0])
	if !ok {
		c.notef("iampolicy: unknown command %q\nRun 'iampolicy help' for the commands.\n", args[0])
		return statusFailed
	}
	status, err := cmd.run(c, args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.printf("%s", cmd.help)
		return statusOK
	case err != nil:
		report(c, cmd, err)
		return statusFailed
	}
	return status
}

func report(c *console, cmd command, err error) {
	c.notef("%s\n", lineOf(err))
	if _, ok := errors.AsType[usageError](err); ok {
		c.notef("Run 'iampolicy help %s' for its flags and examples.\n", cmd.name)
	}
}

// lineOf returns what to print of an error.
func lineOf(err error) string {
	if e, ok := errors.AsType[inputError](err); ok {
		return e.Error()
	}
	return "iampolicy: " + printable(err.Error())
}

// An inputError is what is wrong with files: lines that say where, to be printed
// as they are.
type inputError string

func (e inputError) Error() string { return string(e) }

// A usageError is a command line that does not make sense.
type usageError string

func (e usageError) Error() string { return string(e) }

func usagef(format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...))
}

// parseFlags reads the flags, which may stand before, between and behind the
// operands, and returns the operands. "--" ends the flags.
func parseFlags(fs *flag.FlagSet, args []string) (operands []string, err error) {
	fs.SetOutput(io.Discard) // dispatch reports the error, and prints the help
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usagef("%s", strings.Replace(err.Error(), "flag provided but not defined:", "unknown flag", 1))
		}
		taken := len(args) - fs.NArg()
		if taken > 0 && args[taken-1] == "--" {
			return append(operands, fs.Args()...), nil
		}
		if fs.NArg() == 0 {
			return operands, nil
		}
		operands = append(operands, fs.Arg(0))
		args = fs.Args()[1:]
	}
}
