package sigv4auth

import (
	"context"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
)

// maxLookupAge is for how long a request may go on with what the store said of its credential. A
// body comes at the caller's pace: without a bound, whoever sends one slowly decides how long a
// revoked key goes on working (threat 233).
const maxLookupAge = time.Second

// outdated reports whether a lookup at the instant then is too old to be relied on. Of a clock that
// was set back meanwhile nobody knows, so that counts as too old.
func (a *Authenticator) outdated(then time.Time) bool {
	age := a.since(then)
	return age > maxLookupAge || age < 0 // guard 233b
}

// lookUpAgain looks the credential that p names up once more, at the present instant, and puts it
// into c. was is the principal that the first lookup found, nil if none: an access key that has
// become another principal's is refused, since what was decided of this request so far is not about
// that one.
func (a *Authenticator) lookUpAgain(ctx context.Context, c *Credential, p *authParams, was *iampolicy.Principal) *Error {
	var arn, userID string
	if was != nil {
		arn, userID = was.ARN, was.UserID // was may lie in c
	}
	if refused := a.lookUp(ctx, c, p, a.now()); refused != nil {
		return refused
	}
	if was != nil && (c.Principal.ARN != arn || c.Principal.UserID != userID) {
		return &Error{
			Reason: ErrUnrecognizedClient, Message: messageUnrecognized,
			Detail: "the access key has become another principal's since the request began",
		}
	}
	return nil
}

// confirm refuses a request whose signature was right, if it would not be right any more: the key
// has been revoked or has expired, or the secret, the session token or the principal is another
// one. It puts the credential as it is now into c. s.buf holds the canonical request.
func (a *Authenticator) confirm(
	ctx context.Context, c *Credential, p *authParams, s *scratch, via *forwarded.Original, was *iampolicy.Principal,
) *Error {
	if refused := a.lookUpAgain(ctx, c, p, was); refused != nil {
		return refused
	}
	key := a.keys.key(c, p)
	matches := s.matches(s.buf, key, p)
	if via != nil {
		matches = s.matchesAnyHost(via, matches, key, p)
	}
	if !matches {
		return replaced()
	}
	return nil
}

// replaced refuses a request that was signed with a secret which is not the key's any more.
func replaced() *Error {
	return &Error{Reason: ErrSignatureMismatch, Message: messageMismatch, Detail: "the secret has been replaced since the request began"}
}

// authorize runs check. Where the policy store cannot decide from the state of which the credential
// was, check runs once more with the credential as it is now (threat 234).
func (a *Authenticator) authorize(ctx context.Context, check Check, r *http.Request, rec *record, p *authParams, s *scratch) *Error {
	refused := runCheck(check, r, rec.identity)
	if refused == nil || refused.Reason != ErrRevisionGone { // guard 234c
		return refused
	}
	id := &rec.identity
	var c Credential
	if refused := a.confirm(ctx, &c, p, s, id.original, &id.Principal); refused != nil {
		return refused
	}
	id.take(&c) // guard 234a
	return runCheck(check, r, rec.identity)
}

// authorizeAgain authorises a request whose body took so long to arrive that what check has said of
// it is outdated: the handler is yet to begin, and policies may have changed meanwhile (threat
// 233). check gets the credential as it is now.
func (a *Authenticator) authorizeAgain(
	ctx context.Context, check Check, r *http.Request, rec *record, p *authParams, s *scratch,
) *Error {
	id := &rec.identity
	var c Credential
	if refused := a.confirm(ctx, &c, p, s, id.original, &id.Principal); refused != nil {
		return refused
	}
	id.take(&c)
	return a.authorize(ctx, check, r, rec, p, s)
}

// standing is that of the credential behind a body in chunks. It is looked up again while the body
// arrives.
type standing struct {
	a         *Authenticator
	ctx       context.Context
	p         authParams
	principal iampolicy.Principal
	at        time.Time // of the last lookup
	sts       []byte    // the request's string to sign, of which p has the signature; in room
	room      [320]byte // more than the longest one has
}

// follow begins a standing with a request that has just been verified. via has the host that was
// signed.
func (st *standing) follow(
	a *Authenticator, ctx context.Context, p *authParams, s *scratch, via *forwarded.Original, c *Credential, at time.Time,
) {
	canonical := s.buf
	if via != nil && via.Host != via.Hosts[0] {
		canonical = withHost(nil, s.buf, via.Hosts[0], via.Host)
	}
	st.a, st.ctx, st.p, st.principal, st.at = a, ctx, *p, c.Principal, at
	st.p.signed = nil // the next request's
	st.sts = p.appendStringToSign(st.room[:0], canonical)
}

// Admit refuses what arrives of the body once the request would not be admitted any more. It asks
// the store at most once in maxLookupAge.
func (st *standing) Admit() (err error) {
	a := st.a
	if !a.outdated(st.at) {
		return nil
	}
	defer func() {
		if v := recover(); v != nil { // the store's; a handler must not end by it
			err = panicked(v)
		}
	}()
	st.at = a.now()
	var c Credential
	if refused := a.lookUpAgain(st.ctx, &c, &st.p, &st.principal); refused != nil {
		return refused
	}
	s := a.scratch.get()
	defer a.scratch.put(s)
	if !s.signs(st.sts, a.keys.key(&c, &st.p), &st.p) {
		return replaced()
	}
	return nil
}
