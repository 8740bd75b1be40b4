package sigv4auth

import (
	"context"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4" // guard 44
)

// Verify decides whether r, a request as a server received it, is signed by who it says. On success
// r.Body is the verified body, read whole, and r.ContentLength its length; nothing else of r is
// changed. A spooled body MUST be closed, which removes its file. A body that streams has not been
// read yet: r.Body verifies, and decodes, as it is read, r.ContentLength is the decoded length, -1
// where none is declared, and Content-Encoding still names aws-chunked. After
// an error, which is always an [*Error], the request MUST NOT be acted on; of its body, what could
// not be read to its end is lost, and the rest is there for [Authenticator.Diagnose].
//
// Verify must see the request before anything rewrites r.RequestURI, r.Host, r.Header or r.Body. It
// does not authorise: [Authenticator.Require] does both.
func (a *Authenticator) Verify(r *http.Request) (id Identity, err error) {
	var rec record
	ctx, measured, refused := a.telemetry.start(r.Context())
	if refused == nil {
		refused = a.verify(ctx, r, &rec, &id, nil)
	}
	if refused = a.finish(ctx, r, &rec, measured, refused, false); refused != nil {
		rec.discard()
		return Identity{}, refused
	}
	return id, nil
}

// verify runs the walk with pooled buffers and turns a panic into a refusal. With a check, for a
// request whose context and identity are rec's, it authorises too.
func (a *Authenticator) verify(ctx context.Context, r *http.Request, rec *record, id *Identity, check Check) (refused *Error) {
	var p authParams
	s := a.scratch.get()
	defer func() {
		a.scratch.put(s)
		if v := recover(); v != nil {
			*id = Identity{}
			refused = panicked(v) // guard 227a
		}
		if refused != nil {
			refused.place = p.place
		}
	}()
	received := r.Body
	if refused = a.walk(ctx, r, rec, id, &p, s); refused == nil && check != nil {
		refused = a.authorize(ctx, check, r, rec, &p, s)
	}
	if rec.unread != nil {
		if r.Body = received; refused == nil {
			refused = rec.unread
		}
	}
	if refused == nil && rec.delivery == BodySpooled {
		refused = a.spool(r, rec)
		if refused == nil && check != nil && rec.body != nil && a.outdated(rec.event.Time) { // guard 233e
			refused = a.authorizeAgain(ctx, check, r, rec, &p, s)
		}
	}
	return refused
}

// walk is the verification walk, in AWS's order of checks: what is cheap comes first, a key is
// looked up only for a well-formed, timely and correctly scoped request, and the body is read last,
// but for a signature that covers a digest which the request does not carry. It fills rec and p in,
// and id only on success.
func (a *Authenticator) walk(ctx context.Context, r *http.Request, rec *record, id *Identity, p *authParams, s *scratch) *Error {
	// The request's instant is taken once and used for everything (threat 190), but for whether a
	// credential that had to be looked up again has expired meanwhile.
	now := a.now()
	rec.event.Time = now // guard 74a, 75, 226
	via := a.original(r)
	if via != nil {
		rec.event.Source, rec.event.SourceUntold, rec.event.SchemeUntold, rec.sourced = via.Client, via.ClientUntold, via.SchemeUntold, true
	}
	var h protocolHeaders
	h.find(r.Header)
	var t target
	if refused := t.parse(r, h.host); refused != nil {
		return refused
	}
	t.path = via.Path(t.path)
	if refused := a.checkTarget(&t, &s.query); refused != nil {
		return refused
	}
	if refused := a.present(p, &h, s); refused != nil {
		if refused.Reason == ErrMissingAuthenticationToken {
			if why := a.unsupported(r, &s.query); why != "" {
				refused.Message = why
			}
		}
		return refused
	}
	if refused := a.checkHost(r.Host, via); refused != nil {
		return refused
	}
	if refused := a.checkSignedHeaders(r.Header, h.amz, p); refused != nil {
		return refused
	}
	if a.telemetry.clock != nil {
		a.telemetry.clock.Record(ctx, now.Sub(p.signedAt).Seconds()) // guard 74b
	}
	if refused := a.checkTime(p, now); refused != nil {
		return refused
	}
	if !a.fastCredential(p) {
		if refused := p.parseCredential(); refused != nil {
			return refused
		}
	}
	rec.event.AccessKeyID = claimedKeyID(p.accessKeyID) // guard 222
	if refused := a.checkScope(p); refused != nil {
		return refused
	}
	var declared payload
	if refused := a.declaredPayload(&declared, r, p); refused != nil {
		return refused
	}
	if refused := a.checkUndeclared(r, &declared); refused != nil {
		return refused
	}
	if refused := declared.takeChecksum(r, &h, &s.query, p); refused != nil {
		return refused
	}
	if r.ContentLength > a.maxBody && declared.stream == nil {
		return tooLarge()
	}
	if len(p.token) > maxSessionToken {
		return malformed("The session token is longer than %d bytes", maxSessionToken)
	}

	var refused *Error
	const parsed = 1<<v4.XAmzDate | 1<<v4.XAmzContentSHA256
	if s.buf, refused = a.canonical(s.buf[:0], r, via, &t, &s.query, &h, p, parsed); refused != nil {
		return refused
	}
	var credential Credential
	refusedCredential := a.lookUp(ctx, &credential, p, now)
	if refusedCredential != nil && refusedCredential.Reason == ErrServiceUnavailable {
		return refusedCredential
	}

	if refusedCredential == nil {
		rec.event.AccessKeyID = p.accessKeyID
	}

	body := noBody
	if declared.line == "" {
		if body, refused = a.undeclaredBody(r); refused != nil {
			return refused
		}
		if body != noBody && a.outdated(now) {
			var was *iampolicy.Principal
			if refusedCredential == nil {
				was = &credential.Principal
			}
			refusedCredential = a.lookUpAgain(ctx, &credential, p, was)
		}
	}
	s.buf = declared.appendLine(s.buf, body.text)
	// An unknown key costs the same work as a wrong signature (threat 211), so its refusal comes
	// only now.
	key := a.keys.key(&credential, p)
	matches := s.matches(s.buf, key, p)
	if via != nil {
		matches = s.matchesAnyHost(via, matches, key, p)
	}
	var detail string
	if !matches {
		detail = mismatchDetail(r, p, via)
	}
	if refusedCredential != nil {
		return refusedCredential
	}
	if !matches {
		return &Error{Reason: ErrSignatureMismatch, Message: messageMismatch, Detail: detail} // guard 213
	}

	if rec.delivery, refused = a.delivery(r, rec); refused != nil {
		return refused
	}
	stream := a.isStream(r)
	switch {
	case stream && rec.delivery == BodySpooled:
		return contradictory()
	case declared.stream != nil:
		rec.body = declared.streamBody(r, key, p)
	case declared.streamsPlain(r, rec.delivery):
		rec.body = a.streamPlain(r, &declared)
	}
	if rec.body != nil {
		rec.body.standing.follow(a, ctx, p, s, via, &credential, now)
	} else if stream && declared.mode == PayloadDigest {
		rec.unread = refuseStream(r)
	} else {
		late, refused := a.plainBody(r, body, &declared, now)
		if refused != nil {
			return refused
		}
		if late {
			if refused := a.confirm(ctx, &credential, p, s, via, &credential.Principal); refused != nil {
				return refused
			}
		}
	}
	id.fill(&credential, p, declared.mode, now)
	if id.host = r.Host; via != nil {
		id.original, id.host = via, via.Host
	}
	rec.event.Principal, rec.event.PayloadMode = credential.Principal.ARN, declared.mode
	return nil
}
