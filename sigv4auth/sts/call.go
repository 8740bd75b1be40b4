package sts

import (
	"context"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
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
		return signedapi.Refused(err)
	}
	decideAbout := operations[action]
	if decideAbout == nil {
		// With credentials, AssumeRoleWithWebIdentity is as good as without; the token says who
		// calls.
		return signedapi.Refused(&awsquery.Error{
			Code: "InvalidAction", Message: "The action " + action + " takes no credentials: send it unsigned",
		})
	}
	c := callFrom(r.Context())
	c.do, err = decideAbout(e, r, id, p)
	return signedapi.Refused(err)
}

// deniedBecause refuses with STS's code for who may not, in words of its own. detail is the
// operator's.
func deniedBecause(message, detail string) error {
	return &sigv4auth.Error{Reason: sigv4auth.ErrAccessDenied, Message: message, Detail: detail}
}

// notAuthorized refuses a caller what policies do not allow. Which policy it was, and whether the
// resource exists, is not told.
func notAuthorized(id *sigv4auth.Identity, action, resource, detail string) error {
	return deniedBecause(signedapi.NotAuthorizedMessage(id, action, resource), detail)
}
