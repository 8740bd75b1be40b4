package sigv4auth

import (
	"strconv"
	"time"

	"github.com/wildgate/wildgate/sigv4auth/internal/v4"
)

// checkTime refuses a request that was signed too long ago or in the future. Both bounds of the
// window are inclusive. A presigned URL is valid from its date, less the skew, through its date
// plus X-Amz-Expires.
func (a *Authenticator) checkTime(p *authParams, now time.Time) *Error {
	// Dates have whole seconds.
	second, skew := now.Unix(), int64(a.skew/time.Second)
	age, longest := second-p.signedAt.Unix(), skew
	if p.place == InQuery {
		longest = int64(p.expires / time.Second) // guard 88
	}
	if -skew <= age && age <= longest {
		return nil
	}
	code, text := ErrRequestExpired, make([]byte, 0, 160) // of the longest message
	switch {
	case age < -skew:
		code = ErrRequestNotYetCurrent
		text = append(append(append(text, "Signature not yet current: "...), p.date...), " is still later than "...)
		text = append(v4.AppendTime(text, second+skew), " ("...)
		text = appendMinutes(append(v4.AppendTime(text, second), " + "...), a.skew)
		text = append(text, ".)"...)
	case p.place == InQuery:
		text = v4.AppendTime(append(text, "Signature expired: "...), p.signedAt.Unix()+int64(p.expires/time.Second))
		text = v4.AppendTime(append(text, " is now earlier than "...), second)
	default:
		text = append(append(append(text, "Signature expired: "...), p.date...), " is now earlier than "...)
		text = append(v4.AppendTime(text, second-skew), " ("...)
		text = appendMinutes(append(v4.AppendTime(text, second), " - "...), a.skew)
		text = append(text, ".)"...)
	}
	return withDetails(code, string(text), &errorDetails{signedAt: p.signedAt.Unix(), now: second, skew: a.skew, lifetime: p.expires})
}

// appendMinutes spells a window as AWS's messages do.
func appendMinutes(dst []byte, d time.Duration) []byte {
	if d%time.Minute == 0 {
		return append(strconv.AppendInt(dst, int64(d/time.Minute), 10), " min"...)
	}
	return append(strconv.AppendInt(dst, int64(d/time.Second), 10), " sec"...)
}

// checkScope pins the credential scope to the one that is accepted, and its date to the request's.
// A signature for another service or region, made with the same key, is worth nothing here (threats
// 72, 73 and 80). That of SigV4A is for each region of its set, and counts as one for the region
// that is accepted.
func (a *Authenticator) checkScope(p *authParams) *Error {
	if p.algorithm == ecdsaP256 {
		holds, ok := v4.RegionSetHolds(p.regionSet, a.region)
		if !ok {
			return malformed("%s must be region names, joined with commas, of at most %d bytes", regionSetName, v4.MaxRegionSet)
		}
		if holds {
			p.scope.Region = a.region
		}
	}
	if p.scope.Region == a.region && p.scope.Service == a.service && p.terminator == v4.Terminator && p.scope.Date == p.date[:len("YYYYMMDD")] {
		// Equal texts, but these do not hold on to the request's header: the key cache keeps them.
		p.scope.Region, p.scope.Service = a.region, a.service
		return nil
	}
	faults := make([]byte, 0, 256) // of what most requests with a wrong scope are told
	var known errorDetails
	if p.scope.Region != a.region {
		if validScopePart(p.scope.Region) {
			known.region, known.named = a.region, p.scope.Region
		}
		faults = appendNotThis(append(faults, "Credential should be scoped to a valid region"...), known.named)
	}
	if p.scope.Service != a.service {
		faults = append(append(append(faults, "Credential should be scoped to correct service: '"...), a.service...), "'. "...)
	}
	if p.terminator != v4.Terminator {
		element := p.terminator
		if !validScopePart(element) {
			element = ""
		}
		faults = appendNotThis(append(faults, "Credential should be scoped with a valid terminator: '"+v4.Terminator+"'"...), element)
	}
	if day := p.date[:len("YYYYMMDD")]; p.scope.Date != day {
		faults = append(faults, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+forMessage(p.scope.Date)+"' != '"+day+"', from '"+p.date+"'. "...)
	}
	return withDetails(ErrInvalidScope, string(faults), &known)
}

// appendNotThis ends a sentence that quotes a scope element back, "" if it does not look like one.
func appendNotThis(dst []byte, element string) []byte {
	if element == "" {
		return append(dst, ". "...)
	}
	return append(append(append(dst, ", not '"...), element...), "'. "...)
}
