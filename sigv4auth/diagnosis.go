package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"fmt"
	"strings"
)

// Cause names one known reason for which a request's signature does not verify, or for which a
// right signature is refused. The codes are stable: alarms and dashboards can group by them.
type Cause string

// What is wrong with the request or with the server, whether or not the signature verifies.
const (
	// CauseClock: the clocks of the client and of this server differ by more than Config.ClockSkew.
	CauseClock Cause = "clock"
	// CauseExpired: a presigned URL was used after its X-Amz-Expires.
	CauseExpired Cause = "expired"
	// CauseScopeDate: the day of the credential scope is not that of the request's date.
	CauseScopeDate Cause = "scope-date"
	// CauseRegion: the client signs for another region than Config.Region.
	CauseRegion Cause = "region"
	// CauseService: the client signs for another service than Config.Service.
	CauseService Cause = "service"
	// CauseHostNotServed: the host that was signed is none of Config.Hosts.
	CauseHostNotServed Cause = "host-not-served"
	// CauseTokenUnsigned: the session token arrived, but the client did not sign it.
	CauseTokenUnsigned Cause = "token-unsigned"
	// CauseHeaderUnsigned: a header arrived that has to be signed and is not; something on the way
	// may have added it.
	CauseHeaderUnsigned Cause = "header-unsigned"
	// CauseKeyUnknown: the credential store does not know the access key.
	CauseKeyUnknown Cause = "key-unknown"
	// CauseToken: the session token is not the access key's: it is missing, of another session, or
	// too many.
	CauseToken Cause = "token"
	// CauseKeyExpired: the temporary credentials have expired.
	CauseKeyExpired Cause = "key-expired"
)

// What is different in the request that was signed from the one that arrived. Each of these is
// reported only after a signature was computed for the request as it would have been, and was the
// one presented.
const (
	// CauseHost: the Host was changed on the way.
	CauseHost Cause = "host"
	// CausePathEncoding: the client encodes or normalises the path otherwise than Config.Path says,
	// or something on the way did.
	CausePathEncoding Cause = "path-encoding"
	// CausePathPrefix: something on the way took the path's prefix away or added one.
	CausePathPrefix Cause = "path-prefix"
	// CauseTrailingSlash: something on the way added a slash at the end of the path, or took it
	// away.
	CauseTrailingSlash Cause = "trailing-slash"
	// CausePlus: a plus sign in the query was signed as a plus where it stands for a space, or the
	// other way round.
	CausePlus Cause = "plus"
	// CauseQueryEncoding: the client signs the query as it stands on the wire, not in its canonical
	// encoding.
	CauseQueryEncoding Cause = "query-encoding"
	// CauseQueryOrder: the client signs the query's parameters in another order than the canonical
	// one.
	CauseQueryOrder Cause = "query-order"
	// CauseParameter: a parameter was added to the query after it was signed.
	CauseParameter Cause = "parameter"
	// CauseHeader: a signed header was rewritten or taken away on the way.
	CauseHeader Cause = "header"
	// CauseHeaderSpace: the client signs a header's white space or commas otherwise than they
	// arrived.
	CauseHeaderSpace Cause = "header-space"
	// CauseMethod: the method was changed on the way.
	CauseMethod Cause = "method"
	// CausePayloadMode: the signature covers the body in another mode than the request declares or
	// the configuration admits.
	CausePayloadMode Cause = "payload-mode"
	// CauseBody: the body was changed on the way.
	CauseBody Cause = "body"
)

// Finding is one cause. Its texts hold no secret and no control character.
type Finding struct {
	Cause Cause
	// Condition is what has to hold for the signature to verify or the request to be admitted, and
	// what holds instead.
	Condition string
	// Remedy is what to change, and where.
	Remedy string
}

// Diagnosis is what is known of why a request is refused. It is for the operator: it quotes the
// request, and tells what the credential store knows of the access key.
//
// It prints safely, and so does each of its fields: no secret, token, signature or key, presented
// or computed, is in it, and no control character but the line feeds between the lines of
// CanonicalRequest, StringToSign and String. Of the headers only the values of such as carry no
// secrets by their meaning are quoted; of the query those of parameters whose names do not speak of
// a secret. Paths are quoted whole. The zero Diagnosis tells nothing.
type Diagnosis struct {
	// Refused is the code that Verify refuses the request with, "" if it admits it. An error that
	// comes while a streamed body is read is not foreseen.
	Refused Reason
	// Message is what the client is told, with what the operator may know beside it.
	Message string
	// AccessKeyID is the key that the request names, "" if it names none or a malformed one. Unless
	// Verifies is set, it is a mere claim.
	AccessKeyID string
	// Verifies means that the signature was made with the access key's secret, for the request as
	// the findings say that it should be. Where it is not set, the findings are not the whole
	// reason.
	Verifies bool
	// Findings are the causes, all of which apply at once: mostly one.
	Findings []Finding
	// Hint says what it means that no cause was found, and what proxies may have to do with it. It
	// is "" where one was.
	Hint string
	// NotTried says what could not be tried, and why.
	NotTried []string
	// SourceUntold and SchemeUntold are why Config.Proxies does not tell the client's address, or
	// its scheme, "" where it is known. That is no reason for which a signature does not verify,
	// but it may be one for which policies deny.
	SourceUntold, SchemeUntold Untold
	// Notes says both in words, and what to change.
	Notes []string
	// Signatures is how many signatures were computed.
	Signatures int
	// CanonicalRequest and StringToSign are what this server built of the request as it arrived,
	// redacted: a digest of the former is not that in the latter. Both are "" where the request
	// does not get that far.
	CanonicalRequest, StringToSign string
}

// Has reports whether one of the findings is c.
func (d Diagnosis) Has(c Cause) bool {
	for _, f := range d.Findings {
		if f.Cause == c {
			return true
		}
	}
	return false
}

// String returns the diagnosis as a text of several lines, for a person: what is wrong, what to
// change, and what the server built.
func (d Diagnosis) String() string {
	var b strings.Builder
	switch {
	case d.Refused != "":
		fmt.Fprintf(&b, "refused: %s", string(d.Refused))
		if d.Message != "" {
			fmt.Fprintf(&b, ": %s", d.Message)
		}
		b.WriteByte('\n')
	case d.Verifies:
		b.WriteString("the request verifies as it arrived\n")
	default:
		return "nothing was diagnosed\n"
	}
	if d.AccessKeyID != "" {
		fmt.Fprintf(&b, "access key: %s\n", d.AccessKeyID)
	}
	switch {
	case d.Verifies && len(d.Findings) > 0:
		b.WriteString("the signature is right, and the request verifies if\n")
	case len(d.Findings) > 0:
		b.WriteString("found, although with this undone the signature was not seen to verify:\n")
	}
	for _, f := range d.Findings {
		fmt.Fprintf(&b, "- %s [%s]\n  %s\n", f.Condition, string(f.Cause), f.Remedy)
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "%s\n", d.Hint)
	}
	for _, s := range d.Notes {
		fmt.Fprintf(&b, "note: %s\n", s)
	}
	for _, s := range d.NotTried {
		fmt.Fprintf(&b, "not tried: %s\n", s)
	}
	block := func(title, text string) {
		if text == "" {
			return
		}
		fmt.Fprintf(&b, "%s\n", title)
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(&b, "  | %s\n", line) // what a request holds never begins a line (threat 214)
		}
	}
	block("the server's canonical request, redacted:", d.CanonicalRequest)
	block("the server's string to sign:", d.StringToSign)
	return b.String()
}
