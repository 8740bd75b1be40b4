package sigv4auth

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// maxDiagnosesPerMinute bounds Observe.DiagnosesPerMinute.
const maxDiagnosesPerMinute = 600

// diagnosisLimit counts the diagnoses made for events. Anybody can send requests that are refused,
// and a diagnosis costs many times what the refusal does.
type diagnosisLimit struct {
	most int // a minute; 0: none

	mu     sync.Mutex
	minute int64 // since the epoch; never goes back
	made   int
}

// take reports whether one more diagnosis may be made at the instant now, which is the present one:
// a request's own lies as far back as its sender delays the body. A clock that goes backwards
// begins no minute (threat 247).
func (l *diagnosisLimit) take(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Unix() / 60; minute > l.minute {
		l.minute, l.made = minute, 0
	}
	if l.made >= l.most {
		return false
	}
	l.made++
	return true
}

// diagnoseEvent adds a diagnosis to the event of a refused request, as far as the limit allows.
func (a *Authenticator) diagnoseEvent(ctx context.Context, r *http.Request, e *Event) {
	if a.diagnoses.most > 0 && a.diagnoses.take(a.now()) { // guard 247
		d := a.diagnose(ctx, r, e.Time, false)
		e.Diagnosis = &d
	}
}

// diagnosable reports whether a diagnosis can tell more than the refusal itself. An unknown key is
// treated like a wrong signature, to the same amount of work, so that the time of the answer does
// not tell one from the other (threat 211).
func diagnosable(code Reason) bool {
	switch code {
	case ErrSignatureMismatch, ErrPayloadMismatch, ErrUnrecognizedClient, ErrExpiredToken,
		ErrRequestExpired, ErrRequestNotYetCurrent, ErrInvalidScope, ErrHeaderNotSigned, ErrHostNotAllowed:
		return true
	}
	return false
}
