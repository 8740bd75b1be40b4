package sts

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// The bounds of sessions: STS API Reference, AssumeRole, GetFederationToken and GetSessionToken.
const (
	minDuration     = 15 * time.Minute
	defaultSession  = time.Hour // of a role that says nothing
	maxRoleDuration = 12 * time.Hour
	maxUserDuration = 36 * time.Hour
	maxRootDuration = time.Hour
	maxPolicyARNs   = 10
	maxMethods      = 24 // an identity pool names three for a login, and a request has ten logins at most
)

// Kind says what a session is of. Its zero value is no session.
type Kind uint8

const (
	// RoleSession is a session of a role.
	RoleSession Kind = iota + 1
	// FederatedUser is a session that a user gave to somebody else.
	FederatedUser
	// UserSession is a user with temporary credentials.
	UserSession
)

// String returns what the session is of, in words.
func (k Kind) String() string {
	switch k {
	case RoleSession:
		return "role session"
	case FederatedUser:
		return "federated user"
	case UserSession:
		return "user session"
	}
	return "no session"
}

// MarshalText returns what String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Session is what a session token says, but for its secret. Nothing in it is secret.
type Session struct {
	_ [0]func()

	// Kind is required.
	Kind Kind
	// RoleARN is the role of a RoleSession, with its path, and RoleID its unique ID. Issue fills
	// the ID; if it is given, a role that has another is not the one that was meant.
	RoleARN, RoleID string
	// Name is the name of a RoleSession, 2 to 64 characters of [A-Za-z0-9_+=,.@-], or of a
	// FederatedUser, 2 to 32 of these. A UserSession has none.
	Name string
	// Asker is the long-term key that asked. A FederatedUser and a UserSession need it. A
	// RoleSession with it ends with the key.
	Asker Asker
	// IssuedAt and Expires are in whole seconds. Issue sets them.
	IssuedAt, Expires time.Time
	// Tags are the session tags, at most 50, with keys of at most 128 and values of at most 256
	// characters, which are not bytes. A UserSession has none.
	Tags map[string]string
	// TransitiveTags are the keys of those Tags that sessions which begin from this one keep.
	TransitiveTags []string
	// SourceIdentity is aws:SourceIdentity, as Name in a RoleSession. Empty: none.
	SourceIdentity string
	// MFAPresent and MFA tell whether and when the user proved a second factor, as
	// [sigv4auth.Session] has it.
	MFAPresent bool
	MFA        time.Time
	// Federated is who the session is for, where an identity provider vouched for them. nil: none.
	Federated *sigv4auth.FederatedIdentity
	// Policy is the document of a session policy, at most 2,048 characters. Empty: none. Its white
	// space is not kept.
	Policy string
	// PolicyARNs are managed policies that limit the session too, at most 10. They are looked up at
	// each request: see [sigv4auth.ManagedPolicyStore].
	PolicyARNs []string
}

// Asker is a long-term access key, and the user or root user whose it is.
type Asker struct {
	AccessKeyID string
	ARN         string
	UserID      string
}

// check returns every mistake in what is to be sealed.
func (s *Session) check() error {
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("sts: Session.%s: "+format, append([]any{field}, args...)...))
	}
	s.checkKind(mistake)
	s.checkTags(mistake)
	if s.SourceIdentity != "" && !iamid.ValidSessionName(s.SourceIdentity) {
		mistake("SourceIdentity", "%q: %s", s.SourceIdentity, iamid.SourceIdentityRule)
	}
	if s.MFA.Unix() < 0 && !s.MFA.IsZero() || !s.MFA.IsZero() && !s.MFAPresent {
		mistake("MFA", "there was no second factor then")
	}
	if f := s.Federated; f != nil {
		for _, text := range append([]string{f.Subject, f.Audience}, f.Methods...) {
			if text != "" && !iamid.ValidText(text) {
				mistake("Federated", "%q %s", text, iamid.TextRule)
			}
		}
		if !iamid.ValidText(f.Provider) || len(f.Methods) > maxMethods || slices.Contains(f.Methods, "") {
			mistake("Federated", "it needs a provider, and at most %d methods, none empty", maxMethods)
		}
	}
	for i, arn := range s.PolicyARNs {
		if !strings.HasPrefix(arn, "arn:") || !iamid.ValidText(arn) || slices.Contains(s.PolicyARNs[:i], arn) {
			mistake("PolicyARNs", "%q is no ARN, or stands there twice", arn)
		}
	}
	if len(s.PolicyARNs) > maxPolicyARNs {
		mistake("PolicyARNs", "there are %d; at most %d", len(s.PolicyARNs), maxPolicyARNs)
	}
	if s.Policy != "" {
		if _, err := iampolicy.Parse([]byte(s.Policy), iampolicy.SessionPolicy, iampolicy.WithSizeLimits()); err != nil {
			mistakes = append(mistakes, fmt.Errorf("sts: Session.Policy: %w", err))
		}
	}
	return errors.Join(mistakes...)
}

// checkKind checks what depends on the kind of session.
func (s *Session) checkKind(mistake func(field, format string, args ...any)) {
	switch s.Kind {
	case RoleSession:
		if _, ok := iamid.ParseARN(s.RoleARN, "role"); !ok {
			mistake("RoleARN", "%q is no ARN of a role", s.RoleARN)
		}
		if !iamid.ValidSessionName(s.Name) {
			mistake("Name", "%q: %s", s.Name, iamid.SessionNameRule)
		}
	case FederatedUser:
		if !iamid.ValidFederatedName(s.Name) {
			mistake("Name", "%q: %s", s.Name, iamid.FederatedNameRule)
		}
	case UserSession:
		if s.Name != "" || len(s.Tags) > 0 || s.Policy != "" || len(s.PolicyARNs) > 0 {
			mistake("Kind", "a %v has no name, no tags and no policies of its own", s.Kind)
		}
	default:
		mistake("Kind", "it is required")
		return
	}
	if s.Kind != RoleSession && (s.RoleARN != "" || s.RoleID != "") {
		mistake("RoleARN", "a %v has no role", s.Kind)
	}
	if s.Kind == RoleSession && s.Asker == (Asker{}) {
		return
	}
	_, isRoot := iamid.ParseRootARN(s.Asker.ARN)
	_, isUser := iamid.ParseARN(s.Asker.ARN, "user")
	switch {
	case !iamid.ValidAccessKeyID(s.Asker.AccessKeyID):
		mistake("Asker", "%q is no access key ID", s.Asker.AccessKeyID)
	case !isRoot && !isUser:
		mistake("Asker", "%q is no ARN of a user or a root user", s.Asker.ARN)
	case !iamid.ValidUniqueID(s.Asker.UserID) && (isUser || s.Asker.UserID != ""):
		// Without an ID, a user who was made again could not be told from the one who asked.
		mistake("Asker", "the user needs a unique ID, of letters and digits")
	}
}

func (s *Session) checkTags(mistake func(field, format string, args ...any)) {
	if len(s.Tags) > iamid.MaxTags {
		mistake("Tags", "there are %d; at most %d", len(s.Tags), iamid.MaxTags)
		return
	}
	seen := make(map[string]string, len(s.Tags))
	for _, k := range slices.Sorted(maps.Keys(s.Tags)) {
		if problem := iamid.AddTag(seen, k, s.Tags[k]); problem != "" {
			mistake("Tags", "%q: %s", k, problem)
		}
	}
	for i, k := range s.TransitiveTags {
		if _, ok := s.Tags[k]; !ok || slices.Contains(s.TransitiveTags[:i], k) {
			mistake("TransitiveTags", "%q is no key of the session's tags, or stands there twice", k)
		}
	}
}

// longest returns how long a session of a kind may last. most is the role's own limit.
func (s *Session) longest(most time.Duration) time.Duration {
	if s.Kind != RoleSession {
		if _, isRoot := iamid.ParseRootARN(s.Asker.ARN); isRoot {
			return maxRootDuration
		}
		return maxUserDuration
	}
	if most == 0 {
		return defaultSession
	}
	return min(most, maxRoleDuration)
}

// principal returns who calls with a session that was issued, but for the tags, which are found at
// each request. userID is that of a RoleSession.
func (s *Session) principal(userID string) (p iampolicy.Principal, ok bool) {
	if s.Kind == RoleSession {
		role, resource, ok := iamid.SplitARN(s.RoleARN) // which check has found to be a role's
		role.Name = resource[strings.LastIndexByte(resource, '/')+1:]
		return iampolicy.Principal{
			ARN: role.SessionARN(s.Name), AccountID: role.Account, UserID: userID, RoleARN: s.RoleARN, Type: iampolicy.AssumedRole,
		}, ok
	}
	asker, isUser := iamid.ParseARN(s.Asker.ARN, "user")
	typ := iampolicy.User
	if !isUser {
		var isRoot bool
		if asker, isRoot = iamid.ParseRootARN(s.Asker.ARN); !isRoot {
			return iampolicy.Principal{}, false
		}
		typ = iampolicy.Account
	}
	if s.Kind == UserSession {
		return iampolicy.Principal{ARN: s.Asker.ARN, AccountID: asker.Account, UserID: s.Asker.UserID, Type: typ}, true
	}
	p = iampolicy.Principal{
		ARN: asker.FederatedUserARN(s.Name), AccountID: asker.Account, UserID: asker.Account + ":" + s.Name, Type: iampolicy.FederatedUser,
		BaseUserID: cmp.Or(s.Asker.UserID, asker.Account), // a root user may have none
	}
	if isUser { // Principal.UserARN names no root user
		p.UserARN = s.Asker.ARN
	}
	return p, s.Kind == FederatedUser
}
