package userpool

import (
	"context"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// userType is UserType.
type userType struct {
	Username             string
	Attributes           []attribute
	UserCreateDate       awsjson.Time
	UserLastModifiedDate awsjson.Time
	Enabled              bool
	UserStatus           string
}

func (u *user) described(only []string) userType {
	return userType{u.username, u.listed(only), awsjson.Time(u.created), awsjson.Time(u.modified), u.enabled, u.status}
}

// named returns the user that an administrator names. Administrators are told who exists.
func (p *Pool) named(ctx context.Context, in *awsjson.Input) (*user, error) {
	name := in.String("Username", usernameRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	u, err := p.store.user(ctx, fold(name))
	if err == nil && u == nil {
		err = errNoUser()
	}
	return u, err
}

// changeNamed changes the user that an administrator names.
func (p *Pool) changeNamed(r *http.Request, in *awsjson.Input, do func(*user) error) (any, error) {
	u, err := p.named(r.Context(), in)
	if err != nil {
		return nil, err
	}
	_, err = p.store.change(r.Context(), u, p.now(), do)
	return struct{}{}, goneIs(err, errNoUser())
}

// adminCreateUser is AdminCreateUser. The temporary password is delivered by e-mail, unless
// MessageAction is SUPPRESS.
func (p *Pool) adminCreateUser(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	name := in.String("Username", usernameRule)
	temporary := passwordRule
	temporary.Required = false
	password := in.String("TemporaryPassword", temporary)
	action := in.String("MessageAction", awsjson.Rule{Enum: []string{"RESEND", "SUPPRESS"}})
	attributes := readAttributes(in, "UserAttributes")
	if err := in.Err(); err != nil {
		return nil, err
	}
	if password == "" {
		password = p.temporaryPassword()
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	if err := p.checkAttributes(attributes, true); err != nil {
		return nil, err
	}
	u, err := p.store.user(ctx, fold(name))
	switch {
	case err != nil:
		return nil, err
	case action == "RESEND":
		u, err = p.inviteAgain(ctx, u, password)
	case u != nil:
		return nil, errExists()
	default:
		u, err = p.invite(ctx, name, password, attributes)
	}
	if err != nil {
		return nil, err
	}
	if action != "SUPPRESS" {
		err := p.deliver(ctx, Delivery{
			Purpose: Invitation, Username: u.username, Email: u.attributes["email"], Code: sigv4auth.NewSecret(password),
		})
		if err != nil {
			return nil, err
		}
	}
	return struct{ User userType }{u.described(nil)}, nil
}

func (p *Pool) invite(ctx context.Context, name, password string, attributes map[string]string) (*user, error) {
	u, err := p.newUser(ctx, name, password, attributes)
	if err != nil {
		return nil, err
	}
	u.status, u.passwordExpires = forceChangePassword, p.now().Add(p.cfg.Password.TemporaryFor)
	return u, p.add(ctx, u)
}

// inviteAgain gives a user who has not set a password another temporary one.
func (p *Pool) inviteAgain(ctx context.Context, u *user, password string) (*user, error) {
	if u == nil {
		return nil, errNoUser()
	}
	sealed, err := p.sealPassword(ctx, u.username, u.sub, password)
	if err != nil {
		return nil, err
	}
	u, err = p.store.change(ctx, u, p.now(), func(u *user) error {
		if u.status != forceChangePassword {
			return refuse("UnsupportedUserStateException", "Resend not possible. "+u.username+" status is not FORCE_CHANGE_PASSWORD")
		}
		u.sealed, u.passwordExpires = sealed, p.now().Add(p.cfg.Password.TemporaryFor)
		u.endSignIns()
		return nil
	})
	return u, goneIs(err, errNoUser())
}

// adminSetUserPassword is AdminSetUserPassword. It ends all of the user's sign-ins, which Cognito
// leaves.
func (p *Pool) adminSetUserPassword(r *http.Request, in *awsjson.Input) (any, error) {
	password, permanent := in.String("Password", passwordRule), in.Bool("Permanent", awsjson.Rule{})
	u, err := p.named(r.Context(), in)
	if err != nil {
		return nil, err
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	sealed, err := p.sealPassword(r.Context(), u.username, u.sub, password)
	if err != nil {
		return nil, err
	}
	_, err = p.store.change(r.Context(), u, p.now(), func(u *user) error {
		u.sealed, u.status, u.passwordExpires = sealed, confirmed, time.Time{}
		if !permanent {
			u.status, u.passwordExpires = forceChangePassword, p.now().Add(p.cfg.Password.TemporaryFor)
		}
		u.endSignIns()
		return nil
	})
	return struct{}{}, goneIs(err, errNoUser())
}

// adminConfirmSignUp is AdminConfirmSignUp. It verifies no address.
func (p *Pool) adminConfirmSignUp(r *http.Request, in *awsjson.Input) (any, error) {
	return p.changeNamed(r, in, func(u *user) error {
		if u.status != unconfirmed {
			return errConfirmedAlready(u.status)
		}
		u.status = confirmed
		return nil
	})
}

// adminDisableUser is AdminDisableUser. The user's sign-ins end, and stay so when the user is
// enabled again.
func (p *Pool) adminDisableUser(r *http.Request, in *awsjson.Input) (any, error) {
	return p.changeNamed(r, in, func(u *user) error {
		u.enabled = false
		u.endSignIns()
		return nil
	})
}

// adminEnableUser is AdminEnableUser.
func (p *Pool) adminEnableUser(r *http.Request, in *awsjson.Input) (any, error) {
	return p.changeNamed(r, in, func(u *user) error {
		u.enabled = true
		return nil
	})
}

// adminUserGlobalSignOut is AdminUserGlobalSignOut.
func (p *Pool) adminUserGlobalSignOut(r *http.Request, in *awsjson.Input) (any, error) {
	return p.changeNamed(r, in, func(u *user) error {
		u.endSignIns()
		return nil
	})
}

// adminUpdateUserAttributes is AdminUpdateUserAttributes. No code is sent.
func (p *Pool) adminUpdateUserAttributes(r *http.Request, in *awsjson.Input) (any, error) {
	attributes := readAttributes(in, "UserAttributes")
	if err := in.Err(); err != nil {
		return nil, err
	}
	if err := p.checkAttributes(attributes, true); err != nil {
		return nil, err
	}
	return p.changeNamed(r, in, func(u *user) error {
		return u.set(attributes)
	})
}

// adminGetUser is AdminGetUser.
func (p *Pool) adminGetUser(r *http.Request, in *awsjson.Input) (any, error) {
	u, err := p.named(r.Context(), in)
	if err != nil {
		return nil, err
	}
	return struct {
		Username             string
		UserAttributes       []attribute
		UserCreateDate       awsjson.Time
		UserLastModifiedDate awsjson.Time
		Enabled              bool
		UserStatus           string
	}{u.username, u.listed(nil), awsjson.Time(u.created), awsjson.Time(u.modified), u.enabled, u.status}, nil
}

// adminDeleteUser is AdminDeleteUser.
func (p *Pool) adminDeleteUser(r *http.Request, in *awsjson.Input) (any, error) {
	u, err := p.named(r.Context(), in)
	if err != nil {
		return nil, err
	}
	return nil, p.store.deleteUser(r.Context(), u.sub)
}
