package directory

import (
	"encoding/base64"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Actions returns the actions of the endpoint.
func Actions() []string { return slices.Sorted(maps.Keys(operations())) }

// WithIDs and WithARNs are how trust policies are kept and told.
func WithIDs(d *Directory, text string) (string, error) { return withIDs(d.current.Load(), text) }

// WithARNs is described with WithIDs.
func WithARNs(d *Directory, text string) string { return withARNs(d.current.Load(), text) }

// Marker returns a marker that holds a text, as all hold the action and the key.
func Marker(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Rewind returns what puts the state that is in force now in force again.
func Rewind(d *Directory) func() {
	s := d.current.Load()
	return func() { d.current.Store(s) }
}

// Stale returns whose policies, as they are kept, are not what a fresh assembly makes of the state
// that is in force, "" if nobody's.
func Stale(d *Directory) string {
	s := d.current.Load()
	var wrong []string
	compare := func(arn string, kept, fresh *assembled) {
		if kept.of != fresh.of || kept.changed != fresh.changed || !slices.Equal(kept.set.Identity, fresh.set.Identity) ||
			!slices.Equal(kept.set.Boundaries, fresh.set.Boundaries) {
			wrong = append(wrong, fmt.Sprintf("%s has %+v; want %+v", arn, *kept, *fresh))
		}
	}
	for _, u := range s.usersID.All() {
		again := *u
		again.policies = new(assembly)
		compare(u.arn, s.ofUser(u), s.ofUser(&again))
	}
	for _, r := range s.rolesID.All() {
		again := *r
		again.policies = new(assembly)
		compare(r.arn, s.ofRole(r), s.ofRole(&again))
	}
	return strings.Join(wrong, "\n")
}

// Inconsistent returns what the indexes of a directory say that its entities do not, "" if nothing.
func Inconsistent(d *Directory) string {
	s := d.current.Load()
	e := newEdit(new(state), d.cfg.Partition, d.cfg.Now())
	for _, p := range s.policyID.All() {
		again := *p
		e.putPolicy(&again)
	}
	for _, g := range s.groupsID.All() {
		again := *g
		e.putGroup(&again)
	}
	for _, u := range s.usersID.All() {
		again := *u
		e.putUser(&again)
	}
	for _, r := range s.rolesID.All() {
		again := *r
		e.putRole(&again)
	}
	for _, k := range s.keys.All() {
		again := *k
		e.putKey(&again)
	}
	want := e.done("")
	var wrong []string
	for what, texts := range map[string][2]string{
		"members":        {keysOf(s.members.From("")), keysOf(want.members.From(""))},
		"used":           {keysOf(s.used.From("")), keysOf(want.used.From(""))},
		"users":          {keysOf(s.users.From("")), keysOf(want.users.From(""))},
		"groups":         {keysOf(s.groups.From("")), keysOf(want.groups.From(""))},
		"roles":          {keysOf(s.roles.From("")), keysOf(want.roles.From(""))},
		"managed":        {keysOf(s.managed.From("")), keysOf(want.managed.From(""))},
		"users' ARNs":    {keysOf(s.usersARN.All()), keysOf(want.usersARN.All())},
		"roles' ARNs":    {keysOf(s.rolesARN.All()), keysOf(want.rolesARN.All())},
		"policies' ARNs": {keysOf(s.byARN.All()), keysOf(want.byARN.All())},
		"keys":           {keysOf(s.keys.All()), keysOf(want.keys.All())},
	} {
		if texts[0] != texts[1] {
			wrong = append(wrong, what+" are "+texts[0]+"; want "+texts[1])
		}
	}
	for _, p := range s.policyID.All() {
		got, _ := s.usage.Get(p.arn)
		counted, _ := want.usage.Get(p.arn)
		if got != counted {
			wrong = append(wrong, fmt.Sprintf("the uses of %s are %v; want %v", p.arn, got, counted))
		}
	}
	for _, u := range s.usersID.All() {
		for _, id := range u.keys {
			if k, ok := s.keys.Get(id); !ok || k.user != u.id {
				wrong = append(wrong, u.arn+" has a key that is not its own")
			}
		}
		for _, id := range u.groups {
			if _, ok := s.groupsID.Get(id); !ok {
				wrong = append(wrong, u.arn+" is in a group that there is not")
			}
		}
	}
	for _, k := range s.keys.All() {
		if u, ok := s.usersID.Get(k.user); !ok || !slices.Contains(u.keys, k.id) {
			wrong = append(wrong, "key "+k.id+" is nobody's")
		}
	}
	return strings.Join(wrong, "\n")
}

func keysOf[V any](all iter.Seq2[string, V]) string {
	var keys []string
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return fmt.Sprintf("%q", keys)
}
