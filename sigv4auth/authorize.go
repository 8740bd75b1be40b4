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
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// AuthorizerConfig says how requests are mapped to policies. [NewAuthorizer] copies it.
type AuthorizerConfig struct {
	_ [0]func()

	// Policies finds the caller's policies. It is required, unless there is a ResourcePolicy.
	Policies PolicyStore

	// Target names the action and the resource that a request asks for. It is required, unless
	// Routes do. It MUST build them from what the router serves, r.Method and r.URL.Path, and from
	// configuration. An empty action or resource denies. See APIGateway.Target.
	Target func(r *http.Request) (action, resource string)

	// Routes is the router and what its routes ask for, in one table, which [Authenticator.Routes]
	// serves: Check denies what comes another way. With a Target, that names what all requests ask
	// for, and the routes name no Action and no Resource. nil: there is a router beside.
	Routes Routes

	// ResourceAccount is the account that owns the resources whose ARN names none, as S3's do.
	// Empty: such resources belong to nobody, and only a ResourcePolicy grants access to them.
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

	// InsecureObjectPaths accepts paths that routers and handlers may take in different ways: with
	// an escaped slash or backslash, empty or dot segments once decoded, or bytes that are not
	// UTF-8. It is for services whose paths are object keys, which they take as they are; with a
	// router behind it, a caller may reach another route than the one that was authorised.
	InsecureObjectPaths bool
}

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
	if cfg.Target == nil && cfg.Routes == nil {
		mistake("Target", "is required, or Routes")
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
		return &Error{
			Reason: ErrAccessDenied, Message: defaultMessage(ErrAccessDenied),
			Detail: "the identity is not that of a verified request",
		}
	}
	// The audit record. Where Check is called without Require, or by a handler once the request's
	// event is out, it is one that nobody reads.
	rec := recordFrom(r.Context())
	if rec == nil || rec.finished {
		r, rec = z.routes.another(r, rec)
	}
	refused := z.routes.conceal(z.authorize(r, id, rec), id)
	if z.cfg.ReportOnly {
		rec.event.ReportOnly = true
		if refused != nil {
			rec.event.Reason = refused.Reason
		}
		return nil
	}
	if refused != nil {
		return refused
	}
	return nil
}

func (z *Authorizer) authorize(r *http.Request, id Identity, rec *record) (refused *Error) {
	e := &rec.event
	defer func() {
		if v := recover(); v != nil {
			refused = panicked(v) // guard 227c
		}
	}()
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
	address, untold := z.clientIP(r, &id)
	e.Source, e.SourceUntold, rec.sourced = address, untold, true
	set, refused := z.policies(r.Context(), id, e)
	e.PolicyRevision = forLog(e.PolicyRevision)
	if refused != nil {
		return refused
	}
	if unmapped { // only now: whoever is denied what is there gets this far (threat 135)
		return denied(id, action, resource, "", z.routes.unmapped(rec))
	}
	req := iampolicy.Request{Principal: id.Principal, Action: action, Resource: resource, ResourceAccount: z.resourceAccount(resource)}
	used := set.KeyFilter()
	conditionKeys{&req.Context, used}.fill(r, &id, address)
	if keys := z.ownKeys(rec); z.cfg.Context != nil || len(keys) > 0 {
		var own iampolicy.Context
		fillContext(&own, r, keys)
		if z.cfg.Context != nil {
			if err := z.cfg.Context(r, id, &own); err != nil {
				// Not an absent key: a test for null would pass (threat 194).
				return undecided("the condition keys of the service failed", err)
			}
		}
		addConditionKeys(&req.Context, &own)
	}

	e.Decision = iampolicy.Evaluate(&set, &req)
	e.Decision.PolicyName, e.Decision.Sid = forLog(e.Decision.PolicyName), forLog(e.Decision.Sid)
	switch e.Decision.Outcome {
	case iampolicy.Allow:
		return nil
	case iampolicy.ExplicitDeny:
		return denied(id, action, resource, " with an explicit deny", untoldDetail(&id, used, untold))
	default:
		if e.Decision.OverBudget {
			return denied(id, action, resource, "", "the policies would have cost more than an evaluation's budget")
		}
		return denied(id, action, resource, "", joined(accountsDetail(&req), untoldDetail(&id, used, untold)))
	}
}

// accountsDetail says which accounts were compared, where the caller's policies are not enough
// since they differ; "" where they do not.
func accountsDetail(req *iampolicy.Request) string {
	caller := req.Principal.Account()
	switch {
	case caller == "" || caller == req.ResourceAccount:
		return ""
	case req.ResourceAccount == "":
		return "the caller is of account " + forLog(caller) + ", and the resource's is not known: its ARN names none, and " +
			"AuthorizerConfig.ResourceAccount is empty; then a resource policy has to allow it as well"
	}
	return "the caller is of account " + forLog(caller) + ", the resource of " + forLog(req.ResourceAccount) +
		": across accounts a resource policy has to allow it as well"
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
// that is empty the configured one.
func (z *Authorizer) resourceAccount(resource string) string {
	if _, account, _, ok := cutAccount(resource); ok && account != "" {
		return account
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
