package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

const formatHelp = `Usage: iampolicy fmt [flags] FILE...

Prints policy documents in one way, so that two versions differ where they mean to:
the elements in AWS's order, Statement as a list, one value as a string and several
as a list, numbers and booleans of conditions in quotes, two spaces for each level.
Statements, values and conditions keep their order, and texts stay as written. What
is printed decides as the file does.

Flags:
  -w              write the result to the file, and print nothing. The file is
                  replaced at once: who reads it meanwhile sees the old or the new
  -l              print the names of files that are written differently, and change
                  nothing, unless -w is given too
  -type TYPE      the policy type of all files: identity (default), resource,
                  session, boundary, scp, rcp or trust
  -api REGION/ACCOUNT/API-ID
                  accept API Gateway's short form execute-api:/stage/METHOD/path; it
                  is written out as the ARN of this API

A file with a mistake is reported as validate does, and left as it is.

Exit status: 0 when done; 1 with -l alone, where a file is written differently; 2 for
a wrong flag, a policy with mistakes, or a file that cannot be read or written.

Examples:
  iampolicy fmt policy.json
  iampolicy fmt -w policies/*.json
  iampolicy fmt -l policies/*.json || echo "run iampolicy fmt -w"
  aws iam get-policy-version --policy-arn $ARN --version-id v1 \
    --query PolicyVersion.Document | iampolicy fmt -
`

// format is "iampolicy fmt".
func format(c *console, args []string) (status int, err error) {
	fs := flag.NewFlagSet("fmt", flag.ContinueOnError)
	f := formatter{console: c, kind: kindFlag{kind: iampolicy.IdentityPolicy}}
	fs.Var(&f.kind, "type", "")
	fs.Var(&f.parsing.api, "api", "")
	fs.BoolVar(&f.write, "w", false, "")
	fs.BoolVar(&f.list, "l", false, "")
	files, err := parseFlags(fs, args)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, usagef(`fmt needs a file; "-" is the standard input`)
	}
	for _, name := range files {
		if f.write && name == standardInput {
			return 0, usagef("the standard input cannot be written: -w needs a file")
		}
	}
	// As validate does, it looks at every file, whatever is wrong with the others.
	for _, name := range files {
		differs, err := f.file(name)
		if err != nil {
			c.notef("%s\n", lineOf(err))
			status = statusFailed
		} else if differs && f.list && !f.write {
			status = max(status, statusNo)
		}
	}
	if f.misfit && !f.kind.given {
		c.notef("%s\n", typeHint)
	}
	return status, nil
}

// A formatter formats files, one after the other.
type formatter struct {
	console *console
	parsing parsing
	kind    kindFlag

	write, list bool
	misfit      bool // a policy has a Principal that its type may not have
}

// file formats one file, and reports whether it was written differently.
func (f *formatter) file(name string) (differs bool, err error) {
	doc, err := f.console.read(name)
	if err != nil {
		return false, err
	}
	source := policySource{file: name}
	options := f.parsing.options(source.name())
	policy, err := iampolicy.Parse(doc, f.kind.kind, options...)
	if e, ok := errors.AsType[*iampolicy.ParseError](err); ok {
		f.misfit = f.misfit ||
			slices.ContainsFunc(e.Findings, func(m iampolicy.Finding) bool { return m.Code == iampolicy.CodePrincipalNotAllowed })
		return false, inputError(strings.Join(source.mistakes(e), "\n"))
	}
	if err != nil {
		return false, err
	}
	printed := []byte(policy.String() + "\n")
	// Indented, a large document may be larger than a document may be.
	if _, err := iampolicy.Parse(printed, f.kind.kind, options...); err != nil {
		return false, fmt.Errorf("%s: formatted, the policy would be refused: %w", name, err)
	}
	differs = !bytes.Equal(doc, printed)
	if f.list && differs {
		f.console.printf("%s\n", displayName(name))
	}
	switch {
	case f.write && differs:
		return true, replace(name, printed)
	case !f.write && !f.list:
		f.console.printf("%s", printed)
	}
	return differs, nil
}

// replace puts data in the place of a file, which others may be reading: no one
// ever sees half of it. A link stays a link.
func replace(name string, data []byte) (err error) {
	if name, err = filepath.EvalSymlinks(name); err != nil {
		return err
	}
	// Whoever may not write a file may yet be able to replace it, which is not meant.
	old, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := old.Stat()
	if err = errors.Join(err, old.Close()); err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(next.Name())
		}
	}()
	_, err = next.Write(data)
	err = errors.Join(err, next.Chmod(info.Mode().Perm()), next.Sync(), next.Close())
	if err != nil {
		return err
	}
	return os.Rename(next.Name(), name)
}
