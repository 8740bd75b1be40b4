package main

import (
	"fmt"
	"strings"
)

const exitStatusHelp = `Exit status:
  0  validate: no finding of the level of -fail-on; simulate: allowed; diff: no new
     access; fmt: done
  1  validate: findings; simulate: denied; diff: new access; fmt -l: a file is written
     differently
  2  no answer: a wrong flag, a file that cannot be read, a policy with mistakes that
     simulate, diff or fmt is to use, a request that cannot be evaluated, a
     difference that cannot be decided
`

// overview returns what "iampolicy help" prints.
func overview() string {
	var b strings.Builder
	b.WriteString(`iampolicy checks IAM policy documents and tries requests against them, offline.

Usage:
  iampolicy COMMAND [flags] [FILE...]

Commands:
`)
	for _, cmd := range commands() {
		fmt.Fprintf(&b, "  %-10s %s\n", cmd.name, cmd.summary)
	}
	b.WriteString("  help       this text; \"iampolicy help COMMAND\" for a command's flags and examples\n\n")
	b.WriteString(`A FILE named "-" is the standard input. Output is coloured on a terminal only, and
not where NO_COLOR is set.

Policy types:
  identity   attached to a user, a group or a role (the default)
  resource   attached to a resource, such as an API or a bucket
  session    passed when temporary credentials are issued
  boundary   a permissions boundary
  scp, rcp   a service or resource control policy of an organization
  trust      a role's trust policy

`)
	b.WriteString(exitStatusHelp)
	return b.String()
}

func help(c *console, topics []string) int {
	if len(topics) == 0 {
		c.printf("%s", overview())
		return statusOK
	}
	cmd, ok := commandNamed(topics[0])
	if !ok || len(topics) > 1 {
		c.notef("iampolicy: no help on %q\nRun 'iampolicy help' for the commands.\n", strings.Join(topics, " "))
		return statusFailed
	}
	c.printf("%s", cmd.help)
	return statusOK
}
