package main

import (
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/wildgate/wildgate/bench/contender"
	"github.com/wildgate/wildgate/bench/workload"
	"github.com/wildgate/wildgate/sigv4auth"
)

// reasons are those for which the cases of refusals are refused.
var reasons = map[string]sigv4auth.Reason{
	"no credentials":                sigv4auth.ErrMissingAuthenticationToken,
	"Authorization cut short":       sigv4auth.ErrIncompleteSignature,
	"credentials in two places":     sigv4auth.ErrMalformedRequest,
	"another host":                  sigv4auth.ErrHostNotAllowed,
	"x-amz header not signed":       sigv4auth.ErrHeaderNotSigned,
	"an hour old":                   sigv4auth.ErrRequestExpired,
	"an hour ahead":                 sigv4auth.ErrRequestNotYetCurrent,
	"presigned, expired":            sigv4auth.ErrRequestExpired,
	"another region":                sigv4auth.ErrInvalidScope,
	"unsigned payload, not enabled": sigv4auth.ErrNotEnabled,
	"body too large":                sigv4auth.ErrRequestTooLarge,
	"signed header missing":         sigv4auth.ErrHeaderNotSigned,
	"unknown key":                   sigv4auth.ErrUnrecognizedClient,
	"another session token":         sigv4auth.ErrUnrecognizedClient,
	"session that is over":          sigv4auth.ErrExpiredToken,
	"wrong signature":               sigv4auth.ErrSignatureMismatch,
	"another method":                sigv4auth.ErrSignatureMismatch,
	"another body":                  sigv4auth.ErrPayloadMismatch,
	"body cut short":                sigv4auth.ErrIncompleteBody,
	"wrong checksum":                sigv4auth.ErrChecksumMismatch,
	"bad chunk":                     sigv4auth.ErrSignatureMismatch,
	"denied by policy":              sigv4auth.ErrAccessDenied,
}

// reasonOf returns why a verifier that is set up so refuses the case's bad request.
func reasonOf(t *testing.T, c workload.Case) error {
	t.Helper()
	a, err := contender.NewAuthenticator(c.Setting)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := c.Bad(contender.Verifiers()[0].Service)
	if err != nil {
		t.Fatal(err)
	}
	var reason error
	cfg := sigv4auth.AuthorizerConfig{
		Policies:        sigv4auth.StaticPolicies(nil),
		Target:          sigv4auth.APIGateway{Region: workload.Region, AccountID: workload.Account, APIID: "rides", Stage: "prod"}.Target,
		ResourceAccount: sigv4auth.AccountInARN,
	}
	z, err := sigv4auth.NewAuthorizer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := bad.Again()
	id, reason := a.Verify(r)
	if reason == nil && c.Mount == workload.Require {
		reason = z.Check(r, id)
	}
	if reason == nil {
		_, reason = io.Copy(io.Discard, r.Body) // in chunks it is verified as it is read
	}
	return reason
}

// TestRefusalsAreForTheirReason: each bad request is refused for what its name says, and those that
// are said to be refused early need no key for that.
func TestRefusalsAreForTheirReason(t *testing.T) {
	provoked, early := map[string]bool{}, workload.RefusedEarly()
	for _, c := range workload.Verification(false) {
		if c.Group != workload.Refusals {
			continue
		}
		want, ok := reasons[c.Name]
		if !ok {
			t.Errorf("%s: no reason is known", c.Name)
		}
		c.Learn()
		if err := reasonOf(t, c); !errors.Is(err, want) {
			t.Errorf("%s: %v; want %v", c.Name, err, want)
		}
		c.Known = nil
		want = sigv4auth.ErrUnrecognizedClient
		if slices.Contains(early, c.Name) {
			want = reasons[c.Name]
		}
		if err := reasonOf(t, c); !errors.Is(err, want) {
			t.Errorf("%s, to whom knows no key: %v; want %v", c.Name, err, want)
		}
		provoked[string(reasons[c.Name])] = true
	}
	source, err := os.ReadFile("../sigv4auth/errors.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`Err\w+ +Reason = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(codes) < 15 {
		t.Errorf("only %d codes of errors", len(codes))
	}
	for _, code := range codes {
		switch name := string(code[1]); sigv4auth.Reason(name) {
		case sigv4auth.ErrServiceUnavailable, sigv4auth.ErrRevisionGone, sigv4auth.ErrInternalFailure: // the service's own
		default:
			if !provoked[name] {
				t.Errorf("no case is refused with %s, which a request can provoke", name)
			}
		}
	}
}
