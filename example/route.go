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
	iam        http.Handler // nil: users and policies are in files
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
// been verified. Of the two services that speak it IAM has what was signed for it, and STS the
// rest, of which some is not signed. A service that is not here is the API's to refuse, which has
// nothing at its root.
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
			if s.iam != nil && signedFor(r) == "iam" {
				return s.iam
			}
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

// signedFor returns the service that a request says it is signed for, in its credential scope, or
// "". What it says is verified by whose request it is.
func signedFor(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if header := r.Header["Authorization"]; len(header) > 0 {
		_, credential, _ = strings.Cut(header[0], "Credential=")
		credential, _, _ = strings.Cut(credential, ",")
	}
	// Access key ID, date, region (not in SigV4A), service, aws4_request.
	scope := strings.Split(strings.TrimSpace(credential), "/")
	if len(scope) < 4 {
		return ""
	}
	return scope[len(scope)-2]
}
