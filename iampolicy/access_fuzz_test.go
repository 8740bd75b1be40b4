package iampolicy_test

import (
	"testing"

	"github.com/wildgate/wildgate/iampolicy"
)

// FuzzCheckNoNewAccess: a policy allows nothing that it does not allow; a fail
// comes with a request that Evaluate allows with the new policy and not with the
// old one; and a pass is contradicted by none of a few requests, nor by the
// witness of a check for any access at all.
func FuzzCheckNoNewAccess(f *testing.F) {
	for seed := range uint64(60) {
		d := newDice(seed)
		pair := d.checkedPair()
		f.Add(pair.old[0].JSON(f), pair.new[0].JSON(f), uint8(pair.kind))
	}
	f.Add([]byte(document(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::*a?b*\u00ff"}`)),
		[]byte(document(`{"Effect":"Allow","NotAction":"?:**",`+
			`"NotResource":"arn:aws:s3:::${x:s, '*'}?"}`)), uint8(iampolicy.IdentityPolicy))
	f.Fuzz(func(t *testing.T, oldDoc, newDoc []byte, k uint8) {
		if len(oldDoc)+len(newDoc) > 4000 {
			return
		}
		kind := iampolicy.PolicyType(k)
		old, err := iampolicy.Parse(oldDoc, kind)
		if err != nil {
			return
		}
		new, err := iampolicy.Parse(newDoc, kind)
		if err != nil {
			return
		}
		oldList, newList := []*iampolicy.Policy{old}, []*iampolicy.Policy{new}
		if same := iampolicy.CheckNoNewAccess(t.Context(), newList, newList); same.Verdict != iampolicy.AccessPass {
			t.Fatalf("more than itself: %v\n%s", same, newDoc)
		}
		oldSet, newSet := accessSet(t, kind, oldList), accessSet(t, kind, newList)
		isNew := func(req *iampolicy.Request) bool {
			return iampolicy.Evaluate(newSet, req).Allowed() && !iampolicy.Evaluate(oldSet, req).Allowed()
		}
		result := iampolicy.CheckNoNewAccess(t.Context(), oldList, newList)
		if result.Verdict == iampolicy.AccessFail && !isNew(result.Witness) {
			t.Fatalf("no witness: %v\n%s\n%s", result, oldDoc, newDoc)
		}
		if result.Verdict != iampolicy.AccessPass {
			return
		}
		if granted := iampolicy.CheckAccessNotGranted(t.Context(), newList, nil, nil); granted.Witness != nil && isNew(granted.Witness) {
			t.Fatalf("passes, but %v is new\n%s\n%s", granted, oldDoc, newDoc)
		}
		for seed := range uint64(16) {
			if req := newDice(seed).askFor(kind); isNew(req) {
				t.Fatalf("passes, but %+v is new\n%s\n%s", req, oldDoc, newDoc)
			}
		}
	})
}
