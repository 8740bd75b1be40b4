package filestore

import (
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
// problems.
func decodePolicy(name, file string) func([]byte, fileMode) (policy, []Problem, bool) {
	return func(data []byte, _ fileMode) (policy, []Problem, bool) {
		identity, err := iampolicy.Parse(data, iampolicy.IdentityPolicy, iampolicy.WithName(name))
		if err != nil {
			return policy{}, policyProblems(file, err), false
		}
		boundary, err := iampolicy.Parse(data, iampolicy.PermissionsBoundary, iampolicy.WithName(name))
		if err != nil {
			return policy{}, policyProblems(file, err), false
		}
		return policy{identity: identity, boundary: boundary, digest: sha256.Sum256(data)}, nil, true
	}
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
