package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// decider decides by policies who may have which session, and issues it. What is being decided is
// the call of a request's context.
type decider struct {
	store  *Store
	authz  *sigv4auth.Authorizer
	nobody *iampolicy.Policy            // the trust policy of a role that is not there
	free   iampolicy.Set                // the policies of everybody, for what needs no permission
	failed func(context.Context, error) // may be nil
}

func newDecider(store *Store, failed func(context.Context, error), explain bool) (*decider, error) {
	d := &decider{store: store, failed: failed}
	var err error
	// A list of principals must not be empty; no caller is this service.
	d.nobody, err = iampolicy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": {"Service": "nobody.invalid"}}}`), iampolicy.TrustPolicy)
	if err != nil {
		return nil, err // unreachable
	}
	if d.free, err = freeForAll(); err != nil {
		return nil, err // unreachable
	}
	d.authz, err = sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: decisionPolicies{d}, Target: target, ResourceAccount: sigv4auth.AccountInARN, Context: conditionKeys,
		InsecureObjectPaths: true, // a path says nothing here
		ExplainRefusals:     explain,
	})
	return d, err
}

// freeForAll returns policies that allow what needs no permission. A federated user needs two.
func freeForAll() (set iampolicy.Set, err error) {
	all := []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sts:GetCallerIdentity", "sts:GetSessionToken"],
		"Resource": "*"}}`)
	name := iampolicy.WithName("needs no permission")
	own, err := iampolicy.Parse(all, iampolicy.IdentityPolicy, name)
	if err != nil {
		return iampolicy.Set{}, err // unreachable
	}
	session, err := iampolicy.Parse(all, iampolicy.SessionPolicy, name)
	return iampolicy.Set{Identity: []*iampolicy.Policy{own}, Sessions: []*iampolicy.Policy{session}}, err
}

// target and conditionKeys tell the Authorizer what is being decided.
func target(r *http.Request) (action, resource string) {
	c := callFrom(r.Context())
	return c.action, c.resource
}

func conditionKeys(r *http.Request, _ sigv4auth.Identity, to *iampolicy.Context) error {
	if c := callFrom(r.Context()); c.keys != nil {
		c.keys(to)
	}
	return nil
}

// decisionPolicies are the policies of a decision: those of the caller, and the trust policy of the
// role.
type decisionPolicies struct{ d *decider }

func (p decisionPolicies) Policies(ctx context.Context, id sigv4auth.Identity) (set iampolicy.Set, revision string, err error) {
	c := callFrom(ctx)
	if c == nil {
		return iampolicy.Set{}, "", errors.New("sts: the request is none of the endpoint's") // unreachable
	}
	if c.free {
		return p.d.free, "", nil
	}
	if id.Principal.EffectiveType() != iampolicy.IdentityProvider { // which has no policies of its own
		if set, revision, err = p.d.store.Policies(ctx, id); err != nil {
			return iampolicy.Set{}, "", err
		}
	}
	if c.trust != nil {
		if set.Resource != nil {
			return iampolicy.Set{}, "", errors.New("sts: the policy store has a resource policy, and a role is asked for")
		}
		set.Resource = c.trust
	}
	return set, revision, nil
}

// allows decides by policies whether id may do action. c has the rest. detail is for the operator,
// if it may not.
func (d *decider) allows(r *http.Request, id sigv4auth.Identity, c *call, action, detail string) error {
	c.action = action
	err := d.authz.Check(r, id)
	said := sigv4auth.AsError(err)
	if said == nil || said.Reason != sigv4auth.ErrAccessDenied {
		return err
	}
	if said.Detail != "" && detail != "" {
		detail = "; " + detail
	}
	return &sigv4auth.Error{
		Reason: sigv4auth.ErrAccessDenied, Message: signedapi.NotAuthorizedMessage(&id, action, c.resource), Detail: said.Detail + detail,
		Cause: said.Cause,
	}
}

// allowsAll decides by policies whether id may do action, and what it needs beside it. The last
// decision is the one that the event tells: the one that refuses, or that of action. A caller who
// may not do action learns no more, so that its refusal comes first.
func (d *decider) allowsAll(r *http.Request, id sigv4auth.Identity, c *call, action, detail string, beside ...string) error {
	var also error
	for _, needed := range beside {
		if also = d.allows(r, id, c, needed, detail); also != nil {
			break
		}
	}
	refused := c.action
	if err := d.allows(r, id, c, action, detail); err != nil {
		return err
	}
	if also != nil {
		_ = d.allows(r, id, c, refused, detail)
	}
	return also
}

// tell puts into the event what id does that needs no permission. Nothing depends on that decision.
func (d *decider) tell(r *http.Request, id sigv4auth.Identity, action string) {
	c := callFrom(r.Context())
	c.action, c.resource, c.free = action, id.Principal.ARN, true
	if _, temporary := id.Session(); temporary {
		id = id.WithSession(sigv4auth.Session{}) // without the session's policies
	}
	_ = d.authz.Check(r, id)
	c.free = false
}

// decideRole decides by policies whether id may have a session of a role, and what depends on the
// role itself, and lets then make what is to be done. claims are the condition keys of an identity
// provider's token.
func (d *decider) decideRole(
	r *http.Request, id sigv4auth.Identity, q *roleRequest, action string, claims map[string][]string,
	then func(*sigv4auth.Role) (do, error),
) (do, error) {
	role, unknown, err := d.role(r.Context(), q.arn)
	if err != nil {
		return nil, err
	}
	c := callFrom(r.Context())
	c.resource, c.trust = q.arn, role.TrustPolicy
	c.keys = func(to *iampolicy.Context) { q.keys(to, role.Tags, claims) }
	if err := d.allowsAll(r, id, c, action, unknown, q.permissions()...); err != nil {
		return nil, err
	}
	if err := q.checkDuration(role.MaxSession); err != nil {
		return nil, err
	}
	return then(&role)
}

// role finds a role. One that does not exist trusts nobody; unknown then says so to the operator.
func (d *decider) role(ctx context.Context, arn string) (role sigv4auth.Role, unknown string, err error) {
	role, unknown, err = d.findRole(ctx, arn)
	if role.TrustPolicy == nil {
		role.TrustPolicy = d.nobody
	}
	return role, unknown, err
}

func (d *decider) findRole(ctx context.Context, arn string) (role sigv4auth.Role, unknown string, err error) {
	const gone = "the role does not exist"
	if _, ok := iamid.ParseARN(arn, "role"); !ok || d.store.cfg.Roles == nil {
		return sigv4auth.Role{}, gone, nil
	}
	role, err = d.store.cfg.Roles.Role(ctx, arn)
	switch {
	case errors.Is(err, sigv4auth.ErrNoSuchRole):
		return sigv4auth.Role{}, gone, nil
	case err != nil:
		return sigv4auth.Role{}, "", signedapi.Failed("the role store failed", err)
	case role.ARN != arn:
		return sigv4auth.Role{}, "", signedapi.Failed("the role store returned another role than it was asked for", nil)
	case role.TrustPolicy != nil && role.TrustPolicy.Type() != iampolicy.TrustPolicy:
		// A resource policy need not allow what the caller's own policies do.
		return sigv4auth.Role{}, "", signedapi.Failed("the role's trust policy is none: "+role.TrustPolicy.Type().String(), nil)
	case role.TrustPolicy == nil:
		return role, "the role has no trust policy", nil
	}
	return role, "", nil
}

// issueRole issues a session of a role that was decided about.
func (d *decider) issueRole(
	ctx context.Context, q *roleRequest, role *sigv4auth.Role, asker Asker, who *sigv4auth.FederatedIdentity,
) (Issued, error) {
	return d.issue(ctx, &q.limits, Grant{Duration: q.duration, Session: Session{
		Kind: RoleSession, RoleARN: role.ARN, RoleID: role.ID, Name: q.name, Asker: asker, Tags: q.tags.values,
		TransitiveTags: q.tags.transitive, SourceIdentity: q.identity, Federated: who,
	}})
}

// issue issues a session, and makes STS's answers of what stands against it.
func (d *decider) issue(ctx context.Context, limits *sessionLimits, g Grant) (Issued, error) {
	g.Session.Policy, g.Session.PolicyARNs, g.MinTokenSize = limits.policy, limits.arns, limits.minTokenSize
	if len(limits.arns) > 0 && d.store.cfg.ManagedPolicies == nil {
		return Issued{}, noPolicy(sigv4auth.ErrNoSuchPolicy)
	}
	issued, err := d.store.Issue(ctx, g)
	tooLarge, isTooLarge := errors.AsType[*TokenTooLargeError](err)
	switch {
	case err == nil:
		return issued, nil
	case isTooLarge:
		return Issued{}, &awsquery.Error{
			Code: "PackedPolicyTooLarge", Cause: err,
			Message: fmt.Sprintf("Packed size of session policies and tags consumes %d%% of allotted space.", percent(tooLarge.Size,
				MaxTokenSize)),
		}
	case errors.Is(err, sigv4auth.ErrNoSuchPolicy):
		return Issued{}, noPolicy(err)
	case errors.Is(err, sigv4auth.ErrNoSuchRole), errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		// It has been deleted since it was decided.
		return Issued{}, &awsquery.Error{Code: "AccessDenied", Message: "Access denied", Status: http.StatusForbidden, Cause: err}
	}
	return Issued{}, d.unavailable(ctx, err)
}

// unavailable tells the operator of a store that failed.
func (d *decider) unavailable(ctx context.Context, err error) error {
	if d.failed != nil {
		d.failed(ctx, err)
	}
	return awsquery.Unavailable(err)
}
