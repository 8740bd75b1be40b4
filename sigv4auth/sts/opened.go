package sts

import (
	"strings"
	"sync/atomic"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// opened is a token that was opened. It is not changed once made, but for what asker and limits
// keep. Memory is most of what opening a token costs beside its decryption: what few sessions have,
// and what only [Store.Session] tells, has no room here.
type opened struct {
	key    keyring.KeyID // which sealed it
	weight int64         // see weigh
	kind   Kind
	// plain is what was sealed, from which the Session can be read again.
	plain  string
	roleID string  // of a RoleSession
	asker  *asker  // nil: the session does not name who asked for it
	limits *limits // nil: the session has no policy ARNs
	// credential is complete but for what the role or the user adds at each request.
	credential sigv4auth.Credential
	known      sigv4auth.Session // the credential's
}

// asker is who asked for a session.
type asker struct {
	Asker
	known  proof                            // of its secret
	proved atomic.Pointer[sigv4auth.Secret] // the one that was last proved to be it
	// base names the policies of the sessions of users: see userRevision.
	base string
	user atomic.Pointer[userRevision] // the last one
}

// limits are the managed policies that limit a session.
type limits struct {
	arns []string
	last atomic.Pointer[managedPolicies]
}

// userRevision is the revision of a session of a user, for one revision of the asker's credential.
type userRevision struct{ of, revision string }

// managedPolicies are what the ARNs of a session have led to, and the session with them.
type managedPolicies struct {
	found   []*iampolicy.Policy
	session *sigv4auth.Session
}

// newOpened makes of a token's content what requests need.
func newOpened(k kept, key keyring.KeyID) (o *opened, ok bool) {
	var s Session
	content, ok := decode(&s, k.plain)
	if !ok {
		return nil, false
	}
	principal, ok := s.principal(content.userID)
	if !ok {
		return nil, false
	}
	o = &opened{
		key: key, weight: weigh(&k, &s), kind: s.Kind, plain: k.plain, roleID: s.RoleID,
		credential: sigv4auth.Credential{
			AccessKeyID: k.accessKeyID, Secret: sigv4auth.NewSecret(content.secret), SessionToken: sigv4auth.NewSecret(k.token),
			Expires: s.Expires, Principal: principal,
		},
		known: sigv4auth.Session{
			IssuedAt: s.IssuedAt, Tags: s.Tags, MFA: s.MFA, MFAPresent: s.MFAPresent, SourceIdentity: s.SourceIdentity,
			Federated: s.Federated,
		},
	}
	o.credential.Session = &o.known
	if s.Policy != "" {
		p, err := iampolicy.Parse([]byte(s.Policy), iampolicy.SessionPolicy)
		if err != nil {
			// A later version of this package has issued it; nil denies.
			p = nil
		}
		o.known.Policies = []*iampolicy.Policy{p}
	}
	if len(s.PolicyARNs) > 0 {
		o.limits = &limits{arns: s.PolicyARNs}
	}
	if s.Asker != (Asker{}) {
		o.asker = &asker{Asker: s.Asker, known: content.asker}
	}
	if s.Kind != RoleSession {
		o.asker.base = strings.Join([]string{
			userRevisionPrefix, k.accessKeyID, principal.ARN, principal.UserID, s.Asker.AccessKeyID, s.Asker.ARN, s.Asker.UserID, "",
		}, " ")
	}
	return o, true
}

// session returns what the token says. The caller may change it.
func (o *opened) session() (s Session) {
	_, _ = decode(&s, o.plain) // was decoded before
	return s
}

// userRevision returns the revision of a session whose asker's credential has the revision of.
func (a *asker) userRevision(of string) string {
	last := a.user.Load()
	if last == nil || last.of != of {
		last = &userRevision{of: of, revision: a.base + of}
		a.user.Store(last)
	}
	return last.revision
}

// weigh returns how many bytes of memory a session takes, at the most, as long as it is kept: the
// texts of its token, which are one, the tags, and 40 times the text of its policy, which is what
// the least favorable one takes once it is parsed.
func weigh(k *kept, s *Session) int64 {
	const (
		itself  = 1 << 10
		perTag  = 128
		perByte = 40
	)
	return int64(itself + len(k.accessKeyID) + len(k.token) + len(k.plain) + perTag*len(s.Tags) + perByte*len(s.Policy))
}

// userRevisionPrefix begins the revisions of the sessions of users, which a Store makes and reads:
// access key ID, ARN and user ID of the session, those of the asker, and the revision of the
// asker's credential, separated by spaces, of which none but the last has any.
const userRevisionPrefix = "sts-user"

// asked is what a userRevision says of the asker.
type asked struct {
	accessKeyID, arn, userID string
	revision                 string
}

// askerOf takes the revision of id apart. user is false for one that is none of a user's session;
// ok tells whether it is that of this access key and this principal.
func askerOf(id *sigv4auth.Identity) (a asked, user, ok bool) {
	rest, user := strings.CutPrefix(id.Revision, userRevisionPrefix+" ")
	if !user {
		return asked{}, false, false
	}
	var fields [6]string
	for i := range fields {
		if fields[i], rest, ok = strings.Cut(rest, " "); !ok {
			return asked{}, true, false
		}
	}
	return asked{fields[3], fields[4], fields[5], rest}, true,
		fields[0] == id.AccessKeyID && fields[1] == id.Principal.ARN && fields[2] == id.Principal.UserID
}
