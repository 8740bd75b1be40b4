package main

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/wildgate/wildgate/example/userpool"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// maintainPool is how often the user pool does what time asks for.
const maintainPool = 10 * time.Minute

// signIn is the user pool, and the identity pool that gives credentials to who has signed in.
type signIn struct {
	users      *userpool.Pool
	identities *sts.IdentityPool
	admins     *sigv4auth.Authenticator // of those who administer the user pool
	authz      *sigv4auth.Authorizer

	stop context.CancelFunc
	done sync.WaitGroup
}

// errOtherRing is why nobody can sign in whose password another ring has sealed.
var errOtherRing = errors.New("the ring is not the one that sealed the passwords: nobody can sign in; " +
	"put that one back, from a backup, and start again")

// issuerAt returns the URL that the user pool is an issuer below. What is told by http leaves this
// machine in no token.
func issuerAt(opts options, addr net.Addr) string {
	if opts.url != "" {
		return opts.url
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		addr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}
	}
	return endpoint(addr)
}

// newSignIn opens the pools, below the URL issuer. Whoever has not signed
// in is no guest: the workshop has a role for guests, and its identity pool admits none.
func newSignIn(
	ctx context.Context, opts options, a api, issuer string, db *sql.DB, ring *keyring.Ring, keys *sts.Store, codes *courier, log *journal,
) (*signIn, error) {
	s := new(signIn)
	// Behind proxies, who signs in is counted by the address that they tell.
	proxies := sigv4auth.TrustedProxies{}
	if len(opts.proxies) > 0 {
		proxies = sigv4auth.TrustedProxies{Networks: opts.proxies, ClientHeader: "X-Forwarded-For"}
	}
	users, err := userpool.New(ctx, userpool.Config{
		DB: db, Ring: ring, ID: a.UserPoolID, Name: "WildRydes", AccountID: a.AccountID, Region: a.Region,
		Issuer:       issuer + "/" + a.UserPoolID,
		RequireEmail: true,
		Clients:      []userpool.Client{{ID: a.ClientID, Name: "WildRydesWebApp"}},
		Deliver:      codes.deliver, Failed: log.broken,
		ClientIP: func(r *http.Request) (netip.Addr, bool) { return s.admins.ClientIP(r) },
	})
	if other, ok := errors.AsType[keyring.OpenError](err); ok {
		return nil, errors.Join(errOtherRing, other)
	}
	if err != nil {
		return nil, err
	}
	known, err := newIdentities(ctx, db)
	if err != nil {
		return nil, err
	}
	logins := users.Logins(a.provider())
	s.users = users
	if s.identities, err = sts.NewIdentityPool(sts.IdentityPoolConfig{
		ID: a.IdentityPoolID, Store: keys, Identities: known, Tokens: logins, AuthenticatedRole: a.poolRole(authRole),
		Providers: []sts.LoginProvider{{
			Name: a.provider(), Aliases: []string{users.ProviderName()}, ClientIDs: []string{a.ClientID}, UserPool: true,
			Check: logins.Check,
		}},
		Auth:    sigv4auth.Config{Proxies: proxies, Observe: sigv4auth.Observe{Audit: log.audit}},
		Refused: log.refused, Failed: log.broken,
	}); err != nil {
		return nil, err
	}
	if s.admins, err = sigv4auth.New(sigv4auth.Config{
		Region: a.Region, Service: "cognito-idp", Credentials: keys, Denied: s.denied(log), Path: sigv4auth.PathNormalized,
		Proxies: proxies, Observe: sigv4auth.Observe{Audit: log.audit},
	}); err != nil {
		return nil, err
	}
	if s.authz, err = sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: keys, Target: users.Target, ResourceAccount: sigv4auth.AccountInARN, ExplainRefusals: opts.explain,
	}); err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() { users.Run(run, maintainPool) })
	return s, nil
}

// close ends what runs by itself.
func (s *signIn) close() {
	s.stop()
	s.done.Wait()
}

// denied answers an administrator who is refused. The log has what the client is not told.
func (s *signIn) denied(log *journal) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		log.refused(r.Context(), err)
		s.users.WriteError(w, r, err)
	}
}

// routeTo adds the pools to the services at the address.
func (s *signIn) routeTo(to *routes, poolID string, log *journal) {
	to.users = log.asked(s.users.Handler(s.admins.Require(s.authz.Check)), s.admins.ClientIP)
	to.identities = log.named(s.identities)
	to.published = s.users.Published()
	to.poolID = poolID
}

// noSignIn answers for the pools while there are none: their clients are told to come again.
func noSignIn(target string) http.Handler {
	service := &awsjson.Service{
		Target: target, RequestID: sigv4auth.RequestIDFrom,
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service.WriteError(w, r, awsjson.Unavailable(nil))
	})
}
