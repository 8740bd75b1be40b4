package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/forwarded"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// Diagnose reports why [Authenticator.Verify] refuses r: what the server built from the request,
// and which of the known causes explains the signature. A cause is never guessed: the signature is
// computed again, with the credential from the store, for the request as it would have been.
//
// It is for operators: whoever sees its answer learns which access keys exist, so it MUST NOT be
// sent to callers. It does not change what Verify decides.
//
// Call it before Verify, or after Verify has refused r, for instance in a [Config.Denied] hook:
// what Verify has read of the body can be read again, unless the body could not be read to its end.
// Diagnose reads the body too, at most Config.MaxBodyBytes of it, and puts it back. Like Verify, it
// must see r.RequestURI, r.Host and r.Header as they were received.
//
// It asks the credential store once and computes at most 2,048 signatures, or 64 of SigV4A, over at
// most 8 MiB. Where it finds no cause, an ordinary request costs about a hundred times what Verify
// does (BenchmarkDiagnose), and one that is made to be costly costs more: ask for single requests,
// or let [Observe.DiagnosesPerMinute] bound it. It never panics.
func (a *Authenticator) Diagnose(r *http.Request) diagnosis.Report {
	if r == nil {
		return diagnosis.Report{}
	}
	return a.diagnose(r.Context(), r, time.Time{}, true)
}

// diagnose examines r at the instant now; zero: the present one. If read is not set, nothing is
// read that has not been read already.
func (a *Authenticator) diagnose(ctx context.Context, r *http.Request, now time.Time, read bool) (d diagnosis.Report) {
	x := &diagnoser{a: a, r: r, mayRead: read}
	x.s = a.scratch.get()
	defer a.scratch.put(x.s)
	defer func() {
		if v := recover(); v != nil {
			refused := panicked(v)
			d = diagnosis.Report{Refused: refused.Reason, Message: refused.Message + " (" + refused.Detail + ")"}
		}
	}()
	if x.now = now; now.IsZero() {
		x.now = a.now()
	}
	x.walk(ctx)
	x.redact()
	return x.d
}

// A diagnoser makes one diagnosis.
type diagnoser struct {
	a       *Authenticator
	r       *http.Request
	now     time.Time
	mayRead bool
	s       *scratch

	via        *forwarded.Original // nil: no trusted proxy
	sent       http.Header         // r.Header as the client sent it, made once: whoever sends the request chooses how large it is
	h          protocolHeaders
	t          target
	p          authParams
	declared   payload
	body       []byte
	bodyKnown  bool
	credential Credential // of an unknown key: a dummy
	known      bool       // => credential is the store's
	missing    []string   // signed headers that did not arrive
	search     search
	d          diagnosis.Report
}

// refuse notes the first refusal, which is Verify's verdict.
func (x *diagnoser) refuse(refused *Error) bool {
	if refused == nil {
		return false
	}
	if x.d.Refused == nil {
		x.d.Refused, x.d.Message = refused.Reason, refused.Message
		if refused.Detail != "" {
			x.d.Message += " (" + refused.Detail + ")"
		}
	}
	return true
}

func (x *diagnoser) find(c diagnosis.Cause, condition, remedy string) {
	x.d.Findings = append(x.d.Findings, diagnosis.Finding{Cause: c, Condition: condition, Remedy: remedy})
}

// walk takes the steps of Authenticator.walk in the same order, but goes on after a refusal that
// leaves something to be examined.
func (x *diagnoser) walk(ctx context.Context) {
	a, r, p, h := x.a, x.r, &x.p, &x.h
	x.via = a.original(r)
	x.client()
	x.sent = x.via.Header(r.Header)
	h.find(r.Header)
	if x.refuse(x.t.parse(r, h.host)) {
		return
	}
	x.t.path = x.via.Path(x.t.path)
	if x.refuse(a.checkTarget(&x.t, &x.s.query)) {
		return
	}
	if x.refuse(a.present(p, h, x.s)) {
		return
	}
	if x.refuse(a.checkHost(r.Host, x.via)) {
		if x.via != nil {
			x.via.Hosts = []string{r.Host}
		}
		x.find(diagnosis.CauseHostNotServed, "the host is one of Config.Hosts ("+quoted(r.Host)+" arrived, and was signed)",
			"add it to Config.Hosts if it is served here, or let the client use a host that is")
	}
	if refused := a.checkSignedHeaders(r.Header, h.amz, p); x.refuse(refused) {
		x.unsignedHeaders(refused)
	}
	timely := !x.refuse(a.checkTime(p, x.now))
	if !timely {
		x.clock()
	}
	if x.refuse(p.parseCredential()) {
		return
	}
	x.d.AccessKeyID = claimedKeyID(p.accessKeyID)
	scoped := true
	if x.refuse(a.checkScope(p)) {
		if scoped = false; !x.scope() {
			return
		}
	}
	if x.refuse(a.declaredPayload(&x.declared, r, p)) {
		if !x.declaredAnyway() {
			return
		}
	}
	if x.refuse(x.declared.takeChecksum(r, h, &x.s.query, p)) {
		return
	}
	if r.ContentLength > a.maxBody && x.declared.stream == nil {
		x.refuse(tooLarge())
		return
	}
	if len(p.token) > maxSessionToken {
		x.refuse(malformed("The session token is longer than %d bytes", maxSessionToken))
		return
	}
	canonical, ok := x.canonical()
	if !ok {
		return
	}

	refusedCredential := a.lookUp(ctx, &x.credential, p, x.now)
	if refusedCredential != nil && refusedCredential.Reason == ErrServiceUnavailable {
		if x.d.Refused == nil {
			x.refuse(refusedCredential)
			return
		}
		// Verify would not have asked the store. That it has no key to offer must not be told by
		// the time of the answer (threat 211).
		x.d.NotTried = append(x.d.NotTried, "whether the signature is right: "+refusedCredential.Detail)
		refusedCredential = nil
	}
	if x.known = x.credential.AccessKeyID != ""; x.known {
		x.d.AccessKeyID = p.accessKeyID
	}
	undeclared := x.declared.line == ""
	bodyRefused := x.takeBody()
	if undeclared && x.refuse(bodyRefused) {
		x.d.NotTried = append(x.d.NotTried, "the signature covers the body, which could not be read: ask before anything else has read it")
	}
	// A token that was signed and did not arrive is reported as that.
	if x.refuse(refusedCredential) && !slices.Contains(x.missing, "x-amz-security-token") {
		x.credentialRefused(refusedCredential)
	}

	x.search.begin(x, canonical, scoped && timely) // guard 223a
	payloadLine := ""
	if x.bodyKnown || !undeclared {
		payloadLine = string(x.declared.appendLine(nil, x.body))
	}
	x.search.payload(payloadLine)
	if payloadLine != "" && x.search.arrived(x.via) {
		x.d.Verifies = x.known
		x.missingHeaders("arrives, and is empty")
		x.checkBody(bodyRefused)
		return
	}
	x.refuse(refusal(ErrSignatureMismatch, messageMismatch))
	x.candidates()
	found, complete := x.search.run()
	if found != nil && x.known {
		x.d.Verifies = true
		x.d.Findings = append(x.d.Findings, found...)
		return
	}
	if !complete {
		x.d.NotTried = append(x.d.NotTried, "all pairs of causes: the request is large or holds many things that could have been changed")
	}
	x.missingHeaders("arrives: it did not")
	x.hint()
}

// client notes what is not known of the client.
func (x *diagnoser) client() {
	if x.via != nil {
		x.d.SourceUntold, x.d.SchemeUntold = x.via.ClientUntold, x.via.SchemeUntold
	} else if _, ok := PeerIP(x.r); !ok {
		x.d.SourceUntold = diagnosis.UntoldPeer
	}
	for _, text := range []string{clientInWords(x.via, x.d.SourceUntold), schemeInWords(x.via)} {
		if text != "" {
			x.d.Notes = append(x.d.Notes, text)
		}
	}
}

// canonical returns what Verify builds of the request, up to the payload's line. Signed headers
// that did not arrive are empty in it.
func (x *diagnoser) canonical() ([]byte, bool) {
	b, refused := x.a.canonical(nil, x.r, x.via, &x.t, &x.s.query, &x.h, &x.p, 0)
	if refused == nil {
		return b, true
	}
	x.refuse(refused)
	with := *x.r
	with.Header = x.r.Header.Clone()
	if with.Header == nil {
		with.Header = http.Header{}
	}
	for name := range strings.SplitSeq(x.p.signedHeaders, ";") {
		key := http.CanonicalHeaderKey(name)
		if name != "host" && len(x.sent[key]) == 0 {
			with.Header[key] = []string{""}
			x.missing = append(x.missing, name)
		}
	}
	if len(x.missing) == 0 {
		return nil, false
	}
	var h protocolHeaders
	h.find(with.Header)
	b, refused = x.a.canonical(nil, &with, x.via, &x.t, &x.s.query, &h, &x.p, 0)
	return b, refused == nil
}

// key returns the key for the scope that the request names. Keys derived for other scopes than
// those that Verify accepts, by their region, service and day, stay out of the cache, which a
// caller could fill with them (threat 223); a public key is for every scope.
func (x *diagnoser) key(accepted bool) verificationKey {
	if accepted || x.credential.Secret.IsZero() || x.p.algorithm == ecdsaP256 {
		return x.a.keys.key(&x.credential, &x.p)
	}
	return verificationKey{signing: v4.DeriveKey(x.credential.Secret.Reveal(), x.p.scope)}
}

// checkBody holds the body against what was declared of it.
func (x *diagnoser) checkBody(unread *Error) {
	if x.refuse(unread) || !x.bodyKnown {
		return
	}
	refused := x.declared.checkBody(x.body)
	if !x.refuse(refused) {
		return
	}
	what := "its SHA-256 is not the X-Amz-Content-Sha256"
	if refused.Reason == ErrChecksumMismatch {
		what = "its checksum is not the X-Amz-Checksum header"
	}
	x.find(diagnosis.CauseBody, "the body is the one that was signed: "+what+" that came with it",
		"find what changes the body between the client and here, such as a proxy that compresses it or converts line endings")
}
