package main

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// briefHandler writes the log for a person at a terminal: a line of a request is short enough not
// to be wrapped. It says who, for what and why, and leaves out what is the same for each request of
// this API, and what only an audit asks for: at the level DEBUG nothing is left out. The other
// lines are as they come, but for the request's ID, which has one name in all of them.
type briefHandler struct {
	slog.Handler

	api api
}

// requestLine reports whether a record is what sigv4auth.LogTo writes of a request.
func requestLine(r *slog.Record) bool {
	switch r.Message {
	case "admitted", "refused", "body refused":
		return true
	}
	return false
}

// Handle passes the record on, shortened.
func (h briefHandler) Handle(ctx context.Context, r slog.Record) error {
	operation, _ := ctx.Value(operationKey{}).(string)
	if h.Enabled(ctx, slog.LevelDebug) {
		if operation != "" && requestLine(&r) {
			r = r.Clone()
			r.AddAttrs(slog.String("operation", operation))
		}
		return h.Handler.Handle(ctx, r)
	}
	short := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	if !requestLine(&r) {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "request_id" {
				a.Key = "id"
			}
			short.AddAttrs(a)
			return true
		})
		return h.Handler.Handle(ctx, short)
	}
	all := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool { flatten(all, "", a); return true })
	short.AddAttrs(h.shortened(all, operation)...)
	return h.Handler.Handle(ctx, short)
}

// flatten collects the attributes, with the names of their groups before their own.
func flatten(all map[string]slog.Value, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		all[prefix+a.Key] = v
		return
	}
	for _, member := range v.Group() {
		flatten(all, prefix+a.Key+".", member)
	}
}

// shortened returns what is told of a request, which asks for an operation if it is AWS JSON of
// somebody who signs nothing.
func (h briefHandler) shortened(all map[string]slog.Value, operation string) (attrs []slog.Attr) {
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text := func(key string) string {
		if v, ok := all[key]; ok {
			return v.String()
		}
		return ""
	}
	add("id", text("request_id"))
	add("who", h.own(text("principal")))
	add("action", text("action"))
	add("resource", h.own(text("resource")))
	add("reason", text("reason"))
	if text("principal") == "" {
		add("key", text("signature.access_key_id")) // a mere claim
	}
	switch {
	case text("resource") != "": // which has both
	case operation != "":
		add("operation", operation)
	default:
		add("request", text("request.method")+" "+text("request.path"))
	}
	if text("principal") == "" {
		add("from", text("request.source"))
	}
	if text("decision.outcome") == "explicitDeny" { // somebody wrote that down
		add("policy", text("decision.policy"))
		add("sid", text("decision.sid"))
	}
	add("report_only", text("report_only"))
	add("over_budget", text("decision.over_budget"))
	return attrs
}

// own returns an ARN without what it has in common with others of this API and its account.
func (h briefHandler) own(arn string) string {
	if rest, ok := strings.CutPrefix(arn, h.api.resource("")); ok {
		return rest
	}
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) == 6 && (parts[2] == "iam" || parts[2] == "sts") && parts[4] == h.api.AccountID {
		return parts[5]
	}
	return arn
}

// WithAttrs and WithGroup keep a derived logger one that shortens.
func (h briefHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return briefHandler{h.Handler.WithAttrs(attrs), h.api}
}

// WithGroup is as WithAttrs.
func (h briefHandler) WithGroup(name string) slog.Handler {
	return briefHandler{h.Handler.WithGroup(name), h.api}
}

// shortTime writes the time of a line in UTC, and to the second.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey && len(groups) == 0 && a.Value.Kind() == slog.KindTime {
		return slog.String(a.Key, a.Value.Time().UTC().Format(time.RFC3339))
	}
	return a
}
