package sigv4auth

// guard none: this file looks for causes, and refuses nothing.

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// quoted makes a text of the request fit for a finding.
func quoted(s string) string { return strconv.Quote(printable(s)) }

// unsignedHeaders finds the headers that have to be signed, arrived, and are not.
func (x *diagnoser) unsignedHeaders(refused *Error) {
	const header = "X-Amz-Security-Token"
	signed := make(map[string]bool, maxSignedHeaders)
	for name := range strings.SplitSeq(x.p.signedHeaders, ";") {
		signed[name] = true
	}
	var names []string // the first of them in their order, one more than are told: there can be as many as the server lets headers through
	for key := range x.r.Header {
		name := strings.ToLower(key)
		must := v4.IsAmz(key) || slices.Contains(x.a.required, name)
		if !must || signed[name] {
			continue
		}
		if key == header {
			x.find(diagnosis.CauseTokenUnsigned, "the session token is signed: it arrived in "+header+", which SignedHeaders does not name",
				"let the client set the token before it signs; an SDK does so if the token is part of the credentials that it is given")
			continue
		}
		at, _ := slices.BinarySearch(names, name)
		names = slices.Insert(names, at, name)
		names = names[:min(len(names), maxForwardedTried+1)]
	}
	if len(names) == 0 {
		if !x.d.Has(diagnosis.CauseTokenUnsigned) {
			x.find(diagnosis.CauseHeaderUnsigned, "the headers are those that were signed: "+refused.Message,
				"let the client sign the header, or take it away before the request comes here")
		}
		return
	}
	for i, name := range names {
		if names[i] = quoted(name); i == maxForwardedTried {
			names[i] = "..."
		}
	}
	x.find(diagnosis.CauseHeaderUnsigned, "these headers are signed or do not arrive: "+strings.Join(names, ", "),
		"if the client sends them, let it sign them; if an intermediary such as a CDN adds them, let it stop, or remove them again")
}

// maxZone is the farthest that a local time is from UTC.
const maxZone = 14 * time.Hour

// clock finds how far the clocks are apart.
func (x *diagnoser) clock() {
	signed, now := x.p.signedAt.UTC().Format(v4.TimeFormat), x.now.UTC().Format(v4.TimeFormat)
	// Sub stops at 292 years, where a number of seconds made a Duration would run over and tell a
	// clock that is behind as one ahead.
	age := x.now.Truncate(time.Second).Sub(x.p.signedAt)
	if x.p.place == InQuery && age > 0 {
		until := x.p.signedAt.Add(x.p.expires).UTC().Format(v4.TimeFormat)
		x.find(diagnosis.CauseExpired,
			fmt.Sprintf("the presigned URL is used before %s: it was signed at %s for %v, and this server's clock says %s",
				until, signed, x.p.expires, now),
			"sign a new URL, or one that lives longer; if the URL is fresh, set the clock of the signer or of this server right")
		return
	}
	direction := "behind"
	if age < 0 {
		direction, age = "ahead of", age.Abs()
	}
	remedy := "set the clock of the client or of this server right: run NTP on both"
	if hours := age.Round(time.Hour); 0 < hours && hours <= maxZone && (age-hours).Abs() <= x.a.skew {
		remedy += "; a difference of whole hours is mostly a local time that was taken for UTC"
	}
	x.find(diagnosis.CauseClock,
		fmt.Sprintf("the clocks agree within %v: the client's is %v %s this server's (the request is dated %s, and arrived at %s)",
			x.a.skew, age, direction, signed, now), remedy)
}

// scope finds in what the credential scope is not the accepted one. It reports whether a signature
// can be computed for it.
func (x *diagnoser) scope() bool {
	p, a := &x.p, x.a
	if p.scope.Region != a.region {
		region := p.scope.Region
		if p.algorithm == ecdsaP256 {
			region = p.regionSet
		}
		x.find(diagnosis.CauseRegion, fmt.Sprintf("the client signs for region %q: it signs for %s", a.region, quoted(region)),
			"set the client's region, or Config.Region")
	}
	if p.scope.Service != a.service {
		x.find(diagnosis.CauseService, fmt.Sprintf("the client signs for service %q: it signs for %s", a.service, quoted(p.scope.Service)),
			"set the client's signing name, or Config.Service")
	}
	if day := p.date[:len("YYYYMMDD")]; p.scope.Date != day {
		x.find(diagnosis.CauseScopeDate,
			fmt.Sprintf("the scope's day is that of the request's date, %s: it is %s", day, quoted(p.scope.Date)),
			"let the client take both from one instant, in UTC; a cached scope or a local date differs around midnight")
	}
	return p.terminator == v4.Terminator
}

// declaredAnyway takes the payload mode from the request where the configuration does not admit it,
// and reports whether there is one.
func (x *diagnoser) declaredAnyway() bool {
	sha := x.p.contentSHA256
	if sha == "" && x.a.service == "s3" && x.p.place == InQuery {
		sha = v4.UnsignedPayload
	}
	if x.d.Refused == ErrMalformedRequest || sha == "" {
		return false
	}
	x.declared = payload{mode: InsecureUnsigned, line: sha}
	x.find(diagnosis.CausePayloadMode, "the payload mode "+quoted(sha)+" is admitted",
		"let the client send the SHA-256 of the body, or switch that mode on in Config.Payloads and read there what it costs")
	return true
}

// credentialRefused finds what is wrong with the access key or its session.
func (x *diagnoser) credentialRefused(refused *Error) {
	switch {
	case refused.Reason == ErrExpiredToken:
		x.find(diagnosis.CauseKeyExpired, "the temporary credentials are still valid",
			"let the client fetch new credentials; an SDK does so if it is given a provider and not the keys")
	case !x.known && refused.Detail != "":
		x.find(diagnosis.CauseKeyUnknown, "the credential store returns what checks the signature: "+refused.Detail,
			"add the derived keys to the store, or let the client sign with the algorithm and for the days of those that it has")
	case !x.known:
		x.find(diagnosis.CauseKeyUnknown, "the credential store knows the access key",
			"add the key to the store, or let the client use one that is active; without its secret no signature can be compared")
	case x.p.token == "":
		x.find(diagnosis.CauseToken, "the session token of these temporary credentials arrives: there was none",
			"let the client send X-Amz-Security-Token, and sign it")
	case x.credential.SessionToken.IsZero():
		x.find(diagnosis.CauseToken, "no session token arrives: this is a long-term key, and one came with it",
			"let the client leave the token out: it is left over from other credentials, as in AWS_SESSION_TOKEN")
	default:
		x.find(diagnosis.CauseToken, "the session token is that of this access key: another one arrived",
			"let the client take access key, secret and token from one answer")
	}
}

// hint says what it means that nothing was found.
func (x *diagnoser) hint() {
	if !x.known {
		return
	}
	x.d.Hint = fmt.Sprintf("none of the known causes makes the signature verify (%d signatures computed): "+
		"most likely the client signs with another secret access key, or something changed the request in a way that is not known; "+
		"compare the canonical request with what the client's debug log says that it signed", x.search.trials)
	if detail := mismatchDetail(x.r, &x.p, x.via); detail != "" {
		x.d.Hint += "; " + detail
	}
}

// missingHeaders finds the signed headers that did not arrive.
func (x *diagnoser) missingHeaders(condition string) {
	for _, name := range x.missing {
		x.find(diagnosis.CauseHeader, "the signed header "+quoted(name)+" "+condition,
			"let the proxy pass it on, or the client leave it unsigned; "+
				"HTTP/2 and Go's server take Connection, Transfer-Encoding and the like away")
	}
}

// forwardedValues returns the texts that headers of a proxy offer, the first of each list.
func forwardedValues(h http.Header, names ...string) []string {
	var all []string
	for _, name := range names {
		for i, v := range h[name] {
			if i == maxForwardedTried {
				break
			}
			first, _, _ := strings.Cut(v, ",")
			if first = strings.TrimSpace(first); first != "" {
				all = append(all, first)
			}
		}
	}
	return all
}
