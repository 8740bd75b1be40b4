package sts

import (
	"context"
	"errors"
	"net/http"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/signedapi"
)

// MFAVerifier verifies the codes of users' second factors.
//
// VerifyMFA returns nil if code is the one that the device with the serial number, which is user's,
// shows now. If it is not, or the user has no such device, it returns an error that wraps
// [ErrMFAFailed] or [ErrNoMFADevice]; any other error means that the verifier failed, and nobody is
// given credentials. It MUST accept a code once only, and bound how many a user may try. It is
// called from many goroutines at once, and must return when ctx, the request's context, ends.
type MFAVerifier interface {
	VerifyMFA(ctx context.Context, user iampolicy.Principal, serialNumber, code string) error
}

const (
	// ErrMFAFailed means that a code of a second factor is wrong.
	ErrMFAFailed sigv4auth.Reason = "MFAFailed"
	// ErrNoMFADevice means that a user has no device with a serial number.
	ErrNoMFADevice sigv4auth.Reason = "NoMFADevice"
)

// mfaRequest is the second factor that a request presents.
type mfaRequest struct{ serialNumber, code string }

func readMFA(p *awsquery.Params) mfaRequest {
	return mfaRequest{p.String("SerialNumber", serialRule), p.String("TokenCode", codeRule)}
}

// proveMFA returns id as that of a caller who has just proved a second factor, if the request
// presents one; without one as it is.
func (e *Endpoint) proveMFA(r *http.Request, id sigv4auth.Identity, m mfaRequest) (sigv4auth.Identity, error) {
	if m == (mfaRequest{}) {
		return id, nil
	}
	const (
		noDevice = "MultiFactorAuthentication failed, unable to validate MFA code. " +
			"Please verify your MFA serial number is valid and associated with this user."
		incomplete = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
		wrong      = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	)
	c := callFrom(r.Context())
	switch t := id.Principal.EffectiveType(); {
	case m.serialNumber == "" || m.code == "":
		return id, deniedBecause(incomplete, "")
	case e.cfg.MFA == nil:
		return id, deniedBecause(noDevice, "EndpointConfig.MFA is nil")
	case t != iampolicy.User && t != iampolicy.Account:
		return id, deniedBecause(noDevice, "only users have second factors")
	case c.mfa == nil: // a request can be decided twice, and a code is good once
		err := e.cfg.MFA.VerifyMFA(r.Context(), id.Principal, m.serialNumber, m.code)
		switch {
		case errors.Is(err, ErrMFAFailed):
			return id, deniedBecause(wrong, "")
		case errors.Is(err, ErrNoMFADevice):
			return id, deniedBecause(noDevice, "")
		case err != nil:
			return id, signedapi.Failed("the verifier of second factors failed", err)
		}
		proved := true
		c.mfa = &proved
	}
	s, _ := id.Session() // of a long-term key, nothing
	s.MFAPresent, s.MFA = true, id.VerifiedAt
	return id.WithSession(s), nil
}
