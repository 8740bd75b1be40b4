package micro

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/iampolicy"
)

// hostileKinds are the ways of a document to spend its characters.
var hostileKinds = []string{"resources", "short resources", "statements", "actions", "texts", "short texts", "keys", "variables", "ARNs"}

// hostile makes policies that cost as much to evaluate as their length permits, and requests that
// make them cost it: patterns that nearly match at every place of a long text. One seed makes
// documents of every length in the same way.
type hostile struct {
	*rand.Rand
	kind     string
	question float64 // how many elements of a pattern are question marks
	length   int     // of what stands between two stars
	stars    int     // of a pattern
	letter   string
	text     string // what texts are made of
}

func newHostile(seed uint64) *hostile {
	r := rand.New(rand.NewPCG(seed, 5))
	return &hostile{
		Rand: r, kind: hostileKinds[seed%uint64(len(hostileKinds))], question: []float64{0, 0.3, 0.5, 0.9}[r.IntN(4)],
		length: []int{3, 5, 12, 40, 64, 130, 700, 2000}[r.IntN(8)], stars: []int{2, 2, 3, 9, 200}[r.IntN(5)],
		letter: []string{"a", "é"}[r.IntN(2)], text: []string{"a", "ab", "aab", "aé", "aaéa\xc3", "é\xa9a"}[r.IntN(6)],
	}
}

// pattern returns a pattern of at most so many bytes. What stands between its last stars ends with
// a letter that texts have at their beginning alone, so that all of it but that matches in many
// places.
func (h *hostile) pattern(most int) string {
	var b strings.Builder
	for range h.stars - 2 {
		if early := "*a?a"; b.Len()+len(early)+8 < most/2 {
			b.WriteString(early)
		}
	}
	for length := h.length; ; length /= 2 {
		var run strings.Builder
		run.WriteString("*" + h.letter)
		for range length - 2 {
			if h.Float64() < h.question {
				run.WriteString("?")
			} else {
				run.WriteString("a")
			}
		}
		if run.WriteString("?z*"); b.Len()+len(run.String()) <= most || length < 2 {
			return b.String() + run.String()
		}
	}
}

// long returns a text of n bytes.
func (h *hostile) long(n int) string { return "z" + strings.Repeat(h.text, n)[:n-1] }

// document returns a document of at most size characters, and a request that it bears on.
func (h *hostile) document(size int) (doc []byte, req *iampolicy.Request) {
	const (
		arn  = "arn:a:b:::"
		open = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}`
		all  = `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{`
	)
	req = &iampolicy.Request{
		Principal: iampolicy.Principal{ARN: workload.Session}, Action: "s:" + strings.Repeat("a", 254), ResourceAccount: workload.Account,
		Resource: arn +
			h.long(2048-len(arn)),
	}
	req.Context.Set("a:u", strings.Repeat("a", 20))
	req.Context.Set("a:t", h.long(2048))
	req.Context.Set("a:arn", req.Resource)
	// Each item stands in a list, and the list in a statement.
	begin, end, item, most := `{"Effect":"Deny","Action":"*","Resource":[`, `]}`, `"`+arn+`%s"`, 2000
	switch h.kind {
	case "short resources":
		most = 9
	case "actions":
		begin, end, item, most = `{"Effect":"Deny","Action":[`, `],"Resource":"*"}`, `"s:%s"`, 250
	case "texts":
		begin, end, item, most = all+`"StringLike":{"a:t":[`, `]}}}`, `"%s"`, 4000
	case "short texts":
		begin, end, item, most = all+`"StringLike":{"a:t":[`, `]}}}`, `"%s"`, 9
	case "variables":
		begin, end, item, most = all+`"StringNotLike":{"a:t":[`, `]}}}`, `"*${a:u}?%s"`, 3900
	case "ARNs":
		begin, end, item = all+`"ArnLike":{"a:arn":[`, `]}}}`, `"`+arn+`%s"`
	case "statements", "keys":
		begin, end = "", ""
	}
	var items []string
	left := size - len(open) - len(begin) - len(end) - len(`,]}`)
	for i := range 90_000 {
		var text string
		switch h.kind {
		case "statements":
			if text = fmt.Sprintf(`{"Effect":"Deny","Action":"*","Resource":"%s%s"}`, arn, h.pattern(most)); i == 999 {
				left = 0
			}
		case "keys":
			var keys []string
			for j := range min(60, left/40) {
				keys = append(keys, fmt.Sprintf(`"aws:RequestTag/%d":"*a?z*"`, j))
				req.Context.Set(fmt.Sprintf("aws:RequestTag/%d", j), h.long(2040)+"baéz") // each matches, at its end
			}
			if n := len(keys); n > 0 { // but for the last one
				keys[n-1] = fmt.Sprintf(`"aws:RequestTag/%d":"*a?y*"`, n-1)
			}
			if text = all + `"StringLike":{` + strings.Join(keys, ",") + `}}}`; i == 999 || keys == nil {
				left = 0
			}
		case "actions":
			text = fmt.Sprintf(item, strings.ReplaceAll(h.pattern(most), "é", "e")) // an action has letters alone
		default:
			text = fmt.Sprintf(item, h.pattern(min(most, max(12, left-40))))
		}
		if left -= len(text) + 1; left < 0 {
			break
		}
		items = append(items, text)
	}
	return []byte(open + "," + begin + strings.Join(items, ",") + end + `]}`), req
}
