package contender

import (
	"context"

	"github.com/wildgate/wildgate/sigv4auth"
)

// OneRole is a store of one role. It costs nothing, so that what is measured is Wildgate's alone.
type OneRole sigv4auth.Role

// Role implements [sigv4auth.RoleStore].
func (o OneRole) Role(_ context.Context, arn string) (sigv4auth.Role, error) {
	if arn != o.ARN {
		return sigv4auth.Role{}, sigv4auth.ErrNoSuchRole
	}
	return sigv4auth.Role(o), nil
}
