package iampolicy_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/testneed"
)

// A corpusCase is a case of aspen-conditions.json.
type corpusCase struct {
	Name             string
	IdentityPolicies []json.RawMessage
	Request          struct {
		Principal, Action, Resource, ResourceAccount string
		Context                                      map[string][]string
		Multivalued                                  []string
	}
	Expected string
}

// request returns the request of the case.
func (c *corpusCase) request() *iampolicy.Request {
	req := &iampolicy.Request{
		Principal: iampolicy.Principal{ARN: c.Request.Principal},
		Action:    c.Request.Action, Resource: c.Request.Resource, ResourceAccount: c.Request.ResourceAccount,
	}
	for key, values := range c.Request.Context {
		if len(values) == 1 {
			req.Context.Set(key, values[0])
		} else {
			req.Context.SetMany(key, values...)
		}
	}
	for _, key := range c.Request.Multivalued {
		req.Context.SetMany(key, c.Request.Context[key]...)
	}
	return req
}

func TestCorpusOfConditions(t *testing.T) {
	data, err := os.ReadFile(testneed.Shared(t, "corpus", "aspen-conditions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []corpusCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 400 {
		t.Fatalf("%d cases; the corpus had 425", len(cases))
	}
	outcomes := map[string]iampolicy.Outcome{
		"Allowed": iampolicy.Allow, "ImplicitlyDenied": iampolicy.ImplicitDeny, "ExplicitlyDenied": iampolicy.ExplicitDeny,
	}
	excluded := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			reason, isExcluded := corpusExclusions[c.Name]
			if isExcluded {
				excluded++
			}
			want := outcomes[c.Expected]
			if reason == requestValueUnparsable {
				want = iampolicy.ImplicitDeny
			}
			var set iampolicy.Set
			for _, doc := range c.IdentityPolicies {
				p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
				if isExcluded && reason != requestValueUnparsable {
					if _, isParse := errors.AsType[*iampolicy.ParseError](err); !isParse {
						t.Errorf("excluded because %s, but Parse returns %v", reason, err)
					}
					return
				}
				if err != nil {
					t.Fatalf("%v\n%s", err, doc)
				}
				set.Identity = append(set.Identity, p)
			}
			if got := iampolicy.Evaluate(&set, c.request()); got.Outcome != want {
				t.Errorf("got %v, want %v\n%s\n%v", got.Outcome, want, c.IdentityPolicies, c.Request)
			}
		})
	}
	if excluded != len(corpusExclusions) {
		t.Errorf("%d cases were excluded, %d are listed", excluded, len(corpusExclusions))
	}
}
