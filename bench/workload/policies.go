package workload

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// Account is the account of every resource.
	Account = "111122223333"
	// Session is the principal that every policy is asked about.
	Session = "arn:aws:sts::111122223333:assumed-role/Rider/alice"

	rideARN = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/POST/ride"
	listARN = "arn:aws:execute-api:us-east-1:111122223333:rides/prod/GET/rides"
	invoke  = "execute-api:Invoke"

	// perDocument is how many statements are in a policy document where a case has many.
	perDocument = 1000
)

// The groups of the evaluation.
const (
	Policies   Group = "policies"
	Statements Group = "statements"
)

// Statement allows an action on the resources that a pattern matches, to callers of one team with
// one client where it says so.
type Statement struct {
	Action   string
	Resource string // a pattern, in which '*' stands for any characters
	Team     string // "" where there are no conditions
	Agent    string // a pattern as well
}

// Question is what an engine decides on: the same statements in each one's language, and the
// request that the last of them allows.
type Question struct {
	Group      Group
	Name       string
	X          float64 // how many statements
	Statements []Statement
	Documents  int // the statements are spread over as many

	Action, Resource string
	Team, Agent      string // "" where there are no conditions
	Denied           string // a resource that nothing allows
}

// Thousands returns the questions about 1,000 statements in one document, which differ in one thing
// each.
func Thousands() []Question {
	return slices.DeleteFunc(Evaluation(), func(q Question) bool { return q.Group != Policies || len(q.Statements) != perDocument })
}

// Evaluation returns every question.
func Evaluation() []Question {
	statements := func(n int, one func(i int) Statement) []Statement {
		all := make([]Statement, n)
		for i := range all {
			all[i] = one(i)
		}
		return all
	}
	conditional := func(resource string) func(i int) Statement {
		return func(i int) Statement {
			n := fmt.Sprint(i)
			return Statement{Action: invoke, Resource: strings.ReplaceAll(resource, "N", n), Team: "team" + n, Agent: "client-" + n + "/*"}
		}
	}
	byPrefix := func(i int) Statement {
		return Statement{Action: invoke, Resource: fmt.Sprintf("arn:aws:execute-api:us-east-1:111122223333:rides%d/*", i)}
	}
	ofPrefix := func(i int) string {
		return fmt.Sprintf("arn:aws:execute-api:us-east-1:111122223333:rides%d/prod/POST/ride", i)
	}
	all := []Question{
		{
			Name: "Wild Rydes", Statements: []Statement{{Action: invoke, Resource: "arn:aws:execute-api:*:*:*/*/*/ride"}}, Action: invoke,
			Resource: rideARN,
		},
		{
			Name: "10 × 10, conditions, differ in prefix", Documents: 10, Statements: statements(100,
				conditional("arn:aws:execute-api:us-east-1:111122223333:ridesN/*")),
			Action: invoke, Resource: ofPrefix(99), Team: "team99", Agent: "client-99/1.0",
		},
		{
			Name: "10 × 10, differ in conditions only", Documents: 10, Statements: statements(100,
				conditional("arn:aws:execute-api:us-east-1:111122223333:rides/*")),
			Action: invoke, Resource: rideARN, Team: "team99", Agent: "client-99/1.0", Denied: "arn:aws:execute-api:us-east-1:" +
				"111122223333:other/prod/POST/ride",
		},
		{
			Name: "1,000 that differ in action", Action: invoke + "999", Resource: rideARN,
			Statements: statements(1000, func(i int) Statement {
				return Statement{Action: fmt.Sprint(invoke, i), Resource: "arn:aws:execute-api:*:*:*/*/*/ride"}
			}),
		},
		{Name: "1,000 that differ in prefix", Action: invoke, Resource: ofPrefix(999), Statements: statements(1000, byPrefix)},
		{
			Name: "1,000 that differ behind a wildcard", Action: invoke, Resource: rideARN + "999",
			Statements: statements(1000, func(i int) Statement {
				return Statement{Action: invoke, Resource: fmt.Sprintf("arn:aws:execute-api:*:*:*/ride%d", i)}
			}),
		},
	}
	for i := range all {
		all[i].Group = Policies
	}
	for _, n := range []int{1, 10, 100, 1_000, 10_000} {
		all = append(all, Question{
			Group: Statements, Name: counted(n, "statement"), X: float64(n), Documents: (n + perDocument - 1) / perDocument,
			Action: invoke, Resource: ofPrefix(n - 1), Statements: statements(n, byPrefix),
		})
	}
	for i := range all {
		q := &all[i]
		q.Documents = max(q.Documents, 1)
		if q.Denied == "" {
			q.Denied = listARN
		}
		if q.X == 0 {
			q.X = float64(len(q.Statements))
		}
	}
	return all
}
