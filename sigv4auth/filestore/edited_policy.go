package filestore

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// policyEdit returns a function that says what has changed in the policy called name.
func policyEdit(name string) func(before, now policy, had bool) string {
	return func(before, now policy, had bool) string {
		if !had {
			_, statements := partsOf(now.identity)
			return "policy " + name + " added with " + count(len(statements), "statement", "")
		}
		if before.digest == now.digest {
			return "" // the mode of the file
		}
		return "policy " + name + ": " + comparedDocuments(before.identity, now.identity)
	}
}

// comparedDocuments says what is different in a document, which is not written as it was.
func comparedDocuments(before, now *iampolicy.Policy) string {
	versionBefore, statementsBefore := partsOf(before)
	version, statements := partsOf(now)
	text := comparedStatements(statementsBefore, statements)
	switch {
	case text != "":
		return text
	case version != versionBefore:
		return "Version or Id changed"
	case slices.Equal(statementsBefore, statements):
		return "written otherwise, and means the same"
	}
	return "statements in another order"
}

// statementText is one statement of a policy, written in one way.
type statementText struct{ sid, text string }

// partsOf takes a policy apart, into its statements and what stands beside them.
func partsOf(p *iampolicy.Policy) (beside string, statements []statementText) {
	if p == nil {
		return "", nil
	}
	text, err := p.MarshalJSON()
	if err != nil {
		return "", nil // unreachable: the policy was parsed
	}
	var document struct {
		Version, ID string
		Statement   []json.RawMessage
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return "", nil // unreachable: the printer writes JSON
	}
	for _, raw := range document.Statement {
		var s struct{ Sid string }
		_ = json.Unmarshal(raw, &s) // as above
		statements = append(statements, statementText{s.Sid, string(raw)})
	}
	return document.Version + "\n" + document.ID, statements
}

// comparedStatements counts the statements that were added, changed and removed; "" where there are
// none of these. A statement that has a Sid is the one that had it; of the others, as many as were
// both added and removed were changed.
func comparedStatements(before, now []statementText) string {
	was := map[statementText]int{}
	for _, s := range before {
		was[s]++
	}
	added, removed := map[string]int{}, map[string]int{} // by Sid
	for _, s := range now {
		if was[s] > 0 {
			was[s]--
			continue
		}
		added[s.sid]++
	}
	for s, n := range was {
		removed[s.sid] += n
	}
	nAdded, nChanged, nRemoved := 0, 0, 0
	for sid, n := range added {
		both := min(n, removed[sid])
		nChanged, nAdded, removed[sid] = nChanged+both, nAdded+n-both, removed[sid]-both
	}
	for _, n := range removed {
		nRemoved += n
	}
	var texts []string
	for _, t := range []struct {
		n    int
		verb string
	}{{nAdded, "added"}, {nChanged, "changed"}, {nRemoved, "removed"}} {
		switch {
		case t.n == 0:
		case len(texts) == 0:
			texts = append(texts, count(t.n, "statement", t.verb))
		default:
			texts = append(texts, strconv.Itoa(t.n)+" "+t.verb)
		}
	}
	return strings.Join(texts, ", ")
}

// count returns n of a noun, and what became of them.
func count(n int, noun, verb string) string {
	text := strconv.Itoa(n) + " " + noun
	if n != 1 && noun != "more" {
		text += "s"
	}
	return strings.TrimSuffix(text+" "+verb, " ")
}
