package userpool

import (
	"errors"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// signUp is SignUp.
func (p *Pool) signUp(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	id, hash := in.String("ClientId", clientRule), in.String("SecretHash", hashRule)
	name, password := in.String("Username", usernameRule), in.String("Password", passwordRule)
	attributes := readAttributes(in, "UserAttributes")
	if err := in.Err(); err != nil {
		return nil, err
	}
	if _, err := p.clientFor(id, name, hash); err != nil {
		return nil, err
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	if err := p.checkAttributes(attributes, false); err != nil {
		return nil, err
	}
	if p.cfg.RequireEmail && attributes["email"] == "" {
		return nil, invalid("Attributes did not conform to the schema: email: The attribute is required\n")
	}
	// That a name is taken has to be told. Telling it before the power is no more than that.
	taken, err := p.store.user(ctx, fold(name))
	if err != nil {
		return nil, err
	}
	if taken != nil {
		return nil, errExists()
	}
	if attributes["email"] != "" {
		if err := p.mayAskForCode(ctx, fold(name)); err != nil {
			return nil, err
		}
		if err := p.mayWriteTo(ctx, attributes["email"]); err != nil {
			return nil, err
		}
	}
	u, err := p.newUser(ctx, name, password, attributes)
	if err != nil {
		return nil, err
	}
	u.status = unconfirmed
	if err := p.add(ctx, u); err != nil {
		return nil, err
	}
	answer := struct {
		UserConfirmed       bool
		UserSub             string
		CodeDeliveryDetails *deliveryDetails `json:",omitempty"`
	}{UserSub: u.sub}
	if email := u.attributes["email"]; email != "" {
		if err := p.sendCode(ctx, u, ConfirmAccount); err != nil {
			return nil, err
		}
		answer.CodeDeliveryDetails = byEmail(email)
	}
	return answer, nil
}

func errExists() error { return refuse("UsernameExistsException", "User already exists") }

// confirmSignUp is ConfirmSignUp.
func (p *Pool) confirmSignUp(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	id, hash := in.String("ClientId", clientRule), in.String("SecretHash", hashRule)
	name, code := in.String("Username", usernameRule), in.String("ConfirmationCode", codeRule)
	if err := in.Err(); err != nil {
		return nil, err
	}
	if _, err := p.clientFor(id, name, hash); err != nil {
		return nil, err
	}
	name = fold(name)
	g, err := p.guess(r, "code", name, codePatience, errTooMany)
	if err != nil {
		return nil, err
	}
	defer g.done()
	u, err := p.store.user(ctx, name)
	if err != nil {
		return nil, err
	}
	if u != nil && u.status != unconfirmed {
		return nil, errConfirmedAlready(confirmed) // whatever it is: SignUp tells as much
	}
	if err := p.redeem(ctx, g, name, u, ConfirmAccount, code); err != nil {
		return nil, err
	}
	email := u.attributes["email"]
	_, err = p.store.change(ctx, u, p.now(), func(u *user) error {
		if u.status != unconfirmed {
			return errConfirmedAlready(confirmed)
		}
		if u.attributes["email"] != email {
			return errCode() // an administrator has changed it since the code was looked at
		}
		u.status = confirmed
		u.attributes["email_verified"] = "true" // the code went there, and nowhere else
		return nil
	})
	return struct{}{}, goneIs(err, errCode())
}

func errTooMany() error {
	return refuse("TooManyFailedAttemptsException", "Attempt limit exceeded, please try after some time.")
}

func errConfirmedAlready(status string) error {
	return notAuthorized("User cannot be confirmed. Current status is " + status)
}

// goneIs says something else in place of errGone.
func goneIs(err, told error) error {
	if errors.Is(err, errGone) {
		return told
	}
	return err
}

// resendConfirmationCode is ResendConfirmationCode. For a name that nobody has the answer is made
// up.
func (p *Pool) resendConfirmationCode(r *http.Request, in *awsjson.Input) (any, error) {
	ctx := r.Context()
	name, err := p.namedBy(in)
	if err != nil {
		return nil, err
	}
	if err := p.mayAskForCode(ctx, name); err != nil {
		return nil, err
	}
	u, err := p.store.user(ctx, name)
	switch {
	case err != nil:
		return nil, err
	case u == nil || u.attributes["email"] == "":
		details, err := p.sendNobody(ctx, name, ConfirmAccount)
		return sent{details}, err
	case u.status != unconfirmed:
		return nil, invalid("User is already confirmed.")
	}
	if err := p.mayWriteTo(ctx, u.attributes["email"]); err != nil {
		return nil, err
	}
	if err := p.sendCode(ctx, u, ConfirmAccount); err != nil {
		return nil, err
	}
	return sent{byEmail(u.attributes["email"])}, nil
}

// sent is the answer of operations that send a code.
type sent struct{ CodeDeliveryDetails *deliveryDetails }

// namedBy returns the name of operations that take nothing else of a user.
func (p *Pool) namedBy(in *awsjson.Input) (string, error) {
	id, hash := in.String("ClientId", clientRule), in.String("SecretHash", hashRule)
	name := in.String("Username", usernameRule)
	if err := in.Err(); err != nil {
		return "", err
	}
	_, err := p.clientFor(id, name, hash)
	return fold(name), err
}

// decoyDetails returns where a code would have gone, always the same for a name.
func (p *Pool) decoyDetails(name string) *deliveryDetails {
	if isEmail(name) {
		return byEmail(name)
	}
	b := mac(p.secrets.decoy, "address", name)
	return byEmail(string('a'+rune(b[0]%26)) + "@" + string('a'+rune(b[1]%26)))
}
