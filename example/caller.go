package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// principalsView is what env files and the printed text need of principals.json. The store has
// checked the document.
type principalsView struct {
	Users []userView
	Roles []roleView
}

type roleView struct {
	Arn, RoleID      string
	AttachedPolicies []string
}

type userView struct {
	Arn, UserID      string
	AttachedPolicies []string
	AccessKeys       []struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Status          string
		Expires         time.Time
	}
}

func readPrincipals(dir string) (v principalsView, err error) {
	data, err := os.ReadFile(filepath.Join(dir, principalsFile))
	if err != nil {
		return principalsView{}, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return principalsView{}, fmt.Errorf("%s: %w", principalsFile, err)
	}
	return v, nil
}

// role returns the role with this ARN, or nil.
func (v *principalsView) role(arn string) *roleView {
	if i := slices.IndexFunc(v.Roles, func(r roleView) bool { return r.Arn == arn }); i >= 0 {
		return &v.Roles[i]
	}
	return nil
}

// user returns the user with this ARN, or nil.
func (v *principalsView) user(arn string) *userView {
	if i := slices.IndexFunc(v.Users, func(u userView) bool { return u.Arn == arn }); i >= 0 {
		return &v.Users[i]
	}
	return nil
}

// callers finds the keys of the users. A caller whom the operator has taken out of principals.json
// has no key; that is not a mistake.
func callers(rider caller, a api, v *principalsView) []caller {
	return []caller{rider, longTerm(v, a, dispatcherUser), longTerm(v, a, newcomerUser)}
}

// assumed gets the rider's credentials anew, as the user does by a profile. Whom the operator no
// longer lets assume the role has none.
func assumed(ctx context.Context, client stsClient, roles sigv4auth.RoleStore, a api, user caller) (caller, error) {
	rider, arn := caller{name: "rider"}, a.principal("role", riderRole)
	role, err := roles.Role(ctx, arn)
	switch {
	case errors.Is(err, sigv4auth.ErrNoSuchRole):
		rider.note = fmt.Sprintf("no env file: %s has no role %s", principalsFile, arn)
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

// longTerm returns a user with the first key that can be used. A secret that the operator keeps
// outside of principals.json stays out of other files, too.
func longTerm(v *principalsView, a api, name string) caller {
	c := caller{name: name}
	arn := a.principal("user", name)
	u := v.user(arn)
	if u == nil {
		c.note = fmt.Sprintf("no env file: %s has no user %s", principalsFile, arn)
		return c
	}
	for _, k := range u.AccessKeys {
		if k.Status == "Active" && k.SecretAccessKey != "" && (k.Expires.IsZero() || time.Now().Before(k.Expires)) {
			c.accessKeyID, c.secret = k.AccessKeyID, sigv4auth.NewSecret(k.SecretAccessKey)
			break
		}
	}
	switch {
	case c.accessKeyID == "":
		c.note = fmt.Sprintf("no env file: the user has no active key with its secret in %s", principalsFile)
	case len(u.AttachedPolicies) == 0:
		c.note = "a user with no policy yet"
	default:
		c.note = "a user: " + strings.Join(u.AttachedPolicies, ", ")
	}
	return c
}
