package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

func quote(text string) string { return strconv.Quote(text) }

// print writes the explanation, with -all the context and every statement too.
func (s *simulation) print(c *console, r *iampolicy.Request, x *iampolicy.Explanation) {
	text := x.String()
	outcome := x.Decision.Outcome.String()
	outcomeStyle := red
	if x.Decision.Allowed() {
		outcomeStyle = green
	}
	c.printf("%s%s", c.paint(outcomeStyle, outcome), strings.TrimPrefix(text, outcome))
	if !s.all {
		return
	}
	c.printf("context:\n")
	for _, key := range sortedKeys(&r.Context) {
		values, multivalued, _ := r.Context.Get(key)
		quoted := make([]string, len(values))
		for i, value := range values {
			quoted[i] = quote(value)
		}
		list := strings.Join(quoted, ", ")
		if multivalued {
			list = "[" + list + "]"
		}
		c.printf("  %s: %s\n", printable(key), list)
	}
	c.printf("statements:\n")
	for _, f := range x.Statements {
		c.printf("%s", f)
	}
}

func sortedKeys(c *iampolicy.Context) []string { return slices.Sorted(c.Keys()) }

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

type requestReport struct {
	Principal       string         `json:"principal"`
	Action          string         `json:"action"`
	Resource        string         `json:"resource"`
	ResourceAccount string         `json:"resourceAccount"`
	Context         map[string]any `json:"context"` // a string, or a list for a multivalued key
}

// A fateReport is an iampolicy.Fate.
type fateReport struct {
	PolicyType string          `json:"policyType"`
	Level      int             `json:"level"`
	Policy     string          `json:"policy"`
	Statement  int             `json:"statement"`
	Sid        string          `json:"sid,omitempty"`
	Effect     string          `json:"effect"`
	Applied    bool            `json:"applied"`
	Failures   []failureReport `json:"failures,omitempty"`
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
		Allowed: x.Decision.Allowed(), Decision: x.Decision.Outcome.String(), BlockedBy: kindName(x.BlockedBy), Fault: x.Fault,
		Request:       requestReport{r.Principal.ARN, r.Action, r.Resource, r.ResourceAccount, map[string]any{}},
		NearestMisses: fateReports(x.NearestMisses), Statements: fateReports(x.Statements), Explanation: x.String(),
	}
	for key := range r.Context.Keys() {
		values, multivalued, _ := r.Context.Get(key)
		if report.Request.Context[key] = list(values); !multivalued {
			report.Request.Context[key] = values[0]
		}
	}
	d := x.Decision
	for i, f := range x.Statements {
		if f.PolicyType == d.PolicyType && f.Level == d.Level && f.Policy == d.Policy && f.Statement == d.Statement {
			report.DecidedBy = &report.Statements[i]
		}
	}
	return report
}

func fateReports(fates []iampolicy.Fate) []fateReport {
	reports := make([]fateReport, len(fates))
	for i, f := range fates {
		reports[i] = fateReport{
			PolicyType: kindName(f.PolicyType), Level: f.Level, Policy: f.PolicyName, Statement: f.Statement, Sid: f.Sid,
			Effect: "Allow", Applied: f.Applied(), Failures: failureReports(f.Failures),
		}
		if f.Deny {
			reports[i].Effect = "Deny"
		}
	}
	return reports
}

func failureReports(failures []iampolicy.Failure) []failureReport {
	reports := make([]failureReport, len(failures))
	for i, f := range failures {
		reports[i] = failureReport{f.Element, f.Operator, f.Key, causeName(f.Cause), f.Variable, list(f.Policy), list(f.Request), f.String()}
	}
	return reports
}

// list returns values as JSON has them: an empty list, not null.
func list(values []string) []string { return append([]string{}, values...) }

func causeName(c iampolicy.Cause) string {
	switch c {
	case iampolicy.Different:
		return "different"
	case iampolicy.Excepted:
		return "excepted"
	case iampolicy.Missing:
		return "missing"
	case iampolicy.Present:
		return "present"
	case iampolicy.Multivalued:
		return "multivalued"
	case iampolicy.Unreadable:
		return "unreadable"
	case iampolicy.Unresolved:
		return "unresolved"
	}
	return "unknown" // unreachable
}
