package filestore

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/wildgate/wildgate/iampolicy"
)

const (
	policiesFolder = "policies"
	policyExt      = ".json"
	maxPolicyBytes = 1 << 20
	maxPolicies    = 10_000
)

// policy is one document of policies, compiled for both places where it may be attached.
type policy struct {
	identity, boundary *iampolicy.Policy
	digest             [sha256.Size]byte
}

// decodePolicy returns a function that compiles the policy called name, of the file called file in
// problems. actions are those that the service asks for; nil: any.
func decodePolicy(name, file string, actions iampolicy.ParseOption) func([]byte, fileMode) (policy, []Problem, bool) {
	return func(data []byte, _ fileMode) (policy, []Problem, bool) {
		identity, err := iampolicy.Parse(data, iampolicy.IdentityPolicy, iampolicy.WithName(name))
		if err != nil {
			return policy{}, policyProblems(file, err), false
		}
		boundary, err := iampolicy.Parse(data, iampolicy.PermissionsBoundary, iampolicy.WithName(name))
		if err != nil {
			return policy{}, policyProblems(file, err), false
		}
		return policy{identity: identity, boundary: boundary, digest: sha256.Sum256(data)}, unrouted(file, data, actions), true
	}
}

// unrouted warns of the actions of a good policy that the service never asks for.
func unrouted(file string, data []byte, actions iampolicy.ParseOption) (problems []Problem) {
	if actions == nil {
		return nil
	}
	findings, err := iampolicy.Validate(context.Background(), data, iampolicy.IdentityPolicy, actions)
	if err != nil {
		return nil // unreachable: the context does not end
	}
	for _, f := range findings {
		if f.Code == iampolicy.CodeUnroutedAction && len(problems) < maxMistakes {
			message := f.Path + ": " + f.Message
			problems = append(problems, Problem{File: file, Line: f.Line, Column: f.Column, Message: message, Warning: true})
		}
	}
	return problems
}

func policyProblems(file string, err error) []Problem {
	parse, ok := errors.AsType[*iampolicy.ParseError](err)
	if !ok {
		return []Problem{{File: file, Message: err.Error()}}
	}
	problems := make([]Problem, len(parse.Findings))
	for i, m := range parse.Findings {
		message := m.Message
		if m.Path != "" {
			message = m.Path + ": " + message
		}
		problems[i] = Problem{File: file, Line: m.Line, Column: m.Column, Message: message}
	}
	return problems
}
