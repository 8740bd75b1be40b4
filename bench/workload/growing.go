package workload

import (
	"fmt"
	"net/http"
	"strings"
)

// Growing is a refused request of which a caller can bring more and more: what it costs may grow as
// it does, and no faster.
type Growing struct {
	Name string
	N    int // half of the most that is accepted
	// Make makes the request with n of what it is about, signed for a service.
	Make func(service string, n int) (*Request, error)
}

// GrowingRefusals returns a case for each thing that a verifier could compare with every other of
// its kind before it refuses. Their names are as long as they come, and differ at the end.
func GrowingRefusals() []Growing {
	const longest = 100
	name := func(i int) string { return strings.Repeat("a", longest-len("X-Amz-00")) + fmt.Sprintf("%02d", i) }
	return []Growing{
		{"unknown X-Amz-* parameters", 24, func(service string, n int) (*Request, error) {
			q, err := get().signed(service)
			if err == nil {
				pairs := make([]string, n)
				for i := range pairs {
					pairs[i] = "X-Amz-" + name(i) + "="
				}
				q.retarget(strings.Join(pairs, "&"))
				q.r.Header.Del("Authorization")
			}
			return q, err
		}},
		{"signed headers beside one that is not", 45, func(service string, n int) (*Request, error) {
			p := get()
			p.header = http.Header{}
			for i := range n {
				p.header.Set("X-Amz-"+name(i)[longest/2:], "x") // the Authorization header names all of them
			}
			q, err := p.signed(service)
			if err == nil {
				q.r.Header.Set("X-Amz-"+name(n)[longest/2:], "slipped in")
			}
			return q, err
		}},
		{"query parameters", 200, func(service string, n int) (*Request, error) {
			q, err := withQuery(get(), n).signed(service)
			if err == nil {
				q.r.Header.Del("Authorization")
			}
			return q, err
		}},
	}
}
