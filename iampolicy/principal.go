package iampolicy

import "strings"

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

// A Principal is the caller of a [Request]. The zero Principal is anonymous.
//
// A Principal that contradicts itself (a Type that its ARN does not bear out,
// another account in AccountID or RoleARN than in ARN) is no principal at all:
// its EffectiveType is zero, and [Evaluate] denies whatever it asks for.
type Principal struct {
	// ARN names the caller: of a user, an account's root, an assumed-role or a
	// federated-user session. "" or "anonymous" is an anonymous caller, and any
	// other text that does not begin with "arn:" is a service principal.
	ARN string
	// AccountID is the caller's account; if empty, that of ARN.
	AccountID string
	// UserID is the caller's unique ID, which aws:userid holds. Evaluate does
	// not look at it.
	UserID string
	// RoleARN is, for a role session, the role's ARN with its path. If empty
	// it is derived from ARN, which does not tell the path.
	RoleARN string
	// UserARN is, for a federated user, the ARN of the IAM user who called
	// GetFederationToken. A resource policy that names that user then grants
	// to the session, within its session policies. Empty: no such grant.
	UserARN string
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
	id := identify(p)
	return id.typ
}

// Account returns the ID of the caller's account: AccountID, or if that is
// empty the account in ARN. It is "" for callers that belong to no account.
func (p *Principal) Account() string {
	id := identify(p)
	return id.account
}

// UserName returns what aws:username holds: the last path segment of an IAM
// user's ARN, and "" for every other caller.
func (p *Principal) UserName() string {
	if id := identify(p); id.typ == User {
		return id.name
	}
	return ""
}

// SessionName returns the session name of an assumed-role session, and "" for
// every other caller.
func (p *Principal) SessionName() string {
	if id := identify(p); id.typ == AssumedRole {
		return id.session
	}
	return ""
}

// PrincipalARN returns what aws:PrincipalArn holds: for a role session the ARN
// of the role (RoleARN, or derived from ARN), for other callers of an account
// ARN itself, and "" for anonymous callers, services and identity providers,
// whose requests do not have the key. It allocates only to derive a role's ARN.
func (p *Principal) PrincipalARN() string {
	id := identify(p)
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

// identify takes p apart, and returns the zero caller where p names nothing
// that can call or contradicts itself.
func identify(p *Principal) caller {
	c := callerOfARN(p.ARN)
	switch {
	case p.Type == 0 || p.Type == c.typ:
	case p.Type == IdentityProvider && c.typ == Service:
		// The names of the providers that AWS knows by itself are no ARNs.
		c.typ = IdentityProvider
	default:
		return caller{}
	}
	if c.account != "" && p.AccountID != "" && c.account != p.AccountID {
		return caller{}
	}
	if c.typ == AssumedRole && p.RoleARN != "" {
		a, ok := splitARN(p.RoleARN)
		path, isRole := strings.CutPrefix(a.resource, "role/")
		if !ok || !isRole || a.service != "iam" || a.partition != c.partition ||
			a.account != c.account || lastSegment(path) != c.name {
			return caller{}
		}
	}
	return c
}

// callerOfARN derives the caller from the ARN alone.
func callerOfARN(s string) caller {
	if s == "" || s == "anonymous" {
		return caller{typ: Anonymous}
	}
	if !strings.HasPrefix(s, "arn:") {
		return caller{typ: Service, name: s}
	}
	a, ok := splitARN(s)
	if !ok || a.partition == "" || a.account == "" || a.region != "" {
		return caller{}
	}
	c := caller{partition: a.partition, account: a.account}
	kind, rest, _ := strings.Cut(a.resource, "/")
	switch {
	case a.service == "iam" && a.resource == "root":
		c.typ = Account
	case a.service == "iam" && kind == "user":
		c.typ, c.name = User, lastSegment(rest)
	case a.service == "sts" && kind == "assumed-role":
		c.typ = AssumedRole
		c.name, c.session, _ = strings.Cut(rest, "/")
		if c.session == "" {
			return caller{}
		}
	case a.service == "sts" && kind == "federated-user":
		c.typ, c.name = FederatedUser, rest
	case a.service == "iam" && (kind == "oidc-provider" || kind == "saml-provider"):
		// The provider belongs to an account; who it vouches for does not.
		return caller{typ: IdentityProvider, name: rest}
	default:
		return caller{}
	}
	if c.typ != Account && c.name == "" {
		return caller{}
	}
	return c
}

// lastSegment returns what follows the last slash of a path.
func lastSegment(path string) string {
	return path[strings.LastIndexByte(path, '/')+1:]
}
