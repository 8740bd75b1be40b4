package iampolicy_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wildgate/wildgate/iampolicy"
)

func TestContext(t *testing.T) {
	var c iampolicy.Context
	if _, _, ok := c.Get("a:b"); ok {
		t.Error("the zero Context has a key")
	}
	c.Delete("a:b")
	c.Set("aws:PrincipalTag/Team", "blue")
	c.SetMany("aws:TagKeys", "one", "two")
	c.SetMany("empty:set")
	c.Set("aws:principaltag/TEAM", "red")
	tests := []struct {
		key    string
		values []string
		multi  bool
		ok     bool
	}{
		{"aws:PrincipalTag/Team", []string{"red"}, false, true},
		{"AWS:PRINCIPALTAG/team", []string{"red"}, false, true},
		{"aws:tagkeys", []string{"one", "two"}, true, true},
		{"empty:set", []string{}, true, true},
		{"aws:username", nil, false, false},
		{"aws:Tag\u212aeys", nil, false, false}, // the Kelvin sign is no k (threat 178)
	}
	for _, tt := range tests {
		values, multi, ok := c.Get(tt.key)
		if !slices.Equal(values, tt.values) || multi != tt.multi || ok != tt.ok {
			t.Errorf("%s: got %q, %v, %v", tt.key, values, multi, ok)
		}
	}
	if diff := cmp.Diff([]string{"aws:PrincipalTag/Team", "aws:TagKeys", "empty:set"}, slices.Collect(c.Keys())); diff != "" {
		t.Error(diff)
	}
	c.Set("aws:TagKeys", "one")
	if _, multi, _ := c.Get("aws:TagKeys"); multi {
		t.Error("Set leaves a key multivalued")
	}
	c.Delete("AWS:TagKeys")
	if _, _, ok := c.Get("aws:TagKeys"); ok {
		t.Error("Delete leaves the key")
	}
	if values, _, ok := c.Get("empty:set"); !ok || len(values) != 0 {
		t.Error("Delete removes another key")
	}
	for range c.Keys() {
		break
	}
}

func TestContextCopiesWhatItIsGiven(t *testing.T) {
	var c iampolicy.Context
	values := []string{"one", "two"}
	c.SetMany("k", values...)
	values[0] = "three"
	got, _, _ := c.Get("k")
	if got[0] != "one" {
		t.Error("the Context keeps the caller's slice")
	}
	_ = append(got, "four")
	if again, _, _ := c.Get("k"); len(again) != 2 {
		t.Error("what Get returns can be grown into the Context")
	}
}

func TestContextOfManyKeys(t *testing.T) {
	var c iampolicy.Context
	for i := range 200 {
		c.Set(fmt.Sprintf("k:%d", i), fmt.Sprint(i))
	}
	for i := 0; i < 200; i += 2 {
		c.Delete(fmt.Sprintf("K:%d", i))
	}
	for i := range 200 {
		values, _, ok := c.Get(fmt.Sprintf("k:%d", i))
		if ok != (i%2 == 1) || ok && values[0] != fmt.Sprint(i) {
			t.Fatalf("k:%d: %q, %v", i, values, ok)
		}
	}
}
