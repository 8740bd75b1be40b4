package filestore

import (
	"fmt"
	"strings"
	"time"

	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The bounds of principals.json.
const (
	maxPrincipalsBytes = 16 << 20
	maxUsers           = 10_000
	maxRoles           = 10_000
	maxAttached        = 20 // IAM and AWS STS quotas: managed policies attached to a user or a role
	maxKeysPerUser     = 10
)

const principalsFile = "principals.json"

// principals is what principals.json says. It is not changed once decoded.
type principals struct {
	users, roles []principal
}

// principal is a user or a role.
type principal struct {
	arn      string
	parsed   iamid.ARN
	id       string // UserId or RoleId
	tags     map[string]string
	attached []attachment
	boundary *attachment // nil: none
	keys     []accessKey // a user's

	trust      trust         // a role's
	maxSession time.Duration // a role's; 0: an hour
}

// attachment is the name of a policy where principals.json has it.
type attachment struct {
	policy string
	place  place
}

// place is a place in principals.json.
type place struct {
	line, column int
	at           string // in its structure, as Users[0].PermissionsBoundary
}

// problem returns a problem at the place.
func (p place) problem(message string) Problem {
	return Problem{File: principalsFile, Line: p.line, Column: p.column, Message: p.at + ": " + message}
}

// decodePrincipals decodes principals.json. The mode of the file counts where a secret stands in
// it.
func decodePrincipals(data []byte, mode fileMode) (p *principals, problems []Problem, ok bool) {
	d := &principalsDecoder{decoder: newDecoder(principalsFile, data), places: make(map[string]string)}
	root, ok := d.tree()
	if !ok {
		return nil, d.problems, false
	}
	p = new(principals)
	d.object(&root, "", "the document", []field{
		{"Users", false, func(n *jsontree.Node, at string) {
			d.list(n, at, maxUsers, func(n *jsontree.Node, at string) {
				p.users = append(p.users, d.principal(n, at, "user", "UserId"))
			})
		}},
		{"Roles", false, func(n *jsontree.Node, at string) {
			d.list(n, at, maxRoles, func(n *jsontree.Node, at string) {
				p.roles = append(p.roles, d.principal(n, at, "role", "RoleId"))
			})
		}},
	})
	if problem := mode.problem(); d.inline && problem != "" {
		d.problems = append(d.problems, Problem{File: principalsFile, Message: problem})
	}
	return p, d.problems, len(d.problems) == 0
}

// principalsDecoder decodes one principals.json.
type principalsDecoder struct {
	decoder
	places map[string]string // of what has to be unique: where it was
	inline bool              // a secret stands in the document itself
}

// unique notes what may exist only once, and where it was first. The place is told and not the
// text, which may be a secret.
func (d *principalsDecoder) unique(n *jsontree.Node, at, kind, text string) {
	key := kind + "\x00" + text
	if first, twice := d.places[key]; twice {
		d.fail(n.Offset, at, "%s is already that of %s", kind, first)
		return
	}
	d.places[key] = at
}

func (d *principalsDecoder) principal(n *jsontree.Node, at, kind, idName string) (p principal) {
	fields := []field{
		{"Arn", true, func(n *jsontree.Node, at string) { p.arn, p.parsed = d.arn(n, at, kind) }},
		{idName, true, func(n *jsontree.Node, at string) {
			p.id, _ = d.string(n, at, iamid.ValidUniqueID, fmt.Sprintf("is 1 to %d letters and digits", iamid.MaxUniqueID))
			if p.id != "" {
				d.unique(n, at, "the unique ID", p.id)
			}
		}},
		{"Tags", false, func(n *jsontree.Node, at string) { p.tags = d.tags(n, at) }},
		{"AttachedPolicies", false, func(n *jsontree.Node, at string) {
			d.list(n, at, maxAttached, func(n *jsontree.Node, at string) {
				a := d.attachment(n, at)
				for _, other := range p.attached {
					if other.policy == a.policy {
						d.fail(n.Offset, at, "the policy is attached twice")
					}
				}
				p.attached = append(p.attached, a)
			})
		}},
		{"PermissionsBoundary", false, func(n *jsontree.Node, at string) {
			a := d.attachment(n, at)
			p.boundary = &a
		}},
	}
	if kind == "user" {
		fields = append(fields, field{"AccessKeys", false, func(n *jsontree.Node, at string) {
			d.list(n, at, maxKeysPerUser, func(n *jsontree.Node, at string) { p.keys = append(p.keys, d.accessKey(n, at)) })
		}})
	} else {
		fields = append(fields,
			field{"AssumeRolePolicyDocument", false, func(n *jsontree.Node, at string) { p.trust = d.trust(n, at) }},
			field{"MaxSessionDuration", false, func(n *jsontree.Node, at string) { p.maxSession = d.seconds(n, at) }})
	}
	d.object(n, at, "a "+kind, fields)
	return p
}

// arn decodes the ARN of a principal. Two principals of one account must not have one name, in
// whatever case and under whatever path: the ARN of a role's session has no path, and would stand
// for both roles.
func (d *principalsDecoder) arn(n *jsontree.Node, at, kind string) (arn string, parsed iamid.ARN) {
	rule := "is no ARN of a " + kind + ", as arn:aws:iam::111122223333:" + kind + "/NAME"
	arn, ok := d.string(n, at, func(s string) bool {
		var ok bool
		parsed, ok = iamid.ParseARN(s, kind)
		return ok
	}, rule)
	if ok {
		d.unique(n, at, "the name of a "+kind+" in this account", parsed.Account+":"+strings.ToLower(parsed.Name))
	}
	return arn, parsed
}

func (d *principalsDecoder) attachment(n *jsontree.Node, at string) attachment {
	name, _ := d.string(n, at, iamid.ValidPolicyName,
		fmt.Sprintf("is no name of a policy: 1 to %d characters of [A-Za-z0-9_+=,.@-], the first no dot", iamid.MaxPolicyName))
	return attachment{policy: name, place: d.placeOf(n, at)}
}

func (d *principalsDecoder) placeOf(n *jsontree.Node, at string) place {
	line, column := d.lines.Place(n.Offset)
	return place{line: line, column: column, at: at}
}
