package sigv4client

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 20 * time.Second // that of AWS's SDKs
)

// safeToRepeat reports whether a request that may have been handled can be sent again.
func safeToRepeat(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	// The headers by which net/http tells such requests.
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
}

// overloaded reports whether an answer says that a later request may be answered.
func overloaded(r *http.Response) bool {
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusBadRequest, http.StatusForbidden:
		return slices.Contains([]string{
			"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
			"TooManyRequestsException", "RequestLimitExceeded",
		}, errorType(r))
	}
	return false
}

// expiredToken reports whether a request was refused because its temporary credentials have
// expired.
func expiredToken(r *http.Response) bool {
	switch r.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
	default:
		return false
	}
	switch errorType(r) {
	case "ExpiredToken", "ExpiredTokenException":
		return true
	case "": // as S3 has it; what is no such document may go on for ever, and is not looked into
		return strings.Contains(r.Header.Get("Content-Type"), "xml") && bytes.Contains(peek(r), []byte("<Code>ExpiredToken"))
	}
	return false
}

// backoff returns how long to wait before a request is sent again. ok is false if that is too long.
func backoff(ctx context.Context, r *http.Response, retries int) (wait time.Duration, ok bool) {
	wait, told := retryAfter(r)
	if !told {
		wait = rand.N(min(firstBackoff<<retries, maxBackoff))
	}
	if deadline, has := ctx.Deadline(); has && time.Until(deadline) < wait {
		return 0, false
	}
	return wait, wait <= maxBackoff
}

// retryAfter returns how long an answer asks to wait: AWS's own header in milliseconds, or HTTP's
// (RFC 9110, section 10.2.3), in seconds or as a date.
func retryAfter(r *http.Response) (wait time.Duration, told bool) {
	if ms, err := strconv.ParseUint(r.Header.Get("X-Amz-Retry-After"), 10, 31); err == nil {
		return time.Duration(ms) * time.Millisecond, true
	}
	after := r.Header.Get("Retry-After")
	if s, err := strconv.ParseUint(after, 10, 31); err == nil {
		return time.Duration(s) * time.Second, true
	}
	at, err := http.ParseTime(after)
	if err != nil {
		return 0, false
	}
	date, err := http.ParseTime(r.Header.Get("Date")) // by the clock that at is of
	if err != nil {
		return 0, false
	}
	return max(at.Sub(date), 0), true
}

// sleep waits, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
