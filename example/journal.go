package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/diagnosis"
	"github.com/wildgate/wildgate/sigv4auth/filestore"
)

// How many lines what anybody can send may cause.
const (
	sampleWindow = 10 * time.Second
	sampleMost   = 100
)

// journal writes what happens to the log: each request that was decided on, failures, and mistakes
// in the folder. Nothing in it is secret.
type journal struct {
	*slog.Logger
	strangers sampler // refused requests of nobody known
	failures  sampler
}

func newJournal(log *slog.Logger) *journal {
	j := &journal{Logger: log}
	j.strangers = sampler{most: sampleMost, window: sampleWindow, lost: func(n int) {
		log.Warn("more requests without a right signature were refused than are logged", "lost", n)
	}}
	j.failures = sampler{most: sampleMost, window: sampleWindow, lost: func(n int) {
		log.Warn("more failures happened than are logged", "lost", n)
	}}
	return j
}

// close tells what was lost last.
func (j *journal) close() {
	j.strangers.close()
	j.failures.close()
}

// audit is the Authenticator's audit hook: one line for each request. Only of requests without a
// right signature, of which anybody can send any number, some are counted instead.
func (j *journal) audit(ctx context.Context, e sigv4auth.Event) {
	if e.Diagnosis != nil {
		j.diagnosed(ctx, e.RequestID, *e.Diagnosis)
	}
	if e.Principal == "" && !j.strangers.take() {
		return
	}
	explanation := e.Explanation
	e.Diagnosis, e.Explanation = nil, nil                                                                  // they have lines of their own
	attrs := slices.DeleteFunc(e.LogValue().Group(), func(a slog.Attr) bool { return a.Key == "outcome" }) // the line's message
	j.LogAttrs(ctx, slog.LevelInfo, e.Outcome.String(), attrs...)
	if explanation != nil {
		j.explained(ctx, e.RequestID, explanation)
	}
}

// explained tells the operator why policies deny, a sentence a line. The first, which says who
// asked for what, the request's own line has said.
func (j *journal) explained(ctx context.Context, requestID string, x *iampolicy.Explanation) {
	for _, sentence := range x.Sentences()[1:] {
		j.LogAttrs(ctx, slog.LevelInfo, "explanation", slog.String("request_id", requestID), slog.String("why", sentence))
	}
}

// diagnosed tells the operator why a signature does not verify. There are never more of these than
// the Authenticator makes.
func (j *journal) diagnosed(ctx context.Context, requestID string, d diagnosis.Report) {
	attrs := append([]slog.Attr{slog.String("request_id", requestID)}, d.LogValue().Group()...)
	j.LogAttrs(ctx, slog.LevelWarn, "diagnosis", attrs...)
}

// denied is the Authenticator's Denied hook. The client is told what API Gateway would tell; the
// log has the rest.
func (j *journal) denied(w http.ResponseWriter, r *http.Request, err error) {
	defer sigv4auth.WriteAPIGatewayError(w, r, err)
	e := sigv4auth.AsError(err)
	if e.Detail == "" && e.Cause == nil {
		return
	}
	level := slog.LevelDebug
	if e.HTTPStatus() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !j.Enabled(r.Context(), level) || !j.failures.take() {
		return
	}
	id, _ := sigv4auth.RequestIDFrom(r.Context())
	attrs := []slog.Attr{slog.String("request_id", id), slog.String("reason", e.Reason.String()), slog.String("detail", e.Detail)}
	if e.Cause != nil {
		attrs = append(attrs, slog.Any("cause", e.Cause))
	}
	j.LogAttrs(r.Context(), level, "why it was refused", attrs...)
}

// failed is the ride service's Failed hook.
func (j *journal) failed(r *http.Request, err error) {
	if errors.Is(err, errNotInPlace) {
		return // it was told once, and is the same for every request
	}
	level := slog.LevelError
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		level = slog.LevelDebug // the client has gone
	}
	if !j.Enabled(r.Context(), level) || !j.failures.take() {
		return
	}
	id, _ := sigv4auth.RequestIDFrom(r.Context())
	j.LogAttrs(r.Context(), level, "the request failed", slog.String("request_id", id), slog.Any("error", err))
}

// problem tells of a mistake in the folder, and of its end.
func (j *journal) problem(p filestore.Problem) {
	level, message := slog.LevelWarn, "mistake in the data folder"
	switch {
	case p.Resolved && p.Warning:
		level, message = slog.LevelInfo, "warning settled in the data folder"
	case p.Resolved:
		level, message = slog.LevelInfo, "mistake mended in the data folder"
	case p.Warning:
		message = "warning in the data folder"
	}
	attrs := []slog.Attr{slog.String("file", p.File)}
	if p.Line > 0 {
		attrs = append(attrs, slog.Int("line", p.Line), slog.Int("column", p.Column))
	}
	if !p.Resolved { // what was wrong is not so any more
		attrs = append(attrs, slog.String("problem", p.Message))
	}
	if !p.Resolved && !p.Warning {
		attrs = append(attrs, slog.Bool("last_good_version_in_force", p.LastGood))
	}
	j.LogAttrs(context.Background(), level, message, attrs...)
}
