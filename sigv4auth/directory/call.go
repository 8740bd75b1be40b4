package directory

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// call is what the endpoint knows of a request. It is its context's.
type call struct {
	endpoint *Endpoint
	request  *http.Request
	id       sigv4auth.Identity
	action   string // such as CreateUser
	p        *awsquery.Params
	account  string // the caller's, which it acts on
	state    *state // what is decided about

	// What is being decided.
	resource string
	named    string // what a refusal names; "": resource
	keys     []conditionKey

	allowed bool // the caller may do what do does
	do      do   // what is to be done, once it is decided
	target  *targeted
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// conditionKey adds condition keys to the context of a decision.
type conditionKey func(to *iampolicy.Context)

// begin fills in who calls, and refuses sessions that may not.
func (c *call) begin(e *Endpoint, r *http.Request, id sigv4auth.Identity, action string, p *awsquery.Params) error {
	s, err := e.dir.serving()
	if err != nil {
		return signedapi.Failed("the directory", err)
	}
	*c = call{endpoint: e, request: r, id: id, action: action, p: p, account: id.Principal.Account(), state: s}
	if _, ok := s.accounts.Get(c.account); !ok {
		return c.refuse("iam:"+action, "*", "the caller's account is not in the directory")
	}
	session, temporary := id.Session()
	switch kind := id.Principal.EffectiveType(); {
	case kind == iampolicy.FederatedUser:
		return c.refuse("iam:"+action, "*", "a session of GetFederationToken may not call IAM")
	case temporary && kind != iampolicy.AssumedRole && !session.MFAPresent:
		return c.refuse("iam:"+action, "*", "a session of GetSessionToken may call IAM only with a second factor")
	}
	return nil
}

// refuse says that the caller may not. detail is the operator's.
func (c *call) refuse(action, resource, detail string) error {
	return &sigv4auth.Error{
		Reason: sigv4auth.ErrAccessDenied, Message: signedapi.NotAuthorizedMessage(&c.id, action, resource), Detail: detail,
	}
}

// names says what the request names, of a kind, as IAM's refusals do. The path, the name that it has
// or whose it is would tell that it exists.
func (c *call) names(kind, name string) { c.named = kind + " " + name }

// allow decides by policies whether the caller may do what it asks for on a resource. What is wrong
// with the parameters that have been read comes first.
func (c *call) allow(resource string, keys ...conditionKey) error {
	if err := c.p.Err(); err != nil {
		return err
	}
	c.resource, c.keys = resource, keys
	authz, err := c.endpoint.authorizer(resource, c.account)
	if err != nil {
		return err // unreachable
	}
	err = authz.Check(c.request, c.id)
	said := sigv4auth.AsError(err)
	switch {
	case err == nil:
		c.allowed = true
		return nil
	case said == nil || said.Reason != sigv4auth.ErrAccessDenied:
		return err
	}
	return &sigv4auth.Error{
		Reason: sigv4auth.ErrAccessDenied, Detail: said.Detail, Cause: said.Cause,
		Message: signedapi.NotAuthorizedMessage(&c.id, "iam:"+c.action, cmp.Or(c.named, resource)),
	}
}

// target and conditionKeys tell the Authorizer what is being decided.
func target(r *http.Request) (action, resource string) {
	c := callFrom(r.Context())
	return "iam:" + c.action, c.resource
}

func conditionKeys(r *http.Request, _ sigv4auth.Identity, to *iampolicy.Context) error {
	for _, add := range callFrom(r.Context()).keys {
		add(to)
	}
	return nil
}

// arn returns the ARN of what is of a kind in the caller's account, with a path and a name.
func (c *call) arn(kind, path, name string) string {
	n := named{account: c.account, path: path, name: name}
	return n.arn(c.endpoint.dir.cfg.Partition, kind)
}

// targeted is what a decision was made about: it has to be the same when the change is made.
type targeted struct {
	kind     kind
	id, arn  string
	boundary string
	tags     []Tag
}

func (t *targeted) same(now *targeted) bool {
	return now != nil && t.id == now.id && t.arn == now.arn && t.boundary == now.boundary && slices.Equal(t.tags, now.tags)
}

// in returns the same entity in a draft, nil if it is gone.
func (t *targeted) in(e *edit) *targeted {
	switch t.kind {
	case kindUser:
		if u, ok := e.usersID.Get(t.id); ok {
			return aboutUser(u)
		}
	case kindGroup:
		if g, ok := e.groupsID.Get(t.id); ok {
			return aboutGroup(g)
		}
	case kindRole:
		if r, ok := e.rolesID.Get(t.id); ok {
			return aboutRole(r)
		}
	case kindPolicy:
		if p, ok := e.policyID.Get(t.id); ok {
			return aboutPolicy(p)
		}
	case kindProvider:
		if p, ok := e.providers.Get(t.id); ok {
			return aboutProvider(p)
		}
	}
	return nil
}

func aboutUser(u *user) *targeted {
	return &targeted{kind: kindUser, id: u.id, arn: u.arn, boundary: u.boundary, tags: u.tags}
}

func aboutGroup(g *group) *targeted { return &targeted{kind: kindGroup, id: g.id, arn: g.arn} }

func aboutRole(r *role) *targeted {
	return &targeted{kind: kindRole, id: r.id, arn: r.arn, boundary: r.boundary, tags: r.tags}
}

func aboutPolicy(p *policy) *targeted {
	return &targeted{kind: kindPolicy, id: p.id, arn: p.arn, tags: p.tags}
}

func aboutProvider(p *provider) *targeted {
	return &targeted{kind: kindProvider, id: providerKey(p.account, p.arn), arn: p.arn, tags: p.tags}
}

// allowOn decides whether the caller may do what it asks for on an entity, whose tags are condition
// keys.
func (c *call) allowOn(t *targeted, keys ...conditionKey) error {
	c.target = t
	return c.allow(t.arn, append(keys, resourceTags(t.tags))...)
}

// update changes the directory. It fails if what was decided about is no longer the same.
func (c *call) update(ctx context.Context, change func(*edit) error) error {
	return c.endpoint.dir.update(ctx, func(e *edit) error {
		if err := c.still(e); err != nil {
			return err
		}
		return change(e)
	})
}

// errSame is what a change fails with that has nothing to change. It succeeds then.
var errSame = errors.New("directory: nothing to change")

// unlessSame returns the error of a change.
func unlessSame(err error) error {
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// still reports whether the decision still holds: nothing has changed in the caller and its
// policies, nor in what it was decided about.
func (c *call) still(e *edit) error {
	if e.base.revision == c.state.revision {
		return nil
	}
	if c.target != nil && !c.target.same(c.target.in(e)) {
		return concurrentModification()
	}
	if c.id.Revision == "" {
		return nil // the caller's store names no states
	}
	if _, _, err := c.endpoint.cfg.Policies.Policies(c.request.Context(), c.id); err != nil {
		return signedapi.Failed("the caller has changed since the decision", err)
	}
	return nil
}

// resourceTags adds the tags of what is acted on.
func resourceTags(tags []Tag) conditionKey {
	return func(to *iampolicy.Context) {
		for _, t := range tags {
			to.Set("aws:ResourceTag/"+t.Key, t.Value)
			to.Set("iam:ResourceTag/"+t.Key, t.Value)
		}
	}
}

// requestTags adds the tags that a request sets, or the keys that it removes.
func requestTags(tags []Tag, keys []string) conditionKey {
	return func(to *iampolicy.Context) {
		for _, t := range tags {
			to.Set("aws:RequestTag/"+t.Key, t.Value)
			keys = append(keys, t.Key)
		}
		if len(keys) > 0 {
			to.SetMany("aws:TagKeys", keys...)
		}
	}
}

// permissionsBoundary adds iam:PermissionsBoundary: the one that the request sets, or that the
// entity has. Empty: the key is absent.
func permissionsBoundary(arn string) conditionKey { return optionalKey("iam:PermissionsBoundary", arn) }

// policyARN adds iam:PolicyARN: the managed policy that is attached or detached.
func policyARN(arn string) conditionKey { return optionalKey("iam:PolicyARN", arn) }

func optionalKey(key, value string) conditionKey {
	return func(to *iampolicy.Context) {
		if value != "" {
			to.Set(key, value)
		}
	}
}
