package awsquery

// Error is an answer that says no.
type Error struct {
	// Code is what programs look at, for instance "AccessDenied".
	Code string
	// Message is for people. It goes to the client: it holds nothing that the client did not send
	// or may not know.
	Message string
	// Status is the HTTP status. 0: 400.
	Status int
	// Cause is for the operator, and is written to no client. It may be nil.
	Cause error
}

// Error returns the code and the message.
func (e *Error) Error() string { return "awsquery: " + e.Code + ": " + e.Message }

// Unwrap returns Cause.
func (e *Error) Unwrap() error { return e.Cause }

// HTTPStatus returns the status to answer with. What is no status of an error is one of the server.
func (e *Error) HTTPStatus() int {
	switch {
	case e.Status == 0:
		return 400
	case e.Status < 400 || e.Status > 599:
		return 500
	}
	return e.Status
}

// The messages of errors that say nothing of the request: "Common Errors" in the IAM API Reference.
const (
	MessageInternal    = "The request processing has failed because of an unknown error, exception or failure."
	MessageUnavailable = "The request has failed due to a temporary failure of the server."
)

// Internal returns the error of a fault in the server. What cause says stays here.
func Internal(cause error) *Error {
	return &Error{Code: "InternalFailure", Message: MessageInternal, Status: 500, Cause: cause}
}

// Unavailable returns the error of a server that cannot tell now. What cause says stays here.
func Unavailable(cause error) *Error {
	return &Error{Code: "ServiceUnavailable", Message: MessageUnavailable, Status: 503, Cause: cause}
}

// malformedForm is for a form that breaks its grammar.
func malformedForm(message string) *Error {
	return &Error{Code: "MalformedQueryString", Message: message, Status: 404} // the status that AWS documents
}

// invalidForm is for a form whose grammar is right.
func invalidForm(message string) *Error {
	return &Error{Code: "InvalidQueryParameter", Message: message}
}

// malformedInput is for parameters that do not have the shape of the operation's input.
func malformedInput(message string) *Error { return &Error{Code: "MalformedInput", Message: message} }

func tooLarge() *Error {
	return &Error{Code: "RequestEntityTooLarge", Message: "Request body is too large", Status: 413}
}
