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
