package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// requireCoverage checks that the worlds reached everything there is, each with both
// results, and logs how often: what no world asks proves nothing of either evaluator.
func requireCoverage(t *testing.T, seen map[string]int, worlds int) {
	t.Helper()
	var table strings.Builder
	requests := seen["outcome allowed"] + seen["outcome implicitDeny"] + seen["outcome explicitDeny"]
	fmt.Fprintf(&table, "%d requests. How often each operator held / did not:\n", requests)
	row := func(name string, cells []string) {
		fmt.Fprintf(&table, "%-26s", name)
		for _, cell := range cells {
			fmt.Fprintf(&table, " %17s", cell)
		}
		table.WriteString("\n")
	}
	qualifiers := []string{"", "IfExists", "ForAllValues:", "ForAllValues:IfExists", "ForAnyValue:", "ForAnyValue:IfExists"}
	row("", []string{"alone", "IfExists", "ForAllValues", "..IfExists", "ForAnyValue", "..IfExists"})
	for _, base := range everyOperator {
		var cells []string
		for _, qualifier := range qualifiers {
			set, ifExists, hasSet := strings.Cut(qualifier, ":")
			if !hasSet {
				set, ifExists = "", qualifier
			} else {
				set += ":"
			}
			if base == "Null" && ifExists != "" {
				cells = append(cells, "")
				continue
			}
			held, not := seen[set+base+ifExists+" true"], seen[set+base+ifExists+" false"]
			if held == 0 || not == 0 {
				t.Errorf("%s%s%s held %d times, and did not %d times", set, base, ifExists, held, not)
			}
			cells = append(cells, fmt.Sprintf("%d/%d", held, not))
		}
		row(base, cells)
	}
	table.WriteString("How often everything else was reached:\n")
	for _, what := range everyStep(worlds) {
		if seen[what] == 0 {
			t.Errorf("never reached: %q", what)
		}
		fmt.Fprintf(&table, "%9d  %s\n", seen[what], what)
	}
	t.Log(table.String())
}

var everyOperator = strings.Fields(`StringEquals StringNotEquals StringEqualsIgnoreCase StringNotEqualsIgnoreCase StringLike StringNotLike
	NumericEquals NumericNotEquals NumericLessThan NumericLessThanEquals NumericGreaterThan NumericGreaterThanEquals
	DateEquals DateNotEquals DateLessThan DateLessThanEquals DateGreaterThan DateGreaterThanEquals
	Bool BinaryEquals IpAddress NotIpAddress ArnEquals ArnLike ArnNotEquals ArnNotLike Null`)

// everyStep returns what the naive evaluator notes besides operators, and must have
// come across: callers, paths, policy types and forms of variables.
func everyStep(worlds int) (wanted []string) {
	both := func(format string, results [2]string, args ...any) {
		for _, result := range results {
			wanted = append(wanted, fmt.Sprintf(format, append(args, result)...))
		}
	}
	truth, path := [2]string{"true", "false"}, [2]string{"allows", "denies"}
	for kind := iampolicy.IdentityPolicy; kind <= iampolicy.TrustPolicy; kind++ {
		if kind != iampolicy.RCP { // whose Allow decides nothing
			both("%v Allow %s", truth, kind)
		}
		both("%v Deny %s", truth, kind)
	}
	for _, kind := range []string{"", "root", "user", "session", "federated", "service", "provider", "anonymous"} {
		wanted = append(wanted, "caller "+kind)
	}
	for _, who := range []string{"service", "provider", "anonymous", "cross account", "own policies"} {
		both("path %s %s", path, who)
	}
	wanted = append(wanted, "path SCP blocks", "path direct grant allows", "path basis grant allows", "path trust denies")
	for _, side := range []string{"identity policy", "boundary", "session policy", "resource policy"} {
		wanted = append(wanted, "across accounts only the "+side+" lacks")
	}
	// So rare that only the long run reaches them all.
	if worlds >= 20_000 {
		for _, caller := range []string{"root", "user", "session", "federated"} {
			both("across accounts a caller (%s) named by its direct grant: allowed %s", truth, caller)
			both("across accounts a caller (%s) named by its account grant: allowed %s", truth, caller)
		}
		both("across accounts a caller (%s) named by its basis grant: allowed %s", truth, "session")
		both("across accounts a caller (%s) named by its basis grant: allowed %s", truth, "federated")
	}
	for _, what := range []string{"key", "value", "condition variable", "resource variable"} {
		both("%s not known, Deny %s", truth, what)
	}
	for _, where := range []string{"resource", "condition"} {
		wanted = append(wanted, where+" variable of 2008-10-17")
		for _, char := range []string{"*", "?", "$"} {
			wanted = append(wanted, where+" variable "+char+" default false resolved true")
		}
		both("%s variable  default false resolved %s", truth, where)
		both("%s variable  default true resolved %s", truth, where)
	}
	for _, what := range []string{"action", "resource", "condition"} {
		both("mutated %s matches %s", truth, what)
		both("mutated %s matches a text of more than 64 bytes %s", truth, what)
		if what == "resource" || what == "condition" && worlds >= 20_000 {
			both("mutated %s matches a text of more than 1024 bytes %s", truth, what)
		}
		if what != "action" && worlds >= 20_000 {
			both("mutated %s matches a text of more than 1792 bytes %s", truth, what)
		}
	}
	kinds := []iampolicy.PolicyType{iampolicy.IdentityPolicy}
	if worlds >= 20_000 {
		kinds = append(kinds, iampolicy.PermissionsBoundary, iampolicy.SessionPolicy, iampolicy.ResourcePolicy)
	}
	for _, kind := range kinds {
		both("%v with more than 64 %s statements", [2]string{"Allow", "Deny"}, kind)
	}
	wanted = append(wanted, "outcome allowed by a statement behind the 64th", "outcome explicitDeny by a statement behind the 64th")
	both("explained applies %s", truth)
	return append(wanted, "outcome allowed", "outcome implicitDeny", "outcome explicitDeny")
}
