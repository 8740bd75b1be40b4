package userpool

import "context"

// RotateTwice rotates the family of a refresh token twice, both times as who has read it once.
func RotateTwice(ctx context.Context, p *Pool, token string) (first, second bool, err error) {
	id, _, _ := p.parseRefreshToken(token)
	f, err := p.store.family(ctx, id)
	if err != nil {
		return false, false, err
	}
	if first, err = p.store.rotate(ctx, f, p.now()); err == nil {
		second, err = p.store.rotate(ctx, f, p.now())
	}
	return first, second, err
}

// SetTwice changes two attributes of a user, both times as who has read it once.
func SetTwice(ctx context.Context, p *Pool, name, one, other string) error {
	u, err := p.store.user(ctx, name)
	for _, attribute := range []string{one, other} {
		if err == nil {
			_, err = p.store.change(ctx, u, p.now(), func(u *user) error {
				u.attributes[attribute] = "set"
				return nil
			})
		}
	}
	return err
}

// FailWhileGone tries a name's password, and fails once the caller has gone.
func FailWhileGone(ctx, gone context.Context, p *Pool, name string) error {
	t, err := p.try(ctx, "password", name, passwordPatience)
	if err != nil {
		return err
	}
	defer t.done()
	return t.failed(gone)
}
