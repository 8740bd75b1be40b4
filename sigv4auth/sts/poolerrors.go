package sts

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/awsjson"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// The errors of Cognito Identity: "Errors" of GetId, GetCredentialsForIdentity and GetOpenIdToken
// in its API Reference. Their messages are those that public captures show.

func poolNotAuthorized(message string, cause error) *awsjson.Error {
	return &awsjson.Error{Code: "NotAuthorizedException", Message: message, Cause: cause}
}

func invalidLogin(message string, cause error) *awsjson.Error {
	return poolNotAuthorized("Invalid login token. "+message, cause)
}

func unsupportedProvider(cause error) *awsjson.Error {
	return poolNotAuthorized("Token is not from a supported provider of this identity pool.", cause)
}

func loginsDiffer() *awsjson.Error {
	return poolNotAuthorized("Logins don't match. Please include at least one valid login for this identity or identity pool.", nil)
}

func noGuests() *awsjson.Error {
	return poolNotAuthorized("Unauthenticated access is not supported for this identity pool.", nil)
}

func poolNotFound(what string) *awsjson.Error {
	return &awsjson.Error{Code: "ResourceNotFoundException", Message: what + " not found."}
}

func tooManyRequests() *awsjson.Error {
	return &awsjson.Error{Code: "TooManyRequestsException", Message: "Rate exceeded"}
}

// invalidPool is for a role that does not trust the pool, or is not there: the caller is told the
// same.
func invalidPool(cause error) *awsjson.Error {
	return &awsjson.Error{
		Code: "InvalidIdentityPoolConfigurationException", Cause: cause,
		Message: "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
	}
}

// tokenError makes Cognito's answer of what is wrong with a token at an instant.
func tokenError(e *TokenError, now time.Time) *awsjson.Error {
	switch e.Code {
	case ErrExpiredIdentityToken:
		if e.Expires.IsZero() {
			return invalidLogin("Token is expired.", e)
		}
		return invalidLogin(fmt.Sprintf("Token expired: %d >= %d", now.Unix(), e.Expires.Unix()), e)
	case ErrIDPCommunication:
		return &awsjson.Error{Code: "ExternalServiceException", Message: "The identity provider could not be reached.", Cause: e}
	}
	return invalidLogin("Couldn't verify signed token.", e)
}

// identityError makes Cognito's answer of what an IdentityStore says.
func identityError(identity string, err error) error {
	switch {
	case errors.Is(err, ErrNoSuchIdentity):
		e := poolNotFound("Identity '" + identity + "'")
		e.Cause = err
		return e
	case errors.Is(err, ErrLoginLinked):
		return &awsjson.Error{
			Code: "ResourceConflictException", Message: "Logins are already linked to another account.", Cause: err,
		}
	case errors.Is(err, ErrTooManyIdentities):
		return &awsjson.Error{Code: "LimitExceededException", Message: "The identity pool has too many identities.", Cause: err}
	}
	return signedapi.Failed("the identity store failed", err)
}

// poolError makes Cognito's answer of one that is STS's.
func poolError(err error) error {
	if _, ok := errors.AsType[*awsjson.Error](err); ok || err == nil {
		return err
	}
	if own, ok := errors.AsType[*sigv4auth.Error](err); ok {
		if own.Reason == sigv4auth.ErrAccessDenied {
			return invalidPool(err)
		}
		return err
	}
	if _, ok := errors.AsType[*TokenTooLargeError](err); ok {
		return &awsjson.Error{Code: "InvalidParameterException", Message: "The logins are too large for one session.", Cause: err}
	}
	if said, ok := errors.AsType[*awsquery.Error](err); ok {
		switch said.HTTPStatus() {
		case http.StatusForbidden:
			return invalidPool(err)
		case http.StatusServiceUnavailable:
			return awsjson.Unavailable(err)
		}
		return awsjson.Internal(err)
	}
	return err
}

// poolRefused makes of an error what an Authenticator refuses a request with.
func poolRefused(err error) error {
	err = poolError(err)
	said, ok := errors.AsType[*awsjson.Error](err)
	if !ok {
		return err
	}
	reason := sigv4auth.ErrMalformedRequest
	switch said.Code {
	case "NotAuthorizedException", "InvalidIdentityPoolConfigurationException":
		reason = sigv4auth.ErrAccessDenied
	case "TooManyRequestsException", "ExternalServiceException", "ServiceUnavailableException", "LimitExceededException":
		reason = sigv4auth.ErrServiceUnavailable
	case "RequestEntityTooLargeException":
		reason = sigv4auth.ErrRequestTooLarge
	case "InternalErrorException":
		reason = sigv4auth.ErrInternalFailure
	}
	refusal := &sigv4auth.Error{Reason: reason, Message: said.Message, Cause: said}
	if own, ok := errors.AsType[*sigv4auth.Error](said.Cause); ok {
		refusal.Detail = own.Detail
	} else if wrong, ok := errors.AsType[*TokenError](said.Cause); ok {
		refusal.Detail = wrong.Detail
	} else if said.Cause != nil {
		refusal.Detail = said.Cause.Error()
	}
	return refusal
}
