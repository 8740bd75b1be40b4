package sts_test

import "testing"

// TestTrustByUniqueID: a trust policy that names a user or a role by its unique ID trusts who has
// it, and not another who was made again under the name.
func TestTrustByUniqueID(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.trust(riderARN, trusting(`"AWS": ["AIDAADA", "AROAHUB"]`))
	if a := d.assume(d.key(adaKey), riderARN); a.status != 200 {
		t.Errorf("the user: %d %s", a.status, a.body)
	}
	hub := d.assume(d.key(adaKey), hubARN).credential()
	if a := d.assume(hub, riderARN); a.status != 200 {
		t.Errorf("a session of the role: %d %s", a.status, a.body)
	}
	if a := d.assume(d.key(otherKey), riderARN); a.code != "AccessDenied" {
		t.Errorf("a user of another account: %d %s", a.status, a.body)
	}
	again := d.key(adaKey)
	again.Principal.UserID = "AIDAAGAIN"
	d.dir.keys[adaKey] = again
	if a := d.assume(again, riderARN); a.code != "AccessDenied" {
		t.Errorf("another user of that name: %d %s", a.status, a.body)
	}
	role := d.dir.roles[hubARN]
	role.ID = "AROAAGAIN"
	d.dir.roles[hubARN] = role
	hub = d.assume(again, hubARN).credential()
	if a := d.assume(hub, riderARN); a.code != "AccessDenied" {
		t.Errorf("a session of another role of that name: %d %s", a.status, a.body)
	}
}
