package workload

import (
	"net/http"
	"strings"
)

// Tampered returns q in the forms in which nobody may admit it: its signature changed, its method,
// and a byte of its body, by what was changed. Those of the body may be admitted and found wrong
// only as the body is read.
func (q *Request) Tampered() map[string]*Request {
	forms := map[string]*Request{}
	signature, method := q.clone(), q.clone()
	if text := signature.r.Header.Get("Authorization"); text != "" {
		signature.r.Header.Set("Authorization", text[:len(text)-1]+otherDigit(text[len(text)-1]))
	} else {
		_, after, _ := strings.Cut(signature.r.URL.RawQuery, "X-Amz-Signature=")
		changed := otherDigit(after[0]) + after[1:]
		signature.retarget(strings.Replace(signature.r.URL.RawQuery, after, changed, 1))
	}
	forms["signature"] = signature
	method.r.Method = http.MethodPatch
	forms["method"] = method
	if len(q.body) > 0 {
		body := q.clone()
		body.body[len(body.body)/2] ^= 1
		forms["body"] = body
	}
	return forms
}

// otherDigit returns a hexadecimal digit that c is not.
func otherDigit(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

func (q *Request) clone() *Request {
	return &Request{r: q.r.Clone(q.r.Context()), body: append([]byte(nil), q.body...), data: q.data, lost: q.lost}
}

// Clone returns a copy of q that another goroutine may use.
func (q *Request) Clone() *Request { return q.clone() }

// retarget sets the query, in the request line as well.
func (q *Request) retarget(query string) {
	q.r.URL.RawQuery = query
	q.r.RequestURI = q.r.URL.RequestURI()
}
