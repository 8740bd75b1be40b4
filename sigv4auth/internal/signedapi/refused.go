package signedapi

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// Refused makes of an error what an Authenticator refuses a request with. The [*awsquery.Error] in
// it, if there is one, is its Cause, so that it can be answered as it is.
func Refused(err error) error {
	said, ok := errors.AsType[*awsquery.Error](err)
	if !ok {
		return err
	}
	if own, ok := errors.AsType[*sigv4auth.Error](err); ok {
		return own
	}
	reason := sigv4auth.ErrMalformedRequest
	switch said.HTTPStatus() {
	case http.StatusForbidden:
		reason = sigv4auth.ErrAccessDenied
	case http.StatusServiceUnavailable:
		reason = sigv4auth.ErrServiceUnavailable
	case http.StatusRequestEntityTooLarge:
		reason = sigv4auth.ErrRequestTooLarge
	case http.StatusInternalServerError:
		reason = sigv4auth.ErrInternalFailure
	}
	return &sigv4auth.Error{Reason: reason, Message: said.Message, Cause: said}
}

// Failed is for a store that failed. what is for the operator.
func Failed(what string, err error) error {
	return &sigv4auth.Error{Reason: sigv4auth.ErrServiceUnavailable, Message: awsquery.MessageUnavailable, Detail: what, Cause: err}
}

// NotAuthorizedMessage says what policies do not allow. Which policy it was, and whether the
// resource exists, is not told.
func NotAuthorizedMessage(id *sigv4auth.Identity, action, resource string) string {
	if id.Principal.EffectiveType() == iampolicy.IdentityProvider {
		return "Not authorized to perform " + action
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", id.Principal.ARN, action, resource)
}
