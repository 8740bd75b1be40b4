package ridesvc

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// A reply is what a request is answered with, kept until it is whole: a failure halfway leaves
// nothing half sent.
type reply struct {
	status int
	header map[string]string // beyond those that each reply has
	body   []byte            // JSON; nil: none
}

func document(status int, content any) (reply, error) {
	body, err := json.Marshal(content)
	if err != nil {
		// A number that JSON cannot spell, out of a store that does not keep its contract.
		return reply{}, fmt.Errorf("ridesvc: reply: %w", err)
	}
	return reply{status: status, body: body}, nil
}

func message(status int, text string, header map[string]string) reply {
	body, err := json.Marshal(struct {
		Message string `json:"message"`
	}{text})
	if err != nil {
		panic(err) // unreachable: any string can be marshalled
	}
	return reply{status: status, header: header, body: body}
}

// A refusal is a reply to a mistake of the client's; its message is the client's to read.
type refusal struct {
	status  int
	message string
	header  map[string]string
}

func (e *refusal) Error() string { return fmt.Sprintf("ridesvc: %d: %s", e.status, e.message) }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// A storeError is a failure of the Store, which may pass: 503 where every other failure is 500.
type storeError struct{ cause error }

func (e *storeError) Error() string { return "ridesvc: store: " + e.cause.Error() }
func (e *storeError) Unwrap() error { return e.cause }

// What clients learn of a failure inside: that it was one. The cause goes to Config.Failed alone.
const (
	messageFailed      = "Internal server error"
	messageNoRider     = "Forbidden" // API Gateway's word
	messageUnavailable = "Service unavailable"
	retryAfter         = "1"    // seconds
	amzRetryAfter      = "1000" // milliseconds, for AWS's SDKs, which read no other
)

// replyTo turns an error into the reply: a refusal says itself, any other error is the operator's
// to know.
func (s *Service) replyTo(r *http.Request, err error) reply {
	if refused, ok := errors.AsType[*refusal](err); ok {
		return message(refused.status, refused.message, refused.header)
	}
	s.failed(r, err)
	if errors.Is(err, ErrNoRider) {
		return message(http.StatusForbidden, messageNoRider, nil)
	}
	if _, ok := errors.AsType[*storeError](err); ok {
		after := map[string]string{"Retry-After": retryAfter, "X-Amz-Retry-After": amzRetryAfter}
		return message(http.StatusServiceUnavailable, messageUnavailable, after)
	}
	return message(http.StatusInternalServerError, messageFailed, nil)
}

// write sends a reply; to HEAD only its header, which has the Content-Length that GET would have
// (RFC 9110, 9.3.2).
func write(w http.ResponseWriter, method string, answer reply) {
	header := w.Header()
	for name, value := range answer.header {
		header.Set(name, value)
	}
	// A presigned URL carries no Authorization header, so a shared cache would take these answers
	// for public if it were not told otherwise (RFC 9111, 3.5).
	header.Set("Cache-Control", "no-store")
	if answer.body == nil {
		w.WriteHeader(answer.status)
		return
	}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(answer.body)))
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(answer.status)
	if method != http.MethodHead {
		_, _ = w.Write(answer.body) // fails where the client has gone: there is nobody left to tell
	}
}

// timestamp is ISO 8601 in UTC with milliseconds, as JavaScript's toISOString writes it.
const timestamp = "2006-01-02T15:04:05.000Z"

// The documents, with AWS's capitals as the workshop's clients read them.
type (
	orderDocument struct {
		RideID      string `json:"RideId"`
		Unicorn     Unicorn
		UnicornName string
		Eta         string
		Rider       string
	}
	rideDocument struct {
		RideID         string `json:"RideId"`
		Rider          string
		Unicorn        Unicorn
		UnicornName    string
		PickupLocation Location
		RequestTime    string
		CancelTime     string `json:",omitempty"`
	}
	listDocument struct {
		Rides []rideDocument
		Next  string `json:",omitempty"`
	}
)

func describe(ride Ride) rideDocument {
	document := rideDocument{
		RideID: ride.RideID, Rider: cmp.Or(ride.RiderName, ride.Rider), Unicorn: ride.Unicorn, UnicornName: ride.Unicorn.Name,
		PickupLocation: ride.PickupLocation, RequestTime: ride.RequestTime.UTC().Format(timestamp),
	}
	if !ride.CancelTime.IsZero() {
		document.CancelTime = ride.CancelTime.UTC().Format(timestamp)
	}
	return document
}
