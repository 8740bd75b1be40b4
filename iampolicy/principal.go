package iampolicy

import (
	"cmp"
	"fmt"
	"strings"
)

// A PrincipalType says what kind of caller a [Principal] is. Its zero value
// derives the type from the ARN.
type PrincipalType uint8

const (
	// Account is an account's root user. In its own account it may do what
	// nothing denies (IAM user guide, "Policy evaluation logic").
	Account PrincipalType = iota + 1
	// User is an IAM user, with long-term or temporary credentials.
	User
	// AssumedRole is a session of a role.
	AssumedRole
	// FederatedUser is a session that GetFederationToken issued.
	FederatedUser
	// Service is a service that calls by itself, as events.amazonaws.com.
	Service
	// Anonymous is a caller who gave no credentials.
	Anonymous
	// IdentityProvider is a caller for whom an OIDC or SAML provider vouches,
	// as in AssumeRoleWithWebIdentity. Principal.ARN then holds the provider as
	// the Federated principal of a trust policy names it. Where that is no ARN,
	// as with cognito-identity.amazonaws.com, the type must be given: it is not
	// derived.
	IdentityProvider
)

// String returns the type as the condition key aws:PrincipalType spells it, or
// "" for the zero value.
func (t PrincipalType) String() string {
	switch t {
	case Account:
		return "Account"
	case User:
		return "User"
	case AssumedRole:
		return "AssumedRole"
	case FederatedUser:
		return "FederatedUser"
	case Service:
		return "Service"
	case Anonymous:
		return "Anonymous"
	case IdentityProvider:
		return "IdentityProvider"
	}
	return ""
}

// MarshalText returns what String does.
func (t PrincipalType) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// A Principal is the caller of a [Request]. The zero Principal is anonymous.
//
// A Principal that contradicts itself (a Type that its ARN does not bear out,
// another account in AccountID, RoleARN or UserARN than in ARN) is no principal at all:
// its EffectiveType is zero, and [Evaluate] denies whatever it asks for.
type Principal struct {
	// ARN names the caller: of a user, an account's root, an assumed-role or a
	// federated-user session. "" or "anonymous" is an anonymous caller, and any
	// other text that does not begin with "arn:" is a service principal.
	ARN string
	// AccountID is the caller's account; if empty, that of ARN.
	AccountID string
	// UserID is the caller's unique ID, which aws:userid holds; of a role session, the role's ID, a
	// colon and the session's name. Evaluate looks at it only where a policy names a principal by
	// its unique ID. If it is then empty, an Allow does not name the caller, and a Deny does.
	UserID string
	// RoleARN is, for a role session, the role's ARN with its path. If empty
	// it is derived from ARN, which does not tell the path.
	RoleARN string
	// UserARN is, for a federated user, the ARN of the IAM user who called
	// GetFederationToken. A resource policy that names that user then grants
	// to the session, within its session policies. Empty: no such grant.
	UserARN string
	// BaseUserID is, for a federated user, the unique ID of who called
	// GetFederationToken. Policies that name that user by it treat the session
	// as UserARN says. If it is empty, a Deny that names users by unique IDs
	// applies.
	BaseUserID string
	// Type is derived from ARN if zero.
	Type PrincipalType
	// Tags are the caller's tags, from which aws:PrincipalTag/KEY is filled.
	// Evaluate does not look at them.
	Tags map[string]string
}

// EffectiveType returns the type of the caller: Type, or if that is zero what
// ARN says. It is zero where ARN names nothing that can call, such as a group
// or a role itself, and where the fields contradict each other.
func (p *Principal) EffectiveType() PrincipalType {
	var id caller
	identify(&id, p)
	return id.typ
}

// Account returns the ID of the caller's account: AccountID, or if that is
// empty the account in ARN. It is "" for callers that belong to no account.
func (p *Principal) Account() string {
	var id caller
	identify(&id, p)
	return id.account
}

// UserName returns what aws:username holds: the last path segment of an IAM
// user's ARN, and "" for every other caller.
func (p *Principal) UserName() string {
	var id caller
	if identify(&id, p); id.typ == User {
		return id.name
	}
	return ""
}

// SessionName returns the session name of an assumed-role session, and "" for
// every other caller.
func (p *Principal) SessionName() string {
	var id caller
	if identify(&id, p); id.typ == AssumedRole {
		return id.session
	}
	return ""
}

// PrincipalARN returns what aws:PrincipalArn holds: for a role session the ARN
// of the role (RoleARN, or derived from ARN), for other callers of an account
// ARN itself, and "" for anonymous callers, services and identity providers,
// whose requests do not have the key. It allocates only to derive a role's ARN.
func (p *Principal) PrincipalARN() string {
	var id caller
	identify(&id, p)
	switch id.typ {
	case Account, User, FederatedUser:
		return p.ARN
	case AssumedRole:
		if p.RoleARN != "" {
			return p.RoleARN
		}
		return "arn:" + id.partition + ":iam::" + id.account + ":role/" + id.name
	case Service, Anonymous, IdentityProvider:
	}
	return ""
}

// A caller is a Principal taken apart. The strings are parts of the
// Principal's, so that making one does not allocate.
type caller struct {
	typ       PrincipalType
	partition string
	account   string
	name      string // of the user, the role or the federated user, without path
	session   string // of a role session
}

// identify takes p apart into c, which is zero, and leaves it zero where p names
// nothing that can call or contradicts itself.
func identify(c *caller, p *Principal) {
	c.fromARN(p.ARN)
	if p.Type != 0 && p.Type != c.typ {
		// The names of the providers that AWS knows by itself are no ARNs.
		if p.Type != IdentityProvider || c.typ != Service {
			*c = caller{}
			return
		}
		c.typ = IdentityProvider
	}
	if p.AccountID != "" && c.account != "" && c.account != p.AccountID {
		*c = caller{}
		return
	}
	if c.typ == AssumedRole && p.RoleARN != "" && !c.isSessionOf(p.RoleARN) ||
		c.typ == FederatedUser && p.UserARN != "" && !c.isFederatedBy(p.UserARN) {
		*c = caller{}
	}
}

// isFederatedBy reports whether the ARN is that of a user of the caller's account.
func (c *caller) isFederatedBy(userARN string) bool {
	user := callerOfARN(userARN)
	return user.typ == User && user.partition == c.partition && user.account == c.account
}

// isSessionOf reports whether the role, which may have a path, is the session's. With
// a region the ARN is no role's: aws:PrincipalArn would hold what no policy names.
func (c *caller) isSessionOf(roleARN string) bool {
	a, ok := splitARN(roleARN)
	path, isRole := strings.CutPrefix(a.resource, "role/")
	return ok && isRole && a.service == "iam" && a.partition == c.partition && a.region == "" &&
		a.account == c.account && lastSegment(path) == c.name
}

// fromARN derives the caller from the ARN alone.
func (c *caller) fromARN(s string) {
	if s == "" || s == "anonymous" {
		c.typ = Anonymous
		return
	}
	rest, isARN := strings.CutPrefix(s, "arn:")
	if !isARN {
		c.typ, c.name = Service, s
		return
	}
	var ok bool
	if c.partition, rest, ok = strings.Cut(rest, ":"); ok && c.partition != "" {
		// Of the callers' ARNs none has a region.
		if ofIAM, ok := strings.CutPrefix(rest, "iam::"); ok {
			c.ofIAM(ofIAM)
		} else if ofSTS, ok := strings.CutPrefix(rest, "sts::"); ok {
			c.ofSTS(ofSTS)
		}
	}
	if c.typ == 0 || c.typ != Account && c.name == "" {
		*c = caller{}
	}
}

// ofIAM derives the caller from the account and the resource of an ARN of IAM.
func (c *caller) ofIAM(s string) {
	var resource string
	if c.account, resource, _ = strings.Cut(s, ":"); c.account == "" {
		return
	}
	if path, ok := strings.CutPrefix(resource, "user/"); ok {
		c.typ, c.name = User, lastSegment(path)
		return
	}
	if resource == "root" {
		c.typ = Account
		return
	}
	if kind, name, _ := strings.Cut(resource, "/"); kind == "oidc-provider" || kind == "saml-provider" {
		// The provider belongs to an account; who it vouches for does not.
		*c = caller{typ: IdentityProvider, name: name}
	}
}

// ofSTS derives the caller from the account and the resource of an ARN of STS.
func (c *caller) ofSTS(s string) {
	var resource string
	if c.account, resource, _ = strings.Cut(s, ":"); c.account == "" {
		return
	}
	if rest, ok := strings.CutPrefix(resource, "assumed-role/"); ok {
		if c.name, c.session, _ = strings.Cut(rest, "/"); c.session != "" {
			c.typ = AssumedRole
		}
	} else if c.name, ok = strings.CutPrefix(resource, "federated-user/"); ok {
		c.typ = FederatedUser
	}
}

// callerOfARN returns the caller with an ARN, zero if it names none.
func callerOfARN(s string) (c caller) {
	c.fromARN(s)
	return c
}

// lastSegment returns what follows the last slash of a path.
func lastSegment(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}

func (p *Principal) describe() string {
	var of, id string
	switch p.EffectiveType() {
	case Anonymous:
		return "an anonymous caller"
	case FederatedUser:
		if p.UserARN != "" {
			of = fmt.Sprintf(", federated by %q", p.UserARN)
		}
	}
	if own := cmp.Or(p.BaseUserID, p.UserID); own != "" {
		id = " (" + own + ")"
	}
	return fmt.Sprintf("%q%s%s", p.ARN, of, id)
}
