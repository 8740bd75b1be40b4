package matrix_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sigv4test"
)

var (
	long = flag.Bool("long", false, "send 23,100 requests in place of some hundred a client")
	seed = flag.Uint64("seed", 1, "seed of the random requests")
)

// client is a real client in the matrix.
type client struct {
	name  string
	start func(t *testing.T) (sender, string) // the string is its version; skips the test where the machine lacks the client
	// path is the side that the client takes on paths with empty or dot segments, where it puts
	// such a path on the wire at all.
	path sigv4auth.PathStyle
	can  express
	// few and many are how many requests it sends, by default and with -long.
	few, many int
}

// sender signs and sends one request. unsendable is why the client itself would not; an error is
// none of the client's answers.
type sender func(r request) (status int, unsendable string, err error)

// regionSets are what X-Amz-Region-Set may say where the server's region is sigv4test.Region.
var regionSets = []string{sigv4test.Region, "*", "us-*", "eu-west-1," + sigv4test.Region, "eu-*,us-*"}

// maxWrong bounds how much a broken verifier or a new client has to say.
const maxWrong = 4

// TestMatrix drives each client with random requests. What a client signs is admitted, but for its
// known deviations (deviations_test.go), each of which is refused, and must occur.
func TestMatrix(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			send, version := c.start(t)
			drive(t, c, send, version)
		})
	}
}

func drive(t *testing.T, c client, send sender, version string) {
	rng := rand.New(rand.NewPCG(*seed, 0))
	s := newSite(t, c.path)
	known := deviationsOf(c.name, version)
	occurred, diagnosed := make([]int, len(known)), make([]int, len(known))
	admitted, refused, wrong, unsendable, changed := 0, 0, 0, map[string]int{}, 0
	count := c.few
	if *long {
		count = c.many
	}
	for i := range count {
		r := generate(rng, c.can)
		r.Host = s.server.Listener.Addr().String()
		signer := s.signers[rng.IntN(len(s.signers))]
		r.Service = sigv4test.Service
		if r.Region = sigv4test.Region; c.can.regionSets {
			r.Region = regionSets[rng.IntN(len(regionSets))]
		}
		r.AccessKeyID, r.SecretAccessKey = signer.Credential.AccessKeyID, signer.Credential.Secret.Reveal()
		r.SessionToken = signer.Credential.SessionToken.Reveal()
		status, why, err := send(r)
		arrivals, seen := s.take()
		if err != nil || (why != "") != (len(arrivals) == 0) || len(arrivals) > 1 {
			t.Fatalf("request %d with -seed %d: %v; unsendable %q; %d arrived\n%s", i, *seed, err, why, len(arrivals), asJSON(r))
		}
		if why != "" {
			unsendable[why]++
			continue
		}
		x := arrivals[0]
		if x.r.Method != r.Method || status < 400 != (x.refused == nil) || len(seen) == 1 != (x.refused == nil) {
			t.Fatalf("request %d with -seed %d: status %d for\n%v\n%s", i, *seed, status, x, asJSON(r))
		}
		var explained []int
		for j, d := range known {
			if d.occurs(r, x) {
				explained = append(explained, j)
				occurred[j]++
				if x.refused == nil {
					t.Fatalf("request %d with -seed %d: admitted, though %s %s; is the entry right?\n%v\n%s", i, *seed, c.name, d.what, x,
						asJSON(r))
				}
			}
		}
		if x.refused != nil && len(explained) == 0 {
			t.Errorf("request %d with -seed %d: %s %s is wrongly refused:\n%v\n%s", i, *seed, c.name, version, x, asJSON(r))
			if wrong++; wrong == maxWrong {
				t.FailNow()
			}
		}
		if x.refused != nil {
			refused++
			if len(explained) == 1 && x.diagnosis.Verifies { // of two at once, Diagnose may find one
				j := explained[0]
				diagnosed[j]++
				for _, f := range x.diagnosis.Findings {
					if !slices.Contains(known[j].causes, f.Cause) {
						t.Fatalf("request %d with -seed %d: %s %s, which is no matter of %s:\n%v\n%s", i, *seed, c.name, known[j].what,
							f.Cause, x, asJSON(r))
					}
				}
			}
			continue
		}
		admitted++
		if id := seen[0].Identity; string(seen[0].Body) != string(x.body) || id.AccessKeyID != r.AccessKeyID ||
			id.SignatureLocation == sigv4auth.InQuery != (r.Presign > 0) {
			t.Fatalf("request %d with -seed %d: the handler saw %+v\n%s", i, *seed, seen[0], asJSON(r))
		}
		if string(x.body) != string(r.Body) {
			t.Fatalf("request %d with -seed %d: the client sent another body:\n%v\n%s", i, *seed, x, asJSON(r))
		}
		if rng.IntN(8) == 0 {
			changed += s.relay(t, rng, x)
		}
	}
	t.Logf("%s: %d admitted, %d refused for what the client does in its own way, %d changed in transit and refused", version, admitted,
		refused, changed)
	for why, n := range unsendable {
		t.Logf("%d not sent by the client: %s", n, strings.TrimSpace(why))
	}
	for j, d := range known {
		if occurred[j] == 0 {
			t.Errorf("%s %s does not do any more what is pinned: %s", c.name, version, d.what)
		}
		if len(d.causes) > 0 && diagnosed[j] == 0 {
			t.Errorf("Diagnose never finds that %s %s", c.name, d.what)
		}
		t.Logf("%d, %d of them diagnosed: %s: %s", occurred[j], diagnosed[j], d.what, d.why)
	}
	if admitted < count/3 {
		t.Errorf("%d of %d requests admitted: the matrix shows little", admitted, count)
	}
}

func asJSON(r request) string {
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
