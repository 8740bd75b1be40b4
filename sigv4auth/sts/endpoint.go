package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// What every request to STS and every answer of it name: STS API Reference.
const (
	apiVersion  = "2011-06-15"
	namespace   = "https://sts.amazonaws.com/doc/2011-06-15/"
	serviceName = "sts"
)

// maxRequestBytes bounds a request's query and its body, each: the largest that STS admits, with
// every character escaped, is a little smaller.
const maxRequestBytes = 256 << 10

// EndpointConfig configures an [Endpoint].
type EndpointConfig struct {
	_ [0]func()

	// Store issues the sessions, and finds who calls, their policies and the roles. It is required.
	Store *Store

	// Auth says what requests the endpoint accepts, and who is told of them. Region is required:
	// the one of the credential scope that clients sign for, which for the global endpoint of AWS
	// is us-east-1. MaxPresignExpiry admits presigned URLs, and as STS does also those without
	// X-Amz-Expires, for ClockSkew; [sigv4auth.SigV4A] in Algorithms admits its signatures.
	// Service, Credentials, Denied, Payloads and PresignExpiresOptional are the endpoint's own, and
	// stay empty. If they are zero, Now is that of the Store, Path is [sigv4auth.PathNormalized],
	// since a request's path says nothing here, and MaxBodyBytes is 256 KiB, the most that is
	// possible.
	Auth sigv4auth.Config

	// Regions are other regions whose credential scope is accepted too: clients sign for the region
	// that they are configured for, whichever address they call.
	Regions []string

	// MFA verifies the second factors of users. nil: there are none, and who presents one is
	// denied.
	MFA MFAVerifier

	// WebIdentities verifies the tokens of AssumeRoleWithWebIdentity. nil: each is refused.
	WebIdentities TokenVerifier

	// WebIdentitiesPerMinute is how many such tokens a client may present in a minute, by its IPv4
	// address or its IPv6 network of 64 bits, and WebIdentitiesAtOnce how many are looked at at one
	// time. More are refused, with Throttling, before anything is done for them. 0: 300 and 16.
	WebIdentitiesPerMinute, WebIdentitiesAtOnce int

	// IdentityTokens makes the tokens of GetWebIdentityToken. nil: there are none.
	IdentityTokens TokenSigner

	// EndWithKey makes the sessions of AssumeRole end with the long-term access key that asked for
	// them, or for the session that asked. That is stricter than AWS, where they outlive it. A
	// session that does not name such a key, as that of AssumeRoleWithWebIdentity, can then not
	// assume another role.
	EndWithKey bool

	// ExplainRefusals puts into the [sigv4auth.Event] of a request that policies deny which of
	// their statements came closest, and why it does not apply, for Auth.Observe.Audit: see
	// [sigv4auth.AuthorizerConfig]. Whoever signs, or has a token of a known issuer, can cause that
	// work. The hook MUST keep it from callers. false: no event has it.
	ExplainRefusals bool

	// Refused is told why a request was refused: the Detail of the [*sigv4auth.Error] that err is,
	// which its text does not have, says what the caller is not told, such as that a role does not
	// exist. The event that Auth.Observe.Audit gets has the Detail too, so that an endpoint with
	// that hook needs no Refused. It is called on the request's goroutine, before the answer is
	// written. nil: nobody.
	Refused func(ctx context.Context, err error)

	// Failed is told of what went wrong behind a request that had been admitted, of which its
	// [sigv4auth.Event] says nothing. It is called on the request's goroutine. nil: nobody.
	Failed func(ctx context.Context, err error)
}

// Endpoint is a handler that speaks the STS API, in the query protocol: AssumeRole,
// AssumeRoleWithWebIdentity, GetSessionToken, GetFederationToken, GetCallerIdentity,
// GetAccessKeyInfo and GetWebIdentityToken. It is safe for concurrent use.
//
// All paths are its own: give it a host, or with a handler for the rest a path, of which clients
// that add a slash call another one. Beside an API that has nothing at its root, that is "/{$}" of
// a [http.ServeMux], for all methods: a presigned URL is a GET.
//
// Who may do what is decided by the caller's policies and by the trust policy of the role, as IAM
// does, before the request's [sigv4auth.Event], which names the action, the role and the decision.
// GetCallerIdentity and GetSessionToken need no permission, which the decision of their event says.
// A role that does not exist is one that
// trusts nobody: the caller is told the same.
//
// # What sessions may call
//
// As AWS has it, a role session calls everything but GetSessionToken and GetFederationToken, a
// session of GetSessionToken AssumeRole and GetCallerIdentity only, and a federated user
// GetCallerIdentity only. That they may not call IAM, or only with a second factor, is for a
// service that is IAM to say. A root user assumes no role.
type Endpoint struct {
	*decider
	cfg      EndpointConfig // not changed
	service  *awsquery.Service
	auths    *signedapi.Regional
	handlers map[string]http.Handler // by region
	limit    *limiter
	now      func() time.Time
}

// NewEndpoint returns an Endpoint, or every mistake in cfg.
func NewEndpoint(cfg EndpointConfig) (*Endpoint, error) {
	var mistakes []error
	mistake := func(field, problem string) {
		mistakes = append(mistakes, errors.New("sts: EndpointConfig."+field+" "+problem))
	}
	if cfg.Store == nil {
		mistake("Store", "is required")
	}
	if cfg.Auth.Service != "" && cfg.Auth.Service != serviceName {
		mistake("Auth.Service", "is sts")
	}
	if cfg.Auth.Credentials != nil {
		mistake("Auth.Credentials", "is set: the Store finds who calls")
	}
	if cfg.Auth.Denied != nil {
		mistake("Auth.Denied", "is set: the endpoint answers as STS does")
	}
	if cfg.Auth.Payloads != 0 {
		mistake("Auth.Payloads", "is set: what is asked for would not be covered by the signature, or not yet verified")
	}
	if cfg.Auth.PresignExpiresOptional {
		mistake("Auth.PresignExpiresOptional", "is set: it is the endpoint's own")
	}
	if cfg.WebIdentitiesPerMinute < 0 {
		mistake("WebIdentitiesPerMinute", "must not be negative")
	}
	if cfg.WebIdentitiesAtOnce < 0 {
		mistake("WebIdentitiesAtOnce", "must not be negative")
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	e := &Endpoint{cfg: cfg, handlers: map[string]http.Handler{}, now: cfg.Auth.Now}
	if e.now == nil {
		e.now = cfg.Store.cfg.Now
	}
	e.limit = newLimiter(cfg.WebIdentitiesPerMinute, cfg.WebIdentitiesAtOnce)
	var err error
	if e.decider, err = newDecider(cfg.Store, cfg.Failed, cfg.ExplainRefusals); err != nil {
		return nil, err // unreachable
	}
	e.service = e.newService()
	auth := cfg.Auth
	auth.Service, auth.Credentials, auth.Denied, auth.Now = serviceName, cfg.Store, e.denied, e.now
	// STS has never needed X-Amz-Expires: aws-sdk-go-v2's sts.PresignClient sends none.
	auth.PresignExpiresOptional = auth.MaxPresignExpiry > 0 // guard 88c
	if auth.Path == sigv4auth.PathStrict {
		auth.Path = sigv4auth.PathNormalized
	}
	if auth.MaxBodyBytes == 0 {
		auth.MaxBodyBytes = maxRequestBytes
	}
	if e.auths, err = signedapi.NewRegional(auth, cfg.Regions); err != nil {
		return nil, fmt.Errorf("sts: EndpointConfig.Auth: %w", err)
	}
	for region, a := range e.auths.All() {
		e.handlers[region] = e.service.Handler(a.Require(e.decide), a.RequireUnsigned(e.unsigned(a)))
	}
	return e, nil
}

// ServeHTTP answers a request.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, new(call)))
	e.handlers[e.auths.Of(r)].ServeHTTP(w, r)
}

// An operation decides about a request: what is wrong with its parameters p, and whether the caller
// may. It returns what is to be done for who may.
type operation func(e *Endpoint, r *http.Request, id sigv4auth.Identity, p *awsquery.Params) (do, error)

// do does what a caller may, and returns the answer.
type do func(ctx context.Context) (answer any, err error)

// operations are those that are signed.
var operations = map[string]operation{
	"AssumeRole":          (*Endpoint).assumeRole,
	"GetAccessKeyInfo":    (*Endpoint).accessKeyInfo,
	"GetCallerIdentity":   (*Endpoint).callerIdentity,
	"GetFederationToken":  (*Endpoint).federationToken,
	"GetSessionToken":     (*Endpoint).sessionToken,
	"GetWebIdentityToken": (*Endpoint).identityToken,
}

// withWebIdentity is the one operation that is not signed.
const withWebIdentity = "AssumeRoleWithWebIdentity"

func (e *Endpoint) newService() *awsquery.Service {
	s := &awsquery.Service{
		Namespace: namespace, Version: apiVersion, RequestID: sigv4auth.RequestIDFrom, MaxBytes: maxRequestBytes,
		Operations: map[string]awsquery.Operation{withWebIdentity: {Run: e.run, Unsigned: true}},
		Fault:      e.fault,
	}
	for action := range operations {
		s.Operations[action] = awsquery.Operation{Run: e.run}
	}
	return s
}

// run does what decide has found the caller may.
func (e *Endpoint) run(r *http.Request, _ *awsquery.Params) (any, error) {
	c := callFrom(r.Context())
	if c == nil || c.do == nil {
		return nil, errors.New("sts: a request that was not decided about was about to be served") // unreachable
	}
	return c.do(r.Context())
}

// fault tells the operator of an error, and the client that it is the server's.
func (e *Endpoint) fault(r *http.Request, err error) *awsquery.Error {
	if e.cfg.Failed != nil {
		e.cfg.Failed(r.Context(), err)
	}
	return nil
}

// denied answers a request that was refused.
func (e *Endpoint) denied(w http.ResponseWriter, r *http.Request, err error) {
	if e.cfg.Refused != nil {
		e.cfg.Refused(r.Context(), err)
	}
	if said, ok := errors.AsType[*awsquery.Error](err); ok {
		e.service.WriteError(w, r, said)
		return
	}
	sigv4auth.WriteQueryError(w, r, err)
}

// isSession reports whether a caller has temporary credentials.
func isSession(id *sigv4auth.Identity) bool {
	_, ok := id.Session()
	t := id.Principal.EffectiveType()
	return ok || t != iampolicy.User && t != iampolicy.Account
}
