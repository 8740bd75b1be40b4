package sigv4auth

import "github.com/wildgate/wildgate/sigv4auth/internal/v4"

// Scope is a credential scope: IAM User Guide, "Elements of an AWS API request signature".
type Scope struct {
	Date    string // YYYYMMDD
	Region  string
	Service string
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
	if p.scope.Region == a.region && p.scope.Service == a.service && p.terminator == v4.Terminator &&
		p.scope.Date == p.date[:len("YYYYMMDD")] {
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
		faults = append(faults, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
			forMessage(p.scope.Date)+"' != '"+day+"', from '"+p.date+"'. "...)
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

// validScopePart reports whether s can be a region, a service or a terminator.
func validScopePart(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !accessKeyByte[c] && c != '.' {
			return false
		}
	}
	return true
}
