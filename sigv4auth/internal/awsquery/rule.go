package awsquery

import "github.com/wildgate/wildgate/sigv4auth/internal/awsservice"

// Rule is what a service's model says of a member of an operation's input.
type Rule = awsservice.Rule

// Pattern is a regular expression of a service's model.
type Pattern = awsservice.Pattern
