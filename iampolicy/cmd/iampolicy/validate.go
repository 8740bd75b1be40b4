package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

const validateHelp = `Usage: iampolicy validate [flags] FILE...

Reports what is wrong with policy documents, or suspicious in them, a line for
each finding, in the form that editors and CI systems jump to:

  FILE:LINE:COLUMN: SEVERITY: PATH: MESSAGE [CODE]

Severities are those of IAM Access Analyzer. An error is a document that cannot be
used; a security warning allows more than is likely meant; a warning likely does
something else than is meant; a suggestion could be clearer. Codes are stable.

Flags:
  -type TYPE      the policy type of all files: identity (default), resource,
                  session, boundary, scp, rcp or trust
  -fail-on LEVEL  the least finding for which the exit status is 1: error,
                  security-warning, warning (default), suggestion, or none
  -size-limits    a document larger than AWS's quota for its type is an error,
                  not a warning
  -api REGION/ACCOUNT/API-ID
                  expand API Gateway's short form execute-api:/stage/METHOD/path
                  to the ARN of this API
  -routes FILE    warn of actions that no route of your service asks for, as a
                  misspelt execute-api:Invok, and name the nearest one. FILE lists
                  the actions of the routes, one a line; # begins a comment. A
                  program prints those of its sigv4auth.Routes with their method
                  Actions
  -json           print one JSON object: files with their findings, and counts

Every file is looked at, whatever is found in the others.

Exit status: 0 without findings of the level, 1 with, 2 for a wrong flag or where a
file could not be read.

Examples:
  iampolicy validate policies/*.json
  iampolicy validate -type resource -api us-east-1/111122223333/rides api-policy.json
  iampolicy validate -routes actions.txt policies/*.json
  iampolicy validate -type scp -fail-on error -json scp.json | jq '.files[].findings[].code'
  aws iam get-policy-version --policy-arn $ARN --version-id v1 \
    --query PolicyVersion.Document | iampolicy validate -
`

// validate is "iampolicy validate".
func validate(c *console, args []string) (status int, err error) {
	fs := flag.NewFlagSet("validate", flag.ContinueOnError)
	v := validator{kind: kindFlag{kind: iampolicy.IdentityPolicy}, failOn: failOnFlag{"warning", iampolicy.SeverityWarning, false}}
	v.parsing.register(fs)
	fs.Var(&v.kind, "type", "")
	fs.Var(&v.failOn, "fail-on", "")
	var routes textFlag
	fs.Var(&routes, "routes", "")
	asJSON := fs.Bool("json", false, "")
	files, err := parseFlags(fs, args)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, usagef(`validate needs a file; "-" is the standard input`)
	}
	if routes.given {
		if v.routes, err = readActions(c, routes.text); err != nil {
			return 0, err
		}
	}
	report := validationReport{Files: []fileReport{}}
	for _, name := range files {
		report.add(v.look(c, name))
	}
	report.Failed = report.Summary.Unreadable > 0 || v.failed
	if *asJSON {
		err = c.printJSON(report)
	} else {
		v.print(c, report)
	}
	switch {
	case report.Summary.Unreadable > 0:
		return statusFailed, err
	case v.failed:
		return statusNo, err
	}
	return statusOK, err
}

// typeHint is for who did not say the type of policies that have a Principal.
const typeHint = "These were taken for identity policies. For a resource's policy say -type resource, " +
	"for a role's trust policy -type trust."

// A validator validates files, one after the other.
type validator struct {
	parsing parsing
	routes  iampolicy.ParseOption // nil: -routes is not given
	kind    kindFlag
	failOn  failOnFlag
	failed  bool // there was a finding of the level of failOn
}

// look validates one file.
func (v *validator) look(c *console, name string) fileReport {
	report := fileReport{File: name, Type: kindName(v.kind.kind), Findings: []findingReport{}}
	doc, err := c.read(name)
	if err != nil {
		report.Error = err.Error()
		c.notef("iampolicy: %s\n", printable(report.Error))
		return report
	}
	options := v.parsing.options(name)
	if v.routes != nil {
		options = append(options, v.routes)
	}
	findings, err := iampolicy.Validate(context.Background(), doc, v.kind.kind, options...)
	if err != nil { // unreachable: the context does not end; an interrupt ends the process
		report.Error = err.Error()
		return report
	}
	for _, f := range findings {
		v.failed = v.failed || !v.failOn.none && f.Severity <= v.failOn.severity
		report.Findings = append(report.Findings, reportOf(f))
	}
	return report
}

// print writes the report for people and editors.
func (v *validator) print(c *console, report validationReport) {
	misfit := false
	for _, file := range report.Files {
		for _, f := range file.Findings {
			c.printf("%s\n", f.line(c.painter, displayName(file.File)))
			misfit = misfit || f.Code == iampolicy.CodePrincipalNotAllowed
		}
	}
	c.notef("%s\n", report.Summary)
	if misfit && !v.kind.given {
		c.notef("%s\n", typeHint)
	}
}

// A failOnFlag is -fail-on.
type failOnFlag struct {
	text     string
	severity iampolicy.Severity
	none     bool
}

func (f *failOnFlag) String() string { return f.text }

func (f *failOnFlag) Set(text string) error {
	if text == "none" {
		*f = failOnFlag{text: text, none: true}
		return nil
	}
	for s := iampolicy.SeverityError; s <= iampolicy.SeveritySuggestion; s++ {
		if severityName(s) == strings.ReplaceAll(text, "-", " ") {
			*f = failOnFlag{text: text, severity: s}
			return nil
		}
	}
	return errors.New("the levels are error, security-warning, warning, suggestion and none")
}

// severityName returns a severity in plain words.
func severityName(s iampolicy.Severity) string {
	return strings.ToLower(strings.ReplaceAll(s.String(), "_", " "))
}

func severityStyle(s iampolicy.Severity) style {
	switch s {
	case iampolicy.SeverityError:
		return red
	case iampolicy.SeveritySecurityWarning:
		return magenta
	case iampolicy.SeverityWarning:
		return yellow
	case iampolicy.SeveritySuggestion:
	}
	return cyan
}

// line returns a finding as file:line:column: severity: path: message [CODE].
func (f findingReport) line(p painter, file string) string {
	place := fmt.Sprintf("%s:%d:%d:", file, f.Line, f.Column)
	message := printable(f.Message)
	if f.Path != "" {
		message = printable(f.Path) + ": " + message
	}
	return fmt.Sprintf("%s %s %s [%s]", p.paint(bold, place), p.paint(severityStyle(f.severity), severityName(f.severity)+":"), message,
		f.Code)
}
