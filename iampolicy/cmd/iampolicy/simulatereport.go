package main

import (
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// print writes the explanation, with -all the context and every statement too.
func (s *simulation) print(c *console, r *iampolicy.Request, x *iampolicy.Explanation) {
	printExplanation(c, x)
	if !s.all {
		return
	}
	c.printf("context:\n")
	printContext(c, &r.Context)
	c.printf("statements:\n")
	for _, f := range x.Statements {
		c.printf("%s", f)
	}
}

// printExplanation writes the explanation, its outcome in colour.
func printExplanation(c *console, x *iampolicy.Explanation) {
	outcome, color := x.Decision.Outcome.String(), red
	if x.Decision.Allowed() {
		color = green
	}
	c.printf("%s%s", c.paint(color, outcome), strings.TrimPrefix(x.String(), outcome))
}

// A simulationReport is the output of simulate -json.
type simulationReport struct {
	Allowed  bool   `json:"allowed"`
	Decision string `json:"decision"` // allowed, implicitDeny or explicitDeny
	// DecidedBy is the first deciding statement; absent where none decided.
	DecidedBy *fateReport `json:"decidedBy,omitempty"`
	// BlockedBy is the policy type that denied.
	BlockedBy string `json:"blockedBy,omitempty"`
	// Fault says why no policy was asked.
	Fault         string        `json:"fault,omitempty"`
	Request       requestReport `json:"request"`
	NearestMisses []fateReport  `json:"nearestMisses"`
	Statements    []fateReport  `json:"statements"`
	Explanation   string        `json:"explanation"`
}

// A fateReport is an iampolicy.StatementResult.
type fateReport struct {
	PolicyType string          `json:"policyType"`
	Level      int             `json:"level"`
	Policy     string          `json:"policy"`
	Statement  int             `json:"statement"`
	Sid        string          `json:"sid,omitempty"`
	Effect     string          `json:"effect"`
	Applied    bool            `json:"applied"`
	Failures   []failureReport `json:"failures,omitempty"`
	// Presumed are what counts as matching in a Deny, since a value cannot be read or is
	// not known.
	Presumed []failureReport `json:"presumed,omitempty"`
}

type failureReport struct {
	Element  string   `json:"element"`
	Operator string   `json:"operator,omitempty"`
	Key      string   `json:"key,omitempty"`
	Cause    string   `json:"cause"`
	Variable string   `json:"variable,omitempty"`
	Policy   []string `json:"policy"`
	Request  []string `json:"request"`
	Text     string   `json:"text"`
}

func reportSimulation(r *iampolicy.Request, x *iampolicy.Explanation) simulationReport {
	report := simulationReport{
		Allowed: x.Decision.Allowed(), Decision: x.Decision.Outcome.String(), BlockedBy: kindName(x.BlockedBy), Fault: x.Undecided,
		Request:       reportRequest(r),
		NearestMisses: fateReports(x.NearestMisses), Statements: fateReports(x.Statements), Explanation: x.String(),
	}
	d := x.Decision
	for i, f := range x.Statements {
		if f.PolicyType == d.PolicyType && f.Level == d.Level && f.Policy == d.Policy && f.Statement == d.Statement {
			report.DecidedBy = &report.Statements[i]
		}
	}
	return report
}

func fateReports(fates []iampolicy.StatementResult) []fateReport {
	reports := make([]fateReport, len(fates))
	for i, f := range fates {
		reports[i] = fateReport{
			PolicyType: kindName(f.PolicyType), Level: f.Level, Policy: f.PolicyName, Statement: f.Statement, Sid: f.Sid,
			Effect: "Allow", Applied: f.Applied(), Failures: failureReports(f.Mismatches), Presumed: failureReports(f.Presumed),
		}
		if f.Deny {
			reports[i].Effect = "Deny"
		}
	}
	return reports
}

func failureReports(failures []iampolicy.Mismatch) []failureReport {
	reports := make([]failureReport, len(failures))
	for i, f := range failures {
		reports[i] = failureReport{
			f.Element, f.Operator, f.Key, causeName(f.Cause), f.Variable, list(f.Policy), list(f.Request), f.String(),
		}
	}
	return reports
}

// list returns values as JSON has them: an empty list, not null.
func list(values []string) []string { return append([]string{}, values...) }

func causeName(c iampolicy.MismatchCause) string {
	switch c {
	case iampolicy.MismatchValue:
		return "different"
	case iampolicy.MismatchExcluded:
		return "excepted"
	case iampolicy.MismatchKeyAbsent:
		return "missing"
	case iampolicy.MismatchKeyPresent:
		return "present"
	case iampolicy.MismatchMultivalued:
		return "multivalued"
	case iampolicy.MismatchUnreadable:
		return "unreadable"
	case iampolicy.MismatchUnresolved:
		return "unresolved"
	case iampolicy.MismatchUnknown:
		return "unknown"
	}
	return "" // unreachable
}
