package sigv4auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// AuthorizerConfig says how requests are mapped to policies. [NewAuthorizer] copies it.
type AuthorizerConfig struct {
	_ [0]func()

	// Policies finds the caller's policies. It is required, unless there is a ResourcePolicy.
	Policies PolicyStore

	// Target names the action and the resource that a request asks for. It is required, unless
	// Routes do. It MUST build them from what the router serves, r.Method and r.URL.Path, and from
	// configuration. An empty action or resource denies. It needs a ResourceAccount beside it. See
	// APIGateway.Target.
	Target func(r *http.Request) (action, resource string)

	// Routes is the router and what its routes ask for, in one table, which [Authenticator.Routes]
	// serves: Check denies what comes another way. With a Target, that names what all requests ask
	// for, and the routes name no Action and no Resource. nil: there is a router beside.
	Routes Routes

	// ResourceAccount is the account that owns the resources whose ARN names none, as S3's do, or
	// [AccountInARN]. It is required with a Target, whose resources nobody knows beforehand, and
	// where a route's Resource names no account: whose a resource is, is never guessed, since an
	// Allow is enough only within the owner's account. Empty: every route names it.
	ResourceAccount string

	// ResourcePolicy is the policy of the service itself, of type iampolicy.ResourcePolicy. nil:
	// none.
	ResourcePolicy *iampolicy.Policy

	// Context adds the service's own condition keys, for instance aws:ResourceTag/KEY, to c, which
	// has those of the request's Route when it is called. Keys that the server itself knows cannot
	// be set. An error denies with 503. nil: none.
	Context func(r *http.Request, id Identity, c *iampolicy.Context) error

	// ClientIP returns the client's address, for aws:SourceIp. If it reports false, the key has a
	// value that is not known: every Deny with a condition on it applies, and no Allow does. nil:
	// the address is what Config.Proxies says, or [PeerIP] without a trusted proxy.
	ClientIP func(r *http.Request) (netip.Addr, bool)

	// ReportOnly decides and audits, and admits every verified request: also one whose path would
	// be refused, and while a store fails or a callback panics. It is for trying policies out on
	// live traffic.
	ReportOnly bool

	// ExplainRefusals puts into Event.Explanation why the policies denied a request, or would have
	// in report-only mode. That costs many times what a decision does, and anybody who signs can
	// cause it; it is not done where Observe.Audit is nil. An explanation tells what policies say:
	// the hook MUST keep it from callers. false: no event has one. [Authorizer.Explain] does not
	// need it.
	ExplainRefusals bool

	// InsecureObjectPaths accepts paths that routers and handlers may take in different ways: with
	// an escaped slash or backslash, empty or dot segments once decoded, or bytes that are not
	// UTF-8. It is for services whose paths are object keys, which they take as they are; with a
	// router behind it, a caller may reach another route than the one that was authorised.
	InsecureObjectPaths bool
}

// AccountInARN is the AuthorizerConfig.ResourceAccount of a service all of whose resources name
// their account, as those of API Gateway do. A resource that names none then belongs to nobody: a
// request for it is denied, whatever the caller's own policies allow, and [Error.Detail] says so.
const AccountInARN = "the account in the ARN"

// Authorizer decides by IAM policies whether a verified request may proceed. Use its Check with
// [Authenticator.Require]. It is safe for concurrent use.
//
// It fills the condition keys that the server knows. A request in which the header behind
// aws:UserAgent or aws:Referer arrived more than once is refused with ErrMalformedRequest,
// whatever the policies are: they would be asked about one of the values. A Context callback that
// fills keys from other headers SHOULD give a key to SetUnknown where there are two values.
type Authorizer struct {
	cfg    AuthorizerConfig
	routes *routeTable // nil => cfg has no Routes
}

// NewAuthorizer returns an Authorizer. Its error names every mistake in cfg, each a [*ConfigError].
func NewAuthorizer(cfg AuthorizerConfig) (*Authorizer, error) {
	var mistakes []error
	mistake := func(field, problem string) {
		mistakes = append(mistakes, &ConfigError{Field: "AuthorizerConfig." + field, Problem: problem})
	}
	if cfg.Policies == nil && cfg.ResourcePolicy == nil {
		mistake("Policies", "is required where there is no ResourcePolicy: nothing would be allowed")
	}
	if c, ok := cfg.Policies.(interface{ check() error }); ok {
		if err := c.check(); err != nil {
			mistake("Policies", "is invalid: "+err.Error())
		}
	}
	if cfg.Target == nil && cfg.Routes == nil {
		mistake("Target", "is required, or Routes")
	}
	if cfg.Target != nil && cfg.ResourceAccount == "" {
		mistake("ResourceAccount", "is required with a Target: the account that owns resources whose ARN names none, "+
			"or AccountInARN where every ARN names it")
	}
	routes := newRouteTable(&cfg, mistake)
	if cfg.ResourcePolicy != nil && cfg.ResourcePolicy.Type() != iampolicy.ResourcePolicy {
		mistake("ResourcePolicy", "is not a resource policy: "+cfg.ResourcePolicy.Type().String())
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	z := &Authorizer{cfg: cfg, routes: routes}
	if routes != nil {
		routes.z = z
	}
	return z, nil
}

// Check allows or denies r, which id has signed. It is a [Check]: nil allows; an error is an
// [*Error].
//
// Through [Authenticator.Require] its decision is part of the request's one [Event]. A handler may
// ask it again, for the second resource of a request; Observe.Audit is not told of those decisions.
func (z *Authorizer) Check(r *http.Request, id Identity) error {
	if !id.verified() && !id.vouched {
		return unverified()
	}
	// The audit record. Where Check is called without Require, or by a handler once the request's
	// event is out, it is one that nobody reads.
	rec := recordFrom(r.Context())
	if rec == nil || rec.finished {
		r, rec = z.routes.another(r, rec)
	}
	refused := z.routes.conceal(z.authorize(r, id, rec), id)
	if z.cfg.ReportOnly {
		rec.event.ReportOnly, rec.event.Reason = true, "" // that of an earlier Check of the same request
		if refused != nil {
			rec.event.Reason, rec.event.Detail = refused.Reason, forLog(refused.Detail)
		}
		return nil
	}
	if refused != nil {
		return refused
	}
	return nil
}

// question is what the policies are asked about one request.
type question struct {
	set    iampolicy.Set
	req    iampolicy.Request
	used   iampolicy.KeyFilter // which condition keys the policies look at
	untold diagnosis.Untold    // why the client's address is not known; "" where it is
}

func (z *Authorizer) authorize(r *http.Request, id Identity, rec *record) (refused *Error) {
	e := &rec.event
	defer func() {
		if v := recover(); v != nil {
			refused = panicked(v) // guard 227c
		}
	}()
	e.Decision, e.Explanation = iampolicy.Decision{}, nil // of an earlier Check of the same request
	var q question
	if refused := z.ask(r, id, rec, &q); refused != nil {
		return refused
	}
	e.Decision = iampolicy.Evaluate(&q.set, &q.req)
	e.Decision.PolicyName, e.Decision.Sid = forLog(e.Decision.PolicyName), forLog(e.Decision.Sid)
	if e.Decision.Outcome != iampolicy.Allow && z.cfg.ExplainRefusals && rec.audited {
		e.Explanation = explained(r.Context(), q)
	}
	switch e.Decision.Outcome {
	case iampolicy.Allow:
		return nil
	case iampolicy.ExplicitDeny:
		return denied(id, q.req.Action, q.req.Resource, " with an explicit deny", untoldDetail(&id, q.used, q.untold))
	default:
		if e.Decision.OverBudget {
			return denied(id, q.req.Action, q.req.Resource, "", "the policies would have cost more than an evaluation's budget")
		}
		return denied(id, q.req.Action, q.req.Resource, "", joined(obstacle(&q.set, &q.req), untoldDetail(&id, q.used, q.untold)))
	}
}

// ask builds what the policies are asked about r, or says why they are not asked. rec gets what the
// audit is to know of it.
func (z *Authorizer) ask(r *http.Request, id Identity, rec *record, q *question) *Error {
	e := &rec.event
	if !z.cfg.InsecureObjectPaths {
		if refused := checkRoutedPath(r); refused != nil {
			return refused
		}
	}
	action, resource := z.target(r, rec)
	e.Action, e.Resource = forLog(action), forLog(resource)
	if id.vouched {
		e.Principal = id.Principal.ARN
	}
	unmapped := action == "" || resource == ""
	if unmapped && z.routes == nil {
		return denied(id, action, resource, "", "the request maps to no action or no resource")
	}

	// Before the policies are known: whether a request is refused for its form does not change
	// with them.
	if refused := checkHeaderKeys(r, &id); refused != nil {
		return refused
	}
	var address netip.Addr
	address, q.untold = z.clientIP(r, &id)
	e.Source, e.SourceUntold, rec.sourced = address, q.untold, true
	var refused *Error
	q.set, refused = z.policies(r.Context(), id, e)
	e.PolicyRevision = forLog(e.PolicyRevision)
	if refused != nil {
		return refused
	}
	if unmapped { // only now: whoever is denied what is there gets this far (threat 135)
		return denied(id, action, resource, "", z.routes.unmapped(rec))
	}
	q.req = iampolicy.Request{Principal: id.Principal, Action: action, Resource: resource, ResourceAccount: z.resourceAccount(resource)}
	q.used = q.set.KeyFilter()
	conditionKeys{&q.req.Context, q.used}.fill(r, &id, address)
	if keys := z.ownKeys(rec); z.cfg.Context != nil || len(keys) > 0 {
		var own iampolicy.Context
		fillContext(&own, r, keys)
		if z.cfg.Context != nil {
			if err := z.cfg.Context(r, id, &own); err != nil {
				// Not an absent key: a test for null would pass (threat 194).
				return undecided("the condition keys of the service failed", err)
			}
		}
		addConditionKeys(&q.req.Context, &own)
	}
	return nil
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// policies collects the policies that apply to id.
func (z *Authorizer) policies(ctx context.Context, id Identity, e *Event) (set iampolicy.Set, refused *Error) {
	if z.cfg.Policies != nil {
		var err error
		if set, e.PolicyRevision, err = z.cfg.Policies.Policies(ctx, id); err != nil {
			return iampolicy.Set{}, undecided("the policy store failed", err)
		}
	}
	// Of several session policies one must allow, so that policies from two sources would widen
	// each other.
	if id.session != nil && len(id.session.Policies) > 0 {
		if len(set.Sessions) > 0 {
			return iampolicy.Set{}, unavailable("both the session and the policy store have session policies", nil)
		}
		set.Sessions = id.session.Policies // guard 200
	}
	if z.cfg.ResourcePolicy != nil {
		if set.Resource != nil {
			return iampolicy.Set{}, unavailable("both the configuration and the policy store have a resource policy", nil)
		}
		set.Resource = z.cfg.ResourcePolicy
	}
	return set, nil
}

// checkRoutedPath refuses paths on which a router, a handler and the policies could disagree
// (threats 135 to 137 and 145). It looks at r.URL, which is what routers match: Verify has looked
// at the request line.
func checkRoutedPath(r *http.Request) *Error {
	if r.URL.RawPath == "" && v4.PlainPath(r.URL.Path) { // nearly always
		return nil
	}
	escaped, decoded := r.URL.EscapedPath(), r.URL.Path // a raw backslash is escaped here, too
	for i := 0; i+2 < len(escaped); i++ {
		if escaped[i] != '%' {
			continue
		}
		switch strings.ToLower(escaped[i+1 : i+3]) {
		case "2f", "5c":
			return malformed("The path holds an escaped slash or backslash")
		}
	}
	switch {
	case v4.CheckPath(escaped) != nil:
		return malformed("The path of the request is invalid")
	case !v4.NormalPath(decoded):
		return malformed("The path holds empty or dot segments")
	case !utf8.ValidString(decoded):
		return malformed("The path is not UTF-8")
	}
	return nil
}

// resourceAccount returns the account that owns the resource: the fifth field of its ARN, or where
// that is empty the configured one; "" if there is none.
func (z *Authorizer) resourceAccount(resource string) string {
	if _, account, _, ok := cutAccount(resource); ok && account != "" {
		return account
	}
	if z.cfg.ResourceAccount == AccountInARN {
		return ""
	}
	return z.cfg.ResourceAccount
}

// cutAccount cuts an ARN around its account, which stands between the fourth and the fifth colon.
func cutAccount(arn string) (before, account, after string, ok bool) {
	start := 0
	for range 4 {
		i := strings.IndexByte(arn[start:], ':')
		if i < 0 {
			return arn, "", "", false
		}
		start += i + 1
	}
	end := strings.IndexByte(arn[start:], ':')
	if end < 0 {
		return arn, "", "", false
	}
	return arn[:start], arn[start : start+end], arn[start+end:], true
}

// denied makes the refusal that API Gateway gives: the caller's own ARN, and the resource's with
// its account masked.
func denied(id Identity, action, resource, suffix, detail string) *Error {
	e := &Error{Reason: ErrAccessDenied, Detail: detail}
	if action == "" || resource == "" {
		e.Message = fmt.Sprintf("User: %s is not authorized to access this resource", id.Principal.ARN)
		return e
	}
	e.Message = fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s",
		id.Principal.ARN, action, maskAccount(resource), suffix)
	return e
}

// maskAccount hides all but the last four digits of an ARN's account.
func maskAccount(arn string) string {
	before, account, after, ok := cutAccount(arn)
	if !ok || account == "" {
		return arn
	}
	tail := ""
	if len(account) > 4 {
		tail = account[len(account)-4:]
	}
	return before + "********" + tail + after
}
