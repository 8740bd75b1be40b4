package userpool

import (
	"context"
	"errors"
	"strings"
	"time"
)

// newPassword sets the password of a user who has shown a temporary one, and signs in.
func (p *Pool) newPassword(ctx context.Context, c *Client, responses map[string]string, text string) (any, error) {
	password := responses["NEW_PASSWORD"]
	if password == "" {
		return nil, missing("NEW_PASSWORD")
	}
	if text == "" {
		return nil, missing("Session")
	}
	var s session
	if _, ok := p.open(p.boxes.session, "session", text, &s); !ok || s.Client != c.ID {
		return nil, errSession()
	}
	if !p.timely(s.Issued) {
		return nil, notAuthorized("Invalid session for the user, session is expired.")
	}
	u, err := p.store.userBySub(ctx, s.Sub)
	switch {
	case err != nil:
		return nil, err
	case u == nil || fold(responses["USERNAME"]) != u.username:
		return nil, errSession()
	case !u.enabled:
		return nil, errDisabled()
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	attributes := map[string]string{}
	for name, value := range responses {
		if name, ok := strings.CutPrefix(name, "userAttributes."); ok {
			attributes[name] = value
		}
	}
	if err := p.checkAttributes(attributes, false); err != nil {
		return nil, err
	}
	sealed, err := p.sealPassword(ctx, u.username, u.sub, password)
	if err != nil {
		return nil, err
	}
	u, err = p.store.change(ctx, u, p.now(), func(u *user) error {
		// The session is good for one new password: the epoch is another one after that.
		if u.epoch != s.Epoch || u.status != forceChangePassword || !u.enabled {
			return errSession()
		}
		u.sealed, u.status, u.passwordExpires = sealed, confirmed, time.Time{}
		u.endSignIns()
		return u.set(attributes)
	})
	if errors.Is(err, errGone) {
		err = errSession()
	}
	if err != nil {
		return nil, err
	}
	result, err := p.signIn(ctx, c, u)
	if err != nil {
		return nil, err
	}
	return signedIn{AuthenticationResult: result}, nil
}
