package sts_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/wildgate/wildgate/sigv4auth/sts"
)

// TestTokenError: each code has the status of the STS API Reference, is found by errors.Is in an
// error that wraps it, and the text says code, message and detail.
func TestTokenError(t *testing.T) {
	t.Parallel()
	for code, status := range map[sts.TokenErrorCode]int{
		sts.ErrInvalidIdentityToken: 400, sts.ErrExpiredIdentityToken: 400, sts.ErrIDPRejectedClaim: 403,
		sts.ErrIDPCommunication: 400, sts.ErrJWTPayloadSizeExceeded: 400,
	} {
		if text, err := code.MarshalText(); err != nil || string(text) != code.String() || code.String() != string(code) {
			t.Errorf("%s is written %s and %s, %v", string(code), code, text, err)
		}
		if got := code.Status(); got != status {
			t.Errorf("%s has status %d; want %d", string(code), got, status)
		}
		err := fmt.Errorf("in a request: %w", &sts.TokenError{Code: code, Message: "a message", Detail: "a detail"})
		if !errors.Is(err, code) {
			t.Errorf("%v is not %s", err, string(code))
		}
		if want := "in a request: sts: " + string(code) + ": a message (a detail)"; err.Error() != want {
			t.Errorf("the text is %q; want %q", err, want)
		}
	}
	ended := &sts.TokenError{Code: sts.ErrIDPCommunication, Cause: context.Canceled}
	if !errors.Is(ended, context.Canceled) || !errors.Is(ended, sts.ErrIDPCommunication) {
		t.Errorf("%v does not wrap its code and its cause", ended)
	}
}
