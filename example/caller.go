package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

const riderSession = "alice"

// caller is somebody as whom the printed commands call.
type caller struct {
	name        string
	accessKeyID string // "": there is no env file
	secret      sigv4auth.Secret
	token       sigv4auth.Secret
	note        string // what the operator is told of the caller, or why there is no env file
	unwritten   bool   // the env file is as an earlier start left it
}

// withoutFile is told why the caller's env file could not be written.
func (c *caller) withoutFile(note string) { c.accessKeyID, c.note, c.unwritten = "", note, true }

// assumed gets the rider's credentials anew, as the user does by a profile. Whom the operator no
// longer lets assume the role has none.
func assumed(ctx context.Context, client stsClient, from principals, a api, user caller) (caller, error) {
	rider, arn := caller{name: "rider"}, a.principal("role", riderRole)
	role, err := from.Role(ctx, arn)
	switch {
	case errors.Is(err, sigv4auth.ErrNoSuchRole):
		rider.note = fmt.Sprintf("no env file: %s has no role %s", from.where(), arn)
		return rider, nil
	case err != nil:
		return caller{}, err
	case user.accessKeyID == "":
		rider.note = user.note
		return rider, nil
	}
	c, err := client.assumeRole(ctx, user, arn, riderSession, cmp.Or(role.MaxSession, time.Hour))
	if err != nil {
		rider.note = fmt.Sprintf("no env file: %v", err)
		return rider, nil
	}
	rider.accessKeyID, rider.secret, rider.token = c.AccessKeyID, c.Secret, c.SessionToken
	rider.note = fmt.Sprintf("%s, a session of the role %s until %s", riderSession, riderRole,
		c.Expires.UTC().Format(time.RFC3339))
	return rider, nil
}
