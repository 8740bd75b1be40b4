package suite_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/suite"
	"github.com/wildgate/wildgate/bench/work"
)

// TestSelfCheck: Wildgate passes the check of every case, and a peer either passes or says what it cannot do, which is listed here: a peer that
// drops out of a case for another reason is a fault of its adapter.
func TestSelfCheck(t *testing.T) {
	t.Parallel()
	unable := map[string][]string{
		"SigV4A POST":              {"gofakes3", "aws-sdk-go-v2", "smithy-go"},
		"POST, handler":            {"gofakes3", "aws-sdk-go-v2", "smithy-go"},
		"POST, handler and policy": {"gofakes3", "aws-sdk-go-v2", "smithy-go"},
		"16 MiB, signed":           {"gofakes3", "aws-sdk-go-v2", "smithy-go"},
		"16 MiB, CRC32":            {"gofakes3", "aws-sdk-go-v2", "smithy-go"},
	}
	for _, c := range work.Verification(true) {
		if c.X > 1<<20 && c.Group == work.Bodies {
			continue
		}
		c.Learn()
		for _, v := range contender.Verifiers() {
			_, err := suite.Prepare(&c, v)
			want := strings.Contains(strings.Join(unable[c.Name], " "), v.Name)
			if errors.Is(err, contender.ErrCannot) != want || err != nil && !want {
				t.Errorf("%s, %s: %v", v.Name, c.Name, err)
			}
		}
	}
}

// TestSelfCheckFindsBadVerifiers: whoever admits all, refuses all, or forgets the body or the method is not timed.
func TestSelfCheckFindsBadVerifiers(t *testing.T) {
	t.Parallel()
	c := work.Verification(true)[0]
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
		v := contender.Verifier{Name: name, Service: "execute-api", New: func(work.Setting) (contender.Check, error) { return check, nil }}
		if _, err := suite.Prepare(&c, v); err == nil {
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
	for _, q := range work.Evaluation() {
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
