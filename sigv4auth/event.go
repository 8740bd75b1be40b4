package sigv4auth

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/aws/smithy-go/rand"

	cryptorand "crypto/rand"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
)

// Event is the record of one request, admitted or refused. Nothing in it is secret, and no text in
// it holds a control character, whatever the request and the policies held: Method, Path,
// Principal, Action, Resource, PolicyRevision, and the PolicyName and the Sid of the Decision are
// escaped. Printable ASCII characters stand for themselves, a backslash is written as two, and any
// other byte as \x and two digits. A text longer than 2,048 bytes is cut, and ends in its length
// and its SHA-256. So two texts that differ also differ in their events. Only what an Explanation
// holds is as it came; its Sentences quote it.
type Event struct {
	// RequestID is what the client of a refused request finds in x-amzn-RequestId.
	RequestID string
	// Time is the instant of verification.
	Time time.Time
	// Method and Path are those of the request line; the query, which may hold a signature, is left
	// out.
	Method, Path string
	// Route is the pattern of the route in AuthorizerConfig.Routes that matched, whether or not the
	// request was admitted; "" where none did, and where there are none.
	Route string
	// Authorization is how it was decided whether the request may proceed.
	Authorization Authorization
	// Source is the client's address: the peer's, or what Config.Proxies tells, or where an
	// Authorizer has a ClientIP, what that says. The zero Addr: not known, and SourceUntold says
	// why.
	Source netip.Addr
	// SourceUntold is why Source is not known, "" where it is.
	SourceUntold diagnosis.Untold
	// SchemeUntold is why it is not known whether the client used TLS, "" where it is.
	SchemeUntold diagnosis.Untold
	// AccessKeyID is the key that the request named, "" if it named none or a malformed one. Of a
	// refused request it is a mere claim. One of 32 characters or more that the store does not know
	// is REDACTED: clients put secrets in its place.
	AccessKeyID string
	// Principal is the ARN of who called, "" until the signature is known to be right.
	Principal string
	// PayloadMode is how the signature covers the body, zero until the signature is known to be
	// right. Where the body streams, Admitted says nothing of it, since it comes later: see
	// Observe.Audit.
	PayloadMode PayloadMode
	// Outcome says whether the request was admitted.
	Outcome Outcome
	// Reason is why the request was refused, "" if it was admitted. In report-only mode it is
	// why it would have been.
	Reason Reason
	// Detail is what [Error.Detail] says beside the Reason, for the operator: which accounts
	// differ, for instance, or which header a proxy has changed. "": nothing.
	Detail string
	// Diagnosis says why a refused request's signature does not verify. It is nil unless
	// Observe.DiagnosesPerMinute asks for it.
	Diagnosis *diagnosis.Report

	// What follows is from the Authorizer, and zero where none was asked.

	// Action and Resource are what the request asked for.
	Action, Resource string
	// Decision is what the policies said, with the first deciding statement. Its OverBudget means
	// that they would have cost too much to evaluate.
	Decision iampolicy.Decision
	// PolicyRevision is the revision of the policies that decided.
	PolicyRevision string
	// ReportOnly means that the decision was recorded and not enforced.
	ReportOnly bool
	// Explanation says why the policies denied. It is nil unless AuthorizerConfig.ExplainRefusals
	// asks for it, and where they allowed or were not asked.
	Explanation *iampolicy.Explanation
}

// Outcome says what became of a request.
type Outcome uint8

const (
	// Refused is the zero value: the handler does not run.
	Refused Outcome = iota
	// Admitted means that the handler runs next, or for a lone Verify that the signature is right.
	Admitted
	// BodyRefused means that a request, whose event said Admitted, has a body that does not verify.
	// The handler has run, and was told so by the error that reading returned.
	BodyRefused
)

// String returns "refused", "admitted" or "body refused".
func (o Outcome) String() string {
	switch o {
	case Admitted:
		return "admitted"
	case BodyRefused:
		return "body refused"
	}
	return "refused"
}

// MarshalText returns what String does.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// record is what a request's context carries: one allocation for the context itself, the identity
// and the event.
type record struct {
	context.Context                // the server's
	auth            *Authenticator // nil => no handler of one is running
	measured        *measurement   // nil => nobody is watching
	identity        Identity
	admitted        bool // => identity is verified, and authorised where a Check was asked
	sourced         bool // => event.Source is what a trusted proxy or the Authorizer's ClientIP said
	audited         bool // => somebody is told of event
	finished        bool // => event is out and is not changed any more
	delivery        BodyDelivery
	event           Event
	routes          *routeTable   // nil => the request did not come through Authenticator.Routes
	route           *route        // of routes; nil => none matched
	body            *streamedBody // nil => the body has been read and verified
	unread          *Error        // nil => it was not left unread; what refuses the request once it is authorised
}

// spooled returns the body if it is spooled, or nil.
func (rec *record) spooled() *spooledBody {
	if rec.body == nil {
		return nil
	}
	return rec.body.spooled
}

// discard removes what was spooled.
func (rec *record) discard() {
	if s := rec.spooled(); s != nil {
		_ = s.Close()
	}
}

type recordKey struct{}

func (rec *record) Value(key any) any {
	if key == (recordKey{}) {
		return rec
	}
	if rec.measured.open() {
		return rec.measured.ctx.Value(key)
	}
	return rec.Context.Value(key)
}

func recordFrom(ctx context.Context) *record {
	rec, _ := ctx.Value(recordKey{}).(*record)
	return rec
}

// RequestIDFrom returns the ID of the request whose context is ctx, for the logs of a Denied hook
// or of a handler. It reports false if the request is admitted and Observe.Audit is nil: no ID is
// made then.
func RequestIDFrom(ctx context.Context) (string, bool) {
	if rec := recordFrom(ctx); rec != nil && rec.event.RequestID != "" {
		return rec.event.RequestID, true
	}
	return "", false
}

func newRequestID() string {
	id, err := rand.NewUUID(cryptorand.Reader).GetUUID()
	if err != nil {
		return "" // unreachable: crypto/rand does not fail
	}
	return id
}

// fillFrom fills in what the request says, and makes it safe for logs. If sourced, Source is known
// already.
func (e *Event) fillFrom(r *http.Request, sourced bool) {
	e.Method = forLog(r.Method)
	e.Path = forLog(linePath(r)) // guard 97a
	e.Principal = forLog(e.Principal)
	if !sourced {
		var ok bool
		if e.Source, ok = PeerIP(r); !ok {
			e.SourceUntold = diagnosis.UntoldPeer
		}
	}
}
