package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

var userChanges = map[string]operation{
	"UpdateUser":                    updateUser,
	"DeleteUser":                    deleteUser,
	"TagUser":                       tagUser,
	"UntagUser":                     untagUser,
	"ListUserTags":                  listUserTags,
	"PutUserPermissionsBoundary":    putUserBoundary,
	"DeleteUserPermissionsBoundary": deleteUserBoundary,
	"ListGroupsForUser":             listGroupsForUser,
}

// changeUser returns what changes a user. change is given a copy of it as it is then.
func (c *call) changeUser(decided *named, change func(*edit, *user) error) do {
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			now, ok := e.usersID.Get(decided.id)
			if !ok {
				return noSuchUser(decided.name)
			}
			u := *now
			if err := change(e, &u); err != nil {
				return unlessSame(err)
			}
			e.putUser(&u)
			return nil
		})
	}
}

func updateUser(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	newName, newPath := c.p.String("NewUserName", newUserNameRule), c.p.String("NewPath", pathRule)
	u := c.state.userNamed(c.account, name)
	if u != nil && (newName != "" || newPath != "") {
		c.shown = c.arn("user", defaultPath, name)
		renamed := u.named
		renamed.rename(newName, newPath)
		// Who may have it under the new name has to be decided as well: API Reference, UpdateUser.
		if err := c.allow(c.arn("user", renamed.path, renamed.name), resourceTags(u.tags)); err != nil {
			return nil, err
		}
	}
	u, err := c.onUser(name)
	if err != nil {
		return nil, err
	}
	return c.changeUser(&u.named, func(e *edit, u *user) error {
		if other := e.userNamed(c.account, newName); newName != "" && other != nil && other.id != u.id {
			return alreadyExists("User with name %s already exists.", newName)
		}
		u.rename(newName, newPath)
		return nil
	}), nil
}

// rename gives an entity another name and another path; each empty one leaves what there is.
func (n *named) rename(name, path string) {
	if name != "" {
		n.name = name
	}
	if path != "" {
		n.path = path
	}
}

func deleteUser(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	u, err := c.onUser(name)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			u, ok := e.usersID.Get(u.id)
			switch {
			case !ok:
				return noSuchUser(name)
			case len(u.keys) > 0:
				return deleteConflict("Cannot delete entity, must delete access keys first.")
			case len(u.groups) > 0:
				return deleteConflict("Cannot delete entity, must remove users from group first.")
			}
			if err := u.freeOfPolicies(); err != nil {
				return err
			}
			e.deleteUser(u)
			return nil
		})
	}, nil
}

// freeOfPolicies returns an error if a user, a group or a role still has policies.
func (h *holder) freeOfPolicies() error {
	switch {
	case len(h.attached) > 0:
		return deleteConflict("Cannot delete entity, must detach all policies first.")
	case len(h.inline) > 0:
		return deleteConflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

func tagUser(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	tags, err := c.tags(requiredTagsRule)
	if err != nil {
		return nil, err
	}
	u, err := c.onUser(name, requestTags(tags, nil))
	if err != nil {
		return nil, err
	}
	return c.changeUser(&u.named, func(_ *edit, u *user) (err error) {
		u.tags, err = withTags(u.tags, tags)
		return err
	}), nil
}

func untagUser(c *call) (do, error) {
	name, keys := c.p.String("UserName", existingUserRule), c.tagKeys()
	u, err := c.onUser(name, requestTags(nil, keys))
	if err != nil {
		return nil, err
	}
	return c.changeUser(&u.named, func(_ *edit, u *user) error {
		u.tags = withoutTags(u.tags, keys)
		return nil
	}), nil
}

func listUserTags(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	u, err := c.onUser(name)
	if err != nil {
		return nil, err
	}
	return answerTagsOf(pg, u.tags), nil
}

// answerTagsOf answers with a part of tags.
func answerTagsOf(pg page, tags []Tag) do {
	return func(context.Context) (any, error) {
		part, end := takeSlice(pg, tags, func(t Tag) string { return t.Key }, func(t Tag) (Tag, bool) { return t, true })
		return struct {
			Tags awsquery.List[Tag]
			listed
		}{part, end}, nil
	}
}

// boundaryPolicy returns an error if an ARN is none of a managed policy that can be a permissions
// boundary. IAM calls it a scope then.
func (e *edit) boundaryPolicy(account, arn string) error {
	if arn != "" && e.policyOf(account, arn) == nil {
		return noSuchEntity("Scope ARN: %s does not exist or is not attachable.", arn)
	}
	return nil
}

// policyOf returns an account's managed policy with an ARN, nil if there is none: nobody uses those
// of other accounts.
func (e *edit) policyOf(account, arn string) *policy {
	if p := e.managedPolicy(arn); p != nil && p.account == account {
		return p
	}
	return nil
}

func putUserBoundary(c *call) (do, error) {
	name, boundary := c.p.String("UserName", existingUserRule), c.p.String("PermissionsBoundary", arnRule)
	u, err := c.onUser(name, permissionsBoundary(boundary))
	if err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(boundary); err != nil {
		return nil, err
	}
	return c.changeUser(&u.named, func(e *edit, u *user) error {
		u.boundary = boundary
		return e.boundaryPolicy(c.account, boundary)
	}), nil
}

func deleteUserBoundary(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	u, err := c.onUserWithBoundary(name)
	if err != nil {
		return nil, err
	}
	return c.changeUser(&u.named, func(_ *edit, u *user) error {
		if u.boundary == "" {
			return noSuchEntity("The user with name %s does not have a permissions boundary.", name)
		}
		u.boundary = ""
		return nil
	}), nil
}

// onUserWithBoundary is onUser where the boundary of the user is a condition key.
func (c *call) onUserWithBoundary(name string, keys ...conditionKey) (*user, error) {
	if u := c.state.userNamed(c.account, name); u != nil {
		keys = append(keys, permissionsBoundary(u.boundary))
	}
	return c.onUser(name, keys...)
}

func listGroupsForUser(c *call) (do, error) {
	name := c.p.String("UserName", existingUserRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	u, err := c.onUser(name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		groups := make([]*group, 0, len(u.groups))
		for _, id := range u.groups {
			if g, ok := c.state.groupsID.Get(id); ok {
				groups = append(groups, g)
			}
		}
		slices.SortFunc(groups, func(a, b *group) int { return strings.Compare(a.key(), b.key()) })
		part, end := takeSlice(pg, groups, (*group).key, func(g *group) (groupAnswer, bool) { return answerGroup(g), true })
		return struct {
			Groups awsquery.List[groupAnswer]
			listed
		}{part, end}, nil
	}, nil
}
