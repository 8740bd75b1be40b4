package iampolicy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/wildgate/wildgate/iampolicy"
)

// FuzzParse: Parse never panics; what it refuses it refuses with places inside
// of the document; and what it accepts encoding/json accepts too, and printed by it
// (other white space, other escapes, keys sorted) is a policy that decides the same.
func FuzzParse(f *testing.F) {
	for seed := range uint64(40) {
		w := newDice(seed).world()
		for _, p := range w.policies() {
			f.Add(p.JSON(f), uint8(p.Kind))
		}
	}
	f.Add([]byte(`{"Statement":{"Sid":"\ud83d\ude00","Effect":"Allow","Action":"*","Resource":"*"}}`), uint8(iampolicy.ResourcePolicy))
	f.Add([]byte("\ufeff{}"), uint8(iampolicy.IdentityPolicy))
	f.Fuzz(func(t *testing.T, doc []byte, kind uint8) {
		p, err := iampolicy.Parse(doc, iampolicy.PolicyType(kind))
		if err != nil {
			e, ok := errors.AsType[*iampolicy.ParseError](err)
			if !ok || p != nil || len(e.Findings) == 0 {
				t.Fatalf("%v, %v", p, err)
			}
			lines := 1 + strings.Count(string(doc), "\n")
			for _, m := range e.Findings {
				if m.Line < 1 || m.Line > lines || m.Column < 1 || m.Message == "" {
					t.Fatalf("%+v for %d lines", m, lines)
				}
			}
			return
		}
		decoder := json.NewDecoder(strings.NewReader(string(doc)))
		decoder.UseNumber() // printed as written
		var value any
		if err := decoder.Decode(&value); err != nil {
			t.Fatalf("accepted, but is no JSON: %v", err)
		}
		printed, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		again, err := iampolicy.Parse(printed, iampolicy.PolicyType(kind))
		if err != nil {
			t.Fatalf("%v\n%s", err, printed)
		}
		for seed := range uint64(8) {
			w := newDice(seed).world()
			req := w.request()
			if one, two := evaluateAlone(p, req), evaluateAlone(again, req); one != two {
				t.Fatalf("%v, printed %v\n%s", one, two, printed)
			}
		}
	})
}

// evaluateAlone puts the policy where its type belongs, and decides.
func evaluateAlone(p *iampolicy.Policy, req *iampolicy.Request) iampolicy.Decision {
	var set iampolicy.Set
	list := []*iampolicy.Policy{p}
	switch p.Type() {
	case iampolicy.IdentityPolicy:
		set.Identity = list
	case iampolicy.PermissionsBoundary:
		set.Boundaries = list
	case iampolicy.SessionPolicy:
		set.Sessions = list
	case iampolicy.ResourcePolicy, iampolicy.TrustPolicy:
		set.Resource = p
	case iampolicy.SCP:
		set.SCPs = [][]*iampolicy.Policy{list}
	case iampolicy.RCP:
		set.RCPs = [][]*iampolicy.Policy{list}
	}
	return iampolicy.Evaluate(&set, req)
}

// FuzzGlob: a pattern matches what the definition of * and ? says, found by
// trying every split, and a variable's value matches itself alone.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", ""},
		{"*", "abc", ""},
		{"a*c", "abbc", ""},
		{"a?c", "aüc", ""},
		{"**", "", ""},
		{"*a*b?", "xaybz", ""},
		{"?*?", "ab", ""},
		{"a*a", "a", ""},
		{"*ab", "aab", ""},
		{"a*${x:v}*b", "a*b", "*"},
		{"${x:v}?", "ab", "a"},
		{"${*}a", "*a", ""},
		{"?", "\xff", ""},
		{"*?*", "\xe2\x82", ""},
		{"*a?a", "aaaa", ""},
		{"${x:v, 'd'}*", "de", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, pattern, text, value string) {
		if len(pattern) > 40 || len(text) > 24 || len(value) > 10 {
			return
		}
		doc, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": map[string]any{
			"Effect": "Allow", "Action": "*", "Resource": "*",
			"Condition": map[string]any{"StringLike": map[string]any{"x:text": pattern}},
		}})
		if err != nil || !utf8.ValidString(pattern) || !utf8.ValidString(value) {
			return
		}
		p, err := iampolicy.Parse(doc, iampolicy.IdentityPolicy)
		if err != nil {
			return // not in the charset, or a variable that is none
		}
		req := request("s3:GetObject", object)
		req.Context.Set("x:text", text)
		req.Context.Set("x:v", value)
		got := evaluateAlone(p, req).Allowed()
		context := map[string][]string{"x:text": {text}, "x:v": {value}}
		symbols, has := naiveSymbols(pattern, &world{Context: context})
		if want := has == naiveYes && naiveGlob(symbols, naiveCharacters(text)); got != want {
			t.Errorf("%q matches %q with %q: %v", pattern, text, value, got)
		}
	})
}
