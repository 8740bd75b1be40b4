package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wildgate/wildgate/ridesvc"
	"github.com/wildgate/wildgate/sigv4auth"
)

var errUnverified = errors.New("the request was not verified: the service is not mounted behind the middleware")

// riderOf returns whose rides a request is about: the caller's owner key, under which two callers
// of one name are two riders (threat 241). A request that nobody has verified has no rider
// (threat 148). Neither has a caller without a unique ID, or the account's root: they own
// nothing.
func riderOf(r *http.Request) (string, error) {
	id, ok := sigv4auth.IdentityFrom(r.Context())
	if !ok {
		return "", errUnverified
	}
	key, ok := id.OwnerKey()
	if !ok {
		return "", fmt.Errorf("%w: %q has no unique ID, or is no user and no session", ridesvc.ErrNoRider, id.Principal.ARN)
	}
	return key, nil
}

// riderName returns what answers call the rider: the federated subject, else the session name,
// else the user name.
func riderName(r *http.Request) (string, error) {
	id, ok := sigv4auth.IdentityFrom(r.Context())
	if !ok {
		return "", errUnverified
	}
	if session, ok := id.Session(); ok && session.Federated != nil && session.Federated.Subject != "" {
		return session.Federated.Subject, nil
	}
	if name := id.Principal.SessionName(); name != "" {
		return name, nil
	}
	if name := id.Principal.UserName(); name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%w: %q is neither a session nor a user", ridesvc.ErrNoRider, id.Principal.ARN)
}
