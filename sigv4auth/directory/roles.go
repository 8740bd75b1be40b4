package directory

import (
	"context"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

var roleOperations = map[string]operation{
	"CreateRole":                    createRole,
	"GetRole":                       getRole,
	"ListRoles":                     listRoles,
	"UpdateRole":                    updateRole,
	"UpdateRoleDescription":         updateRoleDescription,
	"UpdateAssumeRolePolicy":        updateAssumeRolePolicy,
	"DeleteRole":                    deleteRole,
	"TagRole":                       tagRole,
	"UntagRole":                     untagRole,
	"ListRoleTags":                  listRoleTags,
	"PutRolePermissionsBoundary":    putRoleBoundary,
	"DeleteRolePermissionsBoundary": deleteRoleBoundary,
}

// roleAnswer is a role as IAM tells it.
type roleAnswer struct {
	Path                     string
	RoleName                 string
	RoleID                   string `xml:"RoleId"`
	ARN                      string `xml:"Arn"`
	CreateDate               awsquery.Time
	AssumeRolePolicyDocument string
	Description              string `xml:",omitempty"`
	MaxSessionDuration       int64  `xml:",omitempty"`
	PermissionsBoundary      *boundaryAnswer
	Tags                     awsquery.List[Tag]
	RoleLastUsed             *roleUseAnswer
}

// roleUseAnswer is when a role was last used; both are left out if it never was.
type roleUseAnswer struct {
	LastUsedDate *awsquery.Time
	Region       string `xml:",omitempty"`
}

// listedRole returns a role as lists tell it: without tags and boundary.
func listedRole(in known, r *role) roleAnswer {
	return roleAnswer{
		Path: r.path, RoleName: r.name, RoleID: r.id, ARN: r.arn, CreateDate: awsquery.Time(r.created), Description: r.description,
		AssumeRolePolicyDocument: encoded(withARNs(in, r.trust.text)), MaxSessionDuration: int64(r.maxSession / time.Second),
	}
}

// answerRole returns a role with all that is told of it, but for its last use.
func answerRole(in known, r *role) roleAnswer {
	a := listedRole(in, r)
	a.PermissionsBoundary, a.Tags = answerBoundary(r.boundary), answerTags(r.tags)
	return a
}

// onRole decides about an operation on the role that a request names.
func (c *call) onRole(name string, keys ...conditionKey) (*role, error) {
	c.shown = c.arn("role", defaultPath, name)
	r := c.state.roleNamed(c.account, name)
	if r == nil {
		if err := c.allow(c.shown, keys...); err != nil {
			return nil, err
		}
		return nil, noSuchRole(name)
	}
	return r, c.allowOn(aboutRole(r), keys...)
}

// onRoleWithBoundary is onRole where the boundary of the role is a condition key.
func (c *call) onRoleWithBoundary(name string, keys ...conditionKey) (*role, error) {
	if r := c.state.roleNamed(c.account, name); r != nil {
		keys = append(keys, permissionsBoundary(r.boundary))
	}
	return c.onRole(name, keys...)
}

// changeRole returns what changes a role. change is given a copy of it as it is then.
func (c *call) changeRole(decided *named, change func(*edit, *role) error) do {
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			now, ok := e.rolesID.Get(decided.id)
			if !ok {
				return noSuchRole(decided.name)
			}
			r := *now
			if err := change(e, &r); err != nil {
				return unlessSame(err)
			}
			e.putRole(&r)
			return nil
		})
	}
}

// serviceRolePath is where AWS has the roles that its services make for themselves.
const serviceRolePath = "/aws-service-role/"

func createRole(c *call) (do, error) {
	name, path := c.p.String("RoleName", roleNameRule), c.path()
	trust, description := c.p.String("AssumeRolePolicyDocument", documentRule), c.p.String("Description", descriptionRule)
	boundary := c.p.String("PermissionsBoundary", optionalARNRule)
	maxSession := c.maxSession()
	tags, err := c.tags(tagsRule)
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("role", path, name), permissionsBoundary(boundary), requestTags(tags, nil)); err != nil {
		return nil, err
	}
	if strings.HasPrefix(path, serviceRolePath) {
		return nil, invalidInput("Path prefix '%s' can only be used for AWS Service linked Roles", serviceRolePath)
	}
	if err := c.checkPolicyARN(boundary); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		r := &role{
			holder:      holder{named: named{account: c.account, id: newUniqueID(rolePrefix), name: name, path: path, tags: tags}},
			boundary:    boundary,
			description: description, maxSession: maxSession, used: new(lastUse),
		}
		var answer roleAnswer
		err := c.update(ctx, func(e *edit) (err error) {
			if e.roleNamed(c.account, name) != nil {
				return alreadyExists("Role with name %s already exists.", name)
			}
			if r.trust, err = trustDocument(e, name, trust); err != nil {
				return err
			}
			if err := e.boundaryPolicy(c.account, boundary); err != nil {
				return err
			}
			r.created = e.now
			e.putRole(r)
			answer = answerRole(e, r)
			answer.MaxSessionDuration = 0 // CreateRole does not tell it
			return nil
		})
		return struct{ Role roleAnswer }{answer}, err
	}, nil
}

// maxSession reads MaxSessionDuration, an hour if it was not sent.
func (c *call) maxSession() time.Duration {
	if seconds, ok := c.p.Int("MaxSessionDuration", maxSessionRule); ok {
		return time.Duration(seconds) * time.Second
	}
	return defaultSessionHours * time.Hour
}

func getRole(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		answer := answerRole(c.state, r)
		use, err := c.endpoint.dir.lastUsed(ctx, ref{kindRole, r.id}, r.used)
		answer.RoleLastUsed = &roleUseAnswer{}
		if use != nil {
			at := awsquery.Time(use.at)
			answer.RoleLastUsed = &roleUseAnswer{LastUsedDate: &at, Region: use.region}
		}
		return struct{ Role roleAnswer }{answer}, err
	}, nil
}

func listRoles(c *call) (do, error) {
	prefix := c.pathPrefix()
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("role", prefix, "")); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		roles, end := take(pg, within(c.state.roles.From, c.account+"/"), func(r *role) (roleAnswer, bool) {
			return listedRole(c.state, r), strings.HasPrefix(r.path, prefix)
		})
		return struct {
			Roles awsquery.List[roleAnswer]
			listed
		}{roles, end}, nil
	}, nil
}

// updateRole sets what is sent. Without MaxSessionDuration that is an hour: API Reference,
// UpdateRole.
func updateRole(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	maxSession, described := c.maxSession(), c.p.Has("Description")
	description := c.p.String("Description", descriptionRule)
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(_ *edit, r *role) error {
		r.maxSession = maxSession
		if described {
			r.description = description
		}
		return nil
	}), nil
}

func updateRoleDescription(c *call) (do, error) {
	name, description := c.p.String("RoleName", roleNameRule), c.p.String("Description", requiredDescriptionRule)
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	change := c.changeRole(&r.named, func(_ *edit, r *role) error {
		r.description = description
		return nil
	})
	return func(ctx context.Context) (any, error) {
		if _, err := change(ctx); err != nil {
			return nil, err
		}
		changed := *r
		changed.description = description
		return struct{ Role roleAnswer }{answerRole(c.state, &changed)}, nil
	}, nil
}

func updateAssumeRolePolicy(c *call) (do, error) {
	name, trust := c.p.String("RoleName", roleNameRule), c.p.String("PolicyDocument", documentRule)
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(e *edit, r *role) (err error) {
		r.trust, err = trustDocument(e, r.name, trust)
		return err
	}), nil
}

func deleteRole(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			r, ok := e.rolesID.Get(r.id)
			if !ok {
				return noSuchRole(name)
			}
			if err := r.freeOfPolicies(); err != nil {
				return err
			}
			e.deleteRole(r)
			return nil
		})
	}, nil
}

func tagRole(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	tags, err := c.tags(requiredTagsRule)
	if err != nil {
		return nil, err
	}
	r, err := c.onRole(name, requestTags(tags, nil))
	if err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(_ *edit, r *role) (err error) {
		r.tags, err = withTags(r.tags, tags)
		return err
	}), nil
}

func untagRole(c *call) (do, error) {
	name, keys := c.p.String("RoleName", roleNameRule), c.tagKeys()
	r, err := c.onRole(name, requestTags(nil, keys))
	if err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(_ *edit, r *role) error {
		r.tags = withoutTags(r.tags, keys)
		return nil
	}), nil
}

func listRoleTags(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	r, err := c.onRole(name)
	if err != nil {
		return nil, err
	}
	return answerTagsOf(pg, r.tags), nil
}

func putRoleBoundary(c *call) (do, error) {
	name, boundary := c.p.String("RoleName", roleNameRule), c.p.String("PermissionsBoundary", arnRule)
	r, err := c.onRole(name, permissionsBoundary(boundary))
	if err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(boundary); err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(e *edit, r *role) error {
		r.boundary = boundary
		return e.boundaryPolicy(c.account, boundary)
	}), nil
}

func deleteRoleBoundary(c *call) (do, error) {
	name := c.p.String("RoleName", roleNameRule)
	r, err := c.onRoleWithBoundary(name)
	if err != nil {
		return nil, err
	}
	return c.changeRole(&r.named, func(_ *edit, r *role) error {
		if r.boundary == "" {
			return noSuchEntity("The role with name %s does not have a permissions boundary.", name)
		}
		r.boundary = ""
		return nil
	}), nil
}

// The rules of roles alone.
var (
	maxSessionRule          = awsquery.Rule{Min: minSessionDuration, Max: maxSessionDuration}
	descriptionRule         = awsquery.Rule{MaxLength: maxDescription, Pattern: describing}
	requiredDescriptionRule = awsquery.Rule{Required: true, MaxLength: maxDescription, Pattern: describing}
	describing              = &awsquery.Pattern{Text: `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`, Match: func(s string) bool {
		return s == "" || documentText.Match(s) && iamid.Printable(strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s))
	}}
)
