package sts

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// defaultRoleDuration is how long the session of a role lasts that is asked for without a duration.
const defaultRoleDuration = time.Hour

// maxChained is how long a session of a role lasts at most that a session of a role has asked for:
// IAM User Guide, "Roles terms and concepts", role chaining.
const maxChained = time.Hour

// roleRequest is what AssumeRole and AssumeRoleWithWebIdentity ask for.
type roleRequest struct {
	arn, name    string
	externalID   string
	duration     time.Duration
	durationSent bool
	limits       sessionLimits
	tags         sessionTags
	identity     string // the source identity; "" => none
	chained      bool
}

// readRole reads the parameters that both have.
func readRole(p *awsquery.Params) roleRequest {
	q := roleRequest{arn: p.String("RoleArn", arnRule), name: p.String("RoleSessionName", sessionNameRule), duration: defaultRoleDuration}
	if seconds, ok := p.Int("DurationSeconds", roleDurationRule); ok {
		q.duration, q.durationSent = time.Duration(seconds)*time.Second, true
	}
	q.limits = readLimits(p)
	return q
}

func (e *Endpoint) assumeRole(r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error) {
	q := readRole(p)
	q.externalID = p.String("ExternalId", externalIDRule)
	q.identity = p.String("SourceIdentity", sourceIdentityRule)
	own := readTags(p)
	transitive := p.Strings("TransitiveTagKeys", tagsRule, tagKeyRule)
	factor := readMFA(p)
	if err := p.Err(); err != nil {
		return nil, err
	}
	if err := checkARN(q.arn); err != nil {
		return nil, err
	}
	if p.Has("ProvidedContexts") {
		return nil, invalidValue("ProvidedContexts are not supported.")
	}
	if err := errors.Join(own.check(transitive), q.limits.check()); err != nil {
		return nil, err
	}
	caller, err := e.callerOf(r, &id)
	if err != nil {
		return nil, err
	}
	switch id.Principal.EffectiveType() {
	case iampolicy.Account:
		return nil, deniedBecause("Roles may not be assumed by root accounts.", "")
	case iampolicy.FederatedUser:
		return nil, notAuthorized(&id, "sts:AssumeRole", q.arn, "a federated user calls GetCallerIdentity only")
	case iampolicy.AssumedRole:
		q.chained = true
	}
	if q.tags, err = own.after(&caller); err != nil {
		return nil, err
	}
	if q.identity != "" && caller.SourceIdentity != "" && q.identity != caller.SourceIdentity {
		return nil, notAuthorized(&id, "sts:SetSourceIdentity", q.arn,
			"the calling session has another source identity, which cannot be changed")
	}
	if q.identity == "" {
		q.identity = caller.SourceIdentity
	}
	if id, err = e.proveMFA(r, id, factor); err != nil {
		return nil, err
	}
	asker := Asker{}
	if e.cfg.EndWithKey {
		if asker = caller.Asker; asker == (Asker{}) {
			return nil, notAuthorized(&id, "sts:AssumeRole", q.arn, "EndWithKey is set, and the calling session names no long-term key")
		}
	}
	return e.decideRole(r, id, &q, "sts:AssumeRole", nil, func(role *sigv4auth.Role) (do, error) {
		return func(ctx context.Context) (any, error) {
			issued, err := e.issueRole(ctx, &q, role, asker, nil)
			if err != nil {
				return nil, err
			}
			return assumeRoleResult{assumed: newAssumed(&issued), SourceIdentity: q.identity}, nil
		}, nil
	})
}

// callerOf returns what the session of a caller says; of a long-term key, whose it is. What a
// session says that the ring has not sealed is not known: of its tags none is transitive then.
func (e *Endpoint) callerOf(r *http.Request, id *sigv4auth.Identity) (Session, error) {
	known, temporary := id.Session()
	if !temporary && id.Principal.EffectiveType() != iampolicy.User {
		return Session{}, nil // whose key it is, no session can say
	}
	if !temporary {
		return Session{Asker: Asker{AccessKeyID: id.AccessKeyID, ARN: id.Principal.ARN, UserID: id.Principal.UserID}}, nil
	}
	token := sessionTokenOf(r, id)
	s, err := e.cfg.Store.Session(id.AccessKeyID, token)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		return Session{Tags: known.Tags, SourceIdentity: known.SourceIdentity}, e.elsewhere(r.Context(), id, token)
	}
	return Session{}, signedapi.Failed("the caller's session", err)
}

// elsewhere returns nil if a session that the ring does not open is another store's. It may be one
// whose ring key has ended since the request was verified: taken for another store's, it would
// leave its transitive tags and its asker behind.
func (e *Endpoint) elsewhere(ctx context.Context, id *sigv4auth.Identity, token string) error {
	c, err := e.cfg.Store.next(ctx, id.AccessKeyID, token)
	known := err == nil && c.AccessKeyID == id.AccessKeyID && c.SessionToken.Equal(token) &&
		c.Principal.ARN == id.Principal.ARN && c.Principal.UserID == id.Principal.UserID
	switch {
	case known:
		return nil
	case err == nil || errors.Is(err, sigv4auth.ErrUnrecognizedClient):
		return hasEnded
	case errors.Is(err, sigv4auth.ErrExpiredToken):
		return err
	}
	return signedapi.Failed("the caller's session", err)
}

// sessionTokenOf returns the session token of a request that has been verified.
func sessionTokenOf(r *http.Request, id *sigv4auth.Identity) string {
	if id.SignatureLocation == sigv4auth.InQuery {
		return r.URL.Query().Get("X-Amz-Security-Token")
	}
	return r.Header.Get("X-Amz-Security-Token")
}

// permissions are the actions that a request needs beside the one that it names: IAM User Guide,
// "Passing session tags in AWS STS" and "Monitor and control actions taken with assumed roles".
// They are needed for what a session takes over from the calling one, too.
func (q *roleRequest) permissions() (actions []string) {
	actions = q.tags.permissions("sts:TagSession")
	if q.identity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// keys adds the condition keys of STS.
func (q *roleRequest) keys(to *iampolicy.Context, roleTags map[string]string, claims map[string][]string) {
	set := func(key, value string) {
		if value != "" {
			to.Set(key, value)
		}
	}
	for key, values := range claims {
		if len(values) == 1 {
			to.Set(key, values[0])
		} else {
			to.SetMany(key, values...)
		}
	}
	set("sts:RoleSessionName", q.name)
	set("sts:ExternalId", q.externalID)
	set("sts:SourceIdentity", q.identity)
	if q.durationSent {
		to.Set("sts:DurationSeconds", strconv.FormatInt(int64(q.duration/time.Second), 10))
	}
	q.tags.keys(to)
	for _, key := range sortedKeys(roleTags) {
		to.Set("aws:ResourceTag/"+key, roleTags[key])
		to.Set("iam:ResourceTag/"+key, roleTags[key])
	}
}

// checkDuration checks how long a session may last. It comes after the decision: the limit is the
// role's.
func (q *roleRequest) checkDuration(most time.Duration) error {
	if most == 0 {
		most = defaultSession
	}
	switch {
	case q.chained && q.duration > maxChained:
		return invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	case q.duration > most:
		return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

func noPolicy(cause error) error {
	return &awsquery.Error{Code: "ValidationError", Message: "A session policy does not exist or is not attachable.", Cause: cause}
}

// sessionLimits is what limits a session, and how large its token has to be.
type sessionLimits struct {
	policy       string
	arns         []string
	minTokenSize int
}

func readLimits(p *awsquery.Params) sessionLimits {
	l := sessionLimits{policy: p.String("Policy", policyRule), minTokenSize: readTokenSize(p)}
	for _, one := range p.Structs("PolicyArns", policyARNsRule) {
		if arn := one.String("arn", arnRule); !slices.Contains(l.arns, arn) {
			l.arns = append(l.arns, arn)
		}
	}
	return l
}

func readTokenSize(p *awsquery.Params) int {
	n, _ := p.Int("MinimumSessionTokenSize", tokenSizeRule)
	return int(n)
}

// check parses the policy.
func (l *sessionLimits) check() error {
	for _, arn := range l.arns {
		if err := checkARN(arn); err != nil {
			return err
		}
		if !iamid.ValidText(arn) {
			return invalid(arn + " is invalid")
		}
	}
	if l.policy == "" {
		return nil
	}
	if _, err := iampolicy.Parse([]byte(l.policy), iampolicy.SessionPolicy, iampolicy.WithSizeLimits()); err != nil {
		return &awsquery.Error{
			Code: "MalformedPolicyDocument", Cause: err,
			Message: "Syntax errors in policy: " + strings.TrimPrefix(err.Error(), "iampolicy: invalid policy: "),
		}
	}
	return nil
}
