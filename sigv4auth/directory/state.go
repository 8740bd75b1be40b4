package directory

import (
	"strconv"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/directory/internal/persist"
)

// state is everything that the directory holds, at one revision. It is never changed once made: the
// next one shares with it what did not change.
type state struct {
	revision int64
	text     string // the revision as credentials and roles have it
	policies int64  // the revision with which a managed policy or a group last changed

	keys      persist.Map[*accessKey] // by access key ID
	usersID   persist.Map[*user]      // by unique ID
	usersARN  persist.Map[*user]      // by ARN
	rolesARN  persist.Map[*role]      // by ARN
	rolesID   persist.Map[*role]      // by unique ID
	groupsID  persist.Map[*group]     // by unique ID
	policyID  persist.Map[*policy]    // managed policies, by unique ID
	byARN     persist.Map[*policy]    // managed policies, by ARN
	accounts  persist.Sorted[*account]
	users     persist.Sorted[*user] // by nameKey, as all that follow
	groups    persist.Sorted[*group]
	roles     persist.Sorted[*role]
	managed   persist.Sorted[*policy]
	providers persist.Sorted[*provider] // by account, slash and ARN

	members persist.Sorted[struct{}] // by memberKey: who is in a group
	used    persist.Sorted[use]      // by useKey: who has a managed policy
	usage   persist.Map[usage]       // by ARN: how many have it
	deleted persist.Map[int64]       // by access key ID: the revision with which it was deleted
}

// use is how an entity uses a managed policy.
type use struct {
	kind     kind
	id       string // unique
	boundary bool   // and not attached
}

// usage counts the uses of a managed policy.
type usage struct{ attached, boundaries int }

func memberKey(groupID, userName string) string { return groupID + "/" + strings.ToLower(userName) }

// useKey sorts the uses of a policy by kind and name, attachments first.
func useKey(arn string, boundary bool, k kind, name string) string {
	as := "\x00a"
	if boundary {
		as = "\x00b"
	}
	return arn + as + string(k) + "/" + strings.ToLower(name)
}

func providerKey(account, arn string) string { return account + "/" + arn }

// userNamed, groupNamed, roleNamed and policyNamed find what an account has; nil: nothing.
func (s *state) userNamed(account, name string) *user {
	u, _ := s.users.Get(nameKey(account, name))
	return u
}

func (s *state) groupNamed(account, name string) *group {
	g, _ := s.groups.Get(nameKey(account, name))
	return g
}

func (s *state) roleNamed(account, name string) *role {
	r, _ := s.roles.Get(nameKey(account, name))
	return r
}

// managedPolicy returns the managed policy with an ARN, nil if there is none.
func (s *state) managedPolicy(arn string) *policy {
	p, _ := s.byARN.Get(arn)
	return p
}

// ofUser returns the policies of a user: its own, those of its groups, and its boundary.
func (s *state) ofUser(u *user) *assembled {
	return s.assembledFor(u.policies, u.changed, func(a *assembled) {
		s.addPolicies(a, &u.holder)
		for _, id := range u.groups {
			g, ok := s.groupsID.Get(id)
			if !ok { // unreachable: a group with members is not deleted
				a.set.Identity = append(a.set.Identity, nil)
				continue
			}
			a.changed = max(a.changed, g.changed)
			s.addPolicies(a, &g.holder)
		}
		s.addBoundary(a, u.boundary)
	})
}

// ofRole returns the policies of a role's sessions.
func (s *state) ofRole(r *role) *assembled {
	return s.assembledFor(r.policies, r.changed, func(a *assembled) {
		s.addPolicies(a, &r.holder)
		s.addBoundary(a, r.boundary)
	})
}

// assembledFor returns what was last put together, if nothing has changed since. An older state
// never takes what a newer one put together, nor replaces it.
func (s *state) assembledFor(kept *assembly, changed int64, add func(*assembled)) *assembled {
	last := kept.last.Load()
	if last != nil && last.of == s.policies {
		return last
	}
	a := &assembled{of: s.policies, changed: changed}
	add(a)
	if last == nil || last.of < a.of {
		kept.last.CompareAndSwap(last, a)
	}
	return a
}

// addPolicies adds the policies that an entity holds. One that is not there, or cannot be read, is
// a nil policy, which denies.
func (s *state) addPolicies(a *assembled, h *holder) {
	for i := range h.inline {
		a.set.Identity = append(a.set.Identity, h.inline[i].doc.policy)
	}
	for _, arn := range h.attached {
		var compiled *iampolicy.Policy
		if p := s.managedPolicy(arn); p != nil {
			compiled = p.document().policy
			a.changed = max(a.changed, p.changed)
		}
		a.set.Identity = append(a.set.Identity, compiled)
	}
}

func (s *state) addBoundary(a *assembled, arn string) {
	if arn == "" {
		return
	}
	var compiled *iampolicy.Policy
	if p := s.managedPolicy(arn); p != nil {
		compiled = p.document().asBoundary()
		a.changed = max(a.changed, p.changed)
	}
	a.set.Boundaries = append(a.set.Boundaries, compiled)
}

// revisionText returns a revision as others see it. process differs between processes, so that none
// takes another's revision for its own.
func revisionText(process string, revision int64) string {
	return process + "-" + strconv.FormatInt(revision, 10)
}

// parseRevision returns the number in a text that this process made.
func (s *state) parseRevision(process, text string) (revision int64, ok bool) {
	if text == s.text {
		return s.revision, true
	}
	number, ok := strings.CutPrefix(text, process+"-")
	if !ok {
		return 0, false
	}
	revision, err := strconv.ParseInt(number, 10, 64)
	return revision, err == nil
}
