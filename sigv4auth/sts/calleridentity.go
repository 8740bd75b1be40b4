package sts

import (
	"context"
	"errors"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// callerIdentity needs no permission, and a Deny does not stop it.
func (e *Endpoint) callerIdentity(r *http.Request, id sigv4auth.Identity, _ *awsquery.Params) (do, error) {
	e.tell(r, id, "sts:GetCallerIdentity")
	said := callerIdentityResult{UserID: id.Principal.UserID, Account: id.Principal.Account(), Arn: id.Principal.ARN}
	if said.UserID == "" && id.Principal.EffectiveType() == iampolicy.Account {
		said.UserID = said.Account
	}
	return func(context.Context) (any, error) { return said, nil }, nil
}

// accessKeyInfo tells whose account a key is. AWS reads that off the key's ID; here only the store
// knows, and it knows long-term keys alone.
func (e *Endpoint) accessKeyInfo(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	const action = "sts:GetAccessKeyInfo"
	asked := p.String("AccessKeyId", keyIDRule)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := e.mayCall(r, id, action); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		if asked == id.AccessKeyID {
			return accessKeyInfoResult{id.Principal.Account()}, nil
		}
		c, err := e.cfg.Store.Credential(ctx, asked, "")
		switch {
		case errors.Is(err, sigv4auth.ErrUnrecognizedClient):
			return nil, &awsquery.Error{Code: "ValidationError", Message: "The access key ID " + asked + " is not known", Cause: err}
		case err != nil:
			return nil, e.unavailable(ctx, err)
		}
		return accessKeyInfoResult{c.Principal.Account()}, nil
	}, nil
}

// mayCall decides about an action that has no resource of its own. Its resource is who calls, so
// that a statement is for it that names all resources, and the accounts are the same. beside are
// the actions that it needs permission for, too.
func (e *Endpoint) mayCall(r *http.Request, id sigv4auth.Identity, action string, beside ...string) error {
	c := callFrom(r.Context())
	c.resource = id.Principal.ARN
	if _, ok := id.Session(); ok && id.Principal.EffectiveType() != iampolicy.AssumedRole {
		detail := "a session of GetSessionToken calls AssumeRole and GetCallerIdentity only"
		if id.Principal.EffectiveType() == iampolicy.FederatedUser {
			detail = "a federated user calls GetCallerIdentity only"
		}
		return notAuthorized(&id, action, c.resource, detail)
	}
	return e.allowsAll(r, id, c, action, "", beside...)
}
