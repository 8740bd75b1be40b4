package userpool

import (
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// forgotPassword is ForgotPassword. Whether the name is a user's, and whether a code goes out, is
// not told: the address in the answer is made up where it cannot.
func (p *Pool) forgotPassword(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	name, err := p.namedBy(in)
	if err != nil {
		return nil, err
	}
	if err := p.mayAskForCode(ctx, name); err != nil {
		return nil, err
	}
	u, err := p.store.user(ctx, name)
	if err != nil {
		return nil, err
	}
	if u == nil || !u.mayReset() {
		details, err := p.sendNobody(ctx, name, ResetPassword)
		return sent{details}, err
	}
	// A delivery that fails is told to the operator, not to who asks.
	if err := p.sendCode(ctx, u, ResetPassword); err != nil && !isRefusal(err) {
		return nil, err
	}
	return sent{byEmail(u.verifiedEmail())}, nil
}

// mayReset reports whether a user may set a new password by a code.
func (u *user) mayReset() bool { return u.enabled && u.status == confirmed && u.verifiedEmail() != "" }

// confirmForgotPassword is ConfirmForgotPassword. It ends all of the user's sign-ins, which
// Cognito leaves: who resets a password may have lost it to somebody.
func (p *Pool) confirmForgotPassword(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	id, hash := in.String("ClientId", clientRule), in.String("SecretHash", hashRule)
	name, code := in.String("Username", usernameRule), in.String("ConfirmationCode", codeRule)
	password := in.String("Password", passwordRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if _, err := p.clientFor(id, name, hash); err != nil {
		return nil, err
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	name = fold(name)
	g, err := p.guess(r, "reset", name, codePatience, errLimit)
	if err != nil {
		return nil, err
	}
	defer g.done()
	u, err := p.store.user(ctx, name)
	if err != nil {
		return nil, err
	}
	if u != nil && !u.mayReset() {
		u = nil
	}
	// The power is for who has the code alone; and the code is taken after it, so that it is not
	// lost where a power cannot be had now.
	if err := p.hasCode(ctx, g, name, u, ResetPassword, code); err != nil {
		return nil, err
	}
	sealed, err := p.sealPassword(ctx, u.username, u.sub, password)
	if err != nil {
		return nil, err
	}
	if err := p.redeem(ctx, g, name, u, ResetPassword, code); err != nil {
		return nil, err
	}
	email := u.verifiedEmail()
	_, err = p.store.change(ctx, u, p.now(), func(u *user) error {
		if !u.mayReset() || u.verifiedEmail() != email {
			return errCode()
		}
		u.sealed, u.passwordExpires = sealed, time.Time{}
		u.endSignIns()
		return nil
	})
	if err != nil {
		return nil, goneIs(err, errCode())
	}
	// Who has the address need not wait for what others guessed.
	return nil, p.store.forgetFailures(ctx, p.secrets.nameKey("try password", name))
}
