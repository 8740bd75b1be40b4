package sigv4auth

import (
	"context"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// RoleStore finds roles, for services that hand out their temporary credentials.
//
// Role returns the role that arn names, with its path, for instance
// arn:aws:iam::111122223333:role/service/Rider. For a role that does not exist it returns an error
// that wraps [ErrNoSuchRole]; any other error means that the store failed, and nobody is given
// credentials. A role that was deleted and made again under its name is another one, with another
// ID: credentials of the first end with it.
//
// Role is called from many goroutines at once. It must return when ctx, the request's context,
// ends. Neither the caller nor, later, the store may change what it returned.
type RoleStore interface {
	Role(ctx context.Context, arn string) (Role, error)
}

// ErrNoSuchRole means that no role has the ARN. A RoleStore returns an error that wraps it.
const ErrNoSuchRole Reason = "NoSuchRole"

// Role is what may be assumed: who may, and for how long. What its sessions may do is the
// [PolicyStore]'s to say. Its fields are those of an IAM role in the IAM API Reference.
type Role struct {
	// ARN is the role's, with its path.
	ARN string
	// ID is the role's unique ID, for instance AROAEXAMPLERIDER. It is never given to another role.
	ID string
	// TrustPolicy says who may assume the role, of type iampolicy.TrustPolicy. nil: nobody may.
	TrustPolicy *iampolicy.Policy
	// MaxSession is how long a session of the role may last at most: 1 to 12 hours. Zero: one hour.
	MaxSession time.Duration
	// Tags are the role's tags, aws:PrincipalTag of its sessions and aws:ResourceTag of the role.
	Tags map[string]string
	// Revision names the state of the store that the role was read from, as [Credential.Revision]
	// does. Empty: the store names no states.
	Revision string
}

// ManagedPolicyStore finds managed policies, where sessions may be limited by their ARNs.
//
// SessionPolicy returns the policy with the ARN, of type iampolicy.SessionPolicy, as it is now. For
// one that does not exist it returns an error that wraps [ErrNoSuchPolicy]: the session may then do
// nothing. Any other error means that the store failed. It is called from many goroutines at once,
// for each request of such a session, and must return when ctx, the request's context, ends.
type ManagedPolicyStore interface {
	SessionPolicy(ctx context.Context, arn string) (*iampolicy.Policy, error)
}

// ErrNoSuchPolicy means that no managed policy has the ARN. A ManagedPolicyStore returns an error
// that wraps it.
const ErrNoSuchPolicy Reason = "NoSuchPolicy"
