package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// print writes the answer for people: the request that proves it, what grants it
// now, and why it was not granted before.
func (d *difference) print(c *console) {
	older, newer := displayNames(d.names[0]), displayNames(d.names[1])
	switch d.Verdict {
	case iampolicy.AccessPass:
		c.printf("%s: %s allows nothing that %s does not\n", c.paint(green, "no new access"), newer, older)
	case iampolicy.AccessUnknown:
		c.printf("%s: %s\n", c.paint(yellow, "unknown"), printable(d.Reason))
	case iampolicy.AccessFail:
		w := d.Witness
		c.printf("%s: %s allows what %s does not\n", c.paint(red, "new access"), newer, older)
		owner := "no account"
		if w.ResourceAccount != "" {
			owner = "account " + strconv.Quote(w.ResourceAccount)
		}
		c.printf("  %q, %q on %q of %s\n", callerName(w), w.Action, w.Resource, owner)
		printContext(c, &w.Context)
		c.printf("%s: %s\n  by %s\n", newer, c.paint(bold, d.Granted.Outcome.String()), d.grant())
		// The first line names the request again.
		_, why, _ := strings.Cut(d.old.String(), "\n")
		c.printf("%s: %s\n%s", older, c.paint(bold, d.old.Decision.Outcome.String()), why)
	}
}

func callerName(r *iampolicy.Request) string {
	if r.Principal.ARN == "" {
		return "anonymous"
	}
	return r.Principal.ARN
}

// grant names the statement by which the new policies allow the witness.
func (d *difference) grant() string {
	g := d.Granted
	if g.PolicyType == 0 {
		return "there being no Deny for it" // in resource control policies, which grant nothing
	}
	text := fmt.Sprintf("%v %q, statement %d", g.PolicyType, g.PolicyName, g.Statement)
	if g.Sid != "" {
		text += " " + strconv.Quote(g.Sid)
	}
	return text
}

func displayNames(names string) string {
	all := strings.Split(names, ",")
	for i, name := range all {
		all[i] = displayName(name)
	}
	return strings.Join(all, ",")
}

// A differenceReport is the output of diff -json.
type differenceReport struct {
	Verdict string         `json:"verdict"` // PASS, FAIL or UNKNOWN
	Reason  string         `json:"reason,omitempty"`
	Witness *witnessReport `json:"witness,omitempty"`
	Granted *grantReport   `json:"grantedBy,omitempty"`
	// Old is Explain's text on the witness and the old policies.
	Old string `json:"oldExplanation,omitempty"`
}

// A witnessReport is a request file. Its policies are those that the check takes
// for granted; simulate has to be given the one under check.
type witnessReport struct {
	requestReport
	Policies map[string]json.RawMessage `json:"policies,omitempty"`
}

type grantReport struct {
	PolicyType string `json:"policyType"`
	Policy     string `json:"policy"`
	Statement  int    `json:"statement"`
	Sid        string `json:"sid,omitempty"`
}

func (d *difference) report() differenceReport {
	report := differenceReport{Verdict: d.Verdict.String(), Reason: d.Reason}
	if d.Witness == nil {
		return report
	}
	report.Witness = &witnessReport{reportRequest(d.Witness), map[string]json.RawMessage{}}
	for _, kind := range d.besides() {
		report.Witness.Policies[kindName(kind)] = json.RawMessage(everything)
	}
	if g := d.Granted; g.PolicyType != 0 {
		report.Granted = &grantReport{kindName(g.PolicyType), g.PolicyName, g.Statement, g.Sid}
	}
	report.Old = d.old.String()
	return report
}
