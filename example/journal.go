package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
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
	attrs := []slog.Attr{
		slog.String("request_id", e.RequestID),
		slog.String("method", e.Method), slog.String("path", e.Path),
	}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	if e.Source.IsValid() {
		add("source", e.Source.String())
	}
	add("source_untold", string(e.SourceUntold))
	add("scheme_untold", string(e.SchemeUntold))
	add("access_key_id", e.AccessKeyID)
	add("principal", e.Principal)
	add("error", string(e.Reason))
	if add("action", e.Action); e.Action != "" {
		add("resource", e.Resource)
		add("decision", e.Decision.Outcome.String())
		add("policies", e.PolicyRevision)
		if e.Decision.OverBudget {
			attrs = append(attrs, slog.Bool("over_budget", true))
		}
		if e.Decision.PolicyType != 0 {
			add("policy", e.Decision.PolicyName)
			attrs = append(attrs, slog.Int("statement", e.Decision.Statement))
			add("sid", e.Decision.Sid)
		}
	}
	j.LogAttrs(ctx, slog.LevelInfo, e.Outcome.String(), attrs...)
}

// diagnosed tells the operator why a signature does not verify. There are never more of these than
// the Authenticator makes.
func (j *journal) diagnosed(ctx context.Context, requestID string, d sigv4auth.Diagnosis) {
	attrs := []slog.Attr{slog.String("request_id", requestID), slog.String("error", string(d.Refused)), slog.Bool("verifies", d.Verifies)}
	for _, f := range d.Findings {
		attrs = append(attrs, slog.String("cause", string(f.Cause)), slog.String("if", f.Condition), slog.String("remedy", f.Remedy))
	}
	if d.Hint != "" {
		attrs = append(attrs, slog.String("hint", d.Hint))
	}
	for _, note := range d.Notes {
		attrs = append(attrs, slog.String("note", note))
	}
	for _, s := range d.NotTried {
		attrs = append(attrs, slog.String("not_tried", s))
	}
	attrs = append(attrs, slog.String("canonical_request", d.CanonicalRequest), slog.String("string_to_sign", d.StringToSign))
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
	attrs := []slog.Attr{slog.String("request_id", id), slog.String("error", string(e.Reason)), slog.String("detail", e.Detail)}
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
	if p.Resolved {
		level, message = slog.LevelInfo, "mistake mended in the data folder"
	}
	attrs := []slog.Attr{slog.String("file", p.File)}
	if p.Line > 0 {
		attrs = append(attrs, slog.Int("line", p.Line), slog.Int("column", p.Column))
	}
	attrs = append(attrs, slog.String("problem", p.Message))
	if !p.Resolved {
		attrs = append(attrs, slog.Bool("last_good_version_in_force", p.LastGood))
	}
	j.LogAttrs(context.Background(), level, message, attrs...)
}
