package main

import (
	"context"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// readActions reads the file of -routes: an action a line. What stands behind a # is a comment.
func readActions(c *console, name string) (iampolicy.ParseOption, error) {
	data, err := c.read(name)
	if err != nil {
		return nil, err
	}
	var actions []string
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		text, _, _ := strings.Cut(line, "#")
		action := strings.TrimSpace(text)
		if action == "" {
			continue
		}
		// What an action is, is iampolicy's to know, and no policy's mistake.
		findings, err := iampolicy.Validate(context.Background(), []byte("{}"), iampolicy.IdentityPolicy, iampolicy.WithActions(action))
		if err != nil {
			return nil, err // unreachable: the context does not end
		}
		for _, finding := range findings {
			if finding.Code == iampolicy.CodeInvalidOption {
				return nil, usagef("-routes: %s:%d: %s", displayName(name), number, strings.TrimPrefix(finding.Message, "WithActions: "))
			}
		}
		actions = append(actions, action)
	}
	if actions == nil {
		return nil, usagef("-routes: %s lists no action: it has one a line, as orders:Get", displayName(name))
	}
	return iampolicy.WithActions(actions...), nil
}
