package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// call is what the endpoint knows of a request. It is its context's.
type call struct {
	do do // what is to be done, once it is decided

	// What is being decided.
	action, resource string
	trust            *iampolicy.Policy // of the role; nil => no role is asked for
	keys             func(*iampolicy.Context)
	free             bool // whoever signs may

	mfa *bool // whether the second factor is right; nil => not asked yet
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// decide is the Check of signed requests.
func (e *Endpoint) decide(r *http.Request, id sigv4auth.Identity) error {
	action, p, err := awsquery.Asked(r)
	if err != nil {
		return refused(err)
	}
	decideAbout := operations[action]
	if decideAbout == nil {
		// With credentials, AssumeRoleWithWebIdentity is as good as without; the token says who
		// calls.
		return refused(&awsquery.Error{
			Code: "InvalidAction", Message: "The action " + action + " takes no credentials: send it unsigned",
		})
	}
	c := callFrom(r.Context())
	c.do, err = decideAbout(e, r, id, p)
	return refused(err)
}

// refused makes of an error what an Authenticator refuses a request with.
func refused(err error) error {
	said, ok := errors.AsType[*awsquery.Error](err)
	if !ok {
		return err
	}
	if own, ok := errors.AsType[*sigv4auth.Error](err); ok {
		return own
	}
	reason := sigv4auth.ErrMalformedRequest
	switch said.HTTPStatus() {
	case http.StatusForbidden:
		reason = sigv4auth.ErrAccessDenied
	case http.StatusServiceUnavailable:
		reason = sigv4auth.ErrServiceUnavailable
	case http.StatusRequestEntityTooLarge:
		reason = sigv4auth.ErrRequestTooLarge
	case http.StatusInternalServerError:
		reason = sigv4auth.ErrInternalFailure
	}
	return &sigv4auth.Error{Reason: reason, Message: said.Message, Cause: said}
}

// failed is for a store that failed.
func failed(what string, err error) error {
	return &sigv4auth.Error{Reason: sigv4auth.ErrServiceUnavailable, Message: awsquery.MessageUnavailable, Detail: what, Cause: err}
}

// deniedBecause refuses with STS's code for who may not, in words of its own. detail is the
// operator's.
func deniedBecause(message, detail string) error {
	return &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: message, Detail: detail}
}

// notAuthorized refuses a caller what policies do not allow. Which policy it was, and whether the
// resource exists, is not told.
func notAuthorized(id *sigv4auth.Identity, action, resource, detail string) error {
	return deniedBecause(notAuthorizedMessage(id, action, resource), detail)
}

func notAuthorizedMessage(id *sigv4auth.Identity, action, resource string) string {
	if id.Principal.EffectiveType() == iampolicy.IdentityProvider {
		return "Not authorized to perform " + action
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", id.Principal.ARN, action, resource)
}

// allows decides by policies whether id may do action. c has the rest. detail is for the operator,
// if it may not.
func (e *Endpoint) allows(r *http.Request, id sigv4auth.Identity, c *call, action, detail string) error {
	c.action = action
	err := e.authz.Check(r, id)
	said := sigv4auth.AsError(err)
	if said == nil || said.Reason != sigv4auth.ErrAccessDenied {
		return err
	}
	if said.Detail != "" && detail != "" {
		detail = "; " + detail
	}
	return &sigv4auth.Error{
		Reason: sigv4auth.ErrAccessDenied, Message: notAuthorizedMessage(&id, action, c.resource), Detail: said.Detail + detail,
		Cause: said.Cause,
	}
}

// allowsAll decides by policies whether id may do action, and what it needs beside it. The last
// decision is the one that the event tells: the one that refuses, or that of action. A caller who
// may not do action learns no more, so that its refusal comes first.
func (e *Endpoint) allowsAll(r *http.Request, id sigv4auth.Identity, c *call, action, detail string, beside ...string) error {
	var also error
	for _, needed := range beside {
		if also = e.allows(r, id, c, needed, detail); also != nil {
			break
		}
	}
	refused := c.action
	if err := e.allows(r, id, c, action, detail); err != nil {
		return err
	}
	if also != nil {
		_ = e.allows(r, id, c, refused, detail)
	}
	return also
}

// tell puts into the event what id does that needs no permission. Nothing depends on that decision.
func (e *Endpoint) tell(r *http.Request, id sigv4auth.Identity, action string) {
	c := callFrom(r.Context())
	c.action, c.resource, c.free = action, id.Principal.ARN, true
	if _, temporary := id.Session(); temporary {
		id = id.WithSession(sigv4auth.Session{}) // without the session's policies
	}
	_ = e.authz.Check(r, id)
	c.free = false
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
type decisionPolicies struct{ e *Endpoint }

func (p decisionPolicies) Policies(ctx context.Context, id sigv4auth.Identity) (set iampolicy.Set, revision string, err error) {
	c := callFrom(ctx)
	if c == nil {
		return iampolicy.Set{}, "", errors.New("sts: the request is none of the endpoint's") // unreachable
	}
	if c.free {
		return p.e.free, "", nil
	}
	if id.Principal.EffectiveType() != iampolicy.IdentityProvider { // which has no policies of its own
		if set, revision, err = p.e.cfg.Store.Policies(ctx, id); err != nil {
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
