package workload

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"hash/crc32"
	"strconv"
)

// Group is a part of the work, which has a table and a picture of its own.
type Group string

// The groups of the verification.
const (
	Requests Group = "requests"
	Bodies   Group = "bodies"
	Chunks   Group = "chunks"
	Refusals Group = "refusals"
	Keys     Group = "keys"
	Callers  Group = "callers"
)

// Setting is what a verifier is set up with.
type Setting struct {
	Known     map[string]Key // by access key ID
	CacheSize int            // how many derived keys may be cached; 0: as the verifier has it
	Chunked   bool           // bodies come in chunks
	SigV4A    bool
	Hosts     []string // those that requests may be signed for; nil: any
	Mount     Mount
}

// Mount is how a verifier is asked.
type Mount string

// The mounts: the bare verification, a handler behind it, and one behind a decision by policy too.
const (
	Verify  Mount = ""
	Handler Mount = "handler"
	Require Mount = "require"
)

// Case is one row of the verification's tables.
type Case struct {
	Group Group
	Name  string
	X     float64 // its place on the group's axis: bytes, keys, callers; 0 in groups without one
	Setting

	// Good makes the requests that are verified in turn, signed for a service.
	Good func(service string) ([]*Request, error)
	// Bad makes, out of what was signed for a service, a request that has to be refused. Then that
	// is what is timed. nil: the good ones are.
	Bad func(service string) (*Request, error)
	// Floor returns what no verifier can do without for a good request.
	Floor func(q *Request) (func(), error)

	key   Key   // that signs where Good takes no other
	also  []Key // more that are known
	knows int   // how many more callers' keys are known
}

// Verification returns every case. The quick ones leave out what takes long to set up.
func Verification(quick bool) []Case {
	var all []Case
	add := func(g Group, name string, x float64, p plan, more ...func(*Case)) {
		c := caseOf(g, name, x, p)
		for _, f := range more {
			f(&c)
		}
		all = append(all, c)
	}
	mount := func(m Mount) func(*Case) { return func(c *Case) { c.Mount = m } }
	add(Requests, "header POST", 0, post())
	add(Requests, "header GET", 0, get())
	add(Requests, "presigned GET", 0, presigned())
	add(Requests, "token of 8 KiB", 0, withToken(post(), 8<<10))
	add(Requests, "40 more signed headers", 0, withHeaders(post(), 40))
	add(Requests, "80 query parameters", 0, withQuery(get(), 80))
	add(Requests, "derived key not cached", 0, post(), func(c *Case) {
		c.knows, c.CacheSize, c.Good = 2, 1, inTurn(2, 2, 2)
	})
	add(Requests, "SigV4A POST, to ECDSA", 0, post(), func(c *Case) {
		c.SigV4A = true
		c.Good = func(service string) ([]*Request, error) { return one(post().signedV4A(service)) }
		c.Floor = func(*Request) (func(), error) { return VerifyingECDSA() }
	})
	add(Requests, "POST, handler", 0, post(), mount(Handler))
	add(Requests, "POST, handler and policy", 0, post(), mount(Require))
	for _, n := range []int{0, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 16 << 20} {
		add(Bodies, sized(n), float64(n), withBody(post(), n))
	}
	for _, h := range []struct {
		name string
		make func() hash.Hash
	}{{"16 MiB, signed", sha256.New}, {"16 MiB, CRC32", func() hash.Hash { return crc32.NewIEEE() }}} {
		add(Chunks, h.name, 0, post(), func(c *Case) {
			c.Chunked = true
			c.Good = func(service string) ([]*Request, error) {
				return one(inChunks(service, uploadBytes, h.name == "16 MiB, signed"))
			}
			c.Floor = func(q *Request) (func(), error) { return reading(q, h.make()), nil }
		})
	}
	for _, bad := range refusals() {
		if bad.quick || !quick {
			add(Refusals, bad.name, 0, bad.good, func(c *Case) {
				c.Bad = bad.make
				if bad.more != nil {
					bad.more(c)
				}
			})
		}
	}
	return append(all, crowds(quick)...)
}

// Reference returns the case of the reference request, its key known.
func Reference() *Case { return ReferenceBy(TheKey) }

// ReferenceBy returns the case of the same request, signed by the owner of a key, which is the only
// one that is known.
func ReferenceBy(k Key) *Case { return by(k, "header POST", post()) }

// BodilessBy does that for the request without a body.
func BodilessBy(k Key) *Case { return by(k, "header GET", get()) }

func by(k Key, name string, p plan) *Case {
	p.key = k
	c := caseOf(Requests, name, 0, p)
	c.Learn()
	return &c
}

// caseOf returns the case of the one request that p makes.
func caseOf(g Group, name string, x float64, p plan) Case {
	return Case{
		Group: g, Name: name, X: x, key: p.key,
		Good:  func(service string) ([]*Request, error) { return one(p.signed(service)) },
		Floor: func(q *Request) (func(), error) { return hashing(q), nil },
	}
}

func one(q *Request, err error) ([]*Request, error) { return []*Request{q}, err }

// Number writes a number with commas between thousands.
func Number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return Number(n) + " " + thing
}

func sized(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	default:
		return fmt.Sprintf("%d B", n)
	}
}
