package iampolicy_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// least returns the least time that do takes of several tries: what else the machine does only
// adds.
func least(tries int, do func()) time.Duration {
	least := time.Duration(1 << 62)
	for range tries {
		begin := time.Now()
		do()
		least = min(least, time.Since(begin))
	}
	return least
}

// retried reports whether a comparison of times holds at one of several attempts. Under the race
// detector it tells nothing, and holds.
func retried(holds func() bool) bool {
	if raceDetector {
		return true
	}
	for range 5 {
		if holds() {
			return true
		}
	}
	return false
}

// Threats 167, 224 and 245: a decision by a document of 6,144 characters, AWS's quota for managed
// policies, takes no longer than hashing what it reads some hundred times, whatever its patterns
// are. Without shiftAnd the same takes thousands of times.
func TestDecisionsByHostileDocumentsAreQuick(t *testing.T) {
	for i, kind := range hostileKinds {
		for seed := range uint64(6) {
			d := newHostileDice(100*uint64(i) + seed)
			doc, req := d.document(kind, 6144)
			set := &iampolicy.Set{Identity: []*iampolicy.Policy{parsed(t, doc)}}
			read := make([]byte, len(doc)+2048)
			ratio := 0.0
			if !retried(func() bool {
				hash := least(10, func() { sha256.Sum256(read) })
				ratio = float64(least(3, func() { iampolicy.Evaluate(set, req) })) / float64(hash)
				return ratio < 1000
			}) {
				t.Errorf("%s, seed %d: %.0f times a hash\n%.300s", kind, seed, ratio, doc)
			}
		}
	}
}

func parsed(t testing.TB, doc string) *iampolicy.Policy {
	t.Helper()
	p, err := iampolicy.Parse([]byte(doc), iampolicy.IdentityPolicy)
	if err != nil {
		t.Fatalf("%.300v\n%.300s", err, doc)
	}
	return p
}

// Threat 224: twenty policies, each as long as AWS's quota permits, a boundary and a session policy
// among them, stay within the budget of a decision, on values of 2,048 bytes a key.
func TestDocumentsWithinQuotasStayWithinTheBudget(t *testing.T) {
	dear, seeds := 0, 6
	if raceDetector {
		seeds = 1
	}
	for i, kind := range hostileKinds {
		for seed := range uint64(seeds) {
			d := newHostileDice(1000 + 100*uint64(i) + seed)
			set := &iampolicy.Set{}
			var req *iampolicy.Request
			add := func(list *[]*iampolicy.Policy, kindOf iampolicy.PolicyType, size int) {
				var doc string
				doc, req = d.document(kind, size)
				p, err := iampolicy.Parse([]byte(doc), kindOf, iampolicy.WithSizeLimits())
				if err != nil {
					t.Fatalf("%.300v\n%.300s", err, doc)
				}
				*list = append(*list, p)
			}
			for range 18 {
				add(&set.Identity, iampolicy.IdentityPolicy, 6144)
			}
			add(&set.Boundaries, iampolicy.PermissionsBoundary, 6144)
			add(&set.Sessions, iampolicy.SessionPolicy, 2048)
			if d := iampolicy.Evaluate(set, req); d.OverBudget {
				t.Errorf("%s, seed %d: %+v", kind, seed, d)
			}
			// The documents are dear: a hundred times as many exceed it.
			for range 7 {
				set.Identity = append(set.Identity, set.Identity...)
			}
			if iampolicy.Evaluate(set, req).OverBudget {
				dear++
			}
		}
	}
	if dear < 20*seeds/6 {
		t.Errorf("only %d of the documents are dear", dear)
	}
}

// Threat 224: the budget bounds the time of a decision by documents of any length, within some
// thousand hashes of 8 KiB.
func TestTheBudgetBoundsTheLargestDocuments(t *testing.T) {
	over := 0
	for i, kind := range hostileKinds {
		d := newHostileDice(2000 + uint64(i))
		d.length = min(d.length, 130)
		doc, req := d.document(kind, 400<<10)
		set := &iampolicy.Set{Identity: []*iampolicy.Policy{parsed(t, doc)}}
		if iampolicy.Evaluate(set, req).OverBudget {
			over++
		}
		read, ratio := make([]byte, 8192), 0.0
		if !retried(func() bool {
			// So many that they take as long: what else the machine does slows both.
			hashes := least(3, func() {
				for range 2000 {
					sha256.Sum256(read)
				}
			})
			ratio = 2000 * float64(least(3, func() { iampolicy.Evaluate(set, req) })) / float64(hashes)
			return ratio < 20_000
		}) {
			t.Errorf("%s: %.0f times a hash", kind, ratio)
		}
	}
	if over == 0 {
		t.Error("no document exceeds the budget")
	}
}

// Threats 167 and 245: the time of a search is in proportion to the text and to the pattern. Both
// are four times as long, and the time is below what their product's double would be.
func TestSearchesGrowInProportion(t *testing.T) {
	for _, tt := range []struct{ name, run, text string }{
		{"a letter and a question mark", "a?", "a"},
		{"letters and a question mark", "aab?a", "aab"},
		{"characters of two bytes", "é?", "é"},
		{"a text that is no UTF-8", "a?", "a\xa9"},
	} {
		cost := func(n int) time.Duration {
			pattern := "*" + strings.Repeat(tt.run, n)[:len(tt.run)*(n/len(tt.run))] + "z*"
			text := "z" + strings.Repeat(tt.text, 4*n)[:4*n/len(tt.text)*len(tt.text)]
			set := identity(t, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:t":%q}}}`, pattern))
			req := request("s3:GetObject", object)
			req.Context.Set("x:t", text)
			return least(10, func() { iampolicy.Evaluate(set, req) })
		}
		ratio := 0.0
		if !retried(func() bool {
			ratio = float64(cost(800)) / float64(cost(200))
			return ratio < 32
		}) {
			t.Errorf("%s: %.1f times for four times the text and four times the pattern", tt.name, ratio)
		}
	}
}

// A list of patterns goes through a value together: sixteen times as many cost much less than
// sixteen times as much.
func TestListsAreSearchedTogether(t *testing.T) {
	cost := func(n int) time.Duration {
		list := strings.Repeat(`"*a?z*",`, n-1) + `"*a?z*"`
		set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:t":[`+list+`]}}}`)
		req := request("s3:GetObject", object)
		req.Context.Set("x:t", "z"+strings.Repeat("a", 2047))
		return least(20, func() { iampolicy.Evaluate(set, req) })
	}
	ratio := 0.0
	if !retried(func() bool {
		ratio = float64(cost(48)) / float64(cost(3))
		return ratio < 4
	}) {
		t.Errorf("%.1f times for sixteen times the patterns", ratio)
	}
}

// Threat 224: a value that is longer than what patterns are tried on cannot be read (threat 252): a
// Deny's condition holds of it, and an Allow's does not, negated or not. Where no value is a
// pattern it is compared.
func TestValuesTooLongForPatterns(t *testing.T) {
	for _, tt := range []struct {
		operator, key, value string // of the policy
		read                 bool
	}{
		{"StringLike", "x:t", "*a*", false},
		{"StringLike", "x:t", "*", false},
		{"StringLike", "x:t", "b*", false},
		{"StringNotLike", "x:t", "*a?b*", false},
		{"StringNotLike", "x:t", "b*", false},
		{"StringLikeIfExists", "x:t", "*a?b*", false},
		{"ForAnyValue:StringLike", "x:m", "*a?b*", false},
		{"ForAllValues:StringNotLike", "x:m", "*a?b*", false},
		{"ArnLike", "x:arn", "arn:aws:s3:::*", false},
		{"ArnNotEquals", "x:arn", "arn:aws:s3:*::a", false},
		{"NumericLessThan", "x:digits", "1", false},
		{"NumericNotEquals", "x:digits", "1", false},
		{"DateLessThan", "x:date", "2024", false},
		{"BinaryEquals", "x:binary", "QQ==", false},
		{"StringLike", "x:t", "b", true},
		{"StringEquals", "x:t", "a*", true},
		{"StringNotEqualsIgnoreCase", "x:t", "b", true},
		{"ArnNotLike", "x:arn", "arn:aws:s3:::b", true},
	} {
		for _, longer := range []bool{false, true} {
			n := 4096
			if longer {
				n++
			}
			req := request("s3:GetObject", object)
			req.Context.Set("x:t", strings.Repeat("a", n))
			req.Context.SetMany("x:m", strings.Repeat("a", n))
			req.Context.Set("x:arn", "arn:aws:s3:::"+strings.Repeat("a", n-13))
			req.Context.Set("x:digits", strings.Repeat("1", n))
			req.Context.Set("x:date", "2024-01-01T00:00:00."+strings.Repeat("1", n-21)+"Z")
			req.Context.Set("x:binary", strings.Repeat("QUFB", n/4)+strings.Repeat("QUFB", n%4))
			condition := fmt.Sprintf(`"Action":"*","Resource":"*","Condition":{%q:{%q:%q}}}`, tt.operator, tt.key, tt.value)
			allowed := iampolicy.Evaluate(identity(t, `{"Effect":"Allow",`+condition), req).Allowed()
			denied := !iampolicy.Evaluate(identity(t, allow, `{"Effect":"Deny",`+condition), req).Allowed()
			if unread := denied && !allowed; unread != (longer && !tt.read) || !unread && allowed != denied {
				t.Errorf("%s %q on %d bytes: an Allow's condition holds: %v, a Deny's: %v", tt.operator, tt.value, n, allowed, denied)
			}
			x := iampolicy.Explain(t.Context(), identity(t, `{"Effect":"Allow",`+condition), req)
			if x.Decision.Allowed() != allowed ||
				longer && !tt.read && x.Statements[0].Mismatches[0].Cause != iampolicy.MismatchUnreadable {
				t.Errorf("%s: %+v", tt.operator, x)
			}
		}
	}
}

// dear is a statement that costs a thirtieth of the budget to look at, with a request that has
// dearValue as x:t.
func dear(effect string) string {
	pattern := `"*` + strings.Repeat("a", 70) + `?b*"`
	return `{"Effect":"` + effect + `","Action":"*","Resource":"*","Condition":{"StringLike":{"x:t":[` + strings.Repeat(pattern+",", 31) +
		pattern + `]}}}`
}

func dearValue() string { return "b" + strings.Repeat("a", 4000) }

// Threat 224: what Explain spends on looking at statements is bounded, too, and it says where it
// stops.
func TestExplainStopsAtItsBudget(t *testing.T) {
	statements := []string{`{"Effect":"Deny","Action":"*","Resource":"*"}`}
	for range 200 {
		statements = append(statements, dear("Deny"))
	}
	set, req := identity(t, statements...), request("s3:GetObject", object)
	x := iampolicy.Explain(t.Context(), set, req)
	if x.Incomplete || len(x.Statements) != 201 {
		t.Errorf("without a value: incomplete %v, %d statements", x.Incomplete, len(x.Statements))
	}
	req.Context.Set("x:t", dearValue())
	x = iampolicy.Explain(t.Context(), set, req)
	if !x.Incomplete || len(x.Statements) < 2 || len(x.Statements) > 100 || x.Decision != iampolicy.Evaluate(set, req) ||
		x.Decision.Outcome != iampolicy.ExplicitDeny ||
		!strings.Contains(x.String(), "not all statements were looked at") {
		t.Errorf("incomplete %v, %d statements, %+v", x.Incomplete, len(x.Statements), x.Decision)
	}
	for _, f := range x.Statements[1:] {
		if f.Applied() || f.Mismatches[0].Cause != iampolicy.MismatchValue {
			t.Errorf("%v", f)
		}
	}
	// Past the budget of the decision itself, nothing is explained.
	set = identity(t, statements[1:]...)
	x = iampolicy.Explain(t.Context(), set, req)
	if !x.Decision.OverBudget || x.Undecided == "" || len(x.Statements) > 0 || !iampolicy.Evaluate(set, req).OverBudget {
		t.Errorf("%+v", x)
	}
}

// Threat 245: Validate holds patterns against each other within a limit of its own.
func TestValidateIsBounded(t *testing.T) {
	var resources []string
	for i := range 70 {
		resources = append(resources, `"arn:aws:s3:::`+strings.Repeat("*a?a", 3)+strings.Repeat("a?", 950)+fmt.Sprintf(`b%d*"`, i))
	}
	doc := []byte(document(`{"Effect":"Allow","Action":"s3:GetObject","Resource":[` + strings.Join(resources, ",") + `]}`))
	ratio := 0.0
	if !retried(func() bool {
		parse := least(3, func() { parsed(t, string(doc)) })
		ratio = float64(least(1, func() { validate(t, doc, iampolicy.IdentityPolicy) })) / float64(parse)
		return ratio < 500
	}) {
		t.Errorf("%.0f times as long as Parse", ratio)
	}
}

// endingContext ends after it was looked at so many times.
type endingContext struct {
	context.Context
	left int
}

func (c *endingContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Threat 224: what can take longer than a millisecond ends with its context.
func TestContextsEndTheWork(t *testing.T) {
	// Eighty patterns that overlap in every way, so that the checks do not get done.
	var statements, others []string
	for i := range 80 {
		statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*%d*"}`, i))
		others = append(others, fmt.Sprintf(`{"Effect":"Deny","Action":"s3:*%d*","Resource":"arn:aws:s3:::*%dx*"}`, i, i))
	}
	old, new := identity(t, append(statements[:79:79], others...)...), identity(t, append(others[:79:79], statements...)...)
	for looks := range 4 {
		ctx := &endingContext{t.Context(), looks}
		if r := iampolicy.CheckNoNewAccess(ctx, old.Identity, new.Identity); r.Verdict != iampolicy.AccessUnknown ||
			!strings.Contains(r.Reason, "context") || ctx.left < -1 {
			t.Errorf("CheckNoNewAccess after %d looks: %v, and %d more", looks, r, -1-ctx.left)
		}
		ctx = &endingContext{t.Context(), looks}
		granted := iampolicy.CheckAccessNotGranted(ctx, old.Identity, []string{"s3:*"}, []string{"arn:aws:s3:::*79*"})
		if granted.Verdict != iampolicy.AccessUnknown || !strings.Contains(granted.Reason, "context") {
			t.Errorf("CheckAccessNotGranted after %d looks: %v", looks, granted)
		}
		ctx = &endingContext{t.Context(), looks}
		f, err := iampolicy.Validate(ctx, []byte(document(statements...)), iampolicy.IdentityPolicy)
		if err != context.Canceled || f != nil {
			t.Errorf("Validate after %d looks: %v, %v", looks, f, err)
		}
		ctx = &endingContext{t.Context(), looks}
		x := iampolicy.Explain(ctx, new, request("s3:GetObject", object))
		if x.Decision != (iampolicy.Decision{}) || !strings.Contains(x.Undecided, "context") || x.Statements != nil {
			t.Errorf("Explain after %d looks: %+v", looks, x)
		}
	}
}

// A check whose tests of values exceed what one evaluation may spend does not take them for failed:
// here only the last of three thousand numbers is new.
func TestAccessChecksCountTheirMatching(t *testing.T) {
	numbers := func(n int) *iampolicy.Set {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprint(i))
		}
		return identity(t,
			`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"x:n":[`+strings.Join(list, ",")+`]}}}`)
	}
	if r := iampolicy.CheckNoNewAccess(t.Context(), numbers(2999).Identity, numbers(3000).Identity); r.Verdict != iampolicy.AccessFail {
		t.Errorf("%v", r)
	}
}

// What is known of one value of a key is not taken for another's, where Explain looks at each: the
// second is shorter, and no UTF-8.
func TestExplainReadsEachValueByItself(t *testing.T) {
	req := request("s3:GetObject", object)
	long := strings.Repeat("aé\xa9", 300) + "q"
	req.Context.SetMany("x:m", "z"+long, "z\xa9"+strings.Repeat("a", 200))
	pattern := `"*a?a?a?a?aé?z*"`
	set := identity(t,
		`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAllValues:StringLike":{"x:m":[`+strings.Repeat(pattern+",", 6)+
			pattern+`]}}}`)
	x := iampolicy.Explain(t.Context(), set, req)
	if len(x.Statements) != 1 || len(x.Statements[0].Mismatches) != 1 || len(x.Statements[0].Mismatches[0].Request) != 2 {
		t.Errorf("%+v", x)
	}
}

// Threat 224: what a document of AWS's quota costs does not grow with values that are longer than
// any that it could match: not by the variables that they stand for, nor by reading them for each
// condition.
func TestLongValuesDoNotMakeDecisionsDear(t *testing.T) {
	list := func(unit string) string { return strings.Repeat(unit+",", 5800/(len(unit)+1)-1) + unit }
	condition := func(conditions string) string {
		return `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{` + conditions + `,"StringEquals":{"x:none":"a"}}}`
	}
	sets := func(operator, operand string) string {
		var b strings.Builder
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			fmt.Fprintf(&b, `,"%s%s":{"x:long":%s},"%[1]s%[2]sIfExists":{"x:long":%[3]s}`, set, operator, operand)
		}
		return condition(b.String()[1:])
	}
	many := strings.Repeat("${x:long}", 16)
	for _, tt := range []struct{ name, statements, unit string }{
		{"variables of a condition", condition(`"StringLike":{"x:t":[` + list(`"`+many+`"`) + `]}`), "é"},
		{"variables of a resource", `{"Effect":"Deny","Action":"*","Resource":[` + list(`"arn:aws:s3:::`+many+`"`) + `]}`, "é"},
		{"variables that are no UTF-8", condition(`"StringLike":{"x:t":[` + list(`"`+many+`"`) + `]}`), "é\xff"},
		{"base64", list(sets("BinaryEquals", `"QQ=="`)), "QUFB"},
		{"numbers", list(sets("NumericEquals", `"2"`)), "1"},
		{"dates", list(sets("DateLessThan", `"2024"`)), "1"},
	} {
		cost := func(n int) time.Duration {
			set := identity(t, allow, tt.statements)
			req := request("s3:GetObject", object)
			text := strings.Repeat(tt.unit, n/len(tt.unit))
			if tt.name == "dates" {
				text = "2024-01-01T00:00:00." + text + "Z"
			}
			req.Context.Set("x:long", text)
			req.Context.Set("x:t", "t")
			return least(5, func() { iampolicy.Evaluate(set, req) })
		}
		ratio := 0.0
		if !retried(func() bool {
			ratio = float64(cost(1<<20)) / float64(cost(4<<10))
			return ratio < 16
		}) {
			t.Errorf("%s: %.0f times for 256 times the value", tt.name, ratio)
		}
	}
}

// Threat 224: the budget does not count what is not done: where what a variable stands for is
// longer than the text, or as long, a document of AWS's quota stays within it.
func TestVariablesOfLongValuesStayWithinTheBudget(t *testing.T) {
	for _, pattern := range []string{"*${x:v}*", "*a${x:v}*"} {
		for _, length := range []int{1024, 2000, 2047, 2048, 4096, 60_000} {
			set := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"x:t":[`+
				strings.Repeat(`"`+pattern+`",`, 5900/(len(pattern)+3))+`"b"]}}}`, allow)
			req := request("s3:GetObject", object)
			req.Context.Set("x:t", strings.Repeat("a", 2048))
			req.Context.Set("x:v", strings.Repeat("a", length-1)+"b")
			if d := iampolicy.Evaluate(set, req); !d.Allowed() {
				t.Errorf("%s, %d bytes: %+v", pattern, length, d)
			}
		}
	}
}
