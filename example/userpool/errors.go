package userpool

import (
	"errors"
	"fmt"

	"github.com/wildgate/wildgate/sigv4auth/awsjson"
)

// What callers are told, in Cognito's words. Each call makes an error of its own: they are written
// to by nobody, but they can be.

func refuse(code, message string) error { return &awsjson.Error{Code: code, Message: message} }

func notAuthorized(message string) error { return refuse("NotAuthorizedException", message) }

// errPassword is for wrong passwords, and for users who do not exist: nobody is to tell them
// apart.
func errPassword() error { return notAuthorized("Incorrect username or password.") }

// errWait is for who has tried too often.
func errWait() error { return notAuthorized("Password attempts exceeded") }

func errSession() error      { return notAuthorized("Invalid session for the user.") }
func errAccessToken() error  { return notAuthorized("Invalid Access Token") }
func errRevoked() error      { return notAuthorized("Access Token has been revoked") }
func errRefreshToken() error { return notAuthorized("Invalid Refresh Token") }
func errDisabled() error     { return notAuthorized("User is disabled.") }

func errRate() error { return refuse("TooManyRequestsException", "Rate exceeded") }

func errLimit() error {
	return refuse("LimitExceededException", "Attempt limit exceeded, please try after some time.")
}

func errCode() error {
	return refuse("CodeMismatchException", "Invalid verification code provided, please try again.")
}

func errCodeExpired() error {
	return refuse("ExpiredCodeException", "Invalid code provided, please request a code again.")
}

func errNoUser() error { return refuse("UserNotFoundException", "User does not exist.") }

func errNotConfirmed() error { return refuse("UserNotConfirmedException", "User is not confirmed.") }

func invalid(format string, args ...any) error {
	return refuse("InvalidParameterException", fmt.Sprintf(format, args...))
}

func missing(parameter string) error { return invalid("Missing required parameter %s", parameter) }

func errNoClient(id string) error {
	return refuse("ResourceNotFoundException", fmt.Sprintf("User pool client %s does not exist.", id))
}

func errNoPool(id string) error {
	return refuse("ResourceNotFoundException", fmt.Sprintf("User pool %s does not exist.", id))
}

// isRefusal reports whether an error is one that callers are told.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*awsjson.Error](err)
	return ok
}
