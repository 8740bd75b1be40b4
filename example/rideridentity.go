package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const identityProvider = "cognito-identity.amazonaws.com"

// ofIdentity serves the rides of one identity below /prod/riders/IDENTITY/, for whoever a policy
// allows it: a rider's policy names the path with ${cognito-identity.amazonaws.com:sub}, and that
// keeps riders to their own; somebody who helps them may have riders/*. Everything else is next's.
//
//	POST   /prod/riders/IDENTITY/rides           as POST /prod/ride, for the identity
//	GET    /prod/riders/IDENTITY/rides/{RideId}  as GET /prod/ride/{RideId}, of the identity's
//	DELETE /prod/riders/IDENTITY/rides/{RideId}
//
// None of these ends in /ride, which the workshop's policy allows anywhere. next must be behind the
// middleware, which has decided by the path as it was sent.
func ofIdentity(a api, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identity, path, ok := a.identityPath(r.URL.Path)
		owner, owned := identityOwner(identity)
		if !ok || !owned {
			next.ServeHTTP(w, r)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), ofIdentityKey{}, identityRider{owner, identity}))
		r.URL = &url.URL{Path: path, RawQuery: r.URL.RawQuery}
		next.ServeHTTP(w, r)
	})
}

// identityPath takes a path of ofIdentity apart: whose it is, and the path of the ride service that
// it stands for. No encoded slash is in the path: the Authorizer refuses it.
func (a api) identityPath(path string) (identity, ride string, ok bool) {
	rest, below := strings.CutPrefix(path, "/"+stage+"/riders/")
	identity, rest, more := strings.Cut(rest, "/")
	uuid, inRegion := strings.CutPrefix(identity, a.Region+":")
	if !below || !more || !inRegion || !isUUID(uuid) {
		return "", "", false
	}
	if rest == "rides" {
		return identity, "/" + stage + "/ride", true
	}
	id, isRide := strings.CutPrefix(rest, "rides/")
	return identity, "/" + stage + "/ride/" + id, isRide && isRideID(id)
}

// isRideID keeps what is no path segment out of the path.
func isRideID(id string) bool {
	return id != "" && strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// identityOwner returns the owner key of the sessions of an identity, under which its rides are.
func identityOwner(identity string) (key string, ok bool) {
	return sigv4auth.Credential{
		Principal: iampolicy.Principal{ARN: "arn:aws:sts::000000000000:assumed-role/any/session", UserID: "any:session"},
		Session:   &sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: identityProvider, Subject: identity}},
	}.OwnerKey()
}

type ofIdentityKey struct{}

// identityRider is whose rides a request is about that ofIdentity has found.
type identityRider struct{ owner, name string }

func identityRiderOf(ctx context.Context) (identityRider, bool) {
	r, ok := ctx.Value(ofIdentityKey{}).(identityRider)
	return r, ok
}
