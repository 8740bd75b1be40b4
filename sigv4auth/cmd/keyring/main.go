// Command keyring makes and changes the file of a ring, whose keys seal session tokens: see package
// [github.com/wildgate/wildgate/sigv4auth/keyring].
//
//	keyring new FILE            make a ring of one key
//	keyring list FILE           what may be known of its keys
//	keyring rotate FILE         add a key, which seals in a minute; the one before opens for 48 hours more
//	keyring retire FILE ID      remove a key, and with it everything that it has sealed
//
// Processes that have the ring open follow the file within a second. To end everything that was
// sealed so far, rotate, and retire the key that was there before. No key is ever printed.
//
// The exit status is 0, or 1 if nothing was changed: the reason is on standard error.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// minDelay is longer than a process takes to read the file again: keyring.Config.CheckEvery is a
// second.
const minDelay = 2 * time.Second

const help = `Usage:
  keyring new FILE                                  make a ring of one key, in a new file of mode 0600
  keyring list FILE                                 list the keys, by their IDs
  keyring rotate [-delay TIME] [-grace TIME] FILE   add a key
  keyring retire FILE ID                            remove a key: what it has sealed ends at once

Flags of rotate:
  -delay TIME   how long the new key waits until it seals (default 1m): longer than every process
                takes to read the file again, and than their clocks differ; at least 2s
  -grace TIME   how long the keys before it open after that (default 48h): longer than the longest
                session; what lives longer is lost

Keep the file outside of folders that are served or backed up with what its keys seal: whoever
reads it can make every session.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, time.Now())) }

// run does what args say, and returns the exit status.
func run(args []string, stdout, stderr io.Writer, now time.Time) int {
	text, err := do(args, now)
	if errors.Is(err, flag.ErrHelp) {
		text, err = help, nil
	}
	if err == nil {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		fmt.Fprintln(stderr, "keyring:", strings.TrimPrefix(err.Error(), "keyring: "))
		return 1
	}
	return 0
}

// do returns what is to be printed.
func do(args []string, now time.Time) (string, error) {
	flags := flag.NewFlagSet("keyring", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run reports errors, and prints the help
	command := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	var rotation keyring.Rotation
	if command == "rotate" {
		flags.DurationVar(&rotation.Delay, "delay", time.Minute, "")
		flags.DurationVar(&rotation.Grace, "grace", 48*time.Hour, "")
	}
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	want := map[string]string{"new": "FILE", "list": "FILE", "rotate": "FILE", "retire": "FILE ID"}[command]
	switch {
	case want == "":
		return "", fmt.Errorf("%q is no command; there are new, list, rotate and retire, and -h", command)
	case flags.NArg() != len(strings.Fields(want)):
		return "", fmt.Errorf("want keyring %s %s; flags stand before", command, want)
	case command == "rotate" && rotation.Delay < minDelay:
		return "", fmt.Errorf("-delay %v is shorter than %v: a process could seal what another cannot open yet", rotation.Delay, minDelay)
	case command == "rotate" && rotation.Grace <= 0:
		return "", errors.New("-grace must be positive; to end what a key has sealed, retire it")
	}
	file := flags.Arg(0)
	var err error
	switch command {
	case "new":
		err = keyring.Create(file, keyring.New(now))
	case "rotate":
		err = keyring.Update(file, func(keys keyring.Keys) (keyring.Keys, error) { return keys.Rotate(now, rotation) })
	case "retire":
		var id keyring.KeyID
		if err = id.UnmarshalText([]byte(flags.Arg(1))); err == nil {
			err = keyring.Update(file, func(keys keyring.Keys) (keyring.Keys, error) { return keys.Retire(id) })
		}
	}
	if err != nil {
		return "", err
	}
	keys, err := keyring.Load(file)
	if err != nil {
		return "", err
	}
	return list(keys), nil
}

// list describes keys, a line each. The one that has begun to seal last does.
func list(keys keyring.Keys) string {
	var text strings.Builder
	for _, key := range keys.List() {
		fmt.Fprintf(&text, "%v seals from %s", key.ID, key.SealsFrom.Format(time.RFC3339))
		if !key.OpensUntil.IsZero() {
			fmt.Fprintf(&text, ", opens until %s", key.OpensUntil.Format(time.RFC3339))
		}
		fmt.Fprintln(&text)
	}
	return text.String()
}
