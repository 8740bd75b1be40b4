package filestore

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/internal/jsontree"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The bounds of sessions.json.
const (
	sessionsFile     = "sessions.json"
	maxSessionsBytes = 64 << 20
	maxSessions      = 20_000
	maxMethods       = 20
)

// session is one record of sessions.json. It is not changed once made.
type session struct {
	accessKeyID     string
	secret, token   sigv4auth.Secret
	issued, expires time.Time
	roleARN, roleID string
	role            iamid.ARN // roleARN, taken apart
	name            string
	tags            map[string]string
	sourceIdentity  string
	mfa             time.Time
	mfaPresent      bool
	federated       *sigv4auth.FederatedIdentity
}

// credential returns what the session's key stands for, as a session of the role.
func (s *session) credential(role *principal) sigv4auth.Credential {
	return sigv4auth.Credential{
		AccessKeyID:  s.accessKeyID,
		Secret:       s.secret,
		SessionToken: s.token,
		Expires:      s.expires,
		Principal: iampolicy.Principal{
			ARN:       s.role.SessionARN(s.name),
			AccountID: s.role.Account,
			UserID:    role.id + ":" + s.name,
			RoleARN:   role.arn,
			Type:      iampolicy.AssumedRole,
			Tags:      role.tags,
		},
		Session: &sigv4auth.Session{
			IssuedAt:       s.issued,
			Tags:           s.tags,
			MFA:            s.mfa,
			MFAPresent:     s.mfaPresent,
			SourceIdentity: s.sourceIdentity,
			Federated:      s.federated,
		},
	}
}

// sessionRecord is a session as sessions.json has it. decodeSessions reads what this writes.
type sessionRecord struct {
	AccessKeyId     string //nolint:revive,staticcheck // AWS's spelling, which the file has
	SecretAccessKey string
	SessionToken    string
	IssuedAt        time.Time
	Expires         time.Time
	RoleArn         string
	RoleId          string //nolint:revive,staticcheck // as above
	SessionName     string
	Tags            map[string]string `json:",omitempty"`
	SourceIdentity  string            `json:",omitempty"`
	MFAPresent      bool              `json:",omitempty"`
	MFA             *time.Time        `json:",omitempty"`
	Federated       *federatedRecord  `json:",omitempty"`
}

type federatedRecord struct {
	Provider string
	Subject  string   `json:",omitempty"`
	Audience string   `json:",omitempty"`
	Methods  []string `json:",omitempty"`
}

func (s *session) record() sessionRecord {
	r := sessionRecord{
		AccessKeyId: s.accessKeyID, SecretAccessKey: s.secret.Reveal(), SessionToken: s.token.Reveal(),
		IssuedAt: s.issued.UTC(), Expires: s.expires.UTC(),
		RoleArn: s.roleARN, RoleId: s.roleID, SessionName: s.name,
		Tags: s.tags, SourceIdentity: s.sourceIdentity, MFAPresent: s.mfaPresent,
	}
	if !s.mfa.IsZero() {
		mfa := s.mfa.UTC()
		r.MFA = &mfa
	}
	if f := s.federated; f != nil {
		r.Federated = &federatedRecord{Provider: f.Provider, Subject: f.Subject, Audience: f.Audience, Methods: f.Methods}
	}
	return r
}

// decodeSessions decodes sessions.json. A record that is broken is left out and reported; the
// others stand.
func decodeSessions(data []byte, mode fileMode) (sessions []session, problems []Problem, ok bool) {
	d := newDecoder(sessionsFile, data)
	if problem := mode.problem(); problem != "" {
		return nil, []Problem{{File: sessionsFile, Message: problem}}, false
	}
	root, ok := d.tree()
	if !ok {
		return nil, d.problems, false
	}
	seen := make(map[string]bool)
	broken := 0 // mistakes within records
	d.object(&root, "", "the document", []field{{"Sessions", true, func(n *jsontree.Node, at string) {
		d.list(n, at, maxSessions, func(n *jsontree.Node, at string) {
			before := d.mistakes
			s := d.session(n, at)
			if seen[s.accessKeyID] && s.accessKeyID != "" {
				d.fail(n.Offset, at, "the access key ID is already that of another session")
			}
			seen[s.accessKeyID] = true
			if d.mistakes == before {
				sessions = append(sessions, s)
			}
			broken += d.mistakes - before
		})
	}}})
	return sessions, d.problems, d.mistakes == broken
}

func (d *decoder) session(n *jsontree.Node, at string) (s session) {
	text := func(to *string, valid func(string) bool, rule string) func(*jsontree.Node, string) {
		return func(n *jsontree.Node, at string) { *to, _ = d.string(n, at, valid, rule) }
	}
	secret := func(to *sigv4auth.Secret) func(*jsontree.Node, string) {
		return func(n *jsontree.Node, at string) {
			s, _ := d.string(n, at, iamid.ValidSecret, iamid.SecretRule)
			*to = sigv4auth.NewSecret(s)
		}
	}
	d.object(n, at, "a session", []field{
		{"AccessKeyId", true, text(&s.accessKeyID, iamid.ValidAccessKeyID, "is no access key ID")},
		{"SecretAccessKey", true, secret(&s.secret)},
		{"SessionToken", true, secret(&s.token)},
		{"IssuedAt", true, func(n *jsontree.Node, at string) { s.issued = d.time(n, at) }},
		{"Expires", true, func(n *jsontree.Node, at string) { s.expires = d.time(n, at) }},
		{"RoleArn", true, func(n *jsontree.Node, at string) {
			s.roleARN, _ = d.string(n, at, func(arn string) (ok bool) {
				s.role, ok = iamid.ParseARN(arn, "role")
				return ok
			}, "is no ARN of a role")
		}},
		{"RoleId", true, text(&s.roleID, iamid.ValidUniqueID, "is no unique ID")},
		{"SessionName", true, text(&s.name, iamid.ValidSessionName, iamid.SessionNameRule)},
		{"Tags", false, func(n *jsontree.Node, at string) { s.tags = d.tags(n, at) }},
		{"SourceIdentity", false, text(&s.sourceIdentity, iamid.ValidSessionName, iamid.SourceIdentityRule)},
		{"MFAPresent", false, func(n *jsontree.Node, at string) { s.mfaPresent = d.bool(n, at) }},
		{"MFA", false, func(n *jsontree.Node, at string) { s.mfa = d.time(n, at) }},
		{"Federated", false, func(n *jsontree.Node, at string) { s.federated = d.federated(n, at) }},
	})
	return s
}

func (d *decoder) federated(n *jsontree.Node, at string) *sigv4auth.FederatedIdentity {
	var f sigv4auth.FederatedIdentity
	text := func(to *string) func(*jsontree.Node, string) {
		return func(n *jsontree.Node, at string) { *to, _ = d.string(n, at, iamid.ValidText, iamid.TextRule) }
	}
	d.object(n, at, "a federated identity", []field{
		{"Provider", true, text(&f.Provider)},
		{"Subject", false, text(&f.Subject)},
		{"Audience", false, text(&f.Audience)},
		{"Methods", false, func(n *jsontree.Node, at string) {
			d.list(n, at, maxMethods, func(n *jsontree.Node, at string) {
				method, _ := d.string(n, at, iamid.ValidText, iamid.TextRule)
				f.Methods = append(f.Methods, method)
			})
		}},
	})
	return &f
}

// newSession makes a session of the role, or says what is wrong with what was asked for.
func newSession(role *principal, name string, opts SessionOptions) (*session, error) {
	s := &session{
		roleARN: role.arn, roleID: role.id, role: role.parsed, name: name,
		sourceIdentity: opts.SourceIdentity, mfa: opts.MFA, mfaPresent: opts.MFAPresent,
		tags: make(map[string]string, len(opts.Tags)),
	}
	if !iamid.ValidSessionName(name) {
		return nil, fmt.Errorf("filestore: the session name %q is invalid: %s", name, iamid.SessionNameRule)
	}
	if opts.SourceIdentity != "" && !iamid.ValidSessionName(opts.SourceIdentity) {
		return nil, fmt.Errorf("filestore: the source identity %q is invalid: %s", opts.SourceIdentity, iamid.SourceIdentityRule)
	}
	if len(opts.Tags) > iamid.MaxTags {
		return nil, fmt.Errorf("filestore: %d session tags; at most %d", len(opts.Tags), iamid.MaxTags)
	}
	for _, k := range slices.Sorted(maps.Keys(opts.Tags)) {
		if problem := iamid.AddTag(s.tags, k, opts.Tags[k]); problem != "" {
			return nil, fmt.Errorf("filestore: session tag %q: %s", k, problem)
		}
	}
	if opts.Federated == nil {
		return s, nil
	}
	f := *opts.Federated
	f.Methods = slices.Clone(f.Methods)
	s.federated = &f
	for _, text := range append([]string{f.Subject, f.Audience}, f.Methods...) {
		if text != "" && !iamid.ValidText(text) {
			return nil, fmt.Errorf("filestore: %q of the federated identity %s", text, iamid.TextRule)
		}
	}
	if !iamid.ValidText(f.Provider) || len(f.Methods) > maxMethods || slices.Contains(f.Methods, "") {
		return nil, fmt.Errorf("filestore: the federated identity needs a provider, and at most %d methods, none empty", maxMethods)
	}
	return s, nil
}
