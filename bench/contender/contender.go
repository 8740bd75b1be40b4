// Package contender holds what is measured: Wildgate, and what a Go program can import in its
// place, each behind the same call. Where a peer leaves something to its caller, the caller's part
// is written here as its documentation or its own server has it.
package contender

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wildgate/wildgate/bench/workload"
)

// Verifier decides whether requests are signed.
type Verifier struct {
	Name    string
	Service string // the one that requests have to be signed for

	// New sets it up. An error that wraps [ErrCannot] says what of the setting it does not know.
	New func(s workload.Setting) (Check, error)
}

// Check verifies a request with its whole body, and returns nil if it is admitted. Several
// goroutines may call it.
type Check func(r *http.Request) error

// ErrCannot is what a contender answers that has no notion of what a case is about.
var ErrCannot = errors.New("cannot")

var errRefused = errors.New("refused")

func cannot(why string) error { return fmt.Errorf("%w: %s", ErrCannot, why) }

// Verifiers returns every verifier; the first is Wildgate's.
func Verifiers() []Verifier { return []Verifier{wildgate, gofakes3, awsSigner, smithySigner} }
