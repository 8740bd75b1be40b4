package main

import (
	"net/http"

	"github.com/rs/cors"

	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// maxBodyBytes is more than the service takes, so that the answer to a body of some KiB is its own.
const maxBodyBytes = 64 << 10

// newHandler joins the layers, the outermost last (threat 148): rides, authorization and
// verification, the other services at the address, CORS. The rides are behind the middleware as a
// whole, so that a refused caller learns nothing of what exists (threat 143). dir is nil where
// users and policies are in files, and pools where nobody can sign in.
func newHandler(
	opts options, a api, store ridesvc.Store, healthy http.HandlerFunc, keys *sts.Store, dir *principalDirectory, pools *signIn,
	log *journal,
) (http.Handler, error) {
	name := riderName
	if pools != nil {
		name = riderNames(pools.users, a.provider())
	}
	rides, err := ridesvc.New(ridesvc.Config{Store: store, Prefix: "/" + stage, Rider: riderOf, RiderName: name, Failed: log.failed})
	if err != nil {
		return nil, err
	}
	diagnoses := 0
	if opts.diagnose {
		diagnoses = diagnosesPerMinute
	}
	auth, err := sigv4auth.New(sigv4auth.Config{
		Region: a.Region, Service: service,
		Credentials:      keys,
		MaxPresignExpiry: opts.presign,
		MaxBodyBytes:     maxBodyBytes,
		StripHeaders:     []string{"Authorization", "X-Amz-Security-Token"}, // the service has no use for them
		Denied:           log.denied,
		Observe:          sigv4auth.Observe{Audit: log.audit, DiagnosesPerMinute: diagnoses},
	})
	if err != nil {
		return nil, err
	}
	authz, err := sigv4auth.NewAuthorizer(sigv4auth.AuthorizerConfig{
		Policies: keys, Target: a.gateway().Target, ResourceAccount: sigv4auth.AccountInARN,
		ExplainRefusals: opts.explain,
	})
	if err != nil {
		return nil, err
	}
	services := &routes{api: auth.Require(authz.Check)(ofIdentity(a, rides)), health: healthy}
	if services.sts, err = newSTS(opts, a, keys, log); err != nil {
		return nil, err
	}
	if dir != nil {
		if services.iam, err = dir.endpoint(opts, keys, log); err != nil {
			return nil, err
		}
	}
	services.users, services.identities = noSignIn(userPoolTarget), noSignIn(identityTarget)
	if pools != nil {
		pools.routeTo(services, a.UserPoolID, log)
	}
	var handler http.Handler = services
	if len(opts.origins) > 0 {
		handler = allowOrigins(opts.origins, handler)
	}
	return handler, nil
}

// newSTS makes the STS endpoint. Clients sign for the region that they are configured for; those of
// the global endpoint for us-east-1.
func newSTS(opts options, a api, keys *sts.Store, log *journal) (http.Handler, error) {
	return sts.NewEndpoint(sts.EndpointConfig{
		Store: keys,
		Auth: sigv4auth.Config{
			Region: a.Region, MaxPresignExpiry: opts.presign, Observe: sigv4auth.Observe{Audit: log.audit},
		},
		Regions: []string{defaultRegion},
		Refused: log.refused, Failed: log.broken,
	})
}

// allowOrigins answers preflights, which carry no credentials and end here (threat 133), and lets
// pages of the origins read every answer, refusals too: without that a browser shows a CORS error
// in place of the reason.
func allowOrigins(origins []string, next http.Handler) http.Handler {
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost, http.MethodDelete, http.MethodHead},
		AllowedHeaders: []string{
			// Those that the workshop's API allows, and what SDKs send beside them.
			"Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token",
			"X-Amz-Content-Sha256", "X-Amz-User-Agent", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request",
			// And what they send to the pools.
			"X-Amz-Target", "Cache-Control",
		},
		// Clients correct their clock by Date, tell refusals apart by the type, and wait as long as
		// they are asked to.
		ExposedHeaders: []string{"Date", "X-Amzn-Errortype", "X-Amzn-Requestid", "X-Amz-Retry-After"},
	}).Handler(next)
}
