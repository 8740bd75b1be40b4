// Package goal holds the speeds that Wildgate is to reach, and tells of the results of a run
// whether it does.
package goal

import (
	"fmt"
	"math"

	"github.com/wildgate/wildgate/bench/e2e"
	"github.com/wildgate/wildgate/bench/gate"
	"github.com/wildgate/wildgate/bench/measure"
	"github.com/wildgate/wildgate/bench/micro"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// Goal bounds what is measured of one piece of work. A bound of none is no bound.
type Goal struct {
	Work string // what is done
	Part string // which part or form of it; "" if there is but one
	To   string // what its time or its rate is held against

	Most        float64 // its time, in times that of To; at most
	Least       float64 // its rate, in times that of To; at least
	Allocations float64 // at most
	IsRate      bool    // it is told as a rate, and not as a time
	Alike       bool    // it is one of many forms of the work, of which a summary tells the span

	Row      runner.Name
	scenario string // of a whole service; then there is no row
}

// none is the bound of what is not bounded: what is stated, but need not reach anything.
const none = -1

// Line is a goal and what was measured of it.
type Line struct {
	Goal
	Measured  bool              // false where the run left it out
	Ratio     measure.Quartiles // of the times, or of the rates where it is told as a rate
	Allocated float64           // none where it was not counted
}

// Bound returns what the time or the rate is bounded by, as text; "" if by nothing.
func (g *Goal) Bound() string {
	switch {
	case g.Most != none:
		return fmt.Sprintf("≤ %v × %s", g.Most, g.To)
	case g.Least != none:
		return fmt.Sprintf("≥ %v × %s", g.Least, g.To)
	default:
		return ""
	}
}

// Limit returns how often the work may allocate, and false if that has no bound.
func (g *Goal) Limit() (allocations float64, bounded bool) {
	return g.Allocations, g.Allocations != none
}

// Counted reports whether the allocations were counted.
func (l *Line) Counted() bool { return l.Allocated != none }

// Met reports whether the medians are within the bounds.
func (l *Line) Met() bool {
	return l.Measured && (l.Most == none || l.Ratio.Median <= l.Most) && (l.Least == none || l.Ratio.Median >= l.Least) &&
		(l.Allocations == none || l.Allocated <= l.Allocations)
}

// Lines returns the goals with what a run measured of them.
func Lines(r *runner.Results) []Line {
	var lines []Line
	for _, g := range goals() {
		l := Line{Goal: g, Allocated: none}
		if g.scenario != "" {
			l.service(r.Service)
		} else if row := r.Row(g.Row); row != nil {
			l.sample(row.Ours())
		}
		lines = append(lines, l)
	}
	return lines
}

func (l *Line) sample(s measure.Sample, ok bool) {
	l.Measured, l.Ratio = ok, s.Ratio
	if l.IsRate { // the slower, the lower
		l.Ratio = measure.Quartiles{Lower: inverse(s.Ratio.Upper), Median: inverse(s.Ratio.Median), Upper: inverse(s.Ratio.Lower)}
	}
	if ok {
		l.Allocated = s.Allocations
	}
}

// service takes the rate of requests; nobody counted allocations.
func (l *Line) service(r *e2e.Report) {
	if r == nil {
		return
	}
	for _, s := range r.Scenarios {
		if s.Name == l.scenario {
			l.Measured, l.Ratio = true, s.Rate
		}
	}
}

func inverse(ratio float64) float64 {
	if ratio == 0 {
		return math.Inf(1)
	}
	return 1 / ratio
}

// The work that has several parts. The engine's goals are those of medians on two cores; ratios to
// another engine depend on the memory more than those to hashing.
const (
	decide     = "Evaluate, by equivalent policies"
	early      = "A request refused before its key is looked up"
	middleware = "The middleware around the POST"
	chunks     = "16 MiB in chunks, read by the handler"
	verify     = "Verify, cached key"
	token      = "A session token, opened"
	session    = "Verify, cached session"
	known      = "Verify, a key of a directory"
	size       = "A directory of 100,000 keys"
)

// goals returns the rows of the table of speeds to reach, one for each part.
func goals() []Goal {
	most := func(work, part, to string, group workload.Group, row string, ratio, allocations float64) Goal {
		return Goal{
			Work: work, Part: part, To: to, Most: ratio, Least: none, Allocations: allocations, Row: runner.Name{Group: group, Case: row},
		}
	}
	rate := func(part, to, row string, least float64) Goal {
		return Goal{
			Work: chunks, Part: part, To: to, Most: none, Least: least, IsRate: true, Allocations: none,
			Row: runner.Name{Group: workload.Chunks, Case: row},
		}
	}
	// What the whole way through the Authorizer may allocate is no more than a statement of what it
	// does: the gate's.
	required, _ := gate.Allocations(runner.Name{Group: workload.Requests, Case: "POST, handler and policy"})
	all := []Goal{
		most(verify, "header-signed POST with its body's digest", "floor", workload.Requests, "header POST", 1.5, 1),
		most(verify, "the same without a body", "floor", workload.Requests, "header GET", none, 0),
		most(verify, "presigned GET with a token", "floor", workload.Requests, "presigned GET", 2, 2),
		most(middleware, "Handler", "floor", workload.Requests, "POST, handler", none, 4),
		most(middleware, "Require with an Authorizer", "floor", workload.Requests, "POST, handler and policy", none, required),
		rate("signed", "bare SHA-256", "16 MiB, signed", 0.97),
		rate("unsigned, CRC32 in the trailer", "bare CRC32", "16 MiB, CRC32", 0.97),
		most(decide, "the Wild Rydes policy", "cedar-go", workload.Policies, "Wild Rydes", 0.3, 0),
		most(decide, "10 policies of 10 statements with 3 conditions, that differ in prefix", "cedar-go", workload.Policies,
			"10 × 10, conditions, differ in prefix", 0.045, 0),
		most(decide, "the same, that differ in conditions alone", "cedar-go", workload.Policies, "10 × 10, differ in conditions only",
			0.045,
			0),
		most(decide, "1,000 statements that differ in action", "cedar-go", workload.Policies, "1,000 that differ in action", 0.015, 0),
		most(decide, "1,000 that differ in resource prefix", "cedar-go", workload.Policies, "1,000 that differ in prefix", 0.003, 0),
		most(decide, "1,000 that differ behind a leading wildcard", "cedar-go", workload.Policies, "1,000 that differ behind a wildcard",
			0.002,
			0),
	}
	// Grows with the statements that can match, and not with those that exist: with a thousand
	// times as many it may look for them, but not at them.
	all = append(all,
		most(decide, "10,000 statements of which 10 can match", "those 10 alone", micro.Growth, "10,000 statements, of which 10 can match",
			4, 0))
	for _, row := range workload.RefusedEarly() {
		g := most(early, row, "floor", workload.Refusals, row, 0.6, none)
		g.Alike = true
		all = append(all, g)
	}
	service := func(work, to string, least float64, scenario string) Goal {
		return Goal{Work: work, To: to, Most: none, Least: least, IsRate: true, Allocations: none, scenario: scenario}
	}
	return append(all,
		most(token, "of a role's session", "bare AEAD", micro.Tokens, micro.OpenedPlain, 3, none),
		most(token, "with tags and a federated identity", "bare AEAD", micro.Tokens, micro.OpenedFull, 3, none),
		most(session, "header-signed POST", "static credential", micro.Sessions, micro.CachedPOST, 1.1, allocationsOf(micro.CachedPOST)),
		most(session, "the same without a body", "static credential", micro.Sessions, micro.CachedGET, 1.1, allocationsOf(micro.CachedGET)),
		most(known, "header-signed POST", "static credential", micro.Directories, micro.DirectoryPOST, 1.1, 1),
		most(known, "the same without a body", "static credential", micro.Directories, micro.DirectoryGET, 1.1, 0),
		most(size, "a credential and its policies", "of 1,000", micro.DirectorySizes, micro.DirectoryLookup, 1.5, 0),
		most(size, "a change", "of 1,000", micro.DirectorySizes, micro.DirectoryChange, 3, none),
		service("Requests a second of the ride service behind the middleware, over loopback", "bare", 0.9, e2e.Rides),
		service("AssumeRole, requests a second over loopback", "bare handler", 0.3, e2e.Assume))
}

// allocationsOf returns how often a request by a cached session may allocate: as often as one by a
// static credential that is the same, as a test of package micro holds.
func allocationsOf(name string) float64 {
	most, _ := gate.Allocations(runner.Name{Group: micro.Sessions, Case: name})
	return most
}
