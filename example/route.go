package main

import (
	"net/http"
	"strings"
)

// routes are the services that are at one address, each of which decides by itself who may call it
// (threat 238: nothing here lets anybody in).
type routes struct {
	api        http.Handler // whatever is not another one's
	health     http.Handler
	sts        http.Handler
	users      http.Handler // the user pool's API
	identities http.Handler // the identity pool's
	published  http.Handler // the user pool's keys; nil: there are none
	poolID     string
}

// What X-Amz-Target begins with.
const (
	userPoolTarget = "AWSCognitoIdentityProviderService"
	identityTarget = "AWSCognitoIdentityService"
)

// ServeHTTP finds whose a request is. AWS's clients call all services at /, and tell them apart by
// the protocol: X-Amz-Target names service and operation in AWS JSON; a form, or a query with an
// Action, is the query protocol's, whose Action and Version the endpoint reads once the request has
// been verified. A service that is not here is the API's to refuse, which has nothing at its root.
func (s *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.of(r).ServeHTTP(w, r)
}

func (s *routes) of(r *http.Request) http.Handler {
	path := r.URL.EscapedPath()
	switch {
	case isHealth(r):
		return s.health
	case path == "/":
		return s.atRoot(r)
	case s.published != nil && strings.HasPrefix(path, "/"+s.poolID+"/.well-known/"):
		return s.published
	}
	return s.api
}

func (s *routes) atRoot(r *http.Request) http.Handler {
	target := r.Header["X-Amz-Target"]
	if len(target) == 0 {
		if r.Method == http.MethodPost || r.Method == http.MethodGet && r.URL.Query().Has("Action") {
			return s.sts
		}
		return s.api
	}
	// Of more than one the services refuse each.
	service, _, _ := strings.Cut(target[0], ".")
	switch {
	case r.Method != http.MethodPost:
	case service == userPoolTarget:
		return s.users
	case service == identityTarget:
		return s.identities
	}
	return s.api
}
