package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// errUnavailable is in what says that the database cannot be used now. Nothing was changed, or it
// is not known whether it was.
var errUnavailable = errors.New("the database cannot be used now")

// The errors of the IAM API, in its words.

func noSuchEntity(format string, args ...any) error {
	return &awsquery.Error{Code: "NoSuchEntity", Message: fmt.Sprintf(format, args...), Status: http.StatusNotFound}
}

func noSuchUser(name string) error {
	return noSuchEntity("The user with name %s cannot be found.", name)
}

func noSuchGroup(name string) error {
	return noSuchEntity("The group with name %s cannot be found.", name)
}

func noSuchRole(name string) error {
	return noSuchEntity("The role with name %s cannot be found.", name)
}

func alreadyExists(format string, args ...any) error {
	return &awsquery.Error{Code: "EntityAlreadyExists", Message: fmt.Sprintf(format, args...), Status: http.StatusConflict}
}

func deleteConflict(message string) error {
	return &awsquery.Error{Code: "DeleteConflict", Message: message, Status: http.StatusConflict}
}

func limitExceeded(format string, args ...any) error {
	return &awsquery.Error{Code: "LimitExceeded", Message: fmt.Sprintf(format, args...), Status: http.StatusConflict}
}

func invalidInput(format string, args ...any) error {
	return &awsquery.Error{Code: "InvalidInput", Message: fmt.Sprintf(format, args...)}
}

func validationError(format string, args ...any) error {
	return &awsquery.Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

func concurrentModification() error {
	return &awsquery.Error{
		Code: "ConcurrentModification", Status: http.StatusConflict,
		Message: "The request was rejected because multiple requests to change this object were submitted simultaneously.",
	}
}

// malformedPolicy says what is wrong with a policy document, and where.
func malformedPolicy(text string, err error) error {
	if !json.Valid([]byte(text)) {
		return &awsquery.Error{Code: "MalformedPolicyDocument", Message: "This policy contains invalid Json", Cause: err}
	}
	return &awsquery.Error{Code: "MalformedPolicyDocument", Message: documentProblem(err), Cause: err}
}

// documentProblem says what is wrong with a policy document, and where.
func documentProblem(err error) string {
	parse, ok := errors.AsType[*iampolicy.ParseError](err)
	if !ok || len(parse.Findings) == 0 {
		return err.Error()
	}
	first := parse.Findings[0]
	message := fmt.Sprintf("Syntax error at position (%d,%d): %s", first.Line, first.Column, first.Message)
	if first.Path != "" {
		message += " (" + first.Path + ")"
	}
	if n := len(parse.Findings) - 1; n > 0 {
		message += fmt.Sprintf("; and %d more", n)
	}
	return message
}

func noSuchPolicy(arn string) error {
	return noSuchEntity("Policy %s does not exist or is not attachable.", arn)
}

// checkPolicyARN returns an error if a text is no ARN, as IAM says it. None at all is fine.
func (c *call) checkPolicyARN(arn string) error {
	if arn != "" && strings.Count(arn, ":") < 5 || arn != "" && !strings.HasPrefix(arn, "arn:") {
		return validationError("Invalid ARN:  Could not be parsed!")
	}
	return nil
}
