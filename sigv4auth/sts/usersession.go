package sts

import (
	"context"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// defaultUserDuration is how long the sessions of users last that are asked for without a duration.
const defaultUserDuration = 12 * time.Hour

// readUserDuration reads how long a session of a user is to last. A root user's lasts an hour at
// most, and is cut to that.
func readUserDuration(p *awsquery.Params, id *sigv4auth.Identity) time.Duration {
	d := defaultUserDuration
	if seconds, ok := p.Int("DurationSeconds", userDurationRule); ok {
		d = time.Duration(seconds) * time.Second
	}
	if id.Principal.EffectiveType() == iampolicy.Account {
		d = min(d, maxRootDuration)
	}
	return d
}

// askerOfUser returns the long-term key that signs, or an error if it is none.
func askerOfUser(id *sigv4auth.Identity, operation string) (Asker, error) {
	if isSession(id) {
		return Asker{}, deniedBecause("Cannot call "+operation+" with session credentials", "")
	}
	return Asker{AccessKeyID: id.AccessKeyID, ARN: id.Principal.ARN, UserID: id.Principal.UserID}, nil
}

// sessionToken is GetSessionToken, which needs no permission: IAM User Guide, "Permissions for
// GetSessionToken". Who has no second factor gets a session without one.
func (e *Endpoint) sessionToken(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	duration, factor := readUserDuration(p, &id), readMFA(p)
	limits := sessionLimits{minTokenSize: readTokenSize(p)}
	if err := p.Err(); err != nil {
		return nil, err
	}
	asker, err := askerOfUser(&id, "GetSessionToken")
	if err != nil {
		return nil, err
	}
	if id, err = e.proveMFA(r, id, factor); err != nil {
		return nil, err
	}
	e.tell(r, id, "sts:GetSessionToken")
	proved, _ := id.Session()
	return func(ctx context.Context) (any, error) {
		issued, err := e.issue(ctx, &limits, Grant{Duration: duration, Session: Session{
			Kind: UserSession, Asker: asker, MFAPresent: proved.MFAPresent, MFA: proved.MFA,
		}})
		if err != nil {
			return nil, err
		}
		return sessionTokenResult{credentialsOf(&issued), sizesOf(&issued)}, nil
	}, nil
}

// federationToken is GetFederationToken.
func (e *Endpoint) federationToken(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	const action = "sts:GetFederationToken"
	name, duration, limits, own := p.String("Name", federatedNameRule), readUserDuration(p, &id), readLimits(p), readTags(p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := own.check(nil); err != nil {
		return nil, err
	}
	if err := limits.check(); err != nil {
		return nil, err
	}
	asker, err := askerOfUser(&id, "GetFederationToken")
	if err != nil {
		return nil, err
	}
	account, ok := iamid.ParseARN(id.Principal.ARN, "user")
	if !ok {
		account, _ = iamid.ParseRootARN(id.Principal.ARN)
	}
	tags, err := own.after(&Session{})
	if err != nil {
		return nil, err
	}
	c := callFrom(r.Context())
	c.resource, c.keys = account.FederatedUserARN(name), tags.keys
	if err := e.allowsAll(r, id, c, action, "", tags.permissions("sts:TagSession")...); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		issued, err := e.issue(ctx, &limits, Grant{Duration: duration, Session: Session{
			Kind: FederatedUser, Name: name, Asker: asker, Tags: tags.values,
		}})
		if err != nil {
			return nil, err
		}
		p := &issued.Credential.Principal
		return federationTokenResult{
			credentialsOf(&issued), federatedUserAnswer{p.UserID, p.ARN}, issued.PackedPolicySize, sizesOf(&issued),
		}, nil
	}, nil
}
