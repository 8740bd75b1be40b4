package iampolicy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// A hostileDice makes policies that cost as much to evaluate as their length permits, and
// requests that make them cost it: patterns that nearly match at every place of a long text.
type hostileDice struct {
	*rand.Rand
	question float64 // how many elements of a pattern are question marks
	length   int     // of what stands between two stars
	stars    int     // of a pattern
	letters  string
	text     string // what texts are made of
}

// hostileKinds are the ways of a document to spend its characters.
var hostileKinds = []string{
	"resources", "short resources", "statements", "not resources", "actions", "texts", "short texts", "keys",
	"variables", "ARNs", "prefixes", "grams", "values",
}

func newHostileDice(seed uint64) *hostileDice {
	r := rand.New(rand.NewPCG(seed, 4))
	return &hostileDice{
		Rand: r, question: []float64{0, 0.3, 0.5, 0.9}[r.IntN(4)], length: []int{3, 5, 12, 40, 64, 130, 700, 2000}[r.IntN(8)],
		stars: []int{2, 2, 3, 9, 200}[r.IntN(5)], letters: []string{"a", "ab", "aé"}[r.IntN(3)],
		text: []string{"a", "ab", "aab", "aé", "aaéa\xc3", "é\xa9a", "aa\U0001F984"}[r.IntN(7)],
	}
}

// run returns what stands between two stars. It ends with a letter that texts have at
// their beginning alone, so that all of it but that matches in many places.
func (d *hostileDice) run(length int) string {
	letters := []rune(d.letters)
	var b strings.Builder
	b.WriteRune(letters[0])
	for range max(0, length-2) {
		if d.Float64() < d.question {
			b.WriteByte('?')
		} else {
			b.WriteRune(letters[d.IntN(len(letters))])
		}
	}
	if d.IntN(2) == 0 {
		b.WriteByte('?')
	}
	b.WriteByte('z')
	return b.String()
}

// pattern returns a pattern of at most so many bytes: all runs but the last match early.
func (d *hostileDice) pattern(most int) string {
	var b strings.Builder
	for range d.stars - 2 {
		if early := "*a?a"; b.Len()+len(early)+8 < most/2 {
			b.WriteString(early)
		}
	}
	for length := d.length; ; length /= 2 {
		if run := "*" + d.run(length) + "*"; b.Len()+len(run) <= most || length < 2 {
			return b.String() + run
		}
	}
}

// long returns a text of n bytes.
func (d *hostileDice) long(n int) string {
	return "z" + strings.Repeat(d.text, n)[:n-1]
}

// document returns a document of at most size characters, and a request that it bears on.
func (d *hostileDice) document(kind string, size int) (doc string, req *iampolicy.Request) {
	const arn = "arn:a:b:::"
	req = request("s:"+strings.Repeat("a", 254), arn+d.long(2048-len(arn)))
	req.Context.Set("a:u", strings.Repeat("a", 1+d.IntN(30)))
	req.Context.Set("a:t", d.long(2048))
	req.Context.Set("a:arn", req.Resource)
	frame, item, most := `{"Effect":"Deny","Action":"*","Resource":[%s]}`, `"`+arn+`%s"`, 2000
	switch kind {
	case "not resources":
		frame = `{"Effect":"Allow","Action":"*","NotResource":[%s]}`
	case "actions":
		frame, item, most = `{"Effect":"Deny","Action":[%s],"Resource":"*"}`, `"s:%s"`, 250
	case "texts", "short texts":
		frame, item, most = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{"a:t":[%s]}}}`, `"%s"`, 4000
	case "values":
		frame = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"a:m":[%s]}}}`
		item, most = `"%s"`, 4000
		req.Context.SetMany("a:m", d.long(700), d.long(674), d.long(674)) // 2,048 bytes
	case "variables":
		frame, item, most = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"a:t":[%s]}}}`, `"*${a:u}?%s"`, 3900
	case "ARNs":
		frame, item = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ArnLike":{"a:arn":[%s]}}}`, `"`+arn+`%s"`
	}
	if kind == "keys" && size < 4096 {
		kind = "statements" // there is no room for many keys
	}
	if strings.HasPrefix(kind, "short") {
		most = 9
	}
	var items, statements []string
	left := size - len(document()) - len(frame) - 1
	add := func(list *[]string, format string, args ...any) bool {
		text := fmt.Sprintf(format, args...)
		if left -= len([]rune(text)) + 1; left < 0 {
			return false
		}
		*list = append(*list, text)
		return true
	}
	letters := strings.NewReplacer("é", "e") // an action has letters alone
	for i := 0; len(statements) < 999; i++ {
		more := false
		switch kind {
		case "statements":
			more = add(&statements, `{"Effect":"Deny","Action":"*","Resource":"%s%s"}`, arn, d.pattern(most))
		case "keys":
			var keys []string
			for j := 0; j < 60 && left > 200 && add(&keys, `"aws:RequestTag/%d":"*a?z*"`, j); j++ {
				req.Context.Set(fmt.Sprintf("aws:RequestTag/%d", j), d.long(2040)+"baéz") // each matches at its end
			}
			if len(keys) > 0 { // but for the last one
				keys[len(keys)-1] = fmt.Sprintf(`"aws:RequestTag/%d":"*a?y*"`, len(keys)-1)
			}
			left += len([]rune(strings.Join(keys, ","))) // counted again with the statement
			more = len(keys) > 0 &&
				add(&statements, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringLike":{%s}}}`, strings.Join(keys, ","))
		case "prefixes":
			more = add(&statements, `{"Effect":"Deny","Action":["s:*","s:a*","s:aa*","s:aaa*"],"Resource":"%s%s*"}`, arn,
				strings.Repeat("z", 1)+strings.Repeat("a", i%400))
		case "grams":
			more = add(&statements, `{"Effect":"Deny","Action":["s:*","s:a*","s:aa*","s:aaa*"],"Resource":"%s*aaaa?*z%d"}`, arn, i)
		case "actions":
			more = add(&items, item, letters.Replace(d.pattern(most)))
		default:
			more = add(&items, item, d.pattern(min(most, max(12, left-40))))
		}
		if !more || i > 200_000 {
			break
		}
	}
	if len(items) > 0 {
		statements = append(statements, strings.Replace(frame, "%s", strings.Join(items, ","), 1))
	}
	return document(statements...), req
}
