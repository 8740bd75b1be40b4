package directory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// What every request to IAM and every answer of it name: IAM API Reference.
const (
	apiVersion  = "2010-05-08"
	namespace   = "https://iam.amazonaws.com/doc/2010-05-08/"
	serviceName = "iam"
)

// maxRequestBytes bounds a request's query and its body, each: documents of managed policies with
// every character escaped, and the lists of a simulation.
const maxRequestBytes = 2 << 20

// EndpointConfig configures an [Endpoint].
type EndpointConfig struct {
	_ [0]func()

	// Directory is what the endpoint shows and changes. It is required.
	Directory *Directory

	// Credentials and Policies find who calls, and what they may do: for instance a store of
	// package sts on top of the Directory, so that sessions of its roles may call too. nil: the
	// Directory itself.
	Credentials sigv4auth.CredentialStore
	Policies    sigv4auth.PolicyStore

	// Auth says what requests the endpoint accepts, and who is told of them. Region is required:
	// the one of the credential scope that clients sign for, which for IAM of AWS is us-east-1.
	// Service, Credentials, Denied and Payloads are the endpoint's own, and stay empty. If they are
	// zero, Now is that of the Directory, Path is [sigv4auth.PathNormalized], since a request's
	// path says nothing here, and MaxBodyBytes is 2 MiB.
	Auth sigv4auth.Config

	// Regions are other regions whose credential scope is accepted too: clients that are given an
	// endpoint sign for the region that they are configured for.
	Regions []string

	// ExplainRefusals puts into the [sigv4auth.Event] of a request that policies deny which of
	// their statements came closest: see [sigv4auth.AuthorizerConfig]. The hook MUST keep it from
	// callers. false: no event has it.
	ExplainRefusals bool

	// Failed is told of what went wrong behind a request that had been admitted, of which its
	// [sigv4auth.Event] says nothing. It is called on the request's goroutine. nil: nobody.
	Failed func(ctx context.Context, err error)
}

// Endpoint is a handler that speaks the IAM API, in the query protocol: users, groups, roles,
// access keys, managed and inline policies, permissions boundaries, identity providers, and
// simulations. It is safe for concurrent use.
//
// A caller acts on its own account. Who may do what is decided by the caller's policies on the
// action, such as iam:CreateUser, and the ARN of what it acts on, as the Service Authorization
// Reference has them, before anything is looked for: what is not allowed is refused in the same
// words whether it exists or not. A session of GetFederationToken may call nothing, and one of
// GetSessionToken only if the user has proved a second factor: IAM User Guide, "Compare AWS STS
// credentials".
//
// All paths are its own.
type Endpoint struct {
	cfg      EndpointConfig // not changed
	dir      *Directory
	decides  sigv4auth.AuthorizerConfig
	authz    *sigv4auth.Authorizer // of what names its account
	offers   map[string]operation  // by action; not changed
	service  *awsquery.Service
	auths    *signedapi.Regional
	handlers map[string]http.Handler // by region
}

// NewEndpoint returns an Endpoint, or every mistake in cfg.
func NewEndpoint(cfg EndpointConfig) (*Endpoint, error) {
	var mistakes []error
	mistake := func(field, problem string) {
		mistakes = append(mistakes, errors.New("directory: EndpointConfig."+field+" "+problem))
	}
	if cfg.Directory == nil {
		mistake("Directory", "is required")
	}
	if cfg.Auth.Service != "" && cfg.Auth.Service != serviceName {
		mistake("Auth.Service", "is iam")
	}
	if cfg.Auth.Credentials != nil {
		mistake("Auth.Credentials", "is set: EndpointConfig.Credentials finds who calls")
	}
	if cfg.Auth.Denied != nil {
		mistake("Auth.Denied", "is set: the endpoint answers as IAM does")
	}
	if cfg.Auth.Payloads != 0 {
		mistake("Auth.Payloads", "is set: what is asked for would not be covered by the signature, or not yet verified")
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	if cfg.Credentials == nil {
		cfg.Credentials = cfg.Directory
	}
	if cfg.Policies == nil {
		cfg.Policies = cfg.Directory
	}
	e := &Endpoint{cfg: cfg, dir: cfg.Directory, offers: operations(), handlers: map[string]http.Handler{}}
	var err error
	e.decides = sigv4auth.AuthorizerConfig{
		Policies: cfg.Policies, Target: target, ResourceAccount: sigv4auth.AccountInARN, Context: conditionKeys,
		InsecureObjectPaths: true, // a path says nothing here
		ExplainRefusals:     cfg.ExplainRefusals,
	}
	if e.authz, err = sigv4auth.NewAuthorizer(e.decides); err != nil {
		return nil, err // unreachable
	}
	e.service = e.newService()
	auth := cfg.Auth
	auth.Service, auth.Credentials, auth.Denied = serviceName, cfg.Credentials, e.denied
	if auth.Now == nil {
		auth.Now = e.dir.cfg.Now
	}
	if auth.Path == sigv4auth.PathStrict {
		auth.Path = sigv4auth.PathNormalized
	}
	if auth.MaxBodyBytes == 0 {
		auth.MaxBodyBytes = maxRequestBytes
	}
	if e.auths, err = signedapi.NewRegional(auth, cfg.Regions); err != nil {
		return nil, fmt.Errorf("directory: EndpointConfig.Auth: %w", err)
	}
	for region, a := range e.auths.All() {
		e.handlers[region] = e.service.Handler(a.Require(e.decide), nil)
	}
	return e, nil
}

// ServeHTTP answers a request.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, new(call)))
	e.handlers[e.auths.Of(r)].ServeHTTP(w, r)
}

// authorizer returns who decides about a resource. What has no ARN, which is "*", is of the account
// that is acted on.
func (e *Endpoint) authorizer(resource, account string) (*sigv4auth.Authorizer, error) {
	if resource != "*" {
		return e.authz, nil
	}
	of := e.decides
	of.ResourceAccount = account
	return sigv4auth.NewAuthorizer(of)
}

// operation decides about a call: what is wrong with its parameters, and whether the caller may. It
// returns what is to be done for who may.
type operation func(c *call) (do, error)

// do does what a caller may, and returns the answer.
type do func(ctx context.Context) (answer any, err error)

// operations returns the operations by action.
func operations() map[string]operation {
	all := map[string]operation{}
	for _, some := range []map[string]operation{
		userOperations, userChanges, keyOperations, groupOperations, roleOperations, policyOperations, holdingOperations(),
		accountOperations, providerOperations, simulationOperations, absentOperations,
	} {
		maps.Copy(all, some)
	}
	return all
}

func (e *Endpoint) newService() *awsquery.Service {
	s := &awsquery.Service{
		Namespace: namespace, Version: apiVersion, RequestID: sigv4auth.RequestIDFrom, MaxBytes: maxRequestBytes,
		Operations: map[string]awsquery.Operation{}, Fault: e.fault,
	}
	for action := range e.offers {
		s.Operations[action] = awsquery.Operation{Run: e.run}
	}
	return s
}

// decide is the Check of requests.
func (e *Endpoint) decide(r *http.Request, id sigv4auth.Identity) error {
	action, p, err := awsquery.Asked(r)
	if err != nil {
		return signedapi.Refused(err)
	}
	c := callFrom(r.Context())
	if err := c.begin(e, r, id, action, p); err != nil {
		return err
	}
	c.do, err = e.offers[action](c)
	return signedapi.Refused(err)
}

// run does what decide has found the caller may.
func (e *Endpoint) run(r *http.Request, _ *awsquery.Params) (any, error) {
	c := callFrom(r.Context())
	if c == nil || c.do == nil || !c.allowed {
		return nil, errors.New("directory: a request that was not decided about was about to be served") // unreachable
	}
	return c.do(r.Context())
}

// fault tells the operator of an error, and the client that the directory cannot be had now, if
// that is it.
func (e *Endpoint) fault(r *http.Request, err error) *awsquery.Error {
	if e.cfg.Failed != nil {
		e.cfg.Failed(r.Context(), err)
	}
	if errors.Is(err, errUnavailable) {
		return awsquery.Unavailable(err)
	}
	return nil
}

// denied answers a request that was refused.
func (e *Endpoint) denied(w http.ResponseWriter, r *http.Request, err error) {
	if said, ok := errors.AsType[*awsquery.Error](err); ok {
		e.service.WriteError(w, r, said)
		return
	}
	sigv4auth.WriteQueryError(w, r, err)
}
