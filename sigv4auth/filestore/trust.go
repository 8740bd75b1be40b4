package filestore

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/jsontree"
)

// The bounds of MaxSessionDuration: IAM API Reference, CreateRole.
const (
	minMaxSession = 3600
	maxMaxSession = 43_200
)

// trust is the trust policy of a role. Its zero value is none, so that nobody may assume the role.
type trust struct {
	text     string            // as principals.json has it
	policy   *iampolicy.Policy // nil: there is none, or it has mistakes
	mistakes []Problem
}

// trustName is what decisions call a trust policy.
const trustName = "AssumeRolePolicyDocument"

// trust decodes a trust policy. A mistake in it is one of the role alone: everything else that
// principals.json says is taken.
func (d *principalsDecoder) trust(n *jsontree.Node, at string) (t trust) {
	if n.Kind != jsontree.Object {
		d.fail(n.Offset, at, "a trust policy is an object, not %s", n.Kind)
		return trust{}
	}
	t.text = strings.Clone(n.Text) // the rest of the file is not to be kept with it
	var err error
	if t.policy, err = iampolicy.Parse([]byte(t.text), iampolicy.TrustPolicy, iampolicy.WithName(trustName)); err == nil {
		return t
	}
	t.policy = nil
	const effect = ", so that nobody can assume the role"
	start := d.placeOf(n, at)
	parse, ok := errors.AsType[*iampolicy.ParseError](err)
	if !ok {
		t.mistakes = []Problem{start.problem(err.Error() + effect)}
		return t
	}
	for _, f := range parse.Findings[:min(len(parse.Findings), maxMistakes)] {
		p := start
		if f.Line > 1 {
			p.column = f.Column
		} else {
			p.column += f.Column - 1
		}
		p.line += f.Line - 1
		if f.Path != "" {
			p.at += "." + f.Path
		}
		t.mistakes = append(t.mistakes, p.problem(f.Message+effect))
	}
	return t
}

// seconds decodes how long sessions of a role may last.
func (d *principalsDecoder) seconds(n *jsontree.Node, at string) time.Duration {
	seconds, err := strconv.Atoi(n.Text)
	if n.Kind != jsontree.Number || err != nil || seconds < minMaxSession || seconds > maxMaxSession {
		d.fail(n.Offset, at, "is a number of seconds from %d to %d", minMaxSession, maxMaxSession)
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// compared says what is different in now; "" if nothing is.
func (t *trust) compared(now *trust) string {
	switch {
	case t.text == now.text:
		return ""
	case now.text == "":
		return "trust policy removed"
	case now.policy == nil:
		return "trust policy has mistakes"
	case t.policy == nil:
		return "trust policy set"
	}
	return "trust policy: " + comparedDocuments(t.policy, now.policy)
}
