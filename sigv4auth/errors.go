package sigv4auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"

	"github.com/aws/smithy-go"
)

// Reason names one reason to refuse a request. The values are constants: compare with [errors.Is].
// Several reasons can share one AWS error type, which is what the client is told; [Error.ErrorCode]
// returns it.
type Reason string

// Error returns the reason, preceded by the package's name.
func (r Reason) Error() string {
	if r == "" {
		return "sigv4auth: no reason"
	}
	return "sigv4auth: " + string(r)
}

// String returns the reason alone.
func (r Reason) String() string { return string(r) }

// MarshalText returns the reason alone.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r), nil }

// The reasons to refuse a request.
const (
	// ErrMissingAuthenticationToken: the request carries no credentials.
	ErrMissingAuthenticationToken Reason = "MissingAuthenticationToken"
	// ErrIncompleteSignature: the Authorization header or the query carries credentials that are
	// not whole.
	ErrIncompleteSignature Reason = "IncompleteSignature"
	// ErrMalformedRequest: the request is ambiguous, breaks a grammar or exceeds a limit.
	ErrMalformedRequest Reason = "MalformedRequest"
	// ErrHeaderNotSigned: a header arrived that has to be signed, and is not.
	ErrHeaderNotSigned Reason = "HeaderNotSigned"
	// ErrHostNotAllowed: the signed host is none of Config.Hosts.
	ErrHostNotAllowed Reason = "HostNotAllowed"
	// ErrRequestExpired: the request was signed too long ago, or the presigned URL has expired.
	ErrRequestExpired Reason = "RequestExpired"
	// ErrRequestNotYetCurrent: the request is dated in the future.
	ErrRequestNotYetCurrent Reason = "RequestNotYetCurrent"
	// ErrInvalidScope: the credential scope is not the one that is accepted.
	ErrInvalidScope Reason = "InvalidScope"
	// ErrNotEnabled: presigned URLs or the payload mode are switched off, or the presigned URL
	// would live longer than Config.MaxPresignExpiry.
	ErrNotEnabled Reason = "NotEnabled"
	// ErrUnrecognizedClient: the access key or its session token is unknown. A CredentialStore
	// returns an error that wraps it for a key that does not exist.
	ErrUnrecognizedClient Reason = "UnrecognizedClient"
	// ErrExpiredToken: the temporary credentials have expired.
	ErrExpiredToken Reason = "ExpiredToken"
	// ErrSignatureMismatch: the signature is not that of this request.
	ErrSignatureMismatch Reason = "SignatureMismatch"
	// ErrPayloadMismatch: the body is not the one whose digest was signed.
	ErrPayloadMismatch Reason = "PayloadMismatch"
	// ErrChecksumMismatch: the body is not the one whose checksum a header or the trailer holds.
	ErrChecksumMismatch Reason = "ChecksumMismatch"
	// ErrIncompleteBody: the body ended early or could not be read.
	ErrIncompleteBody Reason = "IncompleteBody"
	// ErrRequestTooLarge: the body is larger than Config.MaxBodyBytes.
	ErrRequestTooLarge Reason = "RequestTooLarge"
	// ErrAccessDenied: the signature is right, and no policy allows the request, or one denies it.
	ErrAccessDenied Reason = "AccessDenied"
	// ErrServiceUnavailable: a store failed, or the body could not be spooled. The request may be
	// right.
	ErrServiceUnavailable Reason = "ServiceUnavailable"
	// ErrRevisionGone: the policies of the state that the credential came from cannot be had any
	// more. A PolicyStore returns an error that wraps it. The request may be right.
	ErrRevisionGone Reason = "RevisionGone"
	// ErrInternalFailure: a store or a callback panicked.
	ErrInternalFailure Reason = "InternalFailure"
)

// answer is what a client is told for a code, in the dialects that the package writes.
type answer struct {
	status int
	typ    string // API Gateway's x-amzn-ErrorType
	s3     wireCode
	query  wireCode
	rpc    rpcCode
}

type wireCode struct {
	status int
	code   string
}

// answers holds every code. The API Gateway column is what public captures of API Gateway show; the
// S3 column follows "Error responses" in the S3 API Reference, the query column "Common Errors" in
// the STS and IAM API References, the last one "Status codes and their use in gRPC".
var answers = map[Reason]answer{
	ErrMissingAuthenticationToken: {
		403, "MissingAuthenticationTokenException",
		wireCode{403, "AccessDenied"},
		wireCode{403, "MissingAuthenticationToken"},
		rpcUnauthenticated,
	},
	ErrIncompleteSignature: {
		403, "IncompleteSignatureException",
		wireCode{400, "AuthorizationHeaderMalformed"},
		wireCode{400, "IncompleteSignature"},
		rpcUnauthenticated,
	},
	ErrMalformedRequest: {
		400, "IncompleteSignatureException",
		wireCode{400, "InvalidRequest"},
		wireCode{400, "IncompleteSignature"},
		rpcInvalidArgument,
	},
	ErrHeaderNotSigned: {
		403, "InvalidSignatureException",
		wireCode{403, "AccessDenied"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrHostNotAllowed: {
		403, "InvalidSignatureException",
		wireCode{403, "SignatureDoesNotMatch"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrRequestExpired: {
		403, "InvalidSignatureException",
		wireCode{403, "RequestTimeTooSkewed"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrRequestNotYetCurrent: {
		403, "InvalidSignatureException",
		wireCode{403, "RequestTimeTooSkewed"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrInvalidScope: {
		403, "InvalidSignatureException",
		wireCode{400, "AuthorizationHeaderMalformed"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrNotEnabled: {
		403, "InvalidSignatureException",
		wireCode{403, "AccessDenied"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrUnrecognizedClient: {
		403, "UnrecognizedClientException",
		wireCode{403, "InvalidAccessKeyId"},
		wireCode{403, "InvalidClientTokenId"},
		rpcUnauthenticated,
	},
	ErrExpiredToken: {
		403, "ExpiredTokenException",
		wireCode{400, "ExpiredToken"},
		wireCode{403, "ExpiredToken"},
		rpcUnauthenticated,
	},
	ErrSignatureMismatch: {
		403, "InvalidSignatureException",
		wireCode{403, "SignatureDoesNotMatch"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrPayloadMismatch: {
		403, "InvalidSignatureException",
		wireCode{400, "XAmzContentSHA256Mismatch"},
		wireCode{403, "SignatureDoesNotMatch"},
		rpcUnauthenticated,
	},
	ErrChecksumMismatch: {
		400, "BadDigest",
		wireCode{400, "BadDigest"},
		wireCode{400, "BadDigest"},
		rpcInvalidArgument,
	},
	ErrIncompleteBody: {
		400, "IncompleteBody",
		wireCode{400, "IncompleteBody"},
		wireCode{400, "IncompleteBody"},
		rpcInvalidArgument,
	},
	ErrRequestTooLarge: {
		413, "RequestEntityTooLargeException",
		wireCode{400, "EntityTooLarge"},
		wireCode{413, "RequestEntityTooLarge"},
		rpcResourceExhausted,
	},
	ErrAccessDenied: {
		403, "AccessDeniedException",
		wireCode{403, "AccessDenied"},
		wireCode{403, "AccessDenied"},
		rpcPermissionDenied,
	},
	ErrServiceUnavailable: {
		503, "ServiceUnavailableException",
		wireCode{503, "ServiceUnavailable"},
		wireCode{503, "ServiceUnavailable"},
		rpcUnavailable,
	},
	ErrRevisionGone: {
		503, "ServiceUnavailableException",
		wireCode{503, "ServiceUnavailable"},
		wireCode{503, "ServiceUnavailable"},
		rpcUnavailable,
	},
	ErrInternalFailure: {
		500, "InternalFailure",
		wireCode{500, "InternalError"},
		wireCode{500, "InternalFailure"},
		rpcInternal,
	},
}

// Error is a refusal. It implements [smithy.APIError].
type Error struct {
	// Reason is why, for comparisons and metrics.
	Reason Reason
	// Message is for the client. It holds nothing that the client did not send or may not know.
	Message string
	// Detail is for the operator, and is written to no client. It holds no secret.
	Detail string
	// Cause is the error that a store or a callback returned, or nil. It is for the operator; it is
	// not part of the text that Error returns, since it may say anything.
	Cause error

	place SignatureLocation // where the credentials were, if they were found
	facts *errorDetails     // may be nil
}

var _ smithy.APIError = (*Error)(nil)

// Error returns the reason and the message for the client.
func (e *Error) Error() string {
	if e == nil {
		return "sigv4auth: a nil error"
	}
	if e.Message == "" {
		return e.Reason.Error()
	}
	return e.Reason.Error() + ": " + e.Message
}

// Unwrap returns Cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Cause
}

// Is reports whether target is the error's reason.
func (e *Error) Is(target error) bool { return e != nil && target == e.Reason }

// ErrorCode returns the AWS error type that the client is told, for instance
// InvalidSignatureException.
func (e *Error) ErrorCode() string { return e.answer().typ }

// ErrorMessage returns Message.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault returns whose fault the refusal is.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.HTTPStatus() >= http.StatusInternalServerError {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

// HTTPStatus returns the status with which API Gateway answers.
func (e *Error) HTTPStatus() int { return e.answer().status }

func (e *Error) answer() answer {
	if a, ok := answers[e.Reason]; ok {
		return a
	}
	return answers[ErrInternalFailure]
}

// refusal makes the Error for a fault in the request. The detail is for the operator.
func refusal(code Reason, message string) *Error { return &Error{Reason: code, Message: message} }

func malformed(format string, args ...any) *Error {
	return refusal(ErrMalformedRequest, fmt.Sprintf(format, args...))
}

// The messages of refusals that say nothing of the request.
const (
	messageMissing      = "Missing Authentication Token"
	messageUnrecognized = "The security token included in the request is invalid."
	messageExpired      = "The security token included in the request is expired"
	messageMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	messageUnavailable = "Service Unavailable"
	messageInternal    = "Internal server error"
)

func unavailable(detail string, cause error) *Error {
	return &Error{Reason: ErrServiceUnavailable, Message: messageUnavailable, Detail: detail, Cause: cause}
}

// undecided is unavailable for what has to be of the state that the credential came from.
func undecided(detail string, cause error) *Error {
	e := unavailable(detail, cause)
	if errors.Is(cause, ErrRevisionGone) {
		e.Reason = ErrRevisionGone // guard 234b
	}
	return e
}

// panicked makes the Error for a panic. Its value may hold anything, a store's password too: the
// detail tells its type, and its text only where the runtime wrote it. A value that is an error
// becomes the cause.
func panicked(value any) *Error {
	e := &Error{Reason: ErrInternalFailure, Message: messageInternal, Detail: fmt.Sprintf("panic with a value of type %T", value)}
	if err, ok := value.(error); ok {
		e.Cause = err
		if _, ok := value.(runtime.Error); ok {
			e.Detail = "panic: " + printable(err.Error())
		}
	}
	return e
}

// AsError returns the refusal that err stands for, or nil if err is nil. An error of this package
// is returned as it is. Any other error is a refusal too: one that wraps a [Reason] has that
// reason, a cancelled or timed-out context is ErrServiceUnavailable, and the rest, which is what a
// [Check] returns to say no, is ErrAccessDenied.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	// A typed nil is an error like any other: what a Check returns is nil only if it is nil itself.
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e
	}
	if code, ok := errors.AsType[Reason](err); ok {
		return &Error{Reason: code, Message: defaultMessage(code), Cause: err}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return unavailable("", err)
	}
	return &Error{Reason: ErrAccessDenied, Message: defaultMessage(ErrAccessDenied), Cause: err}
}

func defaultMessage(code Reason) string {
	switch code {
	case ErrMissingAuthenticationToken:
		return messageMissing
	case ErrUnrecognizedClient:
		return messageUnrecognized
	case ErrExpiredToken:
		return messageExpired
	case ErrSignatureMismatch:
		return messageMismatch
	case ErrServiceUnavailable, ErrRevisionGone:
		return messageUnavailable
	case ErrInternalFailure:
		return messageInternal
	case ErrAccessDenied:
		return "User is not authorized to perform this operation"
	default:
		return string(code)
	}
}
