package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// Contents is what [Directory.Fill] puts into a directory. What is named in it by an ARN is in the
// Contents, or in the directory.
type Contents struct {
	// Accounts are the IDs of accounts, of 12 digits. Those that exist already are left as they
	// are.
	Accounts []string
	Policies []NewPolicy
	Groups   []NewGroup
	Users    []NewUser
	Roles    []NewRole
}

// NewPolicy is a managed policy.
type NewPolicy struct {
	// ARN is the policy's, with its path.
	ARN         string
	Description string
	// Document is what policies are made of, in JSON.
	Document string
	Tags     []Tag
}

// Holder is the policies of a user, a group or a role.
type Holder struct {
	// Attached are the ARNs of managed policies, at most 20, and Inline the documents of inline
	// ones, by name.
	Attached []string
	Inline   map[string]string
}

// NewGroup is a group.
type NewGroup struct {
	// ARN is the group's, with its path.
	ARN string
	// ID is its unique ID. Empty: a new one.
	ID string
	Holder
}

// NewUser is a user.
type NewUser struct {
	// ARN is the user's, with its path.
	ARN string
	// ID is its unique ID. Empty: a new one.
	ID string
	Holder
	// Boundary is the ARN of the managed policy that is the permissions boundary. Empty: none.
	Boundary string
	// Groups are the ARNs of the groups that the user is in, at most 10.
	Groups []string
	Tags   []Tag
	// Keys are at most 10. The endpoint makes no new one for a user who has two.
	Keys []NewKey
}

// NewKey is an access key.
type NewKey struct {
	// ID is the access key ID, and Secret the secret access key, for instance those of
	// [NewAccessKey].
	ID     string
	Secret sigv4auth.Secret
	// Inactive keys are refused.
	Inactive bool
	// Expires is when the key is refused from, in whole seconds. IAM's keys do not expire; it is
	// for those that come from another store. Zero: never. A time before 1970 is a mistake.
	Expires time.Time
}

// NewRole is a role.
type NewRole struct {
	// ARN is the role's, with its path.
	ARN string
	// ID is its unique ID. Empty: a new one.
	ID string
	Holder
	// Boundary is the ARN of the managed policy that is the permissions boundary. Empty: none.
	Boundary    string
	Description string
	// Trust is the trust policy, in JSON. It is required.
	Trust string
	// MaxSession is how long a session may last, from 1 to 12 hours. 0: 1 hour.
	MaxSession time.Duration
	Tags       []Tag
}

// Fill adds contents to the directory, all of them or, if there is any mistake, nothing: then the
// error has every mistake, and no secret. A mistake in a document is told with its line and column.
// What exists already is a mistake. It asks nobody for permission, and is how a directory gets its
// first principal.
//
// So that what another store held can be taken over, documents may be longer than IAM's quotas
// allow, and a user may have more access keys than two. The quotas stop who then asks the endpoint
// for more.
func (d *Directory) Fill(ctx context.Context, contents Contents) error {
	return d.update(ctx, func(e *edit) error {
		f := filler{edit: e, d: d}
		f.fill(&contents)
		return errors.Join(f.mistakes...)
	})
}

// The bounds of what is filled in, where the endpoint's are narrower. AWS grants as many managed
// policies on request.
const (
	maxKeysFilled     = 10
	maxAttachedFilled = 20
)

// filler checks contents, and puts them into a draft.
type filler struct {
	*edit
	d        *Directory
	mistakes []error
}

func (f *filler) mistake(about, format string, args ...any) {
	f.mistakes = append(f.mistakes, fmt.Errorf("directory: %s: "+format, append([]any{about}, args...)...))
}

func (f *filler) fill(c *Contents) {
	for _, id := range c.Accounts {
		if !iamid.ValidAccount(id) {
			f.mistake(fmt.Sprintf("%q", id), "the ID of an account is 12 digits")
		} else if _, ok := f.accounts.Get(id); !ok {
			f.putAccount(&account{id: id, created: f.now})
		}
	}
	for i := range c.Policies {
		f.policy(&c.Policies[i])
	}
	for i := range c.Groups {
		f.group(&c.Groups[i])
	}
	for i := range c.Users {
		f.user(&c.Users[i])
	}
	for i := range c.Roles {
		f.role(&c.Roles[i])
	}
	// Now that everybody is there whom they name.
	for i := range c.Roles {
		f.trust(&c.Roles[i])
	}
}

// trust keeps a role's trust policy as IAM does.
func (f *filler) trust(r *NewRole) {
	made, ok := f.rolesARN.Get(r.ARN)
	if !ok || made.trust.bad != nil {
		return // which has been said
	}
	kept, err := withIDs(f.edit, made.trust.text)
	if err != nil {
		f.mistake(r.ARN, "%w", err)
		return
	}
	changed := *made
	changed.trust = f.document(r.ARN, made.name, kept, iampolicy.TrustPolicy)
	f.putRole(&changed)
}

// named takes an ARN apart. ok is false if it is none of the kind, which has been said then.
func (f *filler) named(arn, id, kind, prefix string, tags []Tag, maxName int) (n named, ok bool) {
	a, resource, isARN := iamid.SplitARN(arn)
	path, isKind := strings.CutPrefix(resource, kind)
	slash := strings.LastIndexByte(path, '/')
	n = named{account: a.Account, id: id, created: f.now}
	if isKind && slash >= 0 {
		n.path, n.name = path[:slash+1], path[slash+1:]
	}
	if !isARN || a.Partition != f.partition || !validPath(n.path) || n.name == "" || len(n.name) > maxName || !namePattern.Match(n.name) {
		f.mistake(fmt.Sprintf("%q", arn), "it is no ARN of a %s of partition %s", kind, f.partition)
		return n, false
	}
	if _, known := f.accounts.Get(n.account); !known {
		f.mistake(arn, "its account is not in the directory")
		return n, false
	}
	if n.id == "" {
		n.id = newUniqueID(prefix)
	} else if !iamid.ValidUniqueID(n.id) {
		f.mistake(arn, "its unique ID is none")
		return n, false
	} else if f.hasID(n.id) {
		f.mistake(arn, "it exists already, or another one with its unique ID")
		return n, false
	}
	if len(tags) > iamid.MaxTags {
		f.mistake(arn, "it has %d tags; at most %d", len(tags), iamid.MaxTags)
		return n, false
	}
	seen := map[string]string{}
	for _, t := range tags {
		if problem := iamid.AddTag(seen, t.Key, t.Value); problem != "" {
			f.mistake(arn, "tags: %s", problem)
			return n, false
		}
	}
	n.tags = slices.Clone(tags)
	sortTags(n.tags)
	return n, true
}

// hasID reports whether an entity of any kind has a unique ID: what they hold is kept under it.
func (f *filler) hasID(id string) bool {
	_, user := f.usersID.Get(id)
	_, group := f.groupsID.Get(id)
	_, role := f.rolesID.Get(id)
	_, policy := f.policyID.Get(id)
	return user || group || role || policy
}

func (f *filler) document(arn, name, text string, as iampolicy.PolicyType) *document {
	doc := newDocument(name, text, as)
	if doc.bad != nil {
		f.mistake(arn, "%w", doc.bad)
	}
	return doc
}

func (f *filler) holder(n *named, arn string, h *Holder) holder {
	made := holder{named: *n}
	for _, policy := range h.Attached {
		f.needsPolicy(n.account, arn, policy)
		made.attached = append(made.attached, policy)
	}
	slices.Sort(made.attached)
	if made.attached = slices.Compact(made.attached); len(made.attached) > maxAttachedFilled {
		f.mistake(arn, "it has %d managed policies; at most %d", len(made.attached), maxAttachedFilled)
	}
	for _, name := range slices.Sorted(maps.Keys(h.Inline)) {
		if !namePattern.Match(name) || len(name) > iamid.MaxPolicyName {
			f.mistake(arn, "%q is no name of an inline policy", name)
		}
		made.inline = append(made.inline, inlinePolicy{name, f.document(arn, name, h.Inline[name], iampolicy.IdentityPolicy)})
	}
	return made
}

func (f *filler) description(arn, text string) {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxDescription {
		f.mistake(arn, "a description is at most %d characters", maxDescription)
	}
}

func (f *filler) needsPolicy(account, arn, policy string) {
	if policy != "" && f.policyOf(account, policy) == nil {
		f.mistake(arn, "there is no managed policy %q", policy)
	}
}

func (f *filler) policy(p *NewPolicy) {
	n, ok := f.named(p.ARN, "", "policy", policyPrefix, p.Tags, iamid.MaxPolicyName)
	if !ok {
		return
	}
	if _, exists := f.managed.Get(n.key()); exists {
		f.mistake(p.ARN, "it exists already")
		return
	}
	f.description(p.ARN, p.Description)
	first := &version{id: "v1", created: f.now, doc: f.document(p.ARN, n.name, p.Document, iampolicy.IdentityPolicy)}
	f.putPolicy(&policy{
		named: n, description: p.Description, updated: f.now, versions: []*version{first}, defaultVersion: first.id, nextVersion: 2,
	})
}

func (f *filler) group(g *NewGroup) {
	n, ok := f.named(g.ARN, g.ID, "group", groupPrefix, nil, 128)
	if !ok {
		return
	}
	if f.groupNamed(n.account, n.name) != nil {
		f.mistake(g.ARN, "it exists already")
		return
	}
	f.putGroup(&group{holder: f.holder(&n, g.ARN, &g.Holder)})
}

func (f *filler) user(u *NewUser) {
	n, ok := f.named(u.ARN, u.ID, "user", userPrefix, u.Tags, iamid.MaxName)
	if !ok {
		return
	}
	if f.userNamed(n.account, n.name) != nil {
		f.mistake(u.ARN, "it exists already")
		return
	}
	f.needsPolicy(n.account, u.ARN, u.Boundary)
	made := &user{holder: f.holder(&n, u.ARN, &u.Holder), boundary: u.Boundary}
	for _, arn := range u.Groups {
		g := f.groupNamed(n.account, nameOfARN(arn))
		if g == nil || g.arn != arn {
			f.mistake(u.ARN, "there is no group %q", arn)
			continue
		}
		made.groups = append(made.groups, g.id)
	}
	slices.Sort(made.groups)
	if made.groups = slices.Compact(made.groups); len(made.groups) > maxGroupsPerUser {
		f.mistake(u.ARN, "it is in %d groups; at most %d", len(made.groups), maxGroupsPerUser)
	}
	if len(u.Keys) > maxKeysFilled {
		f.mistake(u.ARN, "it has %d access keys; at most %d", len(u.Keys), maxKeysFilled)
	}
	for i := range u.Keys {
		if k := f.key(made, u.ARN, i, &u.Keys[i]); k != nil {
			made.keys = append(made.keys, k.id)
		}
	}
	f.putUser(made)
}

// key puts the user's i-th key. An ID is told only where the directory has it: somebody may have
// taken the secret for the ID.
func (f *filler) key(of *user, arn string, i int, k *NewKey) *accessKey {
	_, exists := f.keys.Get(k.ID)
	_, deleted := f.deleted.Get(k.ID)
	switch {
	case !iamid.ValidAccessKeyID(k.ID):
		f.mistake(arn, "Keys[%d]: the access key ID is none", i)
		return nil
	case !iamid.ValidSecret(k.Secret.Reveal()):
		f.mistake(arn, "Keys[%d]: %s", i, iamid.SecretRule)
		return nil
	case exists || deleted:
		f.mistake(arn, "Keys[%d]: access key %s exists already, or did", i, k.ID)
		return nil
	case !k.Expires.IsZero() && k.Expires.Unix() <= 0:
		f.mistake(arn, "Keys[%d]: Expires is before 1970", i)
		return nil
	}
	made, err := f.d.newKey(k.ID, k.Secret, of, f.now)
	if err != nil {
		f.mistake(arn, "Keys[%d]: %w", i, err)
		return nil
	}
	made.active = !k.Inactive
	if !k.Expires.IsZero() {
		made.expires = k.Expires.UTC().Truncate(time.Second)
	}
	f.putKey(made)
	return made
}

func (f *filler) role(r *NewRole) {
	n, ok := f.named(r.ARN, r.ID, "role", rolePrefix, r.Tags, iamid.MaxName)
	if !ok {
		return
	}
	if f.roleNamed(n.account, n.name) != nil {
		f.mistake(r.ARN, "it exists already")
		return
	}
	if r.MaxSession != 0 && (r.MaxSession < minSessionDuration*time.Second || r.MaxSession > maxSessionDuration*time.Second) {
		f.mistake(r.ARN, "MaxSession is from 1 to 12 hours")
	}
	f.description(r.ARN, r.Description)
	f.needsPolicy(n.account, r.ARN, r.Boundary)
	made := &role{
		holder: f.holder(&n, r.ARN, &r.Holder), boundary: r.Boundary, description: r.Description, maxSession: r.MaxSession,
		trust: f.document(r.ARN, n.name, r.Trust, iampolicy.TrustPolicy), used: new(lastUse),
	}
	setDefault(&made.maxSession, defaultSessionHours*time.Hour)
	f.putRole(made)
}
