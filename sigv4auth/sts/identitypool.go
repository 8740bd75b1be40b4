package sts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

// What every identity pool is called by: in requests, in policies and in tokens.
const (
	identityTarget   = "AWSCognitoIdentityService"
	identityService  = "cognito-identity"
	identityProvider = "cognito-identity.amazonaws.com"

	// poolSessionName is the name of all sessions that a pool issues.
	poolSessionName = "CognitoIdentityCredentials"
	// poolSession is how long they last.
	poolSession = time.Hour
)

// IdentityPoolIssuer is the issuer of the tokens of all identity pools, in the claim iss.
const IdentityPoolIssuer = "https://" + identityProvider

// The longest ID of a pool or of an identity by the API, and the longest region with which that of
// an identity is not longer.
const (
	maxPoolID     = 55
	maxPoolRegion = 18
)

// maxPoolRequest fits ten logins with the longest tokens.
const maxPoolRequest = 512 << 10

// IdentityPoolConfig configures an [IdentityPool].
type IdentityPoolConfig struct {
	_ [0]func()

	// ID is the pool's ID, REGION:UUID, for instance
	// us-east-1:6f0c4dc2-8d4f-4a3b-a3a4-f2b5d8a4c001. It is required. Identities and trust policies
	// name it: it MUST stay as it is.
	ID string

	// Store issues the sessions, and finds the roles. It is required.
	Store *Store

	// Identities keeps which logins are which identity. It is required.
	Identities IdentityStore

	// Providers are who users may log in with. nil: nobody can log in.
	Providers []LoginProvider

	// Tokens verifies the tokens of Providers. It is required if there are any.
	Tokens TokenVerifier

	// AuthenticatedRole is the ARN of the role of users who have logged in, unless their
	// provider's RoleMapping gives them another. Empty: there is none.
	AuthenticatedRole string

	// GuestRole is the ARN of the role of callers who have not logged in, whom it admits. Empty:
	// there are no guests, and who has not logged in is refused. The role's trust policy MUST
	// demand the amr unauthenticated, and that of any other role authenticated.
	GuestRole string

	// GuestPolicy is the session policy of guests: they may do nothing that it does not allow,
	// whatever their role may do. Empty: [GuestScope]. It does not hold for guests with a token of
	// GetOpenIdToken, as it does not in AWS.
	GuestPolicy string

	// OpenIDTokens makes the tokens of GetOpenIdToken, for AssumeRoleWithWebIdentity: the basic
	// flow, in which callers choose their role among those that trust the pool. Its issuer is
	// [IdentityPoolIssuer], and it MUST sign nothing else: what [EndpointConfig].IdentityTokens
	// signs, callers choose the claims of. nil: the basic flow is off.
	OpenIDTokens TokenSigner

	// RequestsPerMinute is how many logins and requests without one a client may present in a
	// minute, by its IPv4 address or its IPv6 network of 64 bits, and RequestsAtOnce how many
	// requests are looked at at one time. More are refused, with TooManyRequestsException, before
	// anything is done for them. 0: 300 and 16.
	RequestsPerMinute, RequestsAtOnce int

	// Auth says who is told of requests, and which proxies are trusted to tell their client. Of it
	// Region, Service, Credentials, Denied and Payloads are the pool's own, and stay empty. If it
	// is nil, Now is that of the Store.
	Auth sigv4auth.Config

	// ExplainRefusals puts into the [sigv4auth.Event] of a request that policies deny why they do,
	// as [EndpointConfig].ExplainRefusals does. false: no event has it.
	ExplainRefusals bool

	// Refused is told why a request was refused, as [EndpointConfig].Refused is. nil: nobody.
	Refused func(ctx context.Context, err error)

	// Failed is told of what went wrong behind a request, as [EndpointConfig].Failed is. nil:
	// nobody.
	Failed func(ctx context.Context, err error)
}

// LoginProvider is an OpenID Connect issuer whose users have identities in a pool.
type LoginProvider struct {
	_ [0]func()

	// Name is the provider's name: its issuer's URL without https://, for instance
	// accounts.example.com. It is the [WebIdentity].Provider of its tokens, and the key under which
	// requests present them. Required. An identity's logins name it: it MUST stay as it is.
	Name string

	// Aliases are other keys under which requests may present its tokens, such as the name that a
	// user pool of AWS would have: cognito-idp.REGION.amazonaws.com/POOL.
	Aliases []string

	// ClientIDs are the audiences of tokens that are for this pool. At least one is required. A
	// token for another client of the issuer is refused.
	ClientIDs []string

	// UserPool: the provider is a user pool of Cognito's kind. The amr of its users has
	// CognitoSignIn before their sub, and that of others OIDC. Of its tokens only ID tokens are
	// accepted.
	UserPool bool

	// Roles says which roles the users have. nil: the pool's AuthenticatedRole.
	Roles *RoleMapping

	// Check decides whether a token that is right counts, as ServerSideTokenCheck has it: a user
	// pool knows who has been disabled or signed out since. An error refuses the login. It is
	// called from many goroutines at once, and must return when ctx, the request's context, ends.
	// nil: a token counts until it expires.
	Check func(ctx context.Context, who WebIdentity) error
}

// IdentityPool is a handler that speaks the Amazon Cognito Identity API, in AWS JSON 1.1, for one
// identity pool: GetId, GetCredentialsForIdentity and GetOpenIdToken. It is safe for concurrent
// use. All paths are its own. CORS, which browsers need, is for a handler around it.
//
// A user shows tokens of one login provider or of several, and has an identity, REGION:UUID, which
// is the same for each of their logins: presented together, they are linked. Nobody has signed such
// requests, so that they are counted and bounded before any work is done for them.
//
// The session's role is decided as the pool is configured, and by the role's trust policy, which
// has to admit the principal {"Federated": "cognito-identity.amazonaws.com"} to
// sts:AssumeRoleWithWebIdentity. The condition keys of trust policies are those of all requests of
// the session, too: cognito-identity.amazonaws.com:aud, the pool's ID; :sub, the identity's; and
// :amr, unauthenticated for a guest, and for who has logged in authenticated, the name of each
// provider, and PROVIDER:CognitoSignIn:SUB or PROVIDER:OIDC:SUB. A trust policy that demands no
// :aud admits every pool, and one that demands no :amr guests.
//
// Sessions are named CognitoIdentityCredentials, and last an hour. A session outlives its login: a
// user who is signed out, disabled or deleted keeps it until then, as in AWS. See package sts for
// how to end sessions sooner.
//
// Of Cognito it does not have identities that developers vouch for, attributes for access control,
// and the operations by which pools and identities are administered.
type IdentityPool struct {
	*decider
	cfg       IdentityPoolConfig // not changed
	region    string
	providers map[string]*LoginProvider // by name and alias
	service   *awsjson.Service
	handler   http.Handler
	limit     *limiter
	auth      *sigv4auth.Authenticator
}

// NewIdentityPool returns an IdentityPool, or every mistake in cfg.
func NewIdentityPool(cfg IdentityPoolConfig) (*IdentityPool, error) {
	p := &IdentityPool{cfg: cfg, providers: map[string]*LoginProvider{}}
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.cfg.GuestPolicy == "" {
		p.cfg.GuestPolicy = GuestScope
	}
	p.region, _, _ = strings.Cut(cfg.ID, ":")
	p.limit = newLimiter(cfg.RequestsPerMinute, cfg.RequestsAtOnce)
	var err error
	if p.decider, err = newDecider(cfg.Store, cfg.Failed, cfg.ExplainRefusals); err != nil {
		return nil, err // unreachable
	}
	auth := cfg.Auth
	auth.Region, auth.Service, auth.Credentials, auth.Denied = p.region, identityService, cfg.Store, p.denied
	if auth.Now == nil {
		auth.Now = cfg.Store.cfg.Now
	}
	if p.auth, err = sigv4auth.New(auth); err != nil {
		return nil, fmt.Errorf("sts: IdentityPoolConfig.Auth: %w", err)
	}
	p.service = &awsjson.Service{
		Target: identityTarget, MaxBytes: maxPoolRequest, RequestID: sigv4auth.RequestIDFrom, Fault: p.fault,
		Operations: map[string]awsjson.Operation{},
	}
	for name := range poolOperations {
		p.service.Operations[name] = awsjson.Operation{Unsigned: true, Run: p.run}
	}
	p.handler = p.service.Handler(nil, p.auth.RequireUnsigned(p.decide))
	return p, nil
}

// check returns the mistakes in the configuration, and fills providers.
func (p *IdentityPool) check() error {
	cfg := &p.cfg
	var mistakes []error
	mistake := func(field, format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("sts: IdentityPoolConfig."+field+" "+format, args...))
	}
	if region, _, _ := strings.Cut(cfg.ID, ":"); !validPoolID(cfg.ID) || len(cfg.ID) > maxPoolID || len(region) > maxPoolRegion {
		mistake("ID", "is not REGION:UUID, in small letters, of at most 55 characters: %q", cfg.ID)
	}
	if cfg.Store == nil {
		mistake("Store", "is required")
	}
	if cfg.Identities == nil {
		mistake("Identities", "is required")
	}
	if len(cfg.Providers) > 0 && cfg.Tokens == nil {
		mistake("Tokens", "is required, to verify the tokens of Providers")
	}
	for field, arn := range map[string]string{"AuthenticatedRole": cfg.AuthenticatedRole, "GuestRole": cfg.GuestRole} {
		if _, ok := iamid.ParseARN(arn, "role"); arn != "" && !ok {
			mistake(field, "is no ARN of a role: %q", arn)
		}
	}
	if cfg.GuestPolicy != "" {
		if _, err := iampolicy.Parse([]byte(cfg.GuestPolicy), iampolicy.SessionPolicy, iampolicy.WithSizeLimits()); err != nil {
			mistake("GuestPolicy", "is no session policy: %w", err)
		}
	}
	if cfg.RequestsPerMinute < 0 || cfg.RequestsAtOnce < 0 {
		mistake("RequestsPerMinute", "or RequestsAtOnce is negative")
	}
	if a := &cfg.Auth; a.Region != "" || a.Service != "" || a.Credentials != nil || a.Denied != nil || a.Payloads != 0 {
		mistake("Auth", "has a Region, Service, Credentials, Denied or Payloads, which are the pool's own")
	}
	for i := range cfg.Providers {
		l := cfg.Providers[i] // a copy
		if err := l.check(); err != nil {
			mistake("Providers", "[%d]: %w", i, err)
		}
		for _, name := range append([]string{l.Name}, l.Aliases...) {
			if p.providers[name] != nil {
				mistake("Providers", "[%d]: %q is the name of two", i, name)
			}
			p.providers[name] = &l
		}
	}
	return errors.Join(mistakes...)
}

// check returns the mistakes in a provider.
func (l *LoginProvider) check() error {
	var mistakes []error
	for _, name := range append([]string{l.Name}, l.Aliases...) {
		if !iamid.ValidText(name) || len(name) > maxProviderName || name == identityProvider {
			mistakes = append(mistakes, fmt.Errorf("the name %q is empty, too long, no text, or that of identity pools", name))
		}
	}
	if len(l.ClientIDs) == 0 {
		mistakes = append(mistakes, errors.New("ClientIDs is required"))
	}
	for _, id := range l.ClientIDs {
		if id == "" {
			mistakes = append(mistakes, errors.New("one of ClientIDs is empty"))
		}
	}
	if l.Roles != nil {
		if err := l.Roles.check(); err != nil {
			mistakes = append(mistakes, fmt.Errorf("its Roles: %w", err))
		}
	}
	return errors.Join(mistakes...)
}

// ServeHTTP answers a request.
func (p *IdentityPool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, new(call)))
	p.handler.ServeHTTP(w, r)
}

// A poolOperation decides about a request, and returns what is to be done for it.
type poolOperation func(p *IdentityPool, r *http.Request, id sigv4auth.Identity, in *awsjson.Input) (do, error)

var poolOperations = map[string]poolOperation{
	"GetId":                     (*IdentityPool).getID,
	"GetCredentialsForIdentity": (*IdentityPool).getCredentials,
	"GetOpenIdToken":            (*IdentityPool).getOpenIDToken,
}

// decide is the Check of all requests. What it does is bounded before it does anything. The body is
// read before the request is one of those that are looked at: who sends it slowly keeps nobody out.
func (p *IdentityPool) decide(r *http.Request, id sigv4auth.Identity) error {
	client, _ := p.auth.ClientIP(r)
	if !p.limit.admits(1, client, id.VerifiedAt) {
		return poolRefused(tooManyRequests())
	}
	operation, in, err := awsjson.Asked(r)
	if err != nil {
		return poolRefused(err)
	}
	leave, ok := p.limit.begin()
	if !ok {
		return poolRefused(tooManyRequests())
	}
	defer leave()
	callFrom(r.Context()).do, err = poolOperations[operation](p, r, id, in)
	return poolRefused(err)
}

// run does what decide has found is to be done.
func (p *IdentityPool) run(r *http.Request, _ *awsjson.Input) (any, error) {
	c := callFrom(r.Context())
	if c == nil || c.do == nil {
		return nil, errors.New("sts: a request to an identity pool that was not decided about was about to be served") // unreachable
	}
	answer, err := c.do(r.Context())
	return answer, poolError(err)
}

// fault tells the operator of an error, and the client that it is the server's.
func (p *IdentityPool) fault(r *http.Request, err error) *awsjson.Error {
	if p.cfg.Failed != nil {
		p.cfg.Failed(r.Context(), err)
	}
	return nil
}

// denied answers a request that was refused.
func (p *IdentityPool) denied(w http.ResponseWriter, r *http.Request, err error) {
	if p.cfg.Refused != nil {
		p.cfg.Refused(r.Context(), err)
	}
	p.service.WriteError(w, r, err)
}
