package filestore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Contents is what a folder says, for who takes it over into a store of another kind. [Read]
// returns one.
type Contents struct {
	Users []User
	Roles []Role
	// Policies are the documents in the folder policies, as they are written there, by name.
	Policies map[string]string
}

// Principal is what users and roles share.
type Principal struct {
	// ARN is the principal's, with its path, and ID its UserId or RoleId.
	ARN, ID string
	Tags    map[string]string
	// Attached are the names of the policies that it has, and Boundary is that of its permissions
	// boundary. Empty: none. Each is in [Contents].Policies.
	Attached []string
	Boundary string
}

// User is a user.
type User struct {
	Principal
	Keys []AccessKey
}

// AccessKey is a user's key.
type AccessKey struct {
	// ID is the access key ID, and Secret the secret access key, wherever the folder says it is.
	ID     string
	Secret sigv4auth.Secret
	// Inline says that the secret stands in principals.json itself.
	Inline bool
	// Inactive keys are refused, and so are those past Expires. Expires is zero: the key lives
	// until it is removed.
	Inactive bool
	Expires  time.Time
}

// Role is a role.
type Role struct {
	Principal
	// Trust is the trust policy, in JSON. Empty: there is none, so that nobody may assume the role.
	Trust string
	// MaxSession is how long its sessions may last. 0: an hour.
	MaxSession time.Duration
}

// Read reads the folder once, for who takes over what it says. It fails if cfg is invalid, and for
// everything in the folder that is wrong, also what [Open] only reports, with every [Problem]:
// whoever takes it over would take what is denied here for something else. A [Problem] that is a
// Warning is none here. Of cfg, PollInterval, Report, Edited and Actions have no effect.
func Read(cfg Config) (Contents, error) {
	if err := cfg.check(); err != nil {
		return Contents{}, err
	}
	f := newFolder(&cfg)
	f.inactiveToo = true
	f.refresh(true)
	now := f.compile()
	c := compiler{folder: f, snapshot: &snapshot{problems: now.problems}}
	said, err := c.contents()
	var mistakes []error
	for _, p := range inOrder(c.snapshot.problems) {
		if !p.Warning {
			mistakes = append(mistakes, p)
		}
	}
	if err := errors.Join(append(mistakes, err)...); err != nil {
		return Contents{}, err
	}
	return said, nil
}

// contents returns what the folder says. What cannot be had is a problem.
func (c *compiler) contents() (said Contents, err error) {
	said.Policies = make(map[string]string, len(c.folder.policies))
	for name, d := range c.folder.policies {
		// Of a policy only what was made of it is kept.
		text, readErr := os.ReadFile(d.file.path)
		if readErr == nil && d.hasCurrent && sha256.Sum256(text) != d.current.digest {
			readErr = fmt.Errorf("filestore: %s was changed while it was read", d.name)
		}
		err = errors.Join(err, readErr)
		said.Policies[name] = string(text)
	}
	p := c.folder.principals.current
	if p == nil {
		return said, err
	}
	for i := range p.users {
		u := User{Principal: p.users[i].said()}
		for _, k := range p.users[i].keys {
			u.Keys = append(u.Keys, AccessKey{
				ID: k.id, Secret: c.secret(k), Inline: !k.source.inline.IsZero(), Inactive: !k.active, Expires: k.expires,
			})
		}
		said.Users = append(said.Users, u)
	}
	for i := range p.roles {
		r := &p.roles[i]
		said.Roles = append(said.Roles, Role{Principal: r.said(), Trust: r.trust.text, MaxSession: r.maxSession})
	}
	return said, err
}

func (p *principal) said() Principal {
	said := Principal{ARN: p.arn, ID: p.id, Tags: maps.Clone(p.tags)}
	for _, a := range p.attached {
		said.Attached = append(said.Attached, a.policy)
	}
	if p.boundary != nil {
		said.Boundary = p.boundary.policy
	}
	return said
}
