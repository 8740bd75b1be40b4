package filestore

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// snapshot is one state of the whole folder. It is never changed once made.
type snapshot struct {
	keys     map[string]key
	attached map[string]iampolicy.Set // by the ARN of a user or a role
	roles    map[string]role          // by ARN
	revision string
	problems []Problem
}

// key is what an access key ID stands for.
type key struct {
	credential sigv4auth.Credential
	refused    unknownKey // => credential is empty
}

// role is a role as its sessions need it.
type role struct {
	sigv4auth.Role
	sessions string // what the ARNs of its sessions begin with, before their names
}

// isOf reports whether the state has what id's revision names: the credential of its access key, or
// for a session the role. Of a session it is looked at that it is one of this very role, since its
// access key is in no store.
func (n *snapshot) isOf(id *sigv4auth.Identity) bool {
	p := &id.Principal
	if p.EffectiveType() == iampolicy.AssumedRole {
		r, ok := n.roles[p.PrincipalARN()]
		name := p.SessionName()
		ofID, sameID := strings.CutPrefix(p.UserID, r.ID)
		ofARN, sameARN := strings.CutPrefix(p.ARN, r.sessions)
		return ok && r.Revision == id.Revision && sameID && ofID != "" && ofID[0] == ':' && ofID[1:] == name && sameARN && ofARN == name
	}
	c := n.keys[id.AccessKeyID].credential
	return c.Revision == id.Revision && c.Principal.UserID == p.UserID && c.Principal.ARN == p.ARN && p.PrincipalARN() == p.ARN
}

// unknownKey is a reason for which an access key counts as unknown. The caller is not told which.
type unknownKey string

const (
	noSuchKey        unknownKey = "no such access key"
	inactiveKey      unknownKey = "the access key is inactive"
	keyWithoutSecret unknownKey = "the secret of the access key cannot be had"
)

func (u unknownKey) Error() string { return "filestore: " + string(u) }

// Unwrap makes the reason known to the Authenticator.
func (unknownKey) Unwrap() error { return sigv4auth.ErrUnrecognizedClient }

// generation counts the states of the policies since the start.
type generation struct {
	number int
	digest string
}

// lineage tells the states of credentials and roles apart. One has the revision of the first
// snapshot since when nothing of it has changed, and nothing of its principal's policies.
type lineage struct {
	store     string    // differs between stores, so that none takes another's revision for its own
	snapshots int       // made so far
	last      *snapshot // nil: none
}

func newLineage() lineage {
	var random [9]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand
	return lineage{store: base64.RawURLEncoding.EncodeToString(random[:])}
}

// compile joins what is in force to a snapshot.
func (f *folder) compile() *snapshot {
	c := compiler{
		folder: f,
		snapshot: &snapshot{
			keys: make(map[string]key), attached: make(map[string]iampolicy.Set), roles: make(map[string]role),
		},
		digest: sha256.New(), last: f.lineage.last, changed: make(map[string]bool),
	}
	if c.last == nil {
		c.last = new(snapshot)
	}
	f.lineage.snapshots++
	c.revision = fmt.Sprintf("%s-%d", f.lineage.store, f.lineage.snapshots)
	c.snapshot.problems = f.problems()
	if f.principals.hasCurrent {
		for i := range f.principals.current.users {
			c.user(&f.principals.current.users[i])
		}
		for i := range f.principals.current.roles {
			c.role(&f.principals.current.roles[i])
		}
	}
	c.snapshot.problems = inOrder(c.snapshot.problems)
	if digest := hex.EncodeToString(c.digest.Sum(nil)[:6]); digest != f.generation.digest {
		f.generation = generation{number: f.generation.number + 1, digest: digest}
	}
	c.snapshot.revision = fmt.Sprintf("%d-%s", f.generation.number, f.generation.digest)
	f.lineage.last = c.snapshot
	return c.snapshot
}

// compiler makes one snapshot.
type compiler struct {
	folder   *folder
	snapshot *snapshot
	digest   hash.Hash // of what policies decide by, which has no secret in it

	last     *snapshot       // the one before
	changed  map[string]bool // by ARN of a user or a role: its policies are not those of last
	revision string          // of the credentials and roles that are not those of last
}

// put adds the key of a principal, whose policies have been attached.
func (c *compiler) put(cred sigv4auth.Credential) {
	cred.Revision = c.revision
	before, ok := c.last.keys[cred.AccessKeyID]
	if ok && !c.changed[cred.Principal.ARN] && sameCredential(&before.credential, &cred) {
		cred.Revision = before.credential.Revision
	}
	c.snapshot.keys[cred.AccessKeyID] = key{credential: cred}
}

func (c *compiler) user(p *principal) {
	c.attach(p)
	for _, k := range p.keys {
		if !k.active {
			c.snapshot.keys[k.id] = key{refused: inactiveKey}
			continue
		}
		secret := c.secret(k)
		if secret.IsZero() {
			c.snapshot.keys[k.id] = key{refused: keyWithoutSecret}
			continue
		}
		c.put(sigv4auth.Credential{
			AccessKeyID: k.id,
			Secret:      secret,
			Expires:     k.expires,
			Principal:   iampolicy.Principal{ARN: p.arn, AccountID: p.parsed.Account, UserID: p.id, Type: iampolicy.User, Tags: p.tags},
		})
	}
}

func (c *compiler) role(p *principal) {
	c.attach(p)
	for _, mistake := range p.trust.mistakes {
		c.complain(mistake)
	}
	if p.trust.text != "" {
		fmt.Fprintf(c.digest, "trust %q\n", p.trust.text)
	}
	now := role{
		Role: sigv4auth.Role{
			ARN: p.arn, ID: p.id, TrustPolicy: p.trust.policy, MaxSession: p.maxSession, Tags: p.tags, Revision: c.revision,
		},
		sessions: p.parsed.SessionARN(""),
	}
	if before, ok := c.last.roles[p.arn]; ok && !c.changed[p.arn] && sameRole(&before, &now) {
		now.Revision = before.Revision
	}
	c.snapshot.roles[p.arn] = now
}

// attach finds the policies of a principal. One that is not there is nil, which denies.
func (c *compiler) attach(p *principal) {
	fmt.Fprintf(c.digest, "principal %q %q %q\n", p.arn, p.id, p.tags) // maps print sorted
	var set iampolicy.Set
	for _, a := range p.attached {
		set.Identity = append(set.Identity, c.policy(a).identity)
	}
	if p.boundary != nil {
		_, _ = io.WriteString(c.digest, "boundary\n")
		set.Boundaries = []*iampolicy.Policy{c.policy(*p.boundary).boundary}
	}
	c.snapshot.attached[p.arn] = set
	if before, ok := c.last.attached[p.arn]; !ok || !sameSet(&before, &set) {
		c.changed[p.arn] = true
	}
}

func (c *compiler) policy(a attachment) policy {
	var found policy
	if d := c.folder.policies[a.policy]; d != nil {
		found = d.current
	} else {
		c.complain(a.place.problem(fmt.Sprintf("there is no file %s/%s%s, so that the principal is denied everything", policiesFolder,
			a.policy, policyExt)))
	}
	fmt.Fprintf(c.digest, "policy %q %x\n", a.policy, found.digest)
	return found
}

// secret finds the secret of a key. It is empty where it cannot be had, which is a problem, or
// while a file is yet to be read.
func (c *compiler) secret(k accessKey) sigv4auth.Secret {
	switch {
	case k.source.env != "":
		text, ok := os.LookupEnv(k.source.env)
		if !ok {
			c.complain(k.place.problem("the environment variable is not set, so that the key is unknown"))
			return sigv4auth.Secret{}
		}
		if !iamid.ValidSecret(text) {
			c.complain(k.place.problem("the environment variable holds no secret, so that the key is unknown: " + iamid.SecretRule))
			return sigv4auth.Secret{}
		}
		return sigv4auth.NewSecret(text)
	case k.source.file != "":
		d := c.folder.secrets[k.source.file]
		if d == nil {
			return sigv4auth.Secret{} // unreachable: every active key's file is followed
		}
		for _, p := range d.all() {
			at := k.place.problem(p.Message)
			at.LastGood = p.LastGood
			c.complain(at)
		}
		if d.absent {
			c.complain(k.place.problem("the file does not exist, so that the key is unknown"))
		}
		return d.current
	}
	return k.source.inline
}

func (c *compiler) complain(p Problem) { c.snapshot.problems = append(c.snapshot.problems, p) }
