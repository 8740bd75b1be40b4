package runner_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/runner"
	"github.com/wildgate/wildgate/bench/workload"
)

// TestSelfCheck: Wildgate passes the check of every case, and a peer either passes or says what it
// cannot do, which is listed here: a peer that drops out of a case for another reason is a fault of
// its adapter.
func TestSelfCheck(t *testing.T) {
	t.Parallel()
	unable := map[string][]string{}
	for who, cases := range map[string][]string{
		"gofakes3 aws-sdk-go-v2 smithy-go": {
			"SigV4A POST, to ECDSA", "POST, handler", "POST, handler and policy", "16 MiB, signed", "16 MiB, CRC32",
			"another host", "wrong checksum", "bad chunk", "denied by policy",
		},
		"gofakes3": {"another session token"},
	} {
		for _, name := range cases {
			unable[name] = strings.Fields(who)
		}
	}
	for _, c := range workload.Verification(false) {
		if c.X > 1<<20 && c.Group == workload.Bodies || c.X > 1_000 && c.Group == workload.Keys {
			continue // they take long, and are like those before them
		}
		c.Learn()
		for _, v := range contender.Verifiers() {
			_, err := runner.Prepare(&c, v)
			want := slices.Contains(unable[c.Name], v.Name)
			if errors.Is(err, contender.ErrCannot) != want || err != nil && !want {
				t.Errorf("%s, %s: %v", v.Name, c.Name, err)
			}
		}
	}
}

// TestSelfCheckFindsBadVerifiers: whoever admits all, refuses all, or forgets the body or the
// method is not timed.
func TestSelfCheckFindsBadVerifiers(t *testing.T) {
	t.Parallel()
	c := workload.Verification(true)[0]
	c.Learn()
	good, err := c.Good("execute-api")
	if err != nil {
		t.Fatal(err)
	}
	authorization, method := good[0].Again().Header.Get("Authorization"), good[0].Again().Method
	refused := errors.New("refused")
	for name, check := range map[string]contender.Check{
		"admits all":          func(*http.Request) error { return nil },
		"refuses all":         func(*http.Request) error { return refused },
		"looks at the method": func(r *http.Request) error { return unless(r.Method == method, refused) },
		"looks at the method and the signature, not at the body": func(r *http.Request) error {
			return unless(r.Method == method && r.Header.Get("Authorization") == authorization, refused)
		},
	} {
		v := contender.Verifier{
			Name: name, Service: "execute-api",
			New: func(workload.Setting) (contender.Check, error) { return check, nil },
		}
		if _, err := runner.Prepare(&c, v); err == nil {
			t.Errorf("a verifier that %s passes", name)
		}
	}
}

func unless(ok bool, err error) error {
	if ok {
		return nil
	}
	return err
}

// TestEnginesAgree: the three engines allow and deny the same.
func TestEnginesAgree(t *testing.T) {
	t.Parallel()
	for _, q := range workload.Evaluation() {
		for _, e := range contender.Engines() {
			decide, err := e.New(q)
			if err != nil {
				t.Errorf("%s, %s: %v", e.Name, q.Name, err)
			} else if !decide(true) || decide(false) {
				t.Errorf("%s, %s: allows %t, and what nothing allows %t", e.Name, q.Name, decide(true), decide(false))
			}
		}
	}
}
