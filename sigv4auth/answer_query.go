package sigv4auth

import (
	"net/http"

	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
)

// queryMessages are the texts of the query protocol's services for refusals that say nothing of the
// request, where they differ from API Gateway's.
var queryMessages = map[Reason]string{
	ErrMissingAuthenticationToken: "Request is missing Authentication Token",
	ErrServiceUnavailable:         awsquery.MessageUnavailable,
	ErrRevisionGone:               awsquery.MessageUnavailable,
	ErrInternalFailure:            awsquery.MessageInternal,
}

// queryNamespaces are the XML namespaces of services with the query protocol, by the service of the
// credential scope. Strict XML readers look for elements in the namespace of their service.
var queryNamespaces = map[string]string{
	"iam": "https://iam.amazonaws.com/doc/2010-05-08/",
	"sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}

// WriteQueryError answers a refused request as the services with the AWS query protocol do, STS and
// IAM among them: "Common Errors" in their API References.
//
// As Config.Denied, and in handlers that an [Authenticator] protects, it writes the XML namespace
// of the service if Config.Service is "sts" or "iam"; elsewhere it writes none.
func WriteQueryError(w http.ResponseWriter, r *http.Request, err error) {
	e := toWrite(err)
	wire := e.answer().query
	said := awsquery.Error{Code: wire.code, Message: e.Message, Status: wire.status}
	if text, ok := queryMessages[e.Reason]; ok && e.Message == defaultMessage(e.Reason) {
		said.Message = text
	}
	namespace := ""
	if rec := recordFrom(r.Context()); rec != nil && rec.auth != nil {
		namespace = queryNamespaces[rec.auth.service]
	}
	body := awsquery.ErrorDocument(namespace, setRequestID(w, r), &said)
	writeRefusal(w, r, said.Code, wire.status, awsquery.ContentType, body)
}
