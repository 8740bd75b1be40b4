package awsjson

import (
	"context"
	"errors"
	"net/http"
)

// Error is an answer that says no.
type Error struct {
	// Code is what programs look at, for instance "NotAuthorizedException".
	Code string
	// Message is for people. It goes to the client: it holds nothing that the client did not send
	// or may not know.
	Message string
	// Status is the HTTP status. 0: 400, which services of AWS JSON answer with to most errors of
	// their callers, 403 of other protocols among them.
	Status int
	// Cause is for the operator, and is written to no client. It may be nil.
	Cause error
}

// Error returns the code and the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "awsjson: " + e.Code
	}
	return "awsjson: " + e.Code + ": " + e.Message
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// ErrorCode returns Code.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage returns Message.
func (e *Error) ErrorMessage() string { return e.Message }

// HTTPStatus returns the status to answer with. What is no status of an error is one of the server.
func (e *Error) HTTPStatus() int {
	switch {
	case e.Status == 0:
		return http.StatusBadRequest
	case e.Status < 400 || e.Status > 599:
		return http.StatusInternalServerError
	}
	return e.Status
}

// Internal returns the error of a fault in the server, as Cognito has it. What cause says stays
// here.
func Internal(cause error) *Error {
	return &Error{
		Code: "InternalErrorException", Message: "The request processing has failed because of an internal error.",
		Status: http.StatusInternalServerError, Cause: cause,
	}
}

// Unavailable returns the error of a server that cannot tell now. What cause says stays here.
func Unavailable(cause error) *Error {
	return &Error{
		Code: "ServiceUnavailableException", Message: "The request has failed due to a temporary failure of the server.",
		Status: http.StatusServiceUnavailable, Cause: cause,
	}
}

func serialization(message string, cause error) *Error {
	return &Error{Code: "SerializationException", Message: message, Cause: cause}
}

func unknownOperation() *Error { return &Error{Code: "UnknownOperationException"} }

// refusal is what other packages' errors say to clients; sigv4auth.Error is one.
type refusal interface {
	error
	ErrorCode() string
	ErrorMessage() string
	HTTPStatus() int
}

// errorOf returns the answer that an error is.
func (s *Service) errorOf(r *http.Request, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	if e, ok := errors.AsType[refusal](err); ok {
		status := e.HTTPStatus()
		if status == http.StatusUnauthorized || status == http.StatusForbidden {
			status = http.StatusBadRequest
		}
		return &Error{Code: e.ErrorCode(), Message: e.ErrorMessage(), Status: status, Cause: err}
	}
	if s.Fault != nil {
		if e := s.Fault(r, err); e != nil {
			return e
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Unavailable(err)
	}
	return Internal(err)
}
