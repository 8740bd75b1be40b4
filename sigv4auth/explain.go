package sigv4auth

import (
	"context"
	"net/http"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
)

// Explain says how Check decides about r, which id has signed, and why: it asks the same policies
// about the same action, resource and condition keys. The Decision is the one that Check goes by,
// also in report-only mode. It records nothing, refuses nothing and tells the caller nothing. An
// explanation holds what policies say: it is for operators, and MUST NOT reach the caller.
//
// Where Check refuses before it asks any policy, as a request that no route matches, or if a store
// fails, there is nothing to explain: the error is the [*Error] that Check refuses with, whose
// Detail and Cause say why.
//
// It costs many times what Check does. It may be called wherever a request is: in a Check of one's
// own, in a handler, and in a Denied hook or later, with the Identity that the Check got. The
// stores and callbacks are asked again, so that it can be of newer policies than a Check before it;
// what explains the very decision is Event.Explanation, with AuthorizerConfig.ExplainRefusals.
func (z *Authorizer) Explain(r *http.Request, id Identity) (iampolicy.Explanation, error) {
	if !id.verified() && !id.vouched {
		return iampolicy.Explanation{}, unverified()
	}
	// A record of its own: the request's is that of its decision.
	r, rec := z.routes.another(r, recordFrom(r.Context()))
	x, refused := z.explain(r, id, rec)
	if refused != nil {
		return iampolicy.Explanation{}, refused
	}
	return *x, nil
}

func (z *Authorizer) explain(r *http.Request, id Identity, rec *record) (x *iampolicy.Explanation, refused *Error) {
	defer func() {
		if v := recover(); v != nil {
			refused = panicked(v)
		}
	}()
	var q question
	if refused := z.ask(r, id, rec, &q); refused != nil {
		return nil, refused
	}
	return explained(r.Context(), q), nil
}

// explained explains the answer to q, which it takes by value: a question that nobody explains does
// not leave the stack.
func explained(ctx context.Context, q question) *iampolicy.Explanation {
	x := iampolicy.Explain(ctx, &q.set, &q.req)
	return &x
}

// obstacle says what stands in the way of any Allow of the caller's own policies, "" if nothing.
func obstacle(set *iampolicy.Set, req *iampolicy.Request) string {
	text := iampolicy.Obstacle(set, req)
	if text != "" && req.ResourceAccount == "" && req.Principal.Account() != "" {
		text += "; the resource's ARN names no account, and AuthorizerConfig.ResourceAccount is AccountInARN"
	}
	return printable(text)
}

// unverified is the refusal of an Identity that no Authenticator has made.
func unverified() *Error {
	return &Error{
		Reason: ErrAccessDenied, Message: defaultMessage(ErrAccessDenied),
		Detail: "the identity is not that of a verified request",
	}
}

// explanationInWords returns an explanation as one line of text.
func explanationInWords(x *iampolicy.Explanation) string { return strings.Join(x.Sentences(), "; ") }
