package userpool

import (
	"context"
	"unicode/utf8"
)

// newUser returns a user who is not kept yet.
func (p *Pool) newUser(ctx context.Context, name, password string, attributes map[string]string) (*user, error) {
	now := p.now()
	u := &user{username: fold(name), sub: newUUID(), enabled: true, attributes: map[string]string{}, created: now, modified: now}
	if utf8.RuneCountInString(u.username) > usernameRule.MaxLength {
		return nil, invalid("The username is too long.") // it grew as it was folded
	}
	err := u.set(attributes)
	if err != nil {
		return nil, err
	}
	u.sealed, err = p.sealPassword(ctx, u.username, u.sub, password)
	return u, err
}

// add keeps a new user.
func (p *Pool) add(ctx context.Context, u *user) error {
	ok, err := p.store.addUser(ctx, u)
	if err == nil && !ok {
		err = errExists()
	}
	return err
}
