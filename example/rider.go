package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
	if of, ok := identityRiderOf(r.Context()); ok { // a policy has allowed it
		return of.owner, nil
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

// usernames finds the names of users of the user pool. For a sub that no user has any more it
// returns "".
type usernames interface {
	Username(ctx context.Context, sub string) (string, error)
}

// riderNames is riderName for a service whose riders sign in with the user pool called provider:
// they go by the name that they signed up with. It is for people alone: two users of one name, a
// deleted one and its successor, are two owners (threat 241).
func riderNames(users usernames, provider string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		name, err := riderName(r)
		if err != nil {
			return "", err
		}
		id, _ := sigv4auth.IdentityFrom(r.Context())
		session, ok := id.Session()
		own := ok && session.Federated != nil && session.Federated.Provider == identityProvider
		if of, ok := identityRiderOf(r.Context()); ok && (!own || of.name != name) {
			return of.name, nil // whose login this request does not show
		}
		if !own {
			return name, nil
		}
		sub, ok := signedInAs(session.Federated.Methods, provider)
		if !ok {
			return name, nil // a guest, or a login of somebody else's users
		}
		username, err := users.Username(r.Context(), sub)
		if err != nil {
			return "", err
		}
		if username == "" {
			return sub, nil // deleted, and the credentials live on for an hour at the most
		}
		return username, nil
	}
}

// signedInAs returns the sub of the login that a session of the identity pool comes from: its amr
// has it behind PROVIDER:CognitoSignIn:, as the cognitoAuthenticationProvider of API Gateway's
// $context.identity has.
func signedInAs(methods []string, provider string) (sub string, ok bool) {
	for _, m := range methods {
		if sub, ok = strings.CutPrefix(m, provider+":CognitoSignIn:"); ok && sub != "" {
			return sub, true
		}
	}
	return "", false
}
