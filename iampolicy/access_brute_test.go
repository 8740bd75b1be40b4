package iampolicy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// allWords returns all words over the letters, of at most so many of them.
func allWords(letters string, most int) (words []string) {
	words = []string{""}
	for start := 0; most > 0; most-- {
		end := len(words)
		for _, w := range words[start:end] {
			for _, letter := range letters {
				words = append(words, w+string(letter))
			}
		}
		start = end
	}
	return words
}

// A smallWorld makes policies over two letters, of which all short requests can
// be tried.
type smallWorld struct{ dice }

func (d smallWorld) glob(least int) string {
	var b strings.Builder
	for range least + d.IntN(4) {
		b.WriteString(d.one("a", "a", "b", "b", "*", "?"))
	}
	return b.String()
}

func (d smallWorld) variable() string {
	return "${x:" + d.one("j", "k") + d.one("", "", ", 'a'") + "}"
}

// condition is one on x:k, and often another one on x:j.
func (d smallWorld) condition() string {
	operator := func(names ...string) string {
		return d.one("", "", "ForAllValues:", "ForAnyValue:") + d.one(names...) + d.one("", "IfExists")
	}
	value := func() string {
		if d.in(3) {
			return d.glob(0) + d.variable() + d.one("", "b", "*", "?")
		}
		return d.glob(0)
	}
	on := fmt.Sprintf(`%q:{"x:k":["%s","%s"]}`,
		operator("StringLike", "StringNotLike", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), value(), value())
	switch d.IntN(4) {
	case 0:
		on += `,"Null":{"x:j":"` + d.one("true", "false") + `"}`
	case 1:
		on += `,"StringEquals":{"x:j":["` + d.one("a", "b", "ab") + `","` + d.one("a", "b", "") + `"]}`
	}
	return on
}

func (d smallWorld) statement() string {
	element := func(name string, value func() string) string {
		if d.in(5) {
			name = "Not" + name
		}
		values := []string{value()}
		if d.in(3) {
			values = append(values, value())
		}
		return fmt.Sprintf(`%q:["%s"]`, name, strings.Join(values, `","`))
	}
	st := `{"Effect":"` + d.one("Allow", "Allow", "Deny") + `",` +
		element("Action", func() string { return d.one("s:", "s:", "?:", "*:") + d.glob(1) }) + "," +
		element("Resource", func() string {
			switch d.IntN(6) {
			case 0:
				return "*"
			case 1:
				return "arn:aws:s:::" + d.glob(0) + d.variable() + d.glob(0)
			}
			return d.one("arn:aws:s:::", "arn:aws:?:::", "arn:aws:*:::", "arn:a*:s:*::") + d.glob(0)
		})
	if d.in(2) {
		st += `,"Condition":{` + d.condition() + "}"
	}
	return st + "}"
}

// In a small world all short requests can be tried: where one of them is new, the
// check must fail, and where it passes none may be.
func TestCheckNoNewAccessAgainstAllShortRequests(t *testing.T) {
	const pairs = 400
	var requests []*iampolicy.Request
	entries := [][]string{nil, {}}
	for _, w := range allWords("ab", 2) {
		entries = append(entries, []string{w})
	}
	entries = append(entries, []string{"A"}, []string{"a", "b"}, []string{"a"}, []string{"ab", ""}, []string{"b"})
	const multivalued = 9 // from here on, and the empty one
	for _, action := range allWords("ab", 2)[1:] {
		for _, resource := range append(allWords("ab", 3), "no ARN") {
			for i, values := range entries {
				req := request("s:"+action, "arn:aws:s:::"+resource)
				if resource == "no ARN" {
					req.Resource = resource
				}
				switch {
				case i == 0:
				case i == 1 || i >= multivalued:
					req.Context.SetMany("x:k", values...)
				default:
					req.Context.Set("x:k", values[0])
				}
				switch len(requests) % 5 {
				case 1:
					req.Context.Set("x:j", "a")
				case 4:
					req.Context.Set("x:j", "b")
				case 2:
					req.Context.Set("x:j", "ab")
				case 3:
					req.Context.SetMany("x:j", "a", "b")
				}
				requests = append(requests, req)
			}
		}
	}
	verdicts, contradicted := map[iampolicy.AccessVerdict]int{}, 0
	for seed := range uint64(pairs) {
		d := smallWorld{newDice(seed)}
		var old, new []string
		for range 1 + d.IntN(3) {
			old = append(old, d.statement())
		}
		for range 1 + d.IntN(3) {
			new = append(new, d.statement())
		}
		if d.in(2) {
			new = append(new, old[0])
		}
		oldSet, newSet := identity(t, old...), identity(t, new...)
		got := iampolicy.CheckNoNewAccess(t.Context(), oldSet.Identity, newSet.Identity)
		verdicts[got.Verdict]++
		if got.Verdict == iampolicy.AccessFail {
			if !iampolicy.Evaluate(newSet, got.Witness).Allowed() || iampolicy.Evaluate(oldSet, got.Witness).Allowed() {
				t.Fatalf("seed %d: no witness: %v\n%s\n%s", seed, got, old, new)
			}
			continue
		}
		for _, req := range requests {
			if iampolicy.Evaluate(newSet, req).Allowed() && !iampolicy.Evaluate(oldSet, req).Allowed() {
				if contradicted++; got.Verdict == iampolicy.AccessPass {
					t.Fatalf("seed %d: passes, but %+v is new\n%s\n%s", seed, req, old, new)
				}
				break
			}
		}
	}
	t.Logf("%d requests; %v, of the unknown %d fail", len(requests), verdicts, contradicted)
	if verdicts[iampolicy.AccessUnknown] > pairs/10 || verdicts[iampolicy.AccessPass] < pairs/8 {
		t.Errorf("the test has lost its power: %v", verdicts)
	}
}
