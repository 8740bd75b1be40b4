package directory

import (
	"context"
	"strings"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

var userOperations = map[string]operation{
	"CreateUser": createUser,
	"GetUser":    getUser,
	"ListUsers":  listUsers,
}

// userAnswer is a user as IAM tells it.
type userAnswer struct {
	Path                string
	UserName            string
	UserID              string `xml:"UserId"`
	ARN                 string `xml:"Arn"`
	CreateDate          awsquery.Time
	PermissionsBoundary *boundaryAnswer
	Tags                awsquery.List[Tag]
}

// boundaryAnswer is a permissions boundary as IAM tells it.
type boundaryAnswer struct {
	PermissionsBoundaryType string
	PermissionsBoundaryARN  string `xml:"PermissionsBoundaryArn"`
}

func answerBoundary(arn string) *boundaryAnswer {
	if arn == "" {
		return nil
	}
	return &boundaryAnswer{PermissionsBoundaryType: "Policy", PermissionsBoundaryARN: arn}
}

// answerUser returns a user with all that is told of it. Lists tell no tags and no boundary.
func answerUser(u *user) userAnswer {
	a := listedUser(u)
	a.PermissionsBoundary, a.Tags = answerBoundary(u.boundary), answerTags(u.tags)
	return a
}

func listedUser(u *user) userAnswer {
	return userAnswer{Path: u.path, UserName: u.name, UserID: u.id, ARN: u.arn, CreateDate: awsquery.Time(u.created)}
}

// answerTags returns tags for an answer, which leaves them out if there are none.
func answerTags(tags []Tag) awsquery.List[Tag] {
	if len(tags) == 0 {
		return nil
	}
	return tags
}

// onUser decides about an operation on the user that a request names. A user that does not exist is
// told only to who may act on it.
func (c *call) onUser(name string, keys ...conditionKey) (*user, error) {
	c.names("user", name)
	u := c.state.userNamed(c.account, name)
	if u == nil {
		if err := c.allow(c.arn("user", defaultPath, name), keys...); err != nil {
			return nil, err
		}
		return nil, noSuchUser(name)
	}
	return u, c.allowOn(aboutUser(u), keys...)
}

// userName reads UserName; if it was not sent, it is the calling user's own.
func (c *call) userName() (string, error) {
	if name := c.p.String("UserName", ownUserNameRule); name != "" {
		return name, nil
	}
	if name := c.id.Principal.UserName(); name != "" {
		return name, nil
	}
	return "", validationError("Must specify userName when calling with non-User credentials")
}

func createUser(c *call) (do, error) {
	name, path := c.p.String("UserName", userNameRule), c.path()
	boundary := c.p.String("PermissionsBoundary", optionalARNRule)
	tags, err := c.tags(tagsRule)
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("user", path, name), permissionsBoundary(boundary), requestTags(tags, nil)); err != nil {
		return nil, err
	}
	if err := c.checkPolicyARN(boundary); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		u := &user{holder: holder{named: named{account: c.account, id: newUniqueID(userPrefix), name: name, path: path, tags: tags}}}
		u.boundary = boundary
		err := c.update(ctx, func(e *edit) error {
			if e.userNamed(c.account, name) != nil {
				return alreadyExists("User with name %s already exists.", name)
			}
			u.created = e.now
			e.putUser(u)
			return e.boundaryPolicy(c.account, boundary)
		})
		return struct{ User userAnswer }{answerUser(u)}, err
	}, nil
}

func getUser(c *call) (do, error) {
	name, err := c.userName()
	if err != nil {
		return nil, err
	}
	u, err := c.onUser(name)
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) { return struct{ User userAnswer }{answerUser(u)}, nil }, nil
}

func listUsers(c *call) (do, error) {
	prefix := c.pathPrefix()
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	if err := c.allow(c.arn("user", prefix, "")); err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		users, end := take(pg, within(c.state.users.From, c.account+"/"), func(u *user) (userAnswer, bool) {
			return listedUser(u), strings.HasPrefix(u.path, prefix)
		})
		return struct {
			Users awsquery.List[userAnswer]
			listed
		}{users, end}, nil
	}, nil
}
