package directory

import (
	"slices"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/directory/internal/persist"
)

// edit is the draft of the state that comes after another one. It is used by one goroutine. What it
// reads is the draft as it is now.
type edit struct {
	base      *state
	revision  int64
	partition string
	now       time.Time // in whole seconds, as IAM tells times

	policies int64
	quiet    bool  // what changes is not remembered
	changed  []ref // what was put or deleted, in order, each once
	seen     map[ref]bool

	keys      *persist.MapEdit[*accessKey]
	usersID   *persist.MapEdit[*user]
	usersARN  *persist.MapEdit[*user]
	rolesARN  *persist.MapEdit[*role]
	rolesID   *persist.MapEdit[*role]
	groupsID  *persist.MapEdit[*group]
	policyID  *persist.MapEdit[*policy]
	byARN     *persist.MapEdit[*policy]
	accounts  *persist.SortedEdit[*account]
	users     *persist.SortedEdit[*user]
	groups    *persist.SortedEdit[*group]
	roles     *persist.SortedEdit[*role]
	managed   *persist.SortedEdit[*policy]
	providers *persist.SortedEdit[*provider]
	members   *persist.SortedEdit[struct{}]
	used      *persist.SortedEdit[use]
	usage     *persist.MapEdit[usage]
	deleted   *persist.MapEdit[int64]
}

func newEdit(base *state, partition string, now time.Time) *edit {
	return &edit{
		base: base, revision: base.revision + 1, policies: base.policies, seen: map[ref]bool{}, partition: partition,
		now: now.UTC().Truncate(time.Second), keys: base.keys.Edit(), usersID: base.usersID.Edit(), usersARN: base.usersARN.Edit(),
		rolesARN: base.rolesARN.Edit(), groupsID: base.groupsID.Edit(), byARN: base.byARN.Edit(), accounts: base.accounts.Edit(),
		users: base.users.Edit(), groups: base.groups.Edit(), roles: base.roles.Edit(), managed: base.managed.Edit(),
		providers: base.providers.Edit(), members: base.members.Edit(), used: base.used.Edit(), usage: base.usage.Edit(),
		deleted: base.deleted.Edit(), rolesID: base.rolesID.Edit(), policyID: base.policyID.Edit(),
	}
}

// done returns the state that the draft has become.
func (e *edit) done(process string) *state {
	return &state{
		revision: e.revision, text: revisionText(process, e.revision), policies: e.policies, keys: e.keys.Done(),
		usersID: e.usersID.Done(), usersARN: e.usersARN.Done(), rolesARN: e.rolesARN.Done(), groupsID: e.groupsID.Done(),
		byARN: e.byARN.Done(), accounts: e.accounts.Done(), users: e.users.Done(), groups: e.groups.Done(), roles: e.roles.Done(),
		managed: e.managed.Done(), providers: e.providers.Done(), members: e.members.Done(), used: e.used.Done(),
		usage: e.usage.Done(), deleted: e.deleted.Done(), rolesID: e.rolesID.Done(), policyID: e.policyID.Done(),
	}
}

// touch remembers that an entity has changed.
func (e *edit) touch(k kind, id string) {
	r := ref{k, id}
	if !e.quiet && !e.seen[r] {
		e.seen[r] = true
		e.changed = append(e.changed, r)
	}
}

// userNamed, groupNamed, roleNamed and managedPolicy find what the draft has; nil: nothing.
func (e *edit) userNamed(account, name string) *user {
	u, _ := e.users.Get(nameKey(account, name))
	return u
}

func (e *edit) groupNamed(account, name string) *group {
	g, _ := e.groups.Get(nameKey(account, name))
	return g
}

func (e *edit) roleNamed(account, name string) *role {
	r, _ := e.roles.Get(nameKey(account, name))
	return r
}

func (e *edit) managedPolicy(arn string) *policy {
	p, _ := e.byARN.Get(arn)
	return p
}

// putAccount puts an account in the place of the one with its ID, if there is one. So do the
// functions that follow, with the entities that they are named after: what they are given is the
// draft's from then on.
func (e *edit) putAccount(a *account) {
	a.changed = e.revision
	e.accounts.Set(a.id, a)
	e.touch(kindAccount, a.id)
}

func (e *edit) putUser(u *user) {
	u.changed, u.arn = e.revision, u.named.arn(e.partition, "user")
	u.policies, u.facts = new(assembly), tagFacts(u.tags)
	var before holder
	var groups []string
	var boundary string
	if old, ok := e.usersID.Get(u.id); ok {
		before, groups, boundary = old.holder, old.groups, old.boundary
		if old.arn != u.arn {
			e.dropUserNames(old)
			groups = nil
		}
	}
	for _, id := range groups {
		if !slices.Contains(u.groups, id) {
			e.members.Delete(memberKey(id, u.name))
		}
	}
	for _, id := range u.groups {
		e.members.Set(memberKey(id, u.name), struct{}{})
	}
	e.moveUses(kindUser, &before, &u.holder, boundary, u.boundary)
	e.usersID.Set(u.id, u)
	e.usersARN.Set(u.arn, u)
	e.users.Set(u.key(), u)
	e.touch(kindUser, u.id)
}

// dropUserNames removes what finds a user by its name.
func (e *edit) dropUserNames(u *user) {
	e.usersARN.Delete(u.arn)
	e.users.Delete(u.key())
	for _, id := range u.groups {
		e.members.Delete(memberKey(id, u.name))
	}
}

// deleteUser deletes a user. Its keys are to be deleted first.
func (e *edit) deleteUser(u *user) {
	e.dropUserNames(u)
	e.moveUses(kindUser, &u.holder, &holder{}, u.boundary, "")
	e.usersID.Delete(u.id)
	e.touch(kindUser, u.id)
}

func (e *edit) putGroup(g *group) {
	g.changed, g.arn = e.revision, g.named.arn(e.partition, "group")
	e.policies = e.revision
	var before holder
	if old, ok := e.groupsID.Get(g.id); ok {
		before = old.holder
		if old.key() != g.key() {
			e.groups.Delete(old.key())
		}
	}
	e.moveUses(kindGroup, &before, &g.holder, "", "")
	e.groupsID.Set(g.id, g)
	e.groups.Set(g.key(), g)
	e.touch(kindGroup, g.id)
}

// deleteGroup deletes a group, which has no members.
func (e *edit) deleteGroup(g *group) {
	e.policies = e.revision
	e.moveUses(kindGroup, &g.holder, &holder{}, "", "")
	e.groupsID.Delete(g.id)
	e.groups.Delete(g.key())
	e.touch(kindGroup, g.id)
}

func (e *edit) putRole(r *role) {
	r.changed, r.arn = e.revision, r.named.arn(e.partition, "role")
	r.sessions = "arn:" + e.partition + ":sts::" + r.account + ":assumed-role/" + r.name + "/"
	r.policies, r.facts = new(assembly), tagFacts(r.tags)
	var before holder
	var boundary string
	if old, ok := e.rolesID.Get(r.id); ok {
		before, boundary = old.holder, old.boundary
	}
	e.moveUses(kindRole, &before, &r.holder, boundary, r.boundary)
	e.rolesID.Set(r.id, r)
	e.rolesARN.Set(r.arn, r)
	e.roles.Set(r.key(), r)
	e.touch(kindRole, r.id)
}

func (e *edit) deleteRole(r *role) {
	e.moveUses(kindRole, &r.holder, &holder{}, r.boundary, "")
	e.rolesID.Delete(r.id)
	e.rolesARN.Delete(r.arn)
	e.roles.Delete(r.key())
	e.touch(kindRole, r.id)
}

func (e *edit) putPolicy(p *policy) {
	p.changed, p.arn = e.revision, p.named.arn(e.partition, "policy")
	e.policies = e.revision
	e.policyID.Set(p.id, p)
	e.byARN.Set(p.arn, p)
	e.managed.Set(p.key(), p)
	e.touch(kindPolicy, p.id)
}

// deletePolicy deletes a managed policy, which nobody uses.
func (e *edit) deletePolicy(p *policy) {
	e.policies = e.revision
	e.policyID.Delete(p.id)
	e.byARN.Delete(p.arn)
	e.managed.Delete(p.key())
	e.touch(kindPolicy, p.id)
}

// putKey puts a key. That it is one of its user's, the user says.
func (e *edit) putKey(k *accessKey) {
	k.changed = e.revision
	e.keys.Set(k.id, k)
	e.touch(kindKey, k.id)
}

// deleteKey deletes a key. Its ID is remembered, so that no other may ever have it.
func (e *edit) deleteKey(id string) {
	e.keys.Delete(id)
	e.deleted.Set(id, e.revision)
	e.touch(kindKey, id)
}

func (e *edit) putProvider(p *provider) {
	p.changed = e.revision
	e.providers.Set(providerKey(p.account, p.arn), p)
	e.touch(kindProvider, providerKey(p.account, p.arn))
}

func (e *edit) deleteProvider(p *provider) {
	e.providers.Delete(providerKey(p.account, p.arn))
	e.touch(kindProvider, providerKey(p.account, p.arn))
}

// moveUses says which managed policies an entity uses now, and no longer.
func (e *edit) moveUses(k kind, before, now *holder, boundaryBefore, boundary string) {
	for _, arn := range before.attached {
		e.setUse(arn, false, k, before, false)
	}
	for _, arn := range now.attached {
		e.setUse(arn, false, k, now, true)
	}
	if boundaryBefore != "" {
		e.setUse(boundaryBefore, true, k, before, false)
	}
	if boundary != "" {
		e.setUse(boundary, true, k, now, true)
	}
}

func (e *edit) setUse(arn string, boundary bool, k kind, h *holder, uses bool) {
	n, _ := e.usage.Get(arn)
	key, step := useKey(arn, boundary, k, h.name), 1
	if uses {
		e.used.Set(key, use{kind: k, id: h.id, boundary: boundary})
	} else {
		e.used.Delete(key)
		step = -1
	}
	if boundary {
		n.boundaries += step
	} else {
		n.attached += step
	}
	e.usage.Set(arn, n)
}
