package sigv4auth

import (
	"context"
	"log/slog"
	"net/http"
)

// LogTo returns a hook for [Observe.Audit] that writes each event to logger, as one line:
//
//	cfg.Observe.Audit = sigv4auth.LogTo(slog.Default())
//
// The message is the outcome: "admitted", "refused" or "body refused". The attributes are those of
// [Event.LogValue] but for the outcome. A diagnosis is a line of its own, with the message
// "diagnosis" and the request's ID, and so is each sentence of an explanation, "why", with the
// message "explanation". The level says whom a line concerns:
//
//	INFO   the request was admitted
//	WARN   it was refused, its body was, or report-only mode admitted what would have been refused
//	ERROR  it was refused since the server failed: a store, or a callback
//
// The hook passes the request's context on, in which a handler of the logger finds the trace, and
// first asks the logger whether the level is enabled: a line that nobody wants costs nothing.
//
// Each request is a line, and anybody can send any number of requests that are refused: where that
// matters, count those whose Principal is empty in a hook of your own, and call this one for some
// of them. LogTo panics if logger is nil, as [slog.New] does for its handler: a service would run
// without the audit log that it was to have. It is safe for concurrent use where the logger is.
func LogTo(logger *slog.Logger) func(ctx context.Context, e Event) {
	if logger == nil {
		panic("sigv4auth: LogTo needs a logger")
	}
	return func(ctx context.Context, e Event) {
		if level := e.level(); logger.Enabled(ctx, level) {
			attrs := make([]slog.Attr, 0, mostAttrs)
			logger.LogAttrs(ctx, level, e.Outcome.String(), e.appendAttrs(attrs)...)
			e.logExplanation(ctx, logger, level)
		}
		if e.Diagnosis != nil && logger.Enabled(ctx, slog.LevelWarn) {
			attrs := append([]slog.Attr{slog.String("request_id", e.RequestID)}, e.Diagnosis.LogValue().Group()...)
			logger.LogAttrs(ctx, slog.LevelWarn, "diagnosis", attrs...)
		}
	}
}

// logExplanation writes the sentences of the explanation but the first, which says who asked for
// what, as the event's own line does.
func (e *Event) logExplanation(ctx context.Context, logger *slog.Logger, level slog.Level) {
	if e.Explanation == nil {
		return
	}
	for _, sentence := range e.Explanation.Sentences()[1:] {
		logger.LogAttrs(ctx, level, "explanation", slog.String("request_id", e.RequestID), slog.String("why", sentence))
	}
}

// level is that of the event's line.
func (e *Event) level() slog.Level {
	switch {
	case e.Outcome == Admitted && e.Reason == "":
		return slog.LevelInfo
	case e.Outcome != Admitted && (&Error{Reason: e.Reason}).HTTPStatus() >= http.StatusInternalServerError:
		return slog.LevelError
	}
	return slog.LevelWarn
}

// LogValue returns the event for package slog, without what is empty. It implements
// [slog.LogValuer]. What one looks for stands first, on its own:
//
//	outcome, request_id, principal, action, resource, reason, detail, report_only, explanation
//
// and the rest in groups:
//
//	request    method, path, route, authorization (unless it is by IAM), source, source_untold, scheme_untold
//	signature  access_key_id, payload_mode
//	decision   outcome, policy_type, policy, sid, statement, revision, over_budget
//	diagnosis  what [diagnosis.Report.LogValue] returns
//
// Outcomes, reasons and modes are words. The statement is the index of the deciding one.
func (e Event) LogValue() slog.Value {
	attrs := make([]slog.Attr, 1, mostAttrs)
	attrs[0] = slog.String("outcome", e.Outcome.String())
	attrs = e.appendAttrs(attrs)
	if e.Explanation != nil {
		attrs = append(attrs, slog.String("explanation", explanationInWords(e.Explanation)))
	}
	if e.Diagnosis != nil {
		attrs = append(attrs, slog.Any("diagnosis", e.Diagnosis))
	}
	return slog.GroupValue(attrs...)
}

// mostAttrs is how many attributes an event has at the most, and each of its groups.
const mostAttrs = 12

// appendAttrs appends what LogValue returns, but for the outcome, the explanation and the
// diagnosis.
func (e *Event) appendAttrs(attrs []slog.Attr) []slog.Attr {
	attrs = appendText(attrs, "request_id", e.RequestID)
	attrs = appendText(attrs, "principal", e.Principal)
	attrs = appendText(attrs, "action", e.Action)
	attrs = appendText(attrs, "resource", e.Resource)
	attrs = appendText(attrs, "reason", e.Reason.String())
	attrs = appendText(attrs, "detail", e.Detail)
	if e.ReportOnly {
		attrs = append(attrs, slog.Bool("report_only", true))
	}
	attrs = appendGroup(attrs, "request", e.requestAttrs())
	attrs = appendGroup(attrs, "signature", e.signatureAttrs())
	return appendGroup(attrs, "decision", e.decisionAttrs())
}

func (e *Event) requestAttrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 7)
	attrs = appendText(attrs, "method", e.Method)
	attrs = appendText(attrs, "path", e.Path)
	attrs = appendText(attrs, "route", e.Route)
	if e.Authorization != AuthorizationIAM {
		attrs = appendText(attrs, "authorization", e.Authorization.String())
	}
	if e.Source.IsValid() {
		attrs = appendText(attrs, "source", e.Source.String())
	}
	attrs = appendText(attrs, "source_untold", e.SourceUntold.String())
	return appendText(attrs, "scheme_untold", e.SchemeUntold.String())
}

func (e *Event) signatureAttrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 2)
	attrs = appendText(attrs, "access_key_id", e.AccessKeyID)
	if e.PayloadMode != 0 {
		attrs = appendText(attrs, "payload_mode", e.PayloadMode.String())
	}
	return attrs
}

// decisionAttrs is empty where no policy was asked.
func (e *Event) decisionAttrs() []slog.Attr {
	if e.Action == "" && e.Resource == "" && !e.Decision.OverBudget {
		return nil
	}
	d := &e.Decision
	attrs := make([]slog.Attr, 0, 7)
	attrs = appendText(attrs, "outcome", d.Outcome.String())
	if d.PolicyType != 0 {
		attrs = appendText(attrs, "policy_type", d.PolicyType.String())
		attrs = appendText(attrs, "policy", d.PolicyName)
		attrs = appendText(attrs, "sid", d.Sid)
		attrs = append(attrs, slog.Int("statement", d.Statement))
	}
	attrs = appendText(attrs, "revision", e.PolicyRevision)
	if d.OverBudget {
		attrs = append(attrs, slog.Bool("over_budget", true))
	}
	return attrs
}

// appendText appends a text, unless it is empty.
func appendText(attrs []slog.Attr, key, value string) []slog.Attr {
	if value == "" {
		return attrs
	}
	return append(attrs, slog.String(key, value))
}

// appendGroup appends a group, unless it is empty.
func appendGroup(attrs []slog.Attr, key string, group []slog.Attr) []slog.Attr {
	if len(group) == 0 {
		return attrs
	}
	return append(attrs, slog.Attr{Key: key, Value: slog.GroupValue(group...)})
}
