package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

var groupOperations = map[string]operation{
	"CreateGroup":         createGroup,
	"GetGroup":            getGroup,
	"ListGroups":          listGroups,
	"UpdateGroup":         updateGroup,
	"DeleteGroup":         deleteGroup,
	"AddUserToGroup":      addUserToGroup,
	"RemoveUserFromGroup": removeUserFromGroup,
}

// groupAnswer is a group as IAM tells it.
type groupAnswer struct {
	Path       string
	GroupName  string
	GroupID    string `xml:"GroupId"`
	ARN        string `xml:"Arn"`
	CreateDate awsquery.Time
}

func answerGroup(g *group) groupAnswer {
	return groupAnswer{Path: g.path, GroupName: g.name, GroupID: g.id, ARN: g.arn, CreateDate: awsquery.Time(g.created)}
}

// onGroup decides about an operation on the group that a request names.
func (c *call) onGroup(name string, keys ...conditionKey) (*group, error) {
	c.names("group", name)
	g := c.state.groupNamed(c.account, name)
	if g == nil {
		if err := c.allow(c.arn("group", defaultPath, name), keys...); err != nil {
			return nil, err
		}
		return nil, noSuchGroup(name)
	}
	return g, c.allowOn(aboutGroup(g), keys...)
}

// changeGroup returns what changes a group. change is given a copy of it as it is then.
func (c *call) changeGroup(decided *named, change func(*edit, *group) error) do {
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			now, ok := e.groupsID.Get(decided.id)
			if !ok {
				return noSuchGroup(decided.name)
			}
			g := *now
			if err := change(e, &g); err != nil {
				return unlessSame(err)
			}
			e.putGroup(&g)
			return nil
		})
	}
}

func createGroup(c *call) (do, error) {
	name, path := c.p.String("GroupName", groupNameRule), c.path()
	if err := c.allow(c.arn("group", path, name)); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		g := &group{holder: holder{named: named{account: c.account, id: newUniqueID(groupPrefix), name: name, path: path}}}
		err := c.update(ctx, func(e *edit) error {
			if e.groupNamed(c.account, name) != nil {
				return alreadyExists("Group with name %s already exists.", name)
			}
			g.created = e.now
			e.putGroup(g)
			return nil
		})
		return struct{ Group groupAnswer }{answerGroup(g)}, err
	}, nil
}

func getGroup(c *call) (do, error) {
	name := c.p.String("GroupName", groupNameRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	g, err := c.onGroup(name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		members := within(c.state.members.From, g.id+"/")
		users, end := takeKeys(pg, members, func(name string) (userAnswer, bool) {
			u := c.state.userNamed(c.account, name)
			if u == nil {
				return userAnswer{}, false // unreachable: a user who is deleted leaves its groups
			}
			return listedUser(u), true
		})
		return struct {
			Group groupAnswer
			Users awsquery.List[userAnswer]
			listed
		}{answerGroup(g), users, end}, nil
	}, nil
}

func listGroups(c *call) (do, error) {
	prefix := c.pathPrefix()
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("group", prefix, "")); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		groups, end := take(pg, within(c.state.groups.From, c.account+"/"), func(g *group) (groupAnswer, bool) {
			return answerGroup(g), strings.HasPrefix(g.path, prefix)
		})
		return struct {
			Groups awsquery.List[groupAnswer]
			listed
		}{groups, end}, nil
	}, nil
}

func updateGroup(c *call) (do, error) {
	name := c.p.String("GroupName", groupNameRule)
	newName, newPath := c.p.String("NewGroupName", newGroupNameRule), c.p.String("NewPath", pathRule)
	g, err := c.onGroup(name)
	if err != nil {
		return nil, err
	}
	if newName != "" || newPath != "" {
		renamed := g.named
		renamed.rename(newName, newPath)
		c.named = ""
		if err := c.allow(c.arn("group", renamed.path, renamed.name)); err != nil {
			return nil, err
		}
	}
	return c.changeGroup(&g.named, func(e *edit, g *group) error {
		if other := e.groupNamed(c.account, newName); newName != "" && other != nil && other.id != g.id {
			return alreadyExists("Group with name %s already exists.", newName)
		}
		g.rename(newName, newPath)
		return nil
	}), nil
}

func deleteGroup(c *call) (do, error) {
	name := c.p.String("GroupName", groupNameRule)
	g, err := c.onGroup(name)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			g, ok := e.groupsID.Get(g.id)
			if !ok {
				return noSuchGroup(name)
			}
			for range e.members.Prefix(g.id + "/") {
				return deleteConflict("Cannot delete entity, must remove users from group first.")
			}
			if err := g.freeOfPolicies(); err != nil {
				return err
			}
			e.deleteGroup(g)
			return nil
		})
	}, nil
}

// changeMembership returns what changes the groups of a user, which are given to change and taken
// from it, in a group that was decided about.
func (c *call) changeMembership(g *group, userName string, change func(u *user) error) do {
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			if _, ok := e.groupsID.Get(g.id); !ok {
				return noSuchGroup(g.name)
			}
			now := e.userNamed(c.account, userName)
			if now == nil {
				return noSuchUser(userName)
			}
			u := *now
			if err := change(&u); err != nil || slices.Equal(u.groups, now.groups) {
				return err
			}
			e.putUser(&u)
			return nil
		})
	}
}

func addUserToGroup(c *call) (do, error) {
	name, userName := c.p.String("GroupName", groupNameRule), c.p.String("UserName", existingUserRule)
	g, err := c.onGroup(name)
	if err != nil {
		return nil, err
	}
	return c.changeMembership(g, userName, func(u *user) error {
		i, in := slices.BinarySearch(u.groups, g.id)
		switch {
		case in:
			return nil
		case len(u.groups) >= maxGroupsPerUser:
			return limitExceeded("Cannot exceed quota for GroupsPerUser: %d", maxGroupsPerUser)
		}
		u.groups = slices.Insert(slices.Clone(u.groups), i, g.id)
		return nil
	}), nil
}

func removeUserFromGroup(c *call) (do, error) {
	name, userName := c.p.String("GroupName", groupNameRule), c.p.String("UserName", existingUserRule)
	g, err := c.onGroup(name)
	if err != nil {
		return nil, err
	}
	return c.changeMembership(g, userName, func(u *user) error {
		if i, in := slices.BinarySearch(u.groups, g.id); in {
			u.groups = slices.Delete(slices.Clone(u.groups), i, i+1)
		}
		return nil
	}), nil
}
