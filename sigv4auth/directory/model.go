package directory

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

// kind is what an entity is. Its text stands in the database.
type kind string

const (
	kindAccount  kind = "account"
	kindUser     kind = "user"
	kindGroup    kind = "group"
	kindRole     kind = "role"
	kindPolicy   kind = "policy"
	kindKey      kind = "key"
	kindProvider kind = "provider"
)

// ref names an entity for good: id is its unique ID, the ID of an account or of an access key, or
// the providerKey of an identity provider.
type ref struct {
	kind kind
	id   string
}

// Entities are never changed once they are part of a state: who changes one puts a copy in its
// place. So are the slices in them.

// account is who owns all the rest.
type account struct {
	id      string
	alias   string // "": none
	created time.Time
	changed int64
}

// Tag is a key and a value that an entity carries: IAM User Guide, "Tags for IAM resources".
type Tag struct{ Key, Value string }

// named is what users, groups, roles and managed policies share.
type named struct {
	account, id, name string
	path              string // with both slashes: "/", or "/ops/"
	created           time.Time
	tags              []Tag // by key; no group has any

	// changed is the revision with which the entity last changed, or what it holds.
	changed int64
}

// arn returns the ARN of an entity of the partition.
func (n *named) arn(partition, kind string) string {
	return "arn:" + partition + ":iam::" + n.account + ":" + kind + n.path + n.name
}

// key is what an entity is found by among those of its kind: names have no case.
func (n *named) key() string { return nameKey(n.account, n.name) }

func nameKey(account, name string) string { return account + "/" + strings.ToLower(name) }

// holder is what users, groups and roles share: they have policies.
type holder struct {
	named
	inline   []inlinePolicy // by name
	attached []string       // ARNs of managed policies, sorted
}

type inlinePolicy struct {
	name string
	doc  *document
}

// inlineDocument returns the inline policy with a name, nil if there is none.
func (h *holder) inlineDocument(name string) *document {
	i, ok := h.findInline(name)
	if !ok {
		return nil
	}
	return h.inline[i].doc
}

// user is a user.
type user struct {
	holder
	arn      string
	boundary string   // the ARN of a managed policy; "": none
	groups   []string // unique IDs, sorted
	keys     []string // access key IDs, the oldest first
	policies *assembly
	facts    map[string]string // of tags, for iampolicy.Principal; nil => none
}

// group is a group. Who is in it, the users say.
type group struct {
	holder
	arn string
}

// role is a role.
type role struct {
	holder
	arn         string
	sessions    string // what the ARNs of its sessions begin with, before their names
	boundary    string
	description string
	trust       *document
	maxSession  time.Duration
	policies    *assembly
	facts       map[string]string
	used        *lastUse // shared by all versions of the role
}

// accessKey is a user's key. A key whose secret could not be opened has none, and a reason.
type accessKey struct {
	id       string
	user     string // the user's unique ID
	active   bool
	created  time.Time
	expires  time.Time // zero: never
	secret   sigv4auth.Secret
	sealed   []byte // what is still to be written to the database
	unopened error
	closed   []byte   // the sealed secret, if it could not be opened
	used     *lastUse // shared by all versions of the key
	changed  int64
}

// policy is a managed policy.
type policy struct {
	named
	arn            string
	description    string
	updated        time.Time
	versions       []*version // the oldest first; at least one
	defaultVersion string
	nextVersion    int
}

// version is a version of a managed policy.
type version struct {
	id      string // "v1"
	doc     *document
	created time.Time
}

// version returns the version with an ID, nil if there is none.
func (p *policy) version(id string) *version {
	for _, v := range p.versions {
		if v.id == id {
			return v
		}
	}
	return nil
}

// document returns the one that is in force.
func (p *policy) document() *document { return p.version(p.defaultVersion).doc }

// provider is an OpenID Connect identity provider.
type provider struct {
	account     string
	arn         string
	url         string   // without the scheme
	clients     []string // in the order in which they were added
	thumbprints []string
	created     time.Time
	tags        []Tag
	changed     int64
}

// document is a policy document. A document that cannot be read has no policy, or that of the last
// one that could, and a reason.
type document struct {
	text   string // as it was sent
	name   string
	policy *iampolicy.Policy // an identity policy, or a trust policy
	of     string            // the text that policy was compiled from
	bad    error

	// What a managed policy is beside that, where it is asked for.
	once     sync.Once
	boundary *iampolicy.Policy
	session  *iampolicy.Policy
}

// newDocument compiles a document. What is wrong with it is in bad.
func newDocument(name, text string, as iampolicy.PolicyType) *document {
	d := &document{text: text, name: name, of: text}
	d.policy, d.bad = iampolicy.Parse([]byte(text), as, iampolicy.WithName(name))
	return d
}

// orLast takes the policy of the document that was in force before, where d has none.
func (d *document) orLast(last *document) {
	if d.policy == nil && last != nil {
		d.policy, d.of = last.policy, last.of
	}
}

func (d *document) compileOthers() {
	d.once.Do(func() {
		if d.policy == nil {
			return
		}
		d.boundary, _ = iampolicy.Parse([]byte(d.of), iampolicy.PermissionsBoundary, iampolicy.WithName(d.name))
		d.session, _ = iampolicy.Parse([]byte(d.of), iampolicy.SessionPolicy, iampolicy.WithName(d.name))
	})
}

// asBoundary returns the document as a permissions boundary; nil => it denies.
func (d *document) asBoundary() *iampolicy.Policy {
	d.compileOthers()
	return d.boundary
}

// asSession returns the document as a session policy; nil => it denies.
func (d *document) asSession() *iampolicy.Policy {
	d.compileOthers()
	return d.session
}

// assembly holds the policies of a user or a role, as they were last put together.
type assembly struct{ last atomic.Pointer[assembled] }

// assembled is the policies of a principal in all states of one policies revision.
type assembled struct {
	set iampolicy.Set
	// of is the revision of managed policies and groups that the set was made of.
	of int64
	// changed is the last revision that changed anything in it.
	changed int64
}

// tagFacts returns tags as iampolicy.Principal has them.
func tagFacts(tags []Tag) map[string]string {
	if len(tags) == 0 {
		return nil
	}
	m := make(map[string]string, len(tags))
	for _, t := range tags {
		m[t.Key] = t.Value
	}
	return m
}
