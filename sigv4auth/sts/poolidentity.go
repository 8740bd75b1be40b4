package sts

import (
	"context"
	"net/http"
	"slices"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsservice"
)

type identityAnswer struct {
	IdentityID string `json:"IdentityId"`
}

// getID is GetId: the identity of who has logged in, which is made at the first time, or a new one
// for a guest.
func (p *IdentityPool) getID(r *http.Request, id sigv4auth.Identity, in *awsjson.Input) (do, error) {
	in.String("AccountId", accountRule) // which says nothing that the pool's ID does not
	pool, sent := in.String("IdentityPoolId", poolIDRule), readLogins(in)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if pool != p.cfg.ID {
		return nil, poolNotFound("IdentityPool '" + pool + "'")
	}
	if len(sent) == 0 && p.cfg.GuestRole == "" {
		return nil, noGuests()
	}
	logins, err := p.logins(r, id, sent)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		// The ID is for an identity that does not exist yet.
		identity, err := p.link(ctx, p.region+":"+awsservice.NewRequestID(), logins)
		if err != nil {
			return nil, err
		}
		return identityAnswer{identity}, nil
	}, nil
}

// identity finds the identity that a request may have credentials of: the one that it names, or,
// if that is a guest's, the one of its logins.
func (p *IdentityPool) identity(ctx context.Context, named string, logins []login) (string, error) {
	has, err := p.cfg.Identities.Logins(ctx, p.cfg.ID, named)
	switch {
	case err != nil:
		return "", identityError(named, err)
	case len(logins) == 0 && len(has) > 0:
		return "", poolNotAuthorized("Access to Identity '"+named+"' is forbidden.", nil)
	case len(logins) == 0 && p.cfg.GuestRole == "":
		return "", noGuests()
	case len(logins) == 0:
		return named, nil
	}
	known := 0
	for i := range logins {
		if slices.Contains(has, logins[i].kept()) {
			known++
		}
	}
	switch {
	case len(has) > 0 && known == 0: // somebody else's
		return "", loginsDiffer()
	case known == len(logins):
		return named, nil
	}
	linked, err := p.link(ctx, named, logins)
	if err != nil {
		return "", err
	}
	if len(has) > 0 && linked != named { // it has been changed since it was looked up
		return "", loginsDiffer()
	}
	return linked, nil
}

// link makes logins those of one identity.
func (p *IdentityPool) link(ctx context.Context, identity string, logins []login) (string, error) {
	kept := make([]ProviderLogin, 0, len(logins))
	for i := range logins {
		kept = append(kept, logins[i].kept())
	}
	linked, err := p.cfg.Identities.Link(ctx, p.cfg.ID, identity, kept)
	if err != nil {
		return "", identityError(identity, err)
	}
	return linked, nil
}
