package work

import (
	"strings"
	"time"
)

// refusal is a request that has to be refused, and the good one that it comes from.
type refusal struct {
	name string
	good plan
	make func(service string) (*Request, error)
}

// earlyRefusals is how many of the refusals a careful verifier finds before it looks the key up.
const earlyRefusals = 6

// RefusedEarly returns the names of those cases, of requests that a verifier can refuse before it looks their key up.
func RefusedEarly() []string {
	var names []string
	for _, r := range refusals()[:earlyRefusals] {
		names = append(names, r.name)
	}
	return names
}

// refusals are in the order in which a careful verifier finds them: what needs no key first.
func refusals() []refusal {
	changed := func(name string, good plan, change func(q *Request) *Request) refusal {
		return refusal{name, good, func(service string) (*Request, error) {
			q, err := good.signed(service)
			if err != nil {
				return nil, err
			}
			return change(q), nil
		}}
	}
	header := func(name string, change func(text string) string) refusal {
		return changed(name, post(), func(q *Request) *Request {
			q.r.Header.Set("Authorization", change(q.r.Header.Get("Authorization")))
			return q
		})
	}
	other := func(name string, good, bad plan) refusal { return refusal{name, good, bad.signed} }
	early, late, stranger := post(), presigned(), post()
	early.at, late.at = Now.Add(-time.Hour), Now.Add(-2*time.Hour)
	stranger.key.ID = "ASIANOBODYKNOWSTHIS0"
	return []refusal{
		changed("no credentials", post(), func(q *Request) *Request {
			q.r.Header.Del("Authorization")
			return q
		}),
		header("Authorization cut short", func(text string) string { return text[:len(text)/2] }),
		header("another region", func(text string) string { return strings.Replace(text, "/"+Region+"/", "/eu-west-1/", 1) }),
		other("an hour old", post(), early),
		other("presigned, expired", presigned(), late),
		changed("x-amz header not signed", post(), func(q *Request) *Request {
			q.r.Header.Set("X-Amz-Meta-Extra", "slipped in")
			return q
		}),
		other("unknown key", post(), stranger),
		changed("wrong signature", post(), func(q *Request) *Request { return q.Tampered()["signature"] }),
		changed("another method", post(), func(q *Request) *Request { return q.Tampered()["method"] }),
		changed("another body", post(), func(q *Request) *Request { return q.Tampered()["body"] }),
	}
}
