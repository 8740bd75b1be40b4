package userpool

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// errMeanwhile means that a user was changed by somebody else while a password was being changed.
func errMeanwhile() error { return notAuthorized("The user was changed meanwhile: try again.") }

// account makes an operation of one that a user does with an access token.
func (p *Pool) account(do func(ctx context.Context, b *bearer, r *http.Request, in *awsjson.Input) (any, error),
) func(*http.Request, *awsjson.Input) (any, error) {
	return func(r *http.Request, in *awsjson.Input) (any, error) {
		token := in.String("AccessToken", tokenRule)
		if err := in.Err(); err != nil {
			return nil, err
		}
		b, err := p.bearer(r.Context(), token)
		if err != nil {
			return nil, err
		}
		return do(r.Context(), b, r, in)
	}
}

// getUser is GetUser.
func (p *Pool) getUser(_ context.Context, b *bearer, _ *http.Request, _ *awsjson.Input) (any, error) {
	return struct {
		Username       string
		UserAttributes []attribute
	}{b.user.username, b.user.listed(nil)}, nil
}

// updateUserAttributes is UpdateUserAttributes. A new address gets a code.
func (p *Pool) updateUserAttributes(ctx context.Context, b *bearer, _ *http.Request, in *awsjson.Input) (any, error) {
	attributes := readAttributes(in, "UserAttributes")
	if err := in.Err(); err != nil {
		return nil, err
	}
	if len(attributes) == 0 {
		return nil, missing("UserAttributes")
	}
	if err := p.checkAttributes(attributes, false); err != nil {
		return nil, err
	}
	email, ok := attributes["email"]
	sends := ok && email != "" && email != b.user.attributes["email"]
	if sends {
		if err := p.mayAskForCode(ctx, b.user.username); err != nil {
			return nil, err
		}
		if err := p.mayWriteTo(ctx, email); err != nil {
			return nil, err
		}
	}
	u, err := p.store.change(ctx, b.user, p.now(), func(u *user) error {
		return u.set(attributes)
	})
	if err != nil {
		return nil, goneIs(err, errNoUser())
	}
	list := []*deliveryDetails{}
	if sends {
		if err := p.sendCode(ctx, u, VerifyEmail); err != nil {
			return nil, err
		}
		list = append(list, byEmail(email))
	}
	return struct{ CodeDeliveryDetailsList []*deliveryDetails }{list}, nil
}

// getVerificationCode is GetUserAttributeVerificationCode.
func (p *Pool) getVerificationCode(ctx context.Context, b *bearer, _ *http.Request, in *awsjson.Input) (any, error) {
	name := in.String("AttributeName", attributeNameRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	email := b.user.attributes["email"]
	if name != "email" || email == "" {
		return nil, invalid("User does not have an email address that can be verified.")
	}
	if err := p.mayAskForCode(ctx, b.user.username); err != nil {
		return nil, err
	}
	if b.user.verifiedEmail() == "" {
		if err := p.mayWriteTo(ctx, email); err != nil {
			return nil, err
		}
	}
	if err := p.sendCode(ctx, b.user, VerifyEmail); err != nil {
		return nil, err
	}
	return sent{byEmail(email)}, nil
}

// verifyUserAttribute is VerifyUserAttribute.
func (p *Pool) verifyUserAttribute(ctx context.Context, b *bearer, r *http.Request, in *awsjson.Input) (any, error) {
	name, code := in.String("AttributeName", attributeNameRule), in.String("Code", codeRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if name != "email" {
		return nil, invalid("Only email can be verified.")
	}
	g, err := p.guess(r, "verify", b.user.username, codePatience, errLimit)
	if err != nil {
		return nil, err
	}
	defer g.done()
	if err := p.redeem(ctx, g, b.user.username, b.user, VerifyEmail, code); err != nil {
		return nil, err
	}
	email := b.user.attributes["email"]
	_, err = p.store.change(ctx, b.user, p.now(), func(u *user) error {
		if u.attributes["email"] != email {
			return errCode() // the code was for the address before
		}
		u.attributes["email_verified"] = "true"
		return nil
	})
	return struct{}{}, goneIs(err, errNoUser())
}

// changePassword is ChangePassword. It ends the user's other sign-ins, which Cognito leaves; the
// one that it is called with goes on.
func (p *Pool) changePassword(ctx context.Context, b *bearer, r *http.Request, in *awsjson.Input) (any, error) {
	previous, proposed := in.String("PreviousPassword", passwordRule), in.String("ProposedPassword", passwordRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if err := p.checkPassword(proposed); err != nil {
		return nil, err
	}
	g, err := p.guess(r, "password", b.user.username, passwordPatience, errLimit)
	if err != nil {
		return nil, err
	}
	defer g.done()
	s, err := p.stranger(ctx, b.user.username)
	if err != nil {
		return nil, err
	}
	right, err := p.has(ctx, s, previous)
	if err != nil {
		return nil, err
	}
	if !right || s.user.sub != b.user.sub {
		return nil, g.wrong(ctx, errPassword())
	}
	if err := g.right(ctx); err != nil {
		return nil, err
	}
	sealed, err := p.sealPassword(ctx, s.user.username, s.user.sub, proposed)
	if err != nil {
		return nil, err
	}
	err = p.store.changeBut(ctx, s.user, b.family, p.now(), func(u *user) error {
		u.sealed, u.passwordExpires = sealed, time.Time{}
		u.endSignIns()
		return nil
	})
	return struct{}{}, err
}

// globalSignOut is GlobalSignOut.
func (p *Pool) globalSignOut(ctx context.Context, b *bearer, _ *http.Request, _ *awsjson.Input) (any, error) {
	_, err := p.store.change(ctx, b.user, p.now(), func(u *user) error {
		u.endSignIns()
		return nil
	})
	if errors.Is(err, errGone) {
		err = nil
	}
	return struct{}{}, err
}

// deleteUser is DeleteUser.
func (p *Pool) deleteUser(ctx context.Context, b *bearer, _ *http.Request, _ *awsjson.Input) (any, error) {
	return nil, p.store.deleteUser(ctx, b.user.sub)
}
