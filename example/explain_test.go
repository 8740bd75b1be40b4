package main_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestARefusalIsExplainedWhereTheOperatorAsksForIt: with -explain the log says of a request that
// policies deny which statement is the nearest and what it lacks, a sentence a line; of nothing
// else, and not to the caller.
func TestARefusalIsExplainedWhereTheOperatorAsksForIt(t *testing.T) {
	t.Parallel()
	off, _ := spawn(t, t.TempDir())
	on, _ := spawn(t, t.TempDir(), "-explain")
	told := off.call("rider", "GET", "/prod/rides", "").wants(t, http.StatusForbidden)
	if lines := off.logged("explanation"); len(lines) != 0 {
		t.Errorf("explained without being asked: %q", lines)
	}

	on.call("rider", "POST", "/prod/ride", seattle).wants(t, http.StatusCreated)
	on.send(on.request("GET", "/prod/rides", "")).wants(t, http.StatusForbidden) // unsigned: that is no question of policies
	refused := on.call("rider", "GET", "/prod/rides", "").wants(t, http.StatusForbidden)
	id := refused.header.Get("X-Amzn-RequestId")
	eventually(t, "the refusal is explained", func() bool { return len(on.logged("explanation")) >= 3 })
	lines := on.logged("explanation")
	want := []string{
		"no identity policy allows it",
		`identity policy "WildRydesAPI-StandardUserPolicy", statement 0 "RequestRides" (Allow) does not apply: Resource: the policy has "arn:`,
		`identity policy "WildRydesAPI-StandardUserPolicy", statement 1 "SeeAndCancelRides" (Allow) does not apply: Resource: the policy has "arn:`,
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, ""))
	}
	for i, line := range lines {
		_, quoted, _ := strings.Cut(line, " why=")
		sentence, err := strconv.Unquote(strings.TrimSpace(quoted))
		if err != nil || !strings.HasPrefix(sentence, want[i]) || !strings.Contains(line, " level=WARN ") ||
			!strings.Contains(line, " id="+id+" ") {
			t.Errorf("%s\nwant %s of request %s", line, want[i], id)
		}
	}
	// A user without policies, for whom no statement is near.
	on.call("newcomer", "GET", "/prod/rides", "").wants(t, http.StatusForbidden)
	eventually(t, "that is explained too", func() bool { return len(on.logged("explanation")) == 4 })
	if strings.Contains(strings.Join(on.logged("refused"), ""), "explanation") {
		t.Errorf("the request's own line has it, too:\n%s", on.stderr)
	}
	// The caller is told what it is told without.
	own := regexp.MustCompile(`\d{12}|\*\d{4}:\w+`) // the account, and the API's ID
	shape := func(a answer) string { return own.ReplaceAllString(a.body, "*") }
	if shape(refused) != shape(told) || strings.Contains(refused.body, "WildRydes") {
		t.Errorf("%s\nwant %s", refused.body, told.body)
	}
}
