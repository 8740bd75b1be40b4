package directory

import (
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// nobody is the name of a caller who has none: the session of a role that is simulated, and the
// user who would be in a group.
const nobody = "simulated"

// policySource is whose policies a simulation takes: one of a user, a group and a role.
type policySource struct {
	user  *user
	group *group
	role  *role
}

// policySource decides whether the caller may ask about the policies of the user, the group or the
// role with an ARN, and finds it.
func (c *call) policySource(arn string) (policySource, error) {
	if err := c.p.Err(); err != nil {
		return policySource{}, err
	}
	var found policySource
	var about *targeted
	var missing error
	a, resource, ok := iamid.SplitARN(arn)
	kind, path, _ := strings.Cut(resource, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	if own := a.Account == c.account; ok && name != "" {
		switch kind {
		case "user":
			missing = noSuchUser(name)
			if u, ok := c.state.usersARN.Get(arn); ok && own {
				found.user, about = u, aboutUser(u)
			}
		case "group":
			missing = noSuchGroup(name)
			if g := c.state.groupNamed(c.account, name); g != nil && g.arn == arn {
				found.group, about = g, aboutGroup(g)
			}
		case "role":
			missing = noSuchRole(name)
			if r, ok := c.state.rolesARN.Get(arn); ok && own {
				found.role, about = r, aboutRole(r)
			}
		}
	}
	switch {
	case missing == nil:
		return found, invalidInput("Invalid Entity Arn: %s does not clearly define entity type and name.", arn)
	case about == nil:
		if err := c.allow(arn); err != nil {
			return found, err
		}
		return found, missing
	}
	return found, c.allowOn(about)
}

// simulationOf returns a simulation with the policies that are in force for whom they belong to,
// and with who that is.
func (c *call) simulationOf(held policySource) *simulation {
	m := &simulation{}
	s := c.state
	boundary := ""
	switch {
	case held.user != nil:
		u := held.user
		m.set, boundary = s.ofUser(u).set, u.boundary
		m.addSources(s, &u.holder, "user")
		for _, id := range u.groups {
			if g, ok := s.groupsID.Get(id); ok {
				m.addSources(s, &g.holder, "group")
			}
		}
		m.principal = iampolicy.Principal{ARN: u.arn, AccountID: u.account, UserID: u.id, Type: iampolicy.User, Tags: u.facts}
	case held.role != nil:
		r := held.role
		m.set, boundary = s.ofRole(r).set, r.boundary
		m.addSources(s, &r.holder, "role")
		m.principal = iampolicy.Principal{
			ARN: r.sessions + nobody, AccountID: r.account, UserID: r.id + ":" + nobody, RoleARN: r.arn, Type: iampolicy.AssumedRole,
			Tags: r.facts,
		}
	case held.group != nil:
		a := &assembled{}
		s.addPolicies(a, &held.group.holder)
		m.set = a.set
		m.addSources(s, &held.group.holder, "group")
	}
	if p := s.managedPolicy(boundary); p != nil {
		m.boundary = source{id: p.name, text: p.document().of}
	}
	return m
}

// addSources adds the sources of the policies that addPolicies adds, in its order.
func (m *simulation) addSources(s *state, h *holder, kind string) {
	for i := range h.inline {
		m.identity = append(m.identity, source{id: kind + "_" + h.name + "_" + h.inline[i].name, text: h.inline[i].doc.of})
	}
	for _, arn := range h.attached {
		var from source
		if p := s.managedPolicy(arn); p != nil {
			from = source{id: p.name, text: p.document().of}
		}
		m.identity = append(m.identity, from)
	}
}

// call says who calls in the simulation, and sets the condition keys that say so. Of a CallerArn
// there is nothing but what it says itself: what the directory knows of that user is not for who
// may simulate another.
func (m *simulation) call(c *call, a *asked) {
	now := c.endpoint.dir.cfg.Now().UTC()
	m.context.Set("aws:CurrentTime", now.Format(time.RFC3339))
	m.context.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	known := true
	switch {
	case a.caller != "" && a.caller != m.principal.ARN:
		m.principal = iampolicy.Principal{ARN: a.caller, Type: iampolicy.User}
	case m.principal.ARN == "":
		m.principal = iampolicy.Principal{ARN: c.arn("user", defaultPath, nobody), Type: iampolicy.User}
		known = false
	}
	p := &m.principal
	m.context.Set("aws:PrincipalAccount", p.Account())
	m.context.Set("aws:PrincipalType", p.EffectiveType().String())
	if !known {
		return
	}
	m.context.Set("aws:PrincipalArn", p.PrincipalARN())
	if name := p.UserName(); name != "" {
		m.context.Set("aws:username", name)
	}
	if p.UserID != "" && p.EffectiveType() == iampolicy.User {
		m.context.Set("aws:userid", p.UserID)
	}
	for key, value := range p.Tags {
		m.context.Set("aws:PrincipalTag/"+key, value)
	}
}
